//! Ids of columns, and the changes of a schema that need no rewriting.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;

use fluss_types::{Column, DataType, ErrorCode, Schema, SchemaChange, Schemas, TypeRoot};

fn nullable(root: TypeRoot) -> DataType {
    DataType::new(root, true).unwrap()
}

fn int() -> DataType {
    nullable(TypeRoot::Int)
}

fn row(fields: &[(&str, DataType)]) -> DataType {
    nullable(TypeRoot::Row(fields.iter().map(|(n, t)| Column::new(*n, t.clone())).collect()))
}

fn array(element: DataType) -> DataType {
    nullable(TypeRoot::Array(Box::new(element)))
}

fn schema(columns: &[(&str, DataType)], key: &[&str]) -> Schema {
    let columns = columns.iter().map(|(n, t)| Column::new(*n, t.clone())).collect();
    let key: Vec<String> = key.iter().map(|k| (*k).into()).collect();
    Schema::new(0, columns, &key, &[]).unwrap()
}

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).into()).collect()
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.columns().iter().map(|c| c.name.as_str()).collect()
}

/// The example of fluss-semantics.md 1.2.
#[test]
fn columns_and_fields_take_ids_in_sequence_outer_before_inner() {
    let two = || row(&[("a", int()), ("b", int())]);
    let schema = schema(
        &[
            ("c0", int()),
            ("c1", two()),
            ("c2", row(&[("x", int()), ("r", two()), ("v", int())])),
            ("c3", array(two())),
            ("c4", nullable(TypeRoot::VarChar(9))),
        ],
        &[],
    );
    assert_eq!(schema.columns().iter().map(|c| c.id).collect::<Vec<_>>(), [0, 1, 4, 10, 13]);
    assert_eq!(schema.next_field_id(), 14);
}

#[test]
fn a_dropped_column_that_comes_back_is_another_column() {
    let old = schema(&[("id", int()), ("a", int()), ("b", int())], &["id"]);
    let new = old
        .alter(&[
            SchemaChange::Drop { path: path(&["a"]) },
            SchemaChange::Add { parent: vec![], column: Column::new("a", int()) },
            SchemaChange::Rename { path: path(&["id"]), name: "key".into() },
        ])
        .unwrap();
    assert_eq!((new.id(), names(&new)), (1, vec!["key", "b", "a"]));
    assert_eq!(new.columns().iter().map(|c| c.id).collect::<Vec<_>>(), [0, 2, 3]);
    assert_eq!(new.primary_key(), [0], "the key was renamed with its column");
}

#[test]
fn fields_within_rows_arrays_and_maps_change_like_columns() {
    let map = nullable(TypeRoot::Map(Box::new(int()), Box::new(row(&[("x", int())]))));
    let old = schema(&[("id", int()), ("list", array(row(&[("a", int()), ("b", int())]))), ("m", map)], &[]);
    let new = old
        .alter(&[
            SchemaChange::Add { parent: path(&["list", "element"]), column: Column::new("c", int()) },
            SchemaChange::Drop { path: path(&["list", "element", "a"]) },
            SchemaChange::Widen { path: path(&["m", "value", "x"]), data_type: nullable(TypeRoot::BigInt) },
        ])
        .unwrap();
    assert_eq!(
        new.columns()[1..].iter().map(|c| c.data_type.to_string()).collect::<Vec<_>>(),
        ["ARRAY<ROW<b INT, c INT>>", "MAP<INT NOT NULL, ROW<x BIGINT>>"]
    );
}

#[test]
fn columns_and_fields_are_moved_and_described() {
    let old = schema(&[("id", int()), ("r", row(&[("x", int()), ("y", int())])), ("n", int())], &["id"]);
    let to = |names: &[&str], after: Option<&str>| SchemaChange::Move { path: path(names), after: after.map(Into::into) };
    let comment = |names: &[&str]| SchemaChange::Comment { path: path(names), comment: "new".into() };
    let changes = [to(&["n"], None), to(&["id"], Some("r")), to(&["r", "x"], Some("y")), comment(&["n"]), comment(&["r", "y"])];
    let new = old.alter(&changes).unwrap();
    assert_eq!(names(&new), ["n", "r", "id"]);
    assert_eq!(new.columns().iter().map(|c| c.id).collect::<Vec<_>>(), [4, 1, 0]);
    assert_eq!(new.primary_key(), [2], "the key moves with its column");
    assert_eq!(new.columns()[1].data_type.to_string(), "ROW<y INT, x INT>");
    assert_eq!(new.columns()[0].comment, "new");
    for (of_itself, missing) in [(to(&["n"], Some("n")), "'n'"), (to(&["n"], Some("none")), "'none'")] {
        let e = old.alter(&[of_itself]).unwrap_err();
        assert!(e.code() == ErrorCode::ColumnNotFound && e.message().contains(missing), "{e}");
    }
}

