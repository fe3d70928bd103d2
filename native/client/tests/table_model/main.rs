//! Primary-key tables of every merge engine, changelog image and delete behaviour against a model (`model.rs`, `aggregate.rs`), through the API that
//! bindings use and over RocksDB: seeded schemas, upserts, deletes, partial updates, keys repeated in a batch, restarts and kills. Lookups, scans,
//! snapshots with their tail and the changelog must say what the model says. `FLUSS_SEED=n` replays one seed and prints its steps, `FLUSS_SEEDS=n` sets how many
//! run. What the disk may do is the simulation's part (`native/engine/tests/simulation`).
#![allow(clippy::unwrap_used, reason = "test code")]
mod aggregate;
mod check;
mod definition;
mod model;
mod rows;
mod run;

use std::panic::{AssertUnwindSafe, catch_unwind};

use run::Run;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|v| v.parse().unwrap_or_else(|_| panic!("{variable} = '{v}' is no number")))
}

#[test]
fn tables_are_what_the_model_says() {
    if let Some(seed) = number("FLUSS_SEED") {
        Run::new(seed, true).run();
        return;
    }
    let failed: Vec<u64> = (0..number("FLUSS_SEEDS").unwrap_or(30))
        .filter(|seed| catch_unwind(AssertUnwindSafe(|| Run::new(*seed, false).run())).is_err())
        .take(3)
        .collect();
    assert!(
        failed.is_empty(),
        "seeds {failed:?}; replay: FLUSS_SEED={} cargo test --release --workspace --test table_model -- --nocapture",
        failed[0]
    );
}
