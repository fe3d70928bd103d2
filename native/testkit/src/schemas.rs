//! Random schemas, and random changes of them.
use std::sync::Arc;

use fluss_types::{Column, DataType, Schema, SchemaChange, TypeRoot};

use crate::Random;

fn nullable(root: TypeRoot) -> DataType {
    DataType::new(root, true).unwrap()
}

/// ARRAY, MAP and ROW in several nestings, and a ROW that looks like a fine timestamp; key column `id` first.
pub fn nested_types(primary_key: &[&str]) -> Arc<Schema> {
    use TypeRoot as T;
    let row =
        |fields: &[(&str, DataType)]| nullable(T::Row(fields.iter().map(|(name, t)| Column::new(*name, t.clone())).collect()));
    let array = |t: DataType| nullable(T::Array(Box::new(t)));
    let map = |k: DataType, v: DataType| nullable(T::Map(Box::new(k), Box::new(v)));
    let (int, text) = (nullable(T::Int), nullable(T::VarChar(100)));
    let columns = [
        ("id", nullable(T::BigInt)),
        ("numbers", array(int.clone())),
        ("flags", array(nullable(T::Boolean))),
        ("texts", array(text.clone())),
        ("times", array(nullable(T::Timestamp(9)))),
        ("by_name", map(text.clone(), int.clone())),
        ("rows_by_number", map(int.clone(), array(row(&[("a", text.clone()), ("b", array(int.clone()))])))),
        ("not_a_time", row(&[("millis", nullable(T::Timestamp(3))), ("nanos", int.clone())])),
        ("deep", row(&[("x", row(&[("y", text.clone()), ("z", int)])), ("t", nullable(T::TimestampLtz(9))), ("s", text)])),
    ];
    let columns = columns.into_iter().map(|(name, t)| Column::new(name, t)).collect();
    let key: Vec<String> = primary_key.iter().map(|k| (*k).into()).collect();
    Arc::new(Schema::new(0, columns, &key, &[]).unwrap())
}

/// A schema of `id BIGINT` and up to eight columns of any type, ROWs, ARRAYs and MAPs up to three deep.
pub fn random_schema(random: &mut Random, primary_key: bool) -> Arc<Schema> {
    let mut columns = vec![Column::new("id", DataType::new(TypeRoot::BigInt, false).unwrap())];
    for i in 0..1 + random.below(8) {
        columns.push(Column::new(format!("c{i}"), random_type(random, 3)));
    }
    let key = if primary_key { vec!["id".to_string()] } else { vec![] };
    Arc::new(Schema::new(0, columns, &key, &[]).unwrap())
}

fn random_type(random: &mut Random, depth: u64) -> DataType {
    use TypeRoot as T;
    let inner = |random: &mut Random| Box::new(random_type(random, depth - 1));
    let root = match random.below(if depth == 0 { 18 } else { 26 }) {
        0 => T::Boolean,
        1 => T::TinyInt,
        2 => T::SmallInt,
        3 => T::Int,
        4 => T::BigInt,
        5 => T::Float,
        6 => T::Double,
        7 => T::Char(50),
        8 => T::VarChar(60),
        9 => T::Binary(8),
        10 => T::VarBinary(8),
        11 => T::Decimal(20 + random.below(10) as u8, 4),
        12 => T::Date,
        13 => T::Time(random.below(10) as u8),
        14 | 15 => T::Timestamp(random.below(10) as u8),
        16 | 17 => T::TimestampLtz(random.below(10) as u8),
        18..=20 => T::Array(inner(random)),
        21 | 22 => T::Map(inner(random), inner(random)),
        _ => T::Row((0..1 + random.below(3)).map(|i| Column::new(format!("f{i}"), *inner(random))).collect()),
    };
    DataType::new(root, random.below(4) > 0).unwrap()
}

/// A change that the schema may refuse. `n` makes its new names unique.
pub fn random_change(schema: &Schema, n: u64, random: &mut Random) -> SchemaChange {
    let mut found = Vec::new();
    for c in schema.columns() {
        paths(&mut vec![c.name.clone()], &c.data_type, &mut found);
    }
    let (path, data_type) = found.swap_remove(random.below(found.len() as u64) as usize);
    match random.below(5) {
        0 => {
            let parent = if matches!(data_type.root, TypeRoot::Row(_)) { path } else { vec![] };
            let mut data_type = random_type(random, 1);
            data_type.nullable = true;
            SchemaChange::Add { parent, column: Column::new(format!("new{n}"), data_type) }
        }
        1 => SchemaChange::Drop { path },
        2 => SchemaChange::Rename { path, name: format!("renamed{n}") },
        _ => SchemaChange::Widen { path, data_type: wider(&data_type, random) },
    }
}

/// All columns and fields, with their types.
fn paths(path: &mut Vec<String>, t: &DataType, out: &mut Vec<(Vec<String>, DataType)>) {
    let last_is_field = !matches!(path.last().map(String::as_str), Some("element" | "value"));
    if last_is_field {
        out.push((path.clone(), t.clone()));
    }
    let mut step = |name: &str, t: &DataType| {
        path.push(name.into());
        paths(path, t, out);
        path.pop();
    };
    match &t.root {
        TypeRoot::Row(fields) => fields.iter().for_each(|f| step(&f.name, &f.data_type)),
        TypeRoot::Array(element) => step("element", element),
        TypeRoot::Map(_, value) => step("value", value),
        _ => {}
    }
}

fn wider(t: &DataType, random: &mut Random) -> DataType {
    use TypeRoot as T;
    let up = |p: u8, random: &mut Random| p + random.below(10 - u64::from(p)) as u8;
    let root = match &t.root {
        T::TinyInt => [T::SmallInt, T::Int, T::BigInt][random.below(3) as usize].clone(),
        T::SmallInt => [T::Int, T::BigInt][random.below(2) as usize].clone(),
        T::Int => T::BigInt,
        T::Float => T::Double,
        T::Decimal(p, s) => T::Decimal((p + 1).min(38), *s),
        T::Char(n) => T::VarChar(n + 1),
        T::Binary(n) => T::VarBinary(n + 1),
        T::Time(p) => T::Time(up(*p, random)),
        T::Timestamp(p) => T::Timestamp(up(*p, random)),
        T::TimestampLtz(p) => T::TimestampLtz(up(*p, random)),
        other => other.clone(),
    };
    DataType { root, nullable: true }
}
