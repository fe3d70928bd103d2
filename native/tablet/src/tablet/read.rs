//! Reads: the log up to the high watermark, lookups, snapshots.
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use fluss_format::{ColumnBatch, Filter, Projection};
use fluss_kv::{KvRange, KvStore, KvValue};
use fluss_log::ReadHint;
use fluss_types::{ChangelogImage, Error, ErrorCode, LogOffset, Result};

use super::Tablet;
use crate::progress::Signal;
use crate::snapshot::{Place, SCAN_BYTES, SnapshotInfo, SnapshotReader, Snapshots};
use crate::table::TableKv;
use crate::undo::Undo;

impl Tablet {
    /// The projected columns of the batch that holds offset `from`, its rows up to `stop` and the high watermark marked;
    /// `None`: nothing there yet.
    pub fn read(
        &self,
        from: LogOffset,
        stop: LogOffset,
        projection: &Projection,
        hint: &mut ReadHint,
    ) -> Result<Option<ColumnBatch>> {
        self.read_filtered(from, stop, projection, None, hint).map(|(batch, _)| batch)
    }

    /// As [`Tablet::read`], of the first batch that has a row which matches the filter; also gives the offset to go on from, which may lie
    /// behind `from` though there is no batch.
    pub fn read_filtered(
        &self,
        from: LogOffset,
        stop: LogOffset,
        projection: &Projection,
        filter: Option<&Filter>,
        hint: &mut ReadHint,
    ) -> Result<(Option<ColumnBatch>, LogOffset)> {
        self.check_open()?;
        let high_watermark = self.high_watermark();
        if from > high_watermark {
            return Err(Error::new(
                ErrorCode::LogTruncated,
                format!(
                    "{}: offset {from} is beyond the end of the log, {high_watermark}: a tail that was not durable is lost, or the offset is of another table. Start the reader without its checkpoint",
                    self.name
                ),
            ));
        }
        let codec = self.codec();
        let limit = stop.min(high_watermark);
        self.log.read_filtered(from, limit, codec.schemas(), projection, filter, hint).map_err(|e| e.at(&self.name))
    }

    /// Raises the signal whenever the high watermark moves or the tablet fails.
    pub fn listen(&self, signal: &Arc<Signal>) {
        self.progress.listen(signal);
    }

    /// Oldest offset kept.
    pub fn start_offset(&self) -> LogOffset {
        self.log.start_offset()
    }

    /// First offset whose commit timestamp is at or after `timestamp` (ms), else the high watermark.
    pub fn offset_at(&self, timestamp: i64) -> Result<LogOffset> {
        self.check_open()?;
        let high_watermark = self.high_watermark();
        if high_watermark == self.log.end_offset() && timestamp > self.log.last_timestamp() {
            return Ok(high_watermark);
        }
        self.log.offset_at(timestamp, high_watermark).map_err(|e| e.at(&self.name))
    }

    /// Calls `found(i, row)` for every key that has a row. Sees rows that are not durable yet; gives whether there may be one among them.
    pub fn lookup(&self, keys: &[&[u8]], mut found: impl FnMut(usize, &[u8])) -> Result<bool> {
        self.check_open()?;
        let expiry = self.definition().expiry(self.now_ms());
        let state = self.kv_state()?;
        let kv = self.store(state)?;
        let mut unknown = Vec::with_capacity(keys.len());
        let mut buffered = false;
        {
            let buffer = state.buffer.read().unwrap_or_else(PoisonError::into_inner);
            for (i, key) in keys.iter().enumerate() {
                match buffer.get(key) {
                    None => unknown.push(i),
                    Some(Some(row)) if !expiry.is_over(row) => {
                        buffered = true;
                        found(i, row);
                    }
                    Some(_) => {}
                }
            }
        }
        if unknown.is_empty() {
            return Ok(buffered);
        }
        let unknown_keys: Vec<&[u8]> = unknown.iter().map(|i| keys[*i]).collect();
        for (i, row) in unknown.iter().zip(kv.multi_get(&unknown_keys).map_err(|e| e.at(&self.name))?) {
            if let Some(row) = row.filter(|row| !expiry.is_over(row)) {
                found(*i, &row);
            }
        }
        Ok(buffered)
    }

    /// What `found` makes of the row of a key; `None`: it has none. Sees rows that are not durable yet.
    pub fn get<T>(&self, key: &[u8], found: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
        Ok(self.get_from(key, |kv| kv.get(key).map(Some), found)?.flatten())
    }

    /// The same if it is known without reading files; `None`: it is not.
    pub fn get_in_memory<T>(&self, key: &[u8], found: impl FnOnce(&[u8]) -> T) -> Result<Option<Option<T>>> {
        self.get_from(key, |kv| kv.get_in_memory(key), found)
    }

