//! An open table: what writers, scanners and lookups are made from.
use std::sync::Arc;

use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{FieldRef, Schema as ArrowSchema, SchemaRef};
use fluss_format::{ColumnPath, Projection};
use fluss_types::{FieldId, LogOffset, PartitionBucket, Result, Schema};

use crate::{LogScanner, Lookuper, PrefixLookuper, SnapshotScanner, TransactionalWriter, Writer};

/// A table of a connection.
#[derive(Debug)]
pub struct Table {
    pub(crate) inner: fluss_engine::Table,
    key_schema: SchemaRef,
    write_schema: SchemaRef,
}

impl Table {
    pub(crate) fn new(inner: fluss_engine::Table) -> Self {
        let schema = inner.schema();
        let fields = schema.arrow_schema();
        let write_fields: Vec<_> = fields
            .fields()
            .iter()
            .enumerate()
            .map(|(i, f)| f.as_ref().clone().with_nullable(!schema.primary_key().contains(&i)))
            .collect();
        Self { key_schema: schema.key_arrow_schema(), write_schema: Arc::new(ArrowSchema::new(write_fields)), inner }
    }

    /// Columns and keys.
    pub fn schema(&self) -> &Arc<Schema> {
        self.inner.schema()
    }

    /// The primary key columns in key order.
    pub fn key_schema(&self) -> SchemaRef {
        self.key_schema.clone()
    }

    /// Columns of a batch to be written: only key columns are NOT NULL, since a delete may leave the others out. A NULL in a
    /// NOT NULL column of any other row is refused by the write.
    pub fn write_schema(&self) -> SchemaRef {
        self.write_schema.clone()
    }

    /// Rows in the layout of [`Table::write_schema`] from some of its columns, which `rows` has in the order of `columns`; the others are NULL.
    pub fn widened(&self, columns: &[usize], rows: &RecordBatch) -> Result<RecordBatch> {
        let schema = self.write_schema();
        let column = |(i, field): (usize, &FieldRef)| match columns.iter().position(|c| *c == i) {
            Some(at) => rows.column(at).clone(),
            None => new_null_array(field.data_type(), rows.num_rows()),
        };
        let columns = schema.fields().iter().enumerate().map(column).collect();
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    /// A writer.
    pub fn writer(self: &Arc<Self>) -> Result<Writer> {
        Ok(Writer::new(self.clone(), None))
    }

    /// A writer of some columns, by their positions: an upsert leaves the others as they are, NULL where there was no row; a delete makes those
    /// columns NULL, and removes the row when nothing but the key is left. Its batches are laid out as [`Table::write_schema`] says; of the other
    /// columns what lies in them does not count. The columns hold the primary key, and the others may be NULL; the merge engines `first_row` and
    /// `versioned` take no such writer.
    pub fn partial_writer(self: &Arc<Self>, columns: &[usize]) -> Result<Writer> {
        let schema = self.schema();
        let targets = || {
            schema.check_projection(columns)?;
            let targets: Arc<[FieldId]> = columns.iter().map(|&i| schema.columns()[i].id).collect();
            self.inner.merging()?.check_targets(schema, &targets).map(|()| targets)
        };
        let targets = targets().map_err(|e| e.at(format_args!("table {}", self.inner.path())))?;
        Ok(Writer::new(self.clone(), Some(targets)))
    }

    /// A writer whose rows are seen when they are committed; [`Writer::transactional`] makes one of some columns.
    pub fn transactional_writer(self: &Arc<Self>) -> Result<TransactionalWriter> {
        Ok(self.writer()?.transactional())
    }

    /// A reader of the log: of columns, or of fields within ROWs.
    pub fn log_scanner<P: Into<ColumnPath>>(self: &Arc<Self>, columns: impl IntoIterator<Item = P>) -> Result<LogScanner> {
        Ok(LogScanner::new(self.clone(), self.projection(columns)?))
    }

    /// A reader of a snapshot of one bucket, from the first key after `after` (empty: from the first).
    pub fn snapshot_scanner<P: Into<ColumnPath>>(
        self: &Arc<Self>,
        bucket: impl Into<PartitionBucket>,
        snapshot_id: &str,
        columns: impl IntoIterator<Item = P>,
        after: &[u8],
    ) -> Result<SnapshotScanner> {
        let reader = self.inner.tablet(bucket)?.snapshot_reader(snapshot_id, self.projection(columns)?, after)?;
        Ok(SnapshotScanner::new(reader, self.inner.memory().readers().user()))
    }

    /// As [`Table::snapshot_scanner`], of the rows as they were at an earlier offset: after the changes of the log below it. Needs the `FULL` image, no
    /// row TTL, and the log since then; the keys that have changed since are held in memory.
    pub fn earlier_snapshot_scanner<P: Into<ColumnPath>>(
        self: &Arc<Self>,
        bucket: impl Into<PartitionBucket>,
        snapshot_id: &str,
        columns: impl IntoIterator<Item = P>,
        after: &[u8],
        offset: LogOffset,
    ) -> Result<SnapshotScanner> {
        let tablet = self.inner.tablet(bucket)?;
        let reader = tablet.undo(tablet.snapshot_reader(snapshot_id, self.projection(columns)?, after)?, offset)?;
        Ok(SnapshotScanner::new(reader, self.inner.memory().readers().user()))
    }

    /// A reader of the rows of one bucket as they are now, of `limit` of them at most (`None`: all). It needs no snapshot, and ends with the store:
    /// it cannot go on after a restart.
    pub fn batch_scanner<P: Into<ColumnPath>>(
        self: &Arc<Self>,
        bucket: impl Into<PartitionBucket>,
        columns: impl IntoIterator<Item = P>,
        limit: Option<usize>,
    ) -> Result<SnapshotScanner> {
        let reader = self.inner.tablet(bucket)?.scan(self.projection(columns)?, limit)?;
        Ok(SnapshotScanner::new(reader, self.inner.memory().readers().user()))
    }

    /// Lookups by full primary key.
    pub fn lookuper<P: Into<ColumnPath>>(self: &Arc<Self>, columns: impl IntoIterator<Item = P>) -> Result<Lookuper> {
        Lookuper::new(self.clone(), self.projection(columns)?)
    }

    /// Lookups by the bucket key, of a table whose primary key goes on behind it, and of a partitioned one the partition key: all rows that have
    /// these values. `keys`: the names of these columns, in the order of the lookup keys.
    pub fn prefix_lookuper<P: Into<ColumnPath>>(
        self: &Arc<Self>,
        keys: &[&str],
        columns: impl IntoIterator<Item = P>,
    ) -> Result<PrefixLookuper> {
        PrefixLookuper::new(self.clone(), keys, self.projection(columns)?)
    }

    fn projection<P: Into<ColumnPath>>(&self, columns: impl IntoIterator<Item = P>) -> Result<Projection> {
        Projection::new(self.schema().clone(), columns)
    }
}
