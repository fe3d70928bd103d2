//! Connections, administration, tables.
use fluss_client::Connection;
use fluss_proto::{AdminRequest, Message, OpenRequest, OpenTableRequest};
use jni::EnvUnowned;
use jni::objects::{JByteArray, JClass};
use jni::sys::{jint, jlong};

use crate::ABI_VERSION;
use crate::completion::Completions;
use crate::guard::call;
use crate::object::{CONNECTIONS, OpenConnection, OpenTable, TABLES, calls, close_connection};
use crate::request::{decode, table_path};

pub extern "system" fn abi_version<'l>(env: EnvUnowned<'l>, class: JClass<'l>) -> jint {
    call(env, &class, |_| Ok(ABI_VERSION))
}

pub extern "system" fn open<'l>(env: EnvUnowned<'l>, class: JClass<'l>, request: JByteArray<'l>) -> jlong {
    call(env, &class, |env| {
        let request: OpenRequest = decode(env, &request)?;
        let connection = Connection::open(request.options)?;
        let lookups = Completions::new();
        let handle = CONNECTIONS.insert(OpenConnection { connection, calls: lookups.clone() });
        calls().insert(handle, lookups);
        Ok(handle)
    })
}

pub extern "system" fn close<'l>(env: EnvUnowned<'l>, class: JClass<'l>, connection: jlong) {
    call(env, &class, |_| Ok(close_connection(connection)?))
}

pub extern "system" fn admin<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    connection: jlong,
    request: JByteArray<'l>,
) -> JByteArray<'l> {
    call(env, &class, |env| {
        let open = CONNECTIONS.get(connection)?;
        let request: AdminRequest = decode(env, &request)?;
        let response = open.connection.admin(request)?;
        Ok(env.byte_array_from_slice(&response.encode_to_vec())?)
    })
}

pub extern "system" fn open_table<'l>(
    env: EnvUnowned<'l>,
    class: JClass<'l>,
    connection: jlong,
    request: JByteArray<'l>,
) -> jlong {
    call(env, &class, |env| {
        let parent = CONNECTIONS.get(connection)?;
        let request: OpenTableRequest = decode(env, &request)?;
        let path = table_path(request.path)?;
        let table = parent.connection.table(&path)?;
        Ok(TABLES.insert(OpenTable { table, path, parent }))
    })
}

pub extern "system" fn close_table<'l>(env: EnvUnowned<'l>, class: JClass<'l>, table: jlong) {
    call(env, &class, |_| {
        drop(TABLES.remove(table));
        Ok(())
    })
}
