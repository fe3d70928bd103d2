//! Lookups by primary key, synchronous and asynchronous.
use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatch;
use fluss_client::{Probed, predicate};
use fluss_proto::LookupRequest;
use fluss_types::{Error, Result};
use jni::objects::{JByteArray, JByteBuffer, JClass, JLongArray};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned};

use super::JBuffers;
use crate::guard::{Failure, call};
use crate::input::{InputColumns, PinnedBuffer, buffers, key_batch};
use crate::object::{AnyLookuper, CONNECTIONS, LOOKUPERS, OpenLookuper, OpenProbe, PROBES, RESULTS, TABLES, calls};
use crate::output::{check_descriptor, hand_over};
use crate::request::{decode, paths, row_count};

pub extern "system" fn open_lookuper<'l>(env: EnvUnowned<'l>, class: JClass<'l>, table: jlong, request: JByteArray<'l>) -> jlong {
    call(env, &class, |env| {
        let parent = TABLES.get(table)?;
        let request: LookupRequest = decode(env, &request)?;
        let (table, columns) = (&parent.table, paths(request.columns));
        let (lookuper, key) = if request.prefix_key.is_empty() {
            let schema = table.schema();
            let key = InputColumns::new(table.key_schema(), schema.primary_key().iter().map(|&i| &schema.columns()[i]));
            let mut lookuper = table.lookuper(columns)?;
            if let Some(filter) = request.filter {
                lookuper = lookuper.filtered(predicate(schema, filter)?)?;
            }
            if request.insert_missing {
                lookuper = lookuper.inserting()?;
            }
            (AnyLookuper::Key(if request.full_copy { lookuper.in_full_copy()? } else { lookuper }), key)
        } else if request.insert_missing {
            return Err(
                Error::invalid("a lookup by the beginning of a key cannot insert rows: it does not know the whole key").into()
            );
        } else {
            let names: Vec<&str> = request.prefix_key.iter().map(String::as_str).collect();
            let mut lookuper = table.prefix_lookuper(&names, columns)?;
            if let Some(filter) = request.filter {
                lookuper = lookuper.filtered(predicate(table.schema(), filter)?)?;
            }
            let key = InputColumns::new(lookuper.key_schema(), lookuper.key());
            (AnyLookuper::Prefix(if request.full_copy { lookuper.in_full_copy()? } else { lookuper }), key)
        };
        let nodes = lookuper.nodes();
        Ok(LOOKUPERS.insert(OpenLookuper { lookuper, key, nodes, parent }))
    })
}

fn keys<'l>(
    env: &mut Env<'l>,
    open: &OpenLookuper,
    memory: &JBuffers<'l>,
    rows: jint,
) -> std::result::Result<RecordBatch, Failure> {
    let rows = row_count(rows)?;
    let memory = buffers(env, memory, open.key.buffers())?;
    let keys = key_batch(&open.key, &memory, rows);
    Ok(keys.map_err(|e| e.at(format!("lookup in table {}", open.parent.path)))?)
}

pub extern "system" fn lookup<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    lookuper: jlong,
    memory: JBuffers<'l>,
    rows: jint,
    descriptor: JLongArray<'l>,
) -> JByteBuffer<'l> {
    call(env, &class, |env| {
        let open = LOOKUPERS.get(lookuper)?;
        check_descriptor(env, &descriptor, open.nodes)?;
        let keys = keys(env, &open, &memory, rows)?;
        hand_over(env, &descriptor, open.lookuper.lookup(&keys)?)
    })
}

pub extern "system" fn lookup_async<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    lookuper: jlong,
    call_id: jlong,
    memory: JBuffers<'l>,
    rows: jint,
) {
    call(env, &class, |env| {
        let open = LOOKUPERS.get(lookuper)?;
        let keys = keys(env, &open, &memory, rows)?;
        let calls = open.parent.parent.calls.clone();
        Ok(calls.submit(call_id, move || open.lookuper.lookup(&keys))?)
    })
}

