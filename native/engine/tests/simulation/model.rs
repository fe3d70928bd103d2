//! What a bucket should hold.
use std::collections::BTreeMap;

use crate::merge::{Merged, Names};
use crate::rows::{Change, Row};
use crate::steps::Write;

/// A batch that was appended, or may have been.
#[derive(Clone, Debug)]
pub struct Batch {
    pub base: i64,
    pub timestamp: i64,
    /// None if it only carries the number of a writer.
    pub changes: Vec<Change>,
    /// Writer and sequence.
    pub writer: Option<(i64, i32)>,
}

impl Batch {
    pub fn end(&self) -> i64 {
        self.base + self.changes.len() as i64
    }

    /// Whether it is the other, but perhaps without columns that were dropped.
    fn is_part_of(&self, other: &Self) -> bool {
        let row = |a: &Row, b: &Row| {
            (a.id, &a.v, a.n) == (b.id, &b.v, b.n) && a.added.iter().all(|(name, n)| b.added.get(name) == Some(n))
        };
        let same = |(a, b): (&Change, &Change)| a.kind == b.kind && row(&a.row, &b.row);
        (self.base, self.timestamp, self.changes.len()) == (other.base, other.timestamp, other.changes.len())
            && self.changes.iter().zip(&other.changes).all(same)
    }
}

/// A snapshot that was given out.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub id: String,
    pub offset: i64,
    pub until: i64,
    /// It was released, or its lease was over once: it may be gone.
    pub released: bool,
}

/// The rows of a primary-key table by key, with the timestamp of their commit; those too that have expired.
pub type State = BTreeMap<i64, (Row, i64)>;

/// A bucket as its users know it.
#[derive(Debug, Default)]
pub struct Bucket {
    /// From offset 0, those of retention too.
    pub batches: Vec<Batch>,
    /// After all batches.
    pub state: State,
    /// All below was read by somebody, or acknowledged: no failure may take it away.
    pub seen: i64,
    /// Batches that may be there, all of them or the first ones: their write failed.
    pub doubts: Vec<Batch>,
    pub snapshots: Vec<Snapshot>,
    /// Retention has removed what is below.
    pub start: i64,
    /// What retention may have removed when it was tried.
    pub may_start: i64,
    /// It was closed cleanly since it was opened.
    pub closed: bool,
    /// What the bucket knows of these writers is not known: a crash came after a batch of theirs that has no rows, so that no offset says
    /// whether it is there.
    pub lost_writers: Vec<i64>,
    /// The last timestamp of batches that are lost, or may be.
    pub lost_timestamp: i64,
}

impl Bucket {
    pub fn end(&self) -> i64 {
        self.batches.last().map_or(0, Batch::end)
    }

    /// What the bucket takes for the time: it does not go back.
    pub fn time(&self, now: i64) -> i64 {
        self.batches.last().map_or(now, |b| b.timestamp.max(now))
    }

    /// The batch that holds an offset.
    pub fn batch_of(&self, offset: i64) -> &Batch {
        &self.batches[self.batches.partition_point(|b| b.end() <= offset)]
    }

    /// End offset and sequence of the batches that the bucket knows of a writer, oldest first.
    pub fn known(&self, writer: i64) -> Vec<(i64, i32)> {
        let sent = self.batches.iter().filter_map(|b| b.writer.filter(|w| w.0 == writer).map(|w| (b.end(), w.1)));
        let sent: Vec<_> = sent.collect();
        sent[sent.len().saturating_sub(5)..].to_vec()
    }

    /// The batch that some rows would make now; `None`: none. `columns`: those that the table has now besides its key.
    pub fn make(&self, write: &Write, columns: &Names, now: i64) -> Option<Batch> {
        // Who gives all columns writes whole rows.
        let targets = write.targets.as_ref().filter(|t| !columns.is_subset(t));
        let timestamp = self.time(now);
        let mut changes = Vec::new();
        let mut state: BTreeMap<i64, Option<Row>> = BTreeMap::new();
        for (i, row) in write.plain.iter().enumerate() {
            let Some(merging) = &write.merging else {
                changes.push(Change { kind: 0, row: row.clone() });
                continue;
            };
            let stored = || self.state.get(&row.id).filter(|(_, t)| merging.is_alive(*t, timestamp)).map(|(row, _)| row.clone());
            let old = state.remove(&row.id).unwrap_or_else(stored);
            let merged = merging.merge(old.as_ref(), row, write.is_delete(i), columns, targets);
            let made = merging.changes(old.as_ref(), &merged, targets.is_some());
            changes.extend(made.into_iter().map(|(kind, row)| Change { kind, row: row.clone() }));
            let now = match merged {
                Merged::Nothing => old,
                Merged::Row(row) => Some(row),
                Merged::Removed => None,
            };
            state.insert(row.id, now);
        }
        let writer = write.rows.writer.map(|w| (w.writer_id, w.sequence));
        (!changes.is_empty() || writer.is_some()).then(|| Batch { base: self.end(), timestamp, changes, writer })
    }

