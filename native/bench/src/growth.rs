//! `engine.growth.*` and `engine.recovery.*`: a table of many rows in a process of its own, which says what loading and updating it cost and how
//! much memory was resident, and then updates on until it is killed; and how long the store takes after that until it gives the
//! first right row. The rest of the options are as shipped.
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Int64Array, RecordBatch};
use fluss_testkit::Random;

use crate::figure::Figure;
use crate::store::Store;
use crate::upsert::write;
use crate::users::{BATCH_ROWS, SCORE, Users};
use crate::{Benchmark, Result, Settings, lookup, process};

/// The first argument of the process that is killed.
pub(crate) const CHILD: &str = "growth-child";
/// Rows of the tables; whether the benchmark runs only when its name is given in full.
const SIZES: [(&str, usize, bool); 3] = [("1m", 1_000_000, false), ("10m", 10_000_000, false), ("50m", 50_000_000, true)];
/// Random updates whose cost is taken once the table is loaded.
const UPDATES: usize = 500_000;
/// Keys that the first lookup asks for; they have [`MARK`] in [`SCORE`] and are not updated again.
const MARKED: usize = 128;
const MARK: i32 = 123_456_789;
/// A killed process and a recovery, so often.
const KILLS: usize = 3;
/// The process ends by itself after this time.
const AT_MOST: Duration = Duration::from_secs(60);
/// `memory.size` as shipped, MiB.
const BUDGET: f64 = 256.0;

/// What one size of table gave.
type Outcome = Rc<Vec<Figure>>;

pub(crate) fn all() -> Vec<Benchmark> {
    SIZES
        .into_iter()
        .flat_map(|(size, rows, whole_name_only)| {
            // One run gives the figures of both.
            let outcome: Rc<RefCell<Option<Outcome>>> = Rc::default();
            ["engine.growth", "engine.recovery"].map(|group| {
                let (name, outcome) = (format!("{group}.{size}"), outcome.clone());
                let wanted = name.clone();
                let run = move |_: &Settings| {
                    let mut outcome = outcome.borrow_mut();
                    let figures = match &mut *outcome {
                        Some(figures) => figures,
                        None => outcome.insert(Rc::new(measure(size, rows)?)),
                    };
                    Ok(figures.iter().filter(|f| f.name.starts_with(&wanted)).cloned().collect())
                };
                Benchmark { name, whole_name_only, run: Box::new(run) }
            })
        })
        .collect()
}

fn measure(size: &str, rows: usize) -> Result<Vec<Figure>> {
    let dir = tempfile::Builder::new().prefix("fluss-bench-").tempdir()?;
    let mut said: HashMap<String, f64> = HashMap::new();
    let mut recoveries = Vec::new();
    for _ in 0..KILLS {
        let mut child = Killed(
            Command::new(std::env::current_exe()?)
                .args([CHILD, &dir.path().to_string_lossy(), &rows.to_string()])
                .stdout(Stdio::piped())
                .spawn()?,
        );
        let lines = BufReader::new(child.0.stdout.take().ok_or("the process has no output")?).lines();
        let mut ready = false;
        for line in lines {
            let line = line?;
            if line == "ready" {
                ready = true;
                break;
            }
            let (name, value) = line.split_once(' ').ok_or("the process said something else")?;
            said.entry(name.into()).or_insert(value.parse()?);
        }
        if !ready {
            return Err(format!("the process that fills {} ended early", dir.path().display()).into());
        }
        std::thread::sleep(Duration::from_millis(300));
        drop(child);
        recoveries.push(recover(dir.path())?);
    }
    let figure = |name: String, unit, value: &str, floor: Option<f64>| Figure {
        name,
        unit,
        values: said.get(value).copied().into_iter().collect(),
        floors: floor.into_iter().collect(),
    };
    Ok(vec![
        figure(format!("engine.growth.{size}.load"), "rows/s", "load", None),
        figure(format!("engine.growth.{size}.load.cpu"), "us/row", "load-cpu", None),
        figure(format!("engine.growth.{size}.update"), "rows/s", "update", None),
        figure(format!("engine.growth.{size}.update.cpu"), "us/row", "update-cpu", None),
        figure(format!("engine.growth.{size}.memory"), "MiB", "memory", Some(BUDGET)),
        Figure { name: format!("engine.recovery.{size}"), unit: "s", values: recoveries, floors: Vec::new() },
    ])
}

