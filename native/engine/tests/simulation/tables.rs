//! Tables come and go; what the catalog says lasts.
use std::sync::Arc;

use fluss_engine::Table;
use fluss_meta::{TableAlteration, TableDeclaration};
use fluss_tablet::{Signal, Tablet};
use fluss_types::{Column, DataType, ErrorCode, SchemaChange, SchemaId, TablePath, TypeRoot};

use crate::model::Bucket;
use crate::rows;
use crate::world::{World, said};
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
    /// Opened and audited in this life of the engine.
    pub tablet: Option<Arc<Tablet>>,
    pub high_watermark: i64,
    pub signal: Arc<Signal>,
    /// They live longer than the engine, as those of clients do.
    pub writers: Vec<SimulatedWriter>,
    /// An operation was refused because of an earlier failure.
    pub poisoned: bool,
}

impl World {
    pub fn create_table(&mut self) {
        let path = TablePath::new("db", format!("t{}", self.tables.len()));
        let keyed = self.chance(60);
        let buckets = 1 + self.random.below(3) as u32;
        let consistency = ["strong", "eventual"][self.pick(2)];
        let compression = ["NONE", "LZ4_FRAME", "ZSTD"][self.pick(3)];
        let ttl = self.chance(50).then(|| 1 + self.random.below(60) as i64);
        let statistics = ["", "n", "id, v, n"][self.pick(3)];
        let ttl_option = ttl.map_or("-1".into(), |s| format!("{s}s"));
        let options = [
            ("table.log.consistency", consistency),
            ("table.log.arrow.compression.type", compression),
            ("table.log.ttl", &ttl_option),
            ("table.statistics.columns", statistics),
        ];
        let declaration = TableDeclaration {
            columns: rows::columns(),
            primary_key: if keyed { vec!["id".into()] } else { Vec::new() },
            bucket_key: Vec::new(),
            partition_keys: Vec::new(),
            bucket_count: buckets,
            comment: String::new(),
            options: options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            custom_properties: Default::default(),
        };
        let made = self.engine.create_table(&path, declaration, false);
        self.trace.line(|| {
            format!("create {path} keyed {keyed} buckets {buckets} {consistency} {compression} ttl {ttl:?}: {}", said(&made))
        });
        let existence = match made {
            Ok(_) => Existence::Yes,
            Err(e) => {
                self.expect_harm(&e);
                Existence::Unknown
            }
        };
        let buckets = (0..buckets).map(|_| SimulatedBucket::default()).collect();
        self.tables.push(SimulatedTable { path, keyed, ttl, existence, schema_id: 0, handle: None, buckets });
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
    }

    /// A bucket of a table that exists.
    pub fn pick_bucket(&mut self, keyed: bool) -> Option<(usize, usize)> {
        let open: Vec<(usize, usize)> = (0..self.tables.len())
            .filter(|&t| self.tables[t].existence == Existence::Yes && (!keyed || self.tables[t].keyed))
            .flat_map(|t| (0..self.tables[t].buckets.len()).map(move |b| (t, b)))
            .collect();
        (!open.is_empty()).then(|| open[self.pick(open.len())])
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

    /// Adds a column, drops one that was added, or makes a number wider.
    pub fn alter_table(&mut self) {
        let Some((t, _)) = self.pick_bucket(false) else { return };
        let path = self.tables[t].path.clone();
        let meta = match self.engine.meta().table(&path) {
            Ok(meta) => meta,
            Err(e) => return self.expect_harm(&e),
        };
        let numbers: Vec<&Column> = meta.declaration.columns[2..].iter().collect();
        let column = numbers[self.pick(numbers.len())];
        let name = vec![column.name.clone()];
        let change = match self.random.below(3) {
            0 if column.name != "n" => SchemaChange::Drop { path: name },
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
