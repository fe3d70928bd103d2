use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

fn all(completions: &Completions<i64>, count: usize) -> BTreeMap<i64, Result<i64>> {
    let mut results = BTreeMap::new();
    while results.len() < count {
        results.extend(completions.next(7).expect("not closed"));
    }
    results
}

#[test]
fn every_call_ends_with_its_own_result() {
    let completions = Completions::new();
    let results = thread::scope(|scope| {
        let fetch = || std::iter::from_fn(|| completions.next(7)).flatten().collect::<Vec<_>>();
        let fetching = [(); 3].map(|()| scope.spawn(fetch));
        for call in 0..500 {
            let job = move || {
                if call % 5 == 0 { Err(Error::invalid(format!("{call}"))) } else { Ok(call * 2) }
            };
            completions.submit(call, job).unwrap();
        }
        while completions.lock().open > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        completions.close();
        fetching.map(|thread| thread.join().unwrap()).concat()
    });
    let results: BTreeMap<i64, Result<i64>> = results.into_iter().collect();
    assert_eq!(results.len(), 500);
    for (call, result) in results {
        match result {
            Ok(value) => assert_eq!(value, call * 2),
            Err(error) => assert_eq!(error.message(), call.to_string()),
        }
    }
    assert!(completions.next(7).is_none());
}

#[test]
fn a_panic_ends_its_call_and_no_other() {
    let completions = Completions::new();
    completions.submit(1, || panic!("boom")).unwrap();
    completions.submit(2, || Ok(2)).unwrap();
    let results = all(&completions, 2);
    assert_eq!(results[&1].as_ref().unwrap_err().code(), ErrorCode::Panic);
    assert_eq!(*results[&2].as_ref().unwrap(), 2);
    completions.close();
}

#[test]
fn close_fails_what_waits_and_lets_finish_what_runs() {
    let completions = Completions::new();
    let (started, wait_started) = mpsc::channel();
    let (go, wait_go) = mpsc::channel::<()>();
    let running = move || {
        started.send(()).unwrap();
        wait_go.recv().unwrap();
        Ok(1)
    };
    completions.submit(1, running).unwrap();
    thread::scope(|scope| {
        let runs = scope.spawn(|| completions.next(7).unwrap());
        wait_started.recv().unwrap();
        completions.submit(2, || Ok(2)).unwrap();
        completions.close();
        assert!(!completions.is_drained());
        assert_eq!(completions.submit(3, || Ok(3)).unwrap_err().code(), ErrorCode::Closed);
        let dropped = completions.next(7).unwrap();
        assert_eq!(dropped.len(), 1);
        assert_eq!(dropped[0].0, 2);
        assert_eq!(dropped[0].1.as_ref().unwrap_err().code(), ErrorCode::Closed);
        go.send(()).unwrap();
        assert_eq!(*runs.join().unwrap()[0].1.as_ref().unwrap(), 1);
    });
    assert!(completions.next(7).is_none());
    assert!(completions.is_drained());
}

#[test]
fn close_wakes_a_waiting_reader() {
    let completions = Completions::<i64>::new();
    thread::scope(|scope| {
        let reader = scope.spawn(|| completions.next(7).is_none());
        thread::sleep(Duration::from_millis(20));
        completions.close();
        assert!(reader.join().unwrap());
    });
}
