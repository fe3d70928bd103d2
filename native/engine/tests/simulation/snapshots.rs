//! Snapshots and retention: what is pinned stays, what has expired goes.
use std::sync::Arc;

use fluss_tablet::{SnapshotInfo, Tablet};
use fluss_types::{ErrorCode, Result};

use crate::check::IDS;
use crate::model::Snapshot;
use crate::rows::key;
use crate::world::{At, World, said};

impl World {
    /// Of one bucket, or of all buckets of its table.
    pub fn create_snapshot(&mut self) {
        let Some(at) = self.pick_bucket(true) else { return };
        let all = self.chance(50);
        let places: Vec<At> = self.buckets_there(true).into_iter().filter(|p| *p == at || all && p.0 == at.0).collect();
        let Some(tablets) = places.iter().map(|at| self.tablet(*at)).collect::<Option<Vec<_>>>() else { return };
        let lease = 1 + self.random.below(100_000) as i64;
        let now = self.now();
        let made: Result<SnapshotInfo> = Tablet::create_snapshot(&tablets, lease);
        self.trace.line(|| format!("{places:?} create snapshot: {made:?}"));
        match made {
            Ok(SnapshotInfo { id, log_offsets }) => {
                assert_eq!(log_offsets.len(), places.len());
                for ((at, tablet), offset) in places.into_iter().zip(tablets).zip(log_offsets) {
                    assert_eq!(offset, tablet.high_watermark(), "{at:?} a snapshot is at the high watermark");
                    let snapshots = &mut self.bucket(at).model.snapshots;
                    // The name of one that was released may be given again after a restart.
                    snapshots.retain(|s| s.id != id || !s.released);
                    assert!(snapshots.iter().all(|s| s.id != id), "two snapshots {id}");
                    snapshots.push(Snapshot { id: id.clone(), offset, until: now + lease, released: false });
                }
            }
            // One of them.
            Err(e) => places.into_iter().for_each(|at| self.failed(at, &e)),
        }
    }

    /// Snapshots of any bucket of a table may go whose lease is over: whoever looks at one looks at all.
    pub fn expire_snapshots(&mut self, at: At) {
        let now = self.now();
        for bucket in &mut self.tables[at.0].buckets {
            bucket.model.snapshots.iter_mut().filter(|s| s.until <= now).for_each(|s| s.released = true);
        }
    }

    fn pick_snapshot(&mut self, at: (usize, usize)) -> Option<usize> {
        let n = self.bucket(at).model.snapshots.len();
        (n > 0).then(|| self.pick(n))
    }

    pub fn read_snapshot(&mut self) {
        let Some(at) = self.pick_bucket(true) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let Some(i) = self.pick_snapshot(at) else { return };
        let after = if self.chance(30) { None } else { Some(self.random.below(IDS as u64 + 2) as i64 - 1) };
        self.scan_snapshot(at, &tablet, i, after);
    }

    pub fn release_snapshot(&mut self) {
        let Some(at) = self.pick_bucket(true) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let Some(i) = self.pick_snapshot(at) else { return };
        let id = self.bucket(at).model.snapshots[i].id.clone();
        let released = tablet.release_snapshot(&id);
        self.trace.line(|| format!("{at:?} release {id}: {}", said(&released)));
        self.bucket(at).model.snapshots[i].released = true;
        match released {
            Ok(()) => match tablet.snapshot_reader(&id, self.all(at).projection(), &[]) {
                Ok(_) => panic!("{at:?} snapshot {id} was released"),
                Err(e) if e.code() == ErrorCode::SnapshotNotFound => {}
                Err(e) => self.failed(at, &e),
            },
            Err(e) => self.failed(at, &e),
        }
    }

