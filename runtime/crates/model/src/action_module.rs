//! An Actions Module: JavaScript that several actions require as `actions:name`. It has a draft and immutable numbered
//! versions, as an action has; an action names the version it uses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::action::{Dependency, SealedSecret};
use crate::{ActionModuleId, ActionModuleVersionId};

/// A module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionModule {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ActionModuleId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Unique in the tenant.
    pub name: String,
    /// JavaScript source of the draft.
    pub code: String,
    /// The draft's.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// The draft's.
    #[serde(default)]
    pub secrets: Vec<SealedSecret>,
    /// The newest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<ActionModuleVersionId>,
    /// Number of the newest version; 0 before the first.
    pub last_number: u32,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub updated_at: Timestamp,
}

/// What was published of a module's draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionModuleVersion {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ActionModuleVersionId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub module_id: ActionModuleId,
    /// Counts from 1.
    pub number: u32,
    #[expect(missing_docs, reason = "says its name")]
    pub code: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub dependencies: Vec<Dependency>,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub secrets: Vec<SealedSecret>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

/// The version of a module that an action uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleReference {
    #[expect(missing_docs, reason = "says its name")]
    pub module_id: ActionModuleId,
    /// As it was when the reference was made; a module's name does not change.
    pub module_name: String,
    #[expect(missing_docs, reason = "says its name")]
    pub module_version_id: ActionModuleVersionId,
    #[expect(missing_docs, reason = "says its name")]
    pub module_version_number: u32,
}
