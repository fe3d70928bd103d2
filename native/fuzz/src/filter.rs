//! Filtered reads of log batches: statistics, then rows.
use fluss_format::{Comparison, Filter, Predicate};
use fluss_testkit::{Random, random_rows};
use fluss_types::Schema;

use crate::batch::Batch;

/// As [`crate::batch()`], with a byte before the batch that chooses predicate and range of rows.
///
/// What a filter chooses lies in the range, a predicate and its opposite choose no row both, and its opposite's opposite chooses the same.
pub fn filter(data: &[u8]) -> bool {
    let Some((batch, [choice])) = Batch::take(data) else { return false };
    let random = &mut Random(u64::from(choice));
    let rows = batch.header.rows as usize;
    let start = random.below(rows.min(4) as u64 + 1) as usize;
    let range = start..rows - (random.below(rows.min(4) as u64 + 1) as usize).min(rows - start);
    let predicate = random_predicate(batch.schemas.current(), 2, random);
    let not = |p: &Predicate| Predicate::Not(Box::new(p.clone()));
    let chosen = |predicate: Predicate| {
        let filter = Filter::new(batch.schemas.current().clone(), predicate).unwrap();
        let chosen = batch.read(Some(&filter), range.clone())?.chosen();
        assert!(
            !chosen.is_empty() && chosen.is_sorted() && chosen.iter().all(|row| range.contains(row)),
            "{chosen:?} of {range:?}"
        );
        Some(chosen)
    };
    let opposite = not(&predicate);
    let (yes, no, again) = (chosen(predicate), chosen(opposite.clone()), chosen(not(&opposite)));
    assert_eq!(yes, again);
    if let (Some(yes), Some(no)) = (&yes, &no) {
        assert!(yes.iter().all(|row| !no.contains(row)), "{yes:?} and {no:?}");
    }
    yes.is_some() || no.is_some()
}

/// A predicate that fits the schema.
fn random_predicate(schema: &Schema, depth: u64, random: &mut Random) -> Predicate {
    let kind = random.below(if depth == 0 { 4 } else { 7 });
    let i = random.below(schema.columns().len() as u64) as usize;
    let data_type = &schema.columns()[i].data_type;
    let literals = random_rows(schema, 4, random).column(i).clone();
    let mut inner = || random_predicate(schema, depth - 1, random);
    match kind {
        4 => Predicate::And(vec![inner(), inner()]),
        5 => Predicate::Or(vec![inner(), inner()]),
        6 => Predicate::Not(Box::new(inner())),
        1 if data_type.is_var_width() => Predicate::StartsWith(vec![i], "é0123".bytes().take(random.below(8) as usize).collect()),
        2 if !data_type.is_nested() => Predicate::In(vec![i], (0..3).map(|n| literals.slice(n, 1)).collect()),
        1 | 3 if !data_type.is_nested() => {
            Predicate::Compare(vec![i], Comparison::ALL[random.below(6) as usize], literals.slice(0, 1))
        }
        _ => Predicate::IsNull(vec![i]),
    }
}
