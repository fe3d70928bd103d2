//! Many busy buckets under strong consistency: two threads write one batch to each of their buckets and wait until all are
//! acknowledged, again and again. Floor: one journal for all buckets. Beside it what other layouts give on this disk.
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use fluss_client::Writer;
use fluss_testkit::Random;
use fluss_types::Compression;

use crate::figure::{Figure, percentile};
use crate::layout::{self, Files, Layout};
use crate::store::Store;
use crate::{Benchmark, Result, Settings, data};

/// Threads that write.
pub(crate) const THREADS: usize = 2;
/// Buckets, and so busy writers.
const BUCKETS: [usize; 3] = [1, 16, 256];
/// Batch sizes in memory, bytes.
const BATCHES: [(&str, usize); 2] = [("4k", 4 << 10), ("64k", 64 << 10)];
/// Time of one measurement.
const TIME: Duration = Duration::from_millis(500);

/// The layouts beside the floor.
const OTHERS: [(&str, Layout); 4] = [
    ("journal-reused", Layout::Journal { reused: true }),
    ("files-2", Layout::Files { syncing: 2 }),
    ("files-16", Layout::Files { syncing: 16 }),
    ("syncfs", Layout::FileSystem),
];

/// What a measurement gave.
pub(crate) struct Outcome {
    pub(crate) rows_per_second: f64,
    /// Seconds from the write of a batch to its acknowledgement.
    pub(crate) acks: Vec<f64>,
}

/// One benchmark a number of buckets and batch size.
pub(crate) fn all() -> Vec<Benchmark> {
    let mut out = Vec::new();
    for buckets in BUCKETS {
        for (size, bytes) in BATCHES {
            let name = format!("engine.buckets.sync.{buckets}x{size}");
            out.push(Benchmark {
                name: name.clone(),
                whole_name_only: false,
                run: Box::new(move |s| measure(&name, buckets, bytes, s)),
            });
        }
    }
    out
}

fn measure(name: &str, buckets: usize, bytes: usize, settings: &Settings) -> Result<Vec<Figure>> {
    let store = Store::new()?;
    // A table a bucket, so that one writer has one bucket.
    let tables = (0..buckets)
        .map(|b| store.log_table(&format!("bucket_{b}"), &data::columns(data::NARROW), 1, Compression::None))
        .collect::<Result<Vec<_>>>()?;
    let writers = tables.iter().map(|t| Ok(t.writer()?)).collect::<Result<Vec<_>>>()?;
    let batch = data::narrow(&tables[0].write_schema(), bytes, &mut Random(1))?;
    let schema = tables[0].schema();
    let files = |(name, layout): (&str, Layout)| Files::create(&store.dir().join(name), buckets, layout);
    let journal = files(("journal", Layout::Journal { reused: false }))?;
    let other_files = OTHERS.into_iter().map(files).collect::<Result<Vec<_>>>()?;
    write(&writers, &batch, TIME / 2)?;
    layout::run(&journal, &batch, schema, TIME / 2)?;

    let (mut engine, mut floor) = (Vec::new(), Vec::new());
    let mut others: Vec<Vec<f64>> = OTHERS.iter().map(|_| Vec::new()).collect();
    for _ in 0..settings.rounds {
        engine.push(write(&writers, &batch, TIME)?);
        floor.push(layout::run(&journal, &batch, schema, TIME)?);
        for (files, rates) in other_files.iter().zip(&mut others) {
            rates.push(layout::run(files, &batch, schema, TIME)?.rows_per_second);
        }
    }
    drop(writers);
    drop(tables);
    store.close()?;

    let figure = |suffix: &str, unit, of: &dyn Fn(&Outcome) -> f64| Figure {
        name: format!("{name}{suffix}"),
        unit,
        values: engine.iter().map(of).collect(),
        floors: floor.iter().map(of).collect(),
    };
    let mut figures = vec![
        figure("", "rows/s", &|o| o.rows_per_second),
        figure(".ack-p50", "us", &|o| 1e6 * percentile(&o.acks, 0.5)),
        figure(".ack-p99", "us", &|o| 1e6 * percentile(&o.acks, 0.99)),
    ];
    figures.extend(OTHERS.iter().zip(others).map(|((layout, _), values)| Figure {
        name: format!("{name}.{layout}"),
        unit: "rows/s",
        values,
        floors: floor.iter().map(|o| o.rows_per_second).collect(),
    }));
    Ok(figures)
}

/// The engine: writers are split over the threads.
fn write(writers: &[Writer], batch: &RecordBatch, time: Duration) -> Result<Outcome> {
    let acks = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS.min(writers.len()))
            .map(|thread| {
                let acks = &acks;
                scope.spawn(move || -> Result<()> {
                    let mut mine = Vec::new();
                    while start.elapsed() < time {
                        let mut begun = Vec::new();
                        for writer in writers.iter().skip(thread).step_by(THREADS) {
                            begun.push((writer, Instant::now()));
                            writer.write(None, batch)?;
                        }
                        for (writer, begun) in begun {
                            writer.flush()?;
                            mine.push(begun.elapsed().as_secs_f64());
                        }
                    }
                    acks.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| "a writer panicked")?)
    })?;
    let acks = acks.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Outcome { rows_per_second: (acks.len() * batch.num_rows()) as f64 / start.elapsed().as_secs_f64(), acks })
}
