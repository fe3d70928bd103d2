//! The text of a snapshot's lease. Specification: `native/docs/format.md`, "Snapshot lease".
use std::collections::BTreeMap;
use std::fmt::Write;

use fluss_types::{BucketId, LogOffset, PartitionId};

/// What the lease of a snapshot says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// When it ends, ms since 1970.
    pub until_ms: i64,
    /// Who holds the snapshot: the log of each goes on exactly at its offset.
    pub tablets: BTreeMap<(PartitionId, BucketId), LogOffset>,
}

impl Lease {
    /// The file's content.
    pub fn encode(&self) -> String {
        let mut content = format!("v0 {}", self.until_ms);
        for ((partition, bucket), offset) in &self.tablets {
            // A String takes whatever is written.
            let _ = write!(content, " {partition}/{bucket}:{offset}");
        }
        format!("{content} {:08x}\n", crc32c::crc32c(content.as_bytes()))
    }

    /// Reads the file's content; `None`: damaged, or not of this version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, _checksum) = std::str::from_utf8(bytes).ok()?.rsplit_once(' ')?;
        let mut words = content.split(' ').skip(1);
        let until_ms = words.next()?.parse().ok()?;
        let tablet = |word: &str| {
            let (partition, rest) = word.split_once('/')?;
            let (bucket, offset) = rest.split_once(':')?;
            Some(((partition.parse().ok()?, bucket.parse().ok()?), offset.parse().ok()?))
        };
        let lease = Self { until_ms, tablets: words.map(tablet).collect::<Option<_>>()? };
        (lease.encode().as_bytes() == bytes).then_some(lease)
    }
}
