//! Batches handed to Java: one direct buffer over the batch's memory, a descriptor of positions, and the count of bytes
//! that Java holds. The memory stays until `releaseBatch`.
use std::sync::atomic::{AtomicUsize, Ordering};

use fluss_client::ReadBatch;
use fluss_types::{Error, Result};
use jni::Env;
use jni::objects::{JByteBuffer, JLongArray};

use crate::guard::Failure;
use crate::handle::Registry;

/// Descriptor entries before those of the nodes.
const FIXED: usize = 12;
/// Descriptor entries a node.
const PER_NODE: usize = 4;
/// "Not there", for positions.
const ABSENT: i64 = -1;

/// Batches that Java has not released.
pub static BATCHES: Registry<HeldBatch> = Registry::new(7, "a batch");

static HELD_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Bytes that batches handed to Java hold now.
pub fn held_bytes() -> usize {
    HELD_BYTES.load(Ordering::Relaxed)
}

/// A batch that counts towards [`held_bytes`] while it lives.
pub struct HeldBatch {
    batch: ReadBatch,
}

impl HeldBatch {
    /// Counts the batch.
    pub fn new(batch: ReadBatch) -> Self {
        HELD_BYTES.fetch_add(batch.bytes.capacity(), Ordering::Relaxed);
        Self { batch }
    }

    /// The descriptor, as `native/docs/jni.md` lays it out.
    pub fn descriptor(&self, handle: i64) -> Vec<i64> {
        let b = &self.batch;
        let mut d = Vec::with_capacity(descriptor_len(b.columns.len()));
        d.extend([handle, i64::from(b.bucket), b.rows as i64, b.first_row as i64, b.end_row as i64]);
        d.extend([b.base_offset, b.commit_timestamp, position(b.row_bytes), i64::from(b.schema_id)]);
        d.extend([position(b.selected.map(|s| s.position)), i64::from(b.partition()), position(b.ends)]);
        for node in &b.columns {
            d.extend([position(node.validity), node.data as i64, position(node.aux), node.data_len as i64]);
        }
        d
    }
}

impl Drop for HeldBatch {
    fn drop(&mut self) {
        HELD_BYTES.fetch_sub(self.batch.bytes.capacity(), Ordering::Relaxed);
    }
}

fn position(position: Option<usize>) -> i64 {
    position.map_or(ABSENT, |p| p as i64)
}

/// Entries of the descriptor of a batch of so many nodes.
pub fn descriptor_len(nodes: usize) -> usize {
    FIXED + PER_NODE * nodes
}

/// Refuses a descriptor that is too short: to be called before a batch is fetched, which would be lost otherwise.
pub fn check_descriptor(env: &Env<'_>, descriptor: &JLongArray<'_>, nodes: usize) -> std::result::Result<(), Failure> {
    if descriptor.is_null() {
        return Err(Error::invalid("the descriptor array is null").into());
    }
    let (length, needed) = (descriptor.len(env)?, descriptor_len(nodes));
    if length < needed {
        return Err(Error::invalid(format!("the descriptor has {length} entries; columns of {nodes} nodes need {needed}")).into());
    }
    Ok(())
}

/// Registers the batch, fills the descriptor and makes the buffer. On failure the batch is freed.
pub fn hand_over<'local>(
    env: &mut Env<'local>,
    descriptor: &JLongArray<'local>,
    batch: ReadBatch,
) -> std::result::Result<JByteBuffer<'local>, Failure> {
    check_size(&batch)?;
    // The bytes are on the heap: they do not move when the batch does.
    let (address, length) = (batch.bytes.as_ptr().cast_mut(), batch.bytes.len());
    let handle = BATCHES.insert(HeldBatch::new(batch));
    let made = (|| {
        descriptor.set_region(env, 0, &BATCHES.get(handle)?.descriptor(handle))?;
        // SAFETY: the memory is not null, has `length` bytes and stays until `releaseBatch`, after which Java must not
        // touch the buffer. Java does not write: Rust reads nothing of it again either.
        Ok(unsafe { env.new_direct_byte_buffer(address, length) }?)
    })();
    if made.is_err() {
        drop(BATCHES.remove(handle));
    }
    made
}

fn check_size(batch: &ReadBatch) -> Result<()> {
    if i32::try_from(batch.bytes.len()).is_err() {
        let message = format!("a batch of {} bytes in bucket {}; Java's buffers end at 2 GiB", batch.bytes.len(), batch.bucket);
        return Err(Error::internal(message));
    }
    Ok(())
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
