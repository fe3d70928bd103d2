//! Filters of log reads: by a batch's statistics whether any row may match, then row by row with Arrow's kernels. Logic has three
//! values, as SQL's: a row matches when the predicate is true, not when it is unknown.
mod pinned;
mod rows;
mod statistics;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use fluss_types::{Column, DataType, Error, ErrorCode, Result, Schema};

use crate::arrays::{Parts, without_text};
use crate::projection::Projection;
use crate::values::ColumnValues;

/// How a value is compared with a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Equal, Self::NotEqual, Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual];
}

/// What is asked of a row. `C` names a column: a path into the schema as in [`Projection::new`]. A literal is an array of one value of
/// the column's type, or NULL. Text and bytes compare byte by byte; of floating point numbers NaN is the greatest and equals itself,
/// and -0.0 is 0.0, as in keys.
#[derive(Clone, Debug)]
pub enum Predicate<C = Vec<usize>> {
    /// All are true; true if there is none.
    And(Vec<Predicate<C>>),
    /// One is true.
    Or(Vec<Predicate<C>>),
    /// It is false.
    Not(Box<Predicate<C>>),
    /// Column, comparison, literal.
    Compare(C, Comparison, ArrayRef),
    /// The column equals one of the literals.
    In(C, Vec<ArrayRef>),
    /// `IS NULL`; any type.
    IsNull(C),
    /// Text or bytes that begin so.
    StartsWith(C, Vec<u8>),
}

/// A predicate that was checked against a schema.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Its columns; the predicate has positions in here.
    projection: Projection,
    predicate: Predicate<usize>,
}

impl Filter {
    /// Refuses columns that are not there, and literals and operators that do not fit their types.
    pub fn new(schema: Arc<Schema>, predicate: Predicate) -> Result<Self> {
        let mut paths = Vec::new();
        let predicate = bind(schema.columns(), predicate, &mut paths)?;
        Ok(Self { projection: Projection::new(schema, paths)?, predicate })
    }

    /// The columns that it looks at.
    pub(crate) fn projection(&self) -> &Projection {
        &self.projection
    }
}

/// A literal as statistics have values, or `None` for NULL.
fn encoded(literal: &ArrayRef, t: &DataType) -> Result<Option<Vec<u8>>> {
    let column = ColumnValues::new(literal.as_ref(), &without_text(t))?;
    Ok((!column.is_null(0)).then(|| crate::statistics::encoded(&column, 0)))
}

/// The predicate with positions in `paths`, to which its columns are added, and literals without text.
fn bind(columns: &[Column], p: Predicate, paths: &mut Vec<Vec<usize>>) -> Result<Predicate<usize>> {
    let each = |ps: Vec<Predicate>, paths: &mut Vec<Vec<usize>>| {
        ps.into_iter().map(|p| bind(columns, p, paths)).collect::<Result<Vec<_>>>()
    };
    let mut column = |path: Vec<usize>| -> Result<(usize, &Column)> {
        let column = *crate::projection::chain(columns, &path)?.last().ok_or_else(|| Error::invalid("an empty path"))?;
        let known = paths.iter().position(|p| *p == path);
        Ok((
            known.unwrap_or_else(|| {
                paths.push(path);
                paths.len() - 1
            }),
            column,
        ))
    };
    let refuse = |c: &Column, what: &str| {
        Err(Error::new(ErrorCode::UnsupportedType, format!("column '{}' of type {} cannot be {what}", c.name, c.data_type)))
    };
    Ok(match p {
        Predicate::And(ps) => Predicate::And(each(ps, paths)?),
        Predicate::Or(ps) => Predicate::Or(each(ps, paths)?),
        Predicate::Not(p) => Predicate::Not(Box::new(bind(columns, *p, paths)?)),
        Predicate::IsNull(path) => Predicate::IsNull(column(path)?.0),
        Predicate::StartsWith(path, prefix) => match column(path)? {
            (i, c) if c.data_type.is_var_width() => Predicate::StartsWith(i, prefix),
            (_, c) => return refuse(c, "compared with a prefix"),
        },
        Predicate::Compare(path, comparison, value) => match column(path)? {
            (_, c) if c.data_type.is_nested() => return refuse(c, "compared"),
            (i, c) => Predicate::Compare(i, comparison, literal(c, &value)?),
        },
        Predicate::In(path, list) => match column(path)? {
            (_, c) if c.data_type.is_nested() => return refuse(c, "compared"),
            (i, c) => Predicate::In(i, list.iter().map(|v| literal(c, v)).collect::<Result<_>>()?),
        },
    })
}

fn literal(column: &Column, value: &ArrayRef) -> Result<ArrayRef> {
    let t = &column.data_type;
    let wrong = || {
        let m = format!(
            "column '{}' of type {t} is compared with {} values of the Arrow type {}",
            column.name,
            value.len(),
            value.data_type()
        );
        Error::new(ErrorCode::SchemaMismatch, m)
    };
    if value.len() != 1 || *value.data_type() != t.to_arrow() {
        return Err(wrong());
    }
    Parts::of(value.as_ref(), t)?.into_array(&without_text(t))
}
