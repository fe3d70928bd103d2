//! All versions of a table's schema, by id: stored batches and values name the version that they were written with.
use std::sync::Arc;

use crate::{Error, Result, Schema, SchemaId};

/// The current schema of a table and those before it.
#[derive(Clone, Debug)]
pub struct Schemas {
    /// In ascending order of their ids; the last is the current one.
    versions: Vec<Arc<Schema>>,
}

impl Schemas {
    /// All versions, oldest first; the last is the current one.
    pub fn new(versions: Vec<Arc<Schema>>) -> Result<Self> {
        if versions.is_empty() || versions.windows(2).any(|w| w[0].id() >= w[1].id()) {
            let ids: Vec<SchemaId> = versions.iter().map(|s| s.id()).collect();
            return Err(Error::invalid(format!("the versions of a schema must have ascending ids; got {ids:?}")));
        }
        Ok(Self { versions })
    }

    /// The schema that is written and, unless asked otherwise, read.
    pub fn current(&self) -> &Arc<Schema> {
        &self.versions[self.versions.len() - 1]
    }

    /// A version; `None`: the table never had it, as far as the catalog knows.
    pub fn get(&self, id: SchemaId) -> Option<&Arc<Schema>> {
        self.versions.binary_search_by_key(&id, |s| s.id()).ok().map(|i| &self.versions[i])
    }
}

impl From<Arc<Schema>> for Schemas {
    /// A schema that was never altered.
    fn from(schema: Arc<Schema>) -> Self {
        Self { versions: vec![schema] }
    }
}
