//! Commits, with others at work in their middle.
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fluss_types::file::FileSystem;

use crate::check::IDS;
use crate::interleave::Point;
use crate::rows::key;
use crate::tables::SimulatedBucket;
use crate::world::{At, DATA, World};

impl World {
    /// Whether two rows surely fit into the active segment.
    fn room_in_segment(&self, (t, b): At) -> bool {
        const TWO_ROWS: u64 = 8 << 10;
        let Some(table) = &self.tables[t].handle else { return false };
        let dir = Path::new(DATA).join(format!("tables/{}/{}/log", table.meta().table_id, self.folder((t, b))));
        let names = self.disk.list(&dir).unwrap_or_default();
        let active = names.iter().rfind(|n| n.ends_with(".log"));
        let len = active.and_then(|n| self.disk.open(&dir.join(n)).and_then(|f| f.len()).ok());
        len.is_some_and(|len| len + TWO_ROWS <= self.engine.context().log.segment_size)
    }

    /// The folder of a bucket within that of its table.
    pub fn folder(&self, (t, b): At) -> String {
        let table = &self.tables[t];
        let SimulatedBucket { partition, bucket, .. } = &table.buckets[b];
        partition.map_or_else(|| bucket.to_string(), |p| format!("p{}/{bucket}", table.partitions[p].id))
    }

    /// A commit; in its middle perhaps a write and a lookup by somebody else, of this or of another bucket.
    pub fn commit(&mut self) {
        let mut other = None;
        if self.chance(60)
            && let Some(at) = self.pick_bucket(false)
            && let Some(tablet) = self.tables[at.0].buckets[at.1].tablet.clone()
        {
            let point = match self.room_in_segment(at) {
                true => [Point::BeforeSync, Point::AfterSync, Point::BeforeApply, Point::AfterApply][self.pick(4)],
                // A roll would wait for the sync that it is in the middle of.
                false => [Point::BeforeApply, Point::AfterApply][self.pick(2)],
            };
            let write = self.prepare_write(at, 2);
            let now = self.now();
            let made = self.make(at, &write, now);
            let result = Arc::new(Mutex::new(None));
            other = Some((at, made, result.clone()));
            self.trace.line(|| format!("{at:?} to be written {point:?}"));
            let p = self.partition_of(at);
            let keys: Vec<Vec<u8>> = (0..IDS).map(|id| key(id, &p)).collect();
            let keyed = self.tables[at.0].keyed;
            let run = move || {
                let written = tablet.write(&write.rows);
                let mut found = vec![None; keys.len()];
                let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
                let looked_up = if keyed { tablet.lookup(&keys, |i, row| found[i] = Some(row.to_vec())).is_ok() } else { false };
                *result.lock().unwrap() = Some((written, looked_up.then_some(found)));
            };
            self.interleave.set(Some((point, Box::new(run))));
        }
        let random = &mut self.random;
        let ran = self.engine.context().committer.run_next(|n| random.below(n as u64) as usize);
        self.interleave.set(None);
        self.trace.line(|| format!("commit {ran}"));
        if let Some((at, made, result)) = other
            && let Some((written, found)) = result.lock().unwrap().take()
        {
            self.wrote(at, made, written);
            if let Some(found) = found {
                self.check_found(at, &(0..IDS).collect::<Vec<_>>(), &found);
            }
        }
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

    pub fn wait_durable(&mut self) {
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
}
