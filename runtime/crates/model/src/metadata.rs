//! `user_metadata` and `app_metadata`: JSON objects that are changed key by key at the first level.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits;

/// A metadata object.
pub type Metadata = Map<String, Value>;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetadataKind {
    /// The user may edit it.
    UserMetadata,
    /// Only the tenant may.
    AppMetadata,
}

impl MetadataKind {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserMetadata => "user_metadata",
            Self::AppMetadata => "app_metadata",
        }
    }
}

/// Keys that `app_metadata` may not hold (Auth0: "User metadata field names and data types").
pub const RESERVED_APP_METADATA: &[&str] = &[
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor",
    "multifactor_last_modified",
    "updated_at",
    "user_id",
    "username",
];

/// Why a metadata change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMetadata {
    /// The key is reserved.
    #[error("Forbidden attribute in app_metadata: {key}")]
    Reserved {
        /// The key.
        key: String,
    },
    /// The key is empty, too long, or has a dot, a dollar sign or a control character.
    #[error("metadata key '{key}' must have 1 to {max} characters and no '.', '$' or control character", max = limits::METADATA_KEY_CHARS)]
    Key {
        /// The key.
        key: String,
    },
    /// The object would be too large.
    #[error("{kind} would exceed {limit} bytes", kind = kind.name())]
    TooLarge {
        /// Which object.
        kind: MetadataKind,
        /// The limit.
        limit: usize,
    },
}

/// Checks one key of one kind.
///
/// # Errors
/// When the key is reserved or malformed.
pub fn check_key(kind: MetadataKind, key: &str) -> Result<(), BadMetadata> {
    if kind == MetadataKind::AppMetadata && RESERVED_APP_METADATA.contains(&key) {
        return Err(BadMetadata::Reserved { key: key.to_owned() });
    }
    let length = key.chars().count();
    if length == 0 || length > limits::METADATA_KEY_CHARS || key.chars().any(|c| c == '.' || c == '$' || c.is_control())
    {
        return Err(BadMetadata::Key { key: key.to_owned() });
    }
    Ok(())
}

/// Merges `patch` into `current` at the first level: `null` removes a key, anything else replaces it whole,
/// and an empty patch removes everything (Auth0 Management API: PATCH /users/{id}).
pub fn merge(current: &mut Metadata, patch: &Metadata) {
    if patch.is_empty() {
        current.clear();
        return;
    }
    for (key, value) in patch {
        if value.is_null() {
            current.shift_remove(key);
        } else {
            current.insert(key.clone(), value.clone());
        }
    }
}

/// Size of a metadata object as JSON text, bytes.
#[must_use]
pub fn size(metadata: &Metadata) -> usize {
    serde_json::to_vec(metadata).map_or(usize::MAX, |text| text.len())
}
