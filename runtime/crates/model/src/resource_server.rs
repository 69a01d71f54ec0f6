//! APIs that tokens are for, and which clients may ask for them in their own name.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ClientGrantId, ClientId, ResourceServerId};

/// A scope that an API knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeInfo {
    /// The scope.
    pub value: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An API (Auth0: resource server). The management API is one too, and no row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServer {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ResourceServerId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// The audience of its tokens; unique in the tenant, never changes.
    pub identifier: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `None` when it was never given any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<ScopeInfo>>,
    /// Life time of its tokens, s.
    pub token_lifetime: u64,
    /// The same for tokens that a browser gets from `/authorize`, s.
    pub token_lifetime_for_web: u64,
    /// Whether a refresh token may be given for it.
    pub allow_offline_access: bool,
    /// Every other setting of the wire, kept as it came (`skip_consent_…`, `enforce_policies`, `token_dialect`, …).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

/// Life time of an API's tokens when it sets none, s (Auth0: a day).
pub const TOKEN_SECONDS: u64 = 86_400;
/// The same for tokens that a browser gets from `/authorize`, s (Auth0: two hours).
pub const WEB_TOKEN_SECONDS: u64 = 7_200;

impl ResourceServer {
    /// Life time of its tokens.
    #[must_use]
    pub fn token_for(&self) -> Duration {
        Duration::from_secs(self.token_lifetime)
    }

    /// Life time of tokens that a browser gets from `/authorize`.
    #[must_use]
    pub fn web_token_for(&self) -> Duration {
        Duration::from_secs(self.token_lifetime_for_web)
    }

    /// Whether a user's tokens hold only scopes that the user was given by roles (Auth0: RBAC).
    #[must_use]
    pub fn enforces_policies(&self) -> bool {
        self.settings.get("enforce_policies").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether access tokens tell the user's permissions in a claim.
    #[must_use]
    pub fn tells_permissions(&self) -> bool {
        let dialect = self.settings.get("token_dialect").and_then(Value::as_str);
        dialect.is_some_and(|dialect| dialect.ends_with("_authz"))
    }

    /// Whether it knows the scope.
    #[must_use]
    pub fn knows(&self, scope: &str) -> bool {
        self.scopes.iter().flatten().any(|known| known.value == scope)
    }
}

/// Which scopes of an API a client's own tokens may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientGrant {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ClientGrantId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    /// Identifier of the API; `None` for the management API, whose identifier moves with the tenant's domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub scope: Vec<String>,
    /// Every other setting of the wire, kept as it came (`subject_type`, `organization_usage`, …).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

impl ClientGrant {
    /// `client` (the default) when it is about tokens of the client itself, `user` when about those of users.
    #[must_use]
    pub fn subject_type(&self) -> &str {
        self.settings.get("subject_type").and_then(Value::as_str).unwrap_or("client")
    }
}
