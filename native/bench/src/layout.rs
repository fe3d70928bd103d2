//! What the disk gives to several ways of laying out the logs of many buckets: the same encoded batches into files, without an engine.
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use fluss_format::{EncodeOptions, encode_batch};
use fluss_types::{Compression, Schema};

use crate::Result;
use crate::buckets::{Outcome, THREADS};

/// Where batches go and how a round of them is made durable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A file a bucket, and all of them in one journal; only the journal is synced in a round. The bucket files are synced once, at the
    /// end: then the journal is not needed any more.
    Journal {
        /// The journal overwrites blocks that are there already, so that a sync writes data only.
        reused: bool,
    },
    /// A file a bucket, each one synced.
    Files {
        /// Syncs at the same time.
        syncing: usize,
    },
    /// A file a bucket, made durable by one sync of the file system.
    FileSystem,
}

/// A reused journal has this size, bytes.
const JOURNAL_SIZE: u64 = 64 << 20;

/// The files of a layout.
pub(crate) struct Files {
    layout: Layout,
    buckets: Vec<(File, AtomicU64)>,
    journal: File,
    journal_end: AtomicU64,
}

impl Files {
    /// Makes the files in a folder.
    pub(crate) fn create(dir: &Path, buckets: usize, layout: Layout) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let create = |name: String| OpenOptions::new().create(true).truncate(true).write(true).open(dir.join(name));
        let buckets = (0..buckets).map(|b| Ok((create(format!("{b}.log"))?, AtomicU64::new(0)))).collect::<Result<Vec<_>>>()?;
        let journal = create("journal".into())?;
        if layout == (Layout::Journal { reused: true }) {
            let zeros = vec![0; 1 << 20];
            for at in (0..JOURNAL_SIZE).step_by(zeros.len()) {
                journal.write_all_at(&zeros, at)?;
            }
        }
        let files = Self { layout, buckets, journal, journal_end: AtomicU64::new(0) };
        files.journal.sync_all()?;
        for (file, _) in &files.buckets {
            file.sync_all()?;
        }
        Ok(files)
    }

    fn append(&self, bucket: usize, bytes: &[u8]) -> Result<()> {
        let (file, end) = &self.buckets[bucket];
        file.write_all_at(bytes, end.fetch_add(bytes.len() as u64, Ordering::Relaxed))?;
        if let Layout::Journal { reused } = self.layout {
            let mut at = self.journal_end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if reused {
                at %= JOURNAL_SIZE - bytes.len() as u64;
            }
            self.journal.write_all_at(bytes, at)?;
        }
        Ok(())
    }

    /// One thread's part in making a round durable, after all threads have written.
    fn sync(&self, thread: usize, threads: usize) -> Result<()> {
        match self.layout {
            Layout::Journal { .. } if thread == 0 => Ok(self.journal.sync_data()?),
            Layout::FileSystem if thread == 0 => Ok(sync_file_system(&self.journal)?),
            Layout::Journal { .. } | Layout::FileSystem => Ok(()),
            Layout::Files { syncing } => {
                let mine: Vec<&File> = self.buckets.iter().skip(thread).step_by(threads).map(|(f, _)| f).collect();
                let (first, others) = mine.split_at(mine.len().div_ceil((syncing / threads).max(1)));
                std::thread::scope(|scope| {
                    let others: Vec<_> = others.chunks(first.len()).map(|files| scope.spawn(|| sync_all(files))).collect();
                    sync_all(first)?;
                    others.into_iter().try_for_each(|o| o.join().map_err(|_| "a thread that syncs panicked")?)
                })
            }
        }
    }
}

fn sync_all(files: &[&File]) -> Result<()> {
    Ok(files.iter().try_for_each(|f| f.sync_data())?)
}

fn sync_file_system(file: &File) -> std::io::Result<()> {
    // SAFETY: syncfs takes any open file descriptor and touches no memory of ours.
    if unsafe { libc::syncfs(file.as_raw_fd()) } == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Rounds of one batch a bucket for some time.
pub(crate) fn run(files: &Files, batch: &RecordBatch, schema: &Schema, time: Duration) -> Result<Outcome> {
    let buckets = files.buckets.len();
    let threads = THREADS.min(buckets);
    let barrier = Barrier::new(threads);
    let over = AtomicBool::new(false);
    let acks = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let (barrier, over, acks) = (&barrier, &over, &acks);
                scope.spawn(move || -> Result<()> {
                    let mut mine = Vec::new();
                    let mut result = Ok(());
                    while !over.load(Ordering::Acquire) {
                        let mut begun = Vec::new();
                        result = (thread..buckets).step_by(threads).try_for_each(|bucket| {
                            begun.push(Instant::now());
                            let mut encoded = encode_batch(batch, schema, &EncodeOptions::new(true, Compression::None))?;
                            files.append(bucket, encoded.place(0, 0, 0, 0))
                        });
                        barrier.wait();
                        result = result.and_then(|()| files.sync(thread, threads));
                        // Both threads see the same: nobody sets it between the second barrier and the first.
                        if result.is_err() || start.elapsed() >= time {
                            over.store(true, Ordering::Release);
                        }
                        barrier.wait();
                        mine.extend(begun.iter().map(|b| b.elapsed().as_secs_f64()));
                    }
                    acks.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
                    result
                })
            })
            .collect();
        running.into_iter().try_for_each(|t| t.join().map_err(|_| "a thread panicked")?)
    })?;
    if matches!(files.layout, Layout::Journal { .. }) {
        for (file, _) in &files.buckets {
            file.sync_data()?;
        }
    }
    let acks = acks.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Outcome { rows_per_second: (acks.len() * batch.num_rows()) as f64 / start.elapsed().as_secs_f64(), acks })
}
