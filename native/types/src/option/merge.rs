//! Options of merging, as they are given. What they name is known to be right only after [`MergeOptions::resolve`].
use std::collections::BTreeMap;

use super::door::Values;
use super::kind::Kind;
use super::spec::OptionSpec;
use crate::{AggregateFunction, DataType, Error, ErrorCode, MergeEngine, Merging, Result, Schema, TableKind, TypeRoot};

pub(super) const ENGINE: &str = "table.merge-engine";
pub(super) const VERSION_COLUMN: &str = "table.merge-engine.versioned.ver-column";
/// Name of the option that says what becomes of deletes.
pub const DELETE_BEHAVIOR: &str = "table.delete.behavior";
pub(super) const IMAGE: &str = "table.changelog.image";
const FIELDS: &str = "fields.";

const FUNCTIONS: &[&str] = &[
    "sum",
    "product",
    "max",
    "min",
    "last_value",
    "last_value_ignore_nulls",
    "first_value",
    "first_value_ignore_nulls",
    "listagg",
    "string_agg",
    "bool_and",
    "bool_or",
    "rbm32",
    "rbm64",
];
const LISTS: [&str; 2] = ["listagg", "string_agg"];
const DEFAULT_FUNCTION: &str = "last_value_ignore_nulls";
const DEFAULT_DELIMITER: &str = ",";

/// What becomes of deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteBehavior {
    /// The row goes.
    Allow,
    /// Nothing happens.
    Ignore,
    /// The write is refused.
    Disable,
}

/// What the changelog of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangelogImage {
    /// The row before a change and the row after it.
    Full,
    /// The row after a change, and the row that a delete removes.
    Wal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EngineName {
    FirstRow,
    Versioned,
    Aggregation,
}

/// `table.merge-engine` and what goes with it; `None`: not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeOptions {
    engine: Option<EngineName>,
    version_column: Option<String>,
    delete: Option<DeleteBehavior>,
    image: Option<ChangelogImage>,
    /// Of each `fields.…` option its text.
    fields: BTreeMap<FieldOption, String>,
}

/// `fields.<column>.agg`, or with a function `fields.<column>.<function>.delimiter`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldOption {
    /// Name of the column.
    pub column: String,
    function: Option<&'static str>,
}

impl FieldOption {
    /// `None`: the key is none of these.
    pub fn parse(key: &str) -> Option<Self> {
        let rest = key.strip_prefix(FIELDS)?;
        if let Some(column) = rest.strip_suffix(".agg") {
            return Some(Self { column: column.into(), function: None });
        }
        let rest = rest.strip_suffix(".delimiter")?;
        LISTS.iter().find_map(|function| {
            let column = rest.strip_suffix(function)?.strip_suffix('.')?;
            Some(Self { column: column.into(), function: Some(function) })
        })
    }

    /// The same option of another column.
    #[must_use]
    pub fn of(self, column: String) -> Self {
        Self { column, ..self }
    }

    /// The key that it is read from.
    pub fn key(&self) -> String {
        match self.function {
            None => format!("{FIELDS}{}.agg", self.column),
            Some(function) => format!("{FIELDS}{}.{function}.delimiter", self.column),
        }
    }
}

/// Takes the options of columns out of those of a table; the others are left.
pub(super) fn split_fields(
    options: &BTreeMap<String, String>,
) -> Result<(BTreeMap<FieldOption, String>, BTreeMap<String, String>)> {
    let mut fields = BTreeMap::new();
    let mut others = BTreeMap::new();
    for (key, text) in options {
        if !key.starts_with(FIELDS) {
            others.insert(key.clone(), text.clone());
            continue;
        }
        let Some(option) = FieldOption::parse(key) else {
            return Err(Error::new(
                ErrorCode::UnknownOption,
                format!(
                    "'{key}' is no option of a column. Known: fields.<column>.agg, fields.<column>.listagg.delimiter, fields.<column>.string_agg.delimiter"
                ),
            ));
        };
        fields.insert(option, text.clone());
    }
    Ok((fields, others))
}

