//! Requests and answers that cross as protobuf bytes, and numbers that Java has signed.
use fluss_proto::{ColumnPath, Message};
use fluss_types::{Error, PartitionBucket, Result, TablePath};
use jni::Env;
use jni::objects::JByteArray;
use jni::sys::{jint, jlong};

use crate::guard::Failure;

/// Reads a request.
pub fn decode<M: Message + Default>(env: &Env<'_>, bytes: &JByteArray<'_>) -> std::result::Result<M, Failure> {
    if bytes.is_null() {
        return Err(Error::invalid("the request is null").into());
    }
    let bytes = env.convert_byte_array(bytes)?;
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or_default();
    M::decode(bytes.as_slice()).map_err(|e| Error::invalid(format!("the request is not a {name}: {e}")).into())
}

/// Column positions.
pub fn positions(columns: Vec<u32>) -> Vec<usize> {
    columns.into_iter().map(|c| c as usize).collect()
}

/// Columns and fields within ROWs.
pub fn paths(columns: Vec<ColumnPath>) -> Vec<Vec<usize>> {
    columns.into_iter().map(|c| positions(c.steps)).collect()
}

/// The path of a request; the client checks the names.
pub fn table_path(path: Option<fluss_proto::TablePath>) -> Result<TablePath> {
    let path = path.ok_or_else(|| Error::invalid("the request has no table path"))?;
    Ok(TablePath { database: path.database, table: path.table })
}

/// A count of rows.
pub fn row_count(rows: jint) -> Result<usize> {
    usize::try_from(rows).map_err(|_| Error::invalid(format!("{rows} rows: a count cannot be negative")))
}

/// A bucket of a partition (0: the table has none).
pub fn bucket(partition: jint, bucket: jint) -> Result<PartitionBucket> {
    let number =
        |what: &str, n: jint| u32::try_from(n).map_err(|_| Error::invalid(format!("{what} {n}: a {what} cannot be negative")));
    Ok((number("partition", partition)?, number("bucket", bucket)?).into())
}

/// A time to wait.
pub fn timeout(millis: jlong) -> Result<std::time::Duration> {
    let millis = u64::try_from(millis).map_err(|_| Error::invalid(format!("timeout {millis} ms: it cannot be negative")))?;
    Ok(std::time::Duration::from_millis(millis))
}
