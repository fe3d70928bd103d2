//! What the tablets of a primary-key table share: one kv store, and snapshots of it.
use std::path::Path;
use std::sync::Arc;

use fluss_kv::KvTable;
use fluss_types::{Error, PartitionId, Result};

use crate::TabletContext;
use crate::snapshot::Snapshots;

/// The kv state of a primary-key table, for all its tablets.
#[derive(Debug)]
pub struct TableKv {
    pub(crate) kv: Arc<dyn KvTable>,
    pub(crate) snapshots: Snapshots,
}

impl TableKv {
    /// Opens or makes the kv state in the folder of a table.
    pub fn open(dir: &Path, context: &TabletContext) -> Result<Arc<Self>> {
        let (fs, kv_dir) = (&context.fs, dir.join("kv"));
        fs.create_dir_all(&kv_dir).map_err(|e| Error::io(format!("make kv folder {}", kv_dir.display()), &e))?;
        let kv = context.kv.open(&kv_dir)?;
        let snapshots = Snapshots::open(fs.clone(), context.kv.clone(), dir.join("snapshots"), context.clock.now_ms());
        Ok(Arc::new(Self { snapshots: snapshots.inspect_err(|_| kv.close())?, kv }))
    }

    /// Removes the rows of a partition, durably. Its tablets are closed and never opened again.
    pub fn remove_partition(&self, partition: PartitionId) -> Result<()> {
        self.kv.remove_partition(partition)
    }

    /// Writes memtables out and closes. Its tablets are closed.
    pub fn close(&self) -> Result<()> {
        let flushed = self.kv.flush();
        self.kv.close();
        flushed
    }

    /// Closes what is no longer wanted: the table is dropped, or must not be written any more.
    pub fn abandon(&self) {
        self.kv.close();
    }
}
