//! What a commit refuses: when it is staged, if nothing but the rows that are there can make it possible; else at the commit, which then goes on when that is
//! mended, or without the rest.
use arrow_array::Decimal128Array;

use super::*;

#[test]
fn what_a_commit_would_refuse_is_refused_when_it_is_staged() {
    let m = Machine::new(8, true);
    let tablet = m.tablet();
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let n: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let fields = [column("id", false).to_field(), column("n", true).to_field()];
    let batch = RecordBatch::try_new(Arc::new(arrow_schema(&fields)), vec![ids, n]).unwrap();
    let nulls = |deletes: Option<Vec<bool>>| Rows { batch: batch.clone(), deletes, ..rows(9, 0, &[1]) };
    let e = tablet.stage(&nulls(None)).unwrap_err();
    assert_eq!(e.code(), ErrorCode::SchemaMismatch);
    assert!(e.message().contains("column 'n' is NOT NULL, and 1 of 2 rows"), "{e}");
    assert_eq!(m.files(), Vec::<String>::new());
    // Of a delete only the key counts.
    tablet.write(&plain(&[2])).unwrap();
    tablet.stage(&nulls(Some(vec![false, true]))).unwrap();
    tablet.prepare(9, 1).unwrap();
    tablet.commit_transaction(9, 1).unwrap();
    assert_eq!((m.lookup(1), m.lookup(2)), (Some(1), None));

    let log = Machine::new(8, false);
    let e = log.tablet().stage(&nulls(Some(vec![false, true]))).unwrap_err();
    assert!(e.message().contains("takes appends only"), "{e}");
    assert_eq!(log.tablet().stage(&nulls(None)).unwrap_err().code(), ErrorCode::SchemaMismatch);
}

fn of_type(name: &str, root: TypeRoot) -> Column {
    Column::new(name, DataType::new(root, true).unwrap())
}

/// Rows of columns `id` and one more.
fn two(writer: Option<BatchSequence>, ids: &[i64], values: ArrayRef) -> Rows {
    let fields = [column("id", false).to_field(), arrow_schema::Field::new("n", values.data_type().clone(), true)];
    let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
    let batch = RecordBatch::try_new(Arc::new(arrow_schema(&fields)), vec![ids, values]).unwrap();
    Rows { schema_id: 0, batch, deletes: None, targets: None, writer }
}

fn piece(sequence: i32) -> Option<BatchSequence> {
    Some(BatchSequence { writer_id: COMMITTED, sequence })
}

/// Each of them, written, fails whatever rows are there.
#[test]
fn what_no_row_can_make_possible_is_refused_when_it_is_staged() {
    let bytes = || of_type("n", TypeRoot::VarBinary(i32::MAX as u32));
    let aggregation = ("table.merge-engine", "aggregation");
    let value = |v: &[u8]| -> ArrayRef { Arc::new(BinaryArray::from_iter_values([v])) };
    let plain = |v: &[u8]| two(piece(0), &[1], value(v));
    let wide = vec![0; 17 << 20];
    type Options = [(&'static str, &'static str)];
    let cases: [(&Options, Rows, &str); 7] = [
        (
            &[("table.delete.behavior", "DISABLE")],
            Rows { deletes: Some(vec![true]), ..plain(b"") },
            "Delete operations are disabled",
        ),
        (&[aggregation, ("fields.n.agg", "rbm32")], plain(b"no bitmap"), "column 'n'"),
        (&[aggregation, ("fields.n.agg", "rbm64")], plain(b"no bitmap"), "column 'n'"),
        (&[], Rows { targets: Some([1].into()), ..plain(b"") }, "must contain the primary key"),
        (&[], plain(&wide), "its widest column is 'n'"),
        (&[], Rows { targets: Some([0, 1].into()), schema_id: 5, ..plain(b"") }, "schema 5"),
        (&[], Rows { writer: piece(0), ..two(None, &[1], Arc::new(Int64Array::from(vec![1]))) }, "n"),
    ];
    for (options, rows, message) in cases {
        let m = Machine::empty(20, true);
        m.create(vec![column("id", false), bytes()], options);
        let staged = m.tablet().stage(&rows).unwrap_err();
        let written = m.tablet().write(&Rows { writer: None, ..rows }).unwrap_err();
        assert!(staged.message().contains(message), "{staged}");
        assert_eq!((staged.code(), staged.message()), (written.code(), written.message()));
        assert_eq!(m.files(), Vec::<String>::new());
    }
    let m = Machine::empty(20, true);
    m.create(vec![column("id", false), of_type("n", TypeRoot::BigInt)], &[("table.merge-engine", "first_row")]);
    let add = vec![SchemaChange::Add { parent: vec![], column: column("a", true) }];
    m.engine.alter_table(&path(), &TableAlteration { changes: add, ..TableAlteration::default() }).unwrap();
    let e = m.tablet().stage(&Rows { targets: Some([0, 1].into()), ..rows(COMMITTED, 0, &[1]) }).unwrap_err();
    assert!(e.message().contains("does not support partial updates"), "{e}");
}

