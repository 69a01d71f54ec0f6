//! A role bundles what a user may do; actions see the names of a user's roles.

use serde::{Deserialize, Serialize};

use crate::RoleId;

/// What one may do with an API: a scope of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permission {
    /// The API's identifier.
    pub resource_server_identifier: String,
    /// The scope.
    pub permission_name: String,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    #[expect(missing_docs, reason = "says its name")]
    pub id: RoleId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Unique in the tenant.
    pub name: String,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub description: String,
    /// What who has it may do; without two that are equal, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
}
