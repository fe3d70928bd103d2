//! The storage of one bucket.
mod follow;
mod overwrite;
mod read;
mod recover;
mod retention;
#[cfg(test)]
mod tests;
mod transaction;
mod write;

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::time::Duration;

use fluss_format::{Expiry, RowCodec};
use fluss_kv::{Applied, KvStore, KvStores, PreWriteBuffer};
use fluss_log::{Log, LogOptions};
use fluss_types::file::FileSystem;
use fluss_types::time::Clock;
use fluss_types::{
    Consistency, Error, ErrorCode, LogOffset, MemoryBudget, MemoryGuard, MemoryUser, Merging, PartitionBucket, Result, Schemas,
    TableBucket, TableKind, TableOptions, TablePath,
};

use crate::Committer;
use crate::flow::Share;
use crate::progress::Progress;
use crate::table::TableKv;
use crate::transactions::Transactions;

pub use follow::Followed;
pub use write::Rows;

/// What the tablets of a process share.
pub struct TabletContext {
    /// Where tablets have their files, those of `kv` too.
    pub fs: Arc<dyn FileSystem>,
    /// What the process may hold.
    pub memory: Arc<MemoryBudget>,
    /// The kv stores.
    pub kv: Arc<dyn KvStores>,
    /// Commit threads.
    pub committer: Committer,
    /// Time of commit timestamps and leases.
    pub clock: Arc<dyn Clock>,
    /// Shape of the log files.
    pub log: LogOptions,
}

impl std::fmt::Debug for TabletContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TabletContext").field("log", &self.log).finish_non_exhaustive()
    }
}

/// What ALTER TABLE changes.
#[derive(Debug)]
struct Definition {
    /// Knows all versions of the schema; writes the current one.
    codec: Arc<RowCodec>,
    options: TableOptions,
    /// Positions of the columns whose statistics are taken.
    statistics: Vec<usize>,
    /// What becomes of an old and a new row of one key.
    merging: Merging,
}

impl Definition {
    fn new(schemas: Arc<Schemas>, options: TableOptions) -> Result<Self> {
        let statistics = options.statistics.resolve(schemas.current())?;
        let merging = options.merging(schemas.current())?;
        let codec = Arc::new(RowCodec::with_time(schemas, options.row_ttl.is_some()));
        Ok(Self { codec, options, statistics, merging })
    }

    /// Which rows have expired at a time.
    fn expiry(&self, now_ms: i64) -> Expiry {
        Expiry::at(now_ms, self.options.row_ttl)
    }
}

/// The kv side of a primary-key tablet.
#[derive(Debug)]
struct KvState {
    table: Arc<TableKv>,
    /// Of what the table's tablets may bring in.
    share: Mutex<Share>,
    /// Taken out when the tablet closes, so that the folder can be opened again at once.
    kv: RwLock<Option<Arc<dyn KvStore>>>,
    buffer: RwLock<PreWriteBuffer>,
}

/// What only the one who holds the write lock knows.
#[derive(Debug)]
struct Appended {
    end_offset: LogOffset,
    /// Rows of a primary-key table after all that is appended; exact if the changelog has the rows before each change.
    rows: i64,
    /// Taken for the auto increment column and not given out.
    numbers: Range<i64>,
    /// Bytes that no commit has begun with.
    uncommitted: MemoryGuard,
}

/// One bucket: its log, and for a primary-key table its kv state.
#[derive(Debug)]
pub struct Tablet {
    name: String,
    bucket: TableBucket,
    kind: TableKind,
    definition: RwLock<Arc<Definition>>,
    context: Arc<TabletContext>,
    log: Log,
    kv: Option<KvState>,
    transactions: Transactions,
    /// One commit of an overwrite at a time.
    overwriting: Mutex<()>,
    /// Who uses the files of transactions reads; who closes writes, once nobody may begin any more.
    in_use: RwLock<()>,
    progress: Progress,
    /// Its bytes that are appended and not committed.
    memory: Arc<MemoryUser>,
    /// The greatest commit timestamp that was given.
    time: AtomicI64,
    /// One writer at a time.
    appended: Mutex<Appended>,
    /// One commit at a time.
    committing: Mutex<()>,
    scheduled: AtomicBool,
    closed: AtomicBool,
}

