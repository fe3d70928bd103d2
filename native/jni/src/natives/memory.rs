//! Memory of batches handed to Java, and what else the store counts.
use fluss_proto::{Message, Metrics};
use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass};
use jni::sys::jlong;

use crate::guard::call;
use crate::object::{CONNECTIONS, open_handles};
use crate::output::{BATCHES, held_bytes};

pub extern "system" fn release_batch<'l>(env: EnvUnowned<'l>, class: JClass<'l>, batch: jlong) {
    call(env, &class, |_| {
        drop(BATCHES.remove(batch));
        Ok(())
    })
}

pub extern "system" fn batch_bytes<'l>(env: EnvUnowned<'l>, class: JClass<'l>) -> jlong {
    call(env, &class, |_| Ok(held_bytes() as jlong))
}

pub extern "system" fn metrics<'l>(env: EnvUnowned<'l>, class: JClass<'l>, connection: jlong) -> JByteArray<'l> {
    call(env, &class, |env| {
        let mut values = CONNECTIONS.get(connection)?.connection.metrics();
        values.push(("handles", open_handles() as u64));
        let metrics = Metrics { values: values.into_iter().map(|(name, value)| (name.into(), value)).collect() };
        Ok(env.byte_array_from_slice(&metrics.encode_to_vec())?)
    })
}
