//! Options of merging against the columns of a table.
use std::collections::BTreeMap;

use super::{ChangelogImage, DeleteBehavior, TableOptions};
use crate::{AggregateFunction, Column, DataType, ErrorCode, MergeEngine, Merging, Result, Schema, TypeRoot};

fn schema(key: bool) -> Schema {
    let column = |name: &str, root| Column::new(name, DataType::new(root, true).unwrap());
    let columns = vec![
        column("id", TypeRoot::BigInt),
        column("n", TypeRoot::Int),
        column("s", TypeRoot::VarChar(i32::MAX as u32)),
        column("b", TypeRoot::Boolean),
        column("bytes", TypeRoot::VarBinary(i32::MAX as u32)),
        column("at", TypeRoot::TimestampLtz(9)),
        column("a.b", TypeRoot::Date),
    ];
    let primary_key: &[String] = if key { &["id".to_string()] } else { &[] };
    Schema::new(0, columns, primary_key, &[]).unwrap()
}

fn resolve(options: &[(&str, &str)]) -> Result<Merging> {
    let options: BTreeMap<String, String> = options.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    TableOptions::parse(&options)?.merge.resolve(&schema(true))
}

fn refused(options: &[(&str, &str)], why: &str) {
    let e = resolve(options).unwrap_err();
    assert!(matches!(e.code(), ErrorCode::InvalidOption | ErrorCode::UnknownOption), "{e}");
    assert!(e.message().contains(why), "{e}");
}

const ENGINE: &str = "table.merge-engine";
const VERSION: &str = "table.merge-engine.versioned.ver-column";
const DELETE: &str = "table.delete.behavior";
const IMAGE: &str = "table.changelog.image";

#[test]
fn defaults_depend_on_the_engine() {
    let of = |options: &[(&str, &str)]| resolve(options).map(|m| (m.engine.name(), m.delete, m.image)).unwrap();
    assert_eq!(of(&[]), ("LAST_ROW", DeleteBehavior::Allow, ChangelogImage::Full));
    assert_eq!(of(&[(IMAGE, "wal"), (DELETE, "disable")]), ("LAST_ROW", DeleteBehavior::Disable, ChangelogImage::Wal));
    assert_eq!(of(&[(ENGINE, "first_row")]), ("FIRST_ROW", DeleteBehavior::Ignore, ChangelogImage::Full));
    assert_eq!(of(&[(ENGINE, "aggregation"), (DELETE, "ALLOW")]), ("AGGREGATION", DeleteBehavior::Allow, ChangelogImage::Full));
    let versioned = resolve(&[(ENGINE, "versioned"), (VERSION, "at"), (IMAGE, "WAL")]).unwrap();
    assert_eq!(versioned.engine, MergeEngine::Versioned { column: 5 });
}

#[test]
fn what_does_not_go_together_is_refused() {
    let first = "Table with 'first_row' merge engine does not support delete operations. The 'table.delete.behavior' config must be \
                 set to 'ignore' or 'disable', but got 'allow'.";
    refused(&[(ENGINE, "first_row"), (DELETE, "ALLOW")], first);
    refused(
        &[(ENGINE, "versioned"), (VERSION, "n"), (DELETE, "allow")],
        "'versioned' merge engine does not support delete operations",
    );
    refused(&[(ENGINE, "aggregation"), (IMAGE, "WAL")], "does not support 'table.changelog.image' = 'WAL'");
    refused(&[(ENGINE, "versioned")], "needs 'table.merge-engine.versioned.ver-column'");
    refused(&[(VERSION, "n")], "needs 'table.merge-engine' = 'versioned'");
    refused(&[(ENGINE, "versioned"), (VERSION, "nobody")], "the version column 'nobody' does not exist");
    refused(
        &[(ENGINE, "versioned"), (VERSION, "s")],
        "the version column 's' must be one type of [INT, BIGINT, TIMESTAMP, TIMESTAMP_LTZ], but got STRING",
    );
    refused(&[(ENGINE, "last_row")], "expected one of first_row, versioned, aggregation");
}

