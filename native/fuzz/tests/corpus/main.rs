//! Every fuzz target over its corpus, and over seeded mutations of it. Runs in every `cargo test`.
//!
//! Files `seed-…` are made by the encoders (`seeds.rs`); when a format changes they are written again with
//! `FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test corpus`. Other files are inputs that once failed.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use fluss_fuzz::{TARGETS, Target};
use fluss_testkit::Random;

mod mutate;
mod seeds;

/// Mutated inputs a target. A longer run: `FLUSS_FUZZ_ROUNDS=1000000`.
const ROUNDS: u64 = 5000;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The corpus of a target: name and content, sorted.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let dir = folder(target);
    let files = fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut files: Vec<_> = files
        .map(|f| f.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Runs a target; a panic becomes one that names the input.
fn run(target: (&str, Target), what: &str, input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| target.1(input))).unwrap_or_else(|_| {
        panic!("fuzz target {} fails on {what}; the message is above, the input is (hex):\n{}", target.0, hex(input))
    })
}

#[test]
fn every_target_has_a_corpus_and_a_file_for_cargo_fuzz() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("cargo-fuzz/Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        assert!(root.join(format!("cargo-fuzz/fuzz_targets/{name}.rs")).is_file(), "cargo-fuzz has no target {name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "cargo-fuzz/Cargo.toml lacks {name}");
        assert!(!corpus(name).is_empty(), "no corpus of {name}");
    }
    assert_eq!(fs::read_dir(root.join("corpus")).unwrap().count(), TARGETS.len(), "a corpus without a target");
}

#[test]
fn the_encoders_output_is_accepted() {
    for (name, target) in TARGETS {
        let seeds = seeds::of(name);
        if std::env::var_os("FLUSS_WRITE_GENERATED").is_some() {
            for (file, _) in corpus(name).iter().filter(|(file, _)| file.starts_with("seed-")) {
                fs::remove_file(folder(name).join(file)).unwrap();
            }
            for (i, seed) in seeds.iter().enumerate() {
                fs::write(folder(name).join(format!("seed-{i:02}")), seed).unwrap();
            }
        }
        for (i, seed) in seeds.iter().enumerate() {
            assert!(run((name, *target), &format!("seed {i}"), seed), "target {name} refuses seed {i}, made by the encoder");
        }
    }
}

#[test]
fn the_corpus_is_of_this_format() {
    for (name, target) in TARGETS {
        for (file, input) in corpus(name) {
            let accepted = run((name, *target), &format!("corpus/{name}/{file}"), &input);
            assert!(
                accepted || !file.starts_with("seed-"),
                "corpus/{name}/{file} is refused: it was made by an older encoder. Write it again: FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test corpus"
            );
        }
    }
}

fn mutations(name: &str) {
    let rounds = std::env::var("FLUSS_FUZZ_ROUNDS").map_or(ROUNDS, |n| n.parse().unwrap());
    let target = *TARGETS.iter().find(|(n, _)| *n == name).unwrap();
    let corpus: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, input)| input).collect();
    for seed in 0..rounds {
        let input = mutate::mutate(&corpus, &mut Random(seed));
        run(target, &format!("seed {seed}"), &input);
    }
}

/// A test a target, so that they run beside each other.
macro_rules! mutated {
    ($($target:ident)*) => {
        mod mutated {
            $(#[test] fn $target() { super::mutations(stringify!($target)); })*

            #[test]
            fn every_target_is_here() {
                assert_eq!(fluss_fuzz::TARGETS.iter().map(|t| t.0).collect::<Vec<_>>(), [$(stringify!($target)),*]);
            }
        }
    };
}

mutated!(batch catalog filter lease log message partitions transaction value);
