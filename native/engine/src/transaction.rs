//! A transaction in all its buckets, and overwrites.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fluss_format::Committable;
use fluss_meta::TableMeta;
use fluss_tablet::Tablet;
use fluss_types::{Error, ErrorCode, PartitionBucket, PartitionId, Result, TablePath, WriterId};

use crate::engine::dropped;
use crate::partitions::ordered;
use crate::{Engine, Table};

/// Buckets whose files are synced at a time.
const THREADS: usize = 16;

/// Buckets whose rows are replaced at a time, each of which keeps many keys in memory.
const OVERWRITES: usize = 4;

impl Table {
    /// Makes what a transaction has staged durable, in these buckets so many pieces. What it returns commits the transaction, also after a
    /// loss of power. May be repeated after an error.
    pub fn prepare_transaction(&self, id: WriterId, buckets: Vec<(PartitionBucket, u32)>) -> Result<Committable> {
        let committable = Committable { transaction: id, table_id: self.meta.table_id, table: self.path.clone(), buckets };
        self.each(&committable.buckets, THREADS, |tablet, pieces| tablet.prepare(id, *pieces))?;
        Ok(committable)
    }

    /// Forgets what a transaction has staged in some buckets.
    pub fn abort_transaction(&self, id: WriterId, buckets: &[(PartitionBucket, u32)]) -> Result<()> {
        self.each(buckets, THREADS, |tablet, _| tablet.abort_transaction(id))
    }

