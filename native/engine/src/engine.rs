//! The engine of one data directory.
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use fluss_format::BUCKET_FUNCTION;
use fluss_kv::{CachedKvStores, RocksKvStores};
use fluss_log::LogOptions;
use fluss_meta::{FIRST_NUMBER, LocalMetaStore, PartitionList, TableAlteration, TableDeclaration, TableMeta};
use fluss_tablet::{Committer, TableKv, Tablet, TabletContext};
use fluss_types::file::LocalFileSystem;
use fluss_types::option::{DELETE_BEHAVIOR, SCOPES};
use fluss_types::time::Clock;
use fluss_types::{
    EngineOptions, Error, ErrorCode, FieldId, FieldOption, MemoryBudget, PartitionBucket, PartitionId, Result, Schema, Schemas,
    TableBucket, TableId, TableKind, TableOptions, TablePath, WriterId,
};

use crate::Table;
use crate::auto_partition::TimePartitions;
use crate::background::{Background, Work};
use crate::directory::DataDirectory;
use crate::memory::ProcessMemory;
use crate::retention::retain;

/// Threads that sync and apply. They mostly wait for the disk, which does many syncs at once: `native/docs/consistency.md`, "A file a bucket".
const COMMIT_THREADS: usize = 16;

/// Numbers of idempotent writers are taken from the catalog so many at a time.
const WRITER_IDS: u32 = 1000;

/// A bucket's tablet once it is open; the lock keeps a second thread from opening it too.
type TabletSlot = Arc<Mutex<Option<Arc<Tablet>>>>;
/// The tablets that are open, or being opened or closed.
pub(crate) type Tablets = Mutex<HashMap<TableBucket, TabletSlot>>;

/// A table's kv state once it is open, as [`TabletSlot`].
type KvSlot = Arc<Mutex<Option<Arc<TableKv>>>>;

/// A table's partitions once they are read, as [`TabletSlot`].
type PartitionSlot = Arc<Mutex<Option<Arc<PartitionList>>>>;

#[derive(Debug)]
struct EngineWork {
    retention: Background,
    partitions: Background,
}

/// Catalog, tablets and background work of one data directory.
#[derive(Debug)]
pub struct Engine {
    pub(crate) directory: DataDirectory,
    pub(crate) options: EngineOptions,
    meta: Arc<LocalMetaStore>,
    context: Arc<TabletContext>,
    tablets: Arc<Tablets>,
    /// Of primary-key tables, opened with the first of their tablets.
    kv: Mutex<HashMap<TableId, KvSlot>>,
    /// Of the tables whose partitions were asked for.
    pub(crate) partitions: Mutex<HashMap<TableId, PartitionSlot>>,
    /// Taken from the catalog and not given out.
    writer_ids: Mutex<Range<WriterId>>,
    /// Runs until `close`; a simulation calls [`Engine::retain`] and [`Engine::maintain_partitions`] itself.
    background: Mutex<Option<EngineWork>>,
    /// One ALTER TABLE at a time.
    altering: Mutex<()>,
    closed: AtomicBool,
    /// This engine's part in the memory of the process; given back by `close`.
    memory: Mutex<Option<Arc<ProcessMemory>>>,
}

