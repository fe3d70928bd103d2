//! Overwrites: what was staged to replace becomes all that there is, or nothing changes, whatever comes between. What one appends is read back and
//! taken into the model: an interrupted one goes on by itself, so that only its end is known before.
use std::path::Path;
use std::sync::Arc;

use fluss_log::ReadHint;
use fluss_tablet::Tablet;
use fluss_types::Result;

use crate::check::IDS;
use crate::model::{Batch, Bucket};
use crate::rows::Change;
use crate::transactions::{SimulatedTransaction, Stage};
use crate::world::{At, DATA, World, said};

/// An overwrite of a bucket whose commit was tried, and may have begun.
#[derive(Clone, Debug)]
pub struct Overwriting {
    id: i64,
    /// Transactions and their pieces; none: the bucket is emptied.
    members: Vec<(i64, u32)>,
    /// Where the log ended before.
    from: i64,
    /// What it has appended, as far as that is known.
    appended: Vec<Change>,
    /// Where the log ended when it was last tried.
    end: i64,
}

impl Overwriting {
    pub fn concerns(&self, transaction: i64) -> bool {
        self.id == transaction || self.members.iter().any(|m| m.0 == transaction)
    }
}

impl World {
    /// Commits all that is prepared to replace the rows of a bucket, or empties it.
    pub fn overwrite(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        if self.bucket(at).overwriting.is_none() {
            let prepared = |t: &&SimulatedTransaction| t.overwrites && t.stage == Stage::Prepared;
            let found = self.bucket(at).transactions.iter().filter(prepared);
            let mut members: Vec<_> = found.map(|t| (t.id, t.pieces.len() as u32)).collect();
            members.sort_unstable();
            if members.is_empty() && self.chance(80) {
                return;
            }
            self.writers_made += 1;
            let id = members.first().map_or(self.writers_made, |m| m.0);
            let from = self.bucket(at).model.end();
            self.bucket(at).overwriting = Some(Overwriting { id, members, from, appended: Vec::new(), end: from });
        }
        self.commit_overwrite(at, &tablet);
    }

    fn commit_overwrite(&mut self, at: At, tablet: &Arc<Tablet>) {
        let keyed = self.tables[at.0].keyed;
        let bucket = self.bucket(at);
        let Overwriting { id, members, from, .. } = bucket.overwriting.clone().unwrap();
        if !keyed {
            bucket.model.may_start = bucket.model.may_start.max(from);
        }
        let before = bucket.model.end();
        bucket.overwriting.as_mut().unwrap().end = before;
        let committed = tablet.commit_overwrite(id, &members);
        self.trace.line(|| format!("{at:?} commit overwrite {id} of {members:?} at {from}: {}", said(&committed)));
        match committed.and_then(|()| self.batches_from(at, tablet, before)) {
            Ok(batches) => {
                self.take_over(at, batches);
                self.overwritten(at, tablet, false);
                let repeated = tablet.commit_overwrite(id, &members);
                assert_eq!(tablet.high_watermark(), self.bucket(at).model.end(), "{at:?} overwrite {id} is done once");
                if let Err(e) = repeated {
                    self.failed(at, &e);
                }
            }
            Err(e) => {
                self.failed(at, &e);
                // How far it came only an opening says.
                let power_loss = self.chance(50);
                self.die(power_loss);
            }
        }
    }

    /// What a bucket has from an offset on.
    fn batches_from(&self, at: At, tablet: &Tablet, from: i64) -> Result<Vec<Batch>> {
        let (view, p) = (self.all(at), self.partition_of(at));
        let (mut batches, mut hint, mut next) = (Vec::new(), ReadHint::default(), from);
        while let Some(found) = tablet.read(next, i64::MAX, &view.projection(), &mut hint)? {
            assert_eq!((found.base_offset, found.end_row), (next, found.rows), "{at:?} a whole batch");
            let kind = |row: usize| found.row_bytes.map_or(0, |k| found.bytes[k + row]);
            let changes = (0..found.rows).map(|row| Change { kind: kind(row), row: view.whole_row(&found, row, &p) }).collect();
            batches.push(Batch { base: next, timestamp: found.commit_timestamp, changes, writer: None });
            next += found.rows as i64;
        }
        Ok(batches)
    }

    fn take_over(&mut self, at: At, batches: Vec<Batch>) {
        let bucket = self.bucket(at);
        for batch in batches {
            bucket.overwriting.as_mut().unwrap().appended.extend_from_slice(&batch.changes);
            bucket.model.push(batch);
        }
        bucket.model.seen = bucket.model.end();
        bucket.overwriting.as_mut().unwrap().end = bucket.model.end();
    }

