//! Transactions of a bucket: rows are staged, made durable by prepare, and appended by the commit. A transaction is an idempotent writer whose
//! batches are its pieces, so the log says how far a commit came.
use std::sync::{Arc, PoisonError, RwLockReadGuard};

use fluss_format::{BegunOverwrite, EncodedBatch, PreparedMark, StagedPiece, decode_upserts, encode_upserts, stored_batch};
use fluss_log::Log;
use fluss_types::{BatchSequence, Error, ErrorCode, FieldId, Result, TableKind, WriterId};

use super::write::Rows;
use super::{Tablet, TabletContext};
use crate::transactions::{Stage, Staged, TransactionInfo, Transactions, lock};

impl Tablet {
    /// Ends the commits that a crash has interrupted when all was done, and what has expired before its commit began.
    pub(super) fn end_commits(transactions: &Transactions, log: &Log, context: &TabletContext) -> Result<()> {
        let expired = context.clock.now_ms().saturating_sub(context.log.writer_expiration_ms);
        for staged in transactions.all() {
            let mut staged = lock(&staged);
            if transactions.is_overwriting(staged.id) {
                continue;
            }
            // What an opened log has is durable.
            let stays = match log.writer_progress(staged.id) {
                // Nobody knows how many pieces it has.
                _ if matches!(staged.stage, Stage::Damaged(_)) => true,
                // The next look for what has expired ends it.
                Some(p) => (p.next as u32) < staged.pieces,
                None => staged.since_ms > expired,
            };
            if !stays {
                transactions.remove(&mut staged)?;
                log.release_writer(staged.id);
            }
        }
        Ok(())
    }

