//! Opening a log: which bytes count.
//!
//! Damage is told from a torn tail by three witnesses: the recovery point (a position known to have been durable), the index of
//! a sealed segment (its size), and the high watermark in later batches (they say what was durable when they were
//! appended). Damage below any of them is an error that names file and position; a bad tail above all of them is cut.
use std::collections::VecDeque;
use std::path::Path;

use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, LogOffset, Result, TableBucket, WriterId};

use crate::LogOptions;
use crate::index::{IndexEntry, SparseIndex};
use crate::manifest::{Manifest, RecoveryPoint};
use crate::segment::{FILE_HEADER_LEN, Segment};
use crate::writers::Writers;

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// The one that is there.
    pub manifest: Option<Manifest>,
    pub segments: Vec<Segment>,
    pub end_offset: LogOffset,
    pub last_timestamp: i64,
    pub writers: Writers,
}

/// Where a walk over the batches is.
#[derive(Debug)]
struct Walk {
    options: LogOptions,
    end_offset: LogOffset,
    last_timestamp: i64,
    writers: Writers,
}

/// Opens the segments of a folder, cuts a torn tail, refuses damage, ends what a crash has interrupted. There is at least one segment.
/// What the log knows of the writers `kept` is not forgotten.
pub(crate) fn recover(
    fs: &dyn FileSystem,
    dir: &Path,
    bucket: TableBucket,
    options: LogOptions,
    kept: &[WriterId],
) -> Result<Recovered> {
    let manifest = Manifest::read(fs, dir)?;
    let point = manifest.map(|m| m.point);
    let start = manifest.map_or(0, |m| m.start_offset);
    let names = fs.list(dir).map_err(|e| Error::io(format!("list folder {}", dir.display()), &e))?;
    let files: Vec<(LogOffset, &str, &str)> = names.iter().filter_map(|name| parse(name)).collect();
    let bases: Vec<LogOffset> = files.iter().filter(|f| f.1 == "log" && f.0 >= start).map(|f| f.0).collect();
    let lacks = |what: String| {
        let message = format!("the log in {} {what}: a segment is missing. Restore it from a copy", dir.display());
        Error::new(ErrorCode::CorruptSegment, message)
    };
    let mut segments: Vec<Segment> = Vec::with_capacity(bases.len());
    let last_timestamp = manifest.map_or(i64::MIN, |m| m.last_timestamp);
    let writers = Writers::new(options.writer_expiration_ms);
    let mut walk = Walk { options, end_offset: start, last_timestamp, writers };
    let active = bases.last().copied();
    for base_offset in bases {
        if segments.is_empty() && base_offset != start {
            return Err(lacks(format!("begins at offset {base_offset}, but {start} was kept")));
        }
        let is_active = Some(base_offset) == active;
        // A last segment without batches can be read though its name may not be durable: it is made again.
        let is_new =
            is_active && point.is_none_or(|p| p.segment != base_offset) && Segment::len(fs, dir, base_offset)? <= FILE_HEADER_LEN;
        let make = if is_new && base_offset == walk.end_offset { Segment::create } else { Segment::open };
        let segment = make(fs, dir, bucket, base_offset)?;
        if base_offset != walk.end_offset {
            return Err(segment.damage(0, &format!("the segment before it ends at offset {}", walk.end_offset)));
        }
        if is_active {
            walk.writers = writers_before(fs, dir, &segments, base_offset, (options, kept))?;
            open_active(fs, &segment, point, &mut walk)?;
        } else {
            open_sealed(fs, &segment, &mut walk)?;
        }
        segments.push(segment);
    }
    if let Some(p) = point.filter(|p| segments.is_empty() || p.offset > walk.end_offset) {
        return Err(lacks(format!("ends at offset {}, but {} was durable", walk.end_offset, p.offset)));
    }
    // What retention or a roll did not end, and what lies beside segments that a loss of power took or that are not sealed any more.
    let end = active.unwrap_or(start);
    let sync_dir = || fs.sync_dir(dir).map_err(|e| Error::io(format!("sync folder {}", dir.display()), &e));
    if let Some(manifest) = manifest.filter(|_| files.iter().any(|f| f.0 < start)) {
        // That these can be read does not say that they are durable.
        Writers::write_again(fs, &Segment::path(dir, end).with_extension("writers"))?;
        sync_dir()?;
        manifest.write(fs, dir)?;
        sync_dir()?;
    }
    for (base, kind, name) in files {
        if base < start || base > end || (base == end && kind == "index") {
            fs.remove_file(&dir.join(name)).map_err(|e| Error::io(format!("remove {name} in {}", dir.display()), &e))?;
        }
    }
    if segments.is_empty() {
        segments.push(Segment::create(fs, dir, bucket, start)?);
    }
    // Also for what an earlier process made or removed.
    sync_dir()?;
    Ok(Recovered { manifest, segments, end_offset: walk.end_offset, last_timestamp: walk.last_timestamp, writers: walk.writers })
}

/// Base offset and kind of a file of the log.
fn parse(name: &str) -> Option<(LogOffset, &str, &str)> {
    let (base, kind) = name.split_once('.')?;
    matches!(kind, "log" | "index" | "writers").then_some(())?;
    Some((base.parse().ok()?, kind, name))
}

