//! An action: a draft, immutable numbered versions, and its place in a trigger.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ActionId, ActionVersionId, BindingId, ModuleReference};

/// A point in a flow where actions run. Others than post-login are stored, not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Such as `post-login`.
    pub id: String,
    /// Such as `v3`.
    pub version: String,
}

/// The trigger whose actions run in a login.
pub const POST_LOGIN: &str = "post-login";
/// The trigger of a client that asks for a token of its own.
pub const CREDENTIALS_EXCHANGE: &str = "credentials-exchange";

/// How the code of an action is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Runtime {
    /// A compiled module, uploaded.
    #[serde(rename = "wasm")]
    Wasm,
    /// JavaScript source.
    #[serde(rename = "node22")]
    Node22,
    /// JavaScript source.
    #[serde(rename = "node18-actions")]
    Node18,
}

/// Where the build of a draft or version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionStatus {
    /// Nothing to build yet.
    Pending,
    /// Deployable.
    Built,
    /// Not buildable; the draft says why.
    Failed,
}

/// A secret as stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// Unique in the action.
    pub name: String,
    /// AEAD box under the master key; base64.
    pub sealed_value: String,
    #[expect(missing_docs, reason = "says its name")]
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An npm dependency of JavaScript code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    #[expect(missing_docs, reason = "says its name")]
    pub name: String,
    #[expect(missing_docs, reason = "says its name")]
    pub version: String,
}

/// What an artifact's bytes are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// A WebAssembly module that was uploaded.
    #[default]
    Module,
    /// What the JavaScript engine loads: a source with its packages.
    Payload,
}

impl ArtifactKind {
    fn is_module(&self) -> bool {
        *self == Self::Module
    }
}

/// What a draft or version runs, by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    #[serde(default, skip_serializing_if = "ArtifactKind::is_module")]
    #[expect(missing_docs, reason = "says its name")]
    pub kind: ArtifactKind,
    /// SHA-256 of the bytes, lower-case hex; they are a row of their own.
    pub sha256: String,
    #[expect(missing_docs, reason = "says its name")]
    pub size: u64,
    /// ABI it was built for.
    pub abi: u32,
    /// SDK that built it, `name version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdk: Option<String>,
    /// Hosts its stamp asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<String>,
    /// SHA-256 of the lock of the packages in it, which is a row too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_sha256: Option<String>,
}

/// Why a build failed, in Auth0's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildError {
    /// A stable code.
    pub id: String,
    /// A text for the author.
    pub msg: String,
}

/// The editable state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    #[expect(missing_docs, reason = "says its name")]
    pub runtime: Runtime,
    /// JavaScript source; empty for a compiled action.
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub dependencies: Vec<Dependency>,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub secrets: Vec<SealedSecret>,
    /// Actions Modules the source may require.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<ModuleReference>,
    /// The uploaded module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    #[expect(missing_docs, reason = "says its name")]
    pub status: VersionStatus,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub errors: Vec<BuildError>,
    /// When the artifact was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_at: Option<Timestamp>,
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ActionId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Unique in the tenant.
    pub name: String,
    /// Just one.
    pub trigger: Trigger,
    #[expect(missing_docs, reason = "says its name")]
    pub draft: Draft,
    /// The version new logins run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<ActionVersionId>,
    /// Number of the newest version; 0 before the first.
    pub last_number: u32,
    /// Whether the draft is what is deployed.
    pub all_changes_deployed: bool,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub updated_at: Timestamp,
}

/// An immutable numbered snapshot of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionVersion {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ActionVersionId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub action_id: ActionId,
    /// Counts from 1.
    pub number: u32,
    /// SHA-256 over artifact, code, dependencies, SDK stamp, secret names and settings; lower-case hex.
    pub content_sha256: String,
    #[expect(missing_docs, reason = "says its name")]
    pub runtime: Runtime,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub code: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub dependencies: Vec<Dependency>,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub secrets: Vec<SealedSecret>,
    /// Actions Modules its source may require.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<ModuleReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub artifact: Option<Artifact>,
    /// The version this is a copy of, after a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_from: Option<ActionVersionId>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

/// What a failing action does to the login.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The login ends with `access_denied`.
    #[default]
    Deny,
    /// The login goes on without this action.
    Skip,
}

/// An ordered entry: this action runs at this trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    #[expect(missing_docs, reason = "says its name")]
    pub id: BindingId,
    #[expect(missing_docs, reason = "says its name")]
    pub action_id: ActionId,
    #[expect(missing_docs, reason = "says its name")]
    pub display_name: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub on_failure: OnFailure,
    /// Hosts the action may reach; `None` leaves it to the tenant's egress setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_hosts: Option<Vec<String>>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}
