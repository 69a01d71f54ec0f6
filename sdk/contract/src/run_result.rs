//! What a run hands back.

use serde::{Deserialize, Serialize};

use crate::Mutation;

/// An error the action reports itself: a returned error, a panic, a JavaScript throw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestError {
    /// Class of the error, such as `Error`, `TypeError` or `panic`.
    pub name: String,
    /// Text for the action's author.
    pub message: String,
    /// Where it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}

/// `{"mutations":[…]}` or `{"error":{…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// The changes asked for, in call order.
    Mutations(Vec<Mutation>),
    /// The action failed; it has no mutations.
    Error(GuestError),
}
