//! Scans of some columns of a log table through the client's scanner, every value summed. Floor: the same sums over a mapped Arrow IPC
//! file of the same rows and compression, with checksums. One thread, files in the page cache.
use std::time::{Duration, Instant};

use fluss_client::{LogScanner, Table};
use fluss_proto::data_type::Kind;
use fluss_testkit::Random;
use fluss_types::Compression;

use crate::arrow_file::{ArrowFile, MappedArrowFile};
use crate::data::{self, BATCH_ROWS};
use crate::figure::Figure;
use crate::store::Store;
use crate::{Benchmark, CODECS, Result, Settings};

/// A measurement scans the table again and again for this long.
const TIME: Duration = Duration::from_millis(300);
/// Widths of the tables of which two columns are read.
const WIDTHS: [usize; 3] = [5, 20, 80];
/// Columns read of twenty.
const READ: [usize; 5] = [1, 2, 5, 10, 20];

/// The benchmarks of scans.
pub(crate) fn all() -> Vec<Benchmark> {
    let mut out = Vec::new();
    for (suffix, compression) in CODECS {
        let name = format!("engine.scan_2of20{suffix}");
        let of = [Scan { name: name.clone(), read: data::TWO_OF_EVENTS.to_vec(), columns: data::columns(data::EVENTS) }];
        out.push(Benchmark {
            name,
            whole_name_only: false,
            run: Box::new(move |s| of.iter().map(|scan| scan.measure(compression, s)).collect()),
        });
    }
    let mut spread = |group: &str, width_and_read: &[(usize, usize)]| {
        let scans: Vec<Scan> = width_and_read
            .iter()
            .map(|&(width, read)| Scan {
                name: format!("{group}.{read}of{width}"),
                // Spread over the table, so that they are no neighbours.
                read: (0..read).map(|i| i * width / read).collect(),
                columns: data::longs(width),
            })
            .collect();
        let run = move |s: &Settings| scans.iter().map(|scan| scan.measure(Compression::Zstd, s)).collect();
        out.push(Benchmark { name: group.into(), whole_name_only: false, run: Box::new(run) });
    };
    spread("engine.scan_width", &WIDTHS.map(|width| (width, 2)));
    spread("engine.scan_columns", &READ.map(|read| (20, read)));
    out
}

struct Scan {
    name: String,
    columns: Vec<(String, Kind)>,
    /// Columns of 8 bytes.
    read: Vec<usize>,
}

impl Scan {
    fn measure(&self, compression: Compression, settings: &Settings) -> Result<Figure> {
        let store = Store::new()?;
        let table = store.log_table("events", &self.columns, 1, compression)?;
        let writer = table.writer()?;
        let path = store.dir().join("rows.arrow");
        let mut file = ArrowFile::create(&path, &table.write_schema(), compression)?;
        let mut random = Random(1);
        let batches = settings.rows.div_ceil(BATCH_ROWS);
        let mut rows = data::rows(&table.write_schema(), &self.columns, BATCH_ROWS, &mut random)?;
        for i in 0..batches {
            if i % 16 == 15 {
                rows = data::rows(&table.write_schema(), &self.columns, BATCH_ROWS, &mut random)?;
            }
            writer.write(None, &rows)?;
            file.write(&rows)?;
        }
        writer.flush()?;
        file.finish()?;
        let rows = batches * BATCH_ROWS;
        let mut mapped = MappedArrowFile::open(&path, &table.write_schema(), compression)?;
        let engine = || repeat(rows, || self.engine(&table, rows));
        let mut floor = || {
            repeat(rows, || {
                let mut sum = 0;
                mapped.scan(&self.read, |data| sum = add(sum, data))?;
                Ok(sum)
            })
        };
        let (warm, expected) = (engine()?.1, floor()?.1);
        if warm != expected {
            return Err(format!("{}: the scan sums to {warm}, the Arrow file to {expected}", self.name).into());
        }
        let (mut values, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..settings.rounds {
            values.push(engine()?.0);
            floors.push(floor()?.0);
        }
        drop(writer);
        drop(table);
        store.close()?;
        Ok(Figure { name: self.name.clone(), unit: "rows/s", values, floors })
    }

    /// The sum of all values of the columns.
    fn engine(&self, table: &std::sync::Arc<Table>, rows: usize) -> Result<u64> {
        let scanner: LogScanner = table.log_scanner(self.read.clone())?;
        scanner.subscribe(0, 0, rows as i64)?;
        let (mut sum, mut seen) = (0, 0);
        while seen < rows {
            let batch = scanner.poll(Duration::from_secs(10))?.ok_or("the scan does not go on")?;
            for column in &batch.columns {
                sum = add(sum, &batch.bytes[column.data + 8 * batch.first_row..column.data + 8 * batch.end_row]);
            }
            seen += batch.end_row - batch.first_row;
        }
        Ok(sum)
    }
}

/// Rows a second of a scan done again and again, and its sum.
fn repeat(rows: usize, mut scan: impl FnMut() -> Result<u64>) -> Result<(f64, u64)> {
    let start = Instant::now();
    let mut scans = 0;
    loop {
        let sum = scan()?;
        scans += 1;
        let elapsed = start.elapsed();
        if elapsed >= TIME {
            return Ok(((scans * rows) as f64 / elapsed.as_secs_f64(), sum));
        }
    }
}

/// Adds the 8-byte values, as bits whatever their type: the sum is the same in any order.
fn add(sum: u64, data: &[u8]) -> u64 {
    data.as_chunks::<8>().0.iter().fold(sum, |sum, value| sum.wrapping_add(u64::from_le_bytes(*value)))
}
