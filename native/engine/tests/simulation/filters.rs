//! Filtered reads: all rows that match and no other, whatever batches statistics skip.
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, Int64Array};
use fluss_format::{Comparison, Filter, Predicate};
use fluss_log::ReadHint;
use fluss_tablet::Tablet;
use fluss_types::{Result, TypeRoot};

use crate::rows::{Cell, Row, View};
use crate::world::{At, World};

type Matches = Box<dyn Fn(&Row) -> bool>;

impl World {
    fn make_filter(&mut self, at: At) -> (Filter, Matches) {
        let (id, n) = (self.random.below(12) as i64, self.random.below(self.rows_made as u64 + 1) as i64);
        let compare = |column, comparison, literal| Predicate::Compare(vec![column], comparison, literal);
        let schema = self.schema(at);
        let n_literal: ArrayRef = match schema.columns()[2].data_type.root {
            TypeRoot::Int => Arc::new(Int32Array::from(vec![n as i32])),
            _ => Arc::new(Int64Array::from(vec![n])),
        };
        let (predicate, matches): (_, Matches) = match self.random.below(4) {
            0 => (compare(0, Comparison::Equal, Arc::new(Int64Array::from(vec![id])) as _), Box::new(move |r| r.id == id)),
            1 => (compare(2, Comparison::GreaterOrEqual, n_literal), Box::new(move |r| r.n.is_some_and(|x| x >= n))),
            2 => (compare(2, Comparison::Less, n_literal), Box::new(move |r| r.n.is_some_and(|x| x < n))),
            _ => (
                Predicate::Or(vec![Predicate::IsNull(vec![1]), Predicate::StartsWith(vec![1], b"v1".to_vec())]),
                Box::new(|r| r.v.as_ref().is_none_or(|v| v.starts_with("v1"))),
            ),
        };
        (Filter::new(schema, predicate).unwrap(), matches)
    }

    pub fn read_filtered(&mut self) {
        let Some(at) = self.pick_bucket(false) else { return };
        let Some(tablet) = self.tablet(at) else { return };
        let (start, high_watermark) = (tablet.start_offset(), tablet.high_watermark());
        let from = start + self.random.below((high_watermark - start + 1) as u64) as i64;
        let stop = high_watermark.min(from + self.random.below(200) as i64);
        let (filter, matches) = self.make_filter(at);
        let view = View::new(self.schema(at), vec![2, 1, 0]);
        let model = &self.bucket(at).model;
        let change = |offset| {
            let batch = model.batch_of(offset);
            &batch.changes[(offset - batch.base) as usize].row
        };
        let expected: Vec<_> = (from..stop).filter(|o| matches(change(*o))).map(|o| (o, view.of_row(change(o)))).collect();
        match self.filtered(at, &tablet, (from, stop), &view, &filter) {
            Ok(found) => {
                self.trace.line(|| format!("{at:?} filtered {from} to {stop}: {} rows", found.len()));
                assert_eq!(found, expected, "{at:?} filtered read of {from} to {stop}: {filter:?}");
            }
            Err(e) => self.failed(at, &e),
        }
    }

    fn filtered(
        &self,
        at: At,
        tablet: &Tablet,
        (from, stop): (i64, i64),
        view: &View,
        filter: &Filter,
    ) -> Result<Vec<(i64, Vec<Cell>)>> {
        let (mut offset, mut hint, mut found) = (from, ReadHint::default(), Vec::new());
        let projection = view.projection();
        while offset < stop {
            let (batch, next) = tablet.read_filtered(offset, stop, &projection, Some(filter), &mut hint)?;
            assert!(next > offset && next <= stop, "{at:?} a filtered read at {offset} goes on at {next}");
            if let Some(batch) = batch {
                let rows = batch.chosen().into_iter().map(|row| (batch.base_offset + row as i64, view.of_batch(&batch, row)));
                found.extend(rows);
            }
            offset = next;
        }
        Ok(found)
    }
}
