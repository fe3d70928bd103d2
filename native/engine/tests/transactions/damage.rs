//! Files of prepared transactions that are damaged.
use fluss_testkit::Flip;
use fluss_types::Error;

use super::*;

/// Flips a bit of each byte of the file of a prepared transaction.
fn each_flip(m: &mut Machine, mut damaged: impl FnMut(&mut Machine, u64, u64)) {
    let image = m.disk.image();
    let (path, bytes) = image.iter().find(|(p, _)| p.ends_with("transactions/11.prepared")).unwrap();
    for position in 0..bytes.len() as u64 {
        let flip = Flip { path: path.clone(), position, bit: (position % 8) as u8 };
        m.disk.flip(&flip);
        damaged(m, position, bytes.len() as u64);
        m.disk.flip(&flip);
    }
}

fn says_damage(e: &Error, position: u64) {
    let damage = matches!(e.code(), ErrorCode::CorruptTransaction | ErrorCode::CorruptSegment | ErrorCode::UnknownFormat);
    assert!(damage && e.message().contains("transactions/11.prepared"), "byte {position}: {:?} {e}", e.code());
}

#[test]
fn a_damaged_file_is_an_error_that_names_file_and_byte() {
    for keyed in [false, true] {
        let mut m = Machine::new(11, keyed);
        let tablet = m.tablet();
        tablet.stage(&rows(COMMITTED, 0, &[1, 2, 3])).unwrap();
        tablet.stage(&rows(COMMITTED, 1, &[4, 5, 6])).unwrap();
        tablet.prepare(COMMITTED, 2).unwrap();
        let (mut found, mut committed) = (0, false);
        each_flip(&mut m, |_, position, _| {
            let end = tablet.high_watermark();
            match tablet.commit_transaction(COMMITTED, 2) {
                Err(e) => {
                    says_damage(&e, position);
                    assert!(!committed && tablet.high_watermark() - end <= 3);
                    found += 1;
                }
                // Padding, or the mark, which is known.
                Ok(()) => committed = true,
            }
        });
        assert!(found > 64 && committed, "{found}");
    }
}

/// It is not taken for one that was not prepared.
#[test]
fn what_was_prepared_is_not_gone_when_its_mark_is_damaged() {
    let mut m = Machine::new(16, true);
    m.tablet().stage(&rows(COMMITTED, 0, &[1, 2, 3])).unwrap();
    m.tablet().prepare(COMMITTED, 1).unwrap();
    m.clock.0.fetch_add(DAY, Ordering::Relaxed);
    let found_ms = Some(1_000_000 + DAY);
    let mut known = 0;
    each_flip(&mut m, |m, position, len| {
        m.reopen(true);
        let tablet = m.tablet();
        let of_mark = position >= len - 64;
        assert_eq!(tablet.transactions().len(), 1, "byte {position}");
        let info = tablet.transactions()[0];
        if of_mark {
            assert_eq!((info.pieces, info.prepared_ms), (0, found_ms), "byte {position}");
            let results = [tablet.commit_transaction(COMMITTED, 1), tablet.prepare(COMMITTED, 1)];
            results.into_iter().for_each(|r| says_damage(&r.unwrap_err(), position));
            assert_eq!(tablet.high_watermark(), 0);
            known += 1;
        }
    });
    assert_eq!(known, 64);
    m.reopen(true);
    m.tablet().commit_transaction(COMMITTED, 1).unwrap();
    assert_eq!((m.log().len(), m.files()), (3, vec![]));
}

#[test]
fn a_damaged_transaction_stays_for_its_time_and_can_be_aborted() {
    for abort in [false, true] {
        let mut m = Machine::new(17, false);
        m.tablet().stage(&rows(COMMITTED, 0, &[1])).unwrap();
        m.tablet().prepare(COMMITTED, 1).unwrap();
        let path = m.disk.image().into_keys().find(|p| p.ends_with("transactions/11.prepared")).unwrap();
        let cut = m.disk.open(&path).unwrap();
        cut.set_len(10).and_then(|()| cut.sync()).unwrap();
        // Nobody can say when it was prepared: its time begins anew.
        m.clock.0.fetch_add(6 * DAY, Ordering::Relaxed);
        m.reopen(true);
        m.tablet();
        m.clock.0.fetch_add(7 * DAY - 1, Ordering::Relaxed);
        m.engine.retain().unwrap();
        says_damage(&m.tablet().commit_transaction(COMMITTED, 1).unwrap_err(), 10);
        if abort {
            m.tablet().abort_transaction(COMMITTED).unwrap();
        } else {
            m.clock.0.fetch_add(1, Ordering::Relaxed);
            m.engine.retain().unwrap();
        }
        assert_eq!((m.tablet().transactions(), m.files()), (vec![], vec![]));
        assert_eq!(m.tablet().commit_transaction(COMMITTED, 1).unwrap_err().code(), ErrorCode::TransactionNotFound);
    }
}
