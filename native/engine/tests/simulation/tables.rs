//! Tables come and go; what the catalog says lasts.
use std::sync::Arc;

use fluss_engine::Table;
use fluss_meta::{TableAlteration, TableDeclaration};
use fluss_tablet::{Signal, Tablet};
use fluss_types::{Column, DataType, ErrorCode, SchemaChange, SchemaId, TablePath, TypeRoot};

use crate::merge::{Deletes, MergeEngine, Merging};
use crate::model::Bucket;
use crate::overwrites::Overwriting;
use crate::partitions::SimulatedPartition;
use crate::rows;
use crate::transactions::SimulatedTransaction;
use crate::world::{At, World, said};
use crate::writers::SimulatedWriter;

/// Whether a table is in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    Yes,
    /// Its creation or its drop failed: the next opening says it.
    Unknown,
    No,
}

pub struct SimulatedTable {
    pub path: TablePath,
    pub keyed: bool,
    /// By `p`.
    pub partitioned: bool,
    pub partitions: Vec<SimulatedPartition>,
    /// Of a partition, if there are some.
    pub bucket_count: u32,
    /// Of one with a key.
    pub merging: Merging,
    /// `table.log.ttl`, seconds.
    pub ttl: Option<i64>,
    pub existence: Existence,
    /// Of the last change that was acknowledged.
    pub schema_id: SchemaId,
    pub handle: Option<Table>,
    pub buckets: Vec<SimulatedBucket>,
}

#[derive(Default)]
pub struct SimulatedBucket {
    pub model: Bucket,
    /// Number among the table's.
    pub partition: Option<usize>,
    pub bucket: u32,
    /// Opened and audited in this life of the engine.
    pub tablet: Option<Arc<Tablet>>,
    pub high_watermark: i64,
    pub signal: Arc<Signal>,
    /// They live longer than the engine, as those of clients do.
    pub writers: Vec<SimulatedWriter>,
    /// So do transactions, by what is prepared of them.
    pub transactions: Vec<SimulatedTransaction>,
    pub overwriting: Option<Overwriting>,
    /// An operation was refused because of an earlier failure.
    pub poisoned: bool,
}

impl Merging {
    /// The table options that say it.
    fn options(&self) -> Vec<(&'static str, String)> {
        let mut options = match self.engine {
            MergeEngine::LastRow => vec![],
            MergeEngine::FirstRow => vec![("table.merge-engine", "first_row")],
            MergeEngine::Versioned => {
                vec![("table.merge-engine", "versioned"), ("table.merge-engine.versioned.ver-column", "n")]
            }
            MergeEngine::Aggregation => {
                vec![("table.merge-engine", "aggregation"), ("fields.n.agg", "sum"), ("fields.v.agg", "max")]
            }
        };
        let default = if self.engine == MergeEngine::LastRow { Deletes::Allow } else { Deletes::Ignore };
        if self.deletes != default {
            let behavior = match self.deletes {
                Deletes::Allow => "ALLOW",
                Deletes::Ignore => "IGNORE",
                Deletes::Disable => "DISABLE",
            };
            options.push(("table.delete.behavior", behavior));
        }
        if self.wal {
            options.push(("table.changelog.image", "WAL"));
        }
        let mut options: Vec<(&str, String)> = options.into_iter().map(|(k, v)| (k, v.into())).collect();
        options.extend(self.row_ttl.map(|ttl| ("table.row.ttl", format!("{ttl}ms"))));
        options
    }
}

impl World {
    fn choose_merging(&mut self) -> Merging {
        use MergeEngine::*;
        let engine = [LastRow, LastRow, FirstRow, Versioned, Aggregation][self.pick(5)];
        let deletes = match (engine, self.pick(6)) {
            (LastRow, 0) => Deletes::Ignore,
            (LastRow, 1) => Deletes::Disable,
            (LastRow, _) => Deletes::Allow,
            (_, 0) => Deletes::Disable,
            (Aggregation, 1..4) => Deletes::Allow,
            _ => Deletes::Ignore,
        };
        let row_ttl = self.chance(30).then(|| 1000 + self.random.below(60_000) as i64);
        Merging { engine, deletes, wal: engine != Aggregation && self.chance(30), row_ttl }
    }

