//! The door of a part of the cache (TinyLFU's doorkeeper): which keys were asked for lately that are not cached.

/// A byte of it for so much of the cache.
const SHARE: usize = 16 << 10;

/// A byte of the hash of each key, at a place that the hash says. Who comes to the same place later takes it, so it knows about as many of the last keys as
/// it has bytes. One key of 255 is taken for another.
pub(super) struct Door(Vec<u8>);

impl Door {
    /// The door of so many bytes of cache.
    pub fn new(bytes: usize) -> Self {
        Self(vec![0; (bytes / SHARE).next_power_of_two()])
    }

    /// A key is asked for. Whether it was lately.
    pub fn knock(&mut self, hash: u64) -> bool {
        // Other bits than those that say the cache's part and the place.
        let mark = (hash >> 56) as u8;
        let at = hash as usize % self.0.len();
        std::mem::replace(&mut self.0[at], mark) == mark
    }
}
