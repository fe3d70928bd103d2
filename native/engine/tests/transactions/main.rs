//! Transactions over a machine that stops, loses power, fails and fills up.
#![allow(clippy::unwrap_used, reason = "test code")]
mod damage;
mod overwrites;
mod refused;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch};
use fluss_engine::Engine;
use fluss_format::Projection;
use fluss_kv::MemoryKvStores;
use fluss_log::{LogOptions, ReadHint};
use fluss_meta::{DatabaseMeta, TableAlteration, TableDeclaration};
use fluss_tablet::{Committer, Rows, Tablet, TabletContext};
use fluss_testkit::{Fault, Operation, Random, SimulatedDisk};
use fluss_types::file::FileSystem;
use fluss_types::time::Clock;
use fluss_types::{
    BatchSequence, Column, DataType, EngineOptions, ErrorCode, MemoryBudget, Result, SchemaChange, TablePath, TypeRoot, WriterId,
};

const DATA: &str = "/data";
const DAY: i64 = 86_400_000;
/// Pieces of the transaction that is committed: more than the batches of a writer that are known.
const PIECES: i32 = 7;

#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Machine {
    disk: SimulatedDisk,
    clock: Arc<TestClock>,
    engine: Arc<Engine>,
    keyed: bool,
}

fn path() -> TablePath {
    TablePath::new("db", "t")
}

fn column(name: &str, nullable: bool) -> Column {
    Column::new(name, DataType::new(TypeRoot::BigInt, nullable).unwrap())
}

fn open(disk: &SimulatedDisk, clock: &Arc<TestClock>) -> Arc<Engine> {
    let context = TabletContext {
        fs: disk.fs(),
        memory: Arc::new(MemoryBudget::new(256 << 20)),
        kv: Arc::new(MemoryKvStores::new(disk.fs())),
        committer: Committer::manual(),
        clock: clock.clone(),
        log: LogOptions { segment_size: 4096, index_interval: 1024, writer_expiration_ms: 7 * DAY },
    };
    let options = EngineOptions::parse(&Default::default()).unwrap();
    Arc::new(Engine::with_context(Path::new(DATA), options, context).unwrap())
}

impl Machine {
    fn new(seed: u64, keyed: bool) -> Self {
        let machine = Self::empty(seed, keyed);
        machine.create_table("ZSTD");
        machine
    }

    fn empty(seed: u64, keyed: bool) -> Self {
        let disk = SimulatedDisk::new(seed);
        disk.create_dir_all(Path::new(DATA)).unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_000_000)));
        let engine = open(&disk, &clock);
        engine.meta().create_database("db", DatabaseMeta::default(), false).unwrap();
        Self { disk, clock, engine, keyed }
    }

    fn create_table(&self, compression: &str) {
        let columns = vec![column("id", false), column("n", false)];
        self.create(columns, &[("table.log.arrow.compression.type", compression)]);
    }

    fn create(&self, columns: Vec<Column>, options: &[(&str, &str)]) {
        let declaration = TableDeclaration {
            columns,
            primary_key: if self.keyed { vec!["id".into()] } else { vec![] },
            bucket_key: vec![],
            partition_keys: vec![],
            bucket_count: 1,
            comment: String::new(),
            options: options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            custom_properties: Default::default(),
        };
        self.engine.create_table(&path(), declaration, false).unwrap();
    }

    fn tablet(&self) -> Arc<Tablet> {
        self.engine.table(&path()).unwrap().tablet(0).unwrap()
    }

    fn reopen(&mut self, power_loss: bool) {
        if power_loss {
            self.disk.power_loss();
        } else {
            self.disk.crash();
        }
        // Its handles are dead.
        while self.engine.context().committer.run_next(|_| 0) {}
        self.engine = open(&self.disk, &self.clock);
    }

    /// Commits what was written outside of transactions.
    fn settle(&self) {
        while self.engine.context().committer.run_next(|_| 0) {}
    }

    /// How often each `n` is in the log, and the changes of each id in a primary-key table.
    fn log(&self) -> BTreeMap<i64, usize> {
        let tablet = self.tablet();
        let projection = Projection::columns(tablet.codec().schema().clone(), &[0, 1]).unwrap();
        let (mut from, mut hint, mut found) = (tablet.start_offset(), ReadHint::default(), BTreeMap::new());
        while let Some(batch) = tablet.read(from, i64::MAX, &projection, &mut hint).unwrap() {
            let rows = batch.first_row..batch.end_row;
            from = batch.base_offset + rows.end as i64;
            let arrays = batch.arrays(projection.types()).unwrap();
            let numbers = arrays[1].as_primitive::<Int64Type>();
            rows.for_each(|i| *found.entry(numbers.value(i)).or_default() += 1);
        }
        found
    }

    /// The value of a key.
    fn lookup(&self, id: i64) -> Option<i64> {
        let tablet = self.tablet();
        let mut rows = Vec::new();
        tablet.lookup(&[&((id as u64) ^ (1 << 63)).to_be_bytes()], |_, row| rows.push(row.to_vec())).unwrap();
        let row = rows.first()?;
        let batch = tablet.codec().decode(&[row.as_slice()]).unwrap();
        Some(batch.column(1).as_primitive::<Int64Type>().value(0))
    }

    /// What lies in the folder of transactions.
    fn files(&self) -> Vec<String> {
        let image = self.disk.image();
        image.keys().map(|p| p.display().to_string()).filter(|p| p.contains("/transactions/")).collect()
    }
}

