//! What the handles stand for, and one registry a type. A child keeps its parent alive.
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use fluss_client::{
    Connection, CopyState, LogScanner, Lookuper, PrefixLookuper, Probe, ReadBatch, SnapshotScanner, Table, TransactionalWriter,
    Writer,
};
use fluss_types::{Error, Result, TablePath};

use crate::completion::Completions;
use crate::handle::Registry;
use crate::input::{InputColumns, PinnedBuffer};

/// Open connections.
pub static CONNECTIONS: Registry<OpenConnection> = Registry::new(1, "a connection");
/// Open tables.
pub static TABLES: Registry<OpenTable> = Registry::new(2, "a table");
/// Open writers.
pub static WRITERS: Registry<OpenWriter> = Registry::new(3, "a writer");
/// Open log scanners.
pub static LOG_SCANNERS: Registry<OpenLogScanner> = Registry::new(4, "a log scanner");
/// Open snapshot scanners.
pub static SNAPSHOT_SCANNERS: Registry<OpenSnapshotScanner> = Registry::new(5, "a snapshot scanner");
/// Open lookupers.
pub static LOOKUPERS: Registry<OpenLookuper> = Registry::new(6, "a lookuper");
/// Probes.
pub static PROBES: Registry<OpenProbe> = Registry::new(9, "a probe");
/// Ended asynchronous calls whose answers Java has not taken; the batches themselves are tag 7, in `output`.
pub static RESULTS: Registry<Mutex<Option<Result<ReadBatch>>>> = Registry::new(8, "a result");

/// What Java has opened and not closed: connections, tables, writers, scanners, lookupers, probes, of all class loaders. Batches are counted in bytes.
pub fn open_handles() -> usize {
    CONNECTIONS.len()
        + TABLES.len()
        + WRITERS.len()
        + LOG_SCANNERS.len()
        + SNAPSHOT_SCANNERS.len()
        + LOOKUPERS.len()
        + PROBES.len()
}

/// The asynchronous calls of a connection.
pub type LookupCalls = Completions<ReadBatch>;

static CALLS: LazyLock<Mutex<HashMap<i64, Arc<LookupCalls>>>> = LazyLock::new(Mutex::default);

/// The asynchronous calls by connection handle. An entry outlives its connection until Java has fetched every call.
pub fn calls() -> MutexGuard<'static, HashMap<i64, Arc<LookupCalls>>> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection.
pub struct OpenConnection {
    /// The client's.
    pub connection: Arc<Connection>,
    /// Its asynchronous calls.
    pub calls: Arc<LookupCalls>,
}

/// A table.
pub struct OpenTable {
    /// The client's.
    pub table: Arc<Table>,
    /// For messages.
    pub path: TablePath,
    /// Its parent.
    pub parent: Arc<OpenConnection>,
}

/// A writer.
pub struct OpenWriter {
    /// The client's.
    pub writer: AnyWriter,
    /// Positions of the columns that rows come in; empty: all.
    pub targets: Vec<usize>,
    /// These columns.
    pub columns: InputColumns,
    /// Its parent.
    pub parent: Arc<OpenTable>,
}

/// A writer of either kind.
pub enum AnyWriter {
    /// Rows are seen when they are durable.
    Plain(Writer),
    /// Rows are seen when they are committed.
    Transactional(TransactionalWriter),
}

impl AnyWriter {
    /// Writes rows in the layout of the table.
    pub fn write(&self, kinds: Option<&[u8]>, rows: &RecordBatch) -> Result<()> {
        match self {
            Self::Plain(writer) => writer.write(kinds, rows),
            Self::Transactional(writer) => writer.write(kinds, rows),
        }
    }

    /// The one that flushes.
    pub fn plain(&self) -> Result<&Writer> {
        match self {
            Self::Plain(writer) => Ok(writer),
            Self::Transactional(_) => Err(Error::invalid("a transactional writer is not flushed but prepared")),
        }
    }

    /// The one that prepares and aborts.
    pub fn transactional(&self) -> Result<&TransactionalWriter> {
        match self {
            Self::Transactional(writer) => Ok(writer),
            Self::Plain(_) => Err(Error::invalid("the writer is not transactional: it has nothing to prepare or abort")),
        }
    }
}

/// A reader of the log.
pub struct OpenLogScanner {
    /// The client's.
    pub scanner: LogScanner,
    /// How many nodes the projected columns have.
    pub nodes: usize,
    /// Its parent.
    pub parent: Arc<OpenTable>,
}

/// A reader of a snapshot.
pub struct OpenSnapshotScanner {
    /// The client's.
    pub scanner: SnapshotScanner,
    /// How many nodes the projected columns have.
    pub nodes: usize,
    /// Its parent.
    pub parent: Arc<OpenTable>,
}

/// A lookup of either kind.
pub enum AnyLookuper {
    /// By primary key.
    Key(Lookuper),
    /// By the beginning of it.
    Prefix(PrefixLookuper),
}

impl AnyLookuper {
    /// How many nodes the projected columns have.
    pub fn nodes(&self) -> usize {
        match self {
            Self::Key(lookuper) => lookuper.projection().nodes(),
            Self::Prefix(lookuper) => lookuper.projection().nodes(),
        }
    }

    /// What the copy of the table is, if rows are looked up in one.
    pub fn copy_state(&self) -> Option<CopyState> {
        match self {
            Self::Key(lookuper) => lookuper.copy_state(),
            Self::Prefix(lookuper) => lookuper.copy_state(),
        }
    }

    /// The rows of some keys.
    pub fn lookup(&self, keys: &RecordBatch) -> Result<ReadBatch> {
        match self {
            Self::Key(lookuper) => lookuper.lookup(keys),
            Self::Prefix(lookuper) => Ok(lookuper.lookup(keys)?.rows),
        }
    }
}

/// A lookup.
pub struct OpenLookuper {
    /// The client's.
    pub lookuper: AnyLookuper,
    /// The columns that keys come in.
    pub key: InputColumns,
    /// How many nodes the projected columns have.
    pub nodes: usize,
    /// Its parent.
    pub parent: Arc<OpenTable>,
}

/// Looks up keys one by one.
pub struct OpenProbe {
    /// The client's; one thread at a time.
    pub probe: Mutex<Probe>,
    /// Where keys and rows lie.
    pub memory: PinnedBuffer,
    /// Its parent.
    pub parent: Arc<OpenLookuper>,
}

/// Closes a connection and what was opened through it; calls that run keep what they use until they end.
pub fn close_connection(handle: i64) -> Result<()> {
    let Some(open) = CONNECTIONS.remove(handle) else {
        return Ok(());
    };
    open.calls.close();
    if open.calls.is_drained() {
        calls().remove(&handle);
    }
    let ours = |table: &OpenTable| Arc::ptr_eq(&table.parent, &open);
    for scanner in LOG_SCANNERS.remove_if(|s| ours(&s.parent)) {
        scanner.scanner.close();
    }
    drop(WRITERS.remove_if(|w| ours(&w.parent)));
    drop(SNAPSHOT_SCANNERS.remove_if(|s| ours(&s.parent)));
    drop(PROBES.remove_if(|p| ours(&p.parent.parent)));
    drop(LOOKUPERS.remove_if(|l| ours(&l.parent)));
    drop(TABLES.remove_if(ours));
    open.connection.close()
}
