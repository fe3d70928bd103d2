//! `engine.lookup.*`: lookups of random keys in batches of 128 through the client, all columns, one thread. Floor: one multi-get of the same
//! keys in a RocksDB of the same rows with its default options.
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Int64Array, RecordBatch};
use fluss_client::{Lookuper, Table};
use fluss_testkit::Random;

use crate::figure::{Figure, percentile};
use crate::raw::{self, Raw};
use crate::store::Store;
use crate::users::Users;
use crate::{Benchmark, Result, Settings, process};

/// Keys of one lookup.
const BATCH: usize = 128;
/// Time of one measurement.
const TIME: Duration = Duration::from_millis(700);
/// Name, and how many keys of the table are before the ones that are looked up: with all of them before, none is found.
const ALL: [(&str, bool); 2] = [("engine.lookup.hit", true), ("engine.lookup.miss", false)];

pub(crate) fn all() -> Vec<Benchmark> {
    ALL.map(|(name, hits)| Benchmark {
        name: name.into(),
        whole_name_only: false,
        run: Box::new(move |s| measure(name, hits, s)),
    })
    .into()
}

/// Seconds that each batch took.
fn times(mut batch: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let start = Instant::now();
    let mut out = Vec::new();
    while start.elapsed() < TIME {
        let begun = Instant::now();
        batch()?;
        out.push(begun.elapsed().as_secs_f64());
    }
    Ok(out)
}

fn measure(name: &str, hits: bool, settings: &Settings) -> Result<Vec<Figure>> {
    let keys = settings.rows;
    let store = Store::new()?;
    let table = store.users(1, &[])?;
    let writer = table.writer()?;
    let users = Users::new(&table);
    let raw = Raw::open(&store.dir().join("raw"), &raw::untuned())?;
    // Even ids are there.
    for batch in users.every(keys) {
        let batch = batch?;
        let id = batch.column(0);
        let id: &Int64Array = id.as_any().downcast_ref().ok_or("the key is a BIGINT")?;
        let batch = users.batch(id.values().iter().map(|id| 2 * id).collect(), id.value(0) as usize)?;
        writer.write(None, &batch)?;
        raw.put(&users.stored([&batch])?)?;
    }
    writer.flush()?;
    process::settle();
    let lookuper = lookuper(&table)?;
    let mut random = Random(3);
    let mut next = || (0..BATCH).map(|_| 2 * random.below(keys as u64) as i64 + i64::from(!hits)).collect::<Vec<_>>();
    let mut engine = || -> Result<Vec<f64>> {
        times(|| {
            let batch = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(next()))])?;
            check(&lookuper, &batch, hits)
        })
    };
    let mut random = Random(3);
    let mut next = || (0..BATCH).map(|_| 2 * random.below(keys as u64) as i64 + i64::from(!hits)).collect::<Vec<_>>();
    let mut floor = || -> Result<Vec<f64>> {
        times(|| {
            // As the key codec has it: `native/docs/format.md`, "Key".
            let keys: Vec<[u8; 8]> = next().into_iter().map(|id| (id as u64 ^ 1 << 63).to_be_bytes()).collect();
            if (raw.multi_get(keys.iter().map(<[u8; 8]>::as_slice))? > 0) == hits {
                Ok(())
            } else {
                Err("RocksDB has other rows".into())
            }
        })
    };
    engine()?;
    floor()?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        values.push(engine()?);
        floors.push(floor()?);
    }
    drop(lookuper);
    drop(writer);
    drop(table);
    store.close()?;
    let figure = |suffix: &str, unit, of: &dyn Fn(&Vec<f64>) -> f64| Figure {
        name: format!("{name}{suffix}"),
        unit,
        values: values.iter().map(of).collect(),
        floors: floors.iter().map(of).collect(),
    };
    Ok(vec![
        figure("", "keys/s", &|t| (BATCH * t.len()) as f64 / t.iter().sum::<f64>()),
        figure(".p50", "us/key", &|t| 1e6 * percentile(t, 0.5) / BATCH as f64),
        figure(".p99", "us/key", &|t| 1e6 * percentile(t, 0.99) / BATCH as f64),
    ])
}

/// Lookups of all columns.
pub(crate) fn lookuper(table: &Arc<Table>) -> Result<Lookuper> {
    Ok(table.lookuper(0..table.schema().columns().len())?)
}

/// Looks keys up, all of which are there or none.
fn check(lookuper: &Lookuper, keys: &RecordBatch, hits: bool) -> Result<()> {
    let found = lookuper.lookup(keys)?;
    let at = found.row_bytes.ok_or("a lookup says what was found")?;
    if found.bytes[at..at + keys.num_rows()].iter().all(|b| (*b == 1) == hits) {
        Ok(())
    } else {
        Err("a lookup found other rows".into())
    }
}
