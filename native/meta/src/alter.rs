//! Changes of a table that exists: its schema, its options, its properties.
use std::collections::BTreeMap;

use fluss_types::{
    AUTO_PARTITION_KEY, Column, Error, ErrorCode, FieldId, FieldOption, Result, SchemaChange, SchemaId, StatisticsColumns,
    TableOptions,
};

use crate::{SchemaVersion, TableDeclaration, TableMeta};

const STATISTICS: &str = "table.statistics.columns";
const VERSION_COLUMN: &str = "table.merge-engine.versioned.ver-column";
const AUTO_INCREMENT: &str = "auto-increment.fields";

/// What ALTER TABLE changes, all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct TableAlteration {
    /// Changes of the columns, in order; none: the table keeps its schema id.
    pub changes: Vec<SchemaChange>,
    /// Options that get a value.
    pub set_options: BTreeMap<String, String>,
    /// Options that go back to their default.
    pub reset_options: Vec<String>,
    /// Takes the place of all custom properties.
    pub custom_properties: Option<BTreeMap<String, String>>,
    /// Takes the place of the comment.
    pub comment: Option<String>,
    /// Refuse the change if the table has another schema by now.
    pub expected_schema_id: Option<SchemaId>,
}

impl TableMeta {
    /// The table after a change. Whether the options are known and fit is the engine's to check.
    pub fn alter(&self, alteration: &TableAlteration) -> Result<Self> {
        if let Some(expected) = alteration.expected_schema_id
            && expected != self.schema_id
        {
            return Err(Error::new(
                ErrorCode::SchemaMismatch,
                format!(
                    "the table has schema {} by now, the change was made for schema {expected}. Read the table again and repeat the change",
                    self.schema_id
                ),
            ));
        }
        let mut next = self.clone();
        let d = &mut next.declaration;
        if !alteration.changes.is_empty() {
            let schema = self.schema()?.alter(&alteration.changes)?;
            d.primary_key = schema.key_names(schema.primary_key());
            d.bucket_key = schema.key_names(schema.bucket_key());
            d.partition_keys = schema.key_names(schema.partition_key());
            let columns = std::mem::replace(&mut d.columns, schema.columns().to_vec());
            follow_columns(d, &columns)?;
            next.schema_history.push(SchemaVersion { schema_id: self.schema_id, columns });
            next.schema_id = schema.id();
            next.next_field_id = schema.next_field_id();
        }
        alteration.reset_options.iter().for_each(|name| drop(d.options.remove(name)));
        d.options.extend(alteration.set_options.clone());
        if let Some(properties) = &alteration.custom_properties {
            d.custom_properties.clone_from(properties);
        }
        if let Some(comment) = &alteration.comment {
            d.comment.clone_from(comment);
        }
        Ok(next)
    }
}

/// Keeps the options that name columns at the columns that they named before: `table.statistics.columns` under their new names, without
/// those that are gone; `fields.…` likewise; `auto-increment.fields` and the version column under their new names, which must not go.
fn follow_columns(d: &mut TableDeclaration, before: &[Column]) -> Result<()> {
    let options = TableOptions::parse(&d.options)?;
    let id = |name: &String| before.iter().find(|c| c.name == *name).map(|c| c.id);
    let after = |id: FieldId| d.columns.iter().find(|c| c.id == id).map(|c| c.name.clone());
    if let Some(auto_increment) = &options.auto_increment {
        let name = &auto_increment.column;
        let Some(now) = id(name).and_then(after) else {
            return Err(Error::invalid(format!(
                "column '{name}' is the auto increment column of the table and cannot be dropped"
            )));
        };
        d.options.insert(AUTO_INCREMENT.into(), now);
    }
    if let Some(name) = options.merge.version_column() {
        let Some(now) = id(&name.to_string()).and_then(after) else {
            return Err(Error::invalid(format!("column '{name}' is the version column of the table and cannot be dropped")));
        };
        d.options.insert(VERSION_COLUMN.into(), now);
    }
    if let Some(now) = d.options.get(AUTO_PARTITION_KEY).and_then(id).and_then(after) {
        // A partition key is never dropped.
        d.options.insert(AUTO_PARTITION_KEY.into(), now);
    }
    let of_columns: Vec<(FieldOption, String)> = d
        .options
        .extract_if(.., |key, _| FieldOption::parse(key).is_some())
        .filter_map(|(key, value)| Some((FieldOption::parse(&key)?, value)))
        .collect();
    for (option, value) in of_columns {
        if let Some(column) = id(&option.column).and_then(after) {
            d.options.insert(option.of(column).key(), value);
        }
    }
    let StatisticsColumns::Named(names) = options.statistics else { return Ok(()) };
    let names: Vec<String> = names.iter().filter_map(id).filter_map(after).collect();
    if names.is_empty() {
        d.options.remove(STATISTICS);
    } else {
        d.options.insert(STATISTICS.into(), names.join(","));
    }
    Ok(())
}
