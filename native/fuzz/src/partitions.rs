//! The file of a table's partitions.
use std::path::Path;
use std::sync::Arc;

use fluss_meta::PartitionList;
use fluss_testkit::SimulatedDisk;
use fluss_types::TableId;
use fluss_types::file::FileSystem;

use crate::refused;

/// The table whose partitions they are.
pub const PARTITIONED_TABLE: TableId = 7;

/// The whole input is the file `partitions` of [`PARTITIONED_TABLE`].
///
/// A file that opens gives itself back after a change, and no number is given twice.
pub fn partitions(data: &[u8]) -> bool {
    let disk = SimulatedDisk::new(0);
    let dir = Path::new("/table");
    disk.create_dir_all(dir).unwrap();
    disk.create(&dir.join("partitions")).unwrap().write_at(0, data).unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(disk);
    let open = || PartitionList::open(fs.clone(), dir, PARTITIONED_TABLE).map(|(list, _)| list);
    let list = match open() {
        Ok(list) => list,
        Err(e) => return refused(&e),
    };
    let mut expected = list.list().unwrap();
    match list.create(&["made_by_fuzz".into()], 1, |_| Ok(())) {
        Ok(made) if !expected.contains(&made[0]) => {
            assert!(expected.iter().all(|p| p.id < made[0].id), "a number is given twice");
            expected.extend(made);
        }
        Ok(_) => {}
        Err(e) => drop(refused(&e)),
    }
    let mut read = open().expect("what was written can be read").list().unwrap();
    [&mut read, &mut expected].iter_mut().for_each(|list| list.sort_by_key(|p| p.id));
    assert_eq!(read, expected);
    true
}
