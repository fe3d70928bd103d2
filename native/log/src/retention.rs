//! Retention: segments that have expired go, the oldest first.
use std::io::ErrorKind;
use std::sync::PoisonError;

use fluss_types::{Error, LogOffset, Result};

use crate::Log;
use crate::manifest::{Manifest, RecoveryPoint};
use crate::segment::{FILE_HEADER_LEN, Segment};
use crate::writers::Writers;

impl Log {
    /// The offset below which all rows are older than `before` (ms) by commit timestamp, at segment borders and not above
    /// `high_watermark`; the start offset if none are. Begins a new segment if all of the active one have expired.
    pub fn expired_before(&self, before: i64, high_watermark: LogOffset) -> Result<LogOffset> {
        let mut tail = self.tail();
        tail.check()?;
        let active = self.active();
        let has_expired = |segment: &Segment| segment.last_timestamp() < before;
        if tail.end_offset > active.base_offset && tail.end_offset <= high_watermark && has_expired(&active) {
            self.roll(&mut tail)?;
        }
        drop(tail);
        let segments = self.segments();
        let mut expired = segments[0].base_offset;
        for pair in segments.windows(2) {
            if !has_expired(&pair[0]) || pair[1].base_offset > high_watermark {
                break;
            }
            expired = pair[1].base_offset;
        }
        Ok(expired)
    }

    /// Begins a new segment unless the active one has no rows, and gives the offset where it begins, durably: [`Log::delete_before`] can remove all
    /// that lies before.
    pub fn cut(&self) -> Result<LogOffset> {
        let mut tail = self.tail();
        tail.check()?;
        if tail.end_offset > self.active().base_offset {
            self.roll(&mut tail)?;
        }
        Ok(tail.end_offset)
    }

    /// Removes the segments that lie wholly below an offset; the active one stays. Reads below the new start offset are refused.
    pub fn delete_before(&self, offset: LogOffset) -> Result<()> {
        let tail = self.tail();
        tail.check()?;
        let last_timestamp = tail.last_timestamp;
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        drop(tail);
        let segments = self.segments();
        let kept = segments.partition_point(|s| s.base_offset <= offset).saturating_sub(1);
        if kept == 0 {
            return Ok(());
        }
        // What is known of writers can be made again only from the segments that are kept, or from this file.
        Writers::write_again(self.fs.as_ref(), &segments[segments.len() - 1].path.with_extension("writers"))?;
        self.sync_dir()?;
        // First it is written that they do not count, durably; then they go. An opening ends what a crash interrupts.
        let start_offset = segments[kept].base_offset;
        let point = match manifest.point {
            p if p.segment < start_offset => {
                RecoveryPoint { segment: start_offset, position: FILE_HEADER_LEN, offset: start_offset }
            }
            p => p,
        };
        let next = Manifest { start_offset, point, last_timestamp };
        next.write(self.fs.as_ref(), &self.dir)?;
        self.sync_dir()?;
        *manifest = next;
        self.segments.write().unwrap_or_else(PoisonError::into_inner).drain(..kept);
        for segment in &segments[..kept] {
            for path in [segment.path.clone(), segment.path.with_extension("index"), segment.path.with_extension("writers")] {
                match self.fs.remove_file(&path) {
                    Err(e) if e.kind() != ErrorKind::NotFound => {
                        return Err(Error::io(format!("remove expired log segment {}", path.display()), &e));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
