//! Log batches.
use fluss_format::{
    BatchHeader, EncodeOptions, Filter, HEADER_LEN, Predicate, decode_all, encode_batch, read_projected, written_schema,
};

use crate::cells::read_cells;
use crate::input::{Input, projection_of, schemas_of};
use crate::refused;

/// Byte 0 chooses the schemas, byte 1 the projection, bit 0 of byte 2 whether checksums are put right first, so that what lies
/// behind them is reached; the rest is the batch.
///
/// A batch that can be read has all its cells; one that can be decoded gives itself back through its encoding.
pub fn batch(data: &[u8]) -> bool {
    let mut input = Input(data);
    let schemas = schemas_of(input.byte());
    let projection = projection_of(input.byte(), schemas.current());
    let mend = input.byte() & 1 == 1;
    let mut bytes = input.0.to_vec();
    if mend {
        mend_checksums(&mut bytes);
    }
    let header = match BatchHeader::decode(&bytes) {
        Ok(header) => header,
        Err(e) => return refused(&e),
    };
    // The log refuses a batch that is longer than its file.
    if header.total_len() > bytes.len() {
        return false;
    }
    let body = &bytes[header.body_at()..header.total_len()];
    let has_value = Predicate::Not(Box::new(Predicate::IsNull(vec![0])));
    let filter = Filter::new(schemas.current().clone(), has_value).unwrap();
    for filter in [None, Some(&filter)] {
        let rows = 0..header.rows as usize;
        let read = header.verify(&bytes).and_then(|()| written_schema(&header, &schemas)).and_then(|written| {
            read_projected(&header, &bytes[..header.prefix_len()], written, &projection, filter, rows, |at, out| {
                out.copy_from_slice(&body[at..at + out.len()]);
                Ok(())
            })
        });
        match read {
            Ok(Some(batch)) => {
                assert_eq!(batch.rows, header.rows as usize);
                assert!(batch.chosen().iter().all(|row| *row < batch.rows));
                read_cells(&batch, projection.types());
            }
            Ok(None) => assert!(filter.is_some()),
            Err(e) => drop(refused(&e)),
        }
    }
    let rows = match header.verify_all(&bytes).and_then(|()| decode_all(&header, &bytes, &schemas)) {
        Ok(rows) => rows,
        Err(e) => return refused(&e),
    };
    assert_eq!(rows.num_rows(), header.rows as usize);
    if header.rows > 0 {
        let options = EncodeOptions::new(header.append_only, header.compression);
        let mut again = encode_batch(&rows, schemas.current(), &options).unwrap();
        let again = again.place(header.base_offset, header.epoch, header.commit_timestamp, header.high_watermark);
        let back = decode_all(&BatchHeader::decode(again).unwrap(), again, &schemas).unwrap();
        assert_eq!(back.columns(), rows.columns());
    }
    true
}

/// Puts the checksums of a batch right as far as its lengths make sense.
pub(crate) fn mend_checksums(bytes: &mut [u8]) {
    let Ok(header) = BatchHeader::decode(bytes) else { return };
    if header.total_len() > bytes.len() {
        return;
    }
    let metadata = &bytes[header.prefix_len() - header.metadata_len as usize..header.prefix_len()];
    let sums: Vec<u32> = arrow_ipc::root_as_message(metadata)
        .ok()
        .and_then(|m| m.header_as_record_batch()?.buffers())
        .into_iter()
        .flatten()
        .map(|b| {
            let from = header.body_at().saturating_add(b.offset().max(0) as usize);
            crc32c::crc32c(bytes.get(from..from.saturating_add(b.length().max(0) as usize)).unwrap_or_default())
        })
        .collect();
    for (to, sum) in bytes[HEADER_LEN..HEADER_LEN + 4 * header.buffers as usize].chunks_exact_mut(4).zip(sums) {
        to.copy_from_slice(&sum.to_le_bytes());
    }
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..header.prefix_len()]);
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
}