    pub fn create_table(&mut self) {
        let path = TablePath::new("db", format!("t{}", self.tables.len()));
        let keyed = self.chance(60);
        let partitioned = self.chance(25);
        let buckets = 1 + self.random.below(3) as u32;
        let consistency = ["strong", "eventual"][self.pick(2)];
        let compression = ["NONE", "LZ4_FRAME", "ZSTD"][self.pick(3)];
        let ttl = self.chance(50).then(|| 1 + self.random.below(60) as i64);
        let statistics = ["", "n", "id, v, n"][self.pick(3)];
        let merging = self.choose_merging();
        let ttl_option = ttl.map_or("-1".into(), |s| format!("{s}s"));
        let options = [
            ("table.log.consistency", consistency),
            ("table.log.arrow.compression.type", compression),
            ("table.log.ttl", &ttl_option),
            ("table.statistics.columns", statistics),
        ];
        let key: &[&str] = if partitioned { &["id", "p"] } else { &["id"] };
        let declaration = TableDeclaration {
            columns: rows::columns(partitioned),
            primary_key: key.iter().filter(|_| keyed).map(|k| (*k).into()).collect(),
            partition_keys: key[1..].iter().map(|k| (*k).into()).collect(),
            bucket_key: Vec::new(),
            bucket_count: buckets,
            comment: String::new(),
            options: options
                .map(|(key, value)| (key, value.to_string()))
                .into_iter()
                .chain(if keyed { merging.options() } else { Vec::new() })
                .map(|(key, value)| (key.into(), value))
                .collect(),
            custom_properties: Default::default(),
        };
        let made = self.engine.create_table(&path, declaration, false);
        self.trace.line(|| {
            format!(
                "create {path} keyed {keyed} partitioned {partitioned} buckets {buckets} {consistency} {compression} ttl {ttl:?} {merging:?}: {}",
                said(&made)
            )
        });
        let existence = match made {
            Ok(_) => Existence::Yes,
            Err(e) => {
                self.expect_harm(&e);
                Existence::Unknown
            }
        };
        let bucket_count = buckets;
        let buckets = match partitioned {
            false => (0..buckets).map(|bucket| SimulatedBucket { bucket, ..Default::default() }).collect(),
            true => Vec::new(),
        };
        self.tables.push(SimulatedTable {
            path,
            keyed,
            partitioned,
            partitions: Vec::new(),
            bucket_count,
            merging,
            ttl,
            existence,
            schema_id: 0,
            handle: None,
            buckets,
        });
        for _ in 0..if partitioned && existence == Existence::Yes { 1 + self.random.below(2) } else { 0 } {
            self.create_partition_of(self.tables.len() - 1);
        }
    }

    pub fn drop_table(&mut self, t: usize) {
        let path = self.tables[t].path.clone();
        let dropped = self.engine.drop_table(&path, false);
        self.trace.line(|| format!("drop {path}: {}", said(&dropped)));
        self.tables[t].existence = match dropped {
            Ok(()) => {
                let e = self.engine.table(&path).unwrap_err();
                assert_eq!(e.code(), ErrorCode::TableNotFound, "{path} was dropped: {e}");
                Existence::No
            }
            Err(e) => {
                self.expect_harm(&e);
                Existence::Unknown
            }
        };
        for bucket in &mut self.tables[t].buckets {
            bucket.tablet = None;
        }
        self.tables[t].handle = None;
    }

