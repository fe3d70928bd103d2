//! What this process uses of the machine.
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::Result;

/// Processor time of all threads so far, seconds.
pub(crate) fn cpu_seconds() -> f64 {
    // SAFETY: `rusage` is plain numbers, for which zeros are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// As the library does when it is loaded.
pub(crate) fn give_large_memory_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it only sets numbers.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 10);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 << 20);
        libc::mallopt(libc::M_TOP_PAD, 256 << 10);
    }
}

/// Resident memory of this process, bytes: the heap and whatever else is mapped.
pub(crate) fn resident_bytes() -> Result<u64> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split(' ').nth(1).ok_or("statm has no second number")?.parse()?;
    Ok(pages * 4096)
}

/// Waits until the background threads have nothing to do: no processor time is used for a while.
pub(crate) fn settle() {
    const WHILE: Duration = Duration::from_millis(60);
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut before = cpu_seconds();
    while Instant::now() < deadline {
        std::thread::sleep(WHILE);
        let now = cpu_seconds();
        if now - before < 0.03 * WHILE.as_secs_f64() {
            return;
        }
        before = now;
    }
}

/// The files below a folder.
pub(crate) fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// Runs `work` while the page cache is kept from holding the files of RocksDB below `dir`: a stand-in for a machine without memory to spare.
/// A page is dropped some milliseconds after it was read.
pub(crate) fn without_page_cache<T>(dir: &Path, work: impl FnOnce() -> T) -> T {
    let (stop, stopped) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(10)) == Err(RecvTimeoutError::Timeout) {
                for path in files_below(dir).unwrap_or_default().iter().filter(|p| p.extension().is_some_and(|e| e == "sst")) {
                    if let Ok(file) = File::open(path) {
                        // SAFETY: the descriptor is open.
                        unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
                    }
                }
            }
        });
        let done = work();
        drop(stop);
        done
    })
}
