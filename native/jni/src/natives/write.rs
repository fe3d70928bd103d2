//! Writers.
use jni::EnvUnowned;
use jni::objects::JClass;
use jni::sys::{jint, jlong};

use super::JBuffers;
use crate::guard::call;
use crate::input::{InputColumns, buffers, write_batch};
use crate::object::{OpenWriter, TABLES, WRITERS};
use crate::request::row_count;

pub extern "system" fn open_writer<'l>(env: EnvUnowned<'l>, class: JClass<'l>, table: jlong) -> jlong {
    call(env, &class, |_| {
        let parent = TABLES.get(table)?;
        let writer = parent.table.writer()?;
        let columns = InputColumns::new(parent.table.write_schema(), parent.table.schema().columns());
        Ok(WRITERS.insert(OpenWriter { writer, columns, parent }))
    })
}

pub extern "system" fn write<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong, memory: JBuffers<'l>, rows: jint) {
    call(env, &class, |env| {
        let open = WRITERS.get(writer)?;
        let rows = row_count(rows)?;
        let memory = buffers(env, &memory, 1 + open.columns.buffers())?;
        let batch = write_batch(&open.columns, &memory, rows);
        let (kinds, batch) = batch.map_err(|e| e.at(format!("table {}", open.parent.path)))?;
        Ok(open.writer.write(kinds.as_deref(), &batch)?)
    })
}

pub extern "system" fn flush<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong) {
    call(env, &class, |_| Ok(WRITERS.get(writer)?.writer.flush()?))
}

pub extern "system" fn close_writer<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong) {
    call(env, &class, |_| {
        drop(WRITERS.remove(writer));
        Ok(())
    })
}