/// Rows `id` = `n` of some numbers, piece `sequence` of a transaction.
fn rows(transaction: WriterId, sequence: i32, numbers: &[i64]) -> Rows {
    let array: ArrayRef = Arc::new(Int64Array::from(numbers.to_vec()));
    let columns = [("id", false), ("n", false)].map(|(name, nullable)| column(name, nullable).to_field());
    let schema = Arc::new(arrow_schema(&columns));
    let batch = RecordBatch::try_new(schema, vec![array.clone(), array]).unwrap();
    let writer = Some(BatchSequence { writer_id: transaction, sequence });
    Rows { schema_id: 0, batch, deletes: None, targets: None, writer }
}

fn arrow_schema(fields: &[arrow_schema::Field]) -> arrow_schema::Schema {
    arrow_schema::Schema::new(fields.to_vec())
}

fn plain(numbers: &[i64]) -> Rows {
    Rows { writer: None, ..rows(0, 0, numbers) }
}

/// What the caller of a transaction knows of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Known {
    #[default]
    Nothing,
    Staged,
    /// Prepare failed, or was not asked for.
    Prepared,
    Committed,
    /// Abort was called.
    Aborting,
    Aborted,
}

const COMMITTED: WriterId = 11;
const WAITING: WriterId = 12;
const STAGED: WriterId = 13;
const ABORTED: WriterId = 14;

/// Numbers of piece `piece` of a transaction.
fn numbers(transaction: WriterId, piece: i32) -> [i64; 2] {
    let first = 1000 * transaction + 2 * i64::from(piece);
    [first, first + 1]
}

/// One transaction that is committed, one that waits, one that is only staged, one that is aborted; other writers in between.
fn scenario(tablet: &Arc<Tablet>, known: &mut BTreeMap<WriterId, Known>, acknowledged: &mut Vec<i64>) -> Result<()> {
    let mut stage = |transaction: WriterId, piece: i32| {
        known.entry(transaction).or_insert(Known::Staged);
        tablet.stage(&rows(transaction, piece, &numbers(transaction, piece)))
    };
    for piece in 0..PIECES {
        stage(COMMITTED, piece)?;
    }
    for transaction in [WAITING, STAGED, ABORTED] {
        stage(transaction, 0)?;
    }
    tablet.prepare(COMMITTED, PIECES as u32)?;
    known.insert(COMMITTED, Known::Prepared);
    for transaction in [WAITING, ABORTED] {
        tablet.prepare(transaction, 1)?;
        known.insert(transaction, Known::Prepared);
    }
    let end = tablet.write(&plain(&[1]))?;
    known.insert(ABORTED, Known::Aborting);
    tablet.abort_transaction(ABORTED)?;
    known.insert(ABORTED, Known::Aborted);
    tablet.commit_transaction(COMMITTED, PIECES as u32)?;
    known.insert(COMMITTED, Known::Committed);
    // The commit has taken it along.
    assert!(tablet.high_watermark() >= end);
    acknowledged.push(1);
    Ok(())
}

