//! What a kv key says of where its row lies, without the values that it was made of.
use fluss_types::{BucketId, DataType, Schema, TypeRoot};

use crate::bucket::Bucketer;

/// A field of a key whose bytes give its value back.
#[derive(Clone, Copy, Debug)]
enum Field {
    Bool,
    /// So many bytes, big endian, the sign flipped.
    Integer(usize),
    MillisNanos,
    /// Escaped, with an end.
    Bytes,
}

impl Field {
    fn of(t: &DataType) -> Option<Self> {
        match t.root {
            // Of several values of the same number one is left.
            TypeRoot::Float | TypeRoot::Double => None,
            TypeRoot::Boolean => Some(Self::Bool),
            _ if t.has_nanos() => Some(Self::MillisNanos),
            _ if t.is_var_width() => Some(Self::Bytes),
            _ => t.fixed_width().map(Self::Integer),
        }
    }

    /// How long the field is that `key` begins with.
    fn len(self, key: &[u8]) -> Option<usize> {
        match self {
            Self::Bool => Some(1),
            Self::Integer(width) => Some(width),
            Self::MillisNanos => Some(12),
            Self::Bytes => {
                let mut at = 0;
                loop {
                    at += key.get(at..)?.iter().position(|b| *b == 0)? + 2;
                    if key.get(at - 1)? == &1 {
                        return Some(at);
                    }
                }
            }
        }
    }

    /// Appends the field as the bucket function has it.
    fn canonical(self, field: &[u8], out: &mut Vec<u8>) {
        out.push(1);
        let integer = |bytes: &[u8], out: &mut Vec<u8>| {
            let last = out.len() + bytes.len() - 1;
            out.extend(bytes.iter().rev());
            out[last] ^= 0x80;
        };
        match self {
            Self::Bool => out.push(field[0]),
            Self::Integer(_) => integer(field, out),
            Self::MillisNanos => {
                integer(&field[..8], out);
                integer(&field[8..], out);
            }
            Self::Bytes => {
                let length = out.len();
                out.extend([0; 4]);
                let mut rest = &field[..field.len() - 2];
                while let Some(zero) = rest.iter().position(|b| *b == 0) {
                    out.extend_from_slice(&rest[..=zero]);
                    rest = &rest[zero + 2..];
                }
                out.extend_from_slice(rest);
                let bytes = (out.len() - length - 4) as u32;
                out[length..length + 4].copy_from_slice(&bytes.to_le_bytes());
            }
        }
    }
}

/// Finds the bucket and the partition of keys of one table. Keeps buffers, so one a thread.
#[derive(Debug)]
pub struct KeyParts {
    fields: Vec<Field>,
    /// Positions in the key.
    bucket_key: Vec<usize>,
    partition_key: Vec<usize>,
    bucketer: Bucketer,
    ends: Vec<usize>,
    partition: Vec<u8>,
}

impl KeyParts {
    /// `None`: a column of the key is FLOAT or DOUBLE.
    pub fn new(schema: &Schema) -> Option<Self> {
        let key = schema.primary_key();
        let fields = key.iter().map(|&i| Field::of(&schema.columns()[i].data_type)).collect::<Option<_>>()?;
        let positions = |columns: &[usize]| columns.iter().filter_map(|c| key.iter().position(|k| k == c)).collect();
        Some(Self {
            fields,
            bucket_key: positions(schema.bucket_key()),
            partition_key: positions(schema.partition_key()),
            bucketer: Bucketer::default(),
            ends: Vec::new(),
            partition: Vec::new(),
        })
    }

    /// The partition key's fields as they are in the key, empty without partitions, and the bucket; `None`: it is no key.
    pub fn find(&mut self, key: &[u8], buckets: u32) -> Option<(&[u8], BucketId)> {
        self.ends.clear();
        let mut end = 0;
        for field in &self.fields {
            end += field.len(key.get(end..)?)?;
            self.ends.push(end);
        }
        if end != key.len() {
            return None;
        }
        let ends = &self.ends;
        let field = |i: usize| &key[i.checked_sub(1).map_or(0, |before| ends[before])..ends[i]];
        self.partition.clear();
        self.partition_key.iter().for_each(|&i| self.partition.extend_from_slice(field(i)));
        let (fields, bucket_key) = (&self.fields, &self.bucket_key);
        let bucket = self.bucketer.bucket_of(buckets, |canonical| {
            bucket_key.iter().for_each(|&i| fields[i].canonical(field(i), canonical));
        });
        Some((&self.partition, bucket))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray};
    use fluss_types::Column;

    use super::*;
    use crate::key::KeyEncoder;
    use crate::values::ColumnValues;

    #[test]
    fn a_key_is_where_its_values_are() {
        let roots = [
            TypeRoot::Int,
            TypeRoot::VarChar(100),
            TypeRoot::BigInt,
            TypeRoot::Boolean,
            TypeRoot::Decimal(30, 0),
            TypeRoot::Timestamp(3),
        ];
        let columns: Vec<Column> = (0..7)
            .zip(roots)
            .map(|(i, root)| {
                let data_type = DataType { root, nullable: false };
                Column::new(format!("c{i}"), data_type)
            })
            .collect();
        let texts = ["", "a", "a\0b", "\0", "\0\u{1}", "\u{1}\0\0", "longer than the others"];
        let n = texts.len();
        let longs = |at: i64| (0..n as i64).map(move |i| (i - 3) * at);
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from_iter_values((0..n as i32).map(|i| (i - 3) * 100_000_000))),
            Arc::new(StringArray::from_iter_values(texts)),
            Arc::new(Int64Array::from_iter_values(longs(i64::MAX / 4))),
            Arc::new(BooleanArray::from_iter((0..n).map(|i| Some(i % 2 == 0)))),
            Arc::new(Decimal128Array::from_iter_values(longs(7).map(i128::from)).with_precision_and_scale(30, 0).unwrap()),
            Arc::new(arrow_array::TimestampMillisecondArray::from_iter_values(longs(1234))),
        ];
        let fields: Vec<_> = columns.iter().map(Column::to_field).collect();
        let batch = RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), arrays).unwrap();
        let all = ColumnValues::all(&batch, &columns).unwrap();
        let of = |positions: Vec<usize>, partition: Vec<usize>| KeyParts {
            fields: columns.iter().map(|c| Field::of(&c.data_type).unwrap()).collect(),
            bucket_key: positions,
            partition_key: partition,
            bucketer: Bucketer::default(),
            ends: Vec::new(),
            partition: Vec::new(),
        };
        for (bucket_key, partition_key) in
            [(vec![0], vec![]), (vec![1], vec![2]), (vec![4, 5, 1, 3], vec![1]), ((0..6).collect(), vec![])]
        {
            let mut parts = of(bucket_key.clone(), partition_key.clone());
            let hashed = ColumnValues::of(&batch, &columns, &bucket_key).unwrap();
            let partitions = ColumnValues::of(&batch, &columns, &partition_key).unwrap();
            for row in 0..n {
                let (mut key, mut partition) = (Vec::new(), Vec::new());
                KeyEncoder::encode(&all, row, &mut key);
                KeyEncoder::encode(&partitions, row, &mut partition);
                let bucket = Bucketer::default().bucket(&hashed, row, 1009);
                assert_eq!(parts.find(&key, 1009), Some((&partition[..], bucket)), "row {row}");
                assert_eq!(parts.find(&key[..key.len() - 1], 1009), None);
                key.push(0);
                assert_eq!(parts.find(&key, 1009), None);
            }
        }
        assert!(Field::of(&DataType { root: TypeRoot::Double, nullable: false }).is_none());
    }
}
