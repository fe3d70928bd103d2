//! A connection to a store.
use std::collections::BTreeMap;
use std::sync::Arc;

use fluss_engine::EngineHandle;
use fluss_format::Committable;
use fluss_proto::{AdminRequest, AdminResponse};
use fluss_types::time::Clock;
use fluss_types::{Result, TablePath};

use crate::{Table, admin};

/// A connection; closing it gives its share of the engine back.
#[derive(Debug)]
pub struct Connection {
    engine: EngineHandle,
}

impl Connection {
    /// Opens the store of `data.dir`; the other options are engine options.
    pub fn open(options: BTreeMap<String, String>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { engine: fluss_engine::open(&options)? }))
    }

    /// As [`Connection::open`], of a store that goes by `clock`.
    pub fn open_with_clock(options: BTreeMap<String, String>, clock: Arc<dyn Clock>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self { engine: fluss_engine::open_with_clock(&options, clock)? }))
    }

    /// Closes the connection; the last one of a process closes the store cleanly. Idempotent.
    pub fn close(&self) -> Result<()> {
        self.engine.release()
    }

    /// What the store holds and how much, by name (`native/README.md` lists them). Memory in bytes, of the whole process.
    pub fn metrics(&self) -> Vec<(&'static str, u64)> {
        self.engine.engine().metrics()
    }

    /// Catalog, offsets and snapshots.
    pub fn admin(&self, request: AdminRequest) -> Result<AdminResponse> {
        admin::handle(&self.engine, request)
    }

    /// Commits what [`TransactionalWriter::prepare`](crate::TransactionalWriter::prepare) gave, now or in an earlier process. Returns when all rows are
    /// durable and visible; each bucket shows its rows when it has them, piece by piece. Repeated, it changes nothing. A transaction that was
    /// aborted or has expired (`transaction.timeout`) is [`TransactionNotFound`](fluss_types::ErrorCode::TransactionNotFound).
    pub fn commit(&self, committable: &Committable) -> Result<()> {
        self.engine.engine().commit_transaction(committable)
    }

    /// Replaces rows by those that overwriting writers of one table have prepared, and returns when that is durable and visible; each bucket does so by
    /// itself. All rows of a table without partitions are replaced, else those of the partitions that get rows, and of the one that `partition`
    /// names (texts by partition key, of all keys; none: no other one), which is made if it is missing. Repeated, it changes nothing.
    pub fn commit_overwrite(&self, prepared: &[Committable], partition: &BTreeMap<String, String>) -> Result<()> {
        self.engine.engine().commit_overwrite(prepared, partition)
    }

    /// Removes all rows of a table; its partitions stay.
    pub fn truncate(&self, path: &TablePath) -> Result<()> {
        self.engine.engine().truncate_table(path)
    }

    /// Ends a transaction whose commit fails and will not succeed: what of it is not committed yet is dropped, and from now on [`Self::commit`]
    /// of it succeeds, so that a job which comes back with it goes on. Also of one that is damaged or has expired. May be repeated.
    pub fn skip(&self, committable: &Committable) -> Result<()> {
        self.engine.engine().skip_transaction(committable)
    }

    /// Forgets a prepared transaction; refused when its commit has begun.
    pub fn abort(&self, committable: &Committable) -> Result<()> {
        self.engine.engine().abort_transaction(committable)
    }

    /// Opens a table.
    pub fn table(&self, path: &TablePath) -> Result<Arc<Table>> {
        Ok(Arc::new(Table::new(self.engine.engine().table(path)?)))
    }
}
