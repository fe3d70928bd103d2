//! Writers.
use jni::EnvUnowned;
use jni::objects::JClass;
use jni::sys::{jint, jlong};

use super::JBuffers;
use crate::guard::call;
use crate::input::{PER_COLUMN, buffers, write_batch};
use crate::object::{OpenWriter, TABLES, WRITERS};
use crate::request::row_count;

pub extern "system" fn open_writer<'l>(env: EnvUnowned<'l>, class: JClass<'l>, table: jlong) -> jlong {
    call(env, &class, |_| {
        let parent = TABLES.get(table)?;
        let writer = parent.table.writer()?;
        let schema = parent.table.write_schema();
        Ok(WRITERS.insert(OpenWriter { writer, schema, parent }))
    })
}

pub extern "system" fn write<'l>(env: EnvUnowned<'l>, class: JClass<'l>, writer: jlong, memory: JBuffers<'l>, rows: jint) {
    call(env, &class, |env| {
        let open = WRITERS.get(writer)?;
        let rows = row_count(rows)?;
        let memory = buffers(env, &memory, 1 + PER_COLUMN * open.schema.fields().len())?;
        let batch = write_batch(&open.schema, &memory, rows);
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
