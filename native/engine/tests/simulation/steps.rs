//! What can happen in a step.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fluss_log::ReadHint;
use fluss_tablet::{Rows, Tablet};
use fluss_types::{Column, ErrorCode, Result, Schema};

use crate::check::IDS;
use crate::merge::{Deletes, Merging, Names};
use crate::model::Batch;
use crate::rows::{Row, View, batch};
use crate::world::{At, World};

type Step = fn(&mut World);

/// Rows to be written.
#[derive(Debug)]
pub struct Write {
    pub rows: Rows,
    pub plain: Vec<Row>,
    /// `None`: a log table.
    pub merging: Option<Merging>,
    /// A partial update: names of the columns that are given, besides the key.
    pub targets: Option<Names>,
}

impl Write {
    pub fn is_delete(&self, row: usize) -> bool {
        self.rows.deletes.as_ref().is_some_and(|d| d[row])
    }
}

/// Steps and how often they come.
const STEPS: &[(u64, Step)] = &[
    (24, World::write),
    (12, World::write_numbered),
    (14, World::transact),
    (4, World::overwrite),
    (18, World::commit),
    (4, World::settle),
    (14, World::read_some),
    (4, World::read_filtered),
    (8, World::lookup_some),
    (4, World::wait_durable),
    (4, World::offset_at),
    (3, World::create_snapshot),
    (4, World::read_snapshot),
    (1, World::release_snapshot),
    (6, World::move_clock),
    (8, World::retain),
    (2, World::restart_cleanly),
    (3, World::crash_or_power_loss),
    (3, World::arm),
    (3, World::stop_soon),
    (2, World::fill_disk),
    (8, World::repair),
    (2, World::flip_bit),
    (1, World::make_table),
    (1, World::remove_table),
    (3, World::alter_table),
    (2, World::create_partition),
    (2, World::drop_partition),
];