    /// It has ended: its rows are there, and no others but those that were `written_since`.
    fn overwritten(&mut self, at: At, tablet: &Tablet, written_since: bool) {
        let (now, columns, view) = (self.now(), self.columns(at), self.all(at));
        let (keyed, merging) = (self.tables[at.0].keyed, self.tables[at.0].merging);
        // A batch without rows, which the model does not have, says that it is done.
        self.clock_floor = self.clock_floor.max(now);
        let bucket = self.bucket(at);
        bucket.model.lost_timestamp = bucket.model.lost_timestamp.max(now);
        bucket.start_moved(at, tablet);
        let done = bucket.overwriting.take().unwrap();
        let is_left = |t: &fluss_tablet::TransactionInfo| done.concerns(t.id);
        assert!(!tablet.transactions().iter().any(is_left), "{at:?} {done:?} is there when it has ended");
        let transactions = std::mem::take(&mut bucket.transactions);
        let (mut members, others): (Vec<_>, _) = transactions.into_iter().partition(|t| done.concerns(t.id));
        bucket.transactions = others;
        members.sort_unstable_by_key(|t| t.id);
        let mut new = Bucket::default();
        for write in members.iter().flat_map(|t| &t.pieces) {
            let batch = new.make(write, &columns, now).expect("a piece counts without rows too");
            new.push(batch);
        }
        let model = &bucket.model;
        if keyed {
            for id in 0..if written_since { 0 } else { IDS } {
                match (model.state.get(&id), new.state.get(&id)) {
                    // Rows that have expired are not removed.
                    (Some((_, t)), None) => assert!(!merging.is_alive(*t, model.time(now)), "{at:?} the old row {id} is left"),
                    (old, new) => assert_eq!(old.map(|o| view.of_row(&o.0)), new.map(|n| view.of_row(&n.0)), "{at:?} row {id}"),
                }
            }
        } else {
            let shown = |changes: &[Change]| changes.iter().map(|c| view.of_row(&c.row)).collect::<Vec<_>>();
            let rows: Vec<Change> = new.batches.into_iter().flat_map(|b| b.changes).collect();
            assert_eq!(shown(&done.appended), shown(&rows), "{at:?} rows of {done:?}");
            assert_eq!(model.start, done.from, "{at:?} start of the log");
        }
    }

    /// An opening goes on with an overwrite that has begun. Whether the bucket could be read.
    pub fn recover_overwriting(&mut self, at: At, tablet: &Arc<Tablet>) -> bool {
        let known = self.bucket(at).model.seen.max(tablet.start_offset());
        let found = match self.batches_from(at, tablet, known) {
            Ok(found) => found,
            Err(e) => {
                self.failed(at, &e);
                self.mend();
                self.repair();
                self.die(false);
                return false;
            }
        };
        let (taken, lost) = self.bucket(at).model.recover_with(known, found);
        self.clock_floor = self.clock_floor.max(lost.unwrap_or(0));
        // All of it was there but the end of its files, so that others came after it.
        let written_since = taken.is_empty() && self.bucket(at).model.end() > self.bucket(at).overwriting.as_ref().unwrap().end;
        self.take_over(at, taken);
        let Overwriting { members, from, appended, .. } = self.bucket(at).overwriting.clone().unwrap();
        let dir = Path::new(DATA).join(format!("tables/{}", self.tables[at.0].handle.as_ref().unwrap().meta().table_id));
        let has_begun = self.fs().open(&dir.join(self.folder(at)).join("transactions/overwrite")).is_ok();
        let staged = tablet.transactions();
        let not_begun = match members.is_empty() {
            false => members.iter().all(|m| staged.iter().any(|t| t.id == m.0)),
            true => appended.is_empty() && (self.tables[at.0].keyed || tablet.start_offset() < from),
        };
        self.trace.line(|| format!("{at:?} overwrite of {members:?} has begun: {has_begun}, not begun: {not_begun}"));
        if has_begun {
            assert!(self.harm.was_armed || self.flipped.is_some(), "{at:?} the overwrite of {members:?} does not go on");
        } else if not_begun {
            assert!(appended.is_empty(), "{at:?} rows of an overwrite that has not begun: {appended:?}");
            self.bucket(at).overwriting = None;
        } else {
            self.overwritten(at, tablet, written_since);
        }
        true
    }
}
