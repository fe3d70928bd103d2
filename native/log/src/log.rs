//! The log of one bucket.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fluss_format::{BatchHeader, ColumnBatch, EncodedBatch, Filter, Projection};
use fluss_types::file::FileSystem;
use fluss_types::{BatchSequence, Error, ErrorCode, LogOffset, Result, Schemas, TableBucket, WriterId};

use crate::manifest::{Manifest, RecoveryPoint};
use crate::recovery::recover;
use crate::segment::Segment;
use crate::writers::{WriterProgress, Writers, WrittenBatch};

/// After how many synced bytes the recovery point is written: bounds what an opening after a crash has to verify.
const RECOVERY_POINT_EVERY: u64 = 64 << 20;

/// A filtered read gives up after so many batches without a match, so that its caller can look around.
const MAX_SKIPPED: usize = 64;

/// Sizes that shape the files, and how long writers are known.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// A segment that has rows is sealed when the next batch would make it longer than this, bytes.
    pub segment_size: u64,
    /// Distance of index entries, bytes.
    pub index_interval: u64,
    /// A writer that has not written for so long is forgotten, ms; unless [`Log::keep_writer`] says otherwise.
    pub writer_expiration_ms: i64,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the log now.
    New {
        /// Offset of its first row.
        base_offset: LogOffset,
        /// Offset after its last row.
        end_offset: LogOffset,
    },
    /// Its writer sent it before; it is in the log since then.
    Duplicate {
        /// Offset after its last row.
        end_offset: LogOffset,
    },
}

/// Where a sequential reader was, so that it need not search again.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadHint {
    segment: LogOffset,
    position: u64,
    offset: LogOffset,
}

#[derive(Debug)]
pub(crate) struct Tail {
    pub end_offset: LogOffset,
    pub last_timestamp: i64,
    writers: Writers,
    /// A roll has begun: nothing goes into the active segment any more.
    rolling: bool,
    /// Why nothing can be trusted any more.
    failure: Option<Error>,
}

/// An append-only sequence of rows with gapless offsets.
#[derive(Debug)]
pub struct Log {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) dir: PathBuf,
    pub(crate) bucket: TableBucket,
    options: LogOptions,
    pub(crate) segments: RwLock<Vec<Arc<Segment>>>,
    /// Locked before `manifest`.
    tail: Mutex<Tail>,
    pub(crate) manifest: Mutex<Manifest>,
}

impl Log {
    /// Opens or makes the log in a folder. A torn tail is cut; damage before it is an error.
    pub fn open(fs: Arc<dyn FileSystem>, dir: &Path, bucket: TableBucket, options: LogOptions) -> Result<Self> {
        Self::open_keeping(fs, dir, bucket, options, &[])
    }

