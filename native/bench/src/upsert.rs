//! `engine.upsert.*`: random upserts of a loaded primary-key table through the client's writer, one thread, one bucket, strong
//! consistency, and all that it takes: the old row, the changelog, the sync of the log, RocksDB. Floor: RocksDB alone with the same bytes,
//! the same options and no write-ahead log, one thread, nothing synced.
use std::time::Instant;

use arrow_array::RecordBatch;
use fluss_client::Writer;
use fluss_testkit::Random;

use crate::figure::Figure;
use crate::raw::{self, Raw};
use crate::store::Store;
use crate::users::{ROW_BYTES, Stored, Users};
use crate::{Benchmark, Result, Settings, process};

/// What is compared.
#[derive(Clone, Copy)]
enum Floor {
    /// Puts.
    Put,
    /// A get and a put.
    ReadAndPut,
}

/// One of the benchmarks.
#[derive(Clone, Copy)]
struct Upsert {
    name: &'static str,
    /// Of the table.
    options: &'static [(&'static str, &'static str)],
    floor: Floor,
    /// The rows are so many times the memory budget, and the page cache holds none of them. `None`: `memory.size` as shipped.
    over_memory: Option<usize>,
}

const ALL: [Upsert; 4] = [
    Upsert { name: "engine.upsert.full", options: &[], floor: Floor::Put, over_memory: None },
    Upsert { name: "engine.upsert.full.get-put", options: &[], floor: Floor::ReadAndPut, over_memory: None },
    Upsert { name: "engine.upsert.full.5x", options: &[], floor: Floor::ReadAndPut, over_memory: Some(5) },
    Upsert { name: "engine.upsert.wal", options: &[("table.changelog.image", "WAL")], floor: Floor::Put, over_memory: None },
];
/// `memory.size` as shipped.
const MEMORY: usize = 256 << 20;

pub(crate) fn all() -> Vec<Benchmark> {
    ALL.map(|u| Benchmark { name: u.name.into(), whole_name_only: false, run: Box::new(move |s| u.measure(s)) }).into()
}

/// Seconds, and seconds of processor time until the background threads rest too.
struct Cost {
    seconds: f64,
    cpu: f64,
}

/// Measures `work`.
fn cost(work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (start, cpu) = (Instant::now(), process::cpu_seconds());
    work()?;
    let seconds = start.elapsed().as_secs_f64();
    process::settle();
    Ok(Cost { seconds, cpu: process::cpu_seconds() - cpu })
}

/// Writes all and waits until it is durable.
pub(crate) fn write<'a>(writer: &Writer, batches: impl IntoIterator<Item = &'a RecordBatch>) -> Result<()> {
    for batch in batches {
        writer.write(None, batch)?;
    }
    Ok(writer.flush()?)
}

impl Upsert {
    fn measure(&self, settings: &Settings) -> Result<Vec<Figure>> {
        let keys = settings.rows;
        let memory = self.over_memory.map_or(MEMORY, |times| (keys * ROW_BYTES / times).max(16 << 20));
        let store = Store::with_options(&[("memory.size", &memory.to_string())])?;
        let table = store.users(1, self.options)?;
        let writer = table.writer()?;
        let users = Users::new(&table);
        let raw_dir = store.dir().join("raw");
        let raw = Raw::open(&raw_dir, &raw::engine_options(memory))?;
        for batch in users.every(keys) {
            let batch = batch?;
            writer.write(None, &batch)?;
            raw.put(&users.stored([&batch])?)?;
        }
        writer.flush()?;
        process::settle();

        let mut random = Random(1);
        // A read of the disk takes long.
        let rows = if self.over_memory.is_some() { settings.rows / 20 } else { settings.rows / 2 };
        let (mut engine, mut floor) = (Vec::new(), Vec::new());
        let mut round = |rows: usize| -> Result<(Cost, Cost)> {
            let batches = users.random(rows, keys, &mut random)?;
            let stored = users.stored(&batches)?;
            let both = || Ok((cost(|| write(&writer, &batches))?, cost(|| self.floor(&raw, &stored))?));
            if self.over_memory.is_some() { process::without_page_cache(store.dir(), both) } else { both() }
        };
        round(rows / 2)?;
        for _ in 0..settings.rounds {
            let (e, f) = round(rows)?;
            engine.push(e);
            floor.push(f);
        }
        drop(writer);
        drop(table);
        store.close()?;
        let figure = |suffix: &str, unit, of: &dyn Fn(&Cost) -> f64| Figure {
            name: format!("{}{suffix}", self.name),
            unit,
            values: engine.iter().map(of).collect(),
            floors: floor.iter().map(of).collect(),
        };
        Ok(vec![figure("", "rows/s", &|c| rows as f64 / c.seconds), figure(".cpu", "us/row", &|c| 1e6 * c.cpu / rows as f64)])
    }

    fn floor(&self, raw: &Raw, rows: &Stored) -> Result<()> {
        match self.floor {
            Floor::Put => raw.put(rows),
            Floor::ReadAndPut if raw.read_and_put(rows)? == rows.len() => Ok(()),
            Floor::ReadAndPut => Err("RocksDB lacks rows that were put".into()),
        }
    }
}