    /// Does something in those of the buckets whose partition is there, so many at a time; the first error is returned, all are tried.
    fn each<T: Sync>(
        &self,
        buckets: &[(PartitionBucket, T)],
        threads: usize,
        act: impl Fn(&Arc<Tablet>, &T) -> Result<()> + Sync,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let result = Mutex::new(Ok(()));
        let run = || {
            while let Some((bucket, of)) = buckets.get(next.fetch_add(1, Ordering::Relaxed)) {
                let acted = self.tablet(*bucket).and_then(|tablet| act(&tablet, of));
                // With a partition that was dropped its rows are gone.
                if let Err(e) = acted
                    && e.code() != ErrorCode::PartitionNotFound
                {
                    let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
                    *result = result.clone().and(Err(e));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..buckets.len().min(threads) {
                scope.spawn(run);
            }
            run();
        });
        result.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every bucket of some partitions, with what the members of an overwrite have there.
    fn overwritten(&self, partitions: &BTreeSet<PartitionId>, members: &[&Committable]) -> Vec<(PartitionBucket, Members)> {
        let all = partitions.iter().flat_map(|p| (0..self.buckets()).map(|b| PartitionBucket { partition: *p, bucket: b }));
        let mut buckets: BTreeMap<PartitionBucket, Members> = all.map(|bucket| (bucket, Vec::new())).collect();
        for member in members {
            for (bucket, pieces) in &member.buckets {
                buckets.entry(*bucket).or_default().push((member.transaction, *pieces));
            }
        }
        buckets.into_iter().collect()
    }

    fn overwrite(&self, id: WriterId, partitions: &BTreeSet<PartitionId>, members: &[&Committable]) -> Result<()> {
        let commit = |tablet: &Arc<Tablet>, members: &Members| tablet.commit_overwrite(id, members);
        let (with_rows, without): (Vec<_>, Vec<_>) =
            self.overwritten(partitions, members).into_iter().partition(|(_, members)| !members.is_empty());
        // Nothing changes if what was staged is gone somewhere.
        self.each(&with_rows, THREADS, |tablet, members| tablet.check_overwrite(id, members))?;
        self.each(&with_rows, OVERWRITES, commit)?;
        self.each(&without, OVERWRITES, commit)
    }

    fn all_partitions(&self) -> Result<BTreeSet<PartitionId>> {
        match self.schema.partition_key().is_empty() {
            true => Ok([0].into()),
            false => Ok(self.partitions()?.into_iter().map(|p| p.id).collect()),
        }
    }
}

/// Transactions that have staged rows in a bucket, and how many pieces each.
type Members = Vec<(WriterId, u32)>;

impl Engine {
    /// Replaces rows by those that some transactions, of overwriting writers of one table, have staged, and returns when all of it is durable
    /// and visible. The rows of a table without partitions are replaced, all of them; else those of the partitions that get rows, and of the one that
    /// `partition` names, which is made if it is missing: text by partition key, of none or all of these. May be repeated, also after a crash.
    pub fn commit_overwrite(self: &Arc<Self>, members: &[Committable], partition: &BTreeMap<String, String>) -> Result<()> {
        let mut members: Vec<_> = members.iter().collect();
        members.sort_by_key(|member| member.transaction);
        let Some(first) = members.first().filter(|first| first.transaction >= 0) else {
            return Err(Error::invalid("an overwrite is committed by what overwriting writers have prepared"));
        };
        if members.iter().any(|member| member.table_id != first.table_id) {
            return Err(Error::invalid("an overwrite is of one table"));
        }
        let table = self.table_of(first)?;
        let partitions = if table.schema.partition_key().is_empty() {
            table.all_partitions()?
        } else {
            let mut partitions: BTreeSet<_> = members.iter().flat_map(|m| &m.buckets).map(|(b, _)| b.partition).collect();
            if !partition.is_empty() {
                let id = Some(table.meta.table_id);
                let values = |meta: &TableMeta| ordered(&table.path, meta, partition);
                partitions.insert(self.create_partition_of(&table.path, id, values, true)?.id);
            }
            partitions
        };
        table.overwrite(first.transaction, &partitions, &members)
    }

    /// Removes all rows of a table, and returns when that is durable and visible; its partitions stay.
    pub fn truncate_table(self: &Arc<Self>, path: &TablePath) -> Result<()> {
        let table = self.table(path)?;
        table.overwrite(self.new_writer_id()?, &table.all_partitions()?, &[])
    }

    /// Appends what a prepared transaction has staged and returns when all of it is durable and visible: in each bucket once, however often
    /// it is called; not in all buckets at the same time.
    pub fn commit_transaction(self: &Arc<Self>, committable: &Committable) -> Result<()> {
        let id = committable.transaction;
        if committable.buckets.is_empty() {
            return Ok(());
        }
        self.table_of(committable)?.each(&committable.buckets, THREADS, |tablet, pieces| tablet.commit_transaction(id, *pieces))
    }

    /// Ends a transaction whose commit cannot succeed: what of it is not committed yet is dropped, in all its buckets, and from now on its commit
    /// has succeeded. May be repeated.
    pub fn skip_transaction(self: &Arc<Self>, committable: &Committable) -> Result<()> {
        let id = committable.transaction;
        if committable.buckets.is_empty() {
            return Ok(());
        }
        self.table_of(committable)?.each(&committable.buckets, THREADS, |tablet, pieces| tablet.skip_transaction(id, *pieces))
    }

    /// Forgets what a prepared transaction has staged. Refused when its commit has begun.
    pub fn abort_transaction(self: &Arc<Self>, committable: &Committable) -> Result<()> {
        match self.table_of(committable) {
            // It is gone with its table.
            Err(e) if e.code() == ErrorCode::TableNotFound => Ok(()),
            table => table?.abort_transaction(committable.transaction, &committable.buckets),
        }
    }

    fn table_of(self: &Arc<Self>, committable: &Committable) -> Result<Table> {
        let Committable { transaction, table_id, table: path, .. } = committable;
        let at = |e: Error| e.at(format_args!("transaction {transaction}"));
        self.check_open()?;
        // It may have another name by now.
        match self.meta().table_with_id(path, *table_id).map_err(at)? {
            Some((path, meta)) => self.opened(path, meta),
            None if self.meta().table(path).is_ok() => {
                let m = format!("table {path} was dropped and made again: what the transaction staged is gone with the old one");
                Err(at(Error::new(ErrorCode::TableNotFound, m)))
            }
            None => Err(at(dropped(path))),
        }
    }
}
