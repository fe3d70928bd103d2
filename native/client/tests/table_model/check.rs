//! Everything that can be read, against the model.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::ArrayRef;
use arrow_schema::Schema as ArrowSchema;
use fluss_format::ColumnBatch;
use fluss_proto::admin_request::Request;
use fluss_proto::list_offsets::Spec;
use fluss_proto::{self as proto};
use fluss_testkit::Value;

use crate::model::{Change, Row, replay};
use crate::rows::{self, read_rows};
use crate::run::{Run, message_path};

impl Run {
    /// All columns.
    fn all(&self) -> Vec<usize> {
        (0..self.model.definition.columns.len()).collect()
    }

    /// After a flush: everything is durable, and visible.
    pub fn check(&mut self) {
        let logs = self.read_logs();
        self.check_logs(&logs);
        self.check_snapshots(&logs);
        self.check_lookups();
    }

    /// The log of each bucket.
    fn read_logs(&self) -> Vec<Vec<Change>> {
        let latest = proto::ListOffsets { path: message_path(), spec: Spec::Latest.into(), ..Default::default() };
        let ends: Vec<i64> = self.admin(Request::ListOffsets(latest)).offsets.iter().map(|o| o.offset).collect();
        let scanner = self.table.log_scanner(self.all()).unwrap();
        let mut logs = vec![Vec::new(); ends.len()];
        for (bucket, end) in (0..).zip(&ends) {
            scanner.subscribe(bucket, 0, *end).unwrap();
        }
        let total: i64 = ends.iter().sum();
        while logs.iter().map(Vec::len).sum::<usize>() < total as usize {
            let batch = scanner.poll(Duration::from_secs(10)).unwrap().expect("rows below the high watermark");
            let log = &mut logs[batch.bucket as usize];
            assert_eq!(batch.base_offset + batch.first_row as i64, log.len() as i64, "offsets of bucket {}", batch.bucket);
            let kinds = batch.row_bytes.unwrap();
            for (row, values) in read_rows(&batch, &self.model.definition.columns).into_iter().enumerate() {
                if (batch.first_row..batch.end_row).contains(&row) {
                    log.push(Change { kind: batch.bytes[kinds + row], row: values, time: batch.commit_timestamp });
                }
            }
        }
        logs
    }

    /// A key is in one bucket, where its changes are those of the model; replayed they are the table.
    fn check_logs(&mut self, logs: &[Vec<Change>]) {
        let keys: Vec<BTreeSet<String>> = logs.iter().map(|log| log.iter().map(|c| self.model.key(&c.row)).collect()).collect();
        for (bucket, log) in logs.iter().enumerate() {
            for other in &keys[..bucket] {
                assert!(keys[bucket].is_disjoint(other), "a key in two buckets");
            }
            let is_here = |c: &&Change| keys[bucket].contains(&self.model.key(&c.row));
            let expected: Vec<Change> = self.model.changes.iter().filter(is_here).cloned().collect();
            for (offset, (found, expected)) in log.iter().zip(&expected).enumerate() {
                let is_it =
                    (found.kind, found.time) == (expected.kind, expected.time) && self.model.is_it(&found.row, &expected.row);
                assert!(is_it, "change {offset} of bucket {bucket}: {found:?}, expected {expected:?}");
            }
            assert_eq!(log.len(), expected.len(), "changes of bucket {bucket}");
        }
        assert_eq!(logs.iter().map(Vec::len).sum::<usize>(), self.model.changes.len(), "changes of all buckets");
        let now = self.now();
        let table = replay(&self.model, logs.iter().flatten(), now);
        self.check_rows(table, self.model.rows(now), "the table that the changelog makes");
    }

    fn check_rows(&mut self, found: BTreeMap<String, Row>, expected: BTreeMap<String, Row>, what: &str) {
        assert!(found.keys().eq(expected.keys()), "{what}: {found:?}, expected {expected:?}");
        for (found, expected) in found.values().zip(expected.values()) {
            assert!(self.model.is_it(found, expected), "{what}: {found:?}, expected {expected:?}");
        }
    }

