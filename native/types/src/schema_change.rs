//! Changes of a schema that need no rewriting of what is stored: ids stay, readers map old rows to the new columns.
use crate::column::UNASSIGNED;
use crate::{Column, DataType, Error, ErrorCode, Result, Schema, TypeRoot};

/// One change. A path names a column and, within ROW types, its fields: `["address", "city"]`; `element` and `value` step
/// into ARRAY and MAP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaChange {
    /// Adds a nullable column at the end of the table, or a field at the end of the ROW that `parent` names. Old rows read NULL.
    Add {
        /// Empty: the table itself.
        parent: Vec<String>,
        /// The column; its ids are given by the schema.
        column: Column,
    },
    /// Takes a column or field away. Its id is never used again, so a later column of that name does not see old values.
    Drop {
        /// What goes.
        path: Vec<String>,
    },
    /// Gives a column or field another name.
    Rename {
        /// What is renamed.
        path: Vec<String>,
        /// The new name.
        name: String,
    },
    /// Gives a column or field a type that holds every value of the present one.
    Widen {
        /// What is widened.
        path: Vec<String>,
        /// The new type.
        data_type: DataType,
    },
    /// Puts a column or field in another place among its siblings.
    Move {
        /// What is moved.
        path: Vec<String>,
        /// The sibling that it comes behind; `None`: it becomes the first.
        after: Option<String>,
    },
    /// Gives a column or field another comment.
    Comment {
        /// What is described.
        path: Vec<String>,
        /// The new comment; may be empty.
        comment: String,
    },
}

impl DataType {
    /// Whether every value of this type is a value of `to`, so that stored rows can be read as `to`: integers to wider ones,
    /// FLOAT to DOUBLE, DECIMAL to more digits before the point, longer strings and bytes, finer times, NOT NULL to nullable.
    pub fn widens_to(&self, to: &DataType) -> bool {
        use TypeRoot as T;
        (to.nullable || !self.nullable)
            && match (&self.root, &to.root) {
                (a, b) if a == b => true,
                (T::TinyInt, T::SmallInt | T::Int | T::BigInt)
                | (T::SmallInt, T::Int | T::BigInt)
                | (T::Int, T::BigInt)
                | (T::Float, T::Double) => true,
                (T::Decimal(p, s), T::Decimal(q, r)) => q >= p && r == s,
                (T::Char(n) | T::VarChar(n), T::VarChar(m)) | (T::Binary(n) | T::VarBinary(n), T::VarBinary(m)) => m >= n,
                (T::Time(p), T::Time(q)) | (T::Timestamp(p), T::Timestamp(q)) | (T::TimestampLtz(p), T::TimestampLtz(q)) => {
                    q >= p
                }
                _ => false,
            }
    }
}

