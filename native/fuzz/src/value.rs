//! Stored rows of a primary-key table.
use fluss_format::{ColumnValues, RowCodec};

use crate::cells::read_cells;
use crate::input::{Input, projection_of, schemas_of};
use crate::refused;

/// Byte 0 chooses the schemas, byte 1 the projection; the rest is one stored row.
///
/// What is decoded can be read in every cell, and its own encoding gives the same row back.
pub fn value(data: &[u8]) -> bool {
    let mut input = Input(data);
    let schemas = schemas_of(input.byte());
    let projection = projection_of(input.byte(), schemas.current());
    let row = input.0;
    let codec = RowCodec::new(schemas.clone());
    match codec.decode_projected(&[Some(row), None, Some(row)], &projection, true) {
        Ok(batch) => {
            assert_eq!(batch.rows, 3);
            read_cells(&batch, projection.types());
            let _ = batch.arrays(projection.types()).map_err(|e| refused(&e));
        }
        Err(e) => drop(refused(&e)),
    }
    let decoded = match codec.decode(&[row, row]) {
        Ok(rows) => rows,
        Err(e) => return refused(&e),
    };
    let columns = ColumnValues::all(&decoded, schemas.current().columns()).unwrap();
    let mut again = Vec::new();
    codec.encode(&columns, 1, &mut again).unwrap();
    assert_eq!(codec.decode(&[&again, &again]).unwrap(), decoded);
    true
}