impl MergeOptions {
    /// `given`: the options that are not those of columns.
    pub(super) fn read(values: &Values, fields: BTreeMap<FieldOption, String>, given: &BTreeMap<String, String>) -> Result<Self> {
        Ok(Self {
            engine: values.choice_opt(
                ENGINE,
                &[
                    ("first_row", EngineName::FirstRow),
                    ("versioned", EngineName::Versioned),
                    ("aggregation", EngineName::Aggregation),
                ],
            )?,
            version_column: values.text(VERSION_COLUMN).map(str::to_string),
            delete: values
                .choice_opt(
                    DELETE_BEHAVIOR,
                    &[("ALLOW", DeleteBehavior::Allow), ("IGNORE", DeleteBehavior::Ignore), ("DISABLE", DeleteBehavior::Disable)],
                )?
                .filter(|_| given.contains_key(DELETE_BEHAVIOR)),
            image: values
                .choice_opt(IMAGE, &[("FULL", ChangelogImage::Full), ("WAL", ChangelogImage::Wal)])?
                .filter(|_| given.contains_key(IMAGE)),
            fields,
        })
    }

    /// The column whose values are versions, if there is one.
    pub fn version_column(&self) -> Option<&str> {
        self.version_column.as_deref()
    }

    /// Whether a merge engine is given and nothing of deletes: then they are ignored.
    pub fn ignores_deletes_by_default(&self) -> bool {
        self.engine.is_some() && self.delete.is_none()
    }

    /// Checks what is given against the columns of the table.
    pub fn resolve(&self, schema: &Schema) -> Result<Merging> {
        if schema.kind() == TableKind::Log && *self != Self::default() {
            return refuse(format!(
                "'{ENGINE}', '{DELETE_BEHAVIOR}', '{IMAGE}' and 'fields.…' are only supported for primary key tables; declare a PRIMARY KEY"
            ));
        }
        let aggregated = self.engine == Some(EngineName::Aggregation);
        if let (false, Some(option)) = (aggregated, self.fields.keys().next()) {
            return refuse(format!("option '{}' needs '{ENGINE}' = 'aggregation'", option.key()));
        }
        if self.engine != Some(EngineName::Versioned) && self.version_column.is_some() {
            return refuse(format!("option '{VERSION_COLUMN}' needs '{ENGINE}' = 'versioned'"));
        }
        let engine = match self.engine {
            None => MergeEngine::LastRow,
            Some(EngineName::FirstRow) => MergeEngine::FirstRow,
            Some(EngineName::Versioned) => MergeEngine::Versioned { column: self.version(schema)? },
            Some(EngineName::Aggregation) => MergeEngine::Aggregation { functions: self.functions(schema)? },
        };
        let default = if self.ignores_deletes_by_default() { DeleteBehavior::Ignore } else { DeleteBehavior::Allow };
        let delete = self.delete.unwrap_or(default);
        if delete == DeleteBehavior::Allow && matches!(engine, MergeEngine::FirstRow | MergeEngine::Versioned { .. }) {
            return refuse(format!(
                "Table with '{}' merge engine does not support delete operations. The '{DELETE_BEHAVIOR}' config must be set to 'ignore' or 'disable', but got 'allow'.",
                engine.name().to_lowercase()
            ));
        }
        let image = self.image.unwrap_or(ChangelogImage::Full);
        if aggregated && image == ChangelogImage::Wal {
            return refuse(format!(
                "Table with 'aggregation' merge engine does not support '{IMAGE}' = 'WAL': what a row was before it was aggregated is needed. Use 'FULL'"
            ));
        }
        Ok(Merging { engine, delete, image, auto_increment: None })
    }

    fn version(&self, schema: &Schema) -> Result<usize> {
        let Some(name) = &self.version_column else {
            return refuse(format!("'{ENGINE}' = 'versioned' needs '{VERSION_COLUMN}', the name of a column"));
        };
        let Some(i) = schema.columns().iter().position(|c| c.name == *name) else {
            return refuse(format!(
                "option '{VERSION_COLUMN}': the version column '{name}' does not exist in table schema {schema}"
            ));
        };
        let root = &schema.columns()[i].data_type.root;
        if !matches!(root, TypeRoot::Int | TypeRoot::BigInt | TypeRoot::Timestamp(_) | TypeRoot::TimestampLtz(_)) {
            return refuse(format!(
                "option '{VERSION_COLUMN}': the version column '{name}' must be one type of [INT, BIGINT, TIMESTAMP, TIMESTAMP_LTZ], but got {root}"
            ));
        }
        Ok(i)
    }

