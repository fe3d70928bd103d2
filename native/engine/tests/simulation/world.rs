//! A machine with an engine on it: what one seed drives. Opening, dying, coming back.
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use fluss_engine::Engine;
use fluss_kv::{CachedKvStores, MemoryKvStores, RowCache};
use fluss_log::LogOptions;
use fluss_meta::DatabaseMeta;
use fluss_tablet::{Committer, Tablet, TabletContext};
use fluss_testkit::{Flip, Random, SimulatedDisk};
use fluss_types::file::FileSystem;
use fluss_types::time::Clock;
use fluss_types::{EngineOptions, MemoryBudget, Result};

use crate::faults::Harm;
use crate::interleave::{Interleave, PointedStores, pointed_files};
use crate::tables::{SimulatedBucket, SimulatedTable};
use crate::trace::Trace;

/// Table and bucket.
pub type At = (usize, usize);

pub const DATA: &str = "/data";

/// Milliseconds that only the seed moves.
#[derive(Debug)]
pub struct SimulatedClock(pub AtomicI64);

impl Clock for SimulatedClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub struct World {
    pub random: Random,
    pub disk: SimulatedDisk,
    pub clock: Arc<SimulatedClock>,
    pub interleave: Interleave,
    pub engine: Arc<Engine>,
    pub tables: Vec<SimulatedTable>,
    pub harm: Harm,
    pub flipped: Option<Flip>,
    pub trace: Trace,
    /// Makes every row another one.
    pub rows_made: i64,
    pub writers_made: i64,
    /// The clock is not set back further.
    pub clock_floor: i64,
    pub columns_made: u32,
}

fn open_engine(
    disk: &SimulatedDisk,
    clock: &Arc<SimulatedClock>,
    segment_size: u64,
    interleave: &Interleave,
    seed: u64,
) -> Result<Arc<Engine>> {
    let options = EngineOptions::parse(&Default::default())?;
    let (stores, random) = (MemoryKvStores::new(disk.fs()), Mutex::new(Random(seed)));
    let pointed = PointedStores { stores, interleave: interleave.clone(), random };
    let context = TabletContext {
        fs: Arc::new(pointed_files(disk.fs(), interleave.clone())),
        memory: Arc::new(MemoryBudget::new(256 << 20)),
        kv: Arc::new(CachedKvStores::new(Arc::new(pointed), RowCache::new(8 << 20))),
        committer: Committer::manual(),
        clock: clock.clone(),
        log: LogOptions { segment_size, index_interval: 1024, writer_expiration_ms: 7 * 86_400_000 },
    };
    Engine::with_context(Path::new(DATA), options, context).map(Arc::new)
}

