//! Encoded keys or rows, side by side in one piece of memory.
use std::ops::Range;

use bytes::Bytes;
use fluss_types::Result;

pub(super) struct Encoded {
    pub bytes: Bytes,
    pub ends: Vec<usize>,
}

impl Encoded {
    /// As many as `n`, which `encode` appends one after the other.
    pub fn new(n: usize, mut encode: impl FnMut(usize, &mut Vec<u8>) -> Result<()>) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(n);
        for i in 0..n {
            encode(i, &mut bytes)?;
            ends.push(bytes.len());
        }
        Ok(Self { bytes: bytes.into(), ends })
    }

    /// Changes each of them.
    pub fn map(self, mut change: impl FnMut(&mut [u8])) -> Self {
        let mut bytes = Vec::from(self.bytes);
        (0..self.ends.len()).for_each(|i| change(&mut bytes[range(&self.ends, i)]));
        Self { bytes: bytes.into(), ends: self.ends }
    }

    pub fn get(&self, i: usize) -> &[u8] {
        &self.bytes[range(&self.ends, i)]
    }

    /// One of them, without a copy; it keeps all of them in memory.
    pub fn share(&self, i: usize) -> Bytes {
        self.bytes.slice(range(&self.ends, i))
    }
}

/// Where one of several lies that are side by side.
pub(super) fn range(ends: &[usize], i: usize) -> Range<usize> {
    i.checked_sub(1).map_or(0, |p| ends[p])..ends[i]
}
