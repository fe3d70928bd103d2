//! Messages that cross a border as protobuf bytes.
use fluss_proto as proto;
use fluss_proto::Message;

/// The messages that are decoded, in the order of the byte that chooses one.
pub const MESSAGES: &[fn(&[u8]) -> bool] = &[
    round_trip::<proto::OpenRequest>,
    round_trip::<proto::AdminRequest>,
    round_trip::<proto::AdminResponse>,
    round_trip::<proto::OpenTableRequest>,
    round_trip::<proto::LogScanRequest>,
    round_trip::<proto::SnapshotScanRequest>,
    round_trip::<proto::LookupRequest>,
    round_trip::<proto::Metrics>,
    round_trip::<proto::WriterRequest>,
];

/// Byte 0 chooses the message; what was decoded gives itself back through its encoding.
pub fn message(data: &[u8]) -> bool {
    data.split_first().is_some_and(|(choice, bytes)| MESSAGES[*choice as usize % MESSAGES.len()](bytes))
}

fn round_trip<M: Message + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> bool {
    let Ok(decoded) = M::decode(bytes) else { return false };
    let encoded = decoded.encode_to_vec();
    assert_eq!(encoded.len(), decoded.encoded_len());
    assert_eq!(M::decode(encoded.as_slice()).as_ref(), Ok(&decoded));
    true
}
