//! Overwrites: the rows that are there are replaced once, wherever the machine stops.
use std::collections::BTreeSet;

use super::*;

/// Two that are staged side by side; the first stands for the overwrite.
const FIRST: WriterId = 21;
const SECOND: WriterId = 22;
const MEMBERS: [(WriterId, u32); 2] = [(FIRST, 3), (SECOND, 2)];
/// A transaction that was prepared before and is committed after.
const LATER: WriterId = 23;

/// Rows of these keys and values, piece `sequence` of a transaction.
fn pairs(transaction: WriterId, sequence: i32, pairs: &[(i64, i64)]) -> Rows {
    let rows = rows(transaction, sequence, &pairs.iter().map(|p| p.0).collect::<Vec<_>>());
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(pairs.iter().map(|p| p.1)));
    let batch = RecordBatch::try_new(rows.batch.schema(), vec![rows.batch.column(0).clone(), values]).unwrap();
    Rows { batch, ..rows }
}

/// What the pieces of a member have: keys 8 to 13 of the old rows 0 to 19 and others, one of them in several pieces.
fn piece(transaction: WriterId, sequence: i32) -> Vec<(i64, i64)> {
    let first = 8 + 6 * (transaction - FIRST) + 2 * i64::from(sequence);
    (first..first + 2).chain([100]).map(|key| (key, 10 * key + transaction)).collect()
}

fn new_rows() -> Vec<(i64, i64)> {
    MEMBERS.iter().flat_map(|(id, pieces)| (0..*pieces).flat_map(|n| piece(*id, n as i32))).collect()
}

fn old_rows() -> Vec<(i64, i64)> {
    (0..20).map(|key| (key, key)).collect()
}

impl Machine {
    fn with_old_rows(seed: u64, keyed: bool) -> Self {
        let m = Self::new(seed, keyed);
        for rows in old_rows().chunks(4) {
            m.tablet().write(&Rows { writer: None, ..pairs(0, 0, rows) }).unwrap();
            m.settle();
        }
        m
    }

    fn write(&self, rows: &[(i64, i64)]) {
        self.tablet().write(&Rows { writer: None, ..pairs(0, 0, rows) }).unwrap();
        self.settle();
    }

    /// The rows that a reader finds who begins now: of a primary-key table those that its changelog makes, each change of which must fit the row
    /// before it, and lookups must find.
    fn content(&self) -> Vec<(i64, i64)> {
        let tablet = self.tablet();
        let projection = Projection::columns(tablet.codec().schema().clone(), &[0, 1]).unwrap();
        let (mut from, mut hint, mut rows) = (tablet.start_offset(), ReadHint::default(), Vec::new());
        let mut table: BTreeMap<i64, i64> = BTreeMap::new();
        while let Some(batch) = tablet.read(from, i64::MAX, &projection, &mut hint).unwrap() {
            let range = batch.first_row..batch.end_row;
            from = batch.base_offset + range.end as i64;
            let kinds: Vec<u8> = range.clone().map(|i| batch.row_bytes.map_or(0, |at| batch.bytes[at + i])).collect();
            let arrays = batch.arrays(projection.types()).unwrap();
            let (keys, values) = (arrays[0].as_primitive::<Int64Type>(), arrays[1].as_primitive::<Int64Type>());
            for (i, kind) in range.zip(kinds) {
                let (key, value) = (keys.value(i), values.value(i));
                match kind {
                    0 => rows.push((key, value)),
                    1 => assert_eq!(table.insert(key, value), None, "+I of {key}"),
                    2 => assert_eq!(table.get(&key), Some(&value), "-U of {key}"),
                    3 => assert!(table.insert(key, value).is_some(), "+U of {key}"),
                    _ => assert_eq!(table.remove(&key), Some(value), "-D of {key}"),
                }
            }
        }
        if !self.keyed {
            return rows;
        }
        let keys: BTreeSet<i64> = (0..200).collect();
        keys.iter().for_each(|key| assert_eq!(self.lookup(*key), table.get(key).copied(), "lookup of {key}"));
        assert_eq!(tablet.row_count().unwrap(), table.len() as u64);
        table.into_iter().collect()
    }

