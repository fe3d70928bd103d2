//! What one seed does with a table.
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use arrow_array::ArrayRef;
use fluss_client::{Connection, Lookuper, Table, TransactionalWriter, Writer};
use fluss_meta::{DatabaseMeta, TableDeclaration};
use fluss_proto::admin_request::Request;
use fluss_proto::{self as proto, AdminRequest, AdminResponse};
use fluss_testkit::Random;
use fluss_types::TablePath;
use tempfile::TempDir;

use crate::definition::{Definition, Deletes};
use crate::model::{Model, Write};
use crate::rows;

/// A snapshot of a bucket that was not released.
pub struct Pinned {
    pub bucket: u32,
    pub id: String,
    pub offset: i64,
}

pub struct Run {
    pub random: Random,
    print: bool,
    dir: TempDir,
    connection: Arc<Connection>,
    pub table: Arc<Table>,
    /// With the columns that they give.
    writers: Vec<(Option<Vec<usize>>, Writer)>,
    /// Of all columns, in a copy of the table.
    pub in_copy: Lookuper,
    pub model: Model,
    pub snapshots: Vec<Pinned>,
}

fn connect(dir: &Path) -> Arc<Connection> {
    Connection::open([("data.dir".to_string(), dir.to_str().unwrap().to_string())].into()).unwrap()
}

fn in_copy(table: &Arc<Table>) -> Lookuper {
    table.lookuper(0..table.schema().columns().len()).unwrap().in_full_copy().unwrap()
}

fn path() -> TablePath {
    TablePath::new("db", "t")
}

pub fn message_path() -> Option<proto::TablePath> {
    Some(proto::TablePath { database: "db".into(), table: "t".into() })
}

/// Makes the table; the engine is the one that connections to the folder have.
fn create(dir: &Path, definition: &Definition) {
    let engine = fluss_engine::open(&[("data.dir".to_string(), dir.to_str().unwrap().to_string())].into()).unwrap();
    engine.engine().meta().create_database("db", DatabaseMeta::default(), false).unwrap();
    let declaration = TableDeclaration {
        columns: definition.columns.clone(),
        primary_key: definition.key.iter().map(|&k| definition.columns[k].name.clone()).collect(),
        bucket_key: Vec::new(),
        bucket_count: definition.buckets,
        comment: String::new(),
        options: definition.options.clone(),
        custom_properties: Default::default(),
        partition_keys: Vec::new(),
    };
    engine.engine().create_table(&path(), declaration, false).unwrap();
    engine.release().unwrap();
}

/// The files as a process that dies now leaves them. Those of kv stores first: they may be behind the logs, not before them.
fn copy(from: &Path, to: &Path, kv: bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            copy(&source, &target, kv);
        } else if source.components().any(|c| c.as_os_str() == "kv") == kv {
            match fs::copy(&source, &target) {
                Err(e) if e.kind() != ErrorKind::NotFound => panic!("{}: {e}", source.display()),
                _ => {}
            }
        }
    }
}

