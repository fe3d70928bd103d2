//! The files of one bucket's log.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluss_format::{BatchHeader, EncodeOptions, encode_batch};
use fluss_log::{Appended, Log, LogOptions, ReadHint};
use fluss_testkit::SimulatedDisk;
use fluss_testkit::{Random, random_rows};
use fluss_types::file::FileSystem;
use fluss_types::{BatchSequence, Compression, TableBucket};

use crate::batch::mend_checksums;
use crate::cells::read_cells;
use crate::input::{Input, projection_of, schemas_of};
use crate::refused;

/// The folder of the log.
pub const LOG_DIR: &str = "/log";
/// The bucket of the log.
pub const LOG_BUCKET: TableBucket = TableBucket { table_id: 7, partition: 0, bucket: 3 };
/// Small enough for several segments and index entries in few bytes.
pub const LOG_OPTIONS: LogOptions = LogOptions { segment_size: 2048, index_interval: 256, writer_expiration_ms: 7 * 86_400_000 };
/// What a file of an input can be; the order is that of the byte that chooses.
const KINDS: [&str; 4] = ["log", "index", "writers", "manifest"];
const FILE_HEADER_LEN: usize = 64;

/// Files as an input of [`log`].
pub fn log_input(choice: u8, projection: u8, mend: bool, files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Vec<u8> {
    let mut out = vec![choice, projection, mend.into()];
    for (path, bytes) in files {
        let extension = path.extension().map_or("manifest", |e| e.to_str().unwrap());
        let Some(kind) = KINDS.iter().position(|k| *k == extension) else { continue };
        let base: u16 = path.file_stem().unwrap().to_str().unwrap().parse().unwrap_or(0);
        out.push(kind as u8);
        out.extend_from_slice(&base.to_le_bytes());
        out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        out.extend_from_slice(&bytes);
    }
    out
}

/// Byte 0 chooses the schema, byte 1 the projection, bit 0 of byte 2 whether checksums are put right first; then files: kind (u8),
/// base offset (u16), length (u16), bytes.
///
/// A log that opens gives the batch of every offset or says what is damaged; a batch that can be read has all its cells; offsets are
/// gapless and time goes on (checksums that were put right prove nothing); and it opens again with what it had.
pub fn log(data: &[u8]) -> bool {
    let mut input = Input(data);
    let schemas = schemas_of(input.byte());
    let projection = projection_of(input.byte(), schemas.current());
    let mend = input.byte() & 1 == 1;
    let disk = SimulatedDisk::new(0);
    let dir = Path::new(LOG_DIR);
    disk.create_dir_all(dir).unwrap();
    while !input.0.is_empty() {
        let kind = KINDS[usize::from(input.byte()) % KINDS.len()];
        let base = input.number();
        let len = usize::from(input.number()).min(input.0.len());
        let (bytes, rest) = input.0.split_at(len);
        input.0 = rest;
        let mut bytes = bytes.to_vec();
        if mend {
            mend_file(kind, &mut bytes);
        }
        let name = if kind == "manifest" { kind.to_string() } else { format!("{base:020}.{kind}") };
        disk.create(&dir.join(name)).unwrap().write_at(0, &bytes).unwrap();
    }
    disk.sync_dir(dir).unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(disk);
    let open = || Log::open(fs.clone(), dir, LOG_BUCKET, LOG_OPTIONS);
    let log = match open() {
        Ok(log) => log,
        Err(e) => return refused(&e),
    };
    let (start, end) = (log.start_offset(), log.end_offset());
    assert!(start <= end, "offsets {start} to {end}");

    let mut clean = true;
    let (mut whole, mut projected) = (ReadHint::default(), ReadHint::default());
    let mut from = start;
    while from < end {
        match log.read(from, end, &schemas, &projection, &mut projected) {
            Ok(batch) => {
                let batch = batch.expect("there are rows up to the end");
                assert!(batch.first_row < batch.end_row && batch.end_row <= batch.rows, "rows of the batch at {from}");
                read_cells(&batch, projection.types());
            }
            Err(e) => clean = refused(&e),
        }
        match log.read_whole(from, &mut whole) {
            Ok(batch) => {
                let (header, _) = batch.expect("there are rows up to the end");
                assert!(header.base_offset <= from && from < header.end_offset(), "{from} is not in its batch");
                if !mend {
                    assert_eq!(header.base_offset, from, "a gap");
                    assert!(
                        header.commit_timestamp <= log.last_timestamp(),
                        "{} > {}",
                        header.commit_timestamp,
                        log.last_timestamp()
                    );
                }
                from = header.end_offset();
            }
            Err(e) => {
                refused(&e);
                return false;
            }
        }
        for timestamp in [i64::MIN, 5, log.last_timestamp(), i64::MAX] {
            let _ = log.offset_at(timestamp, end).map_err(|e| refused(&e));
        }
    }
    assert!(mend || from == end, "the last batch ends at {from}, the log at {end}");

    let rows = random_rows(schemas.current(), 3, &mut Random(1));
    let mut encoded = encode_batch(&rows, schemas.current(), &EncodeOptions::new(true, Compression::None)).unwrap();
    let first = BatchSequence { writer_id: 1 << 40, sequence: 0 };
    if let Err(e) = log.append(&mut encoded, Some(first), 0, start) {
        return refused(&e);
    }
    log.sync().unwrap();
    let end_offset = log.end_offset();
    let reopened = open().expect("what a log has written opens again");
    assert_eq!((reopened.start_offset(), reopened.end_offset()), (start, end_offset));
    let again = reopened.append(&mut encoded, Some(first), 0, start);
    assert!(matches!(again, Ok(Appended::Duplicate { end_offset: e }) if e == end_offset), "{again:?}");
    clean
}

/// Puts the checksums of a file right as far as its lengths make sense.
fn mend_file(kind: &str, bytes: &mut [u8]) {
    match kind {
        "log" => {
            mend_header(bytes);
            let mut at = FILE_HEADER_LEN;
            while let Some(rest) = bytes.get_mut(at..) {
                mend_checksums(rest);
                let Ok(header) = BatchHeader::decode(rest) else { break };
                at = at.saturating_add(header.total_len());
            }
        }
        "manifest" => mend_header(bytes),
        _ => {
            if let Some((content, sum)) = bytes.split_last_chunk_mut::<4>() {
                *sum = crc32c::crc32c(content).to_le_bytes();
            }
        }
    }
}

fn mend_header(bytes: &mut [u8]) {
    if let Some(header) = bytes.get_mut(..FILE_HEADER_LEN) {
        let sum = crc32c::crc32c(&header[..FILE_HEADER_LEN - 4]);
        header[FILE_HEADER_LEN - 4..].copy_from_slice(&sum.to_le_bytes());
    }
}