impl Engine {
    pub(crate) fn open(
        path: &Path,
        options: EngineOptions,
        memory: Arc<ProcessMemory>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        let directory = DataDirectory::lock(path)?;
        let stores = RocksKvStores::new(memory.kv.clone(), options.kv_write_buffer as usize, memory.budget.writers().limit());
        let context = TabletContext {
            fs: Arc::new(LocalFileSystem),
            memory: memory.budget.clone(),
            kv: Arc::new(CachedKvStores::new(Arc::new(stores), memory.kv.row_cache())),
            committer: Committer::start(COMMIT_THREADS)?,
            clock,
            log: LogOptions {
                segment_size: options.segment_size,
                index_interval: options.index_interval,
                writer_expiration_ms: i64::try_from(options.transaction_timeout.as_millis()).unwrap_or(i64::MAX),
            },
        };
        let (retain_every, maintain_every) = (options.retention_check_interval, options.auto_partition_interval);
        let engine = Arc::new(Self::start(directory, options, context, Some(memory))?);
        let tablets = engine.tablets.clone();
        let work = Work {
            thread: "fluss-retention",
            // Nothing is lost: more is kept than need be, until the next time.
            failure: "expired rows could not be removed",
            first: retain_every,
            interval: retain_every,
        };
        // Where somebody has removed the whole folder there is nothing to remove any more, and whoever writes is told.
        let folder = engine.directory.path().to_path_buf();
        let retention = Background::start(work, move || if folder.exists() { retain(&tablets) } else { Ok(()) })?;
        let weak = Arc::downgrade(&engine);
        let work = Work {
            thread: "fluss-partitions",
            failure: "partitions could not be made or dropped",
            // The store may have been closed for days.
            first: Duration::ZERO,
            interval: maintain_every,
        };
        let partitions = Background::start(work, move || weak.upgrade().map_or(Ok(()), |engine| engine.maintain_partitions()))?;
        *engine.background.lock().unwrap_or_else(PoisonError::into_inner) = Some(EngineWork { retention, partitions });
        Ok(engine)
    }

    /// An engine on files, kv stores, commits and a clock that the caller gives: the simulation's. It locks nothing; who opens a folder
    /// twice at once damages it.
    pub fn with_context(path: &Path, options: EngineOptions, context: TabletContext) -> Result<Self> {
        Self::start(DataDirectory::unlocked(path), options, context, None)
    }

    fn start(
        directory: DataDirectory,
        options: EngineOptions,
        context: TabletContext,
        memory: Option<Arc<ProcessMemory>>,
    ) -> Result<Self> {
        let meta = LocalMetaStore::open(context.fs.clone(), directory.path())?;
        directory.remove_orphans(context.fs.as_ref(), &meta.table_ids()?)?;
        Ok(Self {
            directory,
            options,
            meta: Arc::new(meta),
            context: Arc::new(context),
            tablets: Arc::default(),
            kv: Mutex::default(),
            partitions: Mutex::default(),
            writer_ids: Mutex::new(0..0),
            background: Mutex::default(),
            altering: Mutex::default(),
            closed: AtomicBool::new(false),
            memory: Mutex::new(memory),
        })
    }

    /// What its tablets share.
    pub fn context(&self) -> &TabletContext {
        &self.context
    }

    /// Databases and tables.
    pub fn meta(&self) -> &LocalMetaStore {
        &self.meta
    }

    /// Now, in ms since 1970.
    pub fn now_ms(&self) -> i64 {
        self.context.clock.now_ms()
    }

    /// The memory budget of the process.
    pub fn memory(&self) -> &MemoryBudget {
        &self.context.memory
    }

    /// What runs here and what it holds, by name. Memory in bytes, of the whole process: the budget, and what its parts use now.
    pub fn metrics(&self) -> Vec<(&'static str, u64)> {
        let memory = self.memory();
        let (memory_used, kv) = (self.context.kv.memory_used(), self.context.kv.figures());
        let tablets = self.tablets.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is locked is just being opened or closed.
        let open = tablets.values().filter(|slot| slot.try_lock().is_ok_and(|tablet| tablet.is_some())).count();
        let background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = |of: fn(&EngineWork) -> &Background| background.as_ref().map_or(0, |work| of(work).failures());
        vec![
            ("memory.budget", memory.size()),
            ("memory.row-cache", memory_used.row_cache),
            ("memory.block-cache", memory_used.block_cache),
            ("memory.write-buffers", memory_used.write_buffers),
            ("memory.writers", memory.writers().used()),
            ("memory.readers", memory.readers().used()),
            ("memory.copies", memory.copies().used()),
            ("kv.tables", kv.tables),
            ("kv.file-bytes", kv.file_bytes),
            ("kv.level-0-files-max", kv.level0_files),
            ("kv.compaction-pending-bytes", kv.compaction_pending_bytes),
            ("kv.compactions-running", kv.compactions),
            ("kv.flushes-running", kv.flushes),
            ("kv.tables-stalled", kv.stalled),
            ("tablets.open", open as u64),
            ("retention.failures", failures(|work| &work.retention)),
            ("auto-partition.failures", failures(|work| &work.partitions)),
        ]
    }