/// Stops the machine at one edge, brings it back, and does what a job would that comes back.
fn stopped_at(edge: u64, seed: u64, keyed: bool, power_loss: bool) -> bool {
    let mut m = Machine::new(seed, keyed);
    let (mut known, mut acknowledged) = (BTreeMap::new(), Vec::new());
    let tablet = m.tablet();
    m.disk.stop_at(edge);
    let done = scenario(&tablet, &mut known, &mut acknowledged);
    drop(tablet);
    assert!(done.is_ok() || m.disk.is_stopped(), "{done:?}");
    let at = || format!("edge {edge} seed {seed} keyed {keyed} power loss {power_loss}: {known:?}");
    let stopped = m.disk.is_stopped();
    m.reopen(power_loss);

    let tablet = m.tablet();
    let of = |id| known.get(&id).copied().unwrap_or_default();
    let listed: Vec<WriterId> = tablet.transactions().iter().map(|t| t.id).collect();
    assert!(!listed.contains(&STAGED), "{}", at());
    assert!(of(ABORTED) != Known::Aborted || !listed.contains(&ABORTED), "{}", at());
    assert!(of(COMMITTED) != Known::Committed || !listed.contains(&COMMITTED), "{}", at());
    for (id, pieces) in [(COMMITTED, PIECES as u32), (WAITING, 1)] {
        match of(id) {
            // Twice, for the second may come after a crash that forgot the first.
            Known::Prepared | Known::Committed => {
                for _ in 0..2 {
                    tablet.commit_transaction(id, pieces).unwrap_or_else(|e| panic!("{}: {e}", at()));
                }
            }
            // Nobody has what it takes to commit it.
            _ => tablet.abort_transaction(id).unwrap_or_else(|e| panic!("{}: {e}", at())),
        }
    }
    tablet.abort_transaction(ABORTED).unwrap_or_else(|e| panic!("{}: {e}", at()));
    assert_eq!(tablet.commit_transaction(ABORTED, 1).unwrap_err().code(), ErrorCode::TransactionNotFound, "{}", at());
    assert_eq!(m.files(), Vec::<String>::new(), "{}", at());
    assert_eq!(m.engine.memory().writers().used(), 0, "{}", at());

    let mut expected = BTreeMap::new();
    let wrote_1 = m.log().contains_key(&1);
    assert!(wrote_1 || acknowledged.is_empty(), "{}", at());
    if wrote_1 {
        expected.insert(1, 1);
    }
    for (id, pieces) in [(COMMITTED, PIECES), (WAITING, 1)] {
        if matches!(of(id), Known::Prepared | Known::Committed) {
            expected.extend((0..pieces).flat_map(|piece| numbers(id, piece)).map(|n| (n, 1)));
        }
    }
    assert_eq!(m.log(), expected, "{}", at());
    drop(tablet);
    // And once more: it lasts, and commits that are repeated are known.
    m.reopen(true);
    assert_eq!(m.log(), expected, "{}", at());
    for (id, pieces) in [(COMMITTED, PIECES as u32), (WAITING, 1)] {
        if matches!(of(id), Known::Prepared | Known::Committed) {
            m.tablet().commit_transaction(id, pieces).unwrap_or_else(|e| panic!("{}: {e}", at()));
        }
    }
    assert_eq!(m.log(), expected, "{}", at());
    if keyed {
        expected.keys().for_each(|n| assert_eq!(m.lookup(*n), Some(*n), "{}", at()));
    }
    stopped
}

fn wherever_the_machine_stops(keyed: bool) {
    for power_loss in [false, true] {
        for seed in 0..4 {
            let edges = (1..).take_while(|edge| stopped_at(*edge, seed, keyed, power_loss)).count();
            assert!(edges > 40, "{edges}");
        }
    }
}

#[test]
fn wherever_the_machine_stops_a_prepared_transaction_of_a_log_table_commits_once() {
    wherever_the_machine_stops(false);
}

#[test]
fn wherever_the_machine_stops_a_prepared_transaction_of_a_primary_key_table_commits_once() {
    wherever_the_machine_stops(true);
}

