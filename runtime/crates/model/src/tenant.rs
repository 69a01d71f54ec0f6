//! The isolation unit: every row, key, secret and limit belongs to one tenant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ExecutionLimits, TenantId};

/// Which hosts the actions of a tenant may reach at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Egress {
    /// Any public address.
    #[default]
    Public,
    /// Nothing.
    None,
}

/// A key that signs the tenant's tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// `kid` of the JWKS.
    pub kid: String,
    /// PKCS#8 DER, sealed under the master key; base64.
    pub sealed_private_key: String,
    /// Modulus, base64url without padding.
    pub n: String,
    /// Exponent, base64url without padding.
    pub e: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its name.
    pub id: TenantId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// `host[:port]` that picks the tenant; unique.
    pub domain: String,
    /// The first signs; the others are published only.
    pub signing_keys: Vec<SigningKey>,
    /// Limits of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ExecutionLimits>,
    /// Which hosts actions may reach.
    #[serde(default)]
    pub egress: Egress,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}
