//! The bytes of the file of a table's partitions.
use fluss_types::{Error, ErrorCode, PartitionId, Result, TableId};

use crate::Partition;
use crate::partitions::Live;

const MAGIC: &[u8; 8] = b"FLUSSPAR";
const VERSION: u32 = 0;
const HEADER_LEN: usize = 32;
const FRAME_MAGIC: &[u8; 4] = b"FLUP";
const FRAME_HEADER_LEN: usize = 20;
const CREATE: u8 = 0;
const DROP: u8 = 1;

/// A change of the partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Create(Partition),
    Drop(PartitionId),
}

/// The whole file: a header, and a frame that makes all partitions.
pub(crate) fn encode_file(table_id: TableId, live: &Live) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_LEN + 64 * live.by_name.len());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&table_id.to_le_bytes());
    out.extend_from_slice(&live.next_id.to_le_bytes());
    out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
    // By number, as they were made.
    let mut partitions: Vec<Partition> = live.by_name.values().cloned().collect();
    partitions.sort_unstable_by_key(|p| p.id);
    if !partitions.is_empty() {
        let changes: Vec<Change> = partitions.into_iter().map(Change::Create).collect();
        out.extend_from_slice(&encode_frame(HEADER_LEN as u64, &changes));
    }
    out
}

/// A frame of changes that lies at `position`.
pub(crate) fn encode_frame(position: u64, changes: &[Change]) -> Vec<u8> {
    let mut entries = Vec::new();
    for change in changes {
        match change {
            Change::Create(p) => {
                entries.push(CREATE);
                entries.extend_from_slice(&p.id.to_le_bytes());
                entries.extend_from_slice(&p.created_ms.to_le_bytes());
                entries.extend_from_slice(&(p.name.len() as u32).to_le_bytes());
                entries.extend_from_slice(p.name.as_bytes());
            }
            Change::Drop(id) => {
                entries.push(DROP);
                entries.extend_from_slice(&id.to_le_bytes());
            }
        }
    }
    let mut out = Vec::with_capacity(FRAME_HEADER_LEN + entries.len());
    out.extend_from_slice(FRAME_MAGIC);
    out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    out.extend_from_slice(&position.to_le_bytes());
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&out), &entries);
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&entries);
    out
}

/// What a file says. Its last frame may be torn and is left out then; damage before it is an error.
pub(crate) fn read_file(bytes: &[u8], table_id: TableId) -> Result<Live> {
    let damaged =
        |what: &str| Error::new(ErrorCode::CorruptMeta, format!("the file is damaged ({what}). Restore it from a copy"));
    let Some((header, _)) = bytes.split_first_chunk::<HEADER_LEN>() else { return Err(damaged("it ends in its header")) };
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if !header.starts_with(MAGIC) {
        return Err(damaged("it does not begin as it should"));
    }
    let (version, features) = (word(8), word(12));
    if version != VERSION || features != 0 {
        return Err(Error::new(
            ErrorCode::UnknownFormat,
            format!(
                "format version {version} with features {features:#x}; this program knows version {VERSION} with no features"
            ),
        ));
    }
    if word(28) != crc32c::crc32c(&header[..28]) {
        return Err(damaged("the checksum of its header is wrong"));
    }
    if u64::from(word(16)) | u64::from(word(20)) << 32 != table_id {
        return Err(damaged("it is of another table"));
    }
    // The header has the next number of the time when it was written; the frames may have gone further since.
    let header_next = word(24);
    let mut live = Live::none();
    let mut at = HEADER_LEN;
    while at < bytes.len() {
        let Some(entries) = frame(bytes, at) else {
            return match (at + 1..bytes.len()).find(|&later| frame(bytes, later).is_some()) {
                Some(_) => Err(damaged(&format!("the frame at byte {at} is not what was written, a later one is"))),
                None => break,
            };
        };
        if !apply(&mut live, entries) {
            return Err(damaged(&format!("the frame at byte {at} contradicts those before")));
        }
        at += FRAME_HEADER_LEN + entries.len();
    }
    live.next_id = live.next_id.max(header_next);
    Ok(live)
}

/// The entries of the frame at a position; `None`: there is none, or not all of it.
fn frame(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes[at..].strip_prefix(FRAME_MAGIC)?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (position, rest) = rest.split_first_chunk::<8>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let entries = rest.get(..u32::from_le_bytes(*len) as usize)?;
    let here = u64::from_le_bytes(*position) == at as u64;
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[at..at + FRAME_HEADER_LEN - 4]), entries);
    (here && sum == u32::from_le_bytes(*checksum)).then_some(entries)
}

/// False: the entries are not what a writer would have written.
fn apply(live: &mut Live, mut entries: &[u8]) -> bool {
    while !entries.is_empty() {
        let Some((change, rest)) = entry(entries) else { return false };
        if !live.apply(&change) {
            return false;
        }
        entries = rest;
    }
    true
}

fn entry(entries: &[u8]) -> Option<(Change, &[u8])> {
    let (kind, rest) = entries.split_first()?;
    let (id, rest) = rest.split_first_chunk::<4>()?;
    let id = u32::from_le_bytes(*id);
    match *kind {
        CREATE => {
            let (created_ms, rest) = rest.split_first_chunk::<8>()?;
            let (len, rest) = rest.split_first_chunk::<4>()?;
            let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            let name = std::str::from_utf8(name).ok()?.into();
            Some((Change::Create(Partition { id, name, created_ms: i64::from_le_bytes(*created_ms) }), rest))
        }
        DROP => Some((Change::Drop(id), rest)),
        _ => None,
    }
}
