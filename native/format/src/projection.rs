//! What a reader wants of a table: columns, or fields within columns of type ROW, of the schema that it knows.
use std::sync::Arc;

use fluss_types::{Column, DataType, Error, ErrorCode, Result, Schema, TypeRoot};

use crate::arrays::node_count;
use crate::evolve::{Reading, reading, too_old};

/// Columns to be read, in this order. A field within a ROW is NULL where a ROW around it is.
#[derive(Clone, Debug)]
pub struct Projection {
    schema: Arc<Schema>,
    columns: Vec<Projected>,
}

/// A column by its position, or a field within it: then the positions of fields follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPath(pub Vec<usize>);

impl From<usize> for ColumnPath {
    fn from(column: usize) -> Self {
        Self(vec![column])
    }
}

impl From<Vec<usize>> for ColumnPath {
    fn from(path: Vec<usize>) -> Self {
        Self(path)
    }
}

/// A projected column.
#[derive(Clone, Debug)]
pub(crate) struct Projected {
    /// Position of the column, then positions of fields within it.
    pub path: Vec<usize>,
    /// Type of its values; nullable if a ROW around it is.
    pub data_type: DataType,
}

/// Where a projected column lies in rows of some schema.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// As [`Projected::path`], in the schema of the rows.
    pub path: Vec<usize>,
    /// The type that is stored there.
    pub stored: &'a DataType,
    pub reading: Reading,
}

impl Projection {
    /// Columns of a schema, and fields within ROWs. Refuses what is not there.
    pub fn new<P: Into<ColumnPath>>(schema: Arc<Schema>, paths: impl IntoIterator<Item = P>) -> Result<Self> {
        let columns = paths.into_iter().map(|path| {
            let ColumnPath(path) = path.into();
            let chain = chain(schema.columns(), &path)?;
            let mut data_type = chain[chain.len() - 1].data_type.clone();
            data_type.nullable = chain.iter().any(|c| c.data_type.nullable);
            Ok(Projected { path, data_type })
        });
        let columns = columns.collect::<Result<_>>()?;
        Ok(Self { schema, columns })
    }

    /// Whole columns by their positions.
    pub fn columns(schema: Arc<Schema>, positions: &[usize]) -> Result<Self> {
        Self::new(schema, positions.iter().copied())
    }

    /// All columns.
    pub fn all(schema: Arc<Schema>) -> Self {
        let column = |(i, c): (usize, &Column)| Projected { path: vec![i], data_type: c.data_type.clone() };
        let columns = schema.columns().iter().enumerate().map(column).collect();
        Self { schema, columns }
    }

    /// The schema that is read.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The types of the projected columns.
    pub fn types(&self) -> impl Iterator<Item = &DataType> {
        self.columns.iter().map(|c| &c.data_type)
    }

    /// Nodes of all projected columns: the length of [`crate::ColumnBatch::columns`].
    pub fn nodes(&self) -> usize {
        self.types().map(node_count).sum()
    }

    pub(crate) fn projected(&self) -> &[Projected] {
        &self.columns
    }

    /// Where each column lies in rows of schema `written`; `None`: nowhere, all its values are NULL.
    pub(crate) fn sources<'a>(&self, written: &'a Schema) -> Result<Vec<Option<Source<'a>>>> {
        self.columns.iter().map(|c| self.source(c, written)).collect()
    }

    fn source<'a>(&self, column: &Projected, written: &'a Schema) -> Result<Option<Source<'a>>> {
        let mut siblings = written.columns();
        let mut path = Vec::with_capacity(column.path.len());
        let mut stored = None;
        let wanted = chain(self.schema.columns(), &column.path)?;
        for w in &wanted {
            let Some(i) = siblings.iter().position(|c| c.id == w.id) else {
                return if w.data_type.nullable { Ok(None) } else { Err(too_old(w, written)) };
            };
            path.push(i);
            stored = Some(&siblings[i].data_type);
            siblings = match &siblings[i].data_type.root {
                TypeRoot::Row(fields) => fields,
                _ => &[],
            };
        }
        let Some(stored) = stored else { return Ok(None) };
        let last = wanted[wanted.len() - 1];
        match reading(stored, &last.data_type) {
            Reading::Impossible => Err(too_old(last, written)),
            reading => Ok(Some(Source { path, stored, reading })),
        }
    }
}

/// The column and the fields within it that a path goes through.
pub(crate) fn chain<'a>(columns: &'a [Column], path: &[usize]) -> Result<Vec<&'a Column>> {
    let mut siblings = columns;
    let mut out: Vec<&Column> = Vec::with_capacity(path.len());
    for &i in path {
        let Some(c) = siblings.get(i) else {
            return Err(match out.last() {
                None => Error::invalid(format!("projection asks for column {i}; the table has {} columns", columns.len())),
                Some(parent) => Error::invalid(format!(
                    "projection asks for field {i} of '{}', which has {} fields",
                    parent.name,
                    siblings.len()
                )),
            });
        };
        out.push(c);
        siblings = match &c.data_type.root {
            TypeRoot::Row(fields) => fields,
            _ => &[],
        };
    }
    if out.is_empty() {
        return Err(Error::new(ErrorCode::InvalidArgument, "projection asks for an empty path"));
    }
    Ok(out)
}
