//! Work that goes on after its request was answered: imports and exports of users, mails to confirm an address.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Actor, ClientId, ConnectionId, JobId, UserId};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Not begun.
    Pending,
    /// Begun; goes on after a restart.
    Processing,
    /// Done, whatever became of single rows.
    Completed,
    /// Given up as a whole.
    Failed,
}

impl JobStatus {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether there is work left.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Processing => true,
            Self::Completed | Self::Failed => false,
        }
    }
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Comma-separated, with a first line of names.
    Csv,
    /// One JSON object a line.
    Json,
}

/// A column of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportField {
    /// Path in the user, such as `identities[0].connection`.
    pub name: String,
    /// What it is called in the file; its name when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_as: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum JobKind {
    /// Users of a file become users of a database connection.
    UsersImport {
        #[expect(missing_docs, reason = "says its name")]
        connection_id: ConnectionId,
        /// Its name when the job was made.
        connection: String,
        /// Whether users that are there are changed.
        upsert: bool,
        /// The caller's own name of the job.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// Taken and shown; nobody is behind a client's token who could get the mail.
        send_completion_email: bool,
    },
    /// Users are written to a file.
    UsersExport {
        /// Of this connection only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection_id: Option<ConnectionId>,
        /// Its name when the job was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<String>,
        #[expect(missing_docs, reason = "says its name")]
        format: ExportFormat,
        /// Most users of the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
        /// All fields when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<ExportField>,
    },
    /// A user is sent a mail to confirm the address.
    VerificationEmail {
        #[expect(missing_docs, reason = "says its name")]
        user_id: UserId,
        /// Whose name the mail bears.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
    },
}

impl JobKind {
    /// The `type` on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::UsersImport { .. } => "users_import",
            Self::UsersExport { .. } => "users_export",
            Self::VerificationEmail { .. } => "verification_email",
        }
    }
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSummary {
    #[expect(missing_docs, reason = "says its name")]
    pub failed: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub updated: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub inserted: u64,
    /// Rows dealt with: the sum of the others, or the rows of an export.
    pub total: u64,
}

/// A job. Its counts are written together with the rows they count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    #[expect(missing_docs, reason = "says its name")]
    pub id: JobId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub kind: JobKind,
    #[expect(missing_docs, reason = "says its name")]
    pub status: JobStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_details: Option<String>,
    /// Who asked for it; changes of users are theirs.
    pub actor: Actor,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Rows of the whole, once known.
    #[serde(default)]
    pub rows: u64,
    /// What became of those dealt with.
    #[serde(default)]
    pub summary: JobSummary,
}

/// A row of an import that was refused.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct JobFailure {
    #[expect(missing_docs, reason = "says its name")]
    pub job_id: JobId,
    /// Place of the row in the file, from 0.
    pub row: u64,
    /// The row as it came, without secrets.
    pub user: Value,
    /// Each with `code`, `message` and sometimes `path`.
    pub errors: Vec<Value>,
}

impl fmt::Debug for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job_id, row, user: _, errors: _ } = self;
        f.debug_struct("JobFailure").field("job_id", job_id).field("row", row).finish_non_exhaustive()
    }
}
