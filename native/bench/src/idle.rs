//! Many buckets that nobody writes: what they cost, in a process of their own; and what a new table of many buckets does before its first row.
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::figure::Figure;
use crate::process::{resident_bytes, settle};
use crate::store::Store;
use crate::users::Users;
use crate::{Benchmark, Result};

/// The argument that makes this program the process that is measured.
pub(crate) const CHILD: &str = "idle-child";

const TABLES: usize = 100;
const BUCKETS: u32 = 100;

pub(crate) fn all() -> Vec<Benchmark> {
    vec![Benchmark { name: "engine.buckets.idle".into(), whole_name_only: false, run: Box::new(|_| measure()) }]
}

/// Once: making the buckets takes longest.
fn measure() -> Result<Vec<Figure>> {
    let dir = tempfile::Builder::new().prefix("fluss-bench-").tempdir()?;
    let run = |step: &str| -> Result<String> {
        let out =
            Command::new(std::env::current_exe()?).args([CHILD.as_ref(), step.as_ref(), dir.path().as_os_str()]).output()?;
        if !out.status.success() {
            return Err(format!("{step} of idle buckets: {}", String::from_utf8_lossy(&out.stderr)).into());
        }
        Ok(String::from_utf8(out.stdout)?)
    };
    run("make")?;
    let mut figures = Vec::new();
    for line in run("open")?.lines() {
        let [name, value, unit] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("not a figure: {line}").into());
        };
        let unit = ["s", "MiB", "files"].into_iter().find(|u| *u == unit).ok_or("another unit")?;
        let name = format!("engine.buckets.idle.{name}");
        figures.push(Figure { name, unit, values: vec![value.parse()?], floors: Vec::new() });
    }
    Ok(figures)
}

/// `make FOLDER`: makes the tables, a few rows in each bucket. `open FOLDER`: opens them all and prints figures.
pub(crate) fn child(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let (step, dir) = (arguments.next().ok_or("no step")?, arguments.next().ok_or("no folder")?);
    if step == "make" { make(Path::new(&dir)) } else { open(Path::new(&dir)) }
}

fn name(i: usize) -> String {
    format!("table_{i}")
}

fn make(dir: &Path) -> Result<()> {
    let store = Store::open(dir, &[])?;
    let make = |i: usize| -> Result<()> {
        let table = store.users_as(&name(i), BUCKETS, &[])?;
        let writer = table.writer()?;
        writer.write(None, &Users::new(&table).batch((0..10 * i64::from(BUCKETS)).collect(), i)?)?;
        Ok(writer.flush()?)
    };
    // Opening a log syncs several files; many at once take not much longer than one.
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|t| scope.spawn(move || (t..TABLES).step_by(8).try_for_each(make))).collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| "a writer panicked")?)
    })?;
    store.close()
}

fn open(dir: &Path) -> Result<()> {
    let before = resident_bytes()?;
    let files = || -> Result<usize> { Ok(std::fs::read_dir("/proc/self/fd")?.count()) };
    let files_before = files()?;
    let print = |name: &str, value: f64, unit: &str| println!("{name} {value} {unit}");
    let start = Instant::now();
    let store = Store::open(dir, &[])?;
    print("open", start.elapsed().as_secs_f64(), "s");
    // Whoever asks a bucket for its end opens it.
    let start = Instant::now();
    for i in 0..TABLES {
        store.offsets(&name(i))?;
    }
    print("touch", start.elapsed().as_secs_f64(), "s");
    settle();
    print("memory", (resident_bytes()? - before) as f64 / f64::from(1 << 20), "MiB");
    print("files", (files()? - files_before) as f64, "files");
    // With the others open.
    let rows = Users::new(&*store.table(&name(0))?);
    for (name, keys) in [("first-row", 1), ("first-rows", 10 * i64::from(BUCKETS))] {
        let table = store.users_as(&format!("new_{keys}"), BUCKETS, &[])?;
        let batch = rows.batch((0..keys).collect(), 0)?;
        let start = Instant::now();
        let writer = table.writer()?;
        writer.write(None, &batch)?;
        writer.flush()?;
        print(name, start.elapsed().as_secs_f64(), "s");
    }
    let start = Instant::now();
    store.close()?;
    print("close", start.elapsed().as_secs_f64(), "s");
    Ok(())
}
