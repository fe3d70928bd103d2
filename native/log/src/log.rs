//! The log of one bucket.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fluss_format::{BatchHeader, ColumnBatch, EncodedBatch};
use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, LogOffset, Result, Schema, TableBucket};

use crate::recovery::{RecoveryPoint, recover};
use crate::segment::{FILE_HEADER_LEN, Segment};

/// After how many synced bytes the recovery point is written: bounds what an opening after a crash has to verify.
const RECOVERY_POINT_EVERY: u64 = 64 << 20;

/// Sizes that shape the files.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// A segment is sealed when the next batch would make it longer than this, bytes.
    pub segment_size: u64,
    /// Distance of index entries, bytes.
    pub index_interval: u64,
}

/// Where a sequential reader was, so that it need not search again.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadHint {
    segment: LogOffset,
    position: u64,
    offset: LogOffset,
}

#[derive(Debug)]
struct Tail {
    end_offset: LogOffset,
    last_timestamp: i64,
    recovery_point: RecoveryPoint,
}

/// An append-only sequence of rows with gapless offsets.
#[derive(Debug)]
pub struct Log {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    bucket: TableBucket,
    options: LogOptions,
    segments: RwLock<Vec<Arc<Segment>>>,
    tail: Mutex<Tail>,
}

impl Log {
    /// Opens or makes the log in a folder. A torn tail is cut; damage before it is an error.
    pub fn open(fs: Arc<dyn FileSystem>, dir: &Path, bucket: TableBucket, options: LogOptions) -> Result<Self> {
        fs.create_dir_all(dir).map_err(|e| Error::io(format!("make log folder {}", dir.display()), &e))?;
        let recovered = recover(fs.as_ref(), dir, bucket, options.index_interval)?;
        let mut segments: Vec<Arc<Segment>> = recovered.segments.into_iter().map(Arc::new).collect();
        if segments.is_empty() {
            segments.push(Arc::new(Segment::create(fs.as_ref(), dir, bucket, 0)?));
            sync_dir(fs.as_ref(), dir)?;
        }
        let log = Self {
            fs,
            dir: dir.to_path_buf(),
            bucket,
            options,
            segments: RwLock::new(segments),
            tail: Mutex::new(Tail {
                end_offset: recovered.end_offset,
                last_timestamp: recovered.last_timestamp,
                recovery_point: RecoveryPoint::default(),
            }),
        };
        // What was found may still be in the page cache only (the process was killed): readers see it, so it must last.
        log.sync()?;
        log.write_recovery_point()?;
        Ok(log)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn active(&self) -> Arc<Segment> {
        let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments[segments.len() - 1].clone()
    }

    /// Oldest offset kept.
    pub fn start_offset(&self) -> LogOffset {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)[0].base_offset
    }

    /// Offset of the next row.
    pub fn end_offset(&self) -> LogOffset {
        self.tail().end_offset
    }

    /// Commit timestamp of the last batch, ms; `i64::MIN`: the log is empty.
    pub fn last_timestamp(&self) -> i64 {
        self.tail().last_timestamp
    }

    /// Appends a batch and returns its base offset. `now_ms` becomes its commit timestamp unless the last batch's is later;
    /// `high_watermark` is what is durable now. Not durable before [`Log::sync`].
    pub fn append(&self, batch: &mut EncodedBatch, now_ms: i64, high_watermark: LogOffset) -> Result<LogOffset> {
        let mut tail = self.tail();
        let mut active = self.active();
        if active.size() > FILE_HEADER_LEN && active.size() + batch.len() as u64 > self.options.segment_size {
            active = self.roll(&mut tail, &active)?;
        }
        let base_offset = tail.end_offset;
        let timestamp = now_ms.max(tail.last_timestamp);
        let rows = LogOffset::from(batch.rows());
        let bytes = batch.place(base_offset, 0, timestamp, high_watermark);
        active.append(bytes, (base_offset, timestamp), self.options.index_interval).map_err(|e| e.at(self.bucket))?;
        tail.end_offset += rows;
        tail.last_timestamp = timestamp;
        Ok(base_offset)
    }

