//! A role bundles what a user may do; actions see the names of a user's roles.

use serde::{Deserialize, Serialize};

use crate::RoleId;

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
}
