//! A mail that waits to be sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ClientId, MailId, UserId};

/// A mail that was written and is not yet delivered. Gone once it is delivered or given up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Part of its `Message-ID`, so that one sent twice is recognized.
    pub id: MailId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Name of the e-mail template it was made of.
    pub template: String,
    /// Addresses, subject and text, sealed: a link in it is as good as a password.
    pub sealed: String,
    /// Whom it is to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// For whose sake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Name of the user's connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The address of who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("template", &self.template).finish_non_exhaustive()
    }
}
