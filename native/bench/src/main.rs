//! The engine's figures, without a JVM, each beside a floor that is measured in the same run. `integration/bench/RESULTS.md` says what
//! each one means; `scripts/bench` runs this program and then the Java benchmarks.
#![deny(missing_docs)]
#![allow(clippy::print_stdout, reason = "the figures are what this program is for")]

mod append;
mod arrow_file;
mod buckets;
mod data;
mod figure;
mod growth;
mod idle;
mod layout;
mod lookup;
mod process;
mod raw;
mod scan;
mod space;
mod store;
mod upsert;
mod users;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use figure::Figure;
use fluss_types::Compression;

/// Anything that ends a benchmark.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

/// How long to measure.
struct Settings {
    /// Rows of one measurement.
    rows: usize,
    /// Measurements of each figure.
    rounds: usize,
}

/// Measures and gives the figures.
type Run = Box<dyn Fn(&Settings) -> Result<Vec<Figure>>>;

/// A name that `--only` can pick, and what makes its figures.
struct Benchmark {
    name: String,
    /// Takes so long that a glob does not pick it.
    whole_name_only: bool,
    run: Run,
}

/// Compressions: the suffix of the figures' names.
const CODECS: [(&str, Compression); 3] = [("", Compression::Zstd), (".lz4", Compression::Lz4Frame), (".none", Compression::None)];

/// Exit code: no benchmark's name fits the glob.
const NOTHING_FITS: u8 = 3;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NOTHING_FITS),
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Arguments: `--out FILE --commit ID [--only GLOB] [--rows N] [--rounds N]`. False: nothing fits the glob.
fn run() -> Result<bool> {
    process::give_large_memory_back();
    let mut out = None;
    let mut commit = "unknown".to_string();
    let mut only = "*".to_string();
    let mut settings = Settings { rows: 1_000_000, rounds: 7 };
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq(growth::CHILD).is_some() {
        return growth::child(arguments).map(|()| true);
    }
    if arguments.next_if_eq(idle::CHILD).is_some() {
        return idle::child(arguments).map(|()| true);
    }
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--out" => out = Some(PathBuf::from(value)),
            "--commit" => commit = value,
            "--only" => only = value,
            "--rows" => settings.rows = value.parse()?,
            "--rounds" => settings.rounds = value.parse()?,
            _ => return Err(format!("unknown argument {name}").into()),
        }
    }
    let all =
        [append::all(), scan::all(), buckets::all(), idle::all(), upsert::all(), lookup::all(), growth::all(), space::all()];
    let picked = |b: &Benchmark| if b.whole_name_only { only == b.name } else { fits(only.as_bytes(), b.name.as_bytes()) };
    let wanted: Vec<Benchmark> = all.into_iter().flatten().filter(picked).collect();
    if wanted.is_empty() {
        return Ok(false);
    }
    println!("{}", figure::heading());
    let mut lines = String::new();
    for benchmark in &wanted {
        for figure in (benchmark.run)(&settings)? {
            println!("{}", figure.row());
            lines += &figure.json(&commit);
        }
    }
    if let Some(out) = out {
        OpenOptions::new().create(true).append(true).open(out)?.write_all(lines.as_bytes())?;
    }
    Ok(true)
}

/// Whether a name fits a glob of `*` and `?`.
fn fits(glob: &[u8], name: &[u8]) -> bool {
    match (glob.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => fits(rest, name) || name.split_first().is_some_and(|(_, n)| fits(glob, n)),
        (Some((b'?', rest)), Some((_, n))) => fits(rest, n),
        (Some((g, rest)), Some((c, n))) => g == c && fits(rest, n),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_pick_names() {
        let picked = |glob: &str, name: &str| fits(glob.as_bytes(), name.as_bytes());
        assert!(picked("*", "engine.append") && picked("engine.append", "engine.append") && picked("*of20", "engine.scan_2of20"));
        assert!(picked("engine.append*", "engine.append.none") && picked("engine.?ppend", "engine.append"));
        assert!(
            !picked("engine.append", "engine.append.none") && !picked("append", "engine.append") && !picked("", "engine.append")
        );
    }

    #[test]
    fn scans_of_the_engine_and_of_the_floor_agree() {
        // A figure is refused when the sums differ.
        let settings = Settings { rows: 3 * data::BATCH_ROWS, rounds: 1 };
        for benchmark in scan::all().iter().filter(|b| b.name.starts_with("engine.scan_2of20")) {
            assert!((benchmark.run)(&settings).is_ok_and(|f| f[0].values[0] > 0.0), "{}", benchmark.name);
        }
    }
}
