//! Writers.
use fluss_proto::WriterRequest;
use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass};
use jni::sys::{jint, jlong};

use super::JBuffers;
use crate::guard::call;
use crate::input::{InputColumns, buffers, write_batch};
use crate::object::{AnyWriter, OpenWriter, TABLES, WRITERS};
use crate::request::{decode, positions, row_count};

pub extern "system" fn open_writer<'l>(env: EnvUnowned<'l>, class: JClass<'l>, table: jlong, request: JByteArray<'l>) -> jlong {
    call(env, &class, |env| {
        let parent = TABLES.get(table)?;
        let request: WriterRequest = decode(env, &request)?;
        let targets = positions(request.target_columns);
        let table = &parent.table;
        let (writer, columns) = if targets.is_empty() {
            (table.writer()?, InputColumns::new(table.write_schema(), table.schema().columns()))
        } else {
            (table.partial_writer(&targets)?, InputColumns::some(&table.write_schema(), table.schema().columns(), &targets)?)
        };
        let writer = writer.creating_partitions(!request.existing_partitions_only);
        let writer = match (request.transactional, request.overwrites) {
            (true, true) => AnyWriter::Transactional(writer.overwriting()),
            (true, false) => AnyWriter::Transactional(writer.transactional()),
            (false, _) => AnyWriter::Plain(writer),
        };
        Ok(WRITERS.insert(OpenWriter { writer, targets, columns, parent }))
    })
}

pub extern "system" fn write<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong, memory: JBuffers<'l>, rows: jint) {
    call(env, &class, |env| {
        let open = WRITERS.get(writer)?;
        let rows = row_count(rows)?;
        let memory = buffers(env, &memory, 1 + open.columns.buffers())?;
        let batch = write_batch(&open.columns, &memory, rows);
        let (kinds, mut batch) = batch.map_err(|e| e.at(format!("table {}", open.parent.path)))?;
        if !open.targets.is_empty() {
            batch = open.parent.table.widened(&open.targets, &batch)?;
        }
        Ok(open.writer.write(kinds.as_deref(), &batch)?)
    })
}

pub extern "system" fn flush<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong) {
    call(env, &class, |_| Ok(WRITERS.get(writer)?.writer.plain()?.flush()?))
}

pub extern "system" fn prepare<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong) -> JByteArray<'l> {
    call(env, &class, |env| {
        let committable = WRITERS.get(writer)?.writer.transactional()?.prepare()?;
        Ok(env.byte_array_from_slice(&committable.encode())?)
    })
}

pub extern "system" fn abort<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong) {
    call(env, &class, |_| Ok(WRITERS.get(writer)?.writer.transactional()?.abort()?))
}

pub extern "system" fn close_writer<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong) {
    call(env, &class, |_| {
        drop(WRITERS.remove(writer));
        Ok(())
    })
}
