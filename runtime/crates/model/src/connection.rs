//! A configured source of identities.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ClientId, ConnectionId};

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
    /// Clients that may log in by it; `None`, in rows from before there was a list, is every client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_clients: Option<BTreeSet<ClientId>>,
    /// Every other setting of the wire, kept as it came (`display_name`, `is_domain_connection`, `authentication`, …).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
}

/// How strong a password of a database must be (Auth0: `options.passwordPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Auth0's")]
pub enum PasswordPolicy {
    None,
    Low,
    Fair,
    Good,
    Excellent,
}

impl PasswordPolicy {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }
}

/// What a connection may be made of; each option has the default that a new Auth0 connection has.
impl Connection {
    fn flag(&self, name: &str, default: bool) -> bool {
        self.options.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// Whether this client may log in by it.
    #[must_use]
    pub fn is_enabled_for(&self, client: &ClientId) -> bool {
        self.enabled_clients.as_ref().is_none_or(|enabled| enabled.contains(client))
    }

    /// Whether nobody may sign up.
    #[must_use]
    pub fn disables_signup(&self) -> bool {
        self.flag("disable_signup", false)
    }

    /// Whether its users have a username beside the email.
    #[must_use]
    pub fn requires_username(&self) -> bool {
        self.flag("requires_username", false)
    }

    /// Whether wrong passwords are counted.
    #[must_use]
    pub fn protects_from_brute_force(&self) -> bool {
        self.flag("brute_force_protection", true)
    }

    /// How strong its passwords must be: `good` when nothing is said, as in a new Auth0 connection.
    #[must_use]
    pub fn password_policy(&self) -> PasswordPolicy {
        match self.options.get("passwordPolicy").and_then(Value::as_str) {
            Some("none") => PasswordPolicy::None,
            Some("low") => PasswordPolicy::Low,
            Some("fair") => PasswordPolicy::Fair,
            Some("excellent") => PasswordPolicy::Excellent,
            Some(_) | None => PasswordPolicy::Good,
        }
    }
}
