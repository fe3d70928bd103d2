//! The memory of the process: all engines that it has open share one budget, one block cache and one set of write buffers.
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fluss_kv::KvMemory;
use fluss_types::{Error, ErrorCode, MemoryBudget, Result};

/// What all engines of the process share; an engine holds its part until it is closed.
#[derive(Debug)]
pub(crate) struct ProcessMemory {
    pub(crate) budget: Arc<MemoryBudget>,
    pub(crate) kv: KvMemory,
    /// Whose `memory.size` is in force.
    directory: PathBuf,
}

static PROCESS: Mutex<Weak<ProcessMemory>> = Mutex::new(Weak::new());

impl ProcessMemory {
    /// The memory in force, or that of the engine of `directory` if no other is open. `size`: its `memory.size`; `given`: that was not the default.
    pub(crate) fn join(directory: &Path, size: u64, given: bool) -> Result<Arc<Self>> {
        let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = process.upgrade() {
            let in_force = current.budget.size();
            if given && size != in_force {
                return Err(Error::new(
                    ErrorCode::InvalidOption,
                    format!(
                        "'memory.size' is {size} bytes for {} and {in_force} bytes for {}, which this process has open already: the memory budget is one for all stores of a process. Give the same value, or none",
                        directory.display(),
                        current.directory.display()
                    ),
                ));
            }
            return Ok(current);
        }
        let budget = Arc::new(MemoryBudget::new(size));
        let kv = KvMemory::new(budget.block_cache() as usize, budget.write_buffers() as usize);
        let memory = Arc::new(Self { budget, kv, directory: directory.to_path_buf() });
        *process = Arc::downgrade(&memory);
        Ok(memory)
    }
}
