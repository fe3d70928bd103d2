//! The buffers of a batch that a read wants: neighbours fetched in one call, checked, and decompressed if need be.
use std::cell::RefCell;

use fluss_types::{Compression, Error, Result};

use crate::batch::{BatchHeader, MAX_UNCOMPRESSED_BYTES, verify_buffer};
use crate::column_batch::Arena;
use crate::compression::MAX_KEPT;
use crate::read::corrupt;
use crate::{align64, compression};

/// A buffer to be fetched.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Index in the IPC metadata, and so of the checksum.
    pub index: usize,
    /// Place in the body.
    pub offset: usize,
    pub len: usize,
}

/// The fetched buffers and where each of them lies.
pub(crate) struct Fetched {
    pub arena: Arena,
    /// Index, position, length; ascending.
    places: Vec<(usize, usize, usize)>,
}

impl Fetched {
    /// Position of a buffer that must have `needed` bytes.
    pub(crate) fn place(&self, what: &str, index: usize, needed: usize) -> Result<usize> {
        self.find(what, index, needed).map(|(at, _)| at)
    }

    pub(crate) fn find(&self, what: &str, index: usize, needed: usize) -> Result<(usize, usize)> {
        let i = self.places.binary_search_by_key(&index, |p| p.0).map_err(|_| Error::internal("a buffer was not fetched"))?;
        let (_, at, len) = self.places[i];
        if len >= needed {
            return Ok((at, len));
        }
        Err(corrupt(&format!("a {what} buffer has {len} bytes, its rows need {needed}")))
    }
}

/// Fetches and checks buffers, which are given in the order of the body. `fetch` as for [`crate::read_projected`].
pub(crate) fn fetch_buffers(
    header: &BatchHeader,
    prefix: &[u8],
    wanted: &[Wanted],
    fetch: &mut impl FnMut(usize, &mut [u8]) -> Result<()>,
) -> Result<Fetched> {
    let (runs, places) = runs(wanted);
    let total = runs.last().map_or(0, |r| r.at + r.len);
    let mut fetch_into = |memory: &mut [u8]| {
        runs.iter().try_for_each(|r| fetch(r.from, &mut memory[r.at..r.at + r.len]))?;
        wanted.iter().zip(&places).try_for_each(|(w, at)| verify_buffer(prefix, w.index, &memory[*at..*at + w.len]))
    };
    if header.compression == Compression::None {
        let mut arena = Arena::with_capacity(total);
        let at = arena.reserve(total);
        fetch_into(arena.slice_mut(at, total))?;
        let places = wanted.iter().zip(&places).map(|(w, at)| (w.index, *at, w.len)).collect();
        return Ok(Fetched { arena, places });
    }
    STORED.with_borrow_mut(|stored| {
        if stored.len() < total {
            stored.resize(total, 0);
        }
        fetch_into(&mut stored[..total])?;
        let fetched = decompress_all(header.compression, wanted, stored, &places);
        if stored.len() > MAX_KEPT {
            *stored = Vec::new();
        }
        fetched
    })
}

/// Neighbouring buffers of the body, fetched in one call.
struct Run {
    /// Place in the body.
    from: usize,
    /// Place in the memory that they are fetched into.
    at: usize,
    len: usize,
}

/// The runs of the wanted buffers, and where each buffer comes to lie.
fn runs(wanted: &[Wanted]) -> (Vec<Run>, Vec<usize>) {
    let mut runs: Vec<Run> = Vec::new();
    let mut places = Vec::with_capacity(wanted.len());
    for w in wanted {
        match runs.last_mut() {
            Some(run) if w.offset == run.from + align64(run.len) => run.len = w.offset + w.len - run.from,
            last => {
                let at = last.map_or(0, |run| align64(run.at + run.len));
                runs.push(Run { from: w.offset, at, len: w.len });
            }
        }
        let run = &runs[runs.len() - 1];
        places.push(run.at + w.offset - run.from);
    }
    (runs, places)
}

thread_local! {
    /// What was fetched of a compressed batch. Kept, since fresh memory would have to be zeroed.
    static STORED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn decompress_all(codec: Compression, wanted: &[Wanted], stored: &[u8], places: &[usize]) -> Result<Fetched> {
    let frames: Vec<&[u8]> = wanted.iter().zip(places).map(|(w, at)| &stored[*at..*at + w.len]).collect();
    let lens = frames.iter().map(|f| compression::uncompressed_len(codec, f)).collect::<Result<Vec<_>>>()?;
    let total = lens.iter().map(|l| align64(*l)).sum();
    if total > MAX_UNCOMPRESSED_BYTES {
        return Err(corrupt(&format!("the buffers of the batch claim {total} bytes")));
    }
    let mut arena = Arena::with_capacity(total);
    let mut places = Vec::with_capacity(wanted.len());
    for ((w, frame), len) in wanted.iter().zip(frames).zip(lens) {
        let at = arena.reserve(len);
        compression::decompress(codec, frame, arena.slice_mut(at, len))?;
        places.push((w.index, at, len));
    }
    Ok(Fetched { arena, places })
}
