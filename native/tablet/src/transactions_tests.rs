//! What the engine's tests of transactions do not come by.
use std::path::Path;

use fluss_testkit::SimulatedDisk;

use super::*;

const BUCKET: TableBucket = TableBucket { table_id: 1, partition: 0, bucket: 0 };
const ID: WriterId = 7;

/// A batch that is told from others by its schema.
fn batch(schema_id: u32) -> EncodedBatch {
    EncodedBatch::without_rows(schema_id)
}

fn open(disk: &SimulatedDisk) -> Transactions {
    Transactions::open(disk.fs(), "/bucket/transactions".into(), BUCKET, 0).unwrap()
}

/// Schemas and targets of the pieces of a file.
fn read(transactions: &Transactions) -> Vec<(u32, Option<Vec<FieldId>>)> {
    let staged = transactions.get(ID).unwrap();
    let Stage::Prepared { mark } = lock(&staged).stage else { panic!("not prepared") };
    let mut pieces = transactions.pieces(ID, mark).unwrap();
    let mut found = Vec::new();
    while let Some(piece) = pieces
        .next(|bytes, piece| {
            let header = fluss_format::BatchHeader::decode(&bytes)?;
            Ok((header.schema_id, piece.targets.map(|t| t.to_vec())))
        })
        .unwrap()
    {
        found.push(piece);
    }
    found
}

/// Stops the machine at an edge of a replacement; whether it was reached.
fn replaced(edge: u64, power_loss: bool) -> bool {
    let disk = SimulatedDisk::new(edge);
    disk.fs().create_dir_all(Path::new("/bucket")).unwrap();
    let transactions = open(&disk);
    let many: Arc<[FieldId]> = (0..40).collect();
    for sequence in 0..3 {
        let targets = (sequence == 2).then(|| many.clone());
        let number = BatchSequence { writer_id: ID, sequence };
        transactions.stage(number, &mut batch(sequence as u32), targets, false, 5).unwrap();
    }
    transactions.prepare(ID, 3, 6).unwrap();
    let last = (2, Some(many.to_vec()));
    let old = [(0, None), (1, None), last.clone()];
    assert_eq!(read(&transactions), old);

    let halves = Some([0, 3].into());
    let staged = transactions.get(ID).unwrap();
    disk.stop_at(edge);
    let done = transactions.replace_piece(&mut lock(&staged), 1, &mut [batch(10), batch(11)], &halves);
    let stopped = disk.is_stopped();
    assert_eq!(stopped, done.is_err());
    if power_loss {
        disk.power_loss();
    } else {
        disk.crash();
    }
    let transactions = open(&disk);
    let half = |schema| (schema, Some(vec![0, 3]));
    let new = [(0, None), half(10), half(11), last];
    let found = read(&transactions);
    assert!(found == new || stopped && found == old, "edge {edge}: {found:?}");
    let files = disk.image().len();
    assert_eq!(files, 1, "edge {edge}: nothing is left of what did not come to its place");
    // It stays what it was found to be.
    disk.power_loss();
    assert_eq!(read(&open(&disk)), found, "edge {edge}");
    stopped
}

#[test]
fn wherever_the_machine_stops_a_file_whose_piece_is_replaced_is_the_old_or_the_new_one() {
    for power_loss in [false, true] {
        let edges = (1..).take_while(|edge| replaced(*edge, power_loss)).count();
        assert!(edges > 8, "{edges}");
    }
}
