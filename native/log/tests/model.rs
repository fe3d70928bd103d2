//! The log against a vector: random appends, syncs, reads, rolls, retention, crashes, losses of power and failures of the disk, a seed
//! a run. `FLUSS_SEED=n` runs one seed, `FLUSS_SEEDS=n` so many.
#![allow(clippy::unwrap_used, reason = "test code")]
mod support;

use std::ops::RangeInclusive;

use fluss_format::EncodedBatch;
use fluss_log::{Appended, Log};
use fluss_testkit::{Fault, Operation, Random, SimulatedDisk};
use fluss_types::{BatchSequence, ErrorCode, LogOffset, Result, Schema, WriterId};
use support::{dir, encode, ids, open, read, schema, text};

#[derive(Clone, Debug)]
struct Row {
    id: i64,
    timestamp: i64,
}

/// A writer is forgotten after so long, ms.
const WEEK: i64 = 7 * 24 * 3600 * 1000;

/// What has to become of a batch.
#[derive(Clone, Copy, Debug)]
enum Expected {
    New,
    Duplicate(LogOffset),
    OutOfOrder,
}

/// A batch of an idempotent writer.
#[derive(Clone, Debug)]
struct Sent {
    writer: BatchSequence,
    end: LogOffset,
    timestamp: i64,
}

