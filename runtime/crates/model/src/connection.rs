//! A configured source of identities.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ConnectionId;

/// Name of the database connection every tenant starts with, as in Auth0.
pub const DEFAULT_DATABASE: &str = "Username-Password-Authentication";

/// The kind of a connection. Text on the wire: `auth0` for databases, any other name for the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Strategy(pub String);

impl Strategy {
    /// A database of our own.
    #[must_use]
    pub fn is_database(&self) -> bool {
        self.0 == "auth0"
    }

    /// Whether Auth0 counts it as social: neither database, enterprise nor passwordless.
    #[must_use]
    pub fn is_social(&self) -> bool {
        !matches!(
            self.0.as_str(),
            "auth0"
                | "ad"
                | "adfs"
                | "auth0-adldap"
                | "email"
                | "google-apps"
                | "oidc"
                | "okta"
                | "pingfederate"
                | "samlp"
                | "sms"
                | "waad"
        )
    }
}

/// Which logins overwrite name, nickname, `given_name`, `family_name` and picture
/// (Auth0: `options.set_user_root_attributes`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootAttributes {
    /// Every one.
    #[default]
    OnEachLogin,
    /// The first one only.
    OnFirstLogin,
    /// None; an unknown user is not created.
    NeverOnLogin,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ConnectionId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Unique in the tenant.
    pub name: String,
    #[expect(missing_docs, reason = "says its name")]
    pub strategy: Strategy,
    /// Profile sync of a login.
    #[serde(default)]
    pub set_user_root_attributes: RootAttributes,
    /// Attributes never stored.
    #[serde(default)]
    pub non_persistent_attrs: Vec<String>,
    /// Other options, kept as they came.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// Shown to actions as `event.connection.metadata`.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}
