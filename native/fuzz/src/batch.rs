//! Log batches.
use std::ops::Range;
use std::sync::Arc;

use fluss_format::{
    BatchHeader, ColumnBatch, EncodeOptions, Filter, HEADER_LEN, Projection, decode_all, encode_batch, read_projected,
    written_schema,
};
use fluss_types::{Result, Schemas};

use crate::cells::read_cells;
use crate::input::{Input, projection_of, schemas_of};
use crate::refused;

/// A batch to be read: what its bytes and the first ones of the input say.
pub(crate) struct Batch {
    pub schemas: Arc<Schemas>,
    pub projection: Projection,
    pub header: BatchHeader,
    bytes: Vec<u8>,
}

impl Batch {
    /// Byte 0 chooses the schemas, byte 1 the projection, bit 0 of byte 2 whether checksums are put right first, so that what lies
    /// behind them is reached; `N` more bytes are taken in front of the batch, which is the rest.
    pub(crate) fn take<const N: usize>(data: &[u8]) -> Option<(Self, [u8; N])> {
        let mut input = Input(data);
        let schemas = schemas_of(input.byte());
        let projection = projection_of(input.byte(), schemas.current());
        let mend = input.byte() & 1 == 1;
        let more = std::array::from_fn(|_| input.byte());
        let mut bytes = input.0.to_vec();
        if mend {
            mend_checksums(&mut bytes);
        }
        let header = BatchHeader::decode(&bytes).map_err(|e| refused(&e)).ok()?;
        // The log refuses a batch that is longer than its file.
        (header.total_len() <= bytes.len()).then_some((Self { schemas, projection, header, bytes }, more))
    }

    /// The rows that a reader gets; `None`: there are none, or damage was found.
    pub(crate) fn read(&self, filter: Option<&Filter>, rows: Range<usize>) -> Option<ColumnBatch> {
        let Self { schemas, projection, header, bytes } = self;
        let body = &bytes[header.body_at()..header.total_len()];
        let read = || -> Result<Option<ColumnBatch>> {
            header.verify(bytes)?;
            let written = written_schema(header, schemas)?;
            read_projected(header, &bytes[..header.prefix_len()], written, projection, filter, rows, |at, out| {
                out.copy_from_slice(&body[at..at + out.len()]);
                Ok(())
            })
        };
        let batch = read().map_err(|e| refused(&e)).ok()??;
        assert_eq!(batch.rows, header.rows as usize);
        read_cells(&batch, projection.types());
        Some(batch)
    }
}

/// A batch that can be read has all its cells; one that can be decoded gives itself back through its encoding.
pub fn batch(data: &[u8]) -> bool {
    let Some((batch, [])) = Batch::take(data) else { return false };
    let Batch { schemas, header, bytes, .. } = &batch;
    if let Some(read) = batch.read(None, 0..header.rows as usize) {
        let _ = read.arrays(batch.projection.types()).map_err(|e| refused(&e));
    }
    let rows = match header.verify_all(bytes).and_then(|()| decode_all(header, bytes, schemas)) {
        Ok(rows) => rows,
        Err(e) => return refused(&e),
    };
    assert_eq!(rows.num_rows(), header.rows as usize);
    if header.rows > 0 {
        let options = EncodeOptions::new(header.append_only, header.compression);
        let mut again = encode_batch(&rows, schemas.current(), &options).unwrap();
        let again = again.place(header.base_offset, header.epoch, header.commit_timestamp, header.high_watermark);
        let back = decode_all(&BatchHeader::decode(again).unwrap(), again, schemas).unwrap();
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
