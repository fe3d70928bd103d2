//! Idempotent writers: what is sent again is appended once, also after its first time failed or a crash came between.
use std::sync::Arc;

use fluss_tablet::Tablet;
use fluss_types::{BatchSequence, ErrorCode};

use crate::steps::Write;
use crate::world::{At, World};

/// A writer of one bucket.
#[derive(Debug)]
pub struct SimulatedWriter {
    id: i64,
    next: i32,
    /// The batches that it has, with their sequence, from its first.
    sent: Vec<(i32, Write)>,
}

impl World {
    pub fn write_numbered(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let lost = std::mem::take(&mut self.bucket(at).model.lost_writers);
        self.bucket(at).writers.retain(|w| !lost.contains(&w.id));
        if self.bucket(at).writers.is_empty() || self.chance(10) {
            self.writers_made += 1;
            let id = self.writers_made;
            self.bucket(at).writers.push(SimulatedWriter { id, next: 0, sent: Vec::new() });
        }
        let n = self.bucket(at).writers.len();
        let w = self.pick(n);
        let (choice, back) = (self.random.below(10), self.pick(7));
        let writer = &self.bucket(at).writers[w];
        let id = writer.id;
        let sequence = match choice {
            0 => writer.next + 1,
            1..=4 => writer.sent.iter().rev().nth(back).map_or(writer.next, |s| s.0),
            _ => writer.next,
        };
        // What is sent again is the same.
        if self.bucket(at).writers[w].sent.iter().all(|(s, _)| *s != sequence) {
            let mut write = self.prepare_write(at, 8);
            write.rows.writer = Some(BatchSequence { writer_id: id, sequence });
            self.bucket(at).writers[w].sent.push((sequence, write));
        }
        self.send(at, w, sequence, &tablet);
    }

    fn send(&mut self, at: At, w: usize, sequence: i32, tablet: &Arc<Tablet>) {
        let (now, columns) = (self.now(), self.columns(at));
        let bucket = &mut self.tables[at.0].buckets[at.1];
        let writer = &mut bucket.writers[w];
        let id = writer.id;
        let known = bucket.model.known(id);
        let expected = known.last().map_or(0, |b| b.1 + 1);
        let write = &writer.sent.iter().find(|(s, _)| *s == sequence).unwrap().1;
        let written = tablet.write(&write.rows);
        self.trace.line(|| format!("{at:?} writer {id} sends {sequence}, {expected} is next: {written:?}"));
        if let Some((end, _)) = known.iter().find(|b| b.1 == sequence) {
            return match written {
                Ok(found) => {
                    assert_eq!(found, *end, "{at:?} batch {sequence} of writer {id} was appended before");
                    writer.next = writer.next.max(sequence + 1);
                }
                Err(e) => self.failed(at, &e),
            };
        }
        if sequence != expected {
            writer.sent.retain(|(s, _)| *s != sequence);
            return match written {
                Err(e) if e.code() == ErrorCode::OutOfOrderSequence => {
                    // Batches that nobody had acknowledged are lost: it goes on as another writer.
                    if sequence == writer.next {
                        bucket.writers.remove(w);
                    }
                }
                Err(e) => self.failed(at, &e),
                Ok(_) => panic!("{at:?} batch {sequence} of writer {id} was taken, {expected} was expected"),
            };
        }
        let made = bucket.model.make(write, &columns, now);
        if written.is_ok() {
            writer.next = sequence + 1;
        }
        self.wrote(at, made, written);
    }
}