/// A process that is killed, as by `kill -9`, when this goes.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Seconds from nothing to the right rows.
fn recover(dir: &Path) -> Result<f64> {
    let start = Instant::now();
    let store = Store::open(dir, &[])?;
    let table = store.table("users")?;
    let lookuper = lookup::lookuper(&table)?;
    let keys = Int64Array::from_iter_values(0..MARKED as i64);
    let found = lookuper.lookup(&RecordBatch::try_new(table.key_schema(), vec![Arc::new(keys)])?)?;
    let seconds = start.elapsed().as_secs_f64();
    let scores = &found.bytes[found.columns[SCORE].data..][..4 * MARKED];
    if scores.as_chunks::<4>().0.iter().any(|s| i32::from_le_bytes(*s) != MARK) {
        return Err("rows that were acknowledged are gone".into());
    }
    drop(found);
    drop(lookuper);
    drop(table);
    store.close()?;
    Ok(seconds)
}

/// The process that is killed. Arguments: the folder, and the rows of the table, which is made unless it is there. Prints a name and a value a line,
/// and `ready` once it only updates on.
pub(crate) fn child(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let dir = arguments.next().ok_or("no folder")?;
    let rows: usize = arguments.next().ok_or("no number of rows")?.parse()?;
    let store = Store::open(Path::new(&dir), &[])?;
    let mut out = std::io::stdout();
    let mut memory = 0;
    let is_new = store.table("users").is_err();
    let table = if is_new { store.users(1, &[])? } else { store.table("users")? };
    let (users, writer) = (Users::new(&table), table.writer()?);
    if is_new {
        let (start, cpu) = (Instant::now(), process::cpu_seconds());
        // A prime, so that every key comes once, in no order.
        let key = |i: usize| (i as u64 * 982_451_653 % rows as u64) as i64;
        for (n, from) in (0..rows).step_by(BATCH_ROWS).enumerate() {
            writer.write(None, &users.batch((from..rows.min(from + BATCH_ROWS)).map(key).collect(), n)?)?;
            memory = memory.max(process::resident_bytes()?);
        }
        writer.flush()?;
        writeln!(out, "load {}", rows as f64 / start.elapsed().as_secs_f64())?;
        process::settle();
        writeln!(out, "load-cpu {}", 1e6 * (process::cpu_seconds() - cpu) / rows as f64)?;
    }
    let mut random = Random(rows as u64);
    let mut update = |n: usize| -> Result<RecordBatch> {
        users.batch((0..BATCH_ROWS).map(|_| (MARKED as u64 + random.below((rows - MARKED) as u64)) as i64).collect(), n)
    };
    let (start, cpu) = (Instant::now(), process::cpu_seconds());
    for n in 0..UPDATES / BATCH_ROWS {
        writer.write(None, &update(n)?)?;
        memory = memory.max(process::resident_bytes()?);
    }
    writer.flush()?;
    writeln!(out, "update {}", UPDATES as f64 / start.elapsed().as_secs_f64())?;
    process::settle();
    writeln!(out, "update-cpu {}", 1e6 * (process::cpu_seconds() - cpu) / UPDATES as f64)?;
    writeln!(out, "memory {}", memory as f64 / f64::from(1 << 20))?;
    write(&writer, [&users.marked(MARKED, MARK)?])?;
    writeln!(out, "ready")?;
    let start = Instant::now();
    for n in 0.. {
        if start.elapsed() > AT_MOST {
            break;
        }
        writer.write(None, &update(n)?)?;
    }
    Ok(())
}