    /// The tablet is open, and its folder is not another opener's until the guard is dropped.
    pub(super) fn in_use(&self) -> Result<RwLockReadGuard<'_, ()>> {
        let guard = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        self.check_open()?;
        Ok(guard)
    }

    /// Stages rows of the transaction that [`Rows::writer`] names, which begins with its piece 0. Nobody sees them, and they are not durable
    /// before [`Tablet::prepare`]. A piece that is there already is left as it is, so a call may be repeated after an error.
    pub fn stage(&self, rows: &Rows) -> Result<()> {
        let _in_use = self.in_use()?;
        self.stage_rows(rows, false).map_err(|e| e.at(&self.name))
    }

    /// As [`Tablet::stage`], of rows that will replace those that are there: [`Tablet::commit_overwrite`].
    pub fn stage_overwrite(&self, rows: &Rows) -> Result<()> {
        let _in_use = self.in_use()?;
        self.stage_rows(rows, true).map_err(|e| e.at(&self.name))
    }

    fn stage_rows(&self, rows: &Rows, overwrites: bool) -> Result<()> {
        let number = rows.writer.ok_or_else(|| Error::invalid("rows of no transaction were staged"))?;
        let definition = self.definition();
        let rows = definition.current(rows)?;
        let mut batch = match self.kind {
            TableKind::Log => definition.encode_appends(&rows)?,
            TableKind::PrimaryKey => {
                definition.check_upserts(&rows)?;
                encode_upserts(&rows.batch, rows.deletes.as_deref(), definition.codec.schema())?
            }
        };
        if number.sequence == 0 && self.log.writer_progress(number.writer_id).is_some() {
            return Err(Error::invalid(format!("transaction {} is committed and takes no rows any more", number.writer_id)));
        }
        self.transactions.stage(number, &mut batch, rows.targets.clone(), overwrites, self.context.clock.now_ms())
    }

    /// Returns when the `pieces` that a transaction has staged here are durable: it can be committed after a loss of power too. It takes no
    /// more rows. May be repeated.
    pub fn prepare(&self, id: WriterId, pieces: u32) -> Result<()> {
        let _in_use = self.in_use()?;
        self.transactions.prepare(id, pieces, self.context.clock.now_ms()).map_err(|e| e.at(&self.name))
    }

    /// Appends what a prepared transaction has staged here, piece by piece, and returns when all of it is durable and visible. Other writers'
    /// rows may lie between two pieces, none within one. May be repeated, also after a crash: each piece is appended once.
    pub fn commit_transaction(self: &Arc<Self>, id: WriterId, pieces: u32) -> Result<()> {
        let _in_use = self.in_use()?;
        self.or_poison(|| self.commit_staged(id, pieces)).map_err(|e| e.at(&self.name))
    }

    fn commit_staged(self: &Arc<Self>, id: WriterId, pieces: u32) -> Result<()> {
        let Some(staged) = self.transactions.get(id) else { return self.was_committed(id, pieces) };
        let mut staged = lock(&staged);
        if staged.overwrites {
            return Err(Error::invalid(format!(
                "transaction {id} is a part of an overwrite: only the commit of all of that commits it. Run the statement again, and abort this one"
            )));
        }
        let mark = match &staged.stage {
            Stage::Prepared { mark } => *mark,
            Stage::Open { .. } => return Err(not_prepared(id)),
            Stage::Failed(e) | Stage::Damaged(e) => return Err(e.clone()),
            Stage::Gone => return self.was_committed(id, pieces),
        };
        // A commit before may have made more of them.
        if staged.pieces < pieces {
            staged.check_pieces(pieces)?;
        }
        self.finish(&mut staged, mark).map_err(|e| match e.code() {
            // A value that nothing but the rows that are there makes impossible.
            ErrorCode::InvalidArgument | ErrorCode::SchemaMismatch => {
                let way_out =
                    "When that is mended the same commit goes on; to go on without the rows that are left, skip the transaction";
                Error::new(e.code(), format!("{e}. Nothing of transaction {id} is lost. {way_out}"))
            }
            _ => e,
        })
    }

    /// Ends a transaction whose commit cannot succeed: what of it the log does not have yet, of the `pieces` that it had when it was prepared, is
    /// dropped, and from now on its commit has succeeded. Its file may be damaged, or gone. May be repeated.
    pub fn skip_transaction(self: &Arc<Self>, id: WriterId, pieces: u32) -> Result<()> {
        let _in_use = self.in_use()?;
        let skip = || match self.transactions.is_overwriting(id) {
            true => self.skip_overwrite(),
            false => self.skip_rest(id, pieces),
        };
        self.or_poison(skip).map_err(|e| e.at(&self.name))
    }

    /// The log remembers that the pieces were dealt with: a batch without rows has the number of each.
    fn skip_rest(&self, id: WriterId, pieces: u32) -> Result<()> {
        let staged = self.transactions.get(id);
        let mut staged = staged.as_deref().map(lock);
        if staged.as_ref().is_some_and(|s| matches!(s.stage, Stage::Open { .. })) {
            return Err(not_prepared(id));
        }
        if staged.as_ref().is_some_and(|s| s.overwrites) {
            return Err(Error::invalid(format!(
                "transaction {id} is a part of an overwrite whose commit has not begun here: abort it"
            )));
        }
        // A commit before may have made more of them.
        let pieces = pieces.max(staged.as_ref().map_or(0, |s| s.pieces));
        if pieces == 0 {
            let m = format!("how many pieces transaction {id} has is not known: skip it by what prepare gave, or abort it");
            return Err(Error::invalid(m));
        }
        self.log.keep_writer(id);
        {
            let schema_id = self.definition().codec.schema().id();
            let mut appended = self.appended();
            for sequence in self.pieces_appended(id)..pieces {
                let number = BatchSequence { writer_id: id, sequence: sequence as i32 };
                let mut empty = EncodedBatch::without_rows(schema_id);
                self.append_encoded(&mut empty, Some(number), self.now_ms(), 0, &mut appended)?;
            }
        }
        self.commit();
        self.check_open()?;
        if let Some(staged) = &mut staged {
            self.transactions.remove(staged)?;
        }
        self.log.release_writer(id);
        Ok(())
    }

    pub(super) fn pieces_appended(&self, id: WriterId) -> u32 {
        self.log.writer_progress(id).map_or(0, |p| p.next as u32)
    }

    /// Appends the pieces that the log does not have, waits until they are durable, and removes the file.
    fn finish(self: &Arc<Self>, staged: &mut Staged, mut mark: PreparedMark) -> Result<()> {
        let id = staged.id;
        // Or a commit that goes on after a long time would begin anew.
        self.log.keep_writer(id);
        let mut done = self.pieces_appended(id);
        while done < mark.pieces {
            let mut rest = self.transactions.pieces(id, mark)?;
            for _ in 0..done {
                rest.skip()?;
            }
            let mut too_large = None;
            while too_large.is_none()
                && let Some(left) = rest.next(|bytes, piece| self.append_piece(id, bytes, &piece))?
            {
                too_large = left;
                // No commit thread may be free, and nobody else gives back what this tablet holds.
                if !self.memory.may_take() {
                    self.commit();
                }
            }
            done = self.pieces_appended(id);
            if let Some(rows) = too_large {
                let targets = rows.targets.clone();
                mark = self.transactions.replace_piece(staged, done, &mut self.halves(&rows)?, &targets)?;
            }
        }
        // In this thread: a piece without rows has no offset to wait for.
        self.commit();
        self.check_open()?;
        self.transactions.remove(staged)?;
        self.log.release_writer(id);
        Ok(())
    }

    /// Appends a piece. `Some`: nothing was appended, because with the old rows its changes are more than a log batch may have.
    fn append_piece(self: &Arc<Self>, id: WriterId, bytes: Vec<u8>, piece: &StagedPiece) -> Result<Option<Rows>> {
        let writer = Some(BatchSequence { writer_id: id, sequence: piece.number as i32 });
        match self.kind {
            TableKind::Log => {
                let mut batch = stored_batch(bytes)?;
                self.append_encoded(&mut batch, writer, self.now_ms(), 0, &mut self.appended())?;
                self.schedule_commit();
                Ok(None)
            }
            TableKind::PrimaryKey => {
                let definition = self.definition();
                let schema = definition.codec.schema();
                let (batch, deletes) = decode_upserts(&bytes, definition.codec.schemas())?;
                // A column that was dropped since is not there to be given.
                let has = |id: &&FieldId| schema.columns().iter().any(|c| c.id == **id);
                let targets = piece.targets.as_ref().map(|ids| ids.iter().filter(has).copied().collect());
                let rows = Rows { schema_id: schema.id(), batch, deletes, targets, writer };
                match self.write(&rows) {
                    Err(e) if e.code() == ErrorCode::BatchTooLarge && rows.batch.num_rows() > 1 => Ok(Some(rows)),
                    written => written.map(|_| None),
                }
            }
        }
    }

    /// The batches of two pieces in the place of one.
    fn halves(&self, rows: &Rows) -> Result<[EncodedBatch; 2]> {
        let definition = self.definition();
        let schema = definition.codec.schemas().get(rows.schema_id);
        let schema = schema.ok_or_else(|| Error::internal("the schema of a piece is not known"))?;
        let [first, second] = rows.halves().map(|half| encode_upserts(&half.batch, half.deletes.as_deref(), schema));
        Ok([first?, second?])
    }

    /// Of a transaction whose file is gone: the log says whether it was committed.
    fn was_committed(&self, id: WriterId, pieces: u32) -> Result<()> {
        let timeout = "older than 'transaction.timeout'";
        let what = match self.pieces_appended(id) {
            n if n >= pieces => return Ok(()),
            0 => format!(
                "is not known: it was never prepared here, was aborted, or is {timeout}. Restore the job from a later checkpoint, start it anew, or skip the transaction"
            ),
            n => format!("is {timeout}, and {n} of its {pieces} pieces were committed"),
        };
        Err(Error::new(ErrorCode::TransactionNotFound, format!("transaction {id} {what}")))
    }

    /// Forgets what a transaction has staged here. One that is not known is no error; one whose commit has begun is.
    pub fn abort_transaction(&self, id: WriterId) -> Result<()> {
        let _in_use = self.in_use()?;
        self.abort(id).map_err(|e| e.at(&self.name))
    }

    fn abort(&self, id: WriterId) -> Result<()> {
        let staged = self.transactions.get(id);
        let mut staged = staged.as_deref().map(lock);
        if self.log.writer_progress(id).is_some() || self.transactions.is_overwriting(id) {
            return Err(Error::invalid(format!("transaction {id} is committed, or its commit has begun: it cannot be aborted")));
        }
        match &mut staged {
            Some(staged) if !matches!(staged.stage, Stage::Gone) => self.transactions.remove(staged)?,
            _ => {}
        }
        self.log.release_writer(id);
        Ok(())
    }

    /// The transactions that have rows here and are not committed, in the order of their numbers.
    pub fn transactions(&self) -> Vec<TransactionInfo> {
        let mut infos: Vec<_> = self.transactions.all().iter().filter_map(|staged| lock(staged).info()).collect();
        // An overwrite of no rows has staged nothing.
        if let Some(BegunOverwrite { id, begun_ms, .. }) = self.transactions.overwrite().as_deref()
            && infos.iter().all(|info| info.id != *id)
        {
            infos.push(TransactionInfo { id: *id, pieces: 0, prepared_ms: Some(*begun_ms), overwrites: true });
            infos.sort_by_key(|info| info.id);
        }
        infos
    }

    /// Removes what was staged longer ago than `transaction.timeout`: nobody came to commit it. A commit that has begun is ended; if it cannot be, its
    /// file stays, and the error says why.
    pub(super) fn expire_transactions(self: &Arc<Self>, now_ms: i64) -> Result<()> {
        let _in_use = self.in_use()?;
        let expired = now_ms.saturating_sub(self.context.log.writer_expiration_ms);
        let mut result = self.check_begun_overwrite(expired);
        for staged in self.transactions.all() {
            // Who holds it is just using it.
            let Ok(mut staged) = staged.try_lock() else { continue };
            if staged.since_ms > expired || self.transactions.is_overwriting(staged.id) {
                continue;
            }
            let begun = self.log.writer_progress(staged.id).is_some();
            let ended = match &staged.stage {
                Stage::Gone => Ok(()),
                Stage::Prepared { mark } if begun => {
                    let mark = *mark;
                    self.or_poison(|| self.finish(&mut staged, mark))
                }
                // It stays until somebody says that the rest of it is to be left out: with its file would go what tells of it.
                Stage::Failed(e) | Stage::Damaged(e) if begun => Err(e.clone()),
                _ => self.transactions.remove(&mut staged).map(|()| self.log.release_writer(staged.id)),
            };
            // One that cannot be ended is in nobody's way.
            let id = staged.id;
            result = result.and(ended.map_err(|e| e.at(format_args!("end transaction {id}, whose commit had begun"))));
        }
        result
    }
}

fn not_prepared(id: WriterId) -> Error {
    Error::invalid(format!("transaction {id} is not prepared"))
}
