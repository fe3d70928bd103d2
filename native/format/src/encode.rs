//! Rows become a log batch. The body is written where it stays: room for header and metadata is left before it, since their
//! length is known from the types alone.
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::{Buffer as IpcBuffer, FieldNode};
use arrow_schema::{DataType as ArrowType, Field, Schema as ArrowSchema, SchemaRef};
use fluss_types::{Column, Compression, DataType, Error, ErrorCode, LogOffset, Result, Schema, SchemaId, TypeRoot};

use crate::arrays::{Parts, children};
use crate::batch::{
    ATTRIBUTE_APPEND_ONLY, CHECKSUM_AT, KNOWN_FEATURES, MAGIC, MAX_BATCH_ROWS, MAX_UNCOMPRESSED_BYTES, VERSION, header_checksum,
};
use crate::body::Body;
use crate::{BatchHeader, HEADER_LEN, MAX_BATCH_BYTES, align64, ipc, statistics};

/// How a batch is encoded.
#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions<'a> {
    /// All rows are appends: there is no change type column.
    pub append_only: bool,
    /// Compression of each buffer.
    pub compression: Compression,
    /// Level of ZSTD, 1 to 22.
    pub zstd_level: i32,
    /// Positions of the columns of the table whose statistics are taken, ascending.
    pub statistics: &'a [usize],
}

impl EncodeOptions<'_> {
    /// Without statistics, at the usual level.
    pub fn new(append_only: bool, compression: Compression) -> Self {
        Self { append_only, compression, zstd_level: zstd::DEFAULT_COMPRESSION_LEVEL, statistics: &[] }
    }
}

/// A batch whose rows are encoded and whose place in the log is not known yet.
#[derive(Debug)]
pub struct EncodedBatch {
    bytes: Vec<u8>,
    rows: u32,
    prefix_len: usize,
}

/// The parts of a header that are known when the rows are encoded.
struct Parameters {
    attributes: u16,
    rows: u32,
    schema_id: SchemaId,
    lens: [u32; 3],
    body_len: u64,
}

impl EncodedBatch {
    /// A batch without rows, to carry a writer's sequence.
    pub fn without_rows(schema_id: SchemaId) -> Self {
        let mut bytes = vec![0; align64(HEADER_LEN)];
        write_header(&mut bytes, &Parameters { attributes: 0, rows: 0, schema_id, lens: [0; 3], body_len: 0 });
        Self { bytes, rows: 0, prefix_len: HEADER_LEN }
    }

    /// A batch as it was written. Its header has been checked.
    pub(crate) fn stored(bytes: Vec<u8>, header: &BatchHeader) -> Self {
        Self { bytes, rows: header.rows, prefix_len: header.prefix_len() }
    }

    /// Rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Bytes of the whole batch.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it only carries a writer's sequence.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Makes it the batch with number `sequence` of an idempotent writer.
    pub fn set_writer(&mut self, writer_id: i64, sequence: i32) {
        self.bytes[48..56].copy_from_slice(&writer_id.to_le_bytes());
        self.bytes[56..60].copy_from_slice(&sequence.to_le_bytes());
    }

    /// Fills in what the owner of the log decides and returns the bytes to be written.
    pub fn place(&mut self, base_offset: LogOffset, epoch: u32, commit_timestamp: i64, high_watermark: LogOffset) -> &[u8] {
        self.bytes[16..24].copy_from_slice(&base_offset.to_le_bytes());
        self.bytes[28..32].copy_from_slice(&epoch.to_le_bytes());
        self.bytes[32..40].copy_from_slice(&commit_timestamp.to_le_bytes());
        self.bytes[40..48].copy_from_slice(&high_watermark.to_le_bytes());
        let checksum = header_checksum(&self.bytes[..self.prefix_len]);
        self.bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }
}

