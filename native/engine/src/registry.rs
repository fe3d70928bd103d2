//! One engine a data directory and process, shared by all who open it, closed with the last.
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use fluss_types::file::{FileSystem, LocalFileSystem};
use fluss_types::time::{Clock, SystemClock};
use fluss_types::{EngineOptions, Error, ErrorCode, Result};

use crate::Engine;
use crate::directory::parse_data_dir;
use crate::memory::ProcessMemory;

#[derive(Default)]
struct Slot {
    open: Mutex<Option<Open>>,
}

struct Open {
    engine: Arc<Engine>,
    options: BTreeMap<String, String>,
    users: usize,
}

static SLOTS: LazyLock<Mutex<HashMap<PathBuf, Arc<Slot>>>> = LazyLock::new(Mutex::default);

/// A share of an engine.
pub struct EngineHandle {
    engine: Arc<Engine>,
    slot: Arc<Slot>,
    released: Mutex<bool>,
}

impl std::fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineHandle").field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// Opens the engine of `data.dir`, or joins the one that this process has open; other engine options than those are an error.
pub fn open(options: &BTreeMap<String, String>) -> Result<EngineHandle> {
    open_with_clock(options, Arc::new(SystemClock))
}

/// As [`open`]; if the engine is not open yet it goes by this clock.
pub fn open_with_clock(options: &BTreeMap<String, String>, clock: Arc<dyn Clock>) -> Result<EngineHandle> {
    let mut options = options.clone();
    let data_dir = match (options.remove("data.dir"), options.remove("bootstrap.servers")) {
        (Some(dir), None) => dir,
        (None, Some(_)) => {
            return Err(Error::new(
                ErrorCode::InvalidOption,
                "'bootstrap.servers' needs a server, which this version does not have yet; give 'data.dir' for an embedded store",
            ));
        }
        (both, _) => {
            let given = if both.is_some() { "both are" } else { "none is" };
            return Err(Error::new(
                ErrorCode::InvalidOption,
                format!("give exactly one of 'data.dir' and 'bootstrap.servers'; {given} given"),
            ));
        }
    };
    let parsed = EngineOptions::parse(&options)?;
    let path = parse_data_dir(&data_dir)?;
    let fail = |e| Error::io(format!("data directory {} cannot be written: make it", path.display()), &e);
    LocalFileSystem.create_dir_all(&path).map_err(fail)?;
    let path = path.canonicalize().map_err(fail)?;
    let slot = SLOTS.lock().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_default().clone();
    let mut open = slot.open.lock().unwrap_or_else(PoisonError::into_inner);
    if open.as_ref().is_none() {
        let memory = ProcessMemory::join(&path, parsed.memory, options.contains_key("memory.size"))?;
        let engine = Engine::open(&path, parsed, memory, clock)?;
        *open = Some(Open { engine, options: options.clone(), users: 0 });
    }
    let Some(current) = open.as_mut() else { return Err(Error::internal("the engine is gone")) };
    // Who gives no engine options takes those that are in force.
    if !options.is_empty() && options != current.options {
        return Err(Error::new(
            ErrorCode::InvalidOption,
            format!(
                "data directory {} is open with the engine options {:?}; here {options:?} were given. Engine options are the same for all who open a directory: give them once, in the catalog",
                path.display(),
                current.options
            ),
        ));
    }
    current.users += 1;
    let engine = current.engine.clone();
    drop(open);
    Ok(EngineHandle { engine, slot, released: Mutex::new(false) })
}

impl EngineHandle {
    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The engine options that were given to who opened the engine first; the others have their defaults.
    pub fn options(&self) -> BTreeMap<String, String> {
        let open = self.slot.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|o| o.options.clone()).unwrap_or_default()
    }

    /// Gives the share back; the last one closes the engine cleanly. Idempotent.
    pub fn release(&self) -> Result<()> {
        if std::mem::replace(&mut *self.released.lock().unwrap_or_else(PoisonError::into_inner), true) {
            return Ok(());
        }
        // Held while the engine closes, so that the next opener waits and finds the directory free.
        let mut open = self.slot.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(current) = open.as_mut() else { return Ok(()) };
        current.users -= 1;
        if current.users > 0 {
            return Ok(());
        }
        let closed = self.engine.close();
        *open = None;
        closed
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        // Whoever wants to know whether closing worked calls `release`.
        let _ = self.release();
    }
}
