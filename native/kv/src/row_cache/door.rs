//! The door of a part of the cache (TinyLFU's doorkeeper): which keys were asked for lately that are not cached.

/// A byte of it for so much of the cache.
const SHARE: usize = 16 << 10;

/// The mark of no key.
const NOBODY: u8 = 0;

/// A byte of the hash of each key, at a place that the hash says. Who comes to the same place later takes it, so it knows about as many of the last keys as
/// it has bytes. One key of 255 is taken for another.
pub(super) struct Door(Vec<u8>);

impl Door {
    /// The door of so many bytes of cache.
    pub fn new(bytes: usize) -> Self {
        Self(vec![NOBODY; (bytes / SHARE).next_power_of_two()])
    }

    /// A key is asked for. Whether it was lately.
    pub fn knock(&mut self, hash: u64) -> bool {
        std::mem::replace(self.at(hash), mark(hash)) == mark(hash)
    }

    /// A key was not asked for after all.
    pub fn forget(&mut self, hash: u64) {
        *self.at(hash) = NOBODY;
    }

    fn at(&mut self, hash: u64) -> &mut u8 {
        let at = hash as usize % self.0.len();
        &mut self.0[at]
    }
}

/// Other bits than those that say the cache's part and the place.
fn mark(hash: u64) -> u8 {
    ((hash >> 56) as u8).max(NOBODY + 1)
}
