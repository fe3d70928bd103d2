//! The system tells the failure of a sync to one of those who sync a file at once; none of them may go on.
#![allow(clippy::unwrap_used, reason = "test code")]
mod support;

use std::io::Result;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fluss_log::{Appended, Log};
use fluss_testkit::{Fault, Operation, SimulatedDisk};
use fluss_types::ErrorCode;
use fluss_types::file::{File, FileSystem};
use support::{BUCKET, SMALL, dir, encode, schema};

/// Holds up the next sync: tells that it has begun, waits, and lets it fail.
type Gate = Arc<Mutex<Option<(Sender<()>, Receiver<()>)>>>;

#[derive(Debug)]
struct GatedFiles(SimulatedDisk, Gate);

#[derive(Debug)]
struct GatedFile(Arc<dyn File>, SimulatedDisk, Gate);

impl File for GatedFile {
    fn read_at(&self, position: u64, out: &mut [u8]) -> Result<()> {
        self.0.read_at(position, out)
    }

    fn write_at(&self, position: u64, bytes: &[u8]) -> Result<()> {
        self.0.write_at(position, bytes)
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> Result<u64> {
        self.0.len()
    }

    fn sync(&self) -> Result<()> {
        let gate = self.2.lock().unwrap().take();
        let Some((begun, go_on)) = gate else { return self.0.sync() };
        self.1.arm(Operation::Sync, Fault::After(0));
        let failed = self.0.sync();
        begun.send(()).unwrap();
        go_on.recv().unwrap();
        failed
    }
}

impl FileSystem for GatedFiles {
    fn create(&self, path: &Path) -> Result<Arc<dyn File>> {
        self.0.create(path)
    }

    fn open(&self, path: &Path) -> Result<Arc<dyn File>> {
        Ok(Arc::new(GatedFile(self.0.open(path)?, self.0.clone(), self.1.clone())))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.0.read(path)
    }

    fn list(&self, dir: &Path) -> Result<Vec<String>> {
        self.0.list(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> Result<()> {
        self.0.create_dir_all(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.0.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.0.remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> Result<()> {
        self.0.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> Result<()> {
        self.0.sync_dir(dir)
    }
}

#[test]
fn a_roll_beside_a_sync_that_fails_fails_too() {
    let (disk, gate) = (SimulatedDisk::new(1), Gate::default());
    let log = Log::open(Arc::new(GatedFiles(disk.clone(), gate.clone())), dir(), BUCKET, SMALL).unwrap();
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
