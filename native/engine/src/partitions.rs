//! Partitions of tables: made, dropped, listed.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use fluss_format::PartitionValue;
use fluss_meta::{Partition, PartitionList, TableMeta};
use fluss_types::{AutoPartition, Error, ErrorCode, PartitionId, Result, TableId, TablePath, validate_partition_value};

use crate::Engine;
use crate::auto_partition::TimePartitions;

impl Engine {
    /// The partitions of a table, read from its file the first time. What a crash left of dropped ones is removed then.
    pub(crate) fn partition_list(&self, path: &TablePath, table_id: TableId) -> Result<Arc<PartitionList>> {
        let slot = self.partitions.lock().unwrap_or_else(PoisonError::into_inner).entry(table_id).or_default().clone();
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = slot.as_ref() {
            return Ok(list.clone());
        }
        // Looked at under the lock of the slot, which a drop of the table takes after it has changed the catalog, and closing too.
        self.check_open()?;
        let table = self.table_now(path, table_id)?;
        let fs = &self.context().fs;
        let (list, orphans) = PartitionList::open(fs.clone(), &self.directory.table(table_id), table_id)
            .map_err(|e| e.at(format_args!("table {path}")))?;
        for id in orphans {
            self.remove_partition_of(&table, id)?;
        }
        let list = Arc::new(list);
        *slot = Some(list.clone());
        Ok(list)
    }

    /// `table_id`: the number of the table, if the caller has opened it.
    fn partitioned(&self, path: &TablePath, table_id: Option<TableId>) -> Result<(TableMeta, Arc<PartitionList>)> {
        self.check_open()?;
        let table = match table_id {
            Some(id) => self.table_now(path, id)?,
            None => self.meta().table(path)?,
        };
        if table.declaration.partition_keys.is_empty() {
            return Err(Error::invalid(format!("table {path} has no partitions: it was declared without PARTITIONED BY")));
        }
        let list = self.partition_list(path, table.table_id)?;
        Ok((table, list))
    }

    /// Makes a partition from the texts of its values by partition key. With `if_not_exists` the one that is there is returned as it is.
    pub fn create_partition(
        &self,
        path: &TablePath,
        values: &BTreeMap<String, String>,
        if_not_exists: bool,
    ) -> Result<Partition> {
        self.create_partition_of(path, None, |table| ordered(path, table, values), if_not_exists)
    }

    /// As [`Engine::create_partition`], of the table with a number if one is given, with values in the order of the partition keys.
    pub(crate) fn create_partition_of(
        &self,
        path: &TablePath,
        table_id: Option<TableId>,
        values: impl FnOnce(&TableMeta) -> Result<Vec<String>>,
        if_not_exists: bool,
    ) -> Result<Partition> {
        let (table, list) = self.partitioned(path, table_id)?;
        let values = values(&table)?;
        let columns = table.declaration.columns.iter();
        for (key, value) in table.declaration.partition_keys.iter().zip(&values) {
            let refuse = |e: Error| e.at(format_args!("table {path} partition key '{key}'"));
            validate_partition_value(value).map_err(refuse)?;
            let Some(column) = columns.clone().find(|c| c.name == *key) else {
                return Err(Error::internal(format!("table {path} lacks the partition key column '{key}'")));
            };
            if PartitionValue::parse(&column.data_type, value).is_none() {
                let message =
                    format!("The partition value '{value}' is invalid: it is not how a {} is written", column.data_type.root);
                return Err(refuse(Error::new(ErrorCode::InvalidPartition, message)));
            }
        }
        let name = values.join("$");
        let exists = || Error::new(ErrorCode::PartitionExists, format!("table {path}: partition '{name}' exists already"));
        match list.get(&name)? {
            Some(partition) if if_not_exists => return Ok(partition),
            Some(_) => return Err(exists()),
            None => {}
        }
        if let Some(times) = TimePartitions::of(&table.declaration)? {
            times.check_new(&values, self.now_ms()).map_err(|e| e.at(format_args!("table {path}")))?;
        }
        let (mut partitions, made) = self.make_partitions(path, &table, &list, std::slice::from_ref(&name))?;
        // Somebody else may have made it meanwhile.
        if !made && !if_not_exists {
            return Err(exists());
        }
        partitions.pop().ok_or_else(|| Error::internal("a partition that was made is gone"))
    }

    /// Makes those of some partitions, whose names are checked, that are missing, and returns all, and whether one was missing.
    pub(crate) fn make_partitions(
        &self,
        path: &TablePath,
        table: &TableMeta,
        list: &PartitionList,
        names: &[String],
    ) -> Result<(Vec<Partition>, bool)> {
        let mut made = false;
        let most = self.options.max_partitions as usize;
        let buckets = table.declaration.bucket_count;
        // Asked if one is missing.
        let check = |partitions: usize| {
            made = true;
            if partitions > most {
                return Err(Error::new(
                    ErrorCode::TooManyPartitions,
                    format!(
                        "table {path} would have {partitions} partitions; at most {most} are allowed ('max.partition.num'). Drop some, keep fewer ('table.auto-partition.num-retention'), or raise the limit"
                    ),
                ));
            }
            let in_all = partitions as u64 * u64::from(buckets);
            if in_all > u64::from(self.options.max_buckets) {
                return Err(Error::new(
                    ErrorCode::TooManyBuckets,
                    format!(
                        "table {path} would have {in_all} buckets in {partitions} partitions; at most {} are allowed ('max.bucket.num'). Drop partitions, or raise the limit",
                        self.options.max_buckets
                    ),
                ));
            }
            Ok(())
        };
        let partitions = list.create(names, self.now_ms(), check).map_err(|e| e.at(format_args!("table {path}")))?;
        Ok((partitions, made))
    }

