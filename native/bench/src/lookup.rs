//! `engine.lookup.*`: lookups of random keys in batches of 128 through the client, all columns, one thread; of `skewed` nine of ten are for one
//! of a hundred keys. Floor: one multi-get of the same keys in a RocksDB of the same rows with its default options.
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
/// Name, and which keys.
const ALL: [(&str, Keys); 3] =
    [("engine.lookup.hit", Keys::There), ("engine.lookup.skewed", Keys::Skewed), ("engine.lookup.miss", Keys::NotThere)];

/// Keys that are looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    There,
    /// All are there; nine of ten are one of a hundredth of them, which lie all over the table.
    Skewed,
    NotThere,
}

impl Keys {
    /// The next of `keys` keys, of which the even ones are there.
    fn next(self, keys: u64, random: &mut Random) -> i64 {
        let n = random.below(keys);
        let n = if self == Self::Skewed && random.below(10) > 0 { n / 100 * 100 } else { n };
        2 * n as i64 + i64::from(self == Self::NotThere)
    }
}

pub(crate) fn all() -> Vec<Benchmark> {
    ALL.map(|(name, keys)| Benchmark {
        name: name.into(),
        whole_name_only: false,
        run: Box::new(move |s| measure(name, keys, s)),
    })
    .into()
}

/// What some lookups took.
struct Taken {
    /// Seconds of each batch.
    batches: Vec<f64>,
    /// Seconds of processor time, of the whole process.
    cpu: f64,
}

impl Taken {
    fn keys(&self) -> f64 {
        (BATCH * self.batches.len()) as f64
    }
}

fn take(mut batch: impl FnMut() -> Result<()>) -> Result<Taken> {
    let (start, cpu) = (Instant::now(), process::cpu_seconds());
    let mut batches = Vec::new();
    while start.elapsed() < TIME {
        let begun = Instant::now();
        batch()?;
        batches.push(begun.elapsed().as_secs_f64());
    }
    Ok(Taken { batches, cpu: process::cpu_seconds() - cpu })
}

fn measure(name: &str, wanted: Keys, settings: &Settings) -> Result<Vec<Figure>> {
    let (keys, hits) = (settings.rows, wanted != Keys::NotThere);
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
    let mut next = || (0..BATCH).map(|_| wanted.next(keys as u64, &mut random)).collect::<Vec<_>>();
    let mut engine = || -> Result<()> {
        let batch = RecordBatch::try_new(table.key_schema(), vec![Arc::new(Int64Array::from(next()))])?;
        check(&lookuper, &batch, hits)
    };
    let mut random = Random(3);
    let mut next = || (0..BATCH).map(|_| wanted.next(keys as u64, &mut random)).collect::<Vec<_>>();
    let mut floor = || -> Result<()> {
        // As the key codec has it: `native/docs/format.md`, "Key".
        let keys: Vec<[u8; 8]> = next().into_iter().map(|id| (id as u64 ^ 1 << 63).to_be_bytes()).collect();
        if (raw.multi_get(keys.iter().map(<[u8; 8]>::as_slice))? > 0) == hits {
            Ok(())
        } else {
            Err("RocksDB has other rows".into())
        }
    };
    // Until the caches hold what they do in the long run.
    for _ in 0..keys.div_ceil(BATCH) {
        engine()?;
        floor()?;
    }
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        values.push(take(&mut engine)?);
        floors.push(take(&mut floor)?);
    }
    drop(lookuper);
    drop(writer);
    drop(table);
    store.close()?;
    let figure = |suffix: &str, unit, of: &dyn Fn(&Taken) -> f64| Figure {
        name: format!("{name}{suffix}"),
        unit,
        values: values.iter().map(of).collect(),
        floors: floors.iter().map(of).collect(),
    };
    Ok(vec![
        figure("", "keys/s", &|t| t.keys() / t.batches.iter().sum::<f64>()),
        figure(".cpu", "us/key", &|t| 1e6 * t.cpu / t.keys()),
        figure(".p50", "us/key", &|t| 1e6 * percentile(&t.batches, 0.5) / BATCH as f64),
        figure(".p99", "us/key", &|t| 1e6 * percentile(&t.batches, 0.99) / BATCH as f64),
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
