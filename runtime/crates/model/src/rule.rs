//! Rules: JavaScript from before actions. The enabled ones run in their order in every login, before the actions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Artifact, RuleId};

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    #[expect(missing_docs, reason = "says its name")]
    pub id: RuleId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Unique in the tenant.
    pub name: String,
    /// JavaScript source.
    pub script: String,
    /// Place among the rules; unique in the tenant.
    pub order: i64,
    #[expect(missing_docs, reason = "says its name")]
    pub enabled: bool,
    /// `login_success` but for old tenants; others never run.
    pub stage: String,
    /// What runs; `None` until it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

/// A name and a value that all rules can read. The value is never given back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleConfig {
    #[expect(missing_docs, reason = "says its name")]
    pub key: String,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// AEAD box under the master key; base64.
    pub sealed_value: String,
}

impl std::fmt::Debug for RuleConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleConfig").field("key", &self.key).finish_non_exhaustive()
    }
}
