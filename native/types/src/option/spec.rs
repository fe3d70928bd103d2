//! What the table of options says of each.
use super::kind::Kind;
use super::{connector, merge, store};

/// One option. Its range and default stand here and nowhere else in the native code.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// Name, unique in the product.
    pub key: &'static str,
    /// Type, unit and allowed values.
    pub kind: Kind,
    /// What holds when it is not given, as one would write it; `None`: see the meaning.
    pub default: Option<&'static str>,
    /// Whether `ALTER TABLE … SET` may change it.
    pub alterable: bool,
    /// What it does.
    pub meaning: &'static str,
    /// What it costs, or that it has no effect yet.
    pub price: &'static str,
}

/// The options that are given in one place and hold there.
#[derive(Clone, Copy, Debug)]
pub struct ScopeSpec {
    /// Heading, one word.
    pub name: &'static str,
    /// Where the options are given, and for what they hold.
    pub about: &'static str,
    /// The options, in the order of the page.
    pub options: &'static [OptionSpec],
}

/// All options. A key is in one scope only.
pub const SCOPES: &[ScopeSpec] = &[
    ScopeSpec {
        name: "Connection",
        about: "Where the store is: in `CREATE CATALOG`, or in `CREATE TABLE` outside a Fluss catalog.",
        options: connector::CONNECTION,
    },
    ScopeSpec { name: "Catalog", about: "In `CREATE CATALOG`.", options: connector::CATALOG },
    ScopeSpec {
        name: "Engine",
        about: "Beside `data.dir`. They hold for a whole data directory as long as it is open: who opens it too and gives \
                others gets an error that names both; who gives none takes those in force.",
        options: store::ENGINE,
    },
    ScopeSpec { name: "Declaration", about: "In `CREATE TABLE`, part of the table for good.", options: connector::DECLARATION },
    ScopeSpec { name: "Table", about: "In `CREATE TABLE`, kept by the store with the table.", options: store::TABLE },
    ScopeSpec {
        name: "Columns",
        about: "In `CREATE TABLE`, with the name of a column in the key; kept by the store with the table.",
        options: merge::COLUMN_OPTIONS,
    },
    ScopeSpec {
        name: "Scan",
        about: "In `CREATE TABLE`, where they are what a query begins with, or in a query's hint \
                `/*+ OPTIONS('key' = 'value') */`.",
        options: connector::SCAN,
    },
    ScopeSpec { name: "Lookup", about: "As those of scans; for lookup joins.", options: connector::LOOKUP },
    ScopeSpec { name: "Sink", about: "As those of scans; for `INSERT INTO`.", options: connector::SINK },
];