    /// As [`Log::open`]; some writers are known, however many others wrote since, until [`Log::release_writer`] or the log is closed.
    pub fn open_keeping(
        fs: Arc<dyn FileSystem>,
        dir: &Path,
        bucket: TableBucket,
        options: LogOptions,
        kept: &[WriterId],
    ) -> Result<Self> {
        fs.create_dir_all(dir).map_err(|e| Error::io(format!("make log folder {}", dir.display()), &e))?;
        let recovered = recover(fs.as_ref(), dir, bucket, options, kept)?;
        let last_timestamp = recovered.last_timestamp;
        // The recovery point is written again even if it can be read as it should be: the sync of the folder may have failed before.
        let start_offset = recovered.manifest.map_or(0, |m| m.start_offset);
        let manifest = Manifest { start_offset, point: RecoveryPoint::default(), last_timestamp };
        let log = Self {
            fs,
            dir: dir.to_path_buf(),
            bucket,
            options,
            segments: RwLock::new(recovered.segments.into_iter().map(Arc::new).collect()),
            tail: Mutex::new(Tail {
                end_offset: recovered.end_offset,
                last_timestamp,
                writers: recovered.writers,
                rolling: false,
                failure: None,
            }),
            manifest: Mutex::new(manifest),
        };
        log.write_recovery_point()?;
        Ok(log)
    }

    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn segments(&self) -> Vec<Arc<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn active(&self) -> Arc<Segment> {
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

    /// Whether a batch of an idempotent writer is in the log already: its end offset. `None`: it is the next one; any other is refused
    /// with [`ErrorCode::OutOfOrderSequence`].
    pub fn duplicate_of(&self, writer: BatchSequence, now_ms: i64) -> Result<Option<LogOffset>> {
        let tail = self.tail();
        tail.writers.check(writer, now_ms.max(tail.last_timestamp)).map_err(|e| e.at(self.bucket))
    }

    /// How far a writer is; `None`: it has not written, or is forgotten.
    pub fn writer_progress(&self, writer_id: WriterId) -> Option<WriterProgress> {
        self.tail().writers.progress(writer_id)
    }

    /// The writer is known, however long it does not write, until [`Log::release_writer`] or the log is closed.
    pub fn keep_writer(&self, writer_id: WriterId) {
        self.tail().writers.keep(writer_id);
    }

    /// Ends [`Log::keep_writer`].
    pub fn release_writer(&self, writer_id: WriterId) {
        self.tail().writers.release(writer_id);
    }

    /// Appends a batch, unless `writer` says that it is there already. `now_ms` becomes its commit timestamp unless the last batch's is
    /// later; `high_watermark` is what is durable now. Not durable before [`Log::sync`].
    pub fn append(
        &self,
        batch: &mut EncodedBatch,
        writer: Option<BatchSequence>,
        now_ms: i64,
        high_watermark: LogOffset,
    ) -> Result<Appended> {
        let mut tail = self.tail();
        tail.check()?;
        let timestamp = now_ms.max(tail.last_timestamp);
        if let Some(writer) = writer {
            if let Some(end_offset) = tail.writers.check(writer, timestamp).map_err(|e| e.at(self.bucket))? {
                return Ok(Appended::Duplicate { end_offset });
            }
            batch.set_writer(writer.writer_id, writer.sequence);
        }
        let mut active = self.active();
        // One without rows would have the next one's base offset, and so its file.
        let has_rows = active.base_offset < tail.end_offset;
        if tail.rolling || has_rows && active.size() + batch.len() as u64 > self.options.segment_size {
            active = self.roll(&mut tail)?;
        }
        let base_offset = tail.end_offset;
        let end_offset = base_offset + LogOffset::from(batch.rows());
        let bytes = batch.place(base_offset, 0, timestamp, high_watermark);
        if let Err(e) = active.append(bytes, (base_offset, timestamp), self.options.index_interval) {
            let e = e.at(self.bucket);
            return Err(if e.code() == ErrorCode::Poisoned { tail.fail(e) } else { e });
        }
        if let Some(BatchSequence { writer_id, sequence }) = writer {
            tail.writers.add(writer_id, WrittenBatch { sequence, base_offset, end_offset, timestamp });
        }
        tail.end_offset = end_offset;
        tail.last_timestamp = timestamp;
        Ok(Appended::New { base_offset, end_offset })
    }

    /// Seals the active segment and begins the next. A roll that fails for want of room is tried again by the next append.
    pub(crate) fn roll(&self, tail: &mut Tail) -> Result<Arc<Segment>> {
        let fs = self.fs.as_ref();
        let active = self.active();
        tail.rolling = true;
        active.sync().map_err(|e| tail.fail(e.at(self.bucket)))?;
        active.seal(fs, tail.end_offset)?;
        let last_timestamp = tail.last_timestamp;
        tail.writers.expire(last_timestamp);
        tail.writers.write(fs, &Segment::path(&self.dir, tail.end_offset).with_extension("writers"), tail.end_offset)?;
        let next = Arc::new(Segment::create(fs, &self.dir, self.bucket, tail.end_offset)?);
        self.sync_dir().map_err(|e| tail.fail(e))?;
        self.segments.write().unwrap_or_else(PoisonError::into_inner).push(next.clone());
        tail.rolling = false;
        Ok(next)
    }

    pub(crate) fn sync_dir(&self) -> Result<()> {
        self.fs.sync_dir(&self.dir).map_err(|e| Error::io(format!("sync folder {}", self.dir.display()), &e))
    }

    /// Makes all that was appended before the call durable; returns the end of it. After a failure the log refuses all but reads: what a
    /// failed sync leaves is known only after opening again.
    pub fn sync(&self) -> Result<LogOffset> {
        let (reached, last_timestamp, active) = {
            let tail = self.tail();
            tail.check()?;
            let active = self.active();
            let reached = RecoveryPoint { segment: active.base_offset, position: active.size(), offset: tail.end_offset };
            (reached, tail.last_timestamp, active)
        };
        active.sync().map_err(|e| self.tail().fail(e.at(self.bucket)))?;
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = manifest.point;
        // Retention may have noted a later one meanwhile.
        let is_far = reached.segment == known.segment && reached.position >= known.position + RECOVERY_POINT_EVERY;
        if reached.segment > known.segment || is_far {
            let next = Manifest { point: reached, last_timestamp, ..*manifest };
            self.note(&mut manifest, next)?;
        }
        Ok(reached.offset)
    }

    /// Replaces the manifest by one that only knows more. On a full disk the old one stays: it is as true, and what is in the log needs
    /// no room to be durable.
    fn note(&self, manifest: &mut Manifest, next: Manifest) -> Result<()> {
        match next.write(self.fs.as_ref(), &self.dir) {
            Ok(()) => *manifest = next,
            Err(e) if e.code() == ErrorCode::DiskFull => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }

    /// Writes down, durably, that all up to the end is durable, so that the next opening tells damage from a torn tail; only after
    /// [`Log::sync`] and when nothing was appended since.
    pub fn write_recovery_point(&self) -> Result<()> {
        let tail = self.tail();
        tail.check()?;
        let active = self.active();
        let point = RecoveryPoint { segment: active.base_offset, position: active.size(), offset: tail.end_offset };
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Manifest { point, last_timestamp: tail.last_timestamp, ..*manifest };
        if next != *manifest {
            self.note(&mut manifest, next)?;
        }
        self.sync_dir()
    }

    /// Reads the projected columns of the batch that holds `from`, with the rows from `from` to `limit` marked. `None`: `from` is
    /// at or after `limit`. Refuses an offset that the log no longer has.
    pub fn read(
        &self,
        from: LogOffset,
        limit: LogOffset,
        schemas: &Schemas,
        projection: &Projection,
        hint: &mut ReadHint,
    ) -> Result<Option<ColumnBatch>> {
        self.read_filtered(from, limit, schemas, projection, None, hint).map(|(batch, _)| batch)
    }

    /// As [`Log::read`], of the first batch from `from` on that has a row which matches the filter; also gives the offset to go on from.
    /// Without a batch no row before that offset matches: it is `limit`, or less after many batches were looked at.
    pub fn read_filtered(
        &self,
        from: LogOffset,
        limit: LogOffset,
        schemas: &Schemas,
        projection: &Projection,
        filter: Option<&Filter>,
        hint: &mut ReadHint,
    ) -> Result<(Option<ColumnBatch>, LogOffset)> {
        let mut from = from;
        for _ in 0..MAX_SKIPPED {
            if from >= limit {
                break;
            }
            let (segment, position) = self.find(from, hint)?;
            let (batch, end, next) = segment.read_projected(position, (from, limit), schemas, projection, filter)?;
            *hint = ReadHint { segment: segment.base_offset, position: next, offset: end };
            from = end.min(limit);
            if let Some(mut batch) = batch {
                batch.bucket = self.bucket.bucket as i32;
                return Ok((Some(batch), from));
            }
        }
        Ok((None, from))
    }

    /// The whole batch that holds `from`; `None` at the end of the log.
    pub fn read_whole(&self, from: LogOffset, hint: &mut ReadHint) -> Result<Option<(BatchHeader, Vec<u8>)>> {
        if from >= self.end_offset() {
            return Ok(None);
        }
        let (segment, position) = self.find(from, hint)?;
        let (header, bytes, next) = segment.read_rows(position, from)?;
        *hint = ReadHint { segment: segment.base_offset, position: next, offset: header.end_offset() };
        Ok(Some((header, bytes)))
    }

    fn find(&self, offset: LogOffset, hint: &ReadHint) -> Result<(Arc<Segment>, u64)> {
        let segment = {
            let segments = self.segments.read().unwrap_or_else(PoisonError::into_inner);
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
            segment
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

impl Tail {
    pub(crate) fn check(&self) -> Result<()> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Refuses everything from now on.
    fn fail(&mut self, cause: Error) -> Error {
        let error =
            Error::new(ErrorCode::Poisoned, format!("{cause}. Close and open the store again: what was acknowledged is on disk"));
        self.failure.get_or_insert(error).clone()
    }
}
