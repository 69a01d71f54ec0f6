//! What the authentication endpoints keep: one-time secrets, refresh tokens, failed logins, claims of a login.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ClientId, RefreshTokenId, UserId};

/// A secret that is good for once: an authorization code, a login ticket, a mail's link. The secret itself is not kept.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct OneTime {
    /// SHA-256 of the secret, hex.
    pub secret_sha256: String,
    /// Set by the store.
    pub revision: u64,
    /// What it is good for; a secret of one kind opens nothing of another.
    pub kind: String,
    /// What the one who made it wants to know when it comes back.
    pub payload: Value,
    /// After this it is as if it were not there.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for OneTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTime").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A refresh token: the whole family that rotation makes of one login. The token itself is not kept, it is computed.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RefreshToken {
    #[expect(missing_docs, reason = "says its name")]
    pub id: RefreshTokenId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    /// The session it was made in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whether each exchange gives another token.
    pub rotating: bool,
    /// How often it was rotated: which token of the family is the current one.
    pub generation: u32,
    /// When it was rotated last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Timestamp>,
    /// What its login allowed, as the issuer of tokens wrote it.
    pub authorized: Value,
    /// `event.refresh_token.metadata`
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// Address and user agent of the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_ip: Option<String>,
    /// See `initial_ip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_user_agent: Option<String>,
    /// The same of the last exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ip: Option<String>,
    /// See `last_ip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_user_agent: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub last_exchanged_at: Option<Timestamp>,
    /// Its end when it is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_expires_at: Option<Timestamp>,
    /// Its end in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl RefreshToken {
    /// The earlier of its ends, if it has one.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.idle_expires_at.into_iter().chain(self.expires_at).min()
    }
}

/// Wrong passwords of one user, by the address they came from (Auth0: brute-force protection).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginFailures {
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub by_ip: BTreeMap<String, FailureCount>,
}

/// Consecutive failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureCount {
    #[expect(missing_docs, reason = "says its name")]
    pub count: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// Custom claims of the ID token that the last login of a user gave a client: `/userinfo` shows them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LoginClaims {
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub id_claims: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub at: Timestamp,
}

impl std::fmt::Debug for LoginClaims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginClaims").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}