pub extern "system" fn copy_state<'l>(env: EnvUnowned<'l>, class: JClass<'l>, lookuper: jlong, state: JLongArray<'l>) {
    call(env, &class, |env| {
        let copy = LOOKUPERS.get(lookuper)?.lookuper.copy_state();
        let copy = copy.ok_or_else(|| Error::invalid("the lookuper has no copy of the table"))?;
        Ok(state.set_region(env, 0, &[copy.staleness_ms, copy.rows as i64, copy.bytes as i64])?)
    })
}

pub extern "system" fn open_probe<'l>(env: EnvUnowned<'l>, class: JClass<'l>, lookuper: jlong, memory: JByteBuffer<'l>) -> jlong {
    call(env, &class, |env| {
        let parent = LOOKUPERS.get(lookuper)?;
        let probe = match &parent.lookuper {
            AnyLookuper::Key(lookuper) => lookuper.probe()?,
            AnyLookuper::Prefix(_) => None,
        };
        let Some(probe) = probe else { return Ok(0) };
        let memory = PinnedBuffer::new(env, &memory)?;
        Ok(PROBES.insert(OpenProbe { probe: Mutex::new(probe), memory, parent }))
    })
}

pub extern "system" fn probe<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    probe: jlong,
    key_length: jint,
    in_memory: jboolean,
) -> jint {
    call(env, &class, |_| {
        let open = PROBES.get(probe)?;
        let mut probe = open.probe.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the lock is held, and Java waits for the end of the call.
        let memory = unsafe { open.memory.bytes() };
        let key_length = usize::try_from(key_length).unwrap_or(usize::MAX);
        let probed = if in_memory { probe.find_in_memory(memory, key_length) } else { probe.find(memory, key_length) };
        Ok(match probed {
            Probed::Found(length) => length as jint,
            Probed::Missing => -1,
            Probed::Unknown => -2,
        })
    })
}

pub extern "system" fn close_probe<'l>(env: EnvUnowned<'l>, class: JClass<'l>, probe: jlong) {
    call(env, &class, |_| {
        drop(PROBES.remove(probe));
        Ok(())
    })
}

pub extern "system" fn close_lookuper<'l>(env: EnvUnowned<'l>, class: JClass<'l>, lookuper: jlong) {
    call(env, &class, |_| {
        drop(LOOKUPERS.remove(lookuper));
        Ok(())
    })
}

pub extern "system" fn await_completions<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    connection: jlong,
    call_ids: JLongArray<'l>,
    results: JLongArray<'l>,
) -> jint {
    call(env, &class, |env| {
        let room = room(env, &call_ids)?.min(room(env, &results)?);
        let Some((ids, handles)) = ended(connection, room)? else {
            return Ok(-1);
        };
        call_ids.set_region(env, 0, &ids)?;
        results.set_region(env, 0, &handles)?;
        Ok(ids.len() as jint)
    })
}

fn room(env: &Env<'_>, array: &JLongArray<'_>) -> std::result::Result<usize, Failure> {
    if array.is_null() || array.len(env)? == 0 {
        return Err(Error::invalid("the arrays for call ids and results must have room for one entry at least").into());
    }
    Ok(array.len(env)?)
}

/// Waits; ids and result handles of calls that ended, `None` when the connection is closed and all were fetched.
fn ended(connection: i64, room: usize) -> Result<Option<(Vec<i64>, Vec<i64>)>> {
    let Some(open) = calls().get(&connection).cloned() else {
        // Fails when the handle was never a connection.
        CONNECTIONS.check(connection)?;
        return Ok(None);
    };
    let Some(ended) = open.next(room) else {
        calls().remove(&connection);
        return Ok(None);
    };
    Ok(Some(ended.into_iter().map(|(id, result)| (id, RESULTS.insert(Mutex::new(Some(result))))).unzip()))
}

pub extern "system" fn take_result<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    result: jlong,
    descriptor: JLongArray<'l>,
) -> JByteBuffer<'l> {
    call(env, &class, |env| {
        let slot = RESULTS.get(result)?;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Ok(batch)) = &*slot {
            check_descriptor(env, &descriptor, batch.columns.len())?;
        }
        drop(RESULTS.remove(result));
        let taken = slot.take().ok_or_else(|| Error::invalid("the result was taken already"))?;
        hand_over(env, &descriptor, taken?)
    })
}
