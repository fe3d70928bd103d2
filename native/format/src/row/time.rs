//! The commit timestamp in the rows of a table whose rows expire.
use std::time::Duration;

use super::{RowCodec, SCHEMA_ID_LEN};

/// Bytes of the commit timestamp, behind the schema id.
pub(super) const TIME_LEN: usize = 8;

impl RowCodec {
    /// Whether its rows have a commit timestamp.
    pub fn is_timed(&self) -> bool {
        self.fields.base > SCHEMA_ID_LEN
    }

    /// Sets the commit timestamp of an encoded row, if its rows have one.
    pub fn set_time(&self, row: &mut [u8], commit_timestamp: i64) {
        if self.is_timed() {
            row[SCHEMA_ID_LEN..SCHEMA_ID_LEN + TIME_LEN].copy_from_slice(&commit_timestamp.to_le_bytes());
        }
    }
}

/// Which stored rows have expired, at one point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Rows of this commit timestamp and before.
    until: Option<i64>,
}

impl Expiry {
    /// What `table.row.ttl` says of rows at `now_ms`. `None`: no row ever expires.
    pub fn at(now_ms: i64, ttl: Option<Duration>) -> Self {
        let millis = |ttl: Duration| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        Self { until: ttl.map(|ttl| now_ms.saturating_sub(millis(ttl))) }
    }

    /// Whether a row has expired, of a codec that [is timed](RowCodec::is_timed) if rows ever do.
    pub fn is_over(self, row: &[u8]) -> bool {
        let time = || row.get(SCHEMA_ID_LEN..)?.first_chunk().map(|time| i64::from_le_bytes(*time));
        // One that is too short has not: who reads it says that it is damaged.
        self.until.is_some_and(|until| time().is_some_and(|time| time <= until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_expires_when_its_time_is_over() {
        let mut row = vec![0; 12];
        row[4..12].copy_from_slice(&1000_i64.to_le_bytes());
        let at = |now_ms, ttl| Expiry::at(now_ms, ttl).is_over(&row);
        let ttl = Some(Duration::from_millis(10));
        assert!(!at(1009, ttl));
        assert!(at(1010, ttl));
        assert!(!at(i64::MAX, None) && !at(i64::MIN, ttl) && !at(i64::MAX, Some(Duration::MAX)));
        assert!(!Expiry::at(i64::MAX, ttl).is_over(&row[..11]));
    }
}
