//! Readers of the log.
use fluss_client::{aggregates, predicate};
use fluss_proto::LogScanRequest;
use fluss_types::Error;
use jni::EnvUnowned;
use jni::objects::{JByteArray, JByteBuffer, JClass, JLongArray};
use jni::sys::{jint, jlong};

use crate::guard::call;
use crate::object::{LOG_SCANNERS, OpenLogScanner, TABLES};
use crate::output::{check_descriptor, hand_over};
use crate::request::{bucket, decode, paths, timeout};

pub extern "system" fn open_log_scanner<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    table: jlong,
    request: JByteArray<'l>,
) -> jlong {
    call(env, &class, |env| {
        let parent = TABLES.get(table)?;
        let request: LogScanRequest = decode(env, &request)?;
        let mut scanner = parent.table.log_scanner(paths(request.columns))?;
        if let Some(filter) = request.filter {
            scanner = scanner.filtered(predicate(parent.table.schema(), filter)?)?;
        }
        if !request.aggregates.is_empty() {
            scanner = scanner.aggregated(aggregates(request.aggregates)?)?;
        }
        let nodes = scanner.nodes();
        Ok(LOG_SCANNERS.insert(OpenLogScanner { scanner, nodes, parent }))
    })
}

pub extern "system" fn subscribe<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    scanner: jlong,
    partition: jint,
    number: jint,
    start: jlong,
    stop: jlong,
) {
    call(env, &class, |_| Ok(LOG_SCANNERS.get(scanner)?.scanner.subscribe(bucket(partition, number)?, start, stop)?))
}

pub extern "system" fn unsubscribe<'l>(env: EnvUnowned<'l>, class: JClass<'l>, scanner: jlong, partition: jint, number: jint) {
    call(env, &class, |_| {
        LOG_SCANNERS.get(scanner)?.scanner.unsubscribe(bucket(partition, number)?);
        Ok(())
    })
}

pub extern "system" fn log_position<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    scanner: jlong,
    partition: jint,
    number: jint,
) -> jlong {
    call(env, &class, |_| {
        let bucket = bucket(partition, number)?;
        let position = LOG_SCANNERS.get(scanner)?.scanner.position(bucket);
        Ok(position.ok_or_else(|| Error::invalid(format!("the scanner does not read {bucket}")))?)
    })
}

pub extern "system" fn poll_log<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    scanner: jlong,
    timeout_ms: jlong,
    descriptor: JLongArray<'l>,
) -> JByteBuffer<'l> {
    call(env, &class, |env| {
        let open = LOG_SCANNERS.get(scanner)?;
        check_descriptor(env, &descriptor, open.nodes)?;
        match open.scanner.poll(timeout(timeout_ms)?)? {
            Some(batch) => hand_over(env, &descriptor, batch),
            None => Ok(JByteBuffer::default()),
        }
    })
}

pub extern "system" fn wake_up<'l>(env: EnvUnowned<'l>, class: JClass<'l>, scanner: jlong) {
    call(env, &class, |_| {
        LOG_SCANNERS.get(scanner)?.scanner.wake_up();
        Ok(())
    })
}

pub extern "system" fn close_log_scanner<'l>(env: EnvUnowned<'l>, class: JClass<'l>, scanner: jlong) {
    call(env, &class, |_| {
        if let Some(open) = LOG_SCANNERS.remove(scanner) {
            // A poll that runs returns at once and frees the rest.
            open.scanner.close();
        }
        Ok(())
    })
}
