//! One error type for all crates: a stable code, whether a retry can help, and a message that says what, where and what
//! to do.
use std::fmt;

/// `Result` with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Stable numbers: a code never changes its meaning and is never used again. `code / 100` is the kind, which says what the
/// caller should do: 1 mend the request, 2 not found, 3 exists already, 4 fenced (stop), 5 unavailable (try later),
/// 6 corrupt (restore), 7 exhausted (make room), 8 closed (open again), 9 internal (report).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ErrorCode {
    /// The request makes no sense.
    InvalidArgument = 100,
    /// No such option.
    UnknownOption = 101,
    /// The value of an option cannot be read, or options contradict each other.
    InvalidOption = 102,
    /// A column type that the store does not have, or not in this place.
    UnsupportedType = 103,
    /// NULL in a key column.
    NullKey = 104,
    /// A handle that is closed, of another type, or was never given out.
    StaleHandle = 105,
    /// Rows or a declaration do not fit the table's schema.
    SchemaMismatch = 106,
    /// A database, table or column name that is not allowed.
    IdentifierInvalid = 107,
    /// The value of a partition key that is not allowed, or a partition that is named by other columns than the table's partition keys.
    InvalidPartition = 108,
    /// A delete was written to a table that takes none.
    DeletionDisabled = 109,
    /// A batch is longer than a log batch may be, or would make one that is.
    BatchTooLarge = 110,
    /// No such database.
    DatabaseNotFound = 201,
    /// No such table.
    TableNotFound = 202,
    /// No such bucket.
    BucketNotFound = 203,
    /// No such snapshot: released, or its lease has expired.
    SnapshotNotFound = 204,
    /// No such column.
    ColumnNotFound = 205,
    /// No such partition: never made, or dropped.
    PartitionNotFound = 206,
    /// No such transaction: never prepared, aborted, or expired.
    TransactionNotFound = 207,
    /// The database exists already.
    DatabaseExists = 301,
    /// The table exists already.
    TableExists = 302,
    /// The database still has tables.
    DatabaseNotEmpty = 303,
    /// The column exists already.
    ColumnExists = 304,
    /// The partition exists already.
    PartitionExists = 305,
    /// The log no longer has the offset asked for.
    LogTruncated = 401,
    /// A batch of an idempotent writer came out of its order.
    OutOfOrderSequence = 402,
    /// Cannot be done now.
    Unavailable = 500,
    /// Another process, or another copy of the library, has the data directory open.
    DirectoryInUse = 501,
    /// A log segment is damaged before its tail.
    CorruptSegment = 601,
    /// The catalog file is damaged.
    CorruptMeta = 602,
    /// Written by a version with a format or feature that this one does not know.
    UnknownFormat = 603,
    /// The key-value store of a tablet is damaged.
    CorruptKv = 604,
    /// The file of a staged transaction is damaged.
    CorruptTransaction = 605,
    /// No space left on the device.
    DiskFull = 701,
    /// A memory bound is reached.
    OutOfMemory = 702,
    /// The table has as many partitions as `max.partition.num` allows.
    TooManyPartitions = 703,
    /// The table, all its partitions together, has as many buckets as `max.bucket.num` allows.
    TooManyBuckets = 704,
    /// The auto increment column has no number left.
    NumbersExhausted = 705,
    /// More keys have changed since the time that is asked for than a reader may hold in memory.
    TooManyChanges = 706,
    /// The object was closed.
    Closed = 801,
    /// A bug of ours.
    Internal = 900,
    /// A panic was caught.
    Panic = 901,
    /// The operating system refused a read or a write.
    Io = 902,
    /// An earlier failure left the object in a state that cannot be trusted; open it again.
    Poisoned = 903,
}

impl ErrorCode {
    /// Whether the same call can succeed later without a change of the request.
    pub fn retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::DirectoryInUse | Self::DiskFull | Self::OutOfMemory)
    }
}

/// An error of the store. Cheap to clone, so that one failed flush can fail all who wait for it.
#[derive(Clone, Debug)]
pub struct Error {
    code: ErrorCode,
    message: std::sync::Arc<str>,
}

impl Error {
    /// An error with a message for people: what, where, what to do.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into().into() }
    }

    /// [`ErrorCode::InvalidArgument`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, message)
    }

    /// [`ErrorCode::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// An error of the operating system; `what` names the operation and the file.
    pub fn io(what: impl fmt::Display, source: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::new(
                ErrorCode::DiskFull,
                format!("{what}: no space left on the device. Make room; what was acknowledged is kept"),
            ),
            _ => Self::new(ErrorCode::Io, format!("{what}: {source}")),
        }
    }

    /// The same error with the place in front of its message.
    #[must_use]
    pub fn at(&self, place: impl fmt::Display) -> Self {
        Self::new(self.code, format!("{place}: {}", self.message))
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// Whether the same call can succeed later.
    pub fn retryable(&self) -> bool {
        self.code.retryable()
    }

    /// The message without the code.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<arrow_schema::ArrowError> for Error {
    fn from(e: arrow_schema::ArrowError) -> Self {
        Self::internal(format!("arrow: {e}"))
    }
}
