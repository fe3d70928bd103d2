//! What must hold whatever happens: the log, lookups and snapshots against the model.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fluss_format::RowCodec;
use fluss_log::ReadHint;
use fluss_tablet::Tablet;
use fluss_types::{Error, ErrorCode, Result, Schema};

use crate::rows::{View, key};
use crate::tables::{Existence, SimulatedBucket};
use crate::world::{At, World};

/// Ids of rows are below.
pub const IDS: i64 = 12;

impl SimulatedBucket {
    /// Takes over where the log begins now.
    pub fn start_moved(&mut self, at: At, tablet: &Tablet) {
        let start = tablet.start_offset();
        let model = &mut self.model;
        assert!(start >= model.start, "{at:?} the log begins at {start} again, it began at {} before", model.start);
        assert!(start <= model.may_start, "{at:?} the log begins at {start}, all from {} on was to be kept", model.may_start);
        model.start = start;
    }
}

impl World {
    /// An operation on a tablet failed: because of the disk, or because an earlier failure poisoned it.
    pub fn failed(&mut self, at: At, e: &Error) {
        self.expect_harm(e);
        self.bucket(at).poisoned |= e.code() == ErrorCode::Poisoned;
    }

    /// The schema of a table that is open.
    pub fn schema(&self, (t, _): At) -> Arc<Schema> {
        self.tables[t].handle.as_ref().unwrap().schema().clone()
    }

    /// All columns of a table that is open.
    pub fn all(&self, at: At) -> View {
        let schema = self.schema(at);
        let columns = (0..schema.columns().len()).collect();
        View::new(schema, columns)
    }

    /// A tablet was opened: what it has is what was seen, and a part of the rest. Whether that could be looked at.
    pub fn opened(&mut self, at: At, tablet: &Arc<Tablet>) -> bool {
        let end = tablet.high_watermark();
        if self.bucket(at).overwriting.is_some() {
            if !self.recover_overwriting(at, tablet) {
                return false;
            }
        } else {
            let lost = self.bucket(at).model.recover(end).unwrap_or_else(|e| panic!("{at:?} {e}"));
            // A batch without rows may be there, and a manifest may know the timestamp of one that is lost: later ones are not below it.
            self.clock_floor = self.clock_floor.max(lost.unwrap_or(0));
        }
        self.clock.0.fetch_max(self.clock_floor, Ordering::Relaxed);
        self.expire_snapshots(at);
        let now = self.now();
        let bucket = self.bucket(at);
        bucket.model.snapshots.retain(|s| s.until > now);
        bucket.start_moved(at, tablet);
        bucket.high_watermark = end;
        bucket.tablet = Some(tablet.clone());
        tablet.listen(&bucket.signal);
        self.trace.line(|| format!("{at:?} recovered to {end}"));
        self.check_transactions(at, tablet);
        self.audit(at, tablet);
        true
    }

    /// Everything that can be read of a bucket.
    pub fn audit(&mut self, at: At, tablet: &Arc<Tablet>) {
        if let Err(e) = self.read_all(at, tablet) {
            return self.failed(at, &e);
        }
        if self.tables[at.0].keyed {
            let ids: Vec<i64> = (-1..=IDS).collect();
            self.lookup(at, tablet, &ids);
            self.scan_now(at, tablet);
            for i in 0..self.bucket(at).model.snapshots.len() {
                self.scan_snapshot(at, tablet, i, None);
            }
        }
    }

    fn read_all(&mut self, at: At, tablet: &Tablet) -> Result<()> {
        let view = self.all(at);
        let mut hint = ReadHint::default();
        let mut from = tablet.start_offset();
        while let Some(next) = self.read(at, tablet, from, i64::MAX, &view, &mut hint)? {
            from = next;
        }
        Ok(())
    }

    /// One read against the model; the offset after it.
    pub fn read(
        &mut self,
        at: At,
        tablet: &Tablet,
        from: i64,
        stop: i64,
        view: &View,
        hint: &mut ReadHint,
    ) -> Result<Option<i64>> {
        let high_watermark = tablet.high_watermark();
        let limit = stop.min(high_watermark);
        let read = tablet.read(from, stop, &view.projection(), hint);
        let model = &self.bucket(at).model;
        assert!(high_watermark <= model.end(), "{at:?} the high watermark {high_watermark} is beyond the end {}", model.end());
        let Some(found) = read? else {
            assert!(from >= limit, "{at:?} nothing at {from}, there is something to {limit}");
            return Ok(None);
        };
        assert!(from < limit, "{at:?} rows at {from}, beyond {limit}");
        let batch = model.batch_of(from);
        let expected = (batch.base, batch.changes.len(), from - batch.base, limit.min(batch.end()) - batch.base, batch.timestamp);
        let got = (found.base_offset, found.rows, found.first_row as i64, found.end_row as i64, found.commit_timestamp);
        assert_eq!(got, expected, "{at:?} batch at {from}");
        for row in found.first_row..found.end_row {
            let change = &batch.changes[row];
            let kind = found.row_bytes.map_or(0, |k| found.bytes[k + row]);
            assert_eq!(kind, change.kind, "{at:?} change type at {}", batch.base + row as i64);
            assert_eq!(view.of_batch(&found, row), view.of_row(&change.row), "{at:?} row {}", batch.base + row as i64);
        }
        Ok(Some(found.base_offset + found.end_row as i64))
    }

