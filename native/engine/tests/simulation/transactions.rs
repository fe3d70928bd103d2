//! Transactions: what was prepared is committed once, whatever comes between; what was not leaves nothing.
use std::path::Path;
use std::sync::Arc;

use fluss_tablet::Tablet;
use fluss_types::{BatchSequence, ErrorCode};

use crate::model::Batch;
use crate::steps::Write;
use crate::world::{At, World, said};

/// How far a transaction is, as the one knows who drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Takes rows.
    Open,
    /// Its preparation failed: it may be prepared.
    Unsure,
    /// Durable.
    Prepared,
    /// Its abort failed: it may be there.
    Aborting,
    /// A crash came after a piece of it that has no rows: nobody can tell how far its commit is.
    Lost,
}

/// A transaction of one bucket.
#[derive(Debug)]
pub struct SimulatedTransaction {
    pub id: i64,
    /// Its rows will replace others: [`World::overwrite`].
    pub overwrites: bool,
    pub stage: Stage,
    pub pieces: Vec<Write>,
    /// Staging the next piece failed: it is tried again, or the transaction is given up.
    failed: Option<Write>,
}

impl World {
    /// Does something with one of a bucket's transactions.
    pub fn transact(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let count = self.bucket(at).transactions.len();
        if count == 0 || (count < 3 && self.chance(20)) {
            self.writers_made += 1;
            let id = self.writers_made;
            let overwrites = self.chance(35);
            let begun = SimulatedTransaction { id, overwrites, stage: Stage::Open, pieces: Vec::new(), failed: None };
            self.bucket(at).transactions.push(begun);
            return self.stage(at, count, &tablet);
        }
        let i = self.pick(count);
        let (stage, pieces, overwrites) = {
            let t = &self.bucket(at).transactions[i];
            (t.stage, t.pieces.len(), t.overwrites)
        };
        match stage {
            Stage::Lost => {}
            Stage::Aborting => self.abort(at, i, &tablet),
            _ if self.chance(8) => self.abort(at, i, &tablet),
            Stage::Open if pieces == 0 || self.chance(60) => self.stage(at, i, &tablet),
            Stage::Open | Stage::Unsure => self.prepare_transaction(at, i, &tablet),
            Stage::Prepared if overwrites => {}
            Stage::Prepared => self.commit_transaction(at, i, &tablet),
        }
    }

    fn stage(&mut self, at: At, i: usize, tablet: &Arc<Tablet>) {
        let fresh = self.prepare_write(at, 6);
        let t = &mut self.bucket(at).transactions[i];
        let (id, sequence) = (t.id, t.pieces.len() as i32);
        let mut write = t.failed.take().unwrap_or(fresh);
        write.rows.writer = Some(BatchSequence { writer_id: id, sequence });
        let staged = if t.overwrites { tablet.stage_overwrite(&write.rows) } else { tablet.stage(&write.rows) };
        self.trace.line(|| format!("{at:?} stage {sequence} of transaction {id}: {}", said(&staged)));
        let t = &mut self.bucket(at).transactions[i];
        match staged {
            Ok(()) => t.pieces.push(write),
            Err(e) => {
                t.failed = Some(write);
                self.failed(at, &e);
            }
        }
    }

    fn prepare_transaction(&mut self, at: At, i: usize, tablet: &Arc<Tablet>) {
        let t = &self.bucket(at).transactions[i];
        let (id, pieces) = (t.id, t.pieces.len() as u32);
        let prepared = tablet.prepare(id, pieces);
        self.trace.line(|| format!("{at:?} prepare transaction {id}, {pieces} pieces: {}", said(&prepared)));
        let stage = match &prepared {
            Ok(()) => Stage::Prepared,
            // After a failed sync nobody knows what lasts, not even an opening.
            Err(e) if e.message().contains("abort it") && !self.disk.is_stopped() => Stage::Aborting,
            Err(_) => Stage::Unsure,
        };
        self.bucket(at).transactions[i].stage = stage;
        if let Err(e) = prepared {
            self.failed(at, &e);
        }
    }

    fn abort(&mut self, at: At, i: usize, tablet: &Arc<Tablet>) {
        let id = self.bucket(at).transactions[i].id;
        if self.bucket(at).overwriting.as_ref().is_some_and(|o| o.concerns(id)) {
            return;
        }
        if self.pieces_committed(at, id) > 0 {
            return self.abort_refused(at, id, tablet);
        }
        let aborted = tablet.abort_transaction(id);
        self.trace.line(|| format!("{at:?} abort transaction {id}: {}", said(&aborted)));
        match aborted {
            Ok(()) => {
                self.bucket(at).transactions.remove(i);
                self.check_gone(at, id, tablet);
            }
            Err(e) => {
                self.bucket(at).transactions[i].stage = Stage::Aborting;
                self.failed(at, &e);
            }
        }
    }

    /// A part of it is there: it can only be committed.
    fn abort_refused(&mut self, at: At, id: i64, tablet: &Arc<Tablet>) {
        let e = tablet.abort_transaction(id).expect_err("its commit has begun");
        self.trace.line(|| format!("{at:?} abort of the committed transaction {id}: {:?}", e.code()));
        if e.code() != ErrorCode::InvalidArgument {
            self.failed(at, &e);
        }
    }

