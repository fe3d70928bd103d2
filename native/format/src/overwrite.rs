//! What a bucket keeps while the commit of an overwrite goes on. Specification: `native/docs/format.md`, "Overwrite that has begun".
use fluss_types::{Error, ErrorCode, LogOffset, Result, TableBucket, WriterId};

const MAGIC: [u8; 8] = *b"FLUSSOVW";
const VERSION: u32 = 0;
const KNOWN_FEATURES: u32 = 0;

/// An overwrite of a bucket whose commit has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunOverwrite {
    /// Whose rows are replaced.
    pub bucket: TableBucket,
    /// Its number, that of an idempotent writer.
    pub id: WriterId,
    /// Where the log ended when the commit began: of a log table its first row is there.
    pub from: LogOffset,
    /// When the commit began, ms since 1970.
    pub begun_ms: i64,
    /// The transactions that have staged its rows here, and how many pieces each, in the order of their numbers.
    pub members: Vec<(WriterId, u32)>,
}

impl BegunOverwrite {
    /// The file's content.
    pub fn encode(&self) -> Vec<u8> {
        let mut b = MAGIC.to_vec();
        b.extend([VERSION, KNOWN_FEATURES].into_iter().flat_map(u32::to_le_bytes));
        b.extend_from_slice(&self.bucket.table_id.to_le_bytes());
        b.extend([self.bucket.bucket, self.bucket.partition].into_iter().flat_map(u32::to_le_bytes));
        b.extend([self.id, self.from, self.begun_ms].into_iter().flat_map(i64::to_le_bytes));
        b.extend_from_slice(&(self.members.len() as u32).to_le_bytes());
        for (id, pieces) in &self.members {
            b.extend_from_slice(&id.to_le_bytes());
            b.extend_from_slice(&pieces.to_le_bytes());
        }
        b.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
        b
    }

    /// Reads the file's content; `None`: damaged. Refuses a version or features that this program does not know.
    pub fn decode(b: &[u8]) -> Result<Option<Self>> {
        let mut rest = match b.strip_prefix(&MAGIC) {
            Some(rest) => rest,
            None => return Ok(None),
        };
        let Some((version, features)) = int(&mut rest).zip(int(&mut rest)) else { return Ok(None) };
        if version != VERSION || features & !KNOWN_FEATURES != 0 {
            return Err(Error::new(
                ErrorCode::UnknownFormat,
                format!(
                    "an overwrite has format version {version} with features {features:#x}; this program knows version {VERSION} with features {KNOWN_FEATURES:#x}"
                ),
            ));
        }
        let Some((content, checksum)) = b.split_last_chunk::<4>() else { return Ok(None) };
        if crc32c::crc32c(content) != u32::from_le_bytes(*checksum) {
            return Ok(None);
        }
        let mut rest = &content[content.len() - (rest.len() - checksum.len())..];
        Ok(Self::fields(&mut rest).filter(|_| rest.is_empty()))
    }

    fn fields(b: &mut &[u8]) -> Option<Self> {
        let table_id = long(b)? as u64;
        let bucket = TableBucket { table_id, bucket: int(b)?, partition: int(b)? };
        let (id, from, begun_ms) = (long(b)?, long(b)?, long(b)?);
        let members = (0..int(b)?).map(|_| Some((long(b)?, int(b)?)));
        Some(Self { bucket, id, from, begun_ms, members: members.collect::<Option<_>>()? })
    }
}

fn int(b: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(b.split_off(..4)?.try_into().ok()?))
}

fn long(b: &mut &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(b.split_off(..8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_any_damage_is_seen() {
        let bucket = TableBucket { table_id: 7, partition: 3, bucket: 2 };
        for members in [vec![], vec![(40, 2), (41, 1)]] {
            let begun = BegunOverwrite { bucket, id: 40, from: 1000, begun_ms: 5, members };
            let bytes = begun.encode();
            assert_eq!(BegunOverwrite::decode(&bytes).unwrap().as_ref(), Some(&begun));
            for i in (0..bytes.len()).filter(|i| !(8..16).contains(i)) {
                let mut bad = bytes.clone();
                bad[i] ^= 1;
                assert_eq!(BegunOverwrite::decode(&bad).unwrap(), None, "byte {i}");
                assert_eq!(BegunOverwrite::decode(&bytes[..i]).unwrap_or_default(), None, "cut at {i}");
            }
            let mut later = bytes;
            later[8] = 1;
            assert_eq!(BegunOverwrite::decode(&later).unwrap_err().code(), ErrorCode::UnknownFormat);
        }
    }
}