    /// A bucket with the same end: what comes next makes the same of it.
    pub fn for_what_follows(&self) -> Self {
        let (base, timestamp) = (self.end(), self.batches.last().map_or(i64::MIN, |b| b.timestamp));
        let last = Batch { base, timestamp, changes: Vec::new(), writer: None };
        Self { batches: vec![last], state: self.state.clone(), ..Default::default() }
    }

    pub fn push(&mut self, batch: Batch) {
        apply(&mut self.state, &batch.changes, batch.timestamp);
        self.batches.push(batch);
    }

    /// The table as the changelog up to an offset makes it.
    pub fn state_at(&self, offset: i64) -> State {
        let mut state = State::new();
        for batch in self.batches.iter().take_while(|b| b.base < offset) {
            apply(&mut state, &batch.changes[..batch.changes.len().min((offset - batch.base) as usize)], batch.timestamp);
        }
        state
    }

    /// First offset below `limit` whose timestamp is at or after `timestamp`, else `limit`.
    pub fn offset_at(&self, timestamp: i64, limit: i64) -> i64 {
        self.batches.iter().find(|b| b.timestamp >= timestamp).map_or(limit, |b| b.base.min(limit))
    }

    /// Retention is tried: what is older than `before` may go, but for what the snapshots that are leased need.
    pub fn retain(&mut self, before: i64, high_watermark: i64) {
        let expired = self.batches.iter().take_while(|b| b.timestamp < before).last().map_or(0, Batch::end);
        let leased = self.snapshots.iter().filter(|s| !s.released).map(|s| s.offset).min().unwrap_or(i64::MAX);
        self.may_start = self.may_start.max(expired.min(leased).min(high_watermark));
    }

    /// The bucket was opened again and has `found` from an offset on, the first batches perhaps those of this model, the rest what it has appended
    /// by itself, which is given, with the last timestamp of what is lost, or may be.
    pub fn recover_with(&mut self, from: i64, found: Vec<Batch>) -> (Vec<Batch>, Option<i64>) {
        let kept = self.batches.partition_point(|b| b.end() < from || (b.end() == from && !b.changes.is_empty()));
        let mut tail = self.batches.split_off(kept);
        tail.append(&mut self.doubts);
        let mut found = found.into_iter().peekable();
        while let Some(next) = tail.iter().position(|b| !b.changes.is_empty())
            && found.next_if(|f| f.is_part_of(&tail[next])).is_some()
        {
            self.batches.extend(tail.drain(..=next));
        }
        self.lost_writers.extend(tail.iter().filter(|b| b.changes.is_empty()).filter_map(|b| b.writer).map(|w| w.0));
        self.state = self.state_at(self.end());
        self.closed = false;
        let last = tail.iter().map(|b| b.timestamp).max();
        self.lost_timestamp = self.lost_timestamp.max(last.unwrap_or(0));
        (found.collect(), last)
    }

    /// The bucket was opened again and ends at `end`: after a failure without what is lost, and perhaps with a batch whose write failed. Gives
    /// the last timestamp of what is lost, or may be.
    pub fn recover(&mut self, end: i64) -> Result<Option<i64>, String> {
        let mut doubts = std::mem::take(&mut self.doubts);
        if end < self.seen {
            return Err(format!("ends at {end}, but all up to {} was acknowledged or read", self.seen));
        }
        if let Some(last) = doubts.iter().rposition(|b| end > self.end() && end == b.end()) {
            doubts.drain(..=last).for_each(|b| self.push(b));
        }
        if end > self.end() {
            return Err(format!("ends at {end}, only {} was ever written", self.end()));
        }
        let mut lost = doubts;
        while self.batches.last().is_some_and(|b| b.end() > end || (b.changes.is_empty() && !self.closed)) {
            lost.extend(self.batches.pop());
        }
        if self.end() != end {
            return Err(format!("ends at {end}, in the middle of a batch"));
        }
        self.state = self.state_at(end);
        self.lost_writers.extend(lost.iter().filter(|b| b.changes.is_empty()).filter_map(|b| b.writer).map(|w| w.0));
        self.closed = false;
        self.seen = end;
        let last = lost.iter().map(|b| b.timestamp).max();
        self.lost_timestamp = self.lost_timestamp.max(last.unwrap_or(0));
        Ok(last)
    }
}

fn apply(state: &mut State, changes: &[Change], timestamp: i64) {
    for change in changes {
        match change.kind {
            2 | 4 => state.remove(&change.row.id),
            _ => state.insert(change.row.id, (change.row.clone(), timestamp)),
        };
    }
}
