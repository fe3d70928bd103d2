//! Rows that were read lately, by tablet and key: a hash table above the stores, for all tablets of a process. What it is for, and why what it
//! gives is what the store holds: `native/docs/kv.md`, "Row cache".
mod door;
mod ring;

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ahash::RandomState;
use hashbrown::HashTable;

use door::Door;
use ring::{CHUNK, LONGEST, Ring};

/// Parts with a lock each.
const SHARDS: usize = 8;
/// Counters of changes of a shard. Two keys that share one cost a row that is not kept, now and then.
const STRIPES: usize = 1024;

/// Says how many bytes the cache may take, given how many it takes.
pub(crate) type RowMemory = Box<dyn Fn(u64) -> u64 + Send + Sync>;

/// Rows of many tablets, bounded in bytes.
#[derive(Clone)]
pub struct RowCache(Arc<Shared>);

struct Shared {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    memory: Memory,
    tablets: AtomicU64,
}

struct Memory {
    /// Bytes of all shards.
    used: AtomicU64,
    limit: RowMemory,
}

struct Shard {
    /// Where the row of a key is.
    index: HashTable<u64>,
    rows: Ring,
    door: Door,
    /// Raised with every change of a key.
    stripes: Vec<u32>,
    /// Bytes that are counted for it.
    counted: u64,
}

/// What a reader has to show who wants to put a row that was not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    hash: u64,
    stripe: u32,
}

impl std::fmt::Debug for RowCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowCache").field("used", &self.used()).finish_non_exhaustive()
    }
}

impl RowCache {
    /// A cache of at most `bytes`.
    pub fn new(bytes: u64) -> Self {
        Self::within(bytes, Box::new(move |_| bytes))
    }

    /// A cache that takes what it may, which is at most `bytes`. `limit` is asked whenever it would take more; it is called under a lock.
    pub(crate) fn within(bytes: u64, limit: RowMemory) -> Self {
        let shard = || Shard {
            index: HashTable::new(),
            rows: Ring::default(),
            door: Door::new(bytes as usize / SHARDS),
            stripes: vec![0; STRIPES],
            counted: 0,
        };
        Self(Arc::new(Shared {
            shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect(),
            hasher: RandomState::new(),
            memory: Memory { used: AtomicU64::new(0), limit },
            tablets: AtomicU64::new(0),
        }))
    }

    /// Bytes that it takes: rows, keys, what it knows of them, and room for more.
    pub fn used(&self) -> u64 {
        self.0.memory.used()
    }