/// Sums of DECIMAL(3, 0): 500 of key 1 is there, a transaction adds 5 to it, then 600 to it and 1 to key 2.
fn overflowing() -> Machine {
    let m = Machine::empty(21, true);
    let sum = of_type("n", TypeRoot::Decimal(3, 0));
    let options = [("table.merge-engine", "aggregation"), ("fields.n.agg", "sum"), ("table.delete.behavior", "ALLOW")];
    m.create(vec![column("id", false), sum], &options);
    let tablet = m.tablet();
    tablet.write(&decimals(None, &[(1, 500)])).unwrap();
    m.settle();
    tablet.stage(&decimals(piece(0), &[(1, 5)])).unwrap();
    tablet.stage(&decimals(piece(1), &[(2, 1), (1, 600)])).unwrap();
    tablet.prepare(COMMITTED, 2).unwrap();
    m
}

fn decimals(writer: Option<BatchSequence>, rows: &[(i64, i128)]) -> Rows {
    let ids: Vec<i64> = rows.iter().map(|r| r.0).collect();
    let values = Decimal128Array::from_iter_values(rows.iter().map(|r| r.1)).with_precision_and_scale(3, 0).unwrap();
    two(writer, &ids, Arc::new(values))
}

fn sums(m: &Machine) -> Vec<Option<i128>> {
    let tablet = m.tablet();
    let sum = |id: i64| {
        let mut rows = Vec::new();
        tablet.lookup(&[&((id as u64) ^ (1 << 63)).to_be_bytes()], |_, row| rows.push(row.to_vec())).unwrap();
        let batch = tablet.codec().decode(&[rows.first()?.as_slice()]).unwrap();
        Some(batch.column(1).as_primitive::<arrow_array::types::Decimal128Type>().value(0))
    };
    [1, 2].map(sum).to_vec()
}

/// How often a commit is tried, it fails, loses nothing, and is in nobody's way.
fn fails(m: &mut Machine) {
    for _ in 0..2 {
        let e = m.tablet().commit_transaction(COMMITTED, 2).unwrap_err();
        let says = ["column 'n'", "does not fit DECIMAL(3, 0)", "11.prepared", "Nothing of transaction 11 is lost", "skip"];
        assert!(e.code() == ErrorCode::InvalidArgument && says.iter().all(|s| e.message().contains(s)), "{e}");
        m.settle();
        assert_eq!(sums(m), [Some(505), None]);
        m.reopen(true);
    }
    let e = m.tablet().abort_transaction(COMMITTED).unwrap_err();
    assert!(e.message().contains("its commit has begun"), "{e}");
    m.tablet().write(&decimals(None, &[(3, 7)])).unwrap();
    m.settle();
}

#[test]
fn a_commit_that_the_rows_there_make_impossible_goes_on_when_that_is_mended() {
    for delete in [false, true] {
        let mut m = overflowing();
        fails(&mut m);
        if delete {
            m.tablet().write(&Rows { deletes: Some(vec![true]), ..decimals(None, &[(1, 0)]) }).unwrap();
        } else {
            let data_type = DataType::new(TypeRoot::Decimal(9, 0), true).unwrap();
            let changes = vec![SchemaChange::Widen { path: vec!["n".into()], data_type }];
            m.engine.alter_table(&path(), &TableAlteration { changes, ..TableAlteration::default() }).unwrap();
        }
        m.tablet().commit_transaction(COMMITTED, 2).unwrap();
        assert_eq!((sums(&m), m.files()), (vec![Some(if delete { 600 } else { 1105 }), Some(1)], vec![]));
    }
}

#[test]
fn what_can_never_be_committed_can_be_skipped_and_its_job_goes_on() {
    let mut m = overflowing();
    fails(&mut m);
    for _ in 0..2 {
        m.tablet().skip_transaction(COMMITTED, 2).unwrap();
        m.reopen(true);
        m.tablet().commit_transaction(COMMITTED, 2).unwrap();
        assert_eq!((sums(&m), m.files()), (vec![Some(505), None], vec![]));
    }
}

