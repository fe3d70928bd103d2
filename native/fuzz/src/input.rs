//! The bytes of an input that choose how the rest is decoded.
use std::sync::Arc;

use fluss_format::Projection;
use fluss_testkit::{Random, all_types, nested_types, random_change, random_schema};
use fluss_types::{Schema, Schemas, TypeRoot};

/// Takes bytes from the front of an input; 0 when there are no more.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl Input<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub(crate) fn number(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }
}

/// Versions of the schema that a byte of the input chooses; the first is what seeds are written with. Odd numbers are
/// primary-key tables; from 128 on the table was altered.
pub fn schemas_of(choice: u8) -> Arc<Schemas> {
    let random = &mut Random(u64::from(choice));
    let key = choice % 2 == 1;
    let mut versions = vec![match choice % 16 {
        0 | 1 => all_types(if key { &["id", "name"] } else { &[] }),
        2 | 3 => nested_types(if key { &["id"] } else { &[] }),
        _ => random_schema(random, key),
    }];
    for n in 0..if choice < 128 { 0 } else { 8 } {
        let last = &versions[versions.len() - 1];
        versions.extend(last.alter(&[random_change(last, n, random)]).ok().map(Arc::new));
    }
    Arc::new(Schemas::new(versions).unwrap())
}

/// The projection of the current schema that a byte of the input chooses: all columns, none, or some columns and fields in any order.
pub(crate) fn projection_of(choice: u8, schema: &Arc<Schema>) -> Projection {
    if choice == 0 {
        return Projection::all(schema.clone());
    }
    let random = &mut Random(u64::from(choice));
    let mut paths = Vec::new();
    for _ in 0..random.below(5) {
        let mut path = Vec::new();
        let mut fields = schema.columns();
        while !fields.is_empty() && (path.is_empty() || random.below(2) == 0) {
            let i = random.below(fields.len() as u64) as usize;
            path.push(i);
            fields = if let TypeRoot::Row(fields) = &fields[i].data_type.root { fields } else { &[] };
        }
        paths.push(path);
    }
    Projection::new(schema.clone(), paths).unwrap()
}