/// A machine whose transaction 11 of [`PIECES`] pieces is committed up to some piece that fails for want of room.
fn half_committed(keyed: bool) -> (Machine, u32) {
    let m = Machine::new(3, keyed);
    let tablet = m.tablet();
    for piece in 0..PIECES {
        tablet.stage(&rows(COMMITTED, piece, &numbers(COMMITTED, piece))).unwrap();
    }
    tablet.prepare(COMMITTED, PIECES as u32).unwrap();
    m.disk.set_space(Some(1500));
    assert_eq!(tablet.commit_transaction(COMMITTED, PIECES as u32).unwrap_err().code(), ErrorCode::DiskFull);
    m.disk.disarm();
    m.settle();
    let pieces = m.log().len() as u32 / 2;
    assert!(pieces > 0 && pieces < PIECES as u32, "{pieces}");
    (m, pieces)
}

fn all_pieces() -> BTreeMap<i64, usize> {
    (0..PIECES).flat_map(|piece| numbers(COMMITTED, piece)).map(|n| (n, 1)).collect()
}

#[test]
fn a_commit_that_a_full_disk_has_interrupted_goes_on_where_it_was() {
    for keyed in [false, true] {
        let (m, _) = half_committed(keyed);
        let e = m.tablet().abort_transaction(COMMITTED).unwrap_err();
        assert!(e.message().contains("its commit has begun"), "{e}");
        m.tablet().commit_transaction(COMMITTED, PIECES as u32).unwrap();
        assert_eq!(m.log(), all_pieces());
    }
}

#[test]
fn a_commit_that_goes_on_long_after_the_writers_of_its_time_are_forgotten_repeats_nothing() {
    for (keyed, restart) in [(false, false), (true, false), (false, true), (true, true)] {
        let (mut m, _) = half_committed(keyed);
        let idle = BatchSequence { writer_id: 5, sequence: 0 };
        m.tablet().write(&Rows { writer: Some(idle), ..rows(0, 0, &[1]) }).unwrap();
        m.settle();
        if restart {
            m.reopen(true);
            // Opened before the timeout, so that it is not expired.
            m.tablet();
        }
        m.clock.0.fetch_add(8 * DAY, Ordering::Relaxed);
        // Enough to seal segments, which forgets writers.
        for n in 2..40 {
            m.tablet().write(&plain(&[n])).unwrap();
            m.settle();
        }
        m.tablet().write(&Rows { writer: Some(idle), ..rows(0, 0, &[40]) }).unwrap();
        m.tablet().commit_transaction(COMMITTED, PIECES as u32).unwrap();
        let others = (1..=40).map(|n| (n, 1));
        assert_eq!(m.log(), all_pieces().into_iter().chain(others).collect());
    }
}

/// A bucket knows the last 4,096 writers at least, and this one.
#[test]
fn a_commit_that_goes_on_after_many_others_have_written_repeats_nothing() {
    let (mut m, _) = half_committed(false);
    let tablet = m.tablet();
    for n in 0..8192 {
        tablet.write(&Rows { writer: Some(BatchSequence { writer_id: 100 + n, sequence: 0 }), ..plain(&[n]) }).unwrap();
    }
    m.settle();
    drop(tablet);
    m.reopen(false);
    m.tablet().commit_transaction(COMMITTED, PIECES as u32).unwrap();
    assert_eq!(m.log(), all_pieces().into_iter().chain((0..8192).map(|n| (n, 1))).collect());
}

#[test]
fn what_was_not_committed_in_time_is_removed_and_its_commit_says_so() {
    for restart in [false, true] {
        let mut m = Machine::new(4, false);
        let tablet = m.tablet();
        for transaction in [WAITING, STAGED] {
            tablet.stage(&rows(transaction, 0, &[1])).unwrap();
        }
        tablet.prepare(WAITING, 1).unwrap();
        drop(tablet);
        m.clock.0.fetch_add(7 * DAY - 1, Ordering::Relaxed);
        m.engine.retain().unwrap();
        assert_eq!(m.files().len(), 2);
        m.clock.0.fetch_add(1, Ordering::Relaxed);
        if restart {
            m.reopen(false);
        } else {
            m.engine.retain().unwrap();
        }
        let tablet = m.tablet();
        assert_eq!((tablet.transactions(), m.files()), (vec![], vec![]));
        let e = tablet.commit_transaction(WAITING, 1).unwrap_err();
        assert_eq!(e.code(), ErrorCode::TransactionNotFound);
        assert!(
            e.message().contains("table db.t bucket 0: transaction 12") && e.message().contains("'transaction.timeout'"),
            "{e}"
        );
    }
}

