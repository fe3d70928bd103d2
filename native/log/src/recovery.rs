//! Opening a log: which bytes count.
//!
//! Damage is told from a torn tail by three witnesses: the recovery point (a position known to have been durable), the index of
//! a sealed segment (its size), and the high watermark in later batches (they say what was durable when they were
//! appended). Damage below any of them is an error that names file and position; a bad tail above all of them is cut.
use std::path::{Path, PathBuf};

use fluss_types::file::FileSystem;
use fluss_types::{Error, ErrorCode, LogOffset, Result, TableBucket};

use crate::index::{IndexEntry, SparseIndex};
use crate::segment::{FILE_HEADER_LEN, Segment};

/// A place in the log below which all was durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecoveryPoint {
    pub segment: LogOffset,
    pub position: u64,
    pub offset: LogOffset,
}

const RECOVERY_POINT: &str = "recovery-point";

impl RecoveryPoint {
    /// Reads the file; missing or torn: nothing is known.
    fn read(fs: &dyn FileSystem, dir: &Path) -> Option<Self> {
        let text = String::from_utf8(fs.read(&dir.join(RECOVERY_POINT)).ok()?).ok()?;
        let mut words = text.split_whitespace();
        if words.next()? != "v0" {
            return None;
        }
        let point = Self {
            segment: words.next()?.parse().ok()?,
            position: words.next()?.parse().ok()?,
            offset: words.next()?.parse().ok()?,
        };
        (words.next()? == "end").then_some(point)
    }

    /// Replaces the file. The folder is not synced: an older point is as true.
    pub(crate) fn write(self, fs: &dyn FileSystem, dir: &Path) -> Result<()> {
        let path = dir.join(RECOVERY_POINT);
        let text = format!("v0 {} {} {} end\n", self.segment, self.position, self.offset);
        fs.replace(&path, text.as_bytes()).map_err(|e| Error::io(format!("write {}", path.display()), &e))
    }
}

/// What the batches of the active segment say.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub segments: Vec<Segment>,
    pub end_offset: LogOffset,
    pub last_timestamp: i64,
}

/// Opens the segments of a folder, cuts a torn tail, refuses damage.
pub(crate) fn recover(fs: &dyn FileSystem, dir: &Path, bucket: TableBucket, index_interval: u64) -> Result<Recovered> {
    let point = RecoveryPoint::read(fs, dir);
    let mut files = segment_files(fs, dir)?;
    // A crash between making a segment and its header leaves a file without batches at the end.
    if let Some((base, path)) = files.last()
        && fs.open(path).and_then(|f| f.len()).is_ok_and(|len| len < FILE_HEADER_LEN)
        && point.is_none_or(|p| p.segment < *base)
    {
        fs.remove_file(path).map_err(|e| Error::io(format!("remove empty log segment {}", path.display()), &e))?;
        files.pop();
    }
    let mut segments: Vec<Segment> = Vec::with_capacity(files.len());
    let (mut end_offset, mut last_timestamp) = (0, i64::MIN);
    let last = files.len().saturating_sub(1);
    for (i, (base_offset, path)) in files.into_iter().enumerate() {
        let segment = Segment::open(fs, path, bucket, base_offset)?;
        if i > 0 && base_offset != end_offset {
            return Err(segment.damage(0, &format!("the segment before it ends at offset {end_offset}")));
        }
        end_offset = base_offset;
        if i < last
            && let Some((index, size, end)) = SparseIndex::read(fs, &segment.path.with_extension("index"))
        {
            if segment.size() != size {
                return Err(segment.damage(
                    segment.size().min(size),
                    &format!("the file has {} bytes, it had {size} when it was sealed", segment.size()),
                ));
            }
            segment.set_index(index);
            end_offset = end;
        } else {
            let durable = match point {
                // Sealed segments were synced before the next one was made.
                _ if i < last => segment.size(),
                Some(p) if p.segment == base_offset => p.position,
                _ => 0,
            };
            if segment.size() < durable {
                return Err(
                    segment.damage(segment.size(), &format!("the file has {} bytes, {durable} were durable", segment.size()))
                );
            }
            scan(&segment, durable, index_interval, &mut end_offset, &mut last_timestamp)?;
        }
        segments.push(segment);
    }
    // An active segment without batches: time goes on from the one before it.
    if last_timestamp == i64::MIN
        && let Some(sealed) = segments.len().checked_sub(2).map(|i| &segments[i])
    {
        last_timestamp = sealed.timestamp_of(end_offset - 1)?;
    }
    if let Some(p) = point.filter(|p| p.offset > end_offset) {
        return Err(Error::new(
            ErrorCode::CorruptSegment,
            format!(
                "the log in {} ends at offset {end_offset}, but {} was durable: a segment is missing. Restore it from a copy",
                dir.display(),
                p.offset
            ),
        ));
    }
    Ok(Recovered { segments, end_offset, last_timestamp })
}

fn segment_files(fs: &dyn FileSystem, dir: &Path) -> Result<Vec<(LogOffset, PathBuf)>> {
    let mut files = Vec::new();
    for name in fs.list(dir).map_err(|e| Error::io(format!("list log segments in {}", dir.display()), &e))? {
        let path = dir.join(name);
        if path.extension().is_some_and(|e| e == "log")
            && let Some(base) = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok())
        {
            files.push((base, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Walks the batches, fills the index, checks bodies above `durable`, cuts a torn tail.
fn scan(
    segment: &Segment,
    durable: u64,
    index_interval: u64,
    end_offset: &mut LogOffset,
    last_timestamp: &mut i64,
) -> Result<()> {
    let mut index = SparseIndex::default();
    let mut position = FILE_HEADER_LEN;
    while position < segment.size() {
        let checked = if position < durable {
            segment.read_prefix(position).map(|(h, _)| h)
        } else {
            segment.read_batch(position).and_then(|(h, bytes)| h.verify_all(&bytes).map(|()| h))
        };
        let expected = *end_offset;
        let checked = checked.and_then(|h| {
            if h.base_offset == expected {
                Ok(h)
            } else {
                Err(segment.damage(position, &format!("offset {expected} was expected, {} is there", h.base_offset)))
            }
        });
        match checked {
            Ok(h) => {
                index.add(IndexEntry { offset: h.base_offset, position, timestamp: h.commit_timestamp }, index_interval);
                *end_offset = h.end_offset();
                *last_timestamp = h.commit_timestamp;
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
    segment.set_index(index);
    Ok(())
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
