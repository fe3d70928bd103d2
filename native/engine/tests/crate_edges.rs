//! The crates depend on each other only as native/README.md says.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Each crate and those right below it; what is below those may be used too.
const EDGES: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("format", &["types"]),
    ("log", &["format"]),
    ("kv", &["format"]),
    ("meta", &["types"]),
    ("tablet", &["log", "kv"]),
    ("engine", &["tablet", "meta"]),
    ("proto", &[]),
    ("client", &["engine", "proto"]),
    ("jni", &["client"]),
    ("jni-loader", &[]),
    ("testkit", &["types"]),
    ("bench", &["client", "testkit"]),
    ("fuzz", &["log", "meta", "proto", "testkit"]),
];

/// Crates that only few of ours may name; the benchmarks measure their floors with RocksDB.
const WALLS: &[(&str, &[&str])] =
    &[("rocksdb", &["kv", "bench"]), ("object_store", &["remote"]), ("jni", &["jni", "jni-loader"])];

fn below(name: &str) -> Vec<&'static str> {
    let direct = EDGES.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, d)| d);
    direct.iter().flat_map(|d| std::iter::once(*d).chain(below(d))).collect()
}

#[test]
fn crates_depend_one_way_only() {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let mut seen = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap().strip_prefix("fluss-").expect("our crates are named fluss-…");
        assert!(EDGES.iter().any(|(n, _)| *n == name), "crate fluss-{name} is not in the list of edges");
        let allowed = below(name);
        for dependency in package["dependencies"].as_array().unwrap() {
            let on = dependency["name"].as_str().unwrap();
            let dev = dependency["kind"] == "dev";
            if let Some(ours) = on.strip_prefix("fluss-") {
                let ok = allowed.contains(&ours) || (dev && ours == "testkit");
                assert!(ok, "fluss-{name} must not depend on {on}");
            }
            if let Some((_, owners)) = WALLS.iter().find(|(wall, _)| *wall == on) {
                assert!(owners.contains(&name), "only {owners:?} may name {on}, fluss-{name} does");
            }
        }
        seen.insert(name.to_string(), ());
    }
    assert_eq!(seen.len(), EDGES.len(), "the list of edges names crates that are gone");
}
