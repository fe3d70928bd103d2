//! What can happen in a step.
use std::sync::atomic::Ordering;
use std::time::Instant;

use fluss_log::ReadHint;
use fluss_tablet::Rows;
use fluss_types::ErrorCode;

use crate::check::IDS;
use crate::rows::{Row, batch};
use crate::world::World;

type Step = fn(&mut World);

/// Steps and how often they come.
const STEPS: &[(u64, Step)] = &[
    (30, World::write),
    (18, World::commit),
    (4, World::settle),
    (14, World::read_some),
    (8, World::lookup_some),
    (4, World::wait_durable),
    (4, World::offset_at),
    (3, World::create_snapshot),
    (4, World::read_snapshot),
    (1, World::release_snapshot),
    (6, World::move_clock),
    (5, World::retain),
    (2, World::restart_cleanly),
    (3, World::crash_or_power_loss),
    (3, World::arm),
    (3, World::stop_soon),
    (2, World::fill_disk),
    (8, World::repair),
    (2, World::flip_bit),
    (1, World::make_table),
    (1, World::remove_table),
];

impl World {
    /// One step, and what must hold after each.
    pub fn step(&mut self) {
        let total = STEPS.iter().map(|s| s.0).sum();
        let mut n = self.random.below(total);
        let step = STEPS.iter().find(|(weight, _)| match n.checked_sub(*weight) {
            None => true,
            Some(rest) => {
                n = rest;
                false
            }
        });
        (step.unwrap().1)(self);
        self.check_progress();
        if self.disk.is_stopped() {
            let power_loss = self.chance(60);
            self.die(power_loss);
        } else if self.tables.iter().flat_map(|t| &t.buckets).any(|b| b.poisoned) && self.chance(25) {
            self.restart();
        }
        if self.chance(10) && !self.harm.armed {
            self.audit_all();
        }
    }

    fn make_rows(&mut self) -> Vec<Row> {
        (0..1 + self.random.below(8))
            .map(|_| {
                self.rows_made += 1;
                let v = match self.random.below(6) {
                    0 => None,
                    1 => Some(String::new()),
                    2 => Some("long".repeat(self.pick(300))),
                    _ => Some(format!("v{}", self.rows_made)),
                };
                let n = if self.random.below(8) == 0 { None } else { Some(self.rows_made) };
                Row { id: self.random.below(IDS as u64) as i64, v, n }
            })
            .collect()
    }

    fn write(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let keyed = self.tables[at.0].keyed;
        let rows = self.make_rows();
        let deletes: Option<Vec<bool>> =
            (keyed && self.chance(60)).then(|| rows.iter().map(|_| self.random.below(3) == 0).collect());
        let now = self.now();
        let all_upserts = vec![false; rows.len()];
        let as_deletes = keyed.then(|| deletes.as_deref().unwrap_or(&all_upserts));
        let batch_made = self.bucket(at).model.make(&rows, as_deletes, now);
        let written = tablet.write(&Rows { schema_id: 0, batch: batch(&rows), deletes });
        self.trace.line(|| format!("{at:?} write {} rows: {written:?}", rows.len()));
        let model = &mut self.tables[at.0].buckets[at.1].model;
        match written {
            Ok(end) => {
                if let Some(batch) = batch_made {
                    model.push(batch);
                }
                assert_eq!(end, model.end(), "{at:?} end offset of a write");
            }
            Err(e) => {
                if e.code() == ErrorCode::Poisoned || self.disk.is_stopped() {
                    // The write that poisons may be on disk; those after it are refused.
                    if model.doubt.is_none() {
                        model.doubt = batch_made;
                    }
                }
                self.failed(at, &e);
            }
        }
    }

    fn commit(&mut self) {
        let random = &mut self.random;
        let ran = self.engine.context().committer.run_next(|n| random.below(n as u64) as usize);
        self.trace.line(|| format!("commit {ran}"));
    }

