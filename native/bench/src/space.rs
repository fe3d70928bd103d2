//! `engine.space`: what a table takes on disk after each of its rows was updated five times and the log of that has expired. Floor: the live rows alone in
//! RocksDB with the same options, compacted.
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fluss_testkit::Random;

use crate::figure::Figure;
use crate::raw::{self, Raw};
use crate::store::Store;
use crate::upsert::write;
use crate::users::Users;
use crate::{Benchmark, Result, Settings, process};

/// Updates of each row, about.
const UPDATES: usize = 5;
/// How long the log is waited for.
const AT_MOST: Duration = Duration::from_secs(60);

pub(crate) fn all() -> Vec<Benchmark> {
    vec![Benchmark { name: "engine.space".into(), whole_name_only: false, run: Box::new(measure) }]
}

fn measure(settings: &Settings) -> Result<Vec<Figure>> {
    let keys = settings.rows;
    let store = Store::with_options(&[("log.retention.check-interval", "200ms")])?;
    let table = store.users(1, &[("table.log.ttl", "1s")])?;
    let (users, writer) = (Users::new(&table), table.writer()?);
    let raw_dir = store.dir().join("raw");
    let raw = Raw::open(&raw_dir, &raw::engine_options(256 << 20))?;
    for batch in users.every(keys) {
        let batch = batch?;
        writer.write(None, &batch)?;
        raw.put(&users.stored([&batch])?)?;
    }
    let mut random = Random(5);
    for _ in 0..UPDATES {
        let batches = users.random(keys, keys, &mut random)?;
        write(&writer, &batches)?;
        raw.put(&users.stored(&batches)?)?;
    }
    raw.compact()?;
    // The log is empty but for its files' headers.
    let of = |what: &str| -> Result<u64> {
        let is_log = |p: &PathBuf| p.components().any(|c| c.as_os_str() == "log");
        let files = process::files_below(&store.dir().join("store"))?;
        let files = files.iter().filter(|p| is_log(p) == (what == "log"));
        Ok(files.map(|p| std::fs::metadata(p).map_or(0, |m| m.len())).sum())
    };
    let start = Instant::now();
    while of("log")? > 1 << 20 {
        if start.elapsed() > AT_MOST {
            return Err("the log does not expire".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    process::settle();
    let (kv, log) = (of("kv")?, of("log")?);
    let live = process::files_below(&raw_dir)?
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "sst"))
        .map(|p| p.metadata().map_or(0, |m| m.len()))
        .sum::<u64>();
    drop(writer);
    drop(table);
    store.close()?;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(vec![Figure { name: "engine.space".into(), unit: "MiB", values: vec![mib(kv + log)], floors: vec![mib(live)] }])
}