    /// A snapshot is what the changelog made up to its offset; with the rest of the changelog it is the table.
    fn check_snapshots(&self, logs: &[Vec<Change>]) {
        for snapshot in &self.snapshots {
            let found = self.scan_snapshot(snapshot.bucket, &snapshot.id);
            let (before, after) = logs[snapshot.bucket as usize].split_at(snapshot.offset as usize);
            let expected = replay(&self.model, before, snapshot.made_ms);
            assert_eq!(found, expected, "snapshot {} of bucket {}", snapshot.id, snapshot.bucket);
            if self.model.definition.ttl.is_none() {
                let rows = found.into_values().map(|row| Change { kind: 1, row, time: 0 }).collect::<Vec<_>>();
                let table = replay(&self.model, rows.iter().chain(after), 0);
                assert_eq!(table, replay(&self.model, before.iter().chain(after), 0), "snapshot {} and its tail", snapshot.id);
            }
        }
    }

    fn scan_snapshot(&self, bucket: u32, id: &str) -> BTreeMap<String, Row> {
        let scanner = self.table.snapshot_scanner(bucket, id, self.all(), &[]).unwrap();
        let mut found = BTreeMap::new();
        while let Some(batch) = scanner.poll().unwrap() {
            for row in read_rows(&batch, &self.model.definition.columns) {
                let again = found.insert(self.model.key(&row), row);
                assert!(again.is_none(), "a key twice in snapshot {id}");
            }
        }
        found
    }

    /// Lookups of keys that were written, and of others; also before rows are durable.
    pub fn check_lookups(&mut self) {
        let definition = self.model.definition.clone();
        let schema = self.table.schema().clone();
        let columns = rows::random_columns(&definition, &schema, 40, &mut self.random);
        let keys: Vec<_> = definition.key.iter().map(|&k| columns[k].clone()).collect();
        let asked = rows::rows(&columns, &definition.columns);
        let lookuper = self.table.lookuper(self.all()).unwrap();
        let found = lookuper.lookup(&rows::batch(self.table.key_schema(), keys.clone())).unwrap();
        self.check_found(&asked, &found);
        if definition.prefix {
            self.check_prefix_lookups(&keys[0], &asked);
        }
    }

    /// What a lookup found for the keys of some rows.
    pub fn check_found(&mut self, asked: &[Row], found: &ColumnBatch) {
        let now = self.now();
        let there = found.row_bytes.unwrap();
        let rows = self.model.rows(now);
        for (i, row) in read_rows(found, &self.model.definition.columns).into_iter().enumerate() {
            let key = self.model.key(&asked[i]);
            match (found.bytes[there + i] == 1, rows.get(&key)) {
                (true, Some(expected)) => assert!(self.model.is_it(&row, expected), "{key} is {row:?}, expected {expected:?}"),
                (false, None) => {}
                (there, expected) => panic!("{key} is {:?}, expected {expected:?}", there.then_some(row)),
            }
        }
    }

    fn check_prefix_lookups(&mut self, keys: &ArrayRef, asked: &[Row]) {
        let d = self.model.definition.clone();
        let [first, second] = d.key[..] else { panic!("a key of two columns") };
        let lookuper = self.table.prefix_lookuper(&[&d.columns[first].name], self.all()).unwrap();
        let key_schema = Arc::new(ArrowSchema::new(vec![self.table.key_schema().field(0).clone()]));
        let found = lookuper.lookup(&rows::batch(key_schema, vec![keys.clone()])).unwrap();
        let mut rows = read_rows(&found.rows, &d.columns).into_iter();
        let mut from = 0;
        for (asked, end) in asked.iter().zip(&found.ends) {
            let mut expected: Vec<Row> =
                self.model.rows(self.now()).into_values().filter(|row| row[first] == asked[first]).collect();
            expected.sort_by_key(|row| match &row[second] {
                Value::Bytes(bytes) => bytes.clone(),
                other => panic!("{other:?}"),
            });
            let found: Vec<Row> = rows.by_ref().take(end - from).collect();
            from = *end;
            let same = found.len() == expected.len() && found.iter().zip(&expected).all(|(f, e)| self.model.is_it(f, e));
            assert!(same, "prefix {:?}: {found:?}, expected {expected:?}", asked[first]);
        }
        assert!(rows.next().is_none());
    }
}
