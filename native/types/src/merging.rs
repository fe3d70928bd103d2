//! What a table makes of an old and a new row of one key, resolved against its columns. The options are those of
//! [`MergeOptions`](crate::option::MergeOptions); the functions that do it are `native/kv/src/merge`.
use crate::{ChangelogImage, DeleteBehavior, Error, ErrorCode, FieldId, Result, Schema};

/// How a table merges rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merging {
    /// Of an upsert with the row that is there.
    pub engine: MergeEngine,
    /// What becomes of deletes.
    pub delete: DeleteBehavior,
    /// What the changelog holds.
    pub image: ChangelogImage,
    /// Position of the column that gets a number with a new key and keeps it; no writer gives it.
    pub auto_increment: Option<usize>,
}

/// `table.merge-engine`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeEngine {
    /// Not given: the later row replaces the earlier one.
    LastRow,
    /// The first row stays.
    FirstRow,
    /// The row with the greater version stays, the later one of equal versions.
    Versioned {
        /// Position of the column with the version.
        column: usize,
    },
    /// Column by column.
    Aggregation {
        /// The function of each column; those of key columns are not asked for.
        functions: Vec<AggregateFunction>,
    },
}

/// `fields.<column>.agg`. NULLs are ignored unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AggregateFunction {
    /// Integers wrap; a DECIMAL beyond its precision is an error.
    Sum,
    /// As `Sum`.
    Product,
    /// The greater value; NaN is the greatest.
    Max,
    /// The smaller value.
    Min,
    /// The new value, NULL too.
    LastValue,
    /// The new value.
    LastValueIgnoreNulls,
    /// The old value unless it is NULL.
    FirstValueIgnoreNulls,
    /// Old, delimiter, new.
    ListAgg {
        /// What stands between two values.
        delimiter: String,
    },
    /// Whether all are true.
    BoolAnd,
    /// Whether one is true.
    BoolOr,
    /// Union of serialized 32-bit Roaring bitmaps.
    Rbm32,
    /// Union of serialized 64-bit Roaring bitmaps.
    Rbm64,
}

impl MergeEngine {
    /// As the option spells it, in capitals.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LastRow => "LAST_ROW",
            Self::FirstRow => "FIRST_ROW",
            Self::Versioned { .. } => "VERSIONED",
            Self::Aggregation { .. } => "AGGREGATION",
        }
    }
}

impl Merging {
    /// Checks the columns that a writer gives, by their ids: the whole key, no NOT NULL column left out, and an engine that can merge parts
    /// of rows. Those of the key alone will do for every engine: they make a row where there is none.
    pub fn check_targets(&self, schema: &Schema, targets: &[FieldId]) -> Result<()> {
        let names = |columns: &mut dyn Iterator<Item = usize>| {
            columns.map(|i| schema.columns()[i].name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let is_target = |i: &usize| targets.contains(&schema.columns()[*i].id);
        if let Some(i) = self.auto_increment.filter(is_target) {
            let m = format!(
                "Explicitly specifying values for the auto increment column {} is not allowed.",
                schema.columns()[i].name
            );
            return Err(Error::invalid(m));
        }
        let key = schema.primary_key();
        if key.is_empty() {
            return Err(Error::invalid("a log table takes whole rows only; a part of the columns was given"));
        }
        if !key.iter().all(is_target) {
            let m = format!(
                "the target write columns [{}] must contain the primary key columns [{}]",
                names(&mut (0..schema.columns().len()).filter(is_target)),
                names(&mut key.iter().copied())
            );
            return Err(Error::invalid(m));
        }
        let others = || (0..schema.columns().len()).filter(|i| !key.contains(i) && self.auto_increment != Some(*i));
        if matches!(self.engine, MergeEngine::FirstRow | MergeEngine::Versioned { .. })
            && others().any(|i| is_target(&i))
            && !others().all(|i| is_target(&i))
        {
            return Err(Error::invalid(format!(
                "the table uses the '{}' merge engine which does not support partial updates. Give all columns of the table",
                self.engine.name()
            )));
        }
        match others().find(|i| !is_target(i) && !schema.columns()[*i].data_type.nullable) {
            Some(i) => Err(Error::new(
                ErrorCode::SchemaMismatch,
                format!(
                    "a partial update requires all columns except the primary key to be nullable, but column '{}' is NOT NULL and is not written",
                    schema.columns()[i].name
                ),
            )),
            None => Ok(()),
        }
    }
}
