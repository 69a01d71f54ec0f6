//! The tenant log: what happened, in Auth0's type codes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::LogId;

/// Auth0's type codes that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogType {
    /// A login succeeded.
    #[serde(rename = "s")]
    SuccessLogin,
    /// A login failed.
    #[serde(rename = "f")]
    FailedLogin,
    /// An action failed.
    #[serde(rename = "actions_execution_failed")]
    ActionsExecutionFailed,
    /// Client credentials were exchanged for a token.
    #[serde(rename = "seccft")]
    SuccessExchange,
    /// They were refused.
    #[serde(rename = "feccft")]
    FailedExchange,
    /// A management call changed something.
    #[serde(rename = "sapi")]
    ManagementWrite,
    /// A user signed up.
    #[serde(rename = "ss")]
    SuccessSignup,
    /// Something the operator should see.
    #[serde(rename = "w")]
    Warning,
}

impl LogType {
    /// The code on the wire.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SuccessLogin => "s",
            Self::FailedLogin => "f",
            Self::ActionsExecutionFailed => "actions_execution_failed",
            Self::SuccessExchange => "seccft",
            Self::FailedExchange => "feccft",
            Self::ManagementWrite => "sapi",
            Self::SuccessSignup => "ss",
            Self::Warning => "w",
        }
    }
}

/// One line of the tenant log. Never holds a token, a secret or an event body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Greater for later entries.
    pub log_id: LogId,
    #[expect(missing_docs, reason = "says its name")]
    pub date: Timestamp,
    #[serde(rename = "type")]
    #[expect(missing_docs, reason = "says its name")]
    pub kind: LogType,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub description: String,
    /// The other fields of Auth0's log object that are known: `client_id`, `user_id`, `ip`, `details`, ….
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}