fn write_header(b: &mut [u8], p: &Parameters) {
    let [statistics_len, metadata_len, buffers] = p.lens;
    b[0..4].copy_from_slice(&MAGIC);
    b[4..6].copy_from_slice(&VERSION.to_le_bytes());
    b[6..8].copy_from_slice(&p.attributes.to_le_bytes());
    b[8..12].copy_from_slice(&KNOWN_FEATURES.to_le_bytes());
    b[24..28].copy_from_slice(&p.rows.to_le_bytes());
    b[48..56].copy_from_slice(&(-1i64).to_le_bytes());
    b[56..60].copy_from_slice(&(-1i32).to_le_bytes());
    b[60..64].copy_from_slice(&p.schema_id.to_le_bytes());
    b[64..68].copy_from_slice(&statistics_len.to_le_bytes());
    b[68..72].copy_from_slice(&metadata_len.to_le_bytes());
    b[72..76].copy_from_slice(&buffers.to_le_bytes());
    b[80..88].copy_from_slice(&p.body_len.to_le_bytes());
}

/// The columns of a log body: for a primary-key table the change type comes first.
pub fn log_schema(schema: &Schema, append_only: bool) -> SchemaRef {
    if append_only {
        return schema.arrow_schema();
    }
    let mut fields = vec![Arc::new(Field::new("_change_type", ArrowType::UInt8, false))];
    fields.extend(schema.arrow_schema().fields().iter().cloned());
    Arc::new(ArrowSchema::new(fields))
}

