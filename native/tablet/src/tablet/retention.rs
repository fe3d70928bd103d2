//! Retention: what has outlived `table.log.ttl` and is needed by nobody goes.
use std::sync::Arc;

use fluss_types::{Error, ErrorCode, LogOffset, Result};

use super::Tablet;

impl Tablet {
    /// Removes snapshots and transactions that have expired, and log segments that are wholly older than `table.log.ttl`, durable, and for a primary-key table also in the durable part of its kv
    /// store and below all leased snapshots. After a failure more is kept than need be, and the next call tries again.
    pub fn retain(self: &Arc<Self>) -> Result<()> {
        self.check_open()?;
        let now = self.context.clock.now_ms();
        let expired = self.expire_snapshots(now).and(self.expire_transactions(now)).map_err(|e| e.at(&self.name));
        expired.and(self.retain_log(now))
    }

    fn retain_log(&self, now: i64) -> Result<()> {
        let Some(ttl) = self.definition().options.log_ttl else { return Ok(()) };
        let before = now.saturating_sub(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        let removed = self.log.expired_before(before, self.high_watermark()).and_then(|expired| {
            if expired > self.log.start_offset() { self.log.delete_before(self.needed_from(expired, now)?) } else { Ok(()) }
        });
        removed.inspect_err(|e| self.poison_with(e)).map_err(|e| e.at(&self.name))
    }

    /// After a failure of the log that makes it refuse writes from now on.
    pub(super) fn poison_with(&self, e: &Error) {
        if e.code() == ErrorCode::Poisoned {
            self.poison(e);
        }
    }

    /// Removes the snapshots whose lease is over: their readers never came back.
    fn expire_snapshots(&self, now_ms: i64) -> Result<()> {
        let Some(state) = &self.kv else { return Ok(()) };
        state.table.snapshots.expire(now_ms).map(drop)
    }

    /// The offset from which on a restart, or the reader of a snapshot, needs the log; at most `limit`.
    fn needed_from(&self, limit: LogOffset, now_ms: i64) -> Result<LogOffset> {
        let Some(state) = &self.kv else { return Ok(limit) };
        let kv = self.store(state)?;
        let applied = kv.applied()?.offset;
        let mut durable = kv.durable_offset()?;
        if durable < limit.min(applied) {
            state.table.kv.flush()?;
            durable = applied;
        }
        // A snapshot that is made after this is not before `durable`.
        let leased = state.table.snapshots.oldest_offset(self.place(), now_ms)?.unwrap_or(limit);
        Ok(limit.min(durable).min(leased))
    }
}
