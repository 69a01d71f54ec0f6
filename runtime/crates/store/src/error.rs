//! What can go wrong, one enum per door.

use std::io;
use std::path::PathBuf;

use postern_model::metadata::BadMetadata;

use crate::entity::{Index, Table};

/// A row that cannot be read as what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Its schema was never written by a program of ours, or by a newer one.
    #[error("a row of {} has schema {schema}, which this program does not know", table.name())]
    Schema {
        /// Where.
        table: Table,
        /// Which.
        schema: u16,
    },
    /// Its text is not what the schema says.
    #[error("a row of {} cannot be decoded: {message}", table.name())]
    Decode {
        /// Where.
        table: Table,
        /// Says where in the text, never what the text is.
        message: String,
    },
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row is not readable.
    #[error(transparent)]
    Record(#[from] BadRecord),
    /// A page was asked for with a cursor of another list, or with none of ours.
    #[error("the cursor is not one of this list")]
    Cursor,
    /// The engine below failed.
    #[error("storage engine failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store has stopped after a failed write; the process must be restarted.
    #[error("the store has stopped after a failed write")]
    Fatal,
}

/// Why a write set is not legal, whatever the store holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A metadata rule.
    #[error(transparent)]
    Metadata(#[from] BadMetadata),
    /// A user field that may not be set, or a value it cannot have.
    #[error("user field '{field}' cannot be set so")]
    UserField {
        /// The field; empty when the whole is not a user.
        field: String,
    },
    /// A row is too large.
    #[error("a row of {} would exceed {limit} bytes", table.name())]
    TooLarge {
        /// Where.
        table: Table,
        /// The limit.
        limit: usize,
    },
    /// An id or an indexed field is empty or too long.
    #[error("a row of {} has an id or an indexed field that is empty or longer than {} bytes", table.name(), crate::key::KEY_BYTES)]
    Key {
        /// Where.
        table: Table,
    },
    /// The request id belongs to an earlier commit of something else.
    #[error("the request id was used for another write")]
    RequestReused,
    /// The name of the root tenant.
    #[error("the tenant name is reserved")]
    ReservedTenant,
    /// A row could not be written as JSON.
    #[error("a row of {} cannot be encoded", table.name())]
    Encode {
        /// Where.
        table: Table,
    },
}

/// Why a write set was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A precondition does not hold; nothing was written.
    #[error("{} '{id}' has changed", table.name())]
    Conflict {
        /// Where.
        table: Table,
        /// Which row.
        id: String,
        /// Its revision now; `None` when there is none.
        current: Option<u64>,
    },
    /// Another row has the unique key; nothing was written.
    #[error("{} already has a row with that key in {}", table.name(), index.name())]
    Duplicate {
        /// Where.
        table: Table,
        /// The unique index.
        index: Index,
        /// The key.
        key: Vec<String>,
    },
    /// The set is not legal; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A row in the way cannot be read; nothing was written.
    #[error(transparent)]
    Record(#[from] BadRecord),
    /// It may or may not have been written; ask again with the same request id.
    #[error("the outcome of the write is not known")]
    UnknownOutcome,
    /// The store has stopped after a failed write and accepts nothing; the process must be restarted.
    #[error("the store has stopped after a failed write")]
    Fatal,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are the paths and causes that the texts name")]
pub enum OpenError {
    #[error("{path} is in use by another process")]
    Locked { path: PathBuf },
    #[error("{what} {path}")]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "the database in {path} is damaged and was moved to {quarantine}: restore an export or a copy, or ask for help; \
         nothing was deleted"
    )]
    Damaged {
        path: PathBuf,
        quarantine: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{path} belongs to instance {expected} but its database does not: refusing to start with other data")]
    ForeignInstance { path: PathBuf, expected: String },
    #[error(
        "{path} was in use before (its file INSTANCE says so) but its database is gone: restore it, or remove INSTANCE \
         to begin anew"
    )]
    Gone { path: PathBuf },
    #[error("the database in {path} has layout {found}; this program knows layouts up to {known}")]
    NewerLayout { path: PathBuf, found: u32, known: u32 },
    #[error("an import into {path} was cut short: remove the folder and import again")]
    HalfImported { path: PathBuf },
    #[error("storage engine failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum ExportError {
    #[error("cannot write the export")]
    Write(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an import failed. The store is empty again afterwards.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum ImportError {
    #[error("the store is not empty")]
    NotEmpty,
    #[error("cannot read the export")]
    Read(#[from] io::Error),
    #[error("line {line} of the export is not one this program knows")]
    BadLine { line: u64 },
    #[error("the export ends too early")]
    Truncated,
    #[error("the export's counts or checksum do not match its rows")]
    Mismatch,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}
