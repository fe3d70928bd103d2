//! Readers of a snapshot.
use fluss_client::{aggregates, predicate};
use fluss_proto::SnapshotScanRequest;
use fluss_types::Error;
use jni::EnvUnowned;
use jni::objects::{JByteArray, JByteBuffer, JClass, JLongArray};
use jni::sys::jlong;

use crate::guard::call;
use crate::object::{OpenSnapshotScanner, SNAPSHOT_SCANNERS, TABLES};
use crate::output::{check_descriptor, hand_over};
use crate::request::{decode, paths};

pub extern "system" fn open_snapshot_scanner<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    table: jlong,
    request: JByteArray<'l>,
) -> jlong {
    call(env, &class, |env| {
        let parent = TABLES.get(table)?;
        let request: SnapshotScanRequest = decode(env, &request)?;
        let (bucket, id, columns) = ((request.partition_id, request.bucket), request.snapshot_id, paths(request.columns));
        let limit = request.limit.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX));
        let (after, table) = (&request.after_position, &parent.table);
        let mut scanner = match (id.is_empty(), limit, request.as_of_offset) {
            (true, limit, None) if after.is_empty() => table.batch_scanner(bucket, columns, limit)?,
            (false, None, None) => table.snapshot_scanner(bucket, &id, columns, after)?,
            (false, None, Some(offset)) => table.earlier_snapshot_scanner(bucket, &id, columns, after, offset)?,
            _ => {
                return Err(Error::invalid(
                    "a scan of a snapshot has no limit, one of the rows as they are now no position and no earlier offset",
                )
                .into());
            }
        };
        if let Some(filter) = request.filter {
            scanner = scanner.filtered(predicate(parent.table.schema(), filter)?)?;
        }
        if !request.aggregates.is_empty() {
            scanner = scanner.aggregated(aggregates(request.aggregates)?)?;
        }
        let nodes = scanner.nodes();
        Ok(SNAPSHOT_SCANNERS.insert(OpenSnapshotScanner { scanner, nodes, parent }))
    })
}

pub extern "system" fn poll_snapshot<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    scanner: jlong,
    descriptor: JLongArray<'l>,
) -> JByteBuffer<'l> {
    call(env, &class, |env| {
        let open = SNAPSHOT_SCANNERS.get(scanner)?;
        check_descriptor(env, &descriptor, open.nodes)?;
        match open.scanner.poll()? {
            Some(batch) => hand_over(env, &descriptor, batch),
            None => Ok(JByteBuffer::default()),
        }
    })
}

pub extern "system" fn snapshot_position<'l>(env: EnvUnowned<'l>, class: JClass<'l>, scanner: jlong) -> JByteArray<'l> {
    call(env, &class, |env| Ok(env.byte_array_from_slice(&SNAPSHOT_SCANNERS.get(scanner)?.scanner.position())?))
}

pub extern "system" fn close_snapshot_scanner<'l>(env: EnvUnowned<'l>, class: JClass<'l>, scanner: jlong) {
    call(env, &class, |_| {
        drop(SNAPSHOT_SCANNERS.remove(scanner));
        Ok(())
    })
}
