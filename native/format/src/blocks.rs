//! Blocks of batches that readers gave back, kept for the next batches: fresh memory of that size is mapped, faulted in page by page and
//! unmapped, which took a fifth of a reader's time.
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::AlignedBytes;

/// Smaller ones are the allocator's business.
const SMALLEST: usize = 256 << 10;
/// Larger ones are given back to the system.
const LARGEST: usize = 4 << 20;
/// So many are kept at most, 16 MiB in all; they are in no budget.
const MOST: usize = 4;

static FREE: Mutex<Vec<AlignedBytes>> = Mutex::new(Vec::new());

fn free() -> MutexGuard<'static, Vec<AlignedBytes>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An empty block with room for so many bytes, and at most for twice as many.
pub(crate) fn take(bytes: usize) -> AlignedBytes {
    let mut free = free();
    let kept = free.iter().position(|b| (bytes..=bytes.saturating_mul(2)).contains(&b.capacity())).map(|at| free.swap_remove(at));
    drop(free);
    let Some(mut block) = kept else { return AlignedBytes::with_capacity(bytes) };
    block.clear();
    block
}

/// Takes the block of a batch that nobody reads any more.
pub fn give_back(block: AlignedBytes) {
    if (SMALLEST..=LARGEST).contains(&block.capacity()) {
        let mut free = free();
        if free.len() < MOST {
            free.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_used_again_if_it_is_neither_too_small_nor_much_too_large() {
        let mut block = AlignedBytes::with_capacity(3 << 20);
        block.extend_from_slice(&[1u8; 100]);
        let place = block.as_ptr();
        give_back(block);
        assert_ne!(take((3 << 20) + 64).as_ptr(), place, "too small");
        assert_ne!(take(1 << 20).as_ptr(), place, "more than twice as large");
        let again = take(2 << 20);
        assert_eq!(again.as_ptr(), place);
        assert!(again.is_empty());
        give_back(AlignedBytes::with_capacity(LARGEST + 64));
        assert!(free().iter().all(|b| b.capacity() <= LARGEST));
    }
}
