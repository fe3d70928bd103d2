//! The Arrow IPC message of a batch, written: where each buffer of the body lies. Reading it is `read`'s.
use arrow_ipc::{
    BodyCompressionBuilder, BodyCompressionMethod, Buffer as IpcBuffer, CompressionType, FieldNode, MessageBuilder,
    MessageHeader, MetadataVersion, RecordBatchBuilder,
};
use flatbuffers::FlatBufferBuilder;
use fluss_types::{Compression, DataType, TypeRoot};

/// IPC nodes and buffers of a type. A fine timestamp is a struct (validity) of two primitives (validity, data each), a MAP a list
/// (validity, offsets) of structs (validity).
pub(crate) fn spans(t: &DataType) -> (usize, usize) {
    let with = |own: (usize, usize), children: &mut dyn Iterator<Item = &DataType>| {
        children.map(spans).fold(own, |(nodes, buffers), (n, b)| (nodes + n, buffers + b))
    };
    match &t.root {
        TypeRoot::Array(element) => with((1, 2), &mut std::iter::once(&**element)),
        TypeRoot::Map(key, value) => with((2, 3), &mut [&**key, &**value].into_iter()),
        TypeRoot::Row(fields) => with((1, 1), &mut fields.iter().map(|f| &f.data_type)),
        _ if t.has_nanos() => (3, 5),
        _ if t.is_var_width() => (1, 3),
        _ => (1, 2),
    }
}

/// The `Message` with its `RecordBatch`.
pub(crate) fn metadata(
    rows: usize,
    nodes: &[FieldNode],
    buffers: &[IpcBuffer],
    compression: Compression,
    body_len: usize,
) -> Vec<u8> {
    let mut b = FlatBufferBuilder::with_capacity(256 + 16 * (nodes.len() + buffers.len()));
    let codec = match compression {
        Compression::None => None,
        Compression::Lz4Frame => Some(CompressionType::LZ4_FRAME),
        Compression::Zstd => Some(CompressionType::ZSTD),
    };
    let codec = codec.map(|codec| {
        let mut c = BodyCompressionBuilder::new(&mut b);
        c.add_method(BodyCompressionMethod::BUFFER);
        c.add_codec(codec);
        c.finish()
    });
    let buffers = b.create_vector(buffers);
    let nodes = b.create_vector(nodes);
    let mut batch = RecordBatchBuilder::new(&mut b);
    batch.add_length(rows as i64);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    if let Some(codec) = codec {
        batch.add_compression(codec);
    }
    let batch = batch.finish().as_union_value();
    let mut message = MessageBuilder::new(&mut b);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(MessageHeader::RecordBatch);
    message.add_bodyLength(body_len as i64);
    message.add_header(batch);
    let message = message.finish();
    b.finish(message, None);
    b.finished_data().to_vec()
}