    /// Lookups give exactly what was appended, durable or not: at least as new as anything that a reader saw.
    pub fn lookup(&mut self, at: At, tablet: &Tablet, ids: &[i64]) {
        let p = self.partition_of(at);
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| key(*id, &p)).collect();
        let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let mut stored: Vec<Option<Vec<u8>>> = vec![None; ids.len()];
        if let Err(e) = tablet.lookup(&keys, |i, row| stored[i] = Some(row.to_vec())) {
            return self.failed(at, &e);
        }
        self.check_found(at, ids, &stored);
    }

    /// Rows of a lookup against the model.
    pub fn check_found(&mut self, at: At, ids: &[i64], stored: &[Option<Vec<u8>>]) {
        let view = self.all(at);
        let rows: Vec<Option<&[u8]>> = stored.iter().map(Option::as_deref).collect();
        let schemas = self.tables[at.0].handle.as_ref().unwrap().meta().schemas().unwrap();
        let is_timed = self.tables[at.0].merging.row_ttl.is_some();
        let found = RowCodec::with_time(Arc::new(schemas), is_timed).decode_projected(&rows, &view.projection(), true).unwrap();
        let (now, merging) = (self.now(), self.tables[at.0].merging);
        let model = &self.bucket(at).model;
        let now = model.time(now);
        let row_of = |id: &i64| model.state.get(id).filter(|(_, t)| merging.is_alive(*t, now)).map(|(row, _)| view.of_row(row));
        for (i, id) in ids.iter().enumerate() {
            let there = found.bytes[found.row_bytes.unwrap() + i] == 1;
            let row = there.then(|| view.of_batch(&found, i));
            assert_eq!(row, row_of(id), "{at:?} lookup of {id}");
        }
    }

    /// After every step: high watermarks go up, not beyond what was written, and wake who listens.
    pub fn check_progress(&mut self) {
        for (t, table) in self.tables.iter_mut().enumerate() {
            for (b, bucket) in table.buckets.iter_mut().enumerate() {
                let Some(tablet) = &bucket.tablet else { continue };
                let now = tablet.high_watermark();
                assert!(now >= bucket.high_watermark, "({t}, {b}) the high watermark went back to {now}");
                assert!(now <= bucket.model.end(), "({t}, {b}) the high watermark {now} is beyond the end");
                if now > bucket.high_watermark {
                    assert!(bucket.signal.wait(Duration::ZERO), "({t}, {b}) nobody was told of {now}");
                    let waited = tablet.wait_durable(now, Some(Instant::now()));
                    assert!(matches!(waited, Ok(true)), "({t}, {b}) {now} is durable: {waited:?}");
                }
                bucket.high_watermark = now;
                bucket.model.seen = bucket.model.seen.max(now);
            }
        }
    }

    /// The end of a run: nothing is wrong with the disk any more, and everything is there.
    pub fn finish(&mut self) {
        self.mend();
        self.disarm();
        if self.disk.is_stopped() {
            self.die(true);
        }
        self.restart();
        self.disarm();
        self.harm.was_armed = false;
        self.audit_all();
        self.restart();
        self.audit_all();
        let tables: Vec<_> = self.tables.iter().filter(|t| t.existence == Existence::Yes).collect();
        let ids: Vec<_> = tables.iter().map(|t| self.engine.meta().table(&t.path).unwrap().table_id.to_string()).collect();
        for name in self.fs().list(std::path::Path::new("/data/tables")).unwrap_or_default() {
            assert!(ids.contains(&name), "the folder of the dropped table {name} is still there");
            self.check_partition_folders(&name);
        }
    }

    pub fn audit_all(&mut self) {
        for t in 0..self.tables.len() {
            for b in 0..self.tables[t].buckets.len() {
                if self.tables[t].existence == Existence::Yes && self.is_there((t, b)) {
                    let open = self.bucket((t, b)).tablet.is_some();
                    if let Some(tablet) = self.tablet((t, b)).filter(|_| open) {
                        self.audit((t, b), &tablet);
                    }
                }
            }
        }
    }
}
