//! Overwrites: a transaction, or several that were staged side by side, whose commit replaces the rows of the bucket. What is promised:
//! `native/docs/consistency.md`, "Overwrites".
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use fluss_format::{BegunOverwrite, ColumnValues, EncodedBatch, KeyEncoder, PreparedMark, decode_upserts, stored_batch};
use fluss_kv::KvRange;
use fluss_types::{BatchSequence, Error, ErrorCode, FieldId, Result, TableKind, WriterId};

use super::write::{KeyHash, Onto, Rows, Seen};
use super::{Definition, Tablet};
use crate::snapshot::SCAN_BYTES;
use crate::transactions::{Stage, Staged, lock, not_found};

/// Keys that are kept in mind at a time, some 20 bytes each: of more new rows those of a part of the keys after another replace old ones.
const KEYS_AT_ONCE: u64 = 1 << 20;

/// Old rows that are removed by one log batch.
const REMOVED_AT_ONCE: usize = 8192;

/// Some of all keys.
#[derive(Clone, Copy)]
struct Part {
    number: u64,
    of: u64,
}

impl Part {
    fn has(self, key: KeyHash) -> bool {
        key.part(self.of) == self.number
    }
}

impl Tablet {
    /// Replaces the rows of the bucket by those that the members, prepared transactions, have staged here with [`Tablet::stage_overwrite`], and
    /// so many pieces each; none: it is emptied. Returns when all of it is durable and visible. `id`, the number of one of the members in whatever
    /// bucket, stands for the overwrite: it may be repeated, also after a crash, and replaces the rows once.
    pub fn commit_overwrite(self: &Arc<Self>, id: WriterId, members: &[(WriterId, u32)]) -> Result<()> {
        let _in_use = self.in_use()?;
        self.or_poison(|| self.overwrite(id, members)).map_err(|e| e.at(&self.name))
    }

    /// Refuses what [`Tablet::commit_overwrite`] refuses before it begins.
    pub fn check_overwrite(&self, id: WriterId, members: &[(WriterId, u32)]) -> Result<()> {
        let _in_use = self.in_use()?;
        let is_known = self.log.writer_progress(id).is_some() || self.transactions.is_overwriting(id);
        let checked = if is_known { Ok(()) } else { self.members(members).and_then(|m| self.locked(&m).map(drop)) };
        checked.map_err(|e| e.at(&self.name))
    }

    fn one_overwrite(&self) -> MutexGuard<'_, ()> {
        self.overwriting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overwrite(self: &Arc<Self>, id: WriterId, members: &[(WriterId, u32)]) -> Result<()> {
        let _one_at_a_time = self.one_overwrite();
        if let Some(begun) = self.transactions.overwrite() {
            let ended = self.finish_overwrite(&begun);
            if begun.id == id {
                return ended;
            }
            ended.map_err(|e| {
                let m = format!("overwrite {}, whose commit began before and must end first, or be skipped: {e}", begun.id);
                Error::new(e.code(), m)
            })?;
        }
        match self.begin_overwrite(id, members)? {
            Some(begun) => self.finish_overwrite(&begun),
            None => Ok(()),
        }
    }

    /// Goes on with an overwrite whose commit a crash has interrupted, before anybody writes. If that fails, who commits it again is told why.
    pub(super) fn go_on_overwriting(self: &Arc<Self>) {
        if let Some(begun) = self.transactions.overwrite() {
            let _ = self.or_poison(|| self.finish_overwrite(&begun));
        }
    }

    /// Writes down what the commit is about; `None`: it was committed.
    fn begin_overwrite(&self, id: WriterId, members: &[(WriterId, u32)]) -> Result<Option<Arc<BegunOverwrite>>> {
        if self.log.writer_progress(id).is_some() {
            return Ok(None);
        }
        let there = self.members(members)?;
        // Nobody ends them until the overwrite is written down.
        let _staged = self.locked(&there)?;
        let from = match self.kind {
            TableKind::Log => self.log.cut().inspect_err(|e| self.poison_with(e))?,
            TableKind::PrimaryKey => self.log.end_offset(),
        };
        let begun_ms = self.context.clock.now_ms();
        let overwrite = BegunOverwrite { bucket: self.bucket, id, from, begun_ms, members: members.to_vec() };
        self.transactions.begin_overwrite(overwrite).map(Some)
    }

