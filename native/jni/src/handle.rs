//! Handles: what Java holds instead of pointers. A handle is index, generation and type tag, so that one that is stale,
//! closed, of another type or made up is an error and never undefined behaviour.
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use fluss_types::{Error, ErrorCode, Result};

const GENERATION_BITS: u32 = 24;
const LAST_GENERATION: u32 = (1 << GENERATION_BITS) - 1;

/// The objects of one type that Java holds. `const`, so that it can be a static.
pub struct Registry<T> {
    tag: u8,
    name: &'static str,
    slots: RwLock<Slots<T>>,
}

struct Slots<T> {
    entries: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    /// Of the value, or of the next value while empty.
    generation: u32,
    value: Option<Arc<T>>,
}

/// Bits: 0 to 31 index, 32 to 55 generation (from 1), 56 to 62 tag (from 1); so handles are positive.
#[derive(Clone, Copy)]
struct Parts {
    index: u32,
    generation: u32,
    tag: u8,
}

impl Parts {
    fn of(handle: i64) -> Self {
        let bits = handle.cast_unsigned();
        Self {
            index: bits as u32,
            generation: (bits >> 32) as u32 & LAST_GENERATION,
            tag: (bits >> (32 + GENERATION_BITS)) as u8,
        }
    }

    fn handle(self) -> i64 {
        let upper = u64::from(self.tag) << GENERATION_BITS | u64::from(self.generation);
        (upper << 32 | u64::from(self.index)).cast_signed()
    }
}

impl<T> Registry<T> {
    /// `tag`: 1 to 127, one per type. `name`: for messages, with its article ("a writer").
    pub const fn new(tag: u8, name: &'static str) -> Self {
        assert!(tag > 0 && tag < 128);
        Self { tag, name, slots: RwLock::new(Slots { entries: Vec::new(), free: Vec::new() }) }
    }

    /// Keeps a value until [`Registry::remove`] and gives its handle.
    pub fn insert(&self, value: T) -> i64 {
        let value = Some(Arc::new(value));
        let mut slots = self.write();
        let (index, generation) = if let Some(index) = slots.free.pop() {
            let slot = &mut slots.entries[index as usize];
            slot.value = value;
            (index, slot.generation)
        } else {
            let index = u32::try_from(slots.entries.len()).expect("fewer than 2^32 open handles");
            slots.entries.push(Slot { generation: 1, value });
            (index, 1)
        };
        Parts { index, generation, tag: self.tag }.handle()
    }

    /// The value, for the time of a call; it outlives a concurrent `remove`.
    pub fn get(&self, handle: i64) -> Result<Arc<T>> {
        let parts = self.parts(handle)?;
        let slots = self.read();
        let slot = slots.entries.get(parts.index as usize).ok_or_else(|| self.unknown(handle))?;
        match &slot.value {
            Some(value) if slot.generation == parts.generation => Ok(value.clone()),
            _ => Err(self.stale(handle)),
        }
    }

    /// Takes a value out: `None` when it was taken before or is none of ours, so that closing is idempotent and closing a
    /// stranger does nothing. The caller drops it, outside the lock.
    pub fn remove(&self, handle: i64) -> Option<Arc<T>> {
        let parts = self.parts(handle).ok()?;
        let mut slots = self.write();
        let slot = slots.entries.get(parts.index as usize)?;
        if slot.generation != parts.generation {
            return None;
        }
        slots.vacate(parts.index as usize)
    }

    /// Refuses a handle that was never given out; one that is closed passes.
    pub fn check(&self, handle: i64) -> Result<()> {
        let parts = self.parts(handle)?;
        match self.read().entries.get(parts.index as usize) {
            Some(slot) if slot.generation >= parts.generation => Ok(()),
            _ => Err(self.unknown(handle)),
        }
    }

    /// Takes every value out that `condition` is true of.
    pub fn remove_if(&self, condition: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
        let mut slots = self.write();
        let chosen = |slot: &Slot<T>| slot.value.as_deref().is_some_and(&condition);
        let indexes: Vec<usize> = (0..slots.entries.len()).filter(|&i| chosen(&slots.entries[i])).collect();
        indexes.into_iter().filter_map(|i| slots.vacate(i)).collect()
    }

    /// How many values are held.
    pub fn len(&self) -> usize {
        self.read().entries.iter().filter(|s| s.value.is_some()).count()
    }

    /// Whether no value is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn parts(&self, handle: i64) -> Result<Parts> {
        let parts = Parts::of(handle);
        if handle <= 0 || parts.tag != self.tag || parts.generation == 0 {
            return Err(self.unknown(handle));
        }
        Ok(parts)
    }

    fn stale(&self, handle: i64) -> Error {
        Error::new(ErrorCode::StaleHandle, format!("handle {handle:#x}: {} that was closed already; open it again", self.name))
    }

    fn unknown(&self, handle: i64) -> Error {
        Error::new(ErrorCode::StaleHandle, format!("handle {handle:#x} was never given out for {}", self.name))
    }

    // A panic while the lock is held cannot leave half a change: every change is one assignment.
    fn read(&self) -> RwLockReadGuard<'_, Slots<T>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Slots<T>> {
        self.slots.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Slots<T> {
    fn vacate(&mut self, index: usize) -> Option<Arc<T>> {
        let slot = &mut self.entries[index];
        let value = slot.value.take()?;
        slot.generation += 1;
        // A slot whose generations are used up is given up: 16 million uses cost its few bytes.
        if slot.generation <= LAST_GENERATION {
            self.free.push(index as u32);
        }
        Some(value)
    }
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
