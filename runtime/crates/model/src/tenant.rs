//! The isolation unit: every row, key, secret and limit belongs to one tenant.

use std::num::NonZeroU32;

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

/// What a signing key is good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// Signs, and checks what it signed.
    #[default]
    Current,
    /// Published, so that everybody knows it by the time it signs.
    Next,
    /// Checks what it signed.
    Previous,
    /// Nothing any more; its private half is gone.
    Revoked,
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
    #[expect(missing_docs, reason = "says its name")]
    #[serde(default)]
    pub status: KeyStatus,
    /// Its certificate, which it signed itself: DER, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Since when it signed, or signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_since: Option<Timestamp>,
    /// Until when it signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_until: Option<Timestamp>,
    #[expect(missing_docs, reason = "says its name")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// How many requests a tenant's clients may send: a bucket of `burst`, filled with `per_second`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per second in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
}

impl Default for RateLimit {
    /// What one machine does not reach with logins: the limit is there to be lowered, and for loops gone wild.
    fn default() -> Self {
        let [per_second, burst] = [10_000, 20_000].map(|number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
        Self { per_second, burst }
    }
}

/// The rate limits of a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    /// Of `/api/v2`, counted once the token is checked.
    pub management: RateLimit,
    /// Of the endpoints of people and their applications.
    pub authentication: RateLimit,
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
    /// At most one is current and one is next; the newest previous and revoked ones come first among theirs.
    pub signing_keys: Vec<SigningKey>,
    /// Limits of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ExecutionLimits>,
    /// Which hosts actions may reach.
    #[serde(default)]
    pub egress: Egress,
    /// Rate limits of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimits>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}
