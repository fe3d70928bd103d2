//! `engine.append`: rows of the table `events` through the client's writers under strong consistency. Floor: the same batches into an
//! Arrow IPC file a thread, same compression, checksums over the same bytes, synced where the writers flush.
use std::path::Path;
use std::time::Instant;

use arrow_array::RecordBatch;
use fluss_client::Writer;
use fluss_testkit::Random;
use fluss_types::Compression;

use crate::arrow_file::ArrowFile;
use crate::data::{self, BATCH_ROWS};
use crate::figure::Figure;
use crate::store::Store;
use crate::{Benchmark, CODECS, Result, Settings};

/// Threads that write, each with its writer or file; the table has as many buckets.
const THREADS: usize = 2;
/// A writer is flushed and a file synced after so many batches.
const FLUSH_EVERY: usize = 16;
/// Different batches; each is written several times.
const BATCHES: usize = 16;

/// One benchmark a compression.
pub(crate) fn all() -> Vec<Benchmark> {
    CODECS
        .iter()
        .map(|&(suffix, compression)| {
            let name = format!("engine.append{suffix}");
            Benchmark { name: name.clone(), whole_name_only: false, run: Box::new(move |s| measure(&name, compression, s)) }
        })
        .collect()
}

fn measure(name: &str, compression: Compression, settings: &Settings) -> Result<Vec<Figure>> {
    let store = Store::new()?;
    let columns = data::columns(data::EVENTS);
    let table = store.log_table("events", &columns, THREADS as u32, compression)?;
    let writers = (0..THREADS).map(|_| Ok(table.writer()?)).collect::<Result<Vec<_>>>()?;
    let mut random = Random(1);
    let batches =
        (0..BATCHES).map(|_| data::rows(&table.write_schema(), &columns, BATCH_ROWS, &mut random)).collect::<Result<Vec<_>>>()?;
    let batches_a_thread = settings.rows.div_ceil(BATCH_ROWS * THREADS);
    engine(&writers, &batches, batches_a_thread.div_ceil(4))?;
    floor(store.dir(), compression, &batches, batches_a_thread.div_ceil(4))?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        values.push(engine(&writers, &batches, batches_a_thread)?);
        floors.push(floor(store.dir(), compression, &batches, batches_a_thread)?);
    }
    drop(writers);
    drop(table);
    store.close()?;
    Ok(vec![Figure { name: name.into(), unit: "rows/s", values, floors }])
}

/// Rows a second of all threads together; `write` writes a thread's part.
fn in_threads(batches: usize, write: impl Fn(usize) -> Result<()> + Sync) -> Result<f64> {
    let start = Instant::now();
    std::thread::scope(|scope| {
        let write = &write;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || write(thread))).collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| "a writer panicked")?)
    })?;
    Ok((THREADS * batches * BATCH_ROWS) as f64 / start.elapsed().as_secs_f64())
}

fn engine(writers: &[Writer], rows: &[RecordBatch], batches: usize) -> Result<f64> {
    in_threads(batches, |thread| {
        for (i, batch) in (1..=batches).zip(rows.iter().cycle()) {
            writers[thread].write(None, batch)?;
            if i.is_multiple_of(FLUSH_EVERY) || i == batches {
                writers[thread].flush()?;
            }
        }
        Ok(())
    })
}

fn floor(dir: &Path, compression: Compression, rows: &[RecordBatch], batches: usize) -> Result<f64> {
    in_threads(batches, |thread| {
        let mut file = ArrowFile::create(&dir.join(format!("{thread}.arrow")), rows[0].schema_ref(), compression)?;
        for (i, batch) in (1..=batches).zip(rows.iter().cycle()) {
            file.write(batch)?;
            if i.is_multiple_of(FLUSH_EVERY) || i == batches {
                file.sync()?;
            }
        }
        Ok(())
    })
}