impl Schema {
    /// The schema after some changes, with the next id. Refuses what would need stored rows to be rewritten.
    pub fn alter(&self, changes: &[SchemaChange]) -> Result<Schema> {
        let mut columns = self.columns().to_vec();
        let mut next_field_id = self.next_field_id();
        let mut keys = [self.primary_key(), self.bucket_key(), self.partition_key()].map(|key| self.key_names(key));
        let is_key = |name: &str, keys: &[Vec<String>; 3]| keys.iter().flatten().any(|k| k == name);
        for change in changes {
            match change {
                SchemaChange::Add { parent, column } => {
                    if !column.data_type.nullable {
                        return refuse(format!(
                            "column '{}' cannot be added as NOT NULL: rows that are stored already have no value for it. Add it as a nullable column",
                            column.name
                        ));
                    }
                    let siblings = if parent.is_empty() { &mut columns } else { row_fields(&mut columns, parent)? };
                    free(siblings, &column.name)?;
                    let mut column = Column { id: UNASSIGNED, ..column.clone() };
                    column.assign_ids(&mut next_field_id);
                    siblings.push(column);
                }
                SchemaChange::Drop { path } => {
                    let (siblings, i) = find(&mut columns, path)?;
                    if path.len() == 1 && is_key(&path[0], &keys) {
                        return refuse(format!("column '{}' is part of a key and cannot be dropped", path[0]));
                    }
                    if siblings.len() == 1 {
                        return refuse(format!("'{}' is the only column and cannot be dropped", path.join(".")));
                    }
                    siblings.remove(i);
                }
                SchemaChange::Rename { path, name } => {
                    let (siblings, i) = find(&mut columns, path)?;
                    free(siblings, name)?;
                    siblings[i].name.clone_from(name);
                    if path.len() == 1 {
                        keys.iter_mut().flatten().filter(|k| **k == path[0]).for_each(|k| k.clone_from(name));
                    }
                }
                SchemaChange::Widen { path, data_type } => {
                    let (siblings, i) = find(&mut columns, path)?;
                    let old = &siblings[i].data_type;
                    if !old.widens_to(data_type) {
                        return refuse(format!(
                            "column '{}' is {old} and cannot become {data_type}: not every stored value fits. Add a column of the new type instead",
                            path.join(".")
                        ));
                    }
                    let same_bytes = old.is_var_width() && old.nullable == data_type.nullable;
                    if path.len() == 1 && is_key(&path[0], &keys) && !same_bytes {
                        return refuse(format!("column '{}' is part of a key: its type cannot change", path[0]));
                    }
                    siblings[i].data_type = data_type.clone();
                }
                SchemaChange::Move { path, after } => {
                    let (siblings, i) = find(&mut columns, path)?;
                    let column = siblings.remove(i);
                    let to = match after {
                        None => 0,
                        Some(name) => {
                            1 + siblings
                                .iter()
                                .position(|c| c.name == *name)
                                .ok_or_else(|| not_found(std::slice::from_ref(name)))?
                        }
                    };
                    siblings.insert(to, column);
                }
                SchemaChange::Comment { path, comment } => {
                    let (siblings, i) = find(&mut columns, path)?;
                    siblings[i].comment.clone_from(comment);
                }
            }
        }
        // A field may have made the type around it too deep.
        columns.iter().try_for_each(|c| DataType::new(c.data_type.root.clone(), c.data_type.nullable).map(drop))?;
        let [primary_key, bucket_key, partition_key] = keys;
        Schema::stored(self.id() + 1, columns, next_field_id, &primary_key, &bucket_key)?.partitioned(&partition_key)
    }
}

fn refuse<T>(m: String) -> Result<T> {
    Err(Error::invalid(m))
}

fn free(siblings: &[Column], name: &str) -> Result<()> {
    if siblings.iter().any(|c| c.name == name) {
        return Err(Error::new(ErrorCode::ColumnExists, format!("column '{name}' exists already")));
    }
    Ok(())
}

/// The siblings and the position of what a path names.
fn find<'a>(columns: &'a mut Vec<Column>, path: &[String]) -> Result<(&'a mut Vec<Column>, usize)> {
    let Some((last, parents)) = path.split_last() else { return refuse("the path of a column is empty".into()) };
    let siblings = if parents.is_empty() { columns } else { row_fields(columns, parents)? };
    let i = siblings.iter().position(|c| c.name == *last).ok_or_else(|| not_found(path))?;
    Ok((siblings, i))
}

/// The fields of the ROW that a path names.
fn row_fields<'a>(columns: &'a mut [Column], path: &[String]) -> Result<&'a mut Vec<Column>> {
    let Some((first, rest)) = path.split_first() else { return refuse("the path of a column is empty".into()) };
    let column = columns.iter_mut().find(|c| c.name == *first).ok_or_else(|| not_found(path))?;
    let (mut data_type, mut rest) = (&mut column.data_type, rest);
    while let Some((step, after)) = rest.split_first() {
        data_type = match (&mut data_type.root, step.as_str()) {
            (TypeRoot::Array(element), "element") => element,
            (TypeRoot::Map(_, value), "value") => value,
            (TypeRoot::Row(fields), _) => return row_fields(fields, rest),
            _ => return Err(not_found(path)),
        };
        rest = after;
    }
    match &mut data_type.root {
        TypeRoot::Row(fields) => Ok(fields),
        _ => refuse(format!("'{}' is no ROW and has no fields", path.join("."))),
    }
}

fn not_found(path: &[String]) -> Error {
    Error::new(ErrorCode::ColumnNotFound, format!("there is no column '{}'", path.join(".")))
}
