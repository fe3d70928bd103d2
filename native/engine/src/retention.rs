//! Removes what has outlived `table.log.ttl`.
use std::sync::PoisonError;

use fluss_types::{ErrorCode, Result};

use crate::engine::Tablets;

/// Visits the open tablets once; the first error is returned, all tablets are tried.
pub(crate) fn retain(tablets: &Tablets) -> Result<()> {
    let slots: Vec<_> = tablets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
    let mut result = Ok(());
    for slot in slots {
        let tablet = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let retained = tablet.map_or(Ok(()), |tablet| tablet.retain());
        // One that was closed or dropped meanwhile needs nothing.
        result = result.and(retained.or_else(|e| match e.code() {
            ErrorCode::Closed | ErrorCode::TableNotFound | ErrorCode::PartitionNotFound => Ok(()),
            _ => Err(e),
        }));
    }
    result
}
