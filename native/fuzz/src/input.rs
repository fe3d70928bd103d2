//! The bytes of an input that choose how the rest is decoded.
use std::sync::Arc;

use fluss_testkit::all_types;
use fluss_types::Schema;

/// The primary key of the schema that a byte of the input chooses: odd ones are primary-key tables.
fn key_of(choice: u8) -> &'static [&'static str] {
    if choice % 2 == 1 { &["id", "name"] } else { &[] }
}

/// The schema that a byte of the input chooses.
pub fn schema_of(choice: u8) -> Arc<Schema> {
    all_types(key_of(choice))
}
