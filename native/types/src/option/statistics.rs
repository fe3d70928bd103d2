//! Which columns have statistics in the log.
use crate::{Error, ErrorCode, Result, Schema, TypeRoot};

const KEY: &str = "table.statistics.columns";

/// `table.statistics.columns`. The names are known to be columns only after [`StatisticsColumns::resolve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatisticsColumns {
    /// Not given, or empty.
    None,
    /// `*`: every column whose type has statistics.
    All,
    /// These.
    Named(Vec<String>),
}

impl StatisticsColumns {
    /// Reads `*` or names separated by commas.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "" => return Ok(Self::None),
            "*" => return Ok(Self::All),
            _ => {}
        }
        let names: Vec<String> = text.split(',').map(|n| n.trim().to_string()).collect();
        for (i, name) in names.iter().enumerate() {
            let problem = match name.as_str() {
                "" => "a column has no name".to_string(),
                "*" => "'*' stands alone".to_string(),
                _ if names[..i].contains(name) => format!("column '{name}' is named twice"),
                _ => continue,
            };
            return Err(invalid(&format!(
                "option '{KEY}' = '{text}': {problem}; expected '*' or column names separated by commas"
            )));
        }
        Ok(Self::Named(names))
    }

    /// Positions of the columns with statistics, in the order of the schema. An error for a name that is no column, or one whose type
    /// has none.
    pub fn resolve(&self, schema: &Schema) -> Result<Vec<usize>> {
        let columns = schema.columns();
        match self {
            Self::None => Ok(Vec::new()),
            Self::All => Ok((0..columns.len()).filter(|&i| has_statistics(&columns[i].data_type.root)).collect()),
            Self::Named(names) => {
                let mut positions = Vec::with_capacity(names.len());
                for name in names {
                    let Some(i) = columns.iter().position(|c| c.name == *name) else {
                        return Err(invalid(&format!(
                            "option '{KEY}': Column '{name}' specified in statistics collection does not exist in table schema {schema}."
                        )));
                    };
                    let root = &columns[i].data_type.root;
                    if !has_statistics(root) {
                        return Err(invalid(&format!(
                            "option '{KEY}': Column '{name}' of type '{root}' is not supported for statistics collection. \
                             Supported are all types but BYTES, BINARY, VARBINARY, ARRAY, MAP and ROW."
                        )));
                    }
                    positions.push(i);
                }
                positions.sort_unstable();
                Ok(positions)
            }
        }
    }
}

/// Types whose values have an order that a least and a greatest value say something about.
fn has_statistics(root: &TypeRoot) -> bool {
    matches!(
        root,
        TypeRoot::Boolean
            | TypeRoot::TinyInt
            | TypeRoot::SmallInt
            | TypeRoot::Int
            | TypeRoot::BigInt
            | TypeRoot::Float
            | TypeRoot::Double
            | TypeRoot::Char(_)
            | TypeRoot::VarChar(_)
            | TypeRoot::Decimal(..)
            | TypeRoot::Date
            | TypeRoot::Time(_)
            | TypeRoot::Timestamp(_)
            | TypeRoot::TimestampLtz(_)
    )
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorCode::InvalidOption, message)
}