#[test]
fn a_commit_that_has_begun_does_not_expire_but_is_ended() {
    for restart in [false, true] {
        let (mut m, _) = half_committed(true);
        m.clock.0.fetch_add(8 * DAY, Ordering::Relaxed);
        if restart {
            m.reopen(true);
            assert_eq!(m.tablet().transactions().len(), 1);
        }
        m.engine.retain().unwrap();
        assert_eq!((m.log(), m.files()), (all_pieces(), vec![]));
        m.tablet().commit_transaction(COMMITTED, PIECES as u32).unwrap();
        assert_eq!(m.log(), all_pieces());
    }
}

/// Rows of 1 MiB, of which a transaction changes one column.
fn wide(m: &Machine) -> Rows {
    const ROWS: i64 = 40;
    m.engine.drop_table(&path(), false).unwrap();
    m.create_table("NONE");
    let bytes = Column::new("wide", DataType::new(TypeRoot::VarBinary(i32::MAX as u32), true).unwrap());
    let changes = vec![SchemaChange::Add { parent: vec![], column: bytes }];
    m.engine.alter_table(&path(), &TableAlteration { changes, ..TableAlteration::default() }).unwrap();
    let tablet = m.tablet();
    let schema = tablet.codec().schema().clone();
    let mut random = Random(1);
    let mut batch = |ids: std::ops::Range<i64>, n: i64, width: usize| {
        let wide = ids.clone().map(|_| (0..width / 8).flat_map(|_| random.bits().to_le_bytes()).collect::<Vec<u8>>());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(ids.clone())),
            Arc::new(Int64Array::from_iter_values(ids.clone().map(|id| id + n))),
            Arc::new(BinaryArray::from_iter_values(wide)),
        ];
        RecordBatch::try_new(schema.arrow_schema(), columns).unwrap()
    };
    for first in (0..ROWS).step_by(10) {
        tablet.write(&Rows { schema_id: 1, batch: batch(first..first + 10, 0, 1 << 20), ..plain(&[]) }).unwrap();
        m.settle();
    }
    let writer = Some(BatchSequence { writer_id: COMMITTED, sequence: 0 });
    Rows { schema_id: 1, batch: batch(0..ROWS, 1000, 8), deletes: None, targets: Some([0, 1].into()), writer }
}

/// The batch of both old and new rows would be too long.
#[test]
fn a_piece_that_the_old_rows_make_too_large_is_committed_in_parts() {
    // In the midst of the commit, with the new file in the place of the old one.
    for edge in [None, Some(25)] {
        let mut m = Machine::new(14, true);
        let changes = wide(&m);
        let tablet = m.tablet();
        assert_eq!(tablet.write(&Rows { writer: None, ..changes.clone() }).unwrap_err().code(), ErrorCode::BatchTooLarge);
        let second = BatchSequence { writer_id: COMMITTED, sequence: 1 };
        tablet.stage(&changes).unwrap();
        tablet.stage(&Rows { writer: Some(second), ..plain(&[5000]) }).unwrap();
        tablet.prepare(COMMITTED, 2).unwrap();
        let end = tablet.high_watermark();
        if let Some(edge) = edge {
            m.disk.stop_at(edge);
        }
        let committed = tablet.commit_transaction(COMMITTED, 2);
        drop(tablet);
        assert_eq!((m.disk.is_stopped(), committed.is_err()), (edge.is_some(), edge.is_some()), "{committed:?}");
        if edge.is_some() {
            m.reopen(true);
            let pieces = m.tablet().transactions().iter().map(|t| t.pieces).collect::<Vec<_>>();
            assert_eq!(pieces, [3], "two in the place of the first");
        }
        let tablet = m.tablet();
        tablet.commit_transaction(COMMITTED, 2).unwrap();
        // Each row twice, before and after; and the new one.
        assert_eq!((tablet.high_watermark() - end, m.files()), (81, vec![]));
        (0..40).for_each(|id| assert_eq!(m.lookup(id), Some(id + 1000)));
        assert_eq!(m.lookup(5000), Some(5000));
    }
}