impl Tablet {
    /// Opens or makes the tablet in a folder; replays the log into its part of the kv state of the table, from the applied offset. A log table
    /// has no kv state.
    pub fn open(
        dir: &Path,
        path: &TablePath,
        bucket: TableBucket,
        schemas: Arc<Schemas>,
        options: TableOptions,
        table: Option<Arc<TableKv>>,
        context: Arc<TabletContext>,
    ) -> Result<Arc<Self>> {
        let name = format!("table {path} {}", PartitionBucket { partition: bucket.partition, bucket: bucket.bucket });
        let kind = schemas.current().kind();
        let definition = Definition::new(schemas, options).map_err(|e| e.at(&name))?;
        let transactions = Transactions::open(context.fs.clone(), dir.join("transactions"), bucket, context.clock.now_ms());
        let transactions = transactions.map_err(|e| e.at(&name))?;
        // How far the commit of a transaction came must be known as long as its file is there.
        let mut ids = transactions.ids();
        ids.extend(transactions.overwrite().map(|overwrite| overwrite.id));
        let log = Log::open_keeping(context.fs.clone(), &dir.join("log"), bucket, context.log, &ids);
        let log = log.map_err(|e| e.at(&name))?;
        let mut rows = 0;
        let kv = match table {
            None => None,
            Some(table) => {
                let kv = table.kv.tablet(bucket.partition, bucket.bucket).and_then(|kv| {
                    rows = recover::replay(kv.as_ref(), &log, &definition.codec)?.rows;
                    Ok(kv)
                });
                let kv = RwLock::new(Some(kv.map_err(|e| e.at(&name))?));
                let looked_up_by_prefix = definition.codec.schema().prefix_key().is_some();
                let buffer = if looked_up_by_prefix { PreWriteBuffer::ordered() } else { PreWriteBuffer::default() };
                table.flow.joined();
                Some(KvState { table, share: Mutex::default(), kv, buffer: RwLock::new(buffer) })
            }
        };
        Self::end_commits(&transactions, &log, &context).map_err(|e| e.at(&name))?;
        let (end_offset, log_time) = (log.end_offset(), log.last_timestamp());
        let memory = context.memory.writers().user();
        let uncommitted = memory.take(0);
        let tablet = Arc::new(Self {
            name,
            bucket,
            kind,
            definition: RwLock::new(Arc::new(definition)),
            context,
            log,
            kv,
            transactions,
            overwriting: Mutex::default(),
            in_use: RwLock::default(),
            progress: Progress::new(end_offset),
            memory,
            time: AtomicI64::new(log_time),
            appended: Mutex::new(Appended { end_offset, rows, numbers: 0..0, uncommitted }),
            committing: Mutex::new(()),
            scheduled: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        tablet.go_on_overwriting();
        Ok(tablet)
    }

    fn definition(&self) -> Arc<Definition> {
        self.definition.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows ALTER TABLE: from now on rows are written with the current one of the schemas, and all that is stored is read with them.
    /// An older definition than the present one is let be.
    pub fn alter(&self, schemas: Arc<Schemas>, options: TableOptions) -> Result<()> {
        let next = Definition::new(schemas, options).map_err(|e| e.at(&self.name))?;
        let mut definition = self.definition.write().unwrap_or_else(PoisonError::into_inner);
        if next.codec.schema().id() >= definition.codec.schema().id() {
            *definition = Arc::new(next);
        }
        Ok(())
    }

    /// The codec of its rows, which knows all versions of the schema.
    pub fn codec(&self) -> Arc<RowCodec> {
        self.definition().codec.clone()
    }

    /// Readers stop here: durable, and visible to lookups.
    pub fn high_watermark(&self) -> LogOffset {
        self.progress.high_watermark()
    }

    /// The time by which rows expire: as the clock has it, but not before the last commit timestamp.
    fn now_ms(&self) -> i64 {
        self.context.clock.now_ms().max(self.time.load(Ordering::Relaxed))
    }

    fn appended(&self) -> MutexGuard<'_, Appended> {
        self.appended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses when the tablet is closed, dropped or poisoned, and says why.
    pub fn check_open(&self) -> Result<()> {
        // First: it says why.
        self.progress.check()?;
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorCode::Closed, format!("{}: the store was closed", self.name)));
        }
        Ok(())
    }

