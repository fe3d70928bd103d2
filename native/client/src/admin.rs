//! Admin requests.
use std::collections::BTreeMap;
use std::sync::Arc;

use fluss_engine::{EngineHandle, Table};
use fluss_format::{Committable, Filter};
use fluss_proto::admin_request::Request;
use fluss_proto::list_offsets::Spec;
use fluss_proto::{
    AdminRequest, AdminResponse, BucketList, BucketOffset, CreateSnapshot, OptionInfo, SnapshotInfo, TableStats, TransactionInfo,
};
use fluss_tablet::Tablet;
use fluss_types::option::{OptionSpec, SCOPES};
use fluss_types::{BucketId, Error, ErrorCode, PartitionBucket, PartitionId, Result, TablePath, WriterId};

use crate::convert;

pub(crate) fn handle(handle: &EngineHandle, request: AdminRequest) -> Result<AdminResponse> {
    let engine = handle.engine();
    let mut response = AdminResponse::default();
    match request.request.ok_or_else(|| Error::invalid("the admin request is empty, or of a later version"))? {
        Request::CreateDatabase(r) => {
            let (name, meta) = convert::database(r.database)?;
            engine.meta().create_database(&name, meta, r.if_not_exists)?;
        }
        Request::AlterDatabase(r) => {
            let (name, meta) = convert::database(r.database)?;
            engine.meta().alter_database(&name, meta)?;
        }
        Request::DropDatabase(r) => engine.drop_database(&r.name, r.if_exists, r.cascade)?,
        Request::ListDatabases(_) => response.names = engine.meta().databases()?,
        Request::GetDatabase(r) => {
            response.database = Some(convert::database_info(r.name.clone(), engine.meta().database(&r.name)?));
        }
        Request::CreateTable(r) => {
            let path = convert::path(r.path)?;
            let declaration = convert::declaration(r.descriptor).map_err(|e| e.at(format_args!("table {path}")))?;
            let table = engine.create_table(&path, declaration, r.if_not_exists)?;
            response.table = Some(convert::table_info(&path, table));
        }
        Request::DropTable(r) => engine.drop_table(&convert::path(r.path)?, r.if_exists)?,
        Request::AlterTable(mut r) => {
            let path = convert::path(r.path.take())?;
            let alteration = convert::alteration(r).map_err(|e| e.at(format_args!("table {path}")))?;
            response.table = Some(convert::table_info(&path, engine.alter_table(&path, &alteration)?));
        }
        Request::RenameTable(r) => {
            let path = convert::path(r.path)?;
            let table = engine.rename_table(&path, &r.new_name)?;
            response.table = Some(convert::table_info(&TablePath::new(path.database, r.new_name), table));
        }
        Request::ListOptions(_) => {
            let given = handle.options();
            let option = |o: &OptionSpec| {
                let value = given.get(o.key).map(String::as_str).or(o.default);
                value.map(|v| OptionInfo { key: o.key.into(), value: v.into(), given: given.contains_key(o.key) })
            };
            let engine_options = SCOPES.iter().filter(|s| s.name == "Engine").flat_map(|s| s.options);
            response.options = engine_options.filter_map(option).collect();
        }
        Request::MatchingBuckets(r) => {
            let table = engine.table(&convert::path(r.path)?)?;
            let filter = r.filter.ok_or_else(|| Error::invalid("the filter is missing"))?;
            let schema = table.schema();
            let filter = Filter::new(schema.clone(), crate::predicate(schema, filter)?)?;
            response.buckets = filter.buckets(table.buckets())?.map(|buckets| BucketList { buckets });
        }
        Request::ListTables(r) => response.names = engine.meta().tables(&r.database)?,
        Request::GetTable(r) => {
            let path = convert::path(r.path)?;
            response.table = Some(convert::table_info(&path, engine.meta().table(&path)?));
        }
        Request::ListOffsets(r) => {
            let spec = r.spec();
            let table = engine.table(&convert::path(r.path)?)?;
            let now = engine.now_ms();
            if spec == Spec::Timestamp && r.timestamp_ms > now {
                return Err(Error::invalid(format!(
                    "the fetch timestamp {} is larger than the current timestamp {now}",
                    r.timestamp_ms
                )));
            }
            if spec == Spec::AsOf && r.timestamp_ms >= now {
                return Err(Error::invalid(format!(
                    "a table cannot be read as it is at {} (ms since 1970): it is only {now}",
                    r.timestamp_ms
                )));
            }
            each_bucket(&table, of(&r.partition_id), &[], |partition_id, bucket, tablet| {
                let offset = match spec {
                    Spec::Earliest => tablet.start_offset(),
                    Spec::Latest => tablet.high_watermark(),
                    Spec::Timestamp => tablet.offset_at(r.timestamp_ms)?,
                    Spec::AsOf => tablet.offset_after(r.timestamp_ms)?,
                };
                response.offsets.push(BucketOffset { bucket, offset, partition_id });
                Ok(())
            })?;
        }
        Request::GetTableStats(r) => {
            let table = engine.table(&convert::path(r.path)?)?;
            let mut row_count = 0;
            each_bucket(&table, of(&r.partition_id), &[], |_, _, tablet| {
                row_count += tablet.row_count()?;
                Ok(())
            })?;
            response.table_stats = Some(TableStats { row_count });
        }
        Request::CreateSnapshot(mut r) => {
            let table = engine.table(&convert::path(r.path.take())?)?;
            response.snapshot = Some(create_snapshot(&table, &r)?);
        }
        Request::ReleaseSnapshot(r) => {
            let table = engine.table(&convert::path(r.path)?)?;
            match table.tablet((r.partition_id, r.bucket)).and_then(|tablet| tablet.release_snapshot(&r.snapshot_id)) {
                // Nobody reads it any more; its files go with the lease.
                Err(e) if e.code() == ErrorCode::PartitionNotFound => {}
                released => released?,
            }
        }
        Request::CommitTransaction(r) if r.skip_rest => engine.skip_transaction(&Committable::decode(&r.committable)?)?,
        Request::CommitTransaction(r) => engine.commit_transaction(&Committable::decode(&r.committable)?)?,
        Request::CommitOverwrite(r) => {
            let prepared = r.committables.iter().map(|c| Committable::decode(c)).collect::<Result<Vec<_>>>()?;
            engine.commit_overwrite(&prepared, &r.partition)?;
        }
        Request::TruncateTable(r) => engine.truncate_table(&convert::path(r.path)?)?,
        Request::AbortTransaction(r) => engine.abort_transaction(&Committable::decode(&r.committable)?)?,
        Request::ListTransactions(r) => {
            let table = engine.table(&convert::path(r.path)?)?;
            let mut found: BTreeMap<WriterId, Found> = BTreeMap::new();
            each_bucket(&table, &[], &[], |partition, bucket, tablet| {
                for t in tablet.transactions() {
                    let (buckets, prepared, overwrites) = found.entry(t.id).or_insert((Vec::new(), Some(i64::MIN), false));
                    buckets.push(((partition, bucket).into(), t.pieces));
                    *overwrites |= t.overwrites;
                    *prepared = (*prepared).zip(t.prepared_ms).map(|(a, b)| a.max(b));
                }
                Ok(())
            })?;
            let info = |(transaction, (buckets, prepared_ms, overwrites))| {
                let (table_id, path) = (table.meta().table_id, table.path().clone());
                let committable = Committable { transaction, table_id, table: path, buckets };
                TransactionInfo { transaction_id: transaction, prepared_ms, committable: committable.encode(), overwrites }
            };
            response.transactions = found.into_iter().map(info).collect();
        }
        Request::CreatePartition(r) => {
            let partition = engine.create_partition(&convert::path(r.path)?, &r.values, r.if_not_exists)?;
            response.partitions.push(convert::partition_info(&partition));
        }
        Request::DropPartition(r) => {
            engine.drop_partition(&convert::path(r.path)?, &r.values, r.if_exists)?;
        }
        Request::ListPartitions(r) => {
            let partitions = engine.partitions(&convert::path(r.path)?, &r.values)?;
            response.partitions = partitions.iter().map(convert::partition_info).collect();
        }
    }
    Ok(response)
}