struct World {
    random: Random,
    disk: SimulatedDisk,
    schema: std::sync::Arc<Schema>,
    log: Option<Log>,
    now: i64,
    next_id: i64,
    /// What must be there, from offset 0; retention takes nothing away here.
    durable: Vec<Row>,
    /// What may be there behind it, in this order.
    appended: Vec<Row>,
    /// Batches of idempotent writers in the order of the log, and how many of them are durable.
    sent: Vec<Sent>,
    sent_durable: usize,
    /// Start offsets that the log may have.
    starts: RangeInclusive<LogOffset>,
    trace: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            random: Random(seed),
            disk: SimulatedDisk::new(seed ^ 0xd15c),
            schema: schema(),
            log: None,
            now: 1000,
            next_id: 0,
            durable: Vec::new(),
            appended: Vec::new(),
            sent: Vec::new(),
            sent_durable: 0,
            starts: 0..=0,
            trace: std::env::var("FLUSS_SEED").is_ok(),
        };
        world.reopen();
        world
    }

    fn log(&self) -> &Log {
        self.log.as_ref().unwrap()
    }

    fn high_watermark(&self) -> LogOffset {
        self.durable.len() as LogOffset
    }

    fn step(&mut self) {
        let choice = self.random.below(20);
        if self.trace {
            let (log, disk) = (self.log(), &self.disk);
            eprintln!(
                "{choice:2}: rows {}+{}, log {}..{}, edges {}",
                self.durable.len(),
                self.appended.len(),
                log.start_offset(),
                log.end_offset(),
                disk.edges()
            );
        }
        match choice {
            0..=6 => self.append(),
            7..=9 => self.sync(),
            10..=12 => self.read(),
            13 => self.find_timestamp(),
            14 => self.retain(),
            15 if self.random.below(10) == 0 => self.now += WEEK + WEEK / 7,
            15 => self.now += self.random.below(500) as i64 - 50,
            16 => self.close(),
            17 => self.die(),
            _ => self.arm(),
        }
    }

    /// The outcome of a call that faults can fail. After a failure that poisons, or a stop, the log is opened again.
    fn outcome<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(e) => {
                assert!(matches!(e.code(), ErrorCode::Io | ErrorCode::DiskFull | ErrorCode::Poisoned), "{e}");
                if self.disk.is_stopped() {
                    self.die();
                } else if e.code() == ErrorCode::Poisoned {
                    // The same process opens it again: what it reads may be in the page cache only.
                    self.log = None;
                    self.disk.disarm();
                    self.reopen();
                } else {
                    self.disk.disarm();
                }
                None
            }
        }
    }

    fn append(&mut self) {
        let base = self.log().end_offset();
        let timestamp = self.now.max(self.log().last_timestamp());
        let writer = self.choose_writer(timestamp);
        let n = if writer.is_some() && self.random.below(4) == 0 { 0 } else { 1 + self.random.below(12) as i64 };
        let first = self.next_id;
        self.next_id += n;
        let mut batch = if n == 0 { EncodedBatch::without_rows(0) } else { encode(&self.schema, first..first + n) };
        let end = base + n;
        let expected = writer.map_or(Expected::New, |w| self.expected(w, timestamp));
        let appended = self.log().append(&mut batch, writer, self.now, self.high_watermark());
        let poisoned = appended.as_ref().is_err_and(|e| e.code() == ErrorCode::Poisoned) || self.disk.is_stopped();
        match (&appended, expected) {
            (Err(_), _) if poisoned => {}
            (Ok(Appended::Duplicate { end_offset }), Expected::Duplicate(end)) => {
                assert_eq!(*end_offset, end);
                return;
            }
            (Err(e), Expected::OutOfOrder) => {
                assert_eq!(e.code(), ErrorCode::OutOfOrderSequence, "{e}");
                return;
            }
            (Ok(done), Expected::New) => assert_eq!(*done, Appended::New { base_offset: base, end_offset: end }),
            (Err(_), Expected::New) => {}
            (done, expected) => panic!("{writer:?}: {done:?}, expected {expected:?}"),
        }
        if appended.is_ok() || poisoned {
            // After a failure it may be there all the same.
            self.appended.extend((first..first + n).map(|id| Row { id, timestamp }));
            self.sent.extend(writer.map(|writer| Sent { writer, end, timestamp }));
        }
        self.outcome(appended);
    }

    /// The batches that the log knows of a writer, oldest first.
    fn known(&self, writer_id: WriterId, timestamp: i64) -> Vec<Sent> {
        let all: Vec<Sent> = self.sent.iter().filter(|s| s.writer.writer_id == writer_id).cloned().collect();
        // A writer that is forgotten begins again at 0.
        let begin = all.iter().rposition(|s| s.writer.sequence == 0).unwrap_or(0);
        let known = all[begin.max(all.len().saturating_sub(5))..].to_vec();
        if known.last().is_some_and(|last| last.timestamp >= timestamp - WEEK) { known } else { Vec::new() }
    }

    /// None, or a writer with its next number, sometimes an old one, sometimes a wrong one.
    fn choose_writer(&mut self, timestamp: i64) -> Option<BatchSequence> {
        let writer_id = self.random.below(4) as WriterId - 1;
        let next = self.known(writer_id, timestamp).last().map_or(0, |last| last.writer.sequence + 1);
        let sequence = match self.random.below(10) {
            0..=1 => next - 1 - self.random.below(7) as i32,
            2 => next + 1,
            _ => next,
        };
        (writer_id >= 0).then_some(BatchSequence { writer_id, sequence })
    }

    fn expected(&self, writer: BatchSequence, timestamp: i64) -> Expected {
        let known = self.known(writer.writer_id, timestamp);
        let next = known.last().map_or(0, |last| last.writer.sequence + 1);
        match known.iter().find(|s| s.writer == writer) {
            Some(sent) => Expected::Duplicate(sent.end),
            None if writer.sequence == next => Expected::New,
            None => Expected::OutOfOrder,
        }
    }

    fn sync(&mut self) {
        let synced = self.log().sync();
        if let Some(end) = self.outcome(synced) {
            assert_eq!(end as usize, self.durable.len() + self.appended.len());
            self.durable.append(&mut self.appended);
            self.sent_durable = self.sent.len();
        }
    }

    fn read(&mut self) {
        let from = self.random.below(self.durable.len() as u64 + 3) as LogOffset;
        let limit = (from + self.random.below(40) as i64).min(self.high_watermark());
        let start = self.log().start_offset();
        let columns: &[usize] = [&[0][..], &[1], &[0, 1], &[1, 0], &[]][self.random.below(5) as usize];
        match read(self.log(), &self.schema, from, limit, columns) {
            Ok(found) => {
                assert!(from >= start || found.is_empty());
                assert_eq!(found.len() as i64, (limit - from).max(0), "from {from} to {limit}");
                for (row, offset) in found.into_iter().zip(from..) {
                    let expected = self.durable[offset as usize].id;
                    assert!(row.id.is_none_or(|id| id == expected), "{row:?} at {offset}, expected {expected}");
                    assert!(row.text.as_ref().is_none_or(|t| *t == text(expected)), "{row:?} at {offset}, expected {expected}");
                }
            }
            Err(e) => {
                assert!(from < start && e.code() == ErrorCode::LogTruncated && e.message().contains("out of range"), "{e}");
            }
        }
    }

    fn find_timestamp(&mut self) {
        let timestamp = self.now - self.random.below(300) as i64;
        let limit = self.high_watermark();
        let kept = self.log().start_offset()..limit;
        let expected = kept.clone().find(|o| self.durable[*o as usize].timestamp >= timestamp).unwrap_or(limit);
        assert_eq!(self.log().offset_at(timestamp, limit).unwrap(), expected, "{timestamp}");
    }

    fn retain(&mut self) {
        let before = self.now - self.random.below(400) as i64;
        let expired = self.log().expired_before(before, self.high_watermark());
        let Some(expired) = self.outcome(expired) else { return };
        let start = self.log().start_offset();
        assert!(expired >= start && expired <= self.high_watermark());
        assert!(self.durable[start as usize..expired as usize].iter().all(|r| r.timestamp < before));
        if self.random.below(3) == 0 {
            return;
        }
        let keep_from = expired - self.random.below(2) as i64 * self.random.below(30) as i64;
        // A deletion that fails may have happened.
        self.starts = *self.starts.start()..=expired.max(*self.starts.end());
        let deleted = self.log().delete_before(keep_from);
        let done = self.outcome(deleted).is_some();
        assert!((start..=expired.max(start)).contains(&self.log().start_offset()));
        if done && self.log().start_offset() > start {
            self.starts = self.log().start_offset()..=self.log().start_offset();
        }
    }

    fn arm(&mut self) {
        let n = self.random.below(6);
        match self.random.below(5) {
            0 => self.disk.arm(Operation::Write, Fault::After(n)),
            1 => self.disk.arm(Operation::Sync, Fault::After(n)),
            2 => self.disk.arm(Operation::Name, Fault::After(n)),
            3 => self.disk.set_space(Some(n * 300)),
            _ => self.disk.stop_at(n + 1),
        }
    }

    /// After a clean stop a flipped bit is reported, or it is in nothing that is read.
    fn flip(&mut self) {
        self.disk.disarm();
        self.close();
        self.log = None;
        let Some(flip) = self.disk.flip_any(|path| path.starts_with(dir())) else { return };
        let end = self.high_watermark();
        let found = open(&self.disk).and_then(|log| {
            assert_eq!(log.end_offset(), end, "{flip:?}");
            ids(&log, &self.schema, log.start_offset(), end).map(|ids| (log.start_offset(), ids))
        });
        match found {
            Ok((start, ids)) => {
                assert!(self.starts.contains(&start), "{flip:?}");
                assert_eq!(ids, self.durable[start as usize..].iter().map(|r| r.id).collect::<Vec<_>>(), "{flip:?}");
            }
            Err(e) => assert!(matches!(e.code(), ErrorCode::CorruptSegment | ErrorCode::UnknownFormat), "{flip:?}: {e}"),
        }
    }

    fn close(&mut self) {
        if self.log().sync().and_then(|_| self.log().write_recovery_point()).is_ok() {
            self.durable.append(&mut self.appended);
            self.sent_durable = self.sent.len();
        }
        self.log = None;
        if self.disk.is_stopped() {
            self.disk.crash();
        }
        self.reopen();
    }

    fn die(&mut self) {
        self.log = None;
        if self.random.below(2) == 0 {
            self.disk.crash()
        } else {
            self.disk.power_loss()
        }
        self.reopen();
    }

    /// Opens the log, over as many more deaths as there are, and takes what it has for what is durable now.
    fn reopen(&mut self) {
        let log = loop {
            match open(&self.disk) {
                Ok(log) => break log,
                Err(e) => {
                    assert!(matches!(e.code(), ErrorCode::Io | ErrorCode::DiskFull), "{e}");
                    if self.disk.is_stopped() {
                        if self.random.below(2) == 0 { self.disk.crash() } else { self.disk.power_loss() }
                    } else {
                        self.disk.disarm();
                    }
                }
            }
        };
        let (start, end) = (log.start_offset(), log.end_offset() as usize);
        if self.trace {
            for (path, bytes) in self.disk.image() {
                eprintln!("    {} {} bytes", path.display(), bytes.len());
            }
        }
        assert!(end >= self.durable.len(), "{} rows were durable, {end} are left", self.durable.len());
        let extra = end - self.durable.len();
        assert!(extra <= self.appended.len(), "{end} rows, {} were written", self.durable.len() + self.appended.len());
        self.durable.extend(self.appended.drain(..extra));
        self.appended.clear();
        assert!(self.starts.contains(&start), "{start} is none of {:?}", self.starts);
        self.starts = start..=start;
        // Of batches without rows at the end the log has the first ones; of a writer that it has forgotten that does not matter.
        let is_kept = |s: &Sent| {
            s.end < end as LogOffset
                || s.end == end as LogOffset
                    && (s.timestamp + WEEK < log.last_timestamp()
                        || matches!(log.duplicate_of(s.writer, s.timestamp), Ok(Some(at)) if at == s.end))
        };
        let kept = self.sent.iter().rposition(is_kept).map_or(0, |last| last + 1);
        assert!(kept >= self.sent_durable, "a durable batch of a writer is forgotten");
        self.sent.truncate(kept);
        self.sent_durable = kept;
        let expected: Vec<i64> = self.durable[start as usize..].iter().map(|r| r.id).collect();
        assert_eq!(ids(&log, &self.schema, start, end as LogOffset).unwrap(), expected);
        if let Some(last) = self.durable.last() {
            assert!(log.last_timestamp() >= last.timestamp, "time went back");
        }
        self.log = Some(log);
    }
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..80 {
        world.step();
    }
    world.flip();
}

#[test]
fn the_log_is_a_vector() {
    let seeds = match std::env::var("FLUSS_SEED") {
        Ok(seed) => {
            let seed: u64 = seed.parse().unwrap();
            seed..seed + 1
        }
        Err(_) => 0..std::env::var("FLUSS_SEEDS").map_or(1000, |n| n.parse().unwrap()),
    };
    for seed in seeds {
        if let Err(panic) = std::panic::catch_unwind(|| run(seed)) {
            eprintln!("the run of seed {seed} failed: FLUSS_SEED={seed} runs it alone");
            std::panic::resume_unwind(panic);
        }
    }
}