/// Also `p`, where it is no key.
fn is_key(column: &Column) -> bool {
    matches!(column.name.as_str(), "id" | "p")
}

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

    fn make_rows(&mut self, schema: &Schema, p: &Option<Arc<str>>, max_rows: u64) -> Vec<Row> {
        (0..1 + self.random.below(max_rows))
            .map(|_| {
                self.rows_made += 1;
                let v = match self.random.below(6) {
                    0 => None,
                    1 => Some(String::new()),
                    2 => Some("long".repeat(self.pick(300))),
                    _ => Some(format!("v{}", self.rows_made)),
                };
                let n = if self.random.below(8) == 0 { None } else { Some(self.rows_made) };
                let added = schema.columns()[3..].iter().filter(|c| c.name != "p").filter(|_| self.random.below(4) > 0);
                let added = added.map(|c| (c.name.clone(), self.rows_made)).collect();
                Row { id: self.random.below(IDS as u64) as i64, p: p.clone(), v, n, added }
            })
            .collect()
    }

    fn write(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let mut write = self.prepare_write(at, 8);
        if write.merging.is_some_and(|m| m.deletes == Deletes::Disable) && self.chance(10) {
            write.rows.deletes = Some(vec![true; write.plain.len()]);
            return self.write_refused(at, &tablet, &write);
        }
        let now = self.now();
        let made = self.make(at, &write, now);
        let written = tablet.write(&write.rows);
        self.wrote(at, made, written);
    }

    /// Deletes that are disabled fail, and nothing else of the batch is there.
    fn write_refused(&mut self, at: At, tablet: &Arc<Tablet>, write: &Write) {
        let e = tablet.write(&write.rows).expect_err("deletes are disabled");
        self.trace.line(|| format!("{at:?} delete: {:?}", e.code()));
        if !e.message().contains("table.delete.behavior") {
            self.failed(at, &e);
        }
    }

    pub fn prepare_write(&mut self, at: At, max_rows: u64) -> Write {
        let table = &self.tables[at.0];
        let merging = table.keyed.then_some(table.merging);
        let schema = self.schema(at);
        let plain = self.make_rows(&schema, &self.partition_of(at), max_rows);
        let may_delete = merging.is_some_and(|m| m.deletes != Deletes::Disable);
        let deletes: Option<Vec<bool>> =
            (may_delete && self.chance(60)).then(|| plain.iter().map(|_| self.random.below(3) == 0).collect());
        let partial = merging.is_some_and(|m| m.engine.takes_partial_updates()) && self.chance(30);
        let given: Option<Vec<&Column>> =
            partial.then(|| schema.columns().iter().filter(|c| !is_key(c) && self.random.below(2) == 0).collect());
        let ids = given
            .as_ref()
            .map(|g| schema.columns().iter().filter(|c| is_key(c)).chain(g.iter().copied()).map(|c| c.id).collect());
        Write {
            rows: Rows { schema_id: schema.id(), batch: batch(&plain, &schema), deletes, targets: ids, writer: None },
            targets: given.map(|g| g.iter().map(|c| c.name.clone()).collect()),
            plain,
            merging,
        }
    }

    /// The batch that a write makes of a bucket as it is now.
    pub fn make(&self, at: At, write: &Write, now: i64) -> Option<Batch> {
        self.tables[at.0].buckets[at.1].model.make(write, &self.columns(at), now)
    }

    /// The columns that a table has now besides its key.
    pub fn columns(&self, at: At) -> Names {
        self.schema(at).columns().iter().filter(|c| !is_key(c)).map(|c| c.name.clone()).collect()
    }

    pub fn wrote(&mut self, at: At, made: Option<Batch>, written: Result<i64>) {
        self.trace.line(|| format!("{at:?} write: {written:?}"));
        let model = &mut self.tables[at.0].buckets[at.1].model;
        match written {
            Ok(end) => {
                if let Some(batch) = made {
                    model.push(batch);
                }
                assert_eq!(end, model.end(), "{at:?} end offset of a write");
            }
            Err(e) => {
                // The write that poisons may be on disk; those after it are refused.
                if (e.code() == ErrorCode::Poisoned || self.disk.is_stopped()) && model.doubts.is_empty() {
                    model.doubts = made.into_iter().collect();
                }
                self.failed(at, &e);
            }
        }
    }

    fn read_some(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let high_watermark = tablet.high_watermark();
        let schema = self.schema(at);
        let mut columns: Vec<usize> = (0..schema.columns().len()).filter(|_| self.random.below(3) > 0).collect();
        if columns.is_empty() || self.chance(20) {
            columns = vec![2, 0];
        }
        let view = View::new(schema, columns);
        let start = tablet.start_offset();
        if start > 0 && self.chance(10) {
            let below = self.random.below(start as u64) as i64;
            let e = tablet.read(below, i64::MAX, &view.projection(), &mut ReadHint::default()).unwrap_err();
            assert!(matches!(e.code(), ErrorCode::LogTruncated | ErrorCode::Poisoned), "{e}");
        }
        let from = start + self.random.below((high_watermark - start + 2) as u64) as i64;
        if from > high_watermark {
            let e = tablet.read(from, i64::MAX, &view.projection(), &mut ReadHint::default()).unwrap_err();
            assert!(matches!(e.code(), ErrorCode::LogTruncated | ErrorCode::Poisoned), "{e}");
            return;
        }
        let stop = if self.chance(50) { i64::MAX } else { from + self.random.below(20) as i64 };
        let (mut at_offset, mut hint) = (from, ReadHint::default());
        for _ in 0..1 + self.random.below(6) {
            if self.chance(15) && high_watermark > start {
                // A hint is of where a reader was; it may go elsewhere.
                at_offset = start + self.random.below((high_watermark - start) as u64) as i64;
            }
            match self.read(at, &tablet, at_offset, stop, &view, &mut hint) {
                Ok(Some(next)) => at_offset = next,
                Ok(None) => break,
                Err(e) => {
                    self.failed(at, &e);
                    break;
                }
            }
        }
        self.trace.line(|| format!("{at:?} read {:?} from {from} to {at_offset}", view.columns));
    }

    fn lookup_some(&mut self) {
        let Some(at) = self.pick_bucket(true) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let ids: Vec<i64> = (0..1 + self.random.below(6)).map(|_| self.random.below(IDS as u64 + 2) as i64).collect();
        self.lookup(at, &tablet, &ids);
        self.trace.line(|| format!("{at:?} lookup {ids:?}"));
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
        let now = (self.now() + by).max(self.clock_floor);
        self.clock.0.store(now, Ordering::Relaxed);
        self.trace.line(|| format!("clock {now}"));
    }
}
