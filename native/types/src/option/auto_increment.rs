//! The column that the store fills with numbers.
use crate::{Error, ErrorCode, Result, Schema, TableKind, TypeRoot};

const KEY: &str = "auto-increment.fields";

/// `auto-increment.fields` and `table.auto-increment.cache-size`. The name is known to be a fitting column only after
/// [`AutoIncrement::resolve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoIncrement {
    /// Name of the column.
    pub column: String,
    /// Numbers that a bucket takes at a time.
    pub cache_size: u32,
}

impl AutoIncrement {
    /// Reads the name of one column; empty: none.
    pub(super) fn parse(text: &str, cache_size: u32) -> Result<Option<Self>> {
        if text.contains(',') {
            return Err(invalid(&format!(
                "option '{KEY}' = '{text}': multiple auto increment columns are not supported; name one"
            )));
        }
        Ok((!text.is_empty()).then(|| Self { column: text.to_string(), cache_size }))
    }

    /// Position of the column. An error if it is none that can be filled with numbers.
    pub fn resolve(&self, schema: &Schema) -> Result<usize> {
        let name = &self.column;
        let refuse = |why: String| Err(invalid(&format!("option '{KEY}' = '{name}': {why}")));
        if schema.kind() == TableKind::Log {
            return refuse("a log table cannot have an auto increment column; a primary-key table can".into());
        }
        let Some(i) = schema.columns().iter().position(|c| c.name == *name) else {
            return refuse(format!("the table has no column of that name: {schema}"));
        };
        if schema.primary_key().contains(&i) {
            return refuse("the auto increment column can not be part of the primary key".into());
        }
        match &schema.columns()[i].data_type.root {
            TypeRoot::Int | TypeRoot::BigInt => Ok(i),
            other => refuse(format!("the data type of an auto increment column must be INT or BIGINT, it is {other}")),
        }
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::InvalidOption, message)
}