impl Run {
    pub fn new(seed: u64, print: bool) -> Self {
        let mut random = Random(seed);
        let definition = Definition::random(&mut random);
        if print {
            eprintln!("{definition:#?}");
        }
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), &definition);
        let connection = connect(dir.path());
        let table = connection.table(&path()).unwrap();
        let (writers, in_copy) = (Vec::new(), in_copy(&table));
        Self { random, print, dir, connection, table, writers, in_copy, model: Model::new(definition), snapshots: Vec::new() }
    }

    pub fn run(mut self) {
        for _ in 0..40 {
            match self.random.below(20) {
                0 => self.create_snapshot(),
                1 => self.release_snapshot(),
                2 | 3 => self.flush_and_check(),
                4 if self.random.below(2) == 0 => self.reopen(),
                6 => self.overwrite(),
                5 if self.random.below(2) == 0 => self.kill(),
                _ => self.write(),
            }
            self.check_lookups();
        }
        self.flush_and_check();
        self.reopen();
        self.check();
        self.connection.close().unwrap();
    }

    pub fn say(&self, line: impl FnOnce() -> String) {
        if self.print {
            eprintln!("{}", line());
        }
    }

    pub fn admin(&self, request: Request) -> AdminResponse {
        self.connection.admin(AdminRequest { request: Some(request) }).unwrap()
    }

    pub fn flush_and_check(&mut self) {
        self.writers.iter().for_each(|(_, w)| w.flush().unwrap());
        if self.random.below(3) == 0 {
            self.writers.clear();
        }
        self.check();
    }

    fn write(&mut self) {
        let definition = self.model.definition.clone();
        let count = 1 + self.random.below(12) as usize;
        let schema = self.table.schema().clone();
        let columns = rows::random_columns(&definition, &schema, count, &mut self.random);
        let some = self.random.below(3) == 0;
        let deletes: Vec<u8> = (0..count).map(|_| u8::from(some && self.random.below(3) == 0)).collect();
        if definition.deletes == Deletes::Disable && deletes.contains(&1) {
            return self.refused(columns, count);
        }
        let targets = self.targets(&definition);
        let plain = rows::rows(&columns, &definition.columns);
        let writes: Vec<Write> =
            plain.into_iter().zip(&deletes).map(|(row, delete)| Write { row, delete: *delete == 1 }).collect();
        self.say(|| format!("write {targets:?} {writes:?}"));
        let kinds = deletes.contains(&1).then_some(&deletes[..]);
        let rows = rows::batch(self.table.write_schema(), columns);
        self.writer(&targets).write(kinds, &rows).unwrap();
        self.model.write(&writes, targets.as_deref());
    }

    /// What was written before is durable; then two writers, or one, or none, stage what replaces it, and the commit is repeated.
    fn overwrite(&mut self) {
        self.flush_and_check();
        let definition = self.model.definition.clone();
        let schema = self.table.schema().clone();
        let (mut staged, mut prepared) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.random.below(2) {
            let targets = self.targets(&definition);
            let writer: TransactionalWriter = match &targets {
                None => self.table.writer(),
                Some(columns) => self.table.partial_writer(columns),
            }
            .unwrap()
            .overwriting();
            for _ in 0..self.random.below(4) {
                let count = 1 + self.random.below(12) as usize;
                let columns = rows::random_columns(&definition, &schema, count, &mut self.random);
                let disabled = definition.deletes == Deletes::Disable || self.random.below(3) > 0;
                let deletes: Vec<u8> = (0..count).map(|_| u8::from(!disabled && self.random.below(3) == 0)).collect();
                let rows = rows::rows(&columns, &definition.columns);
                let writes = rows.into_iter().zip(&deletes).map(|(row, delete)| Write { row, delete: *delete == 1 });
                staged.push((targets.clone(), writes.collect::<Vec<_>>()));
                let kinds = deletes.contains(&1).then_some(&deletes[..]);
                writer.write(kinds, &rows::batch(self.table.write_schema(), columns)).unwrap();
            }
            prepared.push(writer.prepare().unwrap());
        }
        self.say(|| format!("overwrite {staged:?}"));
        prepared.reverse();
        for _ in 0..2 {
            self.connection.commit_overwrite(&prepared, &Default::default()).unwrap();
        }
        self.model.overwrite(&staged);
    }

    /// A partial update: the key and some other columns.
    fn targets(&mut self, definition: &Definition) -> Option<Vec<usize>> {
        if !definition.partial || self.random.below(2) == 0 {
            return None;
        }
        // In any order.
        let mut targets = definition.key.clone();
        for column in (0..definition.columns.len()).filter(|c| !definition.key.contains(c)) {
            if self.random.below(2) == 0 {
                targets.insert(self.random.below(targets.len() as u64 + 1) as usize, column);
            }
        }
        Some(targets)
    }

    /// The writer of some columns.
    fn writer(&mut self, targets: &Option<Vec<usize>>) -> &Writer {
        let found = self.writers.iter().position(|(t, _)| t == targets).unwrap_or_else(|| {
            let writer = match targets {
                None => self.table.writer(),
                Some(columns) => self.table.partial_writer(columns),
            };
            self.writers.push((targets.clone(), writer.unwrap()));
            self.writers.len() - 1
        });
        &self.writers[found].1
    }

    /// Deletes are disabled: nothing of the batch is there.
    fn refused(&mut self, columns: Vec<ArrayRef>, count: usize) {
        let rows = rows::batch(self.table.write_schema(), columns);
        let e = self.writer(&None).write(Some(&vec![1; count]), &rows).unwrap_err();
        self.say(|| format!("refused: {e}"));
        assert!(e.message().contains("table.delete.behavior"), "{e}");
    }

    fn create_snapshot(&mut self) {
        let bucket = self.random.below(self.model.definition.buckets.into()) as u32;
        let made = self.admin(Request::CreateSnapshot(proto::CreateSnapshot {
            path: message_path(),
            buckets: vec![bucket],
            lease_ms: 3_600_000,
            ..Default::default()
        }));
        let made = made.snapshot.unwrap();
        self.say(|| format!("snapshot {made:?} of bucket {bucket}"));
        self.snapshots.push(Pinned { bucket, id: made.snapshot_id, offset: made.offsets[0].offset });
    }

    fn release_snapshot(&mut self) {
        let Some(snapshot) = self.snapshots.pop() else { return };
        self.say(|| format!("release {}", snapshot.id));
        let release = proto::ReleaseSnapshot {
            path: message_path(),
            bucket: snapshot.bucket,
            snapshot_id: snapshot.id,
            ..Default::default()
        };
        self.admin(Request::ReleaseSnapshot(release));
    }

    fn open(&mut self) {
        self.connection = connect(self.dir.path());
        self.table = self.connection.table(&path()).unwrap();
        self.in_copy = in_copy(&self.table);
        self.writers.clear();
    }

    fn reopen(&mut self) {
        self.say(|| "reopen".into());
        self.connection.close().unwrap();
        self.open();
    }

    /// The process dies: another begins with what is in the files, durable or not.
    fn kill(&mut self) {
        self.say(|| "kill".into());
        let dir = tempfile::tempdir().unwrap();
        copy(self.dir.path(), dir.path(), true);
        copy(self.dir.path(), dir.path(), false);
        self.connection.close().unwrap();
        self.dir = dir;
        self.open();
    }
}
