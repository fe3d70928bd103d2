//! Tables of every kind, from a seed.
use std::collections::BTreeMap;

use fluss_testkit::{Random, random_schema};
use fluss_types::{Column, DataType, TypeRoot};

use crate::aggregate::Function;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeEngine {
    /// None: the last row stays.
    LastRow,
    FirstRow,
    /// Position of the version column.
    Versioned(usize),
    Aggregation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletes {
    Allow,
    Ignore,
    Disable,
}

/// A primary-key table as it is declared.
#[derive(Clone, Debug)]
pub struct Definition {
    pub columns: Vec<Column>,
    /// Positions, in key order.
    pub key: Vec<usize>,
    pub buckets: u32,
    pub engine: MergeEngine,
    /// `table.changelog.image` is `WAL`, not `FULL`.
    pub wal: bool,
    pub deletes: Deletes,
    /// Of the columns that are not of the key, in aggregation tables.
    pub functions: Vec<Option<Function>>,
    /// All columns outside the key may be NULL, and the engine takes partial updates.
    pub partial: bool,
    pub options: BTreeMap<String, String>,
}

fn pick<T: Clone>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize].clone()
}

fn column(name: &str, root: TypeRoot, nullable: bool) -> Column {
    Column::new(name, DataType::new(root, nullable).unwrap())
}

fn key_columns(random: &mut Random) -> Vec<Column> {
    let string = TypeRoot::VarChar(i32::MAX as u32);
    match random.below(3) {
        0 => vec![column("k", TypeRoot::BigInt, false)],
        1 => vec![column("k", string, false)],
        _ => vec![column("k", TypeRoot::BigInt, false), column("l", string, false)],
    }
}

/// A column that the function takes, and its options.
fn aggregated(random: &mut Random, name: &str) -> (Column, Option<Function>) {
    use Function as F;
    let functions = [
        F::Sum,
        F::Sum,
        F::Product,
        F::Max,
        F::Min,
        F::LastValue,
        F::LastValueIgnoreNulls,
        F::FirstValue,
        F::FirstValueIgnoreNulls,
        F::Join("listagg", None),
        F::Join("listagg", Some("; ")),
        F::Join("string_agg", None),
        F::Join("string_agg", Some("|")),
        F::BoolAnd,
        F::BoolOr,
    ];
    let function = pick(random, &functions);
    loop {
        // `id` is first.
        let found = random_schema(random, false).columns()[1..].iter().find(|c| function.takes(&c.data_type.root)).cloned();
        if let Some(found) = found {
            return (Column::new(name, found.data_type), Some(function));
        }
    }
}

impl Definition {
    pub fn random(random: &mut Random) -> Self {
        let key = key_columns(random);
        let kind = random.below(5);
        let mut values: Vec<(Column, Option<Function>)> = match kind {
            3 => (0..1 + random.below(6)).map(|i| aggregated(random, &format!("c{i}"))).collect(),
            _ => random_schema(random, false).columns()[1..].iter().map(|c| (c.clone(), None)).collect(),
        };
        let partial = matches!(kind, 0 | 3 | 4) && random.below(3) > 0;
        if partial {
            values.iter_mut().for_each(|(c, _)| c.data_type.nullable = true);
        }
        if kind == 2 {
            let roots = [
                TypeRoot::Int,
                TypeRoot::BigInt,
                TypeRoot::Timestamp(random.below(10) as u8),
                TypeRoot::TimestampLtz(random.below(10) as u8),
            ];
            let root = pick(random, &roots);
            let nullable = random.below(2) == 0;
            values.push((column("version", root, nullable), None));
        }
        // The key is anywhere.
        for column in key {
            let at = random.below(values.len() as u64 + 1) as usize;
            values.insert(at, (column, None));
        }
        let (columns, functions): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let position = |name: &str| columns.iter().position(|c| c.name == name);
        let key: Vec<usize> = ["k", "l"].iter().filter_map(|k| position(k)).collect();
        let engine = match kind {
            1 => MergeEngine::FirstRow,
            2 => MergeEngine::Versioned(position("version").unwrap()),
            3 => MergeEngine::Aggregation,
            _ => MergeEngine::LastRow,
        };
        let mut definition = Self {
            columns,
            key,
            buckets: 1 + random.below(3) as u32,
            engine,
            wal: engine != MergeEngine::Aggregation && random.below(3) == 0,
            deletes: Deletes::Allow,
            functions,
            partial,
            options: BTreeMap::new(),
        };
        definition.choose_options(random);
        definition
    }

    fn choose_options(&mut self, random: &mut Random) {
        let mut set = |key: &str, value: &str| drop(self.options.insert(key.into(), value.into()));
        set("table.log.consistency", pick(random, &["strong", "eventual"]));
        set("table.log.arrow.compression.type", pick(random, &["NONE", "LZ4_FRAME", "ZSTD"]));
        match self.engine {
            MergeEngine::LastRow => {}
            MergeEngine::FirstRow => set("table.merge-engine", "first_row"),
            MergeEngine::Versioned(_) => {
                set("table.merge-engine", "versioned");
                set("table.merge-engine.versioned.ver-column", "version");
            }
            MergeEngine::Aggregation => set("table.merge-engine", "aggregation"),
        }
        if self.wal {
            set("table.changelog.image", "WAL");
        }
        let choices: &[Option<Deletes>] = match self.engine {
            MergeEngine::LastRow => &[None, None, Some(Deletes::Allow), Some(Deletes::Ignore), Some(Deletes::Disable)],
            MergeEngine::Aggregation => {
                &[None, Some(Deletes::Allow), Some(Deletes::Allow), Some(Deletes::Ignore), Some(Deletes::Disable)]
            }
            _ => &[None, Some(Deletes::Ignore), Some(Deletes::Disable)],
        };
        let chosen = pick(random, choices);
        if let Some(deletes) = chosen {
            set("table.delete.behavior", &format!("{deletes:?}").to_uppercase());
        }
        let default = if self.engine == MergeEngine::LastRow { Deletes::Allow } else { Deletes::Ignore };
        self.deletes = chosen.unwrap_or(default);
        for (column, function) in self.columns.iter().zip(&self.functions) {
            let Some(function) = function else { continue };
            // The default need not be said.
            if *function != Function::LastValueIgnoreNulls || random.below(2) == 0 {
                self.options.insert(format!("fields.{}.agg", column.name), function.name().into());
            }
            if let Function::Join(name, Some(delimiter)) = function {
                self.options.insert(format!("fields.{}.{name}.delimiter", column.name), (*delimiter).into());
            }
        }
    }
}