/// Its time is over, and it cannot be ended: it stays, and others expire.
#[test]
fn a_commit_that_cannot_go_on_keeps_its_rows_and_holds_nothing_up() {
    let mut m = overflowing();
    fails(&mut m);
    let tablet = m.tablet();
    tablet.stage(&Rows { writer: Some(BatchSequence { writer_id: WAITING, sequence: 0 }), ..decimals(None, &[(9, 9)]) }).unwrap();
    tablet.prepare(WAITING, 1).unwrap();
    m.clock.0.fetch_add(8 * DAY, Ordering::Relaxed);
    let e = m.engine.retain().unwrap_err();
    assert!(e.message().contains("transaction 11, whose commit had begun") && e.message().contains("column 'n'"), "{e}");
    assert_eq!(tablet.transactions().iter().map(|t| t.id).collect::<Vec<_>>(), [COMMITTED]);
    tablet.skip_transaction(COMMITTED, 2).unwrap();
    m.engine.retain().unwrap();
    assert_eq!((sums(&m), m.files()), (vec![Some(505), None], vec![]));
}

/// What is left of it is lost; that half of it is there nobody would know if it just expired.
#[test]
fn a_begun_commit_whose_file_is_damaged_does_not_expire() {
    let mut m = overflowing();
    fails(&mut m);
    let file = m.disk.image().into_keys().find(|p| p.ends_with("11.prepared")).unwrap();
    let file = m.disk.open(&file).unwrap();
    file.set_len(100).and_then(|()| file.sync()).unwrap();
    m.reopen(true);
    m.tablet();
    m.clock.0.fetch_add(8 * DAY, Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(m.engine.retain().unwrap_err().code(), ErrorCode::CorruptTransaction);
        assert_eq!(m.tablet().commit_transaction(COMMITTED, 2).unwrap_err().code(), ErrorCode::CorruptTransaction);
    }
    m.tablet().skip_transaction(COMMITTED, 2).unwrap();
    m.engine.retain().unwrap();
    assert_eq!((sums(&m), m.files()), (vec![Some(505), None], vec![]));
}

/// In a log table too: of one that is damaged, that is not there any more, or that was never prepared.
#[test]
fn what_is_damaged_or_gone_can_be_skipped() {
    for keyed in [false, true] {
        let mut m = Machine::new(22, keyed);
        let tablet = m.tablet();
        for sequence in 0..2 {
            tablet.stage(&rows(COMMITTED, sequence, &[i64::from(sequence)])).unwrap();
        }
        let e = tablet.skip_transaction(COMMITTED, 2).unwrap_err();
        assert!(e.message().contains("is not prepared"), "{e}");
        tablet.prepare(COMMITTED, 2).unwrap();
        let file = m.disk.image().into_keys().find(|p| p.ends_with("11.prepared")).unwrap();
        let file = m.disk.open(&file).unwrap();
        file.set_len(100).and_then(|()| file.sync()).unwrap();
        drop(tablet);
        m.reopen(true);
        for (id, code) in [(COMMITTED, ErrorCode::CorruptTransaction), (WAITING, ErrorCode::TransactionNotFound)] {
            let e = m.tablet().commit_transaction(id, 2).unwrap_err();
            assert!(e.code() == code && e.message().contains("skip the transaction"), "{e}");
            let e = m.tablet().skip_transaction(id, 0).unwrap_err();
            assert!(e.message().contains("is not known"), "{e}");
            m.tablet().skip_transaction(id, 2).unwrap();
            m.reopen(true);
            m.tablet().commit_transaction(id, 2).unwrap();
        }
        m.tablet().write(&plain(&[5])).unwrap();
        m.settle();
        assert_eq!((m.log(), m.files()), (BTreeMap::from([(5, 1)]), vec![]));
    }
}

#[test]
fn what_waits_to_be_skipped_stops_anywhere_and_is_skipped_once_more() {
    for power_loss in [false, true] {
        for edge in (1..).take_while(|edge| skip_stopped_at(*edge, power_loss)) {
            assert!(edge < 100);
        }
    }
}

fn skip_stopped_at(edge: u64, power_loss: bool) -> bool {
    let mut m = overflowing();
    assert!(m.tablet().commit_transaction(COMMITTED, 2).is_err());
    m.disk.stop_at(edge);
    let skipped = m.tablet().skip_transaction(COMMITTED, 2);
    let stopped = m.disk.is_stopped();
    assert_eq!(skipped.is_err(), stopped, "{skipped:?}");
    m.reopen(power_loss);
    let committed = m.tablet().commit_transaction(COMMITTED, 2);
    assert!(stopped || committed.is_ok(), "{committed:?}");
    if committed.is_err() {
        m.tablet().skip_transaction(COMMITTED, 2).unwrap();
    }
    m.tablet().commit_transaction(COMMITTED, 2).unwrap();
    assert_eq!((sums(&m), m.files()), (vec![Some(505), None], vec![]), "edge {edge}");
    stopped
}
