//! What transactions leave in files and checkpoints.
use fluss_format::{
    Committable, PreparedMark, STAGED_UNIT, StagedHeader, StagedPiece, decode_upserts, encode_upserts, stored_batch,
};

use crate::input::{Input, schemas_of};
use crate::refused;

/// Byte 0 chooses what the rest is: a committable, the header of a staged file, that of a piece, the mark (their checksums are made good),
/// or, after a byte that chooses the schemas, the batch of a piece.
///
/// What is decoded gives itself back through its encoding.
pub fn transaction(data: &[u8]) -> bool {
    let mut input = Input(data);
    match input.byte() % 5 {
        0 => {
            let bytes = [input.0, &crc32c::crc32c(input.0).to_le_bytes()].concat();
            let decoded = Committable::decode(&bytes);
            decoded.map_or_else(|e| refused(&e), |c| c.encode() == bytes || panic!("{c:?}"))
        }
        1 => {
            let decoded = StagedHeader::decode(&unit(input.0));
            decoded.map_or_else(|e| refused(&e), |h| h.is_some_and(|h| StagedHeader::decode(&h.encode()).unwrap() == Some(h)))
        }
        2 => {
            let mut bytes = input.0.to_vec();
            bytes.resize(bytes.len().next_multiple_of(STAGED_UNIT).max(STAGED_UNIT), 0);
            let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..28]), &bytes[32..]);
            bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
            match StagedPiece::decode(&bytes) {
                Ok(piece) => {
                    assert_eq!(StagedPiece::decode(&piece.encode()).unwrap(), piece);
                    true
                }
                Err(e) => refused(&e),
            }
        }
        3 => PreparedMark::decode(&unit(input.0)).is_some_and(|m| PreparedMark::decode(&m.encode()) == Some(m)),
        _ => {
            let schemas = schemas_of(input.byte());
            let (rows, deletes) = match decode_upserts(input.0, &schemas) {
                Ok(decoded) => decoded,
                Err(e) => return refused(&e),
            };
            // Checked more than for its rows: the padding, and the statistics that none reads.
            let _ = stored_batch(input.0.to_vec()).map_err(|e| refused(&e));
            let mut again = encode_upserts(&rows, deletes.as_deref(), schemas.current()).unwrap();
            let again = decode_upserts(again.place(0, 0, 0, 0), &schemas).unwrap();
            assert_eq!(again.1, deletes);
            assert_eq!(format!("{:?}", again.0), format!("{rows:?}"));
            true
        }
    }
}

/// The first 60 bytes, and their checksum.
fn unit(data: &[u8]) -> [u8; STAGED_UNIT] {
    let mut b = [0; STAGED_UNIT];
    let n = data.len().min(60);
    b[..n].copy_from_slice(&data[..n]);
    let checksum = crc32c::crc32c(&b[..60]);
    b[60..].copy_from_slice(&checksum.to_le_bytes());
    b
}
