//! A browser's signed-in state, and the login page it is on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{ClientId, SessionId, UserId};

/// Address and program of a browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Device {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// A session. Its id alone opens nothing: the browser has it in a signed cookie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    #[expect(missing_docs, reason = "says its name")]
    pub id: SessionId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    /// Name of the connection they logged in by.
    pub connection: String,
    /// Clients that got something by it.
    pub clients: Vec<ClientId>,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// How: `{"name","timestamp"}` each.
    pub methods: Vec<Value>,
    /// `event.session.metadata`
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// The browser at the login.
    #[serde(default)]
    pub first_device: Device,
    /// The browser at the last use.
    #[serde(default)]
    pub last_device: Device,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    /// When it was last used.
    pub updated_at: Timestamp,
    /// After this it is over, unless it is used before.
    pub idle_expires_at: Timestamp,
    /// After this it is over.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at || now >= self.idle_expires_at
    }

    /// Whether the user proved who they are within the last `seconds` (OpenID Connect: `max_age`).
    #[must_use]
    pub fn is_fresh(&self, seconds: u64, now: Timestamp) -> bool {
        let age = now.as_second().saturating_sub(self.authenticated_at.as_second());
        u64::try_from(age).unwrap_or_default() <= seconds && seconds > 0
    }

    /// `event.session`, in the fields of Auth0's sessions.
    #[must_use]
    pub fn event(&self) -> Map<String, Value> {
        let clients: Vec<Value> = self.clients.iter().map(|id| json!({ "client_id": id })).collect();
        Map::from_iter([
            ("id".to_owned(), json!(self.id)),
            ("user_id".to_owned(), json!(self.user_id)),
            ("clients".to_owned(), Value::Array(clients)),
            ("authenticated_at".to_owned(), json!(self.authenticated_at)),
            ("created_at".to_owned(), json!(self.created_at)),
            ("updated_at".to_owned(), json!(self.updated_at)),
            ("last_interacted_at".to_owned(), json!(self.updated_at)),
            ("idle_expires_at".to_owned(), json!(self.idle_expires_at)),
            ("expires_at".to_owned(), json!(self.expires_at)),
            ("device".to_owned(), self.device()),
            ("cookie".to_owned(), json!({ "mode": "persistent" })),
            ("metadata".to_owned(), Value::Object(self.metadata.clone())),
        ])
    }

    /// `device`, in Auth0's fields.
    #[must_use]
    pub fn device(&self) -> Value {
        json!({
            "initial_ip": self.first_device.ip, "initial_user_agent": self.first_device.user_agent,
            "last_ip": self.last_device.ip, "last_user_agent": self.last_device.user_agent,
        })
    }
}

/// One visit of a browser to the login pages, from `/authorize` to the answer. Found by its `state`, good only in the
/// browser that began it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct BrowserTransaction {
    /// SHA-256 of the `state` in the address of our pages, hex: the token itself is not kept.
    pub state_sha256: String,
    /// Set by the store.
    pub revision: u64,
    /// SHA-256 of what the browser's own cookie holds, hex.
    pub browser_sha256: String,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    /// The checked parameters of `/authorize`; `postern-app` defines them.
    pub request: Value,
    /// A login that waits for the browser to come back; `postern-app` defines it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Value>,
    /// After this it is over.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for BrowserTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserTransaction").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