#[test]
fn what_would_need_stored_rows_to_be_rewritten_is_refused() {
    let schema = schema(&[("id", int()), ("v", nullable(TypeRoot::BigInt))], &["id"]);
    let refused = |change: SchemaChange| schema.alter(&[change]).unwrap_err();
    let not_null = Column::new("n", DataType::new(TypeRoot::Int, false).unwrap());
    assert!(refused(SchemaChange::Add { parent: vec![], column: not_null }).message().contains("NOT NULL"));
    assert!(refused(SchemaChange::Drop { path: path(&["id"]) }).message().contains("part of a key"));
    let narrower = SchemaChange::Widen { path: path(&["v"]), data_type: int() };
    assert!(refused(narrower).message().contains("BIGINT and cannot become INT"));
    let of_key = SchemaChange::Widen { path: path(&["id"]), data_type: DataType::new(TypeRoot::BigInt, false).unwrap() };
    assert!(refused(of_key).message().contains("part of a key"));
    let twice = SchemaChange::Add { parent: vec![], column: Column::new("v", int()) };
    assert_eq!(refused(twice).code(), ErrorCode::ColumnExists);
    assert_eq!(refused(SchemaChange::Drop { path: path(&["x"]) }).code(), ErrorCode::ColumnNotFound);
}

#[test]
fn nested_types_cannot_be_keys() {
    let e = Schema::new(0, vec![Column::new("l", array(int()))], &["l".into()], &[]).unwrap_err();
    assert_eq!(e.code(), ErrorCode::UnsupportedType);
    assert!(e.message().contains("ARRAY<INT>"), "{e}");
}

#[test]
fn versions_are_found_by_id() {
    let first = Arc::new(schema(&[("id", int())], &[]));
    let add = |s: &Schema, name: &str| {
        Arc::new(s.alter(&[SchemaChange::Add { parent: vec![], column: Column::new(name, int()) }]).unwrap())
    };
    let second = add(&first, "a");
    let third = add(&second, "b");
    let schemas = Schemas::new(vec![first.clone(), second.clone(), third.clone()]).unwrap();
    assert_eq!(schemas.current().id(), 2);
    assert!(Arc::ptr_eq(schemas.get(1).unwrap(), &second));
    assert!(schemas.get(3).is_none());
    assert!(Schemas::new(vec![third, first]).is_err(), "not in order");
    assert!(Schemas::new(vec![]).is_err());
}

#[test]
fn types_end_somewhere() {
    let deep = |n: usize| (1..n).fold(int(), |t, _| array(t));
    deep(32);
    let e = DataType::new(TypeRoot::Array(Box::new(deep(32))), true).unwrap_err();
    assert_eq!(e.code(), ErrorCode::UnsupportedType);
    assert!(e.message().contains("32 deep"), "{e}");
    // A field that is added makes the type around it deeper; a catalog with a deeper one could not be read again.
    let add = |n: usize| {
        let change = SchemaChange::Add { parent: path(&["r"]), column: Column::new("b", deep(n)) };
        schema(&[("r", row(&[("a", int())]))], &[]).alter(&[change])
    };
    add(31).unwrap();
    assert!(add(32).unwrap_err().message().contains("32 deep"));
}

#[test]
fn a_prefix_lookup_needs_a_bucket_key_at_the_head_of_the_primary_key() {
    let prefix = |key: &[&str], bucket_key: &[&str], partition_key: &[&str]| -> Option<Vec<usize>> {
        let columns = ["a", "b", "c", "d"].map(|n| Column::new(n, int())).to_vec();
        let names = |n: &[&str]| n.iter().map(|n| (*n).to_string()).collect::<Vec<_>>();
        let schema =
            Schema::new(0, columns, &names(key), &names(bucket_key)).unwrap().partitioned(&names(partition_key)).unwrap();
        schema.prefix_key().map(<[usize]>::to_vec)
    };
    assert_eq!(prefix(&["a", "b"], &["a"], &[]), Some(vec![0]));
    assert_eq!(prefix(&["b", "a", "c"], &["a", "b"], &[]), Some(vec![1, 0]), "in the order of the primary key");
    assert_eq!(prefix(&["a", "b"], &["b"], &[]), None);
    assert_eq!(prefix(&["a", "b"], &["a", "b"], &[]), None, "that is the primary key");
    assert_eq!(prefix(&["d", "a", "b"], &["a"], &["d"]), Some(vec![3, 0]));
    assert_eq!(prefix(&["a", "d", "b"], &["a"], &["d"]), Some(vec![0, 3]));
    assert_eq!(prefix(&["a", "b", "d"], &["a"], &["d"]), Some(vec![0]));
    assert_eq!(prefix(&["a", "d"], &["a"], &["d"]), None);
    assert_eq!(prefix(&[], &["a"], &[]), None, "a log table");
}