fn open_sealed(fs: &dyn FileSystem, segment: &Segment, walk: &mut Walk) -> Result<()> {
    if let Some((index, sealed)) = SparseIndex::read(fs, &segment.path.with_extension("index"))? {
        if segment.size() < sealed.size {
            return Err(segment.damage(
                segment.size(),
                &format!("the file has {} bytes, it had {} when it was sealed", segment.size(), sealed.size),
            ));
        }
        // It is longer if it was sealed, became the active one again since a loss of power took the next, and the new index was lost too.
        if segment.size() == sealed.size {
            segment.set_index(index, sealed.last_timestamp);
            walk.end_offset = sealed.end_offset;
            walk.last_timestamp = walk.last_timestamp.max(sealed.last_timestamp);
            return Ok(());
        }
    }
    // Sealed segments were synced before the next one was made.
    walk.segment(segment, segment.size())?;
    segment.seal(fs, walk.end_offset)
}

/// What is known of writers before the segment that begins at an offset, which comes after `segments`.
fn writers_before(
    fs: &dyn FileSystem,
    dir: &Path,
    segments: &[Segment],
    base_offset: LogOffset,
    (options, kept): (LogOptions, &[WriterId]),
) -> Result<Writers> {
    let expiration = options.writer_expiration_ms;
    let path = |base| Segment::path(dir, base).with_extension("writers");
    let mut from = segments.len();
    let mut known = Writers::read(fs, &path(base_offset), base_offset, expiration)?;
    while known.is_none() && from > 0 {
        from -= 1;
        known = Writers::read(fs, &path(segments[from].base_offset), segments[from].base_offset, expiration)?;
    }
    // Without any file: nobody had written before the first segment, or the files are lost, and with them who had.
    let mut writers = known.unwrap_or_else(|| Writers::new(expiration));
    kept.iter().for_each(|writer| writers.keep(*writer));
    for segment in &segments[from..] {
        let mut position = FILE_HEADER_LEN;
        while position < segment.size() {
            let (header, _) = segment.read_prefix(position)?;
            writers.add_batch(&header);
            position += header.total_len() as u64;
        }
    }
    if from < segments.len() {
        writers.write(fs, &path(base_offset), base_offset)?;
    }
    Ok(writers)
}

fn open_active(fs: &dyn FileSystem, segment: &Segment, point: Option<RecoveryPoint>, walk: &mut Walk) -> Result<()> {
    let noted = point.filter(|p| p.segment == segment.base_offset).map_or(0, |p| p.position);
    // It has an index if it was sealed and the next segment is lost.
    let sealed = SparseIndex::read(fs, &segment.path.with_extension("index"))?.map_or(0, |(_, sealed)| sealed.size);
    let durable = noted.max(sealed);
    if segment.size() < durable {
        return Err(segment.damage(segment.size(), &format!("the file has {} bytes, {durable} were durable", segment.size())));
    }
    let doubtful = walk.segment(segment, durable)?;
    segment.write_again(doubtful)?;
    segment.sync()
}

impl Walk {
    /// Walks the batches of a segment, makes its index, checks bodies above `durable`, cuts a torn tail. Returns the position from which on no
    /// witness says that it is durable.
    fn segment(&mut self, segment: &Segment, durable: u64) -> Result<u64> {
        let mut index = SparseIndex::default();
        let mut segment_timestamp = i64::MIN;
        let mut position = FILE_HEADER_LEN;
        // Base offset and position of batches above `durable` that no later one has vouched for.
        let mut doubtful: VecDeque<(LogOffset, u64)> = VecDeque::new();
        while position < segment.size() {
            let checked = if position < durable {
                segment.read_prefix(position).map(|(h, _)| h)
            } else {
                segment.read_batch(position).and_then(|(h, bytes)| h.verify_all(&bytes).map(|()| h))
            };
            let expected = self.end_offset;
            let checked = checked.and_then(|h| {
                if h.base_offset == expected {
                    Ok(h)
                } else {
                    Err(segment.damage(position, &format!("offset {expected} was expected, {} is there", h.base_offset)))
                }
            });
            match checked {
                Ok(h) => {
                    index.add(
                        IndexEntry { offset: h.base_offset, position, timestamp: h.commit_timestamp },
                        self.options.index_interval,
                    );
                    while doubtful.front().is_some_and(|d| d.0 < h.high_watermark) {
                        doubtful.pop_front();
                    }
                    if position >= durable {
                        doubtful.push_back((h.base_offset, position));
                    }
                    self.writers.add_batch(&h);
                    self.end_offset = h.end_offset();
                    segment_timestamp = h.commit_timestamp;
                    position += h.total_len() as u64;
                }
                Err(e) if matches!(e.code(), ErrorCode::UnknownFormat | ErrorCode::Io) => return Err(e),
                Err(e) => {
                    if position < durable {
                        return Err(e);
                    }
                    if let Some((at, high_watermark)) = later_witness(segment, position, expected)? {
                        return Err(segment.damage(
                            position,
                            &format!(
                                "{}; the batch at byte {at} says that all up to offset {high_watermark} was durable",
                                e.message()
                            ),
                        ));
                    }
                    segment.truncate(position)?;
                }
            }
        }
        self.last_timestamp = self.last_timestamp.max(segment_timestamp);
        segment.set_index(index, segment_timestamp);
        Ok(doubtful.front().map_or(segment.size(), |d| d.1))
    }
}

/// A valid batch after `position` that was appended when `offset` was durable already.
fn later_witness(segment: &Segment, position: u64, offset: LogOffset) -> Result<Option<(u64, LogOffset)>> {
    let mut at = position + 64;
    while at < segment.size() {
        match segment.read_prefix(at) {
            Ok((h, _)) if h.high_watermark > offset => return Ok(Some((at, h.high_watermark))),
            Ok((h, _)) => at += h.total_len() as u64,
            Err(e) if e.code() == ErrorCode::Io => return Err(e),
            Err(_) => at += 64,
        }
    }
    Ok(None)
}
