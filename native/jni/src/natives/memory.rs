//! Memory of batches handed to Java.
use jni::EnvUnowned;
use jni::objects::JClass;
use jni::sys::jlong;

use crate::guard::call;
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
