//! The system tells the failure of a sync to one of those who sync a file at once; none of them may go on.
#![allow(clippy::unwrap_used, reason = "test code")]
mod support;

use std::io::Result;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fluss_log::{Appended, Log};
use fluss_testkit::{Fault, HookedFiles, Operation, SimulatedDisk};
use fluss_types::ErrorCode;
use support::{BUCKET, SMALL, dir, encode, schema};

/// Holds up the next sync: tells that it has begun, waits, and lets it fail.
type Gate = Arc<Mutex<Option<(Sender<()>, Receiver<()>)>>>;

fn gated_files(disk: &SimulatedDisk, gate: &Gate) -> Arc<HookedFiles> {
    let (fs, disk, gate) = (Arc::new(disk.clone()), disk.clone(), gate.clone());
    let hook = move |sync: &dyn Fn() -> Result<()>| {
        let gate = gate.lock().unwrap().take();
        let Some((begun, go_on)) = gate else { return sync() };
        disk.arm(Operation::Sync, Fault::After(0));
        let failed = sync();
        begun.send(()).unwrap();
        go_on.recv().unwrap();
        failed
    };
    Arc::new(HookedFiles::new(fs, Arc::new(hook)))
}

#[test]
fn a_roll_beside_a_sync_that_fails_fails_too() {
    let (disk, gate) = (SimulatedDisk::new(1), Gate::default());
    let log = Log::open(gated_files(&disk, &gate), dir(), BUCKET, SMALL).unwrap();
    let append = || log.append(&mut encode(&schema(), 0..8), None, 0, 0);
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel();
    append().unwrap();
    *gate.lock().unwrap() = Some((begun, may_go_on));
    std::thread::scope(|scope| {
        let synced = scope.spawn(|| log.sync());
        has_begun.recv().unwrap();
        // Somewhere among these the segment is full.
        let (done, is_done) = channel();
        let appended = scope.spawn(move || {
            let appended: fluss_types::Result<Vec<Appended>> = (0..4).map(|_| append()).collect();
            done.send(()).unwrap();
            appended
        });
        // It waits for the sync; if it did not, it would seal a segment whose bytes are lost.
        let _ = is_done.recv_timeout(Duration::from_millis(100));
        go_on.send(()).unwrap();
        assert_eq!(synced.join().unwrap().unwrap_err().code(), ErrorCode::Poisoned);
        assert_eq!(appended.join().unwrap().unwrap_err().code(), ErrorCode::Poisoned);
    });
}
