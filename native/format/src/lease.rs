//! The text of a snapshot's lease. Specification: `native/docs/format.md`, "Snapshot lease".
use fluss_types::LogOffset;

/// What the lease of a snapshot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The log goes on exactly here.
    pub log_offset: LogOffset,
    /// When it ends, ms since 1970.
    pub until_ms: i64,
}

impl Lease {
    /// The file's content.
    pub fn encode(&self) -> String {
        let content = format!("v0 {} {}", self.log_offset, self.until_ms);
        format!("{content} {:08x}\n", crc32c::crc32c(content.as_bytes()))
    }

    /// Reads the file's content; `None`: damaged, or not of this version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(bytes).ok()?.split(' ').skip(1);
        let lease = Self { log_offset: words.next()?.parse().ok()?, until_ms: words.next()?.parse().ok()? };
        (lease.encode().as_bytes() == bytes).then_some(lease)
    }
}
