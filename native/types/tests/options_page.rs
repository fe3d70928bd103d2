//! `docs/options.md` is the table of options, rendered. A Java test compares the same page with what the connector accepts.
#![allow(clippy::unwrap_used, reason = "test code")]
use std::fmt::Write;
use std::path::Path;

use fluss_types::option::{Kind, OptionSpec, SCOPES};

const PREFACE: &str = "\
# Options

Made from the table in `native/types/src/option`; change it there, then
`FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test options_page` writes this page.

A size is a number with a unit: `b` (when there is none), `kb`, `mb`, `gb`, `tb`, each 1024 times the one before. A duration too: `ns`, `µs`,
`ms` (when there is none), `s`, `min`, `h`, `d`. Names of choices may be in upper or lower case. Where the default is –, the meaning says what holds
when the option is not given. *Alter*: whether `ALTER TABLE … SET` takes it. An unknown option is an error that
names the nearest known one.
";

/// The type as the page shows it: names that are typed as they are in code font.
fn kind(o: &OptionSpec) -> String {
    match o.kind {
        Kind::Choice(names) => names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "),
        Kind::Bool => "`true`, `false`".into(),
        other => other.to_string(),
    }
}

fn page() -> String {
    let mut page = PREFACE.to_string();
    for scope in SCOPES {
        write!(page, "\n## {}\n\n{}\n\n", scope.name, scope.about).unwrap();
        page.push_str("| key | type and unit | default | alter | meaning | price |\n|---|---|---|---|---|---|\n");
        for o in scope.options {
            let default = o.default.map_or("–".into(), |d| format!("`{d}`"));
            let alter = if o.alterable { "yes" } else { "no" };
            let row = [&format!("`{}`", o.key), &kind(o), &default, alter, o.meaning, o.price];
            assert!(row.iter().all(|cell| !cell.is_empty() && !cell.contains(['|', '\n'])), "a cell of {}", o.key);
            writeln!(page, "| {} |", row.join(" | ")).unwrap();
        }
    }
    page
}

#[test]
fn the_committed_page_is_the_table_of_options() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/options.md");
    if std::env::var_os("FLUSS_WRITE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page(),
        "docs/options.md is not what the table of options says: write it with\n    \
         FLUSS_WRITE_GENERATED=1 cargo test --release --workspace --test options_page"
    );
}