#[test]
fn a_full_disk_while_staging_is_an_error_and_the_same_call_completes_it() {
    for keyed in [false, true] {
        let mut m = Machine::new(5, keyed);
        let tablet = m.tablet();
        tablet.stage(&rows(COMMITTED, 0, &numbers(COMMITTED, 0))).unwrap();
        // The larger piece leaves more of it behind than the smaller one that comes in its place takes.
        let large: Vec<i64> = (0..5000).map(|i: i64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64)).collect();
        m.disk.set_space(Some(2000));
        let e = tablet.stage(&rows(COMMITTED, 1, &large)).unwrap_err();
        assert_eq!(e.code(), ErrorCode::DiskFull);
        assert!(e.message().contains("transactions/11"), "{e}");
        let e = tablet.stage(&rows(WAITING, 0, &large)).unwrap_err();
        assert_eq!(e.code(), ErrorCode::DiskFull);
        m.disk.set_space(None);
        tablet.stage(&rows(COMMITTED, 1, &numbers(COMMITTED, 1))).unwrap();
        tablet.stage(&rows(COMMITTED, 1, &numbers(COMMITTED, 1))).unwrap();
        m.disk.arm(Operation::Write, Fault::After(0));
        assert_eq!(tablet.prepare(COMMITTED, 2).unwrap_err().code(), ErrorCode::Io);
        m.disk.disarm();
        tablet.prepare(COMMITTED, 2).unwrap();
        tablet.prepare(COMMITTED, 2).unwrap();
        drop(tablet);
        m.reopen(true);
        assert!(m.log().is_empty());
        m.tablet().commit_transaction(COMMITTED, 2).unwrap();
        assert_eq!(m.log(), (0..2).flat_map(|piece| numbers(COMMITTED, piece)).map(|n| (n, 1)).collect());
    }
}

#[test]
fn after_a_failed_sync_a_transaction_can_only_be_aborted() {
    let mut m = Machine::new(6, true);
    let tablet = m.tablet();
    tablet.stage(&rows(COMMITTED, 0, &[1])).unwrap();
    m.disk.arm(Operation::Sync, Fault::After(0));
    let e = tablet.prepare(COMMITTED, 1).unwrap_err();
    assert!(e.message().contains("abort it"), "{e}");
    m.disk.disarm();
    assert!(tablet.prepare(COMMITTED, 1).is_err());
    assert!(tablet.stage(&rows(COMMITTED, 1, &[2])).is_err());
    assert!(tablet.commit_transaction(COMMITTED, 1).is_err());
    tablet.abort_transaction(COMMITTED).unwrap();
    assert_eq!(m.files(), Vec::<String>::new());
    drop(tablet);
    m.reopen(true);
    assert!(m.log().is_empty() && m.tablet().transactions().is_empty());
}

#[test]
fn calls_out_of_their_order_are_refused() {
    let m = Machine::new(7, true);
    let tablet = m.tablet();
    let refused = |result: Result<()>, code, message: &str| {
        let e = result.unwrap_err();
        assert!(e.code() == code && e.message().contains(message), "{:?} {e}", e.code());
    };
    refused(tablet.stage(&plain(&[1])), ErrorCode::InvalidArgument, "of no transaction");
    refused(tablet.stage(&rows(9, 1, &[1])), ErrorCode::TransactionNotFound, "never begun");
    refused(tablet.prepare(9, 1), ErrorCode::TransactionNotFound, "staged nothing here");
    refused(tablet.commit_transaction(9, 1), ErrorCode::TransactionNotFound, "is not known");
    tablet.abort_transaction(9).unwrap();
    tablet.stage(&rows(9, 0, &[1])).unwrap();
    refused(tablet.stage(&rows(9, 2, &[1])), ErrorCode::OutOfOrderSequence, "piece 1 was expected");
    refused(tablet.commit_transaction(9, 1), ErrorCode::InvalidArgument, "is not prepared");
    refused(tablet.prepare(9, 2), ErrorCode::InvalidArgument, "has 1 pieces here, 2 were expected");
    tablet.prepare(9, 1).unwrap();
    refused(tablet.stage(&rows(9, 1, &[1])), ErrorCode::InvalidArgument, "is prepared");
    refused(tablet.commit_transaction(9, 2), ErrorCode::InvalidArgument, "has 1 pieces here, 2 were expected");
    let prepared_ms = Some(1_000_000);
    assert_eq!(tablet.transactions(), [fluss_tablet::TransactionInfo { id: 9, pieces: 1, prepared_ms, overwrites: false }]);
    tablet.commit_transaction(9, 1).unwrap();
    refused(tablet.abort_transaction(9), ErrorCode::InvalidArgument, "is committed");
    refused(tablet.stage(&rows(9, 0, &[1])), ErrorCode::InvalidArgument, "is committed");
    refused(tablet.commit_transaction(9, 2), ErrorCode::TransactionNotFound, "1 of its 2 pieces");
}

