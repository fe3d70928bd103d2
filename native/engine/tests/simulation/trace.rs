//! What happened, for people and for comparing two runs.
use std::hash::{DefaultHasher, Hasher};

/// A line an event; kept as a hash, printed when one seed is replayed.
#[derive(Debug)]
pub struct Trace {
    print: bool,
    hash: DefaultHasher,
    lines: u64,
}

impl Trace {
    pub fn new(print: bool) -> Self {
        Self { print, hash: DefaultHasher::new(), lines: 0 }
    }

    pub fn line(&mut self, line: impl FnOnce() -> String) {
        let line = line();
        if self.print {
            eprintln!("{:4} {line}", self.lines);
        }
        self.hash.write(line.as_bytes());
        self.lines += 1;
    }

    /// Equal for equal traces.
    pub fn fingerprint(&self) -> (u64, u64) {
        (self.lines, self.hash.finish())
    }
}