    /// What the catalog says of a table after an opening.
    pub fn resolve(&mut self, t: usize) {
        let path = self.tables[t].path.clone();
        let there = match self.engine.meta().table(&path) {
            Ok(meta) => {
                let acknowledged = std::mem::replace(&mut self.tables[t].schema_id, meta.schema_id);
                assert!(
                    meta.schema_id >= acknowledged,
                    "table {path} has schema {} again, {acknowledged} was made",
                    meta.schema_id
                );
                true
            }
            Err(e) => {
                assert_eq!(e.code(), ErrorCode::TableNotFound, "{e}");
                false
            }
        };
        let table = &mut self.tables[t];
        match table.existence {
            Existence::Yes => assert!(there, "table {path} is lost"),
            Existence::No => assert!(!there, "table {path} came back after its drop"),
            Existence::Unknown => table.existence = if there { Existence::Yes } else { Existence::No },
        }
        self.trace.line(|| format!("table {path}: {there}"));
        if self.tables[t].partitioned && self.tables[t].existence == Existence::Yes {
            self.resolve_partitions(t);
        }
    }

    /// Whether a bucket's partition is there, if it has one.
    pub fn is_there(&self, (t, b): At) -> bool {
        let table = &self.tables[t];
        table.buckets[b].partition.is_none_or(|p| table.partitions[p].existence == Existence::Yes)
    }

    /// The name of a bucket's partition.
    pub fn partition_of(&self, (t, b): At) -> Option<Arc<str>> {
        let table = &self.tables[t];
        table.buckets[b].partition.map(|p| table.partitions[p].name.as_str().into())
    }

    /// A bucket of a table that exists.
    pub fn pick_bucket(&mut self, keyed: bool) -> Option<(usize, usize)> {
        let open = self.buckets_there(keyed);
        (!open.is_empty()).then(|| open[self.pick(open.len())])
    }

    /// The buckets of tables and partitions that were not dropped.
    pub fn buckets_there(&self, keyed: bool) -> Vec<At> {
        (0..self.tables.len())
            .filter(|&t| self.tables[t].existence == Existence::Yes && (!keyed || self.tables[t].keyed))
            .flat_map(|t| (0..self.tables[t].buckets.len()).map(move |b| (t, b)))
            .filter(|at| self.is_there(*at))
            .collect()
    }

    pub fn make_table(&mut self) {
        if self.tables.len() < 6 {
            self.create_table();
        }
    }

    pub fn remove_table(&mut self) {
        let Some((t, _)) = self.pick_bucket(false) else { return };
        self.drop_table(t);
    }

    /// Adds a column, drops or moves one that was added, or makes a number wider.
    pub fn alter_table(&mut self) {
        let Some((t, _)) = self.pick_bucket(false) else { return };
        let path = self.tables[t].path.clone();
        let meta = match self.engine.meta().table(&path) {
            Ok(meta) => meta,
            Err(e) => return self.expect_harm(&e),
        };
        let numbers: Vec<&Column> = meta.declaration.columns[2..].iter().filter(|c| c.name != "p").collect();
        let column = numbers[self.pick(numbers.len())];
        let name = vec![column.name.clone()];
        let change = match self.random.below(4) {
            0 if column.name != "n" => SchemaChange::Drop { path: name },
            3 if column.name != "n" => SchemaChange::Move { path: name, after: Some("n".into()) },
            1 if column.data_type.root == TypeRoot::Int => {
                SchemaChange::Widen { path: name, data_type: DataType::new(TypeRoot::BigInt, true).unwrap() }
            }
            _ if numbers.len() < 5 => {
                self.columns_made += 1;
                SchemaChange::Add { parent: Vec::new(), column: rows::number_column(&format!("c{}", self.columns_made)) }
            }
            _ => return,
        };
        let alteration = TableAlteration { changes: vec![change], ..Default::default() };
        let altered = self.engine.alter_table(&path, &alteration);
        self.trace.line(|| format!("alter {path}: {:?}: {}", alteration.changes, said(&altered)));
        match altered {
            Ok(meta) => {
                self.tables[t].schema_id = meta.schema_id;
                if self.tables[t].handle.is_some() {
                    self.tables[t].handle = Some(self.engine.table(&path).unwrap());
                }
            }
            Err(e) => self.expect_harm(&e),
        }
    }
}
