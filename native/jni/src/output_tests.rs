use fluss_format::{AlignedBytes, ColumnBatch, ColumnLayout};
use fluss_types::MemoryBudget;

use super::*;

fn batch(bytes: usize) -> ReadBatch {
    let batch = ColumnBatch {
        bytes: AlignedBytes::from_len_zeroed(bytes),
        bucket: 4,
        rows: 10,
        first_row: 2,
        end_row: 9,
        base_offset: 1 << 40,
        commit_timestamp: 1_700_000_000_000,
        row_bytes: Some(64),
        schema_id: 3,
        selected: None,
        ends: None,
        columns: vec![
            ColumnLayout { validity: None, data: 128, aux: None, data_len: 80 },
            ColumnLayout { validity: Some(256), data: 320, aux: Some(384), data_len: 17 },
        ],
    };
    ReadBatch::new(batch, &MemoryBudget::new(1 << 20).readers().user())
}

#[test]
fn the_descriptor_is_as_documented() {
    let expected = [77, 4, 10, 2, 9, 1 << 40, 1_700_000_000_000, 64, 3, -1, 0, -1, -1, 128, -1, 80, 256, 320, 384, 17];
    let descriptor = HeldBatch::new(batch(448)).descriptor(77);
    assert_eq!(descriptor, expected);
    assert_eq!(descriptor.len(), descriptor_len(2));
}

#[test]
fn held_bytes_follow_the_batches_and_each_is_freed_once() {
    let before = held_bytes();
    let handle = BATCHES.insert(HeldBatch::new(batch(1 << 20)));
    assert!(held_bytes() >= before + (1 << 20));
    let released = BATCHES.remove(handle);
    assert!(released.is_some());
    drop(released);
    assert!(BATCHES.remove(handle).is_none());
    assert!(held_bytes() < before + (1 << 20));
}