    fn members(&self, members: &[(WriterId, u32)]) -> Result<Vec<Member>> {
        let find = |(member, pieces): &(WriterId, u32)| {
            let staged = self.transactions.get(*member).ok_or_else(|| {
                let m = "is not known: it was never prepared here, was aborted, or is older than 'transaction.timeout'. Run the statement again";
                not_found(*member, m)
            });
            Ok((staged?, *pieces))
        };
        members.iter().map(find).collect()
    }

    /// Refuses those that cannot be used.
    fn locked<'a>(&self, members: &'a [Member]) -> Result<Vec<MutexGuard<'a, Staged>>> {
        let usable = |(staged, pieces): &'a Member| {
            let staged = lock(staged);
            let mark = mark_of(&staged)?;
            // It looks at the header.
            self.transactions.pieces(staged.id, mark)?;
            staged.check_pieces(*pieces)?;
            if !staged.overwrites {
                return Err(Error::invalid(format!("transaction {} is no part of an overwrite: commit it", staged.id)));
            }
            Ok(staged)
        };
        members.iter().map(usable).collect()
    }

    /// Puts the new rows into the place of the old ones, and removes the files.
    fn finish_overwrite(self: &Arc<Self>, begun: &BegunOverwrite) -> Result<()> {
        self.log.keep_writer(begun.id);
        let members = self.members_left(begun);
        let members: Vec<_> = members.iter().map(|member| lock(member)).collect();
        match self.kind {
            TableKind::Log => self.replace_log(begun, &members)?,
            // All its batches but the last one are without its number.
            TableKind::PrimaryKey if self.pieces_appended(begun.id) == 0 => self.replace_rows(&members)?,
            TableKind::PrimaryKey => {}
        }
        if self.pieces_appended(begun.id) == 0 {
            self.append_mark(begun.id, 0)?;
        }
        self.end_overwrite(begun, members)
    }

    /// Those whose files are there: they are gone when all was done.
    fn members_left(&self, begun: &BegunOverwrite) -> Vec<Arc<Mutex<Staged>>> {
        begun.members.iter().filter_map(|(member, _)| self.transactions.get(*member)).collect()
    }

    /// Makes what was appended durable, and removes the files.
    fn end_overwrite(&self, begun: &BegunOverwrite, members: Vec<MutexGuard<'_, Staged>>) -> Result<()> {
        self.commit();
        self.check_open()?;
        for mut member in members {
            self.transactions.remove(&mut member)?;
            self.log.release_writer(member.id);
        }
        self.transactions.end_overwrite()?;
        self.log.release_writer(begun.id);
        Ok(())
    }

    /// The log remembers the overwrite by a batch without rows.
    fn append_mark(&self, id: WriterId, sequence: u32) -> Result<()> {
        let writer = BatchSequence { writer_id: id, sequence: sequence as i32 };
        let mut empty = EncodedBatch::without_rows(self.definition().codec.schema().id());
        self.append_encoded(&mut empty, Some(writer), self.now_ms(), 0, &mut self.appended()).map(drop)
    }

    /// Appends the pieces of one member after those of another, each once, and removes all that lies before the first.
    fn replace_log(self: &Arc<Self>, begun: &BegunOverwrite, members: &[MutexGuard<'_, Staged>]) -> Result<()> {
        let done = self.pieces_appended(begun.id);
        let mut number = 0;
        for staged in members.iter().filter(|_| done < begun.members.iter().map(|(_, pieces)| pieces).sum()) {
            let mark = mark_of(staged)?;
            let mut pieces = self.transactions.pieces(staged.id, mark)?;
            for _ in 0..mark.pieces {
                if number < done {
                    pieces.skip()?;
                } else {
                    let writer = BatchSequence { writer_id: begun.id, sequence: number as i32 };
                    pieces.next(|bytes, _| {
                        let mut batch = stored_batch(bytes)?;
                        self.append_encoded(&mut batch, Some(writer), self.now_ms(), 0, &mut self.appended())
                    })?;
                    self.schedule_commit();
                    self.give_memory_back();
                }
                number += 1;
            }
        }
        self.commit();
        self.check_open()?;
        self.log.delete_before(begun.from).inspect_err(|e| self.poison_with(e))
    }

    /// What nobody but the commit of this tablet gives back: no commit thread may be free.
    fn give_memory_back(&self) {
        if !self.memory.may_take() {
            self.commit();
        }
    }

    /// Writes the new rows over the old ones, and then removes the old rows whose keys no new one has: a key that is among both is there all the time.
    /// A repeat does all of that again.
    fn replace_rows(self: &Arc<Self>, members: &[MutexGuard<'_, Staged>]) -> Result<()> {
        let mut rows = 0;
        self.each_piece(members, |piece| {
            rows += piece.batch.num_rows() as u64;
            Ok(())
        })?;
        let of = rows.div_ceil(KEYS_AT_ONCE).max(1);
        for number in 0..of {
            let part = Part { number, of };
            let mut seen = Seen::default();
            self.each_piece(members, |piece| self.replace(&piece.part(part)?, &mut seen))?;
            self.commit();
            self.check_open()?;
            self.remove_others(part, &seen)?;
        }
        Ok(())
    }

    fn each_piece(&self, members: &[MutexGuard<'_, Staged>], mut visit: impl FnMut(Piece) -> Result<()>) -> Result<()> {
        for staged in members {
            let mark = mark_of(staged)?;
            let mut pieces = self.transactions.pieces(staged.id, mark)?;
            let read = |bytes: Vec<u8>, targets| Piece::read(self.definition(), &bytes, targets);
            while let Some(piece) = pieces.next(|bytes, piece| read(bytes, piece.targets))? {
                visit(piece)?;
            }
        }
        Ok(())
    }

    /// Writes new rows: the first of a key is as if there were none, those that follow are merged with it.
    fn replace(self: &Arc<Self>, piece: &Piece, seen: &mut Seen) -> Result<()> {
        if piece.batch.num_rows() == 0 {
            return Ok(());
        }
        self.give_memory_back();
        let rows = piece.rows();
        match self.write_onto(&rows, Onto::Replaced(seen)) {
            Err(e) if e.code() == ErrorCode::BatchTooLarge && piece.batch.num_rows() > 1 => {
                piece.halves().iter().try_for_each(|half| self.replace(half, seen))
            }
            written => {
                written?;
                // A delete leaves the old row to be removed with the others.
                let upserts = piece.keys()?.into_iter().enumerate().filter(|(i, _)| !rows.is_delete(*i));
                seen.add(upserts.map(|(_, key)| key));
                Ok(())
            }
        }
    }

    /// Removes the rows of a part whose keys are not among those.
    fn remove_others(self: &Arc<Self>, part: Part, but: &Seen) -> Result<()> {
        let snapshot = self.store(self.kv_state()?)?.snapshot()?;
        let mut after = Vec::new();
        loop {
            let definition = self.definition();
            let expiry = definition.expiry(self.now_ms());
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            let range = KvRange { after: &after, max_rows: REMOVED_AT_ONCE, max_bytes: SCAN_BYTES, ..KvRange::ALL };
            let last = snapshot.scan(&range, &mut |key, row| {
                let key = KeyHash::of(key);
                if part.has(key) && !but.contains(key) && !expiry.is_over(row) {
                    bytes.extend_from_slice(row);
                    ends.push(bytes.len());
                }
            })?;
            let Some(last) = last else { return Ok(()) };
            after = last;
            if ends.is_empty() {
                continue;
            }
            let mut start = 0;
            let rows: Vec<&[u8]> = ends.iter().map(|end| &bytes[std::mem::replace(&mut start, *end)..*end]).collect();
            let batch = definition.codec.decode(&rows)?;
            let deletes = Some(vec![true; rows.len()]);
            let removed = Rows { schema_id: definition.codec.schema().id(), batch, deletes, targets: None, writer: None };
            self.give_memory_back();
            self.write_onto(&removed, Onto::Removed)?;
        }
    }

    /// Ends the overwrite whose commit has begun and cannot succeed: the table stays as it is now.
    pub(super) fn skip_overwrite(&self) -> Result<()> {
        let _one_at_a_time = self.one_overwrite();
        let Some(begun) = self.transactions.overwrite() else { return Ok(()) };
        self.append_mark(begun.id, self.pieces_appended(begun.id))?;
        let members = self.members_left(&begun);
        self.end_overwrite(&begun, members.iter().map(|member| lock(member)).collect())
    }

    /// One whose commit was begun so long ago stays until somebody decides: what others have written since would go with its end.
    pub(super) fn check_begun_overwrite(&self, expired: i64) -> Result<()> {
        match self.transactions.overwrite() {
            Some(begun) if begun.begun_ms <= expired => {
                let m = format!(
                    "the commit of overwrite {} has begun and not ended since 'transaction.timeout': commit it again, or skip it",
                    begun.id
                );
                Err(Error::invalid(m))
            }
            _ => Ok(()),
        }
    }
}

/// A transaction that has staged rows of an overwrite, and the pieces that it should have.
type Member = (Arc<Mutex<Staged>>, u32);

/// The mark of a member, or why it cannot be read.
fn mark_of(staged: &Staged) -> Result<PreparedMark> {
    match &staged.stage {
        Stage::Prepared { mark } => Ok(*mark),
        Stage::Failed(e) | Stage::Damaged(e) => Err(e.clone()),
        _ => Err(Error::invalid(format!("transaction {} is not prepared", staged.id))),
    }
}

/// New rows, of the schema of a definition.
struct Piece {
    definition: Arc<Definition>,
    batch: RecordBatch,
    deletes: Option<Vec<bool>>,
    targets: Option<Arc<[FieldId]>>,
}

impl Piece {
    fn read(definition: Arc<Definition>, bytes: &[u8], targets: Option<Arc<[FieldId]>>) -> Result<Self> {
        let (batch, deletes) = decode_upserts(bytes, definition.codec.schemas())?;
        // A column that was dropped since is not there to be given.
        let has = |id: &&FieldId| definition.codec.schema().columns().iter().any(|c| c.id == **id);
        let targets = targets.map(|ids| ids.iter().filter(has).copied().collect());
        Ok(Self { definition, batch, deletes, targets })
    }

    fn rows(&self) -> Rows {
        Rows {
            schema_id: self.definition.codec.schema().id(),
            batch: self.batch.clone(),
            deletes: self.deletes.clone(),
            targets: self.targets.clone(),
            writer: None,
        }
    }

    fn halves(&self) -> [Self; 2] {
        self.rows().halves().map(|half| Self {
            definition: self.definition.clone(),
            batch: half.batch,
            deletes: half.deletes,
            targets: half.targets,
        })
    }

    /// Of all rows.
    fn keys(&self) -> Result<Vec<KeyHash>> {
        let schema = self.definition.codec.schema();
        let columns = ColumnValues::of(&self.batch, schema.columns(), schema.primary_key())?;
        let mut key = Vec::new();
        let hash = |row| {
            key.clear();
            KeyEncoder::encode(&columns, row, &mut key);
            KeyHash::of(&key)
        };
        Ok((0..self.batch.num_rows()).map(hash).collect())
    }

    /// The rows whose keys are in a part.
    fn part(self, part: Part) -> Result<Self> {
        if part.of == 1 {
            return Ok(self);
        }
        let chosen: Vec<bool> = self.keys()?.into_iter().map(|key| part.has(key)).collect();
        let deletes = self.deletes.map(|d| d.into_iter().zip(&chosen).filter_map(|(d, chosen)| chosen.then_some(d)).collect());
        let batch = filter_record_batch(&self.batch, &BooleanArray::from(chosen))?;
        Ok(Self { batch, deletes, ..self })
    }
}
