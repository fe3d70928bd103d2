//! A column of a table, or a field of a ROW: the same thing at another depth.
use arrow_schema::Field;

use crate::{DataType, TypeRoot};

/// Number of a column or of a field of a ROW, unique in its table for ever: names and types change, ids do not.
pub type FieldId = u32;

/// The id of a column that is declared and has got none yet.
pub const UNASSIGNED: FieldId = FieldId::MAX;

/// A column, or a field of a ROW.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Number, given by the schema.
    pub id: FieldId,
    /// Name, unique beside its siblings.
    pub name: String,
    /// Type.
    pub data_type: DataType,
    /// For people.
    pub comment: String,
}

impl Column {
    /// A column without a comment whose id the schema will give.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { id: UNASSIGNED, name: name.into(), data_type, comment: String::new() }
    }

    /// As an Arrow field.
    pub fn to_field(&self) -> Field {
        Field::new(&self.name, self.data_type.to_arrow(), self.data_type.nullable)
    }

    /// Calls `visit` with the column and all fields within its type, outer before inner, in order.
    pub(crate) fn visit(&self, visit: &mut impl FnMut(&Column)) {
        visit(self);
        self.data_type.fields().into_iter().for_each(|f| f.visit(visit));
    }

    /// Gives the column and all fields within its type the next ids, outer before inner, in order.
    pub(crate) fn assign_ids(&mut self, next: &mut FieldId) {
        self.id = *next;
        *next += 1;
        self.data_type.fields_mut().into_iter().for_each(|f| f.assign_ids(next));
    }
}

impl DataType {
    /// The outermost ROW fields within the type: its own, or those of its elements, keys and values.
    fn fields(&self) -> Vec<&Column> {
        match &self.root {
            TypeRoot::Row(fields) => fields.iter().collect(),
            TypeRoot::Array(element) => element.fields(),
            TypeRoot::Map(key, value) => [key.fields(), value.fields()].concat(),
            _ => Vec::new(),
        }
    }

    fn fields_mut(&mut self) -> Vec<&mut Column> {
        match &mut self.root {
            TypeRoot::Row(fields) => fields.iter_mut().collect(),
            TypeRoot::Array(element) => element.fields_mut(),
            TypeRoot::Map(key, value) => {
                let mut fields = key.fields_mut();
                fields.extend(value.fields_mut());
                fields
            }
            _ => Vec::new(),
        }
    }
}