#[test]
fn rows_that_were_staged_before_an_alter_table_have_the_new_columns_after_the_commit() {
    for keyed in [false, true] {
        let mut m = Machine::new(9, keyed);
        m.tablet().stage(&rows(COMMITTED, 0, &[1])).unwrap();
        let alter = |changes| {
            let alteration = TableAlteration { changes, ..TableAlteration::default() };
            m.engine.alter_table(&path(), &alteration).unwrap();
        };
        alter(vec![SchemaChange::Add { parent: vec![], column: column("later", true) }]);
        // Of a writer that does not know yet.
        m.tablet().stage(&rows(COMMITTED, 1, &[2])).unwrap();
        m.tablet().prepare(COMMITTED, 2).unwrap();
        alter(vec![SchemaChange::Rename { path: vec!["n".into()], name: "m".into() }]);
        m.reopen(true);
        m.tablet().commit_transaction(COMMITTED, 2).unwrap();
        assert_eq!(m.log(), BTreeMap::from([(1, 1), (2, 1)]));
        let tablet = m.tablet();
        let schema = tablet.codec().schema().clone();
        let projection = Projection::all(schema.clone());
        let batch = tablet.read(0, i64::MAX, &projection, &mut ReadHint::default()).unwrap().unwrap();
        let arrays = batch.arrays(projection.types()).unwrap();
        assert_eq!((schema.columns()[1].name.as_str(), arrays[2].null_count()), ("m", arrays[2].len()));
        if keyed {
            assert_eq!((m.lookup(1), m.lookup(2)), (Some(1), Some(2)));
        }
    }
}

/// A piece without rows takes no offset, so that no high watermark says that it is durable.
#[test]
fn a_commit_whose_last_piece_changes_nothing_is_durable() {
    let mut m = Machine::new(15, true);
    let tablet = m.tablet();
    tablet.stage(&rows(COMMITTED, 0, &[1])).unwrap();
    tablet.stage(&Rows { deletes: Some(vec![true]), ..rows(COMMITTED, 1, &[77]) }).unwrap();
    tablet.prepare(COMMITTED, 2).unwrap();
    tablet.commit_transaction(COMMITTED, 2).unwrap();
    drop(tablet);
    for seed in 0..8 {
        m.disk.power_loss();
        m.engine = open(&m.disk, &m.clock);
        m.tablet().commit_transaction(COMMITTED, 2).unwrap_or_else(|e| panic!("{seed}: {e}"));
    }
    assert_eq!(m.log(), BTreeMap::from([(1, 1)]));
    // Alone, in a tablet where all is durable.
    let tablet = m.tablet();
    tablet.stage(&Rows { deletes: Some(vec![true]), ..rows(WAITING, 0, &[77]) }).unwrap();
    tablet.prepare(WAITING, 1).unwrap();
    tablet.commit_transaction(WAITING, 1).unwrap();
    drop(tablet);
    m.reopen(true);
    m.tablet().commit_transaction(WAITING, 1).unwrap();
}