/// Encodes rows of a schema, laid out as [`log_schema`] says. Refuses a batch over [`MAX_BATCH_BYTES`] or [`MAX_BATCH_ROWS`](crate::MAX_BATCH_ROWS).
pub fn encode_batch(rows: &RecordBatch, schema: &Schema, options: &EncodeOptions<'_>) -> Result<EncodedBatch> {
    let columns = schema.columns();
    let first = usize::from(!options.append_only);
    if rows.num_columns() != first + columns.len() || rows.num_rows() == 0 {
        return Err(Error::new(
            ErrorCode::SchemaMismatch,
            format!("{} columns and {} rows do not make a batch of {schema}", rows.num_columns(), rows.num_rows()),
        ));
    }
    if rows.num_rows() > MAX_BATCH_ROWS {
        return Err(too_large(rows.num_rows(), &format!("{MAX_BATCH_ROWS} rows")));
    }
    let statistics = statistics::collect(&rows.columns()[first..], columns, options.statistics)?;
    let (mut nodes, mut buffers) = (first, 2 * first);
    for (n, b) in columns.iter().map(|c| ipc::spans(&c.data_type)) {
        nodes += n;
        buffers += b;
    }
    // Structs of fixed size fill the metadata: zeros give its length.
    let no_body =
        ipc::metadata(1, &vec![FieldNode::new(0, 0); nodes], &vec![IpcBuffer::new(0, 0); buffers], options.compression, 64);
    let metadata_len = no_body.len();
    let prefix_len = HEADER_LEN + 4 * buffers + statistics.len() + metadata_len;
    let body_at = align64(prefix_len);

    let mut body = Columns { nodes: Vec::new(), buffers: Vec::new(), rows: rows.num_rows(), uncompressed: 0 };
    if first == 1 {
        let kinds = rows.column(0).as_primitive_opt::<UInt8Type>();
        let kinds = kinds.ok_or_else(|| Error::new(ErrorCode::SchemaMismatch, "the change types are not UInt8"))?;
        body.node(kinds.len(), 0);
        body.buffer(Buffer::default())?;
        body.buffer(kinds.values().inner().clone())?;
    }
    check_nulls(&rows.columns()[first..], schema)?;
    for (array, column) in rows.columns()[first..].iter().zip(columns) {
        body.array(array.as_ref(), &column.data_type).map_err(|e| at_column(&e, column))?;
    }
    let Columns { nodes, buffers, uncompressed, .. } = body;
    let body = Body::of(&buffers, uncompressed, body_at, MAX_BATCH_BYTES, options)?;
    let Body { bytes: mut b, buffers, checksums } =
        body.ok_or_else(|| too_large(rows.num_rows(), &format!("{MAX_BATCH_BYTES} bytes")))?;
    let body_len = b.len() - body_at;
    let metadata = ipc::metadata(rows.num_rows(), &nodes, &buffers, options.compression, body_len);
    if metadata.len() != metadata_len {
        return Err(Error::internal("the IPC metadata has another length than its types say"));
    }
    let parameters = Parameters {
        attributes: (u16::from(options.append_only) * ATTRIBUTE_APPEND_ONLY) | ((options.compression as u16) << 1),
        rows: rows.num_rows() as u32,
        schema_id: schema.id(),
        lens: [statistics.len() as u32, metadata_len as u32, buffers.len() as u32],
        body_len: body_len as u64,
    };
    write_header(&mut b, &parameters);
    let mut at = HEADER_LEN;
    for part in checksums.iter().map(|c| c.as_slice()).chain([statistics.as_slice(), metadata.as_slice()]) {
        b[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    Ok(EncodedBatch { bytes: b, rows: parameters.rows, prefix_len })
}

/// Refuses NULL in a NOT NULL column. `rows`: all columns of the schema.
pub fn check_nulls(rows: &[ArrayRef], schema: &Schema) -> Result<()> {
    for (array, column) in rows.iter().zip(schema.columns()).filter(|(_, c)| !c.data_type.nullable) {
        let nulls = array.null_count();
        if nulls > 0 {
            let m = format!("column '{}' is NOT NULL, and {nulls} of {} rows have NULL in it", column.name, array.len());
            return Err(Error::new(ErrorCode::SchemaMismatch, m));
        }
    }
    Ok(())
}

fn too_large(rows: usize, most: &str) -> Error {
    let m = format!("a batch of {rows} rows has over {most}, which is the most that is allowed; write smaller batches");
    Error::new(ErrorCode::BatchTooLarge, m)
}

fn at_column(e: &Error, column: &Column) -> Error {
    match e.code() {
        ErrorCode::SchemaMismatch => e.at(format_args!("column '{}'", column.name)),
        _ => e.clone(),
    }
}

/// What a body is made of.
struct Columns {
    nodes: Vec<FieldNode>,
    /// Buffers as they are in memory.
    buffers: Vec<Buffer>,
    rows: usize,
    /// Bytes of the buffers.
    uncompressed: usize,
}

impl Columns {
    fn node(&mut self, len: usize, nulls: usize) {
        self.nodes.push(FieldNode::new(len as i64, nulls as i64));
    }

    fn buffer(&mut self, data: Buffer) -> Result<()> {
        self.uncompressed += align64(data.len());
        self.buffers.push(data);
        if self.uncompressed > MAX_UNCOMPRESSED_BYTES {
            return Err(too_large(self.rows, &format!("{MAX_UNCOMPRESSED_BYTES} bytes before compression")));
        }
        Ok(())
    }

    fn array(&mut self, a: &dyn Array, t: &DataType) -> Result<()> {
        let parts = Parts::of(a, t)?;
        self.node(parts.rows, parts.nulls.as_ref().map_or(0, |n| n.null_count()));
        match &parts.nulls {
            Some(nulls) => self.buffer(nulls.inner().sliced())?,
            None => self.buffer(Buffer::default())?,
        }
        match &t.root {
            TypeRoot::Array(_) | TypeRoot::Map(..) => {
                self.buffer(parts.aux)?;
                if let TypeRoot::Map(..) = t.root {
                    // The struct of keys and values.
                    self.node(parts.children[0].len(), 0);
                    self.buffer(Buffer::default())?;
                }
            }
            TypeRoot::Row(_) => {}
            _ if t.has_nanos() => {
                for child in [parts.data, parts.aux] {
                    self.node(parts.rows, 0);
                    self.buffer(Buffer::default())?;
                    self.buffer(child)?;
                }
            }
            _ => {
                if t.is_var_width() {
                    self.buffer(parts.aux)?;
                }
                self.buffer(parts.data)?;
            }
        }
        parts.children.iter().zip(children(t)).try_for_each(|(child, t)| self.array(child.as_ref(), t))
    }
}
