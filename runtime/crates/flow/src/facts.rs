//! What a login is about: everything the event is built from.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::{ActionId, ActionVersionId, BindingId, Client, Connection, OnFailure, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An action as it is bound, with the version this login runs.
#[derive(Clone)]
pub struct BoundAction {
    #[expect(missing_docs, reason = "says its name")]
    pub binding_id: BindingId,
    #[expect(missing_docs, reason = "says its name")]
    pub action_id: ActionId,
    #[expect(missing_docs, reason = "says its name")]
    pub action_name: String,
    #[expect(missing_docs, reason = "says its name")]
    pub version_id: ActionVersionId,
    /// 0 for a draft.
    pub version: u32,
    #[expect(missing_docs, reason = "says its name")]
    pub on_failure: OnFailure,
    /// Hosts its binding lets it reach; `None` leaves it to the tenant.
    pub egress_hosts: Option<Vec<String>>,
    /// Whether it has a function for the time after a suspension.
    pub continues: bool,
    /// Names and values; never serialized.
    pub secrets: Map<String, Value>,
    /// The id of the rule that it is, if it is one.
    pub rule: Option<String>,
}

impl std::fmt::Debug for BoundAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoundAction")
            .field("action_id", &self.action_id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// `event.request`; made anew when a suspended login goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are those of `event.request`")]
pub struct RequestFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<String>,
    pub query: Map<String, Value>,
    pub body: Map<String, Value>,
    pub geoip: Map<String, Value>,
}

/// What the login was asked with; kept over a suspension.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoginRequest {
    /// `event.authentication.methods`
    pub methods: Vec<Value>,
    /// `event.authentication.riskAssessment`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_assessment: Option<Map<String, Value>>,
    /// `event.transaction` without its metadata.
    pub transaction: Map<String, Value>,
    /// `event.resource_server.identifier`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// `event.organization`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Map<String, Value>>,
    /// `event.session`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Map<String, Value>>,
    /// `event.refresh_token`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Map<String, Value>>,
    /// Whether people log in: their factors are verified. A simulated login takes any.
    #[serde(default)]
    pub real: bool,
    /// Whether the user gave a factor in this browser not long ago.
    #[serde(default)]
    pub remembered: bool,
    /// Whether the token asked for can take factors away: who has one gives it first (Auth0: the MFA API).
    #[serde(default)]
    pub guarded: bool,
}

/// Second factors as they stand for the user of a login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactorFacts {
    /// Kinds that the tenant has enabled and that can be verified. `None` when nobody verifies: a simulated login may
    /// be asked for anything.
    pub possible: Option<Vec<String>>,
    /// Kinds that the user has enrolled and confirmed.
    pub enrolled: Vec<String>,
    /// Whether every login needs a factor (Auth0's policy `all-applications`).
    pub required: bool,
}

/// How a login that waited for a factor goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A simulated user gave this one, or the one that stands first.
    Simulated(Option<String>),
    /// What was verified, as entries of `event.authentication.methods`. Empty for a login that was redirected.
    Verified(Vec<Value>),
}

/// What is read anew whenever a login starts or goes on.
#[derive(Debug, Clone)]
pub struct LoginFacts {
    #[expect(missing_docs, reason = "says its name")]
    pub tenant: TenantId,
    /// The audience of the Management API, whose tokens take no custom claims.
    pub management_audience: String,
    #[expect(missing_docs, reason = "says its name")]
    pub client: Arc<Client>,
    #[expect(missing_docs, reason = "says its name")]
    pub connection: Arc<Connection>,
    #[expect(missing_docs, reason = "says its name")]
    pub request: RequestFacts,
    /// Names of the user's roles.
    pub roles: Vec<String>,
    /// Second factors as they stand.
    pub factors: FactorFacts,
    /// Parts laid over the built event (JSON Merge Patch), in a dry run.
    pub overlay: Option<Map<String, Value>>,
    /// When the login started or went on.
    pub now: Timestamp,
}

impl LoginRequest {
    /// `event.transaction.protocol`; empty when there is none.
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.transaction.get("protocol").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the user can be asked something (Auth0: `canRedirect`).
    pub(crate) fn interactive(&self, query: &Map<String, Value>) -> bool {
        let back_channel = matches!(
            self.protocol(),
            "oauth2-resource-owner" | "oauth2-refresh-token" | "oauth2-password" | "oauth2-webauthn"
        );
        let silent = query.get("prompt").and_then(Value::as_str) == Some("none")
            || self.transaction.get("prompt").is_some_and(|prompt| match prompt {
                Value::String(one) => one == "none",
                Value::Array(several) => several.iter().any(|one| one == "none"),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
            });
        !back_channel && !silent
    }

    /// Whether a factor can be asked for: the user sees a page, or the client shows one of its own when it is told
    /// `mfa_required` (Auth0: in the password grants and when a refresh token is exchanged).
    pub(crate) fn challengeable(&self, query: &Map<String, Value>) -> bool {
        match self.protocol() {
            "oauth2-resource-owner" | "oauth2-password" => true,
            "oauth2-refresh-token" => self.real,
            _ => self.interactive(query),
        }
    }

    /// Whether a second factor is among the methods.
    pub(crate) fn has_factor(&self) -> bool {
        self.methods.iter().any(|method| method.get("name").and_then(Value::as_str) == Some("mfa"))
    }

    pub(crate) fn requested_scopes(&self) -> Vec<&str> {
        match self.transaction.get("requested_scopes") {
            Some(Value::Array(scopes)) => scopes.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(scopes)) => scopes.split_ascii_whitespace().collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
        }
    }
}
