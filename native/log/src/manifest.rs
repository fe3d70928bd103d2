//! What a log keeps and how far it is known to be durable. Specification: format.md, "Manifest".
use std::io::ErrorKind;
use std::path::Path;

use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, LogOffset, Result};

use crate::version;

const NAME: &str = "manifest";
const MAGIC: [u8; 8] = *b"FLUSSMAN";
const LEN: usize = 64;

/// A place in the log below which all is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecoveryPoint {
    pub segment: LogOffset,
    pub position: u64,
    pub offset: LogOffset,
}

/// The file `manifest` of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Base offset of the first segment that counts; what lies below was removed by retention.
    pub start_offset: LogOffset,
    pub point: RecoveryPoint,
    /// No later batch has a smaller commit timestamp, ms; `i64::MIN`: nothing is known. The batch that had it may be gone by retention.
    pub last_timestamp: i64,
}

impl Manifest {
    /// Reads the file; `None`: there is none, nothing was noted yet.
    pub(crate) fn read(fs: &dyn FileSystem, dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(NAME);
        let b = match fs.read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|e| Error::io(format!("read {}", path.display()), &e))?,
        };
        // It was synced before it got its name, so what is wrong with it is no torn write.
        let damaged = || {
            Error::new(ErrorCode::CorruptSegment, format!("{} is damaged. Restore the log's folder from a copy", path.display()))
        };
        if b.len() != LEN || !version::check(&path, MAGIC, &b)? {
            return Err(damaged());
        }
        let words = version::checked_words(&b).ok_or_else(damaged)?;
        let [_, _, start_offset, segment, position, offset, last_timestamp] = words[..] else { return Err(damaged()) };
        let point = RecoveryPoint { segment, position: position as u64, offset };
        Ok(Some(Self { start_offset, point, last_timestamp }))
    }

    /// Replaces the file; the folder is not synced: an older recovery point is as true.
    pub(crate) fn write(&self, fs: &dyn FileSystem, dir: &Path) -> Result<()> {
        let mut b = version::begin(MAGIC);
        let point = self.point;
        let words = [self.start_offset, point.segment, point.position as i64, point.offset, self.last_timestamp];
        b.extend(words.into_iter().flat_map(i64::to_le_bytes));
        b.resize(60, 0);
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        let path = dir.join(NAME);
        fs.replace(&path, &b).map_err(|e| Error::io(format!("write {}", path.display()), &e))
    }
}