    /// As a table of this kind has these rows.
    fn as_content(&self, rows: &[(i64, i64)]) -> Vec<(i64, i64)> {
        match self.keyed {
            true => rows.iter().copied().collect::<BTreeMap<_, _>>().into_iter().collect(),
            false => rows.to_vec(),
        }
    }
}

/// Stages and prepares the members.
fn prepare(tablet: &Tablet) -> Result<()> {
    for (id, pieces) in MEMBERS {
        for n in 0..pieces as i32 {
            tablet.stage_overwrite(&pairs(id, n, &piece(id, n)))?;
        }
        tablet.prepare(id, pieces)?;
    }
    Ok(())
}

/// Stops the machine at one edge, brings it back, and does what a job would that comes back.
fn stopped_at(edge: u64, seed: u64, keyed: bool, power_loss: bool) -> bool {
    let mut m = Machine::with_old_rows(seed, keyed);
    let tablet = m.tablet();
    tablet.stage(&pairs(LATER, 0, &[(150, 7)])).unwrap();
    tablet.prepare(LATER, 1).unwrap();
    m.disk.stop_at(edge);
    let prepared = prepare(&tablet);
    let committed = prepared.clone().and_then(|()| tablet.commit_overwrite(FIRST, &MEMBERS));
    let stopped = m.disk.is_stopped();
    assert_eq!(stopped, committed.is_err());
    drop(tablet);
    m.reopen(power_loss);

    let at = || format!("edge {edge} seed {seed} keyed {keyed} power loss {power_loss}");
    let tablet = m.tablet();
    let mut expected;
    if prepared.is_ok() {
        if tablet.transactions().iter().all(|t| t.id == LATER) {
            // An opening goes on with a commit that had begun, before anybody comes.
            assert_eq!(m.content(), m.as_content(&new_rows()), "{}", at());
        }
        // Twice, for the second may come after a crash that forgot the first.
        for _ in 0..2 {
            tablet.commit_overwrite(FIRST, &MEMBERS).unwrap_or_else(|e| panic!("{}: {e}", at()));
        }
        expected = new_rows();
    } else {
        MEMBERS.iter().for_each(|(id, _)| tablet.abort_transaction(*id).unwrap_or_else(|e| panic!("{}: {e}", at())));
        expected = old_rows();
    }
    assert_eq!(m.content(), m.as_content(&expected), "{}", at());
    m.write(&[(160, 8)]);
    tablet.commit_transaction(LATER, 1).unwrap();
    expected.extend([(160, 8), (150, 7)]);
    drop(tablet);
    m.reopen(true);
    if prepared.is_ok() {
        m.tablet().commit_overwrite(FIRST, &MEMBERS).unwrap_or_else(|e| panic!("{}: {e}", at()));
    }
    assert_eq!(m.content(), m.as_content(&expected), "{}", at());
    assert_eq!(m.files(), Vec::<String>::new(), "{}", at());
    assert_eq!(m.engine.memory().writers().used(), 0, "{}", at());
    stopped
}

#[test]
fn wherever_the_machine_stops_an_overwrite_replaces_the_rows_once() {
    for (keyed, power_loss) in [(false, false), (false, true), (true, false), (true, true)] {
        for seed in 0..4 {
            let edges = (1..).take_while(|edge| stopped_at(*edge, seed, keyed, power_loss)).count();
            assert!(edges > 40, "{edges}");
        }
    }
}

#[test]
fn an_overwrite_of_no_rows_empties_the_bucket_once() {
    for keyed in [false, true] {
        let mut m = Machine::with_old_rows(1, keyed);
        let before = m.tablet().high_watermark();
        m.tablet().commit_overwrite(FIRST, &[]).unwrap();
        assert_eq!(m.content(), []);
        // Offsets go on; of a log table what was before is out of range.
        let (removed, start) = if keyed { (20, 0) } else { (0, before) };
        assert_eq!((m.tablet().high_watermark(), m.tablet().start_offset()), (before + removed, start));
        if !keyed {
            let projection = Projection::columns(m.tablet().codec().schema().clone(), &[0]).unwrap();
            let e = m.tablet().read(before - 1, i64::MAX, &projection, &mut ReadHint::default()).unwrap_err();
            assert_eq!(e.code(), ErrorCode::LogTruncated);
        }
        m.write(&[(1, 2)]);
        for power_loss in [false, true] {
            m.tablet().commit_overwrite(FIRST, &[]).unwrap();
            assert_eq!(m.content(), [(1, 2)]);
            m.reopen(power_loss);
        }
        assert_eq!(m.content(), [(1, 2)]);
    }
}

