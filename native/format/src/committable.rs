//! What commits a transaction. Specification: `native/docs/format.md`, "Committable".
use fluss_types::{Error, ErrorCode, PartitionBucket, Result, TableId, TablePath, WriterId};

const MAGIC: [u8; 8] = *b"FLUSSCOM";
const VERSION: u32 = 0;
const KNOWN_FEATURES: u32 = 0;

/// A transaction that is prepared, as it is kept until its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committable {
    /// The transaction, which is an idempotent writer; −1 if it has no rows.
    pub transaction: WriterId,
    /// Number of the table.
    pub table_id: TableId,
    /// Its name.
    pub table: TablePath,
    /// Where it has rows, and how many pieces of them; empty: nowhere.
    pub buckets: Vec<(PartitionBucket, u32)>,
}

impl Committable {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut b = MAGIC.to_vec();
        b.extend_from_slice(&VERSION.to_le_bytes());
        b.extend_from_slice(&KNOWN_FEATURES.to_le_bytes());
        b.extend_from_slice(&self.transaction.to_le_bytes());
        b.extend_from_slice(&self.table_id.to_le_bytes());
        for name in [&self.table.database, &self.table.table] {
            b.extend_from_slice(&(name.len() as u32).to_le_bytes());
            b.extend_from_slice(name.as_bytes());
        }
        b.extend_from_slice(&(self.buckets.len() as u32).to_le_bytes());
        for (bucket, pieces) in &self.buckets {
            b.extend([bucket.partition, bucket.bucket, *pieces].into_iter().flat_map(u32::to_le_bytes));
        }
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        b
    }

    /// Reads the bytes. Refuses a version or features that this program does not know.
    pub fn decode(b: &[u8]) -> Result<Self> {
        let damaged = || Error::invalid("these bytes are no committable of a transaction, or are damaged");
        let mut rest = b.strip_prefix(&MAGIC).ok_or_else(damaged)?;
        let (version, features) = int(&mut rest).zip(int(&mut rest)).ok_or_else(damaged)?;
        if version != VERSION || features & !KNOWN_FEATURES != 0 {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!(
                    "a committable has format version {version} with features {features:#x}; this program knows version {VERSION} with features {KNOWN_FEATURES:#x}"
                ),
            ));
        }
        let (content, checksum) = b.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return Err(damaged());
        }
        let mut rest = content.get(b.len() - rest.len()..).ok_or_else(damaged)?;
        Self::fields(&mut rest).filter(|_| rest.is_empty()).ok_or_else(damaged)
    }

    fn fields(b: &mut &[u8]) -> Option<Self> {
        let (transaction, table_id) = (long(b)? as WriterId, long(b)?);
        let mut name = || {
            let len = int(b)? as usize;
            String::from_utf8(b.split_off(..len)?.to_vec()).ok()
        };
        let table = TablePath { database: name()?, table: name()? };
        let buckets = (0..int(b)?).map(|_| Some((PartitionBucket { partition: int(b)?, bucket: int(b)? }, int(b)?)));
        Some(Self { transaction, table_id, table, buckets: buckets.collect::<Option<_>>()? })
    }
}

fn int(b: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(b.split_off(..4)?.try_into().ok()?))
}

fn long(b: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(b.split_off(..8)?.try_into().ok()?))
}
