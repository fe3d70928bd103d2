//! Reads a batch as its readers do: by row number, without a look at lengths.
use fluss_format::{ColumnBatch, ColumnLayout};
use fluss_types::{DataType, TypeRoot};

/// Touches every cell of a batch with columns of the given types. An index outside the batch's memory panics.
pub(crate) fn read_cells<'t>(batch: &ColumnBatch, types: impl Iterator<Item = &'t DataType>) {
    let bytes = batch.bytes.as_slice();
    let mut nodes = batch.columns.iter();
    for t in types {
        read_node(bytes, &mut nodes, t, batch.rows);
    }
    assert!(nodes.next().is_none(), "more nodes than the types have");
    if let Some(at) = batch.row_bytes {
        let _ = &bytes[at..at + batch.rows];
    }
}

fn read_node<'b>(bytes: &[u8], nodes: &mut impl Iterator<Item = &'b ColumnLayout>, t: &DataType, rows: usize) {
    let node = nodes.next().expect("a node for every type");
    if let Some(at) = node.validity {
        let _ = &bytes[at..at + rows.div_ceil(8)];
    }
    let offsets = || {
        let at = node.aux.expect("offsets");
        let offsets = &bytes[at..at + 4 * (rows + 1)];
        let number = |b: Option<&[u8; 4]>| i32::from_le_bytes(*b.expect("an offset"));
        let (first, last) = (number(offsets.first_chunk()), number(offsets.last_chunk()));
        assert!(0 <= first && first <= last && last as usize <= node.data_len, "offsets {first} to {last} of {}", node.data_len);
    };
    match &t.root {
        TypeRoot::Array(element) => {
            offsets();
            read_node(bytes, nodes, element, node.data_len);
        }
        TypeRoot::Map(key, value) => {
            offsets();
            read_node(bytes, nodes, key, node.data_len);
            read_node(bytes, nodes, value, node.data_len);
        }
        TypeRoot::Row(fields) => fields.iter().for_each(|f| read_node(bytes, nodes, &f.data_type, rows)),
        _ if t.is_var_width() => {
            offsets();
            let _ = &bytes[node.data..node.data + node.data_len];
        }
        _ => {
            let len = t.fixed_width().map_or(rows.div_ceil(8), |w| w * rows);
            let _ = &bytes[node.data..node.data + len];
            if t.has_nanos() {
                let at = node.aux.expect("nanoseconds");
                let _ = &bytes[at..at + 4 * rows];
            }
        }
    }
}