/// The changes are in bounded pieces, and a key that is among the old and the new rows is never missing: there is no -D of it.
#[test]
fn rows_whose_keys_come_again_are_updated_and_the_others_deleted() {
    let m = Machine::with_old_rows(2, true);
    prepare(&m.tablet()).unwrap();
    let end = m.tablet().high_watermark();
    m.tablet().commit_overwrite(FIRST, &MEMBERS).unwrap();
    let tablet = m.tablet();
    let projection = Projection::columns(tablet.codec().schema().clone(), &[0]).unwrap();
    let (mut from, mut hint, mut deleted) = (end, ReadHint::default(), BTreeSet::new());
    while let Some(batch) = tablet.read(from, i64::MAX, &projection, &mut hint).unwrap() {
        from = batch.base_offset + batch.end_row as i64;
        let at = batch.row_bytes.unwrap();
        let kinds = batch.bytes[at..at + batch.rows].to_vec();
        let arrays = batch.arrays(projection.types()).unwrap();
        let keys = arrays[0].as_primitive::<Int64Type>();
        deleted.extend((0..kinds.len()).filter(|i| kinds[*i] == 4).map(|i| keys.value(i)));
    }
    assert_eq!(deleted, (0..8).chain(18..20).collect());
}

#[test]
fn new_rows_are_merged_with_each_other_and_not_with_old_ones() {
    let engines =
        [("first_row", "", [(8, 1), (9, 5)]), ("versioned", "n", [(8, 3), (9, 5)]), ("aggregation", "", [(8, 6), (9, 5)])];
    for (engine, version, expected) in engines {
        for image in ["FULL", "WAL"].into_iter().take(if engine == "aggregation" { 1 } else { 2 }) {
            let m = Machine::empty(1, true);
            let mut options = vec![("table.merge-engine", engine), ("table.changelog.image", image)];
            match engine {
                "versioned" => options.push(("table.merge-engine.versioned.ver-column", version)),
                "aggregation" => options.push(("fields.n.agg", "sum")),
                _ => {}
            }
            m.create(vec![column("id", false), column("n", true)], &options);
            m.write(&[(1, 100), (8, 100), (9, 100)]);
            let tablet = m.tablet();
            let pieces = [vec![(8, 1), (8, 2)], vec![(9, 5), (8, 3)]];
            for (n, piece) in (0..).zip(&pieces) {
                tablet.stage_overwrite(&pairs(FIRST, n, piece)).unwrap();
            }
            tablet.prepare(FIRST, 2).unwrap();
            tablet.commit_overwrite(FIRST, &[(FIRST, 2)]).unwrap();
            for (key, value) in expected {
                assert_eq!(m.lookup(key), Some(value), "{engine} {image} {key}");
            }
            assert_eq!((m.lookup(1), tablet.row_count().unwrap()), (None, 2), "{engine} {image}");
        }
    }
}

#[test]
fn what_is_staged_to_replace_rows_is_committed_by_an_overwrite_only() {
    let mut m = Machine::with_old_rows(3, true);
    prepare(&m.tablet()).unwrap();
    m.tablet().stage(&pairs(LATER, 0, &[(150, 7)])).unwrap();
    m.tablet().prepare(LATER, 1).unwrap();
    for _ in 0..2 {
        let tablet = m.tablet();
        let listed: Vec<_> = tablet.transactions().iter().map(|t| (t.id, t.overwrites)).collect();
        assert_eq!(listed, [(FIRST, true), (SECOND, true), (LATER, false)]);
        let e = tablet.commit_transaction(SECOND, 2).unwrap_err();
        assert!(e.message().contains("a part of an overwrite"), "{e}");
        let e = tablet.skip_transaction(SECOND, 2).unwrap_err();
        assert!(e.message().contains("has not begun here: abort it"), "{e}");
        let e = tablet.commit_overwrite(FIRST, &[(FIRST, 3), (LATER, 1)]).unwrap_err();
        assert!(e.message().contains("transaction 23 is no part of an overwrite"), "{e}");
        let e = tablet.commit_overwrite(FIRST, &[(FIRST, 3), (40, 1)]).unwrap_err();
        assert_eq!(e.code(), ErrorCode::TransactionNotFound, "{e}");
        // It says so after an opening too.
        drop(tablet);
        m.reopen(true);
    }
    assert_eq!(m.content(), old_rows());
}

