use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn a_handle_finds_its_value_until_it_is_removed() {
    let registry = Registry::new(3, "a thing");
    let handle = registry.insert("x");
    assert!(handle > 0);
    assert_eq!(*registry.get(handle).unwrap(), "x");
    assert_eq!(registry.remove(handle).as_deref(), Some(&"x"));
    let error = registry.get(handle).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StaleHandle);
    assert!(error.message().contains("a thing that was closed"), "{error}");
}

#[test]
fn removing_twice_is_no_error() {
    let registry = Registry::new(3, "a thing");
    let handle = registry.insert(());
    assert!(registry.remove(handle).is_some());
    assert!(registry.remove(handle).is_none());
    assert!(registry.check(handle).is_ok(), "closed, but once given out");
    let again = registry.insert(());
    assert!(registry.remove(handle).is_none(), "an old handle must not close the slot's next value");
    assert!(registry.get(again).is_ok());
}

#[test]
fn a_reused_slot_has_another_handle() {
    let registry = Registry::new(3, "a thing");
    let first = registry.insert(1);
    registry.remove(first);
    let second = registry.insert(2);
    assert_ne!(first, second);
    assert_eq!(first as u32, second as u32, "the slot is used again");
    assert!(registry.get(first).is_err());
}

#[test]
fn foreign_handles_are_errors_everywhere() {
    let registry = Registry::new(3, "a thing");
    let other = Registry::new(4, "another thing");
    registry.insert(1);
    let handle = other.insert(1);
    for bad in [0, -1, i64::MIN, i64::MAX, 1, handle, Parts { index: 0, generation: 9, tag: 3 }.handle()] {
        assert_eq!(registry.get(bad).unwrap_err().code(), ErrorCode::StaleHandle, "{bad:#x}");
        assert!(registry.remove(bad).is_none(), "{bad:#x}");
        assert!(registry.check(bad).is_err(), "{bad:#x}");
    }
    assert_eq!(registry.len(), 1);
}

#[test]
fn a_slot_with_no_generation_left_is_not_used_again() {
    let registry = Registry::new(1, "a thing");
    let handle = registry.insert(());
    registry.remove(handle);
    registry.write().entries[0].generation = LAST_GENERATION;
    let last = registry.insert(());
    assert_eq!(Parts::of(last).generation, LAST_GENERATION);
    registry.remove(last);
    let next = registry.insert(());
    assert_eq!(Parts::of(next).index, 1);
    assert!(registry.get(last).is_err());
    assert!(registry.remove(last).is_none());
}

#[test]
fn a_call_in_flight_keeps_the_value_and_the_last_one_drops_it() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Thing;
    impl Drop for Thing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }
    let registry = Registry::new(1, "a thing");
    let handle = registry.insert(Thing);
    let in_flight = registry.get(handle).unwrap();
    drop(registry.remove(handle));
    assert_eq!(DROPPED.load(Ordering::SeqCst), 0);
    drop(in_flight);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
}

#[test]
fn remove_if_takes_only_what_it_is_asked_for() {
    let registry = Registry::new(1, "a number");
    let handles: Vec<_> = (0..6).map(|i| registry.insert(i)).collect();
    let even = registry.remove_if(|i| i % 2 == 0);
    assert_eq!(even.len(), 3);
    assert_eq!(registry.len(), 3);
    assert!(registry.get(handles[0]).is_err());
    assert!(registry.get(handles[1]).is_ok());
    assert_eq!(registry.insert(7) as u32 % 2, 0, "freed slots are used again");
}

#[test]
fn threads_may_open_and_close_at_once() {
    static REGISTRY: Registry<usize> = Registry::new(5, "a number");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for i in 0..2_000 {
                    let handle = REGISTRY.insert(thread * 10_000 + i);
                    assert_eq!(*REGISTRY.get(handle).unwrap(), thread * 10_000 + i);
                    assert!(REGISTRY.remove(handle).is_some());
                }
            });
        }
    });
    assert!(REGISTRY.is_empty());
}