    /// Seals the active segment and begins the next.
    fn roll(&self, tail: &mut Tail, active: &Segment) -> Result<Arc<Segment>> {
        active.sync()?;
        active.seal(self.fs.as_ref(), tail.end_offset)?;
        let next = Arc::new(Segment::create(self.fs.as_ref(), &self.dir, self.bucket, tail.end_offset)?);
        sync_dir(self.fs.as_ref(), &self.dir)?;
        self.segments.write().unwrap_or_else(PoisonError::into_inner).push(next.clone());
        Ok(next)
    }

    /// Makes all that was appended before the call durable; returns the end of it.
    pub fn sync(&self) -> Result<LogOffset> {
        let (end, active, position, point) = {
            let tail = self.tail();
            let active = self.active();
            (tail.end_offset, active.clone(), active.size(), tail.recovery_point)
        };
        active.sync().map_err(|e| e.at(self.bucket))?;
        let reached = RecoveryPoint { segment: active.base_offset, position, offset: end };
        self.tail().recovery_point = if reached.segment != point.segment || position >= point.position + RECOVERY_POINT_EVERY {
            reached.write(self.fs.as_ref(), &self.dir)?;
            reached
        } else {
            point
        };
        Ok(end)
    }

    /// Writes down that all up to the end is durable; only after [`Log::sync`] and when nothing was appended since.
    pub fn write_recovery_point(&self) -> Result<()> {
        let mut tail = self.tail();
        let active = self.active();
        tail.recovery_point = RecoveryPoint { segment: active.base_offset, position: active.size(), offset: tail.end_offset };
        tail.recovery_point.write(self.fs.as_ref(), &self.dir)
    }

    /// Reads the projected columns of the batch that holds `from`, with the rows from `from` to `limit` marked. `None`: `from` is
    /// at or after `limit`. Refuses an offset that the log no longer has.
    pub fn read(
        &self,
        from: LogOffset,
        limit: LogOffset,
        schema: &Schema,
        projection: &[usize],
        hint: &mut ReadHint,
    ) -> Result<Option<ColumnBatch>> {
        if from >= limit {
            return Ok(None);
        }
        let (segment, position) = self.find(from, hint)?;
        let (mut batch, next) = segment.read_projected(position, schema, projection)?;
        let end = batch.base_offset + batch.rows as LogOffset;
        *hint = ReadHint { segment: segment.base_offset, position: next, offset: end };
        batch.bucket = self.bucket.bucket as i32;
        batch.first_row = (from - batch.base_offset) as usize;
        batch.end_row = (end.min(limit) - batch.base_offset) as usize;
        Ok(Some(batch))
    }

    /// The whole batch that holds `from`; `None` at the end of the log.
    pub fn read_whole(&self, from: LogOffset, hint: &mut ReadHint) -> Result<Option<(BatchHeader, Vec<u8>)>> {
        if from >= self.end_offset() {
            return Ok(None);
        }
        let (segment, position) = self.find(from, hint)?;
        let (header, bytes) = segment.read_batch(position)?;
        header.verify_all(&bytes).map_err(|e| segment.damage(position, e.message()))?;
        *hint = ReadHint { segment: segment.base_offset, position: position + bytes.len() as u64, offset: header.end_offset() };
        Ok(Some((header, bytes)))
    }

    fn find(&self, offset: LogOffset, hint: &ReadHint) -> Result<(Arc<Segment>, u64)> {
        let segments = self.segments();
        let i = segments.partition_point(|s| s.base_offset <= offset);
        let Some(segment) = i.checked_sub(1).map(|i| segments[i].clone()) else {
            return Err(Error::new(
                ErrorCode::LogTruncated,
                format!(
                    "{}: the fetching offset {offset} is out of range; the log begins at {}",
                    self.bucket, segments[0].base_offset
                ),
            ));
        };
        let position = if hint.position > 0 && hint.offset == offset && hint.segment == segment.base_offset {
            hint.position
        } else {
            segment.position_of(offset)?
        };
        Ok((segment, position))
    }

    /// First offset below `limit` whose commit timestamp is at or after `timestamp` (ms), else `limit`.
    pub fn offset_at(&self, timestamp: i64, limit: LogOffset) -> Result<LogOffset> {
        for segment in self.segments() {
            if let Some(offset) = segment.offset_at(timestamp, limit)? {
                return Ok(offset);
            }
        }
        Ok(limit)
    }
}

fn sync_dir(fs: &dyn FileSystem, dir: &Path) -> Result<()> {
    fs.sync_dir(dir).map_err(|e| Error::io(format!("sync folder {}", dir.display()), &e))
}