    /// What is gone cannot be committed.
    fn check_gone(&mut self, at: At, id: i64, tablet: &Arc<Tablet>) {
        assert!(tablet.transactions().iter().all(|t| t.id != id), "{at:?} transaction {id} is gone");
        let e = tablet.commit_transaction(id, 1).expect_err("it is gone");
        if e.code() != ErrorCode::TransactionNotFound {
            self.failed(at, &e);
        }
    }

    fn pieces_committed(&mut self, at: At, id: i64) -> usize {
        self.bucket(at).model.batches.iter().filter(|b| b.writer.is_some_and(|w| w.0 == id)).count()
    }

    fn commit_transaction(&mut self, at: At, i: usize, tablet: &Arc<Tablet>) {
        let (id, pieces) = (self.bucket(at).transactions[i].id, self.bucket(at).transactions[i].pieces.len() as u32);
        let mut made = self.make_pieces(at, i);
        let mut committed = tablet.commit_transaction(id, pieces);
        self.trace.line(|| format!("{at:?} commit transaction {id}: {}", said(&committed)));
        if committed.as_ref().is_err_and(|e| e.code() != ErrorCode::Poisoned) && !self.disk.is_stopped() && self.chance(60) {
            // It may have come half the way; now it goes on from there.
            self.repair();
            committed = tablet.commit_transaction(id, pieces);
            self.trace.line(|| format!("{at:?} commit transaction {id} again: {}", said(&committed)));
        }
        match committed {
            Ok(()) => {
                let model = &mut self.bucket(at).model;
                made.drain(..).for_each(|batch| model.push(batch));
                model.seen = model.end();
                assert_eq!(tablet.high_watermark(), self.bucket(at).model.end(), "{at:?} a committed transaction is visible");
                self.bucket(at).transactions.remove(i);
                assert!(tablet.transactions().iter().all(|t| t.id != id), "{at:?} transaction {id} is committed");
                if let Err(e) = tablet.commit_transaction(id, pieces) {
                    self.failed(at, &e);
                }
            }
            Err(e) => {
                self.bucket(at).model.doubts = made;
                self.failed(at, &e);
                // How far it came only an opening says.
                let power_loss = self.chance(50);
                self.die(power_loss);
            }
        }
    }

    /// Commits the transaction whose file was damaged: its rows are right, or it says so, and the machine died. Whether it did not.
    pub fn commit_damaged(&mut self, file: &Path) -> bool {
        let of_file = |t: &SimulatedTransaction| {
            !t.overwrites && t.stage == Stage::Prepared && file.ends_with(format!("{}.prepared", t.id))
        };
        for at in self.buckets_there(false) {
            if let Some(i) = self.bucket(at).transactions.iter().position(of_file)
                && let Some(tablet) = self.tablet(at)
            {
                self.commit_transaction(at, i, &tablet);
                return self.bucket(at).tablet.is_some();
            }
        }
        true
    }

    /// The batches that the commit of a transaction makes of a bucket as it is now.
    fn make_pieces(&mut self, at: At, i: usize) -> Vec<Batch> {
        let (now, columns) = (self.now(), self.columns(at));
        let id = self.bucket(at).transactions[i].id;
        let done = self.pieces_committed(at, id);
        let bucket = &self.tables[at.0].buckets[at.1];
        let mut model = bucket.model.for_what_follows();
        for write in &bucket.transactions[i].pieces[done..] {
            let batch = model.make(write, &columns, now).expect("a piece counts without rows too");
            model.push(batch);
        }
        model.batches.split_off(1)
    }

    /// An opening keeps what is prepared, and nothing else.
    pub fn check_transactions(&mut self, at: At, tablet: &Tablet) {
        let found = tablet.transactions();
        self.trace.line(|| format!("{at:?} transactions {found:?}"));
        let lost = self.bucket(at).model.lost_writers.clone();
        let mut known = std::mem::take(&mut self.bucket(at).transactions);
        let overwriting = self.bucket(at).overwriting.clone();
        let is_overwriting = |id: i64| overwriting.as_ref().is_some_and(|o| o.concerns(id));
        for t in found.iter().filter(|t| !is_overwriting(t.id)) {
            let prepared = t.prepared_ms.is_some();
            let expected = known.iter().find(|k| k.id == t.id);
            assert!(
                prepared && expected.is_some_and(|k| k.stage != Stage::Open),
                "{at:?} {t:?} is there after an opening: {expected:?}"
            );
            let damaged = t.pieces == 0 && self.flipped.is_some();
            assert!(damaged || t.pieces as usize == expected.unwrap().pieces.len(), "{at:?} {t:?}");
        }
        known.retain_mut(|t| {
            let there = found.iter().any(|f| f.id == t.id);
            let committed = self.pieces_committed(at, t.id);
            let all_there = committed == t.pieces.len();
            if is_overwriting(t.id) {
                return true;
            }
            if t.stage == Stage::Prepared && !there {
                assert!(
                    all_there || lost.contains(&t.id),
                    "{at:?} the prepared transaction {} is gone, {committed} pieces were committed",
                    t.id
                );
            }
            if there && t.stage == Stage::Unsure {
                t.stage = Stage::Prepared;
            }
            if lost.contains(&t.id) {
                t.stage = Stage::Lost;
            }
            there
        });
        self.bucket(at).transactions = known;
    }
}