impl World {
    pub fn new(seed: u64, print: bool) -> Self {
        let mut random = Random(seed);
        let disk = SimulatedDisk::new(random.bits());
        disk.create_dir_all(Path::new(DATA)).unwrap();
        let clock = Arc::new(SimulatedClock(AtomicI64::new(1_000_000)));
        let segment_size = [4096, 16 << 10, 64 << 10][random.below(3) as usize];
        let interleave = Interleave::default();
        let engine = open_engine(&disk, &clock, segment_size, &interleave, seed).unwrap();
        engine.meta().create_database("db", DatabaseMeta::default(), false).unwrap();
        let mut world = Self {
            random,
            disk,
            clock,
            interleave,
            engine,
            tables: Vec::new(),
            harm: Harm::default(),
            flipped: None,
            trace: Trace::new(print),
            rows_made: 0,
            writers_made: 0,
            clock_floor: 0,
            columns_made: 0,
        };
        for _ in 0..1 + world.random.below(3) {
            world.create_table();
        }
        world
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    pub fn pick(&mut self, n: usize) -> usize {
        self.random.below(n as u64) as usize
    }

    pub fn fs(&self) -> Arc<dyn FileSystem> {
        self.disk.fs()
    }

    pub fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The process or the machine dies, and comes back.
    pub fn die(&mut self, power_loss: bool) {
        self.trace.line(|| format!("{}, edges {}", if power_loss { "power loss" } else { "crash" }, self.disk.edges()));
        if power_loss {
            self.disk.power_loss();
        } else {
            self.disk.crash();
        }
        // Its handles are dead: the commits that waited fail, and let go of their tablets.
        while self.engine.context().committer.run_next(|_| 0) {}
        self.open();
    }

    /// Closes the engine and opens it again; whether it was closed cleanly.
    pub fn restart(&mut self) -> bool {
        let closed = self.engine.close();
        while self.engine.context().committer.run_next(|_| 0) {}
        self.trace.line(|| format!("close: {}", said(&closed)));
        match &closed {
            Ok(()) => {
                for bucket in self.tables.iter_mut().flat_map(|t| &mut t.buckets).filter(|b| b.tablet.is_some()) {
                    // Closed cleanly: all of it is acknowledged.
                    bucket.model.seen = bucket.model.end();
                    bucket.model.closed = true;
                }
            }
            Err(e) => self.expect_harm(e),
        }
        if self.disk.is_stopped() {
            let power_loss = self.chance(50);
            self.die(power_loss);
            return false;
        }
        if self.chance(30) {
            self.disk.power_loss();
        }
        self.open();
        closed.is_ok()
    }

    fn open(&mut self) {
        for table in &mut self.tables {
            table.handle = None;
            for bucket in &mut table.buckets {
                let (model, writers) = (std::mem::take(&mut bucket.model), std::mem::take(&mut bucket.writers));
                let (transactions, overwriting) = (std::mem::take(&mut bucket.transactions), bucket.overwriting.take());
                let (partition, bucket_number) = (bucket.partition, bucket.bucket);
                *bucket = SimulatedBucket {
                    model,
                    writers,
                    transactions,
                    overwriting,
                    partition,
                    bucket: bucket_number,
                    ..Default::default()
                };
            }
        }
        if self.chance(80) {
            self.disarm();
        }
        loop {
            self.harm.was_armed = self.harm.armed;
            let segment_size = self.engine.context().log.segment_size;
            let seed = self.random.bits();
            match open_engine(&self.disk, &self.clock, segment_size, &self.interleave, seed) {
                Ok(engine) => {
                    self.engine = engine;
                    break;
                }
                Err(e) => {
                    self.trace.line(|| format!("open: {:?}", e.code()));
                    self.expect_harm(&e);
                    if self.disk.is_stopped() {
                        self.disk.power_loss();
                    }
                    self.mend();
                    self.disarm();
                }
            }
        }
        for t in 0..self.tables.len() {
            self.resolve(t);
        }
    }

    pub fn bucket(&mut self, (t, b): (usize, usize)) -> &mut SimulatedBucket {
        &mut self.tables[t].buckets[b]
    }

    /// The tablet of a bucket, opened and audited if it was not open; `None`: it cannot be opened now.
    pub fn tablet(&mut self, at: (usize, usize)) -> Option<Arc<Tablet>> {
        if let Some(tablet) = &self.bucket(at).tablet {
            return Some(tablet.clone());
        }
        if self.tables[at.0].handle.is_none() {
            match self.engine.table(&self.tables[at.0].path) {
                Ok(handle) => self.tables[at.0].handle = Some(handle),
                Err(e) => {
                    self.expect_harm(&e);
                    return None;
                }
            }
        }
        let table = &self.tables[at.0];
        let SimulatedBucket { partition, bucket, .. } = table.buckets[at.1];
        let partition = partition.map_or(0, |p| table.partitions[p].id);
        let opened = table.handle.as_ref().unwrap().tablet((partition, bucket));
        self.trace.line(|| format!("open tablet {at:?}: {}", said(&opened)));
        match opened {
            Ok(tablet) => self.opened(at, &tablet).then_some(tablet),
            Err(e) => {
                self.expect_harm(&e);
                None
            }
        }
    }
}

/// A result for the trace.
pub fn said<T>(result: &Result<T>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(e) => format!("{:?}", e.code()),
    }
}
