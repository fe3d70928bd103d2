//! The lease of a snapshot.
use fluss_format::Lease;

/// The whole input is the file. Nothing but what a lease writes is read as one.
pub fn lease(data: &[u8]) -> bool {
    Lease::decode(data).is_some_and(|lease| {
        assert_eq!(lease.encode().as_bytes(), data);
        true
    })
}