    /// Gives up what is more than it may take now.
    pub(crate) fn fit(&self) {
        for shard in &self.0.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).fit(&self.0);
        }
    }

    /// A number that no other tablet has.
    pub(crate) fn number(&self) -> u64 {
        self.0.tablets.fetch_add(1, Ordering::Relaxed)
    }

    /// Appends the row of a key to `out` and says where it is; else gives a ticket if the key was asked for lately, so that its row is worth being put.
    pub(crate) fn get(&self, tablet: u64, key: &[u8], out: &mut Vec<u8>) -> Result<Range<usize>, Option<Ticket>> {
        let hash = hash_of(&self.0.hasher, tablet, key);
        let mut shard = self.shard(hash);
        match shard.find(hash, tablet, key) {
            Some(place) => {
                let from = out.len();
                out.extend_from_slice(shard.rows.read(place));
                Ok(from..out.len())
            }
            None if shard.door.knock(hash) => Err(Some(Ticket { hash, stripe: *shard.stripe(hash) })),
            None => Err(None),
        }
    }

    /// The key counts as one that was not asked for.
    pub(crate) fn forget(&self, tablet: u64, key: &[u8]) {
        let hash = hash_of(&self.0.hasher, tablet, key);
        self.shard(hash).door.forget(hash);
    }

    /// Puts a row that was read from the store after `ticket` was given, unless its key, or one of the same stripe, was changed since.
    pub(crate) fn put(&self, ticket: Ticket, tablet: u64, key: &[u8], row: &[u8]) {
        let Ticket { hash, stripe } = ticket;
        let mut shard = self.shard(hash);
        // Two who looked for the same key may both bring it.
        if *shard.stripe(hash) == stripe && shard.find(hash, tablet, key).is_none() {
            shard.insert(&self.0, hash, tablet, key, row);
        }
    }

    /// The store holds a new row of a key now, or none: what is cached of it is replaced or removed.
    pub(crate) fn change(&self, tablet: u64, key: &[u8], row: Option<&[u8]>) {
        let hash = hash_of(&self.0.hasher, tablet, key);
        let mut shard = self.shard(hash);
        let stripe = shard.stripe(hash);
        *stripe = stripe.wrapping_add(1);
        let Some(place) = shard.find(hash, tablet, key) else { return };
        if row.is_some_and(|row| shard.rows.overwrite(place, row)) {
            return;
        }
        shard.remove(hash, place);
        if let Some(row) = row {
            shard.insert(&self.0, hash, tablet, key, row);
        }
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        // Other bits than those that a shard's table looks at.
        self.0.shards[(hash >> 40) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(hasher: &RandomState, tablet: u64, key: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u64(tablet);
    hasher.write(key);
    hasher.finish()
}

impl Shard {
    fn stripe(&mut self, hash: u64) -> &mut u32 {
        &mut self.stripes[(hash >> 44) as usize % STRIPES]
    }

    fn find(&self, hash: u64, tablet: u64, key: &[u8]) -> Option<u64> {
        self.index.find(hash, |place| self.rows.tablet_and_key(*place) == (tablet, key)).copied()
    }

    fn remove(&mut self, hash: u64, place: u64) {
        if let Ok(entry) = self.index.find_entry(hash, |p| *p == place) {
            entry.remove();
        }
    }

    fn insert(&mut self, shared: &Shared, hash: u64, tablet: u64, key: &[u8], row: &[u8]) {
        if key.len() + row.len() > LONGEST {
            return;
        }
        let mut pushed = self.rows.push(tablet, key, row);
        if pushed.is_none() && self.make_room(shared) {
            pushed = self.rows.push(tablet, key, row);
        }
        if let Some(place) = pushed {
            let rows = &self.rows;
            let rehash = |place: &u64| {
                let (tablet, key) = rows.tablet_and_key(*place);
                hash_of(&shared.hasher, tablet, key)
            };
            self.index.insert_unique(hash, place, rehash);
        }
    }

    /// One chunk more, or else the oldest one again. False: there is none.
    fn make_room(&mut self, shared: &Shared) -> bool {
        let memory = &shared.memory;
        let limit = self.fit(shared);
        if memory.used() + CHUNK as u64 <= limit {
            self.rows.add();
        } else {
            self.retire(&shared.hasher, true);
        }
        self.count(memory);
        self.rows.chunks() > 0
    }

    /// Gives up chunks while all shards together have more than they may, which it gives.
    fn fit(&mut self, shared: &Shared) -> u64 {
        let memory = &shared.memory;
        self.count(memory);
        let limit = (memory.limit)(memory.used());
        while memory.used() > limit && self.rows.chunks() > 1 {
            self.retire(&shared.hasher, false);
            self.count(memory);
        }
        limit
    }

    /// Takes the oldest chunk out of use; `again`: it is the newest one then, with those of its rows that were asked for since it was used last.
    fn retire(&mut self, hasher: &RandomState, again: bool) {
        let Self { index, rows, .. } = self;
        let Some((begin, mut chunk)) = rows.take() else { return };
        let newest = rows.end();
        chunk.compact(|entry, at, to| {
            let found = index.find_entry(hash_of(hasher, entry.tablet, entry.key), |place| *place == begin + at as u64);
            match (found, to) {
                (Ok(mut found), Some(to)) if again && entry.asked => {
                    *found.get_mut() = newest + to as u64;
                    true
                }
                (Ok(found), _) => {
                    found.remove();
                    false
                }
                // Removed, or replaced by a longer row.
                (Err(_), _) => false,
            }
        });
        if again {
            rows.put_back(chunk);
        }
    }

    /// Brings what is counted for it to what it takes.
    fn count(&mut self, memory: &Memory) {
        let takes = (self.rows.chunks() * CHUNK + self.index.allocation_size()) as u64;
        let before = std::mem::replace(&mut self.counted, takes);
        memory.used.fetch_add(takes.wrapping_sub(before), Ordering::Relaxed);
    }
}

impl Memory {
    fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}
