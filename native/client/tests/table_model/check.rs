//! Everything that can be read, against the model.
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use fluss_client::Lookuper;
use fluss_proto::admin_request::Request;
use fluss_proto::list_offsets::Spec;
use fluss_proto::{self as proto};

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
        while self.in_copy.copy_state().unwrap().staleness_ms > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        let in_copy = self.table.lookuper(self.all()).unwrap().in_full_copy().unwrap();
        self.check_lookups_with(&in_copy);
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
                    log.push(Change { kind: batch.bytes[kinds + row], row: values });
                }
            }
        }
        logs
    }

    /// A key is in one bucket, where its changes are those of the model; replayed they are the table.
    fn check_logs(&self, logs: &[Vec<Change>]) {
        let keys: Vec<BTreeSet<String>> = logs.iter().map(|log| log.iter().map(|c| self.model.key(&c.row)).collect()).collect();
        for (bucket, log) in logs.iter().enumerate() {
            for other in &keys[..bucket] {
                assert!(keys[bucket].is_disjoint(other), "a key in two buckets");
            }
            let expected: Vec<&Change> =
                self.model.changes.iter().filter(|c| keys[bucket].contains(&self.model.key(&c.row))).collect();
            let found = self.with_sorted_deletes(log.iter().collect());
            for (offset, (found, expected)) in found.iter().zip(self.with_sorted_deletes(expected.clone())).enumerate() {
                assert_eq!(*found, expected, "change {offset} of bucket {bucket}");
            }
            assert_eq!(log.len(), expected.len(), "changes of bucket {bucket}");
        }
        assert_eq!(logs.iter().map(Vec::len).sum::<usize>(), self.model.changes.len(), "changes of all buckets");
        assert_eq!(replay(&self.model, logs.iter().flatten()), self.model.rows, "the changelog makes the table");
    }

    /// Those that follow each other may have any order: an overwrite goes by the stored keys.
    fn with_sorted_deletes<'a>(&self, mut changes: Vec<&'a Change>) -> Vec<&'a Change> {
        for run in changes.chunk_by_mut(|a, b| (a.kind, b.kind) == (4, 4)) {
            run.sort_by_cached_key(|change| self.model.key(&change.row));
        }
        changes
    }

    /// A snapshot is what the changelog made up to its offset; with the rest of the changelog it is the table.
    fn check_snapshots(&self, logs: &[Vec<Change>]) {
        for snapshot in &self.snapshots {
            let found = self.scan_snapshot(snapshot.bucket, &snapshot.id);
            let log = &logs[snapshot.bucket as usize];
            let expected = replay(&self.model, &log[..snapshot.offset as usize]);
            assert_eq!(found, expected, "snapshot {} of bucket {}", snapshot.id, snapshot.bucket);
            let rows = found.into_values().map(|row| Change { kind: 1, row }).collect::<Vec<_>>();
            let table = replay(&self.model, rows.iter().chain(&log[snapshot.offset as usize..]));
            assert_eq!(table, replay(&self.model, log), "snapshot {} and its tail", snapshot.id);
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

    /// Lookups of every key that was ever written, and of others; also before rows are durable.
    pub fn check_lookups(&mut self) {
        self.check_lookups_with(&self.table.lookuper(self.all()).unwrap());
    }

    fn check_lookups_with(&mut self, lookuper: &Lookuper) {
        let definition = &self.model.definition;
        let schema = self.table.schema().clone();
        let columns = rows::random_columns(definition, &schema, 40, &mut self.random);
        let keys: Vec<_> = definition.key.iter().map(|&k| columns[k].clone()).collect();
        let asked = rows::rows(&columns, &definition.columns);
        let found = lookuper.lookup(&rows::batch(self.table.key_schema(), keys)).unwrap();
        let there = found.row_bytes.unwrap();
        for (i, row) in read_rows(&found, &definition.columns).into_iter().enumerate() {
            let key = self.model.key(&asked[i]);
            let found = (found.bytes[there + i] == 1).then_some(row);
            assert_eq!(found.as_ref(), self.model.rows.get(&key), "lookup of {key}");
        }
    }
}