    pub fn retain(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(ttl) = self.tables[at.0].ttl else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let (now, high_watermark) = (self.now(), tablet.high_watermark());
        self.expire_snapshots(at);
        self.bucket(at).model.retain(now - 1000 * ttl, high_watermark);
        let retained = tablet.retain();
        self.trace.line(|| format!("{at:?} retain: {}, from {}", said(&retained), tablet.start_offset()));
        match retained {
            Ok(()) => {
                let keyed = self.tables[at.0].keyed;
                let bucket = self.bucket(at);
                bucket.start_moved(at, &tablet);
                let model = &bucket.model;
                let before = now - 1000 * ttl;
                let all_expired = model.lost_timestamp < before && model.batches.iter().all(|b| b.timestamp < before);
                // A released snapshot may be back after a loss of power, and so may hold the log of a table with a key.
                if !keyed && all_expired && model.may_start == model.end() {
                    assert_eq!(model.start, model.end(), "{at:?} all of the log has expired");
                }
            }
            Err(e) => self.failed(at, &e),
        }
    }

    /// The rows as they are at the high watermark, and their number.
    pub fn scan_now(&mut self, at: At, tablet: &Arc<Tablet>) {
        let mut found = Vec::new();
        let view = self.all(at);
        let high_watermark = tablet.high_watermark();
        let scanned = tablet.scan(view.projection(), None).and_then(|reader| {
            while let Some(batch) = reader.poll()? {
                assert_eq!(batch.base_offset, high_watermark, "{at:?} a scan is at the high watermark");
                found.extend((0..batch.rows).map(|row| view.of_batch(&batch, row)));
            }
            tablet.row_count()
        });
        match scanned {
            Err(e) => self.failed(at, &e),
            Ok(count) => {
                let (now, merging) = (self.now(), self.tables[at.0].merging);
                let model = &self.bucket(at).model;
                let (state, now) = (model.state_at(high_watermark), model.time(now));
                let alive = state.values().filter(|(_, t)| merging.is_alive(*t, now));
                let expected: Vec<_> = alive.map(|(row, _)| view.of_row(row)).collect();
                assert_eq!(found, expected, "{at:?} scan at {high_watermark}");
                assert_eq!(count, expected.len() as u64, "{at:?} number of rows at {high_watermark}");
            }
        }
    }

    /// A snapshot is the table at its offset, from any key on; its log goes on from there.
    pub fn scan_snapshot(&mut self, at: At, tablet: &Tablet, i: usize, after: Option<i64>) {
        let snapshot = self.bucket(at).model.snapshots[i].clone();
        let p = self.partition_of(at);
        let position = after.map_or_else(Vec::new, |id| key(id, &p));
        let mut found = Vec::new();
        let view = self.all(at);
        // Or as the table was before, at any offset that is known.
        let (merging, start) = (self.tables[at.0].merging, tablet.start_offset());
        let knows_before = !merging.wal && merging.row_ttl.is_none() && start <= snapshot.offset;
        let offset = match knows_before && self.chance(50) {
            true => start + self.random.below((snapshot.offset - start + 1) as u64) as i64,
            false => snapshot.offset,
        };
        let scanned = tablet.snapshot_reader(&snapshot.id, view.projection(), &position).and_then(|reader| {
            let reader = if offset < snapshot.offset { tablet.undo(reader, offset)? } else { reader };
            while let Some(batch) = reader.poll()? {
                assert_eq!(batch.base_offset, snapshot.offset, "{at:?} offset of snapshot {}", snapshot.id);
                found.extend((0..batch.rows).map(|row| view.of_batch(&batch, row)));
            }
            Ok(())
        });
        self.trace.line(|| format!("{at:?} scan {} at {offset} after {after:?}: {} rows", snapshot.id, found.len()));
        match scanned {
            // A release need not outlast a loss of power.
            Err(e) if snapshot.released && e.code() == ErrorCode::SnapshotNotFound => {}
            Err(e) => self.failed(at, &e),
            Ok(()) => {
                let start = tablet.start_offset();
                assert!(snapshot.released || start <= snapshot.offset, "{at:?} the log after snapshot {} is gone", snapshot.id);
                let state = self.bucket(at).model.state_at(offset);
                let after = after.unwrap_or(i64::MIN);
                // Its rows are those that were there when it was made.
                let made: i64 = snapshot.id.split('-').next().unwrap().parse().unwrap();
                let rows = state.range(after..).filter(|(id, (_, t))| **id > after && merging.is_alive(*t, made));
                let expected: Vec<_> = rows.map(|(_, (row, _))| view.of_row(row)).collect();
                assert_eq!(found, expected, "{at:?} snapshot {} at {offset}", snapshot.id);
            }
        }
    }
}