    fn kv_state(&self) -> Result<&KvState> {
        self.kv.as_ref().ok_or_else(|| {
            Error::invalid(format!("{}: a log table has no primary key; lookups and snapshots need one", self.name))
        })
    }

    fn store(&self, state: &KvState) -> Result<Arc<dyn KvStore>> {
        let kv = state.kv.read().unwrap_or_else(PoisonError::into_inner).clone();
        kv.ok_or_else(|| Error::new(ErrorCode::Closed, format!("{}: the store was closed", self.name)))
    }

    /// Asks for a commit: at once, or under `eventual` after the flush interval.
    fn schedule_commit(self: &Arc<Self>) {
        if !self.scheduled.swap(true, Ordering::AcqRel) {
            let options = &self.definition().options;
            let after = match options.consistency {
                Consistency::Strong => Duration::ZERO,
                Consistency::Eventual => options.flush_interval,
            };
            self.context.committer.schedule(self.clone(), after);
        }
    }

    /// Makes what is appended durable, then visible in RocksDB, then moves the high watermark. Any failure poisons the tablet.
    pub(crate) fn commit(&self) {
        self.scheduled.store(false, Ordering::Release);
        let _one_at_a_time = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.progress.check().is_err() {
            return;
        }
        let (applied, memory, changes) = {
            let mut appended = self.appended();
            let changes = self.kv.as_ref().map(|k| k.buffer.write().unwrap_or_else(PoisonError::into_inner).begin_commit());
            let applied = Applied { offset: appended.end_offset, rows: appended.rows };
            (applied, appended.uncommitted.split(), changes)
        };
        let committed = self.log.sync().and_then(|_| match (&self.kv, changes) {
            (Some(state), Some(changes)) => {
                self.store(state)?.apply(&changes, applied)?;
                state.buffer.write().unwrap_or_else(PoisonError::into_inner).end_commit();
                state.table.flow.applied(memory.bytes(), &state.share);
                Ok(())
            }
            _ => Ok(()),
        });
        // Before those are woken who wait for it.
        drop(memory);
        match committed {
            Ok(()) => self.progress.committed(applied.offset),
            Err(e) => self.poison(&e),
        }
    }

    /// Refuses everything from now on: what is in memory can no longer be trusted, what is on disk can.
    pub(crate) fn poison(&self, cause: &Error) {
        self.progress.fail(Error::new(
            ErrorCode::Poisoned,
            format!("{}: refused since an earlier failure ({cause}). Close and open the store again: what was acknowledged is on disk", self.name),
        ));
    }

    /// Runs a change of the tablet; a panic half-way poisons it.
    fn or_poison<T>(&self, change: impl FnOnce() -> T) -> T {
        struct Guard<'a>(&'a Tablet);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.poison(&Error::new(ErrorCode::Panic, "a write panicked"));
                }
            }
        }
        let _guard = Guard(self);
        change()
    }

    /// Commits and closes. Later calls fail with `Closed`. What the kv state has in memory its table writes out.
    pub fn close(&self) -> Result<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        // Who appends or stages just now ends first; nobody does after that. The commit of a transaction may wait for what a commit gives back.
        while let Err(TryLockError::WouldBlock) = self.in_use.try_write() {
            self.commit();
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(self.appended());
        self.commit();
        let _no_commit = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        let healthy = self.progress.check();
        self.progress.fail(Error::new(ErrorCode::Closed, format!("{}: the store was closed", self.name)));
        if let Some(state) = &self.kv {
            state.kv.write().unwrap_or_else(PoisonError::into_inner).take();
        }
        healthy.and_then(|()| self.log.write_recovery_point())
    }

    /// Marks the tablet as gone with its table: readers and writers fail with `error`.
    pub fn drop_table(&self, error: Error) {
        self.closed.store(true, Ordering::Release);
        self.progress.fail(error);
        drop(self.in_use.write().unwrap_or_else(PoisonError::into_inner));
        drop(self.appended());
        let _no_commit = self.committing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = &self.kv
            && state.kv.write().unwrap_or_else(PoisonError::into_inner).take().is_some()
        {
            state.table.flow.left();
        }
    }
}