    /// Drops a partition and its rows; its readers and writers fail. False: it was not there and `if_exists`.
    pub fn drop_partition(&self, path: &TablePath, values: &BTreeMap<String, String>, if_exists: bool) -> Result<bool> {
        let (table, list) = self.partitioned(path, None)?;
        let name = ordered(path, &table, values)?.join("$");
        let there = self.remove_partitions(path, table.table_id, &list, &[name.as_str().into()])? > 0;
        if !there && !if_exists {
            return Err(Error::new(ErrorCode::PartitionNotFound, format!("table {path} has no partition '{name}'")));
        }
        Ok(there)
    }

    /// Drops those of some partitions that are there, and says how many.
    pub(crate) fn remove_partitions(
        &self,
        path: &TablePath,
        table_id: TableId,
        list: &PartitionList,
        names: &[Arc<str>],
    ) -> Result<usize> {
        let gone = list.drop_all(names).inspect_err(|e| {
            // When it is not known whether they are dropped, nothing more may be acknowledged for them. Their files stay.
            if e.code() == ErrorCode::Poisoned {
                self.stop(|b| b.table_id == table_id, e);
            }
        })?;
        let mut removed = Ok(());
        for partition in &gone {
            let error = partition_dropped(path, &partition.name);
            self.stop(|b| b.table_id == table_id && b.partition == partition.id, &error);
            // All are gone: none may take rows any longer because the files of another cannot be removed.
            removed = removed.and(self.remove_partition(path, table_id, partition.id));
        }
        removed.map(|()| gone.len())
    }

    /// Makes the partitions that tables with `table.auto-partition.enabled` should have now, and drops those that are out of date. The first
    /// error is returned, all tables are tried.
    pub fn maintain_partitions(&self) -> Result<()> {
        self.check_open()?;
        let mut result = Ok(());
        for (path, table) in self.meta().tables_where(|t| AutoPartition::is_enabled(&t.declaration.options))? {
            let maintained = self.maintain(&path, &table).or_else(|e| match e.code() {
                // The table was dropped meanwhile.
                ErrorCode::TableNotFound => Ok(()),
                _ => Err(e),
            });
            result = result.and(maintained);
        }
        result
    }

    /// As [`Engine::maintain_partitions`], of a table that was just made or altered. That is done, whatever becomes of its partitions: the
    /// next round tries again and says what is wrong.
    pub(crate) fn maintain_new(&self, path: &TablePath, table: &TableMeta) {
        let _ = self.maintain(path, table);
    }

    fn maintain(&self, path: &TablePath, table: &TableMeta) -> Result<()> {
        let Some(times) = TimePartitions::of(&table.declaration).map_err(|e| e.at(format_args!("table {path}")))? else {
            return Ok(());
        };
        let (list, now) = (self.partition_list(path, table.table_id)?, self.now_ms());
        let mut expired = Vec::new();
        for partition in list.list()? {
            if times.is_expired(partition.values(), now)? {
                expired.push(partition.name);
            }
        }
        let mut result = self.remove_partitions(path, table.table_id, &list, &expired).map(drop);
        // One by one: if not all are allowed, the first ones are there.
        for name in times.ahead(now)? {
            result = result.and(self.make_partitions(path, table, &list, &[name]).map(drop));
        }
        result
    }

    /// The partitions of a table, by name: those with the values given, which need not be of all partition keys.
    pub fn partitions(&self, path: &TablePath, values: &BTreeMap<String, String>) -> Result<Vec<Partition>> {
        let (table, list) = self.partitioned(path, None)?;
        let keys = &table.declaration.partition_keys;
        if let Some(unknown) = values.keys().find(|k| !keys.contains(k)) {
            return Err(Error::new(
                ErrorCode::InvalidPartition,
                format!("table {path}: '{unknown}' is no partition key; the partition keys are {}", keys.join(", ")),
            ));
        }
        let matches = |p: &Partition| keys.iter().zip(p.values()).all(|(key, value)| values.get(key).is_none_or(|v| v == value));
        Ok(list.list()?.into_iter().filter(matches).collect())
    }

    /// Refuses a partition that is not there.
    pub(crate) fn check_partition(&self, path: &TablePath, table_id: TableId, partition: PartitionId) -> Result<()> {
        if partition == 0 || self.partition_list(path, table_id)?.contains(partition)? {
            return Ok(());
        }
        let message = format!("table {path} has no partition with number {partition}: it was dropped, or never made");
        Err(Error::new(ErrorCode::PartitionNotFound, message))
    }
}

pub(crate) fn partition_dropped(path: &TablePath, name: &str) -> Error {
    Error::new(ErrorCode::PartitionNotFound, format!("partition '{name}' of table {path} was dropped"))
}

/// The values in the order of the partition keys, all of which must be given.
pub(crate) fn ordered(path: &TablePath, table: &TableMeta, values: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let keys = &table.declaration.partition_keys;
    let given = || values.keys().cloned().collect::<Vec<_>>().join(", ");
    let all: Option<Vec<String>> = keys.iter().map(|k| values.get(k).cloned()).collect();
    all.filter(|all| all.len() == values.len()).ok_or_else(|| {
        Error::new(
            ErrorCode::InvalidPartition,
            format!(
                "table {path}: a partition is named by values of all partition keys ({}), given were those of ({})",
                keys.join(", "),
                given()
            ),
        )
    })
}
