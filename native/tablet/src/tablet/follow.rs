//! Copies of the rows of a bucket: all of them as they are, and then every change.
use fluss_format::Expiry;
use fluss_kv::KvRange;
use fluss_log::ReadHint;
use fluss_types::{LogOffset, PartitionBucket, Result};

use super::Tablet;
use super::recover::each_change;
use crate::snapshot::SCAN_BYTES;

/// How far [`Tablet::follow`] has come.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    /// Where to go on.
    pub offset: LogOffset,
    /// When the last change was committed, ms since 1970.
    pub commit_timestamp: i64,
}

impl Tablet {
    /// The bucket, within its table.
    pub fn partition_bucket(&self) -> PartitionBucket {
        PartitionBucket { partition: self.bucket.partition, bucket: self.bucket.bucket }
    }

    /// Which stored rows have expired now.
    pub fn expiry(&self) -> Expiry {
        self.definition().expiry(self.now_ms())
    }

    /// Calls `row` with the key and the stored row of every row, in key order, all of one point in time, until it says no; gives the offset of the log
    /// from which [`Tablet::follow`] goes on.
    pub fn load(&self, mut row: impl FnMut(&[u8], &[u8]) -> bool) -> Result<LogOffset> {
        self.check_open()?;
        let snapshot = self.store(self.kv_state()?)?.snapshot().map_err(|e| e.at(&self.name))?;
        let offset = snapshot.applied().map_err(|e| e.at(&self.name))?.offset;
        self.progress.wait_durable(offset, None)?;
        let expiry = self.expiry();
        let (mut after, mut wanted) = (Vec::new(), true);
        loop {
            let range = KvRange { after: &after, max_bytes: SCAN_BYTES, ..KvRange::ALL };
            let scanned = snapshot.scan(&range, &mut |key, stored| {
                if wanted && !expiry.is_over(stored) {
                    wanted = row(key, stored);
                }
            });
            match scanned.map_err(|e| e.at(&self.name))? {
                Some(last) if wanted => after = last,
                _ => return Ok(offset),
            }
        }
    }

    /// Calls `change` with the key and the new row, `None` if it is deleted, of each change of the next batch of the log, and says how far that leads;
    /// `None`: there is none below the high watermark yet.
    pub fn follow(
        &self,
        from: LogOffset,
        hint: &mut ReadHint,
        mut change: impl FnMut(Vec<u8>, Option<Vec<u8>>),
    ) -> Result<Option<Followed>> {
        self.check_open()?;
        if from >= self.high_watermark() {
            return Ok(None);
        }
        let codec = self.codec();
        let read = self.log.read_whole(from, hint).and_then(|batch| {
            let Some((header, bytes)) = batch else { return Ok(None) };
            each_change(&codec, &header, &bytes, from, |_, key, row| change(key, row))?;
            Ok(Some(Followed { offset: header.end_offset(), commit_timestamp: header.commit_timestamp }))
        });
        read.map_err(|e| e.at(&self.name))
    }
}
