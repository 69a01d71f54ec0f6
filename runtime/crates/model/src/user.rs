//! A person known to a tenant, and the history of their metadata.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ActionId, ActionVersionId, ClientId, ExecutionId, Metadata, MetadataKind, RoleId, UserId};

/// One way a user is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the connection.
    pub connection: String,
    /// Its strategy, such as `auth0`.
    pub provider: String,
    /// The id there, without the strategy.
    pub user_id: String,
    /// Whether the connection is a social one.
    pub is_social: bool,
    /// The profile of a secondary identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_data: Option<Map<String, Value>>,
    /// What a linked database user logs in with; the primary identity's is [`User::password_hash`]. Never leaves the
    /// program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
}

impl Identity {
    /// A text of the secondary's profile, such as `email`.
    #[must_use]
    pub fn profile_text(&self, field: &str) -> Option<&str> {
        self.profile_data.as_ref()?.get(field)?.as_str()
    }
}

/// A user. Metadata is `None` when it was never set (Auth0 then omits the key).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// `strategy|id` of the primary identity.
    pub user_id: UserId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    /// Lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the address was confirmed.
    #[serde(default)]
    pub email_verified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub phone_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub phone_verified: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub given_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub family_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub nickname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "standard claim")]
    pub picture: Option<String>,
    /// A blocked user cannot log in; `None` when never set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    /// Further attributes of the identity provider, at the root on the wire.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// At least one; the first is primary.
    pub identities: Vec<Identity>,
    /// What the user may edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_metadata: Option<Metadata>,
    /// What only the tenant may edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_metadata: Option<Metadata>,
    /// Roles assigned directly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleId>,
    /// Enrolled second factors: provider names such as `google-authenticator`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub multifactor: Vec<String>,
    /// An argon2 string in PHC form. Never leaves the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub updated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub last_login: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub last_ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub last_password_reset: Option<Timestamp>,
    /// Committed logins, the first included.
    #[serde(default)]
    pub logins_count: u64,
}

impl User {
    /// A user of whom nothing is known but this identity.
    #[must_use]
    pub fn new(user_id: UserId, identity: Identity, at: Timestamp) -> Self {
        Self {
            user_id,
            revision: 0,
            email: None,
            email_verified: false,
            username: None,
            phone_number: None,
            phone_verified: None,
            name: None,
            given_name: None,
            family_name: None,
            nickname: None,
            picture: None,
            blocked: None,
            attributes: Map::new(),
            identities: vec![identity],
            user_metadata: None,
            app_metadata: None,
            roles: Vec::new(),
            multifactor: Vec::new(),
            password_hash: None,
            created_at: at,
            updated_at: at,
            last_login: None,
            last_ip: None,
            last_password_reset: None,
            logins_count: 0,
        }
    }

    /// The hash that a login to this database with this address or name is checked against: the primary identity's or
    /// that of a linked user.
    #[must_use]
    pub fn password_hash_of(&self, connection: &str, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        let named = |value: Option<&str>| value.is_some_and(|value| value.to_lowercase() == name);
        let (primary, linked) = self.identities.split_first()?;
        let first = primary.connection == connection
            && [&self.email, &self.username, &self.phone_number].into_iter().any(|text| named(text.as_deref()));
        if first {
            return self.password_hash.as_deref();
        }
        let held = linked.iter().filter(|identity| identity.connection == connection);
        let mut held = held.filter(|identity| {
            ["email", "username", "phone_number"].into_iter().any(|field| named(identity.profile_text(field)))
        });
        held.find_map(|identity| identity.password_hash.as_deref())
    }

    /// The metadata object of that kind, if it was ever set.
    #[must_use]
    pub fn metadata(&self, kind: MetadataKind) -> Option<&Metadata> {
        match kind {
            MetadataKind::UserMetadata => self.user_metadata.as_ref(),
            MetadataKind::AppMetadata => self.app_metadata.as_ref(),
        }
    }

    /// The metadata object of that kind, to be changed; made when it was never set.
    pub fn metadata_mut(&mut self, kind: MetadataKind) -> &mut Metadata {
        match kind {
            MetadataKind::UserMetadata => self.user_metadata.get_or_insert_with(Metadata::new),
            MetadataKind::AppMetadata => self.app_metadata.get_or_insert_with(Metadata::new),
        }
    }
}

/// Who changed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// A client with a management token.
    Client {
        #[expect(missing_docs, reason = "says its name")]
        client_id: ClientId,
    },
    /// A user with a token of their own.
    User {
        #[expect(missing_docs, reason = "says its name")]
        user_id: UserId,
        /// The client that the token was issued to.
        client_id: ClientId,
    },
    /// An action in a login.
    Action {
        #[expect(missing_docs, reason = "says its name")]
        action_id: ActionId,
        #[expect(missing_docs, reason = "says its name")]
        version_id: ActionVersionId,
        #[expect(missing_docs, reason = "says its name")]
        version: u32,
        #[expect(missing_docs, reason = "says its name")]
        execution_id: ExecutionId,
    },
    /// Postern itself, such as the connection sync of a login.
    System,
}

/// One change of one metadata key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Whose.
    pub user_id: UserId,
    /// The user revision that the change made.
    pub revision: u64,
    /// Place among the changes of that revision, from 0.
    #[serde(default)]
    pub order: u32,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Which object.
    pub kind: MetadataKind,
    /// Which key.
    pub key: String,
    /// The value before; absent when the key was not there.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "some")]
    pub from: Option<Value>,
    /// The value after; absent when the key was removed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "some")]
    pub to: Option<Value>,
}

/// Keeps a stored `null` apart from an absent value.
mod some {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    #[expect(clippy::ref_option, reason = "serde's `with` passes the field")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
        Value::deserialize(deserializer).map(Some)
    }
}
