//! What the tablets of a primary-key table share: one kv store, snapshots of it, and what they may bring into it.
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fluss_format::Expiry;
use fluss_kv::{IsRemovable, KvTable};
use fluss_types::{Error, PartitionId, Result, TableOptions};

use crate::TabletContext;
use crate::flow::Flow;
use crate::snapshot::Snapshots;

/// Takes up to so many numbers for the auto increment column of a table, none greater than the second argument; none is ever given again.
pub type ReserveNumbers = Box<dyn Fn(u32, i64) -> Result<Range<i64>> + Send + Sync>;

/// Rows that have expired stay stored for so long, so that whoever began to scan before that still finds them.
const EXPIRED_KEPT_MS: i64 = 3_600_000;

/// The kv state of a primary-key table, for all its tablets.
pub struct TableKv {
    pub(crate) kv: Arc<dyn KvTable>,
    pub(crate) snapshots: Snapshots,
    pub(crate) flow: Flow,
    pub(crate) reserve_numbers: ReserveNumbers,
    /// `table.row.ttl` for compactions, ms.
    row_ttl: Arc<AtomicI64>,
}

impl std::fmt::Debug for TableKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableKv").field("kv", &self.kv).field("snapshots", &self.snapshots).finish_non_exhaustive()
    }
}

impl TableKv {
    /// Opens or makes the kv state in the folder of a table.
    pub fn open(
        dir: &Path,
        options: &TableOptions,
        context: &TabletContext,
        reserve_numbers: ReserveNumbers,
    ) -> Result<Arc<Self>> {
        let (fs, kv_dir) = (&context.fs, dir.join("kv"));
        fs.create_dir_all(&kv_dir).map_err(|e| Error::io(format!("make kv folder {}", kv_dir.display()), &e))?;
        let row_ttl = Arc::new(AtomicI64::new(i64::MAX));
        let removable = options.row_ttl.map(|ttl| {
            row_ttl.store(millis(ttl), Ordering::Relaxed);
            let (row_ttl, clock) = (row_ttl.clone(), context.clock.clone());
            let is_removable = move |row: &[u8]| {
                let ttl = row_ttl.load(Ordering::Relaxed).saturating_add(EXPIRED_KEPT_MS);
                Expiry::at(clock.now_ms(), Some(Duration::from_millis(ttl as u64))).is_over(row)
            };
            Arc::new(is_removable) as IsRemovable
        });
        let kv = context.kv.open(&kv_dir, removable)?;
        let snapshots = Snapshots::open(fs.clone(), context.kv.clone(), dir.join("snapshots"), context.clock.now_ms());
        let snapshots = snapshots.inspect_err(|_| kv.close())?;
        Ok(Arc::new(Self { flow: Flow::new(kv.clone()), kv, snapshots, reserve_numbers, row_ttl }))
    }

    /// Follows ALTER TABLE.
    pub fn alter(&self, options: &TableOptions) {
        if let Some(ttl) = options.row_ttl {
            self.row_ttl.store(millis(ttl), Ordering::Relaxed);
        }
    }

    /// Removes the rows of a partition, durably. Its tablets are closed and never opened again.
    pub fn remove_partition(&self, partition: PartitionId) -> Result<()> {
        self.kv.remove_partition(partition)
    }

    /// Writes out what is in memory and closes. Its tablets are closed.
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

fn millis(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)
}
