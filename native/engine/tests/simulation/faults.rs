//! What goes wrong: with the disk, the process, the machine; and which errors that explains.
use std::path::Path;

use fluss_testkit::{Fault, Flip, Operation};
use fluss_types::{Error, ErrorCode};

use crate::model::Snapshot;
use crate::world::World;

/// What may go wrong now, so that an error is no bug.
#[derive(Clone, Copy, Debug, Default)]
pub struct Harm {
    /// Faults are armed.
    pub armed: bool,
    /// The disk has a limit.
    pub full: bool,
    /// Faults were armed since the engine was opened.
    pub was_armed: bool,
}

impl World {
    /// An error is a bug unless something was done to the disk.
    pub fn expect_harm(&self, e: &Error) {
        let expected = match e.code() {
            // A full disk alone poisons nothing.
            ErrorCode::Poisoned => self.harm.was_armed || self.disk.is_stopped(),
            ErrorCode::DiskFull => self.harm.full,
            ErrorCode::CorruptSegment
            | ErrorCode::CorruptKv
            | ErrorCode::CorruptMeta
            | ErrorCode::CorruptTransaction
            | ErrorCode::UnknownFormat => self.flipped.is_some(),
            _ => self.harm.armed || self.disk.is_stopped() || (self.flipped.is_some() && e.code() == ErrorCode::Io),
        };
        assert!(expected, "an error without a cause ({:?}, {:?}): {:?} {e}", self.harm, self.flipped, e.code());
    }

    /// Nothing fails any more; what was poisoned stays so.
    pub fn disarm(&mut self) {
        self.disk.disarm();
        self.harm.armed = false;
        self.harm.full = false;
    }

    /// Flips the bit back, unless the file has changed since.
    pub fn mend(&mut self) {
        if let Some(flip) = self.flipped.take() {
            self.trace.line(|| format!("mend {}", flip.path.display()));
            self.disk.flip(&flip);
        }
    }

    pub fn restart_cleanly(&mut self) {
        self.restart();
    }

    pub fn crash_or_power_loss(&mut self) {
        let power_loss = self.chance(60);
        self.die(power_loss);
    }

    /// Something begins to fail.
    pub fn arm(&mut self) {
        let operation = [Operation::Read, Operation::Write, Operation::Sync, Operation::Name][self.pick(4)];
        let fault = if self.chance(60) { Fault::After(self.random.below(6)) } else { Fault::Chance(1 + self.random.below(400)) };
        self.disk.arm(operation, fault);
        self.harm.armed = true;
        self.harm.was_armed = true;
        self.trace.line(|| format!("arm {operation:?} {fault:?}"));
    }

    pub fn stop_soon(&mut self) {
        let n = 1 + self.random.below(30);
        self.disk.stop_at(n);
        self.trace.line(|| format!("stop at edge {n} from here"));
    }

    pub fn fill_disk(&mut self) {
        let space = self.random.below(20_000);
        self.disk.set_space(Some(space));
        self.harm.full = true;
        self.trace.line(|| format!("{space} bytes of room"));
    }

    pub fn repair(&mut self) {
        self.disarm();
        self.trace.line(|| "repair".into());
    }

    /// A bit of a durable file is wrong: it is not read, or reported; never are wrong rows given. Flipped back, all is there.
    pub fn flip_bit(&mut self) {
        self.disarm();
        // Only what is known to be durable can be told from a torn tail: after a crash a tail that is damaged is cut. So all are open,
        // or were closed cleanly.
        self.audit_all();
        if self.chance(60) && !self.restart() {
            return;
        }
        if self.harm.armed || self.disk.is_stopped() {
            return;
        }
        self.settle();
        for _ in 0..4 {
            if !self.look_at_a_flip() {
                break;
            }
        }
        self.harm.was_armed = true;
        self.die(false);
    }

    /// Few bytes of a log are headers of batches, and all that is read depends on them.
    fn move_to_a_header(&mut self, flip: &mut Flip) {
        let bytes = self.disk.image().remove(&flip.path).unwrap();
        let headers: Vec<usize> = (64..bytes.len()).step_by(64).filter(|at| bytes[*at..].starts_with(b"FLUB")).collect();
        if !headers.is_empty() {
            self.disk.flip(flip);
            flip.position = headers[self.pick(headers.len())] as u64 + self.random.below(96);
            self.disk.flip(flip);
        }
    }

    /// Whether the bit could be flipped back.
    fn look_at_a_flip(&mut self) -> bool {
        // What is only staged, nobody reads.
        let is_staged =
            |path: &Path| path.extension().is_none() && path.parent().is_some_and(|dir| dir.ends_with("transactions"));
        let Some(mut flip) = self.disk.flip_any(|path| !is_staged(path)) else { return false };
        if self.chance(40) {
            self.move_to_a_header(&mut flip);
        }
        self.flipped = Some(flip.clone());
        let image = self.disk.image().remove(&flip.path);
        self.trace.line(|| format!("flip {flip:?}"));
        if flip.path.ends_with("lease") {
            // It says where the snapshot's log goes on, so without it the snapshot is of no use and removed.
            let damaged = |s: &&mut Snapshot| flip.path.parent().is_some_and(|dir| dir.ends_with(&s.id));
            let snapshots = self.tables.iter_mut().flat_map(|t| &mut t.buckets).flat_map(|b| &mut b.model.snapshots);
            snapshots.filter(damaged).for_each(|s| s.released = true);
        }
        self.audit_all();
        let prepared = flip.path.extension().is_some_and(|e| e == "prepared") && self.chance(70);
        let alive = !prepared || self.commit_damaged(&flip.path);
        self.settle();
        // What was written since replaced the damage, or is beside it.
        let still = self.disk.image().remove(&flip.path);
        let same = image.zip(still).is_some_and(|(image, still)| still.starts_with(&image));
        if same {
            self.mend();
        }
        self.flipped = None;
        same && alive
    }
}