#[test]
fn a_partial_update_stays_partial() {
    let m = Machine::new(10, true);
    let add = vec![SchemaChange::Add { parent: vec![], column: column("a", true) }];
    m.engine.alter_table(&path(), &TableAlteration { changes: add, ..TableAlteration::default() }).unwrap();
    let tablet = m.tablet();
    let schema = tablet.codec().schema().clone();
    let batch = |values: [Option<i64>; 3]| {
        let arrays = values.map(|v| -> ArrayRef { Arc::new(Int64Array::from(vec![v])) });
        let fields: Vec<_> = schema.columns().iter().map(|c| c.to_field().with_nullable(true)).collect();
        RecordBatch::try_new(Arc::new(arrow_schema(&fields)), arrays.to_vec()).unwrap()
    };
    let all = Rows { schema_id: 1, batch: batch([Some(1), Some(2), Some(3)]), ..plain(&[]) };
    tablet.write(&all).unwrap();
    let targets = Some([0, 1].into());
    let some = Rows { schema_id: 1, batch: batch([Some(1), Some(5), None]), targets, ..rows(9, 0, &[]) };
    tablet.stage(&some).unwrap();
    tablet.prepare(9, 1).unwrap();
    tablet.commit_transaction(9, 1).unwrap();
    let mut found = Vec::new();
    tablet.lookup(&[&(1u64 ^ (1 << 63)).to_be_bytes()], |_, row| found.push(row.to_vec())).unwrap();
    let row = tablet.codec().decode(&[found[0].as_slice()]).unwrap();
    let values = [0, 1, 2].map(|c| row.column(c).as_primitive::<Int64Type>().value(0));
    assert_eq!(values, [1, 5, 3]);
}

/// What an opening shows has been made durable, also if the prepare that wrote it never returned.
#[test]
fn what_an_opening_finds_prepared_lasts() {
    let mut found = 0;
    for (edge, seed) in (1..8).flat_map(|edge| (0..8).map(move |seed| (edge, seed))) {
        let mut m = Machine::new(seed, true);
        let tablet = m.tablet();
        tablet.stage(&rows(COMMITTED, 0, &[1])).unwrap();
        m.disk.stop_at(edge);
        let prepared = tablet.prepare(COMMITTED, 1);
        drop(tablet);
        m.reopen(false);
        let listed = m.tablet().transactions().len();
        assert!(prepared.is_err() || listed == 1, "edge {edge} seed {seed}");
        m.reopen(true);
        assert_eq!(m.tablet().transactions().len(), listed, "edge {edge} seed {seed}");
        if listed == 1 {
            m.tablet().prepare(COMMITTED, 1).unwrap();
            m.tablet().commit_transaction(COMMITTED, 1).unwrap();
            found += usize::from(prepared.is_err());
        }
        assert_eq!(m.files(), Vec::<String>::new());
    }
    assert!(found > 0);
}

#[test]
fn a_table_that_is_dropped_takes_its_transactions_along() {
    let m = Machine::new(12, true);
    let table = m.engine.table(&path()).unwrap();
    m.tablet().stage(&rows(COMMITTED, 0, &[1])).unwrap();
    let committable = table.prepare_transaction(COMMITTED, vec![(0.into(), 1)]).unwrap();
    m.engine.drop_table(&path(), false).unwrap();
    let refused = |message: &str| {
        let e = m.engine.commit_transaction(&committable).unwrap_err();
        assert!(
            e.code() == ErrorCode::TableNotFound && e.message().contains("transaction 11") && e.message().contains(message),
            "{e}"
        );
    };
    refused("db.t");
    m.create_table("ZSTD");
    refused("was dropped and made again");
    m.engine.abort_transaction(&committable).unwrap();
    assert_eq!(m.files(), Vec::<String>::new());
}

#[test]
fn a_tablet_that_was_closed_touches_no_file() {
    let m = Machine::new(13, true);
    let tablet = m.tablet();
    tablet.stage(&rows(COMMITTED, 0, &[1])).unwrap();
    tablet.stage(&rows(WAITING, 0, &[1])).unwrap();
    tablet.prepare(WAITING, 1).unwrap();
    m.engine.close().unwrap();
    let before = m.disk.image();
    let results = [
        tablet.stage(&rows(COMMITTED, 1, &[2])),
        tablet.prepare(COMMITTED, 1),
        tablet.commit_transaction(WAITING, 1),
        tablet.abort_transaction(WAITING),
    ];
    assert!(results.iter().all(|r| r.as_ref().unwrap_err().code() == ErrorCode::Closed), "{results:?}");
    assert_eq!(m.disk.image(), before);
    let engine = open(&m.disk, &m.clock);
    let again = engine.table(&path()).unwrap().tablet(0).unwrap();
    assert_eq!(again.transactions().iter().map(|t| t.id).collect::<Vec<_>>(), [WAITING]);
}