    fn get_from<T>(
        &self,
        key: &[u8],
        read: impl FnOnce(&dyn KvStore) -> Result<Option<Option<KvValue<'_>>>>,
        found: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<Option<T>>> {
        self.check_open()?;
        let expiry = self.definition().expiry(self.now_ms());
        let state = self.kv_state()?;
        let kv = self.store(state)?;
        let buffered = state.buffer.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        let row = match buffered {
            Some(row) => Some(row.map(KvValue::Buffered)),
            None => read(kv.as_ref()).map_err(|e| e.at(&self.name))?,
        };
        Ok(row.map(|row| row.filter(|row| !expiry.is_over(row)).map(|row| found(&row))))
    }

    /// Calls `found(i, row)` for every row whose key begins with a prefix, for one prefix after the other and in key order, until it fails. Sees
    /// rows that are not durable yet, all of one point in time.
    pub fn prefix_lookup(&self, prefixes: &[&[u8]], mut found: impl FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
        self.check_open()?;
        let definition = self.definition();
        if definition.codec.schema().prefix_key().is_none() {
            return Err(Error::invalid(format!("{}: its bucket key is no prefix of its primary key", self.name)));
        }
        let expiry = definition.expiry(self.now_ms());
        let state = self.kv_state()?;
        let kv = self.store(state)?;
        let buffer = state.buffer.read().unwrap_or_else(PoisonError::into_inner);
        let of_prefix = |(i, prefix): (usize, &&[u8])| buffer.within(prefix).into_iter().map(move |(key, row)| (i, key, row));
        let changes: Vec<(usize, Bytes, Option<Bytes>)> = prefixes.iter().enumerate().flat_map(of_prefix).collect();
        let mut changes = changes.iter().peekable();
        // Kept until the scan has begun: what a commit takes from one to the other meanwhile would be seen in neither.
        let mut buffer = Some(buffer);
        let mut give = |i: usize, row: Option<&[u8]>| match row {
            Some(row) if !expiry.is_over(row) => found(i, row),
            _ => Ok(()),
        };
        let scanned = kv.scan_prefixes(prefixes, &mut || drop(buffer.take()), &mut |i, key, row| {
            while let Some((j, _, row)) = changes.next_if(|(j, k, _)| (*j, &k[..]) < (i, key)) {
                give(*j, row.as_deref())?;
            }
            match changes.next_if(|(j, k, _)| (*j, &k[..]) == (i, key)) {
                Some((_, _, row)) => give(i, row.as_deref()),
                None => give(i, Some(row)),
            }
        });
        scanned.and_then(|()| changes.try_for_each(|(i, _, row)| give(*i, row.as_deref()))).map_err(|e| e.at(&self.name))
    }

    pub(super) fn place(&self) -> Place {
        (self.bucket.partition, self.bucket.bucket)
    }

    /// Pins the state of some tablets of one table as it is durable now: one snapshot, which each of them holds until it is released there or the lease
    /// is over. Of no tablets there is none: its name is empty.
    pub fn create_snapshot(tablets: &[Arc<Self>], lease_ms: i64) -> Result<SnapshotInfo> {
        let Some(first) = tablets.first() else { return Ok(SnapshotInfo::default()) };
        let TableKv { kv, snapshots, .. } = first.kv_state()?.table.as_ref();
        tablets.iter().try_for_each(|tablet| tablet.check_open())?;
        let places: Vec<Place> = tablets.iter().map(|tablet| tablet.place()).collect();
        let made = snapshots.create(kv.as_ref(), &places, first.context.clock.now_ms(), lease_ms);
        let made = made.map_err(|e| e.at(format_args!("snapshot of {} and {} more", first.name, tablets.len() - 1)))?;
        // As for a scan; and one that was dropped before has left nothing in it.
        let durable = tablets.iter().zip(&made.log_offsets).try_for_each(|(tablet, offset)| {
            tablet.progress.wait_durable(*offset, None)?;
            tablet.check_open()
        });
        durable.inspect_err(|_| {
            // Else it goes with its lease.
            let _ = snapshots.release(&made.id, &places);
        })?;
        Ok(made)
    }

    /// Releases its hold of a snapshot.
    pub fn release_snapshot(&self, id: &str) -> Result<()> {
        self.kv_state()?.table.snapshots.release(id, &[self.place()]).map_err(|e| e.at(&self.name))
    }

    /// A scan of the rows as they are now at the high watermark, of `limit` of them at most, in key order; of no use after the store is closed.
    pub fn scan(self: &Arc<Self>, projection: Projection, limit: Option<usize>) -> Result<SnapshotReader> {
        self.check_open()?;
        let snapshot = self.store(self.kv_state()?)?.snapshot().map_err(|e| e.at(&self.name))?;
        let log_offset = snapshot.applied().map_err(|e| e.at(&self.name))?.offset;
        // It comes after the rows: who goes on with the log must find its end there.
        self.progress.wait_durable(log_offset, None)?;
        // After the rows: it knows the schemas of all of them.
        let definition = self.definition();
        let expiry = definition.expiry(self.now_ms());
        Ok(SnapshotReader {
            log_offset,
            snapshot,
            tablet: Some(self.clone()),
            codec: definition.codec.clone(),
            expiry,
            projection,
            filter: None,
            prefixes: vec![Vec::new()],
            bucket: self.bucket.bucket as i32,
            undo: None,
            position: Mutex::default(),
            left: AtomicUsize::new(limit.unwrap_or(usize::MAX)),
        })
    }

    /// Number of rows at the high watermark; of a log table those that are kept. They are counted one by one where changes do not say how many
    /// there are: where they lack the rows before them, and where rows expire.
    pub fn row_count(&self) -> Result<u64> {
        self.check_open()?;
        let Some(state) = &self.kv else {
            return Ok((self.high_watermark() - self.start_offset()).max(0) as u64);
        };
        let definition = self.definition();
        let expiry = definition.expiry(self.now_ms());
        let kv = self.store(state)?;
        if definition.merging.image == ChangelogImage::Full && definition.options.row_ttl.is_none() {
            return Ok(kv.applied().map_err(|e| e.at(&self.name))?.rows.max(0) as u64);
        }
        let snapshot = kv.snapshot().map_err(|e| e.at(&self.name))?;
        // In pieces, and of a snapshot: it ends when the table is closed.
        drop(kv);
        let (mut rows, mut after) = (0, Vec::new());
        loop {
            let range = KvRange { after: &after, max_bytes: SCAN_BYTES, ..KvRange::ALL };
            match snapshot.scan(&range, &mut |_, row| rows += u64::from(!expiry.is_over(row))).map_err(|e| e.at(&self.name))? {
                Some(last) => after = last,
                None => return Ok(rows),
            }
        }
    }

    /// A scan of a snapshot, in key order, from the first key after `after` (empty: from the first).
    pub fn snapshot_reader(&self, id: &str, projection: Projection, after: &[u8]) -> Result<SnapshotReader> {
        self.check_open()?;
        let state = self.kv_state()?;
        let definition = self.definition();
        // As it was when the snapshot was made, however long the scan takes.
        let expiry = definition.expiry(Snapshots::made_ms(id)?);
        let (snapshot, log_offset) = state.table.snapshots.reader(id, self.place()).map_err(|e| e.at(&self.name))?;
        Ok(SnapshotReader {
            snapshot,
            tablet: None,
            codec: definition.codec.clone(),
            expiry,
            projection,
            filter: None,
            prefixes: vec![Vec::new()],
            bucket: self.bucket.bucket as i32,
            log_offset,
            undo: None,
            position: Mutex::new(after.to_vec()),
            left: AtomicUsize::new(usize::MAX),
        })
    }

    /// Makes a reader give the rows as they were at an earlier offset: after the changes below it, and no others. The log must have the rows before
    /// each change, and all changes since; what became of them is held in memory.
    pub fn undo(&self, reader: SnapshotReader, to: LogOffset) -> Result<SnapshotReader> {
        self.check_open()?;
        let definition = self.definition();
        if definition.merging.image != ChangelogImage::Full || definition.options.row_ttl.is_some() {
            return Err(Error::invalid(format!(
                "{}: it cannot be read as it was earlier, since its log lacks the row before each change (table.changelog.image = WAL, or table.row.ttl)",
                self.name
            )));
        }
        self.check_kept(to, reader.log_offset)?;
        let readers = self.context.memory.readers();
        let undo = Undo::read(&self.log, &reader.codec, to, reader.log_offset, readers.limit(), readers.user().take(0));
        Ok(SnapshotReader { undo: Some(undo.map_err(|e| e.at(&self.name))?), ..reader })
    }

    /// Refuses an offset at which the state is not known.
    fn check_kept(&self, offset: LogOffset, end: LogOffset) -> Result<()> {
        let start = self.start_offset();
        if (start..=end).contains(&offset) {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::LogTruncated,
            format!(
                "{}: it cannot be read as it was at offset {offset}: what is known are the offsets {start}, below which the log is gone (table.log.ttl), to {end}",
                self.name
            ),
        ))
    }

    /// The offset after all that was committed at or before `timestamp` (ms). Refuses a time of which the log may no longer have all changes.
    pub fn offset_after(&self, timestamp: i64) -> Result<LogOffset> {
        // What was appended at that time and is not durable yet belongs to it.
        if self.high_watermark() < self.log.end_offset() {
            self.commit();
        }
        let offset = self.offset_at(timestamp.saturating_add(1))?;
        let start = self.start_offset();
        if offset > start || start == 0 {
            return Ok(offset);
        }
        // Whether what is gone was committed before or after that is not known.
        let kept = self.log.read_whole(start, &mut ReadHint::default()).map_err(|e| e.at(&self.name))?;
        let earliest = kept.map_or_else(|| self.log.last_timestamp(), |(header, _)| header.commit_timestamp);
        if timestamp >= earliest {
            return Ok(offset);
        }
        Err(Error::new(
            ErrorCode::LogTruncated,
            format!(
                "{}: how it was at {timestamp} (ms since 1970) is not known: the log of that time is gone (table.log.ttl). The earliest time is {earliest}, the earliest offset {start}",
                self.name
            ),
        ))
    }
}
