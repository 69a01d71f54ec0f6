//! What can be kept: tables, indexes and the trait that ties a type to them.

use std::fmt;
use std::sync::Arc;

use postern_model::{Binding, JobId, TenantId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::BadRecord;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$item_doc])* #[serde(rename = $text)] $item,)*
        }

        impl $name {
            /// Every one, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$item),*];

            /// Its byte in keys. Codes are only ever added.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$item => $code,)* }
            }

            /// Its name in exports and errors.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$item => $text,)* }
            }
        }
    };
}

codes! {
    /// One kind of row.
    Table {
        /// [`postern_model::Tenant`], all under [`root_tenant`].
        Tenants = 1, "tenants";
        /// [`postern_model::User`]
        Users = 2, "users";
        /// [`postern_model::HistoryEntry`]
        History = 3, "history";
        /// [`postern_model::Client`]
        Clients = 4, "clients";
        /// [`postern_model::Connection`]
        Connections = 5, "connections";
        /// [`postern_model::Role`]
        Roles = 6, "roles";
        /// [`postern_model::Action`]
        Actions = 7, "actions";
        /// [`postern_model::ActionVersion`]
        Versions = 8, "versions";
        /// [`ArtifactBytes`]
        Artifacts = 9, "artifacts";
        /// [`BindingList`]
        Bindings = 10, "bindings";
        /// [`postern_model::Execution`]
        Executions = 11, "executions";
        /// [`postern_model::SuspendedLogin`]
        Suspended = 12, "suspended";
        /// [`postern_model::LogEntry`]
        Logs = 13, "logs";
        /// [`Setting`]
        Settings = 14, "settings";
        /// [`postern_model::OneTime`]
        OneTimes = 20, "one_times";
        /// [`postern_model::RefreshToken`]
        RefreshTokens = 21, "refresh_tokens";
        /// [`postern_model::LoginFailures`]
        LoginFailures = 22, "login_failures";
        /// [`postern_model::LoginClaims`]
        LoginClaims = 23, "login_claims";
        /// [`postern_model::Authenticator`]
        Authenticators = 30, "authenticators";
        /// [`postern_model::FactorAttempts`]
        FactorAttempts = 31, "factor_attempts";
        /// [`postern_model::Job`]
        Jobs = 35, "jobs";
        /// [`JobPart`]
        JobParts = 36, "job_parts";
        /// [`postern_model::JobFailure`]
        JobFailures = 37, "job_failures";
        /// [`postern_model::Session`]
        Sessions = 25, "sessions";
        /// [`postern_model::BrowserTransaction`]
        BrowserTransactions = 26, "browser_transactions";
        /// [`postern_model::Mail`]
        Outbox = 45, "outbox";
        /// [`postern_model::ResourceServer`]
        ResourceServers = 40, "resource_servers";
        /// [`postern_model::ClientGrant`]
        ClientGrants = 41, "client_grants";
        /// [`postern_model::Rule`]
        Rules = 42, "rules";
        /// [`postern_model::rule::RuleConfig`]
        RuleConfigs = 43, "rule_configs";
        /// [`postern_model::ActionModule`]
        ActionModules = 60, "action_modules";
        /// [`postern_model::ActionModuleVersion`]
        ActionModuleVersions = 61, "action_module_versions";
    }
}

codes! {
    /// A secondary index: rows found or listed by something else than their id.
    Index {
        /// Unique. Key: domain.
        TenantByDomain = 1, "tenant_by_domain";
        /// Key: email.
        UserByEmail = 2, "user_by_email";
        /// Unique. Key: connection name, id there.
        UserByIdentity = 3, "user_by_identity";
        /// Key: creation time, oldest first.
        UserByCreated = 4, "user_by_created";
        /// Key: username.
        UserByUsername = 5, "user_by_username";
        /// Key: name.
        ClientByName = 6, "client_by_name";
        /// Unique. Key: name.
        ConnectionByName = 7, "connection_by_name";
        /// Unique. Key: name.
        RoleByName = 8, "role_by_name";
        /// Unique. Key: name.
        ActionByName = 9, "action_by_name";
        /// Key: trigger id, creation time.
        ActionByTrigger = 10, "action_by_trigger";
        /// Key: action id, newest number first.
        VersionByAction = 11, "version_by_action";
        /// Key: login id, oldest first.
        ExecutionByLogin = 12, "execution_by_login";
        /// Key: user id, newest first.
        ExecutionByUser = 13, "execution_by_user";
        /// Unique. Key: SHA-256 of the state token.
        SuspendedByState = 14, "suspended_by_state";
        /// Key: end of its time, earliest first.
        SuspendedByExpiry = 15, "suspended_by_expiry";
        /// Key: user id, newest first.
        LogByUser = 16, "log_by_user";
        /// Unique. Key: database connection name, `email` or `username`, the value.
        UserByDatabaseName = 18, "user_by_database_name";
        /// Key: end of its time, earliest first.
        OneTimeByExpiry = 30, "one_time_by_expiry";
        /// Key: user id, newest first.
        RefreshTokenByUser = 31, "refresh_token_by_user";
        /// Key: session id.
        RefreshTokenBySession = 32, "refresh_token_by_session";
        /// Key: end of its time, earliest first; those without an end are not in it.
        RefreshTokenByExpiry = 33, "refresh_token_by_expiry";
        /// Key: user id, oldest first.
        AuthenticatorByUser = 50, "authenticator_by_user";
        /// Key: web origin, client id.
        ClientByOrigin = 90, "client_by_origin";
        /// Key: creation time, oldest first.
        JobByCreated = 60, "job_by_created";
        /// Jobs with work left. Key: type, creation time.
        JobByOpen = 61, "job_by_open";
        /// Key: user id, newest first.
        SessionByUser = 40, "session_by_user";
        /// Key: end of its time, earliest first.
        SessionByExpiry = 41, "session_by_expiry";
        /// Key: end of its time, earliest first.
        BrowserTransactionByExpiry = 42, "browser_transaction_by_expiry";
        /// Key: when it is tried next, earliest first.
        OutboxByDue = 80, "outbox_by_due";
        /// Unique. Key: identifier.
        ResourceServerByIdentifier = 70, "resource_server_by_identifier";
        /// Unique. Key: client id, audience, subject type.
        ClientGrantByClient = 71, "client_grant_by_client";
        /// Unique. Key: name.
        RuleByName = 72, "rule_by_name";
        /// Unique. Key: order, least first.
        RuleByOrder = 73, "rule_by_order";
        /// Unique. Key: name.
        ActionModuleByName = 100, "action_module_by_name";
        /// Key: module id, newest number first.
        ActionModuleVersionByModule = 101, "action_module_version_by_module";
    }
}

