//! Partitions come and go; what was dropped stays away, and what is there keeps its rows.
use std::collections::BTreeMap;
use std::path::Path;

use fluss_types::PartitionId;

use crate::tables::{Existence, SimulatedBucket, SimulatedTable};
use crate::world::{DATA, World, said};

/// A partition of a table; its buckets are among the table's.
#[derive(Debug)]
pub struct SimulatedPartition {
    pub name: String,
    /// 0: not known yet.
    pub id: PartitionId,
    pub existence: Existence,
}

fn values(name: &str) -> BTreeMap<String, String> {
    [("p".to_string(), name.to_string())].into()
}

impl World {
    fn pick_partitioned(&mut self) -> Option<usize> {
        let tables: Vec<usize> = (0..self.tables.len())
            .filter(|&t| self.tables[t].partitioned && self.tables[t].existence == Existence::Yes)
            .collect();
        (!tables.is_empty()).then(|| tables[self.pick(tables.len())])
    }

    pub fn create_partition(&mut self) {
        let Some(t) = self.pick_partitioned() else { return };
        if self.tables[t].partitions.iter().filter(|p| p.existence != Existence::No).count() < 4 {
            self.create_partition_of(t);
        }
    }

    pub fn create_partition_of(&mut self, t: usize) {
        let path = self.tables[t].path.clone();
        let old: Vec<String> =
            self.tables[t].partitions.iter().filter(|p| p.existence == Existence::No).map(|p| p.name.clone()).collect();
        // A name may come again; what was in the partition does not.
        let free = |name: &String| self.tables[t].partitions.iter().all(|p| p.name != *name || p.existence == Existence::No);
        let again = old.first().filter(|name| free(name)).cloned();
        let name = match again {
            Some(name) if self.chance(40) => name,
            _ => format!("p{}", self.tables[t].partitions.len()),
        };
        let made = self.engine.create_partition(&path, &values(&name), false);
        self.trace.line(|| format!("create partition {name} of {path}: {}", said(&made)));
        let (id, existence) = match made {
            Ok(p) => (p.id, Existence::Yes),
            Err(e) => {
                self.expect_harm(&e);
                (0, Existence::Unknown)
            }
        };
        let table = &mut self.tables[t];
        assert!(existence != Existence::Yes || table.partitions.iter().all(|p| p.id < id), "number {id} was given before");
        table.partitions.push(SimulatedPartition { name, id, existence });
        let partition = Some(table.partitions.len() - 1);
        table.buckets.extend((0..table.bucket_count).map(|bucket| SimulatedBucket { partition, bucket, ..Default::default() }));
    }

    pub fn drop_partition(&mut self) {
        let Some(t) = self.pick_partitioned() else { return };
        let there: Vec<usize> =
            (0..self.tables[t].partitions.len()).filter(|&p| self.tables[t].partitions[p].existence == Existence::Yes).collect();
        if there.is_empty() {
            return;
        }
        let p = there[self.pick(there.len())];
        let (path, name) = (self.tables[t].path.clone(), self.tables[t].partitions[p].name.clone());
        let dropped = self.engine.drop_partition(&path, &values(&name), false);
        self.trace.line(|| format!("drop partition {name} of {path}: {}", said(&dropped)));
        let existence = match dropped {
            Ok(there) => {
                assert!(there);
                Existence::No
            }
            Err(e) => {
                self.expect_harm(&e);
                Existence::Unknown
            }
        };
        let table = &mut self.tables[t];
        table.partitions[p].existence = existence;
        for bucket in table.buckets.iter_mut().filter(|b| b.partition == Some(p)) {
            bucket.tablet = None;
        }
    }

    /// What an opening says of the partitions of a table.
    pub fn resolve_partitions(&mut self, t: usize) {
        let path = self.tables[t].path.clone();
        let listed = match self.engine.partitions(&path, &BTreeMap::new()) {
            Ok(listed) => listed,
            // What is not known stays so.
            Err(e) => return self.expect_harm(&e),
        };
        self.trace.line(|| format!("partitions of {path}: {listed:?}"));
        let partitions = &mut self.tables[t].partitions;
        for found in &listed {
            let mut known = partitions.iter().rev().filter(|p| *p.name == *found.name && p.existence != Existence::No);
            assert!(known.any(|p| p.id == found.id || p.id == 0), "partition {found:?} of {path} came from nowhere");
        }
        for p in partitions.iter_mut() {
            let found = listed.iter().find(|f| *f.name == *p.name && (p.id == 0 || p.id == f.id));
            p.existence = match (p.existence, found) {
                (Existence::Yes, None) => panic!("partition {} of {path} is lost", p.name),
                (Existence::No, _) | (Existence::Unknown, None) => Existence::No,
                (_, Some(found)) => {
                    p.id = found.id;
                    Existence::Yes
                }
            };
        }
    }

    /// The folder of a table has none of a partition that was dropped.
    pub fn check_partition_folders(&self, table_id: &str) {
        let is_it = |t: &&SimulatedTable| t.handle.as_ref().is_some_and(|h| h.meta().table_id.to_string() == table_id);
        let Some(table) = self.tables.iter().find(is_it) else { return };
        let there = |id: PartitionId| table.partitions.iter().any(|p| p.id == id && p.existence == Existence::Yes);
        for name in self.fs().list(&Path::new(DATA).join("tables").join(table_id)).unwrap() {
            if let Some(id) = name.strip_prefix('p').and_then(|id| id.parse().ok()) {
                assert!(there(id), "the folder of the dropped partition {id} of {} is still there", table.path);
            }
        }
    }
}