/// Where a transaction has how many pieces; since when it is prepared in all of them, ms since 1970, `None`: it is not; whether it overwrites.
type Found = (Vec<(PartitionBucket, u32)>, Option<i64>, bool);

/// The partitions that a request means; 0: all, or the table has none.
fn of(partition: &PartitionId) -> &[PartitionId] {
    if *partition == 0 { &[] } else { std::slice::from_ref(partition) }
}

/// Visits buckets of a table: of these partitions, or of all, the buckets with these numbers, or all.
fn each_bucket(
    table: &Table,
    partitions: &[PartitionId],
    buckets: &[BucketId],
    mut visit: impl FnMut(PartitionId, BucketId, Arc<Tablet>) -> Result<()>,
) -> Result<()> {
    let all = partitions.is_empty();
    let partitions = match all {
        true if !table.schema().partition_key().is_empty() => table.partitions()?.into_iter().map(|p| p.id).collect(),
        true => vec![0],
        false => partitions.to_vec(),
    };
    let buckets = if buckets.is_empty() { (0..table.buckets()).collect() } else { buckets.to_vec() };
    for (id, bucket) in partitions.iter().flat_map(|&p| buckets.iter().map(move |&b| (p, b))) {
        match table.tablet((id, bucket)).and_then(|tablet| visit(id, bucket, tablet)) {
            // Dropped since the partitions were listed.
            Err(e) if e.code() == ErrorCode::PartitionNotFound && all && id != 0 => {}
            visited => visited?,
        }
    }
    Ok(())
}

fn create_snapshot(table: &Table, request: &CreateSnapshot) -> Result<SnapshotInfo> {
    loop {
        let (mut offsets, mut tablets) = (Vec::new(), Vec::new());
        each_bucket(table, &request.partition_ids, &request.buckets, |partition_id, bucket, tablet| {
            offsets.push(BucketOffset { bucket, offset: 0, partition_id });
            tablets.push(tablet);
            Ok(())
        })?;
        match Tablet::create_snapshot(&tablets, request.lease_ms) {
            // One was dropped meanwhile.
            Err(e) if e.code() == ErrorCode::PartitionNotFound && request.partition_ids.is_empty() => {}
            made => {
                let made = made?;
                offsets.iter_mut().zip(made.log_offsets).for_each(|(of, offset)| of.offset = offset);
                return Ok(SnapshotInfo { snapshot_id: made.id, offsets });
            }
        }
    }
}