/// One entry of a row in an index, written and removed in the transaction that writes the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Which index.
    #[serde(rename = "i")]
    pub index: Index,
    /// The parts of the key, compared one after the other.
    #[serde(rename = "k")]
    pub key: Vec<String>,
    /// Whether no other row of the tenant may have this key.
    #[serde(rename = "u", default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
}

/// A type the store keeps.
pub trait Entity: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Where its rows are.
    const TABLE: Table;
    /// Version of its stored form; raised together with an [`Entity::upcast`] from the one before.
    const SCHEMA: u16;

    /// Key inside the tenant.
    fn id(&self) -> String;

    /// Its entries in secondary indexes.
    fn indexes(&self) -> Vec<IndexEntry> {
        Vec::new()
    }

    /// The revision it was read with; 0 for types that do not carry one.
    fn revision(&self) -> u64 {
        0
    }

    /// Sets the row's revision after reading or writing.
    fn set_revision(&mut self, _revision: u64) {}

    /// Brings data of an older schema to the next one; called repeatedly until it is [`Entity::SCHEMA`].
    ///
    /// # Errors
    /// When that schema was never written.
    fn upcast(schema: u16, _data: Value) -> Result<Value, BadRecord> {
        Err(BadRecord::Schema { table: Self::TABLE, schema })
    }
}

/// The bytes of an uploaded module, by content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactBytes {
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// The module.
    #[serde(with = "base64_bytes")]
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for ArtifactBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactBytes").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// A piece of a job's file: what an import reads, or what an export wrote.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPart {
    /// Whose.
    pub job_id: JobId,
    /// Place in the file, from 0.
    pub part: u64,
    /// Its bytes.
    #[serde(with = "base64_bytes")]
    pub bytes: Arc<[u8]>,
}

// Holds people's data and their hashes.
impl fmt::Debug for JobPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { job_id, part, bytes: _ } = self;
        f.debug_struct("JobPart").field("job_id", job_id).field("part", part).finish_non_exhaustive()
    }
}

/// What is bound to a trigger, in order; replaced whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingList {
    /// Such as `post-login`.
    pub trigger_id: String,
    /// Set by the store.
    pub revision: u64,
    /// In the order they run.
    pub bindings: Vec<Binding>,
}

/// A named value that has no type of its own.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    #[expect(missing_docs, reason = "says its name")]
    pub name: String,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub value: Value,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The tenant under which the tenant rows themselves are kept. No tenant may have its name.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant that is a well-formed tenant name")]
pub fn root_tenant() -> TenantId {
    "postern-root".parse().expect("is a tenant name")
}

/// Text that sorts later numbers first.
#[must_use]
pub fn newest(number: u64) -> String {
    oldest(!number)
}

/// Text that sorts as the number does.
pub(crate) fn oldest(number: u64) -> String {
    format!("{number:016x}")
}

/// An id of several parts; rows are listed by leading parts with [`Query::under`](crate::Query::under).
/// The parts may not hold control characters: ids and numbers never do.
#[must_use]
pub fn compose(parts: &[&str]) -> String {
    parts.join(ID_SEPARATOR)
}

/// Sorts before every character an id may hold.
pub(crate) const ID_SEPARATOR: &str = "\u{1f}";

mod base64_bytes {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map(Arc::from).map_err(de::Error::custom)
    }
}