    /// All commits that wait; then all that was written is visible.
    pub fn settle(&mut self) {
        let random = &mut self.random;
        while self.engine.context().committer.run_next(|n| random.below(n as u64) as usize) {}
        for bucket in self.tables.iter().flat_map(|t| &t.buckets).filter(|b| !b.poisoned) {
            if let Some(tablet) = &bucket.tablet
                && !self.harm.was_armed
                && !self.disk.is_stopped()
            {
                assert_eq!(tablet.high_watermark(), bucket.model.end(), "all was committed");
            }
        }
        self.trace.line(|| "settle".into());
    }

    fn read_some(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let high_watermark = tablet.high_watermark();
        let mut projection: Vec<usize> = (0..3).filter(|_| self.random.below(3) > 0).collect();
        if projection.is_empty() || self.chance(20) {
            projection = vec![2, 0];
        }
        let start = tablet.start_offset();
        if start > 0 && self.chance(10) {
            let below = self.random.below(start as u64) as i64;
            let e = tablet.read(below, i64::MAX, &self.projection(at, &projection), &mut ReadHint::default()).unwrap_err();
            assert!(matches!(e.code(), ErrorCode::LogTruncated | ErrorCode::Poisoned), "{e}");
        }
        let from = start + self.random.below((high_watermark - start + 2) as u64) as i64;
        if from > high_watermark {
            let e = tablet.read(from, i64::MAX, &self.projection(at, &projection), &mut ReadHint::default()).unwrap_err();
            assert!(matches!(e.code(), ErrorCode::LogTruncated | ErrorCode::Poisoned), "{e}");
            return;
        }
        let stop = if self.chance(50) { i64::MAX } else { from + self.random.below(20) as i64 };
        let (mut at_offset, mut hint) = (from, ReadHint::default());
        for _ in 0..1 + self.random.below(6) {
            match self.read(at, &tablet, at_offset, stop, &projection, &mut hint) {
                Ok(Some(next)) => at_offset = next,
                Ok(None) => break,
                Err(e) => {
                    self.failed(at, &e);
                    break;
                }
            }
        }
        self.trace.line(|| format!("{at:?} read {projection:?} from {from} to {at_offset}"));
    }

    fn lookup_some(&mut self) {
        let Some(at) = self.pick_bucket(true) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let ids: Vec<i64> = (0..1 + self.random.below(6)).map(|_| self.random.below(IDS as u64 + 2) as i64).collect();
        self.lookup(at, &tablet, &ids);
        self.trace.line(|| format!("{at:?} lookup {ids:?}"));
    }

    fn wait_durable(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let end = self.bucket(at).model.end();
        let waited = tablet.wait_durable(end, Some(Instant::now()));
        self.trace.line(|| format!("{at:?} wait for {end}: {waited:?}"));
        match waited {
            Ok(durable) => assert_eq!(durable, tablet.high_watermark() >= end),
            Err(e) => self.failed(at, &e),
        }
    }

    fn offset_at(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let model = &self.bucket(at).model;
        let last = model.batches.last().map_or(0, |b| b.timestamp);
        let count = model.batches.len();
        let timestamp = match self.random.below(4) {
            0 => last + self.random.below(3) as i64,
            1 => self.random.bits() as i64 % 2_000_000,
            _ if count == 0 => 0,
            _ => {
                let i = self.pick(count);
                self.bucket(at).model.batches[i].timestamp + self.random.below(3) as i64 - 1
            }
        };
        let found = tablet.offset_at(timestamp);
        self.trace.line(|| format!("{at:?} offset at {timestamp}: {found:?}"));
        match found {
            Ok(offset) => {
                let expected = self.bucket(at).model.offset_at(timestamp, tablet.high_watermark());
                assert_eq!(offset, expected.max(tablet.start_offset()), "{at:?} offset at {timestamp}");
            }
            Err(e) => self.failed(at, &e),
        }
    }

    /// Mostly on; sometimes back, as clocks that are set.
    fn move_clock(&mut self) {
        let by = match self.random.below(8) {
            0 => -(self.random.below(50_000) as i64),
            1 => self.random.below(200_000) as i64,
            _ => self.random.below(50) as i64,
        };
        let now = self.clock.0.fetch_add(by, Ordering::Relaxed) + by;
        self.trace.line(|| format!("clock {now}"));
    }
}