/// A machine whose overwrite has failed for want of room, with some of the new rows in place.
fn half_overwritten(keyed: bool) -> Machine {
    let m = Machine::with_old_rows(4, keyed);
    prepare(&m.tablet()).unwrap();
    for space in (600..).step_by(600) {
        m.disk.set_space(Some(space));
        let e = m.tablet().commit_overwrite(FIRST, &MEMBERS).unwrap_err();
        assert_eq!(e.code(), ErrorCode::DiskFull, "{e}");
        m.disk.disarm();
        m.settle();
        if m.content().len() != 20 {
            break;
        }
    }
    m
}

/// What others have written since would go with its end.
#[test]
fn an_overwrite_that_has_begun_neither_expires_nor_is_it_ended_by_the_look_for_what_has() {
    let m = half_overwritten(true);
    m.write(&[(170, 1)]);
    m.clock.0.fetch_add(8 * DAY, Ordering::Relaxed);
    for _ in 0..2 {
        let e = m.engine.retain().unwrap_err();
        assert!(e.message().contains("overwrite 21 has begun"), "{e}");
    }
    assert_eq!((m.lookup(0), m.lookup(170)), (Some(0), Some(1)));
    m.tablet().commit_overwrite(FIRST, &MEMBERS).unwrap();
    assert_eq!((m.lookup(0), m.lookup(170), m.lookup(16)), (None, None, Some(182)));
    m.engine.retain().unwrap();
}

/// A full disk in the midst of a commit; then somebody decides.
#[test]
fn an_overwrite_that_has_begun_goes_on_or_is_skipped() {
    for (keyed, skip) in [(false, false), (true, false), (false, true), (true, true)] {
        let m = half_overwritten(keyed);
        let tablet = m.tablet();
        let e = tablet.abort_transaction(SECOND).unwrap_err();
        assert!(e.message().contains("its commit has begun"), "{e}");
        // Another one ends it first, or says why not.
        if skip {
            let rows = m.content();
            tablet.skip_transaction(SECOND, 2).unwrap();
            assert_eq!(m.content(), rows);
        } else {
            tablet.stage_overwrite(&pairs(30, 0, &[(1, 1)])).unwrap();
            tablet.prepare(30, 1).unwrap();
            m.disk.set_space(Some(300));
            let e = tablet.commit_overwrite(30, &[(30, 1)]).unwrap_err();
            assert!(e.message().contains("overwrite 21, whose commit began before"), "{e}");
            m.disk.disarm();
            m.settle();
            tablet.commit_overwrite(FIRST, &MEMBERS).unwrap();
            assert_eq!(m.content(), m.as_content(&new_rows()));
            tablet.commit_overwrite(30, &[(30, 1)]).unwrap();
            assert_eq!(m.content(), [(1, 1)]);
        }
        assert_eq!(m.files(), Vec::<String>::new());
        // It is known.
        let rows = m.content();
        tablet.commit_overwrite(FIRST, &MEMBERS).unwrap();
        assert_eq!(m.content(), rows);
    }
}

#[test]
fn a_damaged_overwrite_is_an_error() {
    let mut m = Machine::with_old_rows(5, true);
    prepare(&m.tablet()).unwrap();
    m.disk.set_space(Some(600));
    m.tablet().commit_overwrite(FIRST, &MEMBERS).unwrap_err();
    m.disk.disarm();
    let path = m.files().into_iter().find(|p| p.ends_with("/overwrite")).expect("the commit has begun");
    let path = Path::new(&path);
    m.disk.crash();
    let mut bytes = m.disk.fs().read(path).unwrap();
    bytes[40] ^= 1;
    m.disk.fs().replace(path, &bytes).unwrap();
    m.reopen(false);
    let e = m.engine.table(&super::path()).unwrap().tablet(0).unwrap_err();
    assert!(e.code() == ErrorCode::CorruptTransaction && e.message().contains("transactions/overwrite"), "{e}");
}