#[test]
fn functions_take_the_types_that_they_are_made_for() {
    use AggregateFunction as F;
    let aggregated = |options: &[(&str, &str)]| {
        let options: Vec<_> = [(ENGINE, "aggregation")].iter().chain(options).copied().collect();
        match resolve(&options).unwrap().engine {
            MergeEngine::Aggregation { functions } => functions,
            other => panic!("{other:?}"),
        }
    };
    let functions = aggregated(&[
        ("fields.n.agg", "SUM"),
        ("fields.s.agg", "listagg"),
        ("fields.s.listagg.delimiter", " | "),
        ("fields.b.agg", "bool_and"),
        ("fields.bytes.agg", "rbm32"),
        ("fields.a.b.agg", "max"),
    ]);
    let list = F::ListAgg { delimiter: " | ".into() };
    assert_eq!(functions[1..], [F::Sum, list, F::BoolAnd, F::Rbm32, F::LastValueIgnoreNulls, F::Max]);
    let delimiter = |options: &[(&str, &str)]| aggregated(options)[2].clone();
    assert_eq!(delimiter(&[("fields.s.agg", "string_agg")]), F::ListAgg { delimiter: ",".into() });
    let given = [("fields.s.agg", "string_agg"), ("fields.s.string_agg.delimiter", "")];
    assert_eq!(delimiter(&given), F::ListAgg { delimiter: String::new() });
    for name in
        ["sum", "product", "max", "min", "last_value", "last_value_ignore_nulls", "first_value", "first_value_ignore_nulls"]
    {
        aggregated(&[("fields.n.agg", name)]);
    }

    let refuse = |key, value, why| refused(&[(ENGINE, "aggregation"), (key, value)], why);
    refuse(
        "fields.s.agg",
        "sum",
        "option 'fields.s.agg' = 'sum': the function does not take STRING; it takes TINYINT, SMALLINT, INT",
    );
    refuse("fields.n.agg", "bool_or", "does not take INT; it takes BOOLEAN");
    refuse("fields.b.agg", "max", "does not take BOOLEAN; it takes CHAR, STRING");
    refuse("fields.n.agg", "listagg", "does not take INT; it takes CHAR, STRING");
    refuse("fields.s.agg", "rbm64", "does not take STRING; it takes BYTES");
    refuse("fields.n.agg", "average", "there is no such aggregate function; expected one of sum, product");
    refuse("fields.nobody.agg", "sum", "column 'nobody' does not exist");
    refuse("fields.id.agg", "sum", "column 'id' is part of the primary key");
    refuse("fields.s.listagg.delimiter", ";", "needs 'fields.s.agg' = 'listagg', which is 'last_value_ignore_nulls'");
    refuse("fields.s.sum.delimiter", ";", "Known: fields.<column>.agg");
    refused(&[("fields.n.agg", "sum")], "option 'fields.n.agg' needs 'table.merge-engine' = 'aggregation'");
}

#[test]
fn a_log_table_merges_nothing() {
    for (key, value) in [(ENGINE, "first_row"), (DELETE, "ALLOW"), (IMAGE, "FULL")] {
        let options = TableOptions::parse(&BTreeMap::from([(key.to_string(), value.to_string())])).unwrap();
        assert!(options.merge.resolve(&schema(false)).unwrap_err().message().contains("primary key"), "{key}");
    }
    TableOptions::parse(&BTreeMap::new()).unwrap().merge.resolve(&schema(false)).unwrap();
}

#[test]
fn a_writer_gives_the_key_and_leaves_out_what_may_be_null() {
    let mut columns = schema(true).columns().to_vec();
    columns[1].data_type.nullable = false;
    let strict = Schema::new(0, columns, &["id".to_string()], &[]).unwrap();
    let with = |engine| Merging { engine, delete: DeleteBehavior::Allow, image: ChangelogImage::Full, auto_increment: None };
    let last = with(MergeEngine::LastRow);
    last.check_targets(&strict, &[0, 1, 3]).unwrap();
    let refused = |merging: &Merging, schema: &Schema, targets: &[u32], why: &str| {
        let e = merging.check_targets(schema, targets).unwrap_err();
        assert!(e.message().contains(why), "{e}");
    };
    refused(&last, &strict, &[1, 2], "the target write columns [n, s] must contain the primary key columns [id]");
    refused(&last, &strict, &[0, 2], "but column 'n' is NOT NULL");
    refused(&last, &schema(false), &[0], "a log table");
    refused(
        &with(MergeEngine::FirstRow),
        &schema(true),
        &[0, 1],
        "uses the 'FIRST_ROW' merge engine which does not support partial updates",
    );
    for all_or_key in [&[0][..], &[0, 1, 2, 3, 4, 5, 6]] {
        with(MergeEngine::Versioned { column: 1 }).check_targets(&schema(true), all_or_key).unwrap();
    }
    // An auto increment column is given by nobody.
    let numbered = Merging { auto_increment: Some(1), ..last };
    numbered.check_targets(&strict, &[0, 2]).unwrap();
    refused(&numbered, &strict, &[0, 1], "Explicitly specifying values for the auto increment column n is not allowed.");
    let first = Merging { engine: MergeEngine::FirstRow, ..numbered };
    first.check_targets(&strict, &[0, 2, 3, 4, 5, 6]).unwrap();
}