    /// Copies of tables hold more or less than before: the block cache follows.
    pub fn settle_copies(&self) {
        self.context.kv.lend(&|| self.memory().copies().used());
    }

    pub(crate) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorCode::Closed, "the store was closed"));
        }
        Ok(())
    }

    /// Makes a table. With `if_not_exists` the one that is there is returned as it is.
    pub fn create_table(&self, path: &TablePath, declaration: TableDeclaration, if_not_exists: bool) -> Result<TableMeta> {
        self.check_open()?;
        if if_not_exists && let Ok(table) = self.meta.table(path) {
            return Ok(table);
        }
        let (completed, next_field_id) = self.complete(declaration).map_err(|e| e.at(format_args!("table {path}")))?;
        let made = self.meta.create_table(path, |table_id| {
            Ok(TableMeta {
                table_id,
                schema_id: 0,
                next_field_id,
                next_auto_increment: FIRST_NUMBER,
                created_ms: self.now_ms(),
                bucket_function: BUCKET_FUNCTION.into(),
                declaration: completed,
                schema_history: Vec::new(),
            })
        });
        if let Ok(table) = &made {
            self.maintain_new(path, table);
        }
        // Somebody else may have made it meanwhile.
        made.or_else(|e| if if_not_exists && e.code() == ErrorCode::TableExists { self.meta.table(path) } else { Err(e) })
    }

    /// Checks a declaration and fills in what it leaves open; also gives the next free id of a column.
    fn complete(&self, mut d: TableDeclaration) -> Result<(TableDeclaration, FieldId)> {
        let options = TableOptions::parse(&d.options)?;
        if d.bucket_key.is_empty() && !d.primary_key.is_empty() {
            d.bucket_key = d.primary_key.iter().filter(|k| !d.partition_keys.contains(k)).cloned().collect();
            if d.bucket_key.is_empty() {
                return Err(Error::invalid(format!(
                    "Primary Key constraint {:?} should not be same with partition fields {:?}: a partition would have one row",
                    d.primary_key, d.partition_keys
                )));
            }
        }
        let schema = Schema::new(0, d.columns, &d.primary_key, &d.bucket_key)?.partitioned(&d.partition_keys)?;
        options.check(&schema)?;
        if options.merge.ignores_deletes_by_default() {
            d.options.insert(DELETE_BEHAVIOR.into(), "IGNORE".into());
        }
        d.bucket_key = schema.key_names(schema.bucket_key());
        d.columns = schema.columns().to_vec();
        if d.bucket_count == 0 {
            d.bucket_count = self.options.default_buckets;
        }
        if d.bucket_count > self.options.max_buckets {
            return Err(Error::new(
                ErrorCode::InvalidOption,
                format!(
                    "'bucket.num' = '{}': at most {} are allowed ('max.bucket.num')",
                    d.bucket_count, self.options.max_buckets
                ),
            ));
        }
        TimePartitions::of(&d)?;
        Ok((d, schema.next_field_id()))
    }

    /// Changes a table. Rows that are stored stay as they are and are read with the new schema.
    pub fn alter_table(&self, path: &TablePath, alteration: &TableAlteration) -> Result<TableMeta> {
        self.check_open()?;
        let _in_the_order_of_the_catalog = self.altering.lock().unwrap_or_else(PoisonError::into_inner);
        let altered = self.meta.alter_table(path, |table| {
            check_alterable(alteration)
                .and_then(|()| table.alter(alteration))
                .and_then(|next| {
                    let options = TableOptions::parse(&next.declaration.options)?;
                    options.check(&next.schema()?)?;
                    options.check_change(&TableOptions::parse(&table.declaration.options)?)?;
                    TimePartitions::of(&next.declaration)?;
                    Ok(next)
                })
                .map_err(|e| e.at(format_args!("table {path}")))
        })?;
        let (schemas, options) = definition(&altered)?;
        for (_, slot) in self.slots(|b| b.table_id == altered.table_id) {
            if let Some(tablet) = slot.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                tablet.alter(schemas.clone(), options.clone())?;
            }
        }
        let kv = self.kv.lock().unwrap_or_else(PoisonError::into_inner).get(&altered.table_id).cloned();
        if let Some(kv) = kv.as_ref().and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).clone()) {
            kv.alter(&options);
        }
        self.maintain_new(path, &altered);
        Ok(altered)
    }

    /// Gives a table another name in its database. Its readers, writers and transactions go on.
    pub fn rename_table(&self, path: &TablePath, name: &str) -> Result<TableMeta> {
        self.check_open()?;
        self.meta.rename_table(path, name)
    }

    /// Opens a table.
    pub fn table(self: &Arc<Self>, path: &TablePath) -> Result<Table> {
        self.check_open()?;
        self.opened(path.clone(), self.meta.table(path)?)
    }

    pub(crate) fn opened(self: &Arc<Self>, path: TablePath, meta: TableMeta) -> Result<Table> {
        if meta.bucket_function != BUCKET_FUNCTION {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!(
                    "table {path} has the bucket function '{}'; this program knows '{BUCKET_FUNCTION}'",
                    meta.bucket_function
                ),
            ));
        }
        let schema = Arc::new(meta.schema()?);
        let unpartitioned = if schema.partition_key().is_empty() { meta.declaration.bucket_count } else { 0 };
        let tablets = (0..unpartitioned).map(|_| OnceLock::new()).collect();
        Ok(Table { engine: self.clone(), path, meta, schema, tablets })
    }

    pub(crate) fn new_writer_id(&self) -> Result<WriterId> {
        let mut ids = self.writer_ids.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = ids.next() {
            return Ok(id);
        }
        let first = self.meta.reserve_writer_ids(WRITER_IDS).inspect_err(|e| self.stop_if_poisoned(e))?;
        *ids = first + 1..first + WriterId::from(WRITER_IDS);
        Ok(first)
    }

    fn slot(&self, bucket: TableBucket) -> TabletSlot {
        self.tablets.lock().unwrap_or_else(PoisonError::into_inner).entry(bucket).or_default().clone()
    }

    /// The slots of the tablets that are wanted.
    fn slots(&self, wanted: impl Fn(&TableBucket) -> bool) -> Vec<(TableBucket, TabletSlot)> {
        let tablets = self.tablets.lock().unwrap_or_else(PoisonError::into_inner);
        tablets.iter().filter(|(bucket, _)| wanted(bucket)).map(|(bucket, slot)| (*bucket, slot.clone())).collect()
    }

    /// Makes the tablets that are wanted fail with an error and forgets them. Who opens one at the same time comes before, or finds
    /// that the catalog no longer has it.
    pub(crate) fn stop(&self, wanted: impl Fn(&TableBucket) -> bool, error: &Error) {
        for (bucket, slot) in self.slots(wanted) {
            if let Some(tablet) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                tablet.drop_table(error.clone());
            }
            self.tablets.lock().unwrap_or_else(PoisonError::into_inner).remove(&bucket);
        }
    }

    pub(crate) fn tablet(&self, table: &Table, bucket: PartitionBucket) -> Result<Arc<Tablet>> {
        let table_id = table.meta.table_id;
        let table_bucket = bucket.of(table_id);
        let slot = self.slot(table_bucket);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        // Both are looked at under the slot's lock, which closing and dropping take too.
        self.check_open()?;
        if let Some(tablet) = slot.as_ref() {
            // ALTER TABLE is in the catalog before it is with the tablets: who knows of it already brings it along.
            if tablet.codec().schema().id() < table.schema.id() {
                let (schemas, options) = definition(&table.meta)?;
                tablet.alter(schemas, options)?;
            }
            return Ok(tablet.clone());
        }
        // The table may have been altered since it was opened.
        let (schemas, options) = definition(&self.table_now(&table.path, table_id)?)?;
        self.check_partition(&table.path, table_id, bucket.partition)?;
        let dir = self.directory.bucket(table_bucket);
        let kv = match table.schema.kind() {
            TableKind::Log => None,
            TableKind::PrimaryKey => {
                Some(self.table_kv(table_id, &options).map_err(|e| e.at(format_args!("table {}", table.path)))?)
            }
        };
        let tablet = Tablet::open(&dir, &table.path, table_bucket, schemas, options, kv, self.context.clone())?;
        *slot = Some(tablet.clone());
        Ok(tablet)
    }

    /// What the catalog says now of the table with a number, whose name was `path`.
    pub(crate) fn table_now(&self, path: &TablePath, table_id: TableId) -> Result<TableMeta> {
        self.meta.table_with_id(path, table_id)?.map(|(_, table)| table).ok_or_else(|| dropped(path))
    }

    /// Removes what is left of a partition that was dropped and whose tablets are stopped.
    pub(crate) fn remove_partition(&self, path: &TablePath, table_id: TableId, partition: PartitionId) -> Result<()> {
        let bucket = TableBucket { table_id, partition, bucket: 0 };
        let slot = self.slot(bucket);
        let _not_while_the_table_goes = slot.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_open()?;
        let removed = self.table_now(path, table_id).and_then(|table| self.remove_partition_of(&table, partition));
        self.tablets.lock().unwrap_or_else(PoisonError::into_inner).remove(&bucket);
        removed
    }

    /// First the rows: the folder says that there may be some left. Who asks sees to it that the table stays meanwhile.
    pub(crate) fn remove_partition_of(&self, table: &TableMeta, partition: PartitionId) -> Result<()> {
        if !table.declaration.primary_key.is_empty() {
            let options = TableOptions::parse(&table.declaration.options)?;
            self.table_kv(table.table_id, &options)?.remove_partition(partition)?;
        }
        self.directory.remove_partition(self.context.fs.as_ref(), table.table_id, partition)
    }

    /// The kv state of a primary-key table; who asks holds the slot of a tablet of it, or its partitions.
    fn table_kv(&self, table: TableId, options: &TableOptions) -> Result<Arc<TableKv>> {
        let slot = self.kv.lock().unwrap_or_else(PoisonError::into_inner).entry(table).or_default().clone();
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kv) = slot.as_ref() {
            return Ok(kv.clone());
        }
        let meta = self.meta.clone();
        let reserve = Box::new(move |count, max| meta.reserve_auto_increment(table, count, max));
        let kv = TableKv::open(&self.directory.table(table), options, &self.context, reserve)?;
        *slot = Some(kv.clone());
        Ok(kv)
    }

    /// Drops a table; its readers and writers fail.
    pub fn drop_table(&self, path: &TablePath, if_exists: bool) -> Result<()> {
        self.check_open()?;
        match self.meta.drop_table(path, if_exists).inspect_err(|e| self.stop_if_poisoned(e))? {
            Some(table) => self.remove(&dropped(path), &table),
            None => Ok(()),
        }
    }

    /// Drops a database, with `cascade` its tables too. An error of removing files leaves them to the next opening.
    pub fn drop_database(&self, name: &str, if_exists: bool, cascade: bool) -> Result<()> {
        self.check_open()?;
        let mut result = Ok(());
        for table in self.meta.drop_database(name, if_exists, cascade).inspect_err(|e| self.stop_if_poisoned(e))? {
            let error = Error::new(ErrorCode::TableNotFound, format!("the table was dropped with database '{name}'"));
            // All are gone: none may take rows any longer because the files of another cannot be removed.
            result = result.and(self.remove(&error, &table));
        }
        result
    }

    /// When it is not known whether a table is dropped, nothing more may be acknowledged for it. Its files stay.
    fn stop_if_poisoned(&self, error: &Error) {
        if error.code() != ErrorCode::Poisoned {
            return;
        }
        self.stop(|_| true, error);
        self.abandon_kv(|_| true);
    }

    /// Closes kv states whose tablets are stopped.
    fn abandon_kv(&self, of: impl Fn(TableId) -> bool) {
        let slots: Vec<_> = self.kv.lock().unwrap_or_else(PoisonError::into_inner).extract_if(|table, _| of(*table)).collect();
        for (_, slot) in slots {
            if let Some(kv) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                kv.abandon();
            }
        }
    }

    fn remove(&self, error: &Error, table: &TableMeta) -> Result<()> {
        let slot = self.partitions.lock().unwrap_or_else(PoisonError::into_inner).remove(&table.table_id);
        if let Some(list) = slot.and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take()) {
            // Nobody needs what it refused before.
            let _ = list.close(error.clone());
        }
        self.stop(|b| b.table_id == table.table_id, error);
        self.abandon_kv(|t| t == table.table_id);
        self.directory.remove_table(self.context.fs.as_ref(), table.table_id)
    }

    /// Removes what has outlived `table.log.ttl` from the tablets that are open; the first error is returned, all are tried.
    pub fn retain(&self) -> Result<()> {
        retain(&self.tablets)
    }

    /// Commits what is open and closes all tablets; the first error is returned, all are tried.
    pub fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        let background = self.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(background);
        let slots: BTreeMap<TableBucket, TabletSlot> =
            self.tablets.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        self.context.committer.stop();
        // A catalog that was poisoned has stopped tablets before they could commit.
        let mut result = self.meta.table_ids().map(drop);
        for slot in slots.values() {
            if let Some(tablet) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                result = result.and(tablet.close());
            }
        }
        let slots: Vec<PartitionSlot> =
            self.partitions.lock().unwrap_or_else(PoisonError::into_inner).drain().map(|(_, slot)| slot).collect();
        for slot in slots {
            if let Some(list) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                // One that was poisoned has stopped tablets before they could commit.
                result = result.and(list.close(Error::new(ErrorCode::Closed, "the store was closed")));
            }
        }
        let slots: BTreeMap<TableId, KvSlot> = self.kv.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        for slot in slots.values() {
            if let Some(kv) = slot.lock().unwrap_or_else(PoisonError::into_inner).take() {
                result = result.and(kv.close());
            }
        }
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.meta.close();
        self.directory.unlock();
        result
    }
}

/// Refuses options that stand for good once the table is made; unknown ones are left to the reading of the options.
fn check_alterable(alteration: &TableAlteration) -> Result<()> {
    let is_fixed = |key: &str| SCOPES.iter().flat_map(|s| s.options).any(|o| o.key == key && !o.alterable);
    let fixed = |key: &&String| is_fixed(key) || FieldOption::parse(key).is_some();
    let refused: Vec<String> =
        alteration.set_options.keys().chain(&alteration.reset_options).filter(fixed).map(|k| format!("'{k}'")).collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::InvalidOption,
        format!("the following options are not supported to alter yet: {}. Make a new table with them", refused.join(", ")),
    ))
}

/// What the tablets of a table go by.
fn definition(table: &TableMeta) -> Result<(Arc<Schemas>, TableOptions)> {
    Ok((Arc::new(table.schemas()?), TableOptions::parse(&table.declaration.options)?))
}

pub(crate) fn dropped(path: &TablePath) -> Error {
    Error::new(ErrorCode::TableNotFound, format!("table {path} was dropped"))
}