    fn functions(&self, schema: &Schema) -> Result<Vec<AggregateFunction>> {
        let columns = schema.columns();
        for option in self.fields.keys() {
            let key = option.key();
            let Some(i) = columns.iter().position(|c| c.name == option.column) else {
                return refuse(format!("option '{key}': column '{}' does not exist in table schema {schema}", option.column));
            };
            if schema.primary_key().contains(&i) {
                return refuse(format!(
                    "option '{key}': column '{}' is part of the primary key and is not aggregated",
                    option.column
                ));
            }
        }
        let function = |(i, column): (usize, &crate::Column)| {
            if schema.primary_key().contains(&i) {
                return Ok(AggregateFunction::LastValue);
            }
            let option = |function| FieldOption { column: column.name.clone(), function };
            let given = self.fields.get(&option(None)).map_or(DEFAULT_FUNCTION, |f| f.trim());
            let delimiter = LISTS.into_iter().find_map(|f| Some((f, self.fields.get(&option(Some(f)))?)));
            if let Some((f, _)) = delimiter
                && !f.eq_ignore_ascii_case(given)
            {
                let (key, agg) = (option(Some(f)).key(), option(None).key());
                return refuse(format!("option '{key}' needs '{agg}' = '{f}', which is '{given}'"));
            }
            let delimiter = delimiter.map_or(DEFAULT_DELIMITER, |(_, d)| d);
            named(given, delimiter, &column.data_type)
                .map_err(|e| e.at(format_args!("option '{}' = '{given}'", option(None).key())))
        };
        columns.iter().enumerate().map(function).collect()
    }
}

/// The function of a name, if it takes values of the type.
fn named(name: &str, delimiter: &str, t: &DataType) -> Result<AggregateFunction> {
    use AggregateFunction as F;
    use TypeRoot as T;
    let number = matches!(t.root, T::TinyInt | T::SmallInt | T::Int | T::BigInt | T::Float | T::Double | T::Decimal(..));
    let text = matches!(t.root, T::Char(_) | T::VarChar(_));
    let ordered = number || text || matches!(t.root, T::Date | T::Time(_) | T::Timestamp(_) | T::TimestampLtz(_));
    let bytes = matches!(t.root, T::Binary(_) | T::VarBinary(_));
    let boolean = t.root == T::Boolean;
    const NUMBERS: &str = "TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL";
    const ORDERED: &str =
        "CHAR, STRING, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL, DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ";
    let (function, fits, types) = match name.to_ascii_lowercase().as_str() {
        "sum" => (F::Sum, number, NUMBERS),
        "product" => (F::Product, number, NUMBERS),
        "max" => (F::Max, ordered, ORDERED),
        "min" => (F::Min, ordered, ORDERED),
        "last_value" => (F::LastValue, true, ""),
        "last_value_ignore_nulls" => (F::LastValueIgnoreNulls, true, ""),
        "first_value" | "first_value_ignore_nulls" => (F::FirstValueIgnoreNulls, true, ""),
        "listagg" | "string_agg" => (F::ListAgg { delimiter: delimiter.into() }, text, "CHAR, STRING"),
        "bool_and" => (F::BoolAnd, boolean, "BOOLEAN"),
        "bool_or" => (F::BoolOr, boolean, "BOOLEAN"),
        "rbm32" => (F::Rbm32, bytes, "BYTES"),
        "rbm64" => (F::Rbm64, bytes, "BYTES"),
        _ => return refuse(format!("there is no such aggregate function; expected one of {}", FUNCTIONS.join(", "))),
    };
    if fits { Ok(function) } else { refuse(format!("the function does not take {}; it takes {types}", t.root)) }
}

fn refuse<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(ErrorCode::InvalidOption, message))
}

pub(super) const COLUMN_OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        key: "fields.<column>.agg",
        kind: Kind::Choice(FUNCTIONS),
        default: Some(DEFAULT_FUNCTION),
        alterable: false,
        meaning: "With `table.merge-engine` = `aggregation`: what becomes of the old and the new value of a column. All but `last_value` leave \
                  NULLs out. `sum`, `product`: numbers; integers wrap. `max`, `min`: numbers, strings, times. `listagg` (also `string_agg`): strings \
                  with a delimiter between them. `bool_and`, `bool_or`: BOOLEAN. `rbm32`, `rbm64`: BYTES that hold a Roaring bitmap in its portable \
                  format; their union. `first_value` is `first_value_ignore_nulls`.",
        price: "A `sum` or `product` that a DECIMAL cannot hold fails the write. `listagg`, `rbm32` and `rbm64` values grow with each row.",
    },
    OptionSpec {
        key: "fields.<column>.listagg.delimiter",
        kind: Kind::Text("text"),
        default: Some(DEFAULT_DELIMITER),
        alterable: false,
        meaning: "What `listagg` puts between two values.",
        price: "None.",
    },
    OptionSpec {
        key: "fields.<column>.string_agg.delimiter",
        kind: Kind::Text("text"),
        default: Some(DEFAULT_DELIMITER),
        alterable: false,
        meaning: "What `string_agg` puts between two values.",
        price: "None.",
    },
];
