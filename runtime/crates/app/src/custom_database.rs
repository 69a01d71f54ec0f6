//! Custom databases: a connection whose users are kept by a service of the tenant's own.
//!
//! `options.custom_database` names its endpoints. Each takes a JSON object by POST:
//!
//! * `login_url` `{"username","password"}`: 200 with the profile, 401 or 403 for a wrong password, 404 for no such user;
//! * `get_user_url` `{"username"}`: 200 with the profile, 404 for no such user;
//! * `create_url` `{"email","username","password","user_metadata",…}`: 200 or 201, with the profile if it likes;
//!   409 when there is such a user, 400 `{"message"}` when it does not want them.
//!
//! A profile needs `user_id` and may hold any root attribute. `user_metadata` and `app_metadata` in it are ignored,
//! with a warning in the tenant log, unless `allow_metadata` is set (Auth0: "avoid returning metadata").

mod options;

use std::time::Duration;

use jiff::Timestamp;
use postern_engine::OutsideRequest;
use postern_model::{Connection, LogType, TenantId};
use serde_json::{Map, Value, json};

use self::options::CustomDatabase;
pub(crate) use self::options::options_check;
pub use self::options::options_show;
use crate::error::AppError;
use crate::{App, logs};

/// How long an endpoint may take: a user waits.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_BYTES: usize = 256 * 1024;
/// Fields that are not an endpoint's to set.
const OURS: [&str; 14] = [
    "attributes",
    "blocked",
    "created_at",
    "identities",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "mfa_factors",
    "multifactor",
    "password",
    "password_hash",
    "roles",
    "updated_at",
];

/// Whether the users of this connection are kept elsewhere.
pub(crate) fn is_custom(connection: &Connection) -> bool {
    CustomDatabase::of(connection).is_some()
}

/// Whether a user who logged in once is kept here from then on.
pub(crate) fn imports(connection: &Connection) -> bool {
    CustomDatabase::of(connection).is_some_and(|custom| custom.import_mode)
}

/// What an endpoint said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// This is the user.
    Profile(Map<String, Value>),
    /// The user has another password, or may not log in.
    Wrong,
    /// There is no such user.
    Unknown,
    /// There is such a user already.
    Exists,
    /// The user is not wanted, and why.
    Refused(String),
    /// Nothing that can be used; the tenant log says what.
    Failed,
}

/// Asks who a user is.
///
/// # Errors
/// A fault of ours; one of the endpoint is [`Said::Failed`].
pub(crate) async fn login(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
    username: &str,
    password: &str,
    now: Timestamp,
) -> Result<Said, AppError> {
    let Some(custom) = CustomDatabase::of(connection) else { return Ok(Said::Unknown) };
    let body = json!({ "username": username, "password": password, "connection": connection.name });
    let asker = Asker { app, tenant, connection, custom: &custom, now };
    match asker.ask("login", &custom.login_url, &body).await? {
        Some((200, Some(profile))) => asker.profile("login", profile).await,
        Some((401 | 403, _)) => Ok(Said::Wrong),
        Some((404, _)) => Ok(Said::Unknown),
        Some((status, _)) => asker.failed("login", &unexpected(status)).await,
        None => Ok(Said::Failed),
    }
}

/// Asks whether there is such a user. Without an endpoint for it there is none.
///
/// # Errors
/// See [`login`].
pub(crate) async fn get_user(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
    username: &str,
    now: Timestamp,
) -> Result<Said, AppError> {
    let Some(custom) = CustomDatabase::of(connection) else { return Ok(Said::Unknown) };
    let Some(url) = &custom.get_user_url else { return Ok(Said::Unknown) };
    let body = json!({ "username": username, "email": username, "connection": connection.name });
    let asker = Asker { app, tenant, connection, custom: &custom, now };
    match asker.ask("get_user", url, &body).await? {
        Some((200, Some(Value::Null))) | Some((204 | 404, _)) => Ok(Said::Unknown),
        Some((200, Some(profile))) => asker.profile("get_user", profile).await,
        Some((status, _)) => asker.failed("get_user", &unexpected(status)).await,
        None => Ok(Said::Failed),
    }
}

/// Has a user made. Without an endpoint for it nobody signs up.
///
/// # Errors
/// See [`login`].
pub(crate) async fn create(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
    user: Map<String, Value>,
    now: Timestamp,
) -> Result<Said, AppError> {
    let Some(custom) = CustomDatabase::of(connection) else { return Ok(Said::Unknown) };
    let Some(url) = &custom.create_url else {
        return Ok(Said::Refused("The custom database does not take users.".to_owned()));
    };
    let mut body = user;
    body.insert("connection".to_owned(), json!(connection.name));
    let asker = Asker { app, tenant, connection, custom: &custom, now };
    match asker.ask("create", url, &Value::Object(body)).await? {
        Some((200 | 201, Some(profile @ Value::Object(_)))) if profile.get("user_id").is_some() => {
            asker.profile("create", profile).await
        }
        Some((200 | 201 | 204, _)) => Ok(Said::Profile(Map::new())),
        Some((409, _)) => Ok(Said::Exists),
        Some((400 | 422, said)) => {
            let text = said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or("Invalid sign up");
            Ok(Said::Refused(text.chars().filter(|c| !c.is_control()).take(300).collect()))
        }
        Some((status, _)) => asker.failed("create", &unexpected(status)).await,
        None => Ok(Said::Failed),
    }
}

fn unexpected(status: u16) -> String {
    format!("it answered with status {status}, or without JSON")
}

struct Asker<'a> {
    app: &'a App,
    tenant: &'a TenantId,
    connection: &'a Connection,
    custom: &'a CustomDatabase,
    now: Timestamp,
}

impl Asker<'_> {
    /// The answer of an endpoint: its status, and its body if that is JSON. `None` when there is none.
    async fn ask(&self, what: &str, url: &str, body: &Value) -> Result<Option<(u16, Option<Value>)>, AppError> {
        let mut headers = self.custom.open_headers(self.app, self.tenant, self.connection)?;
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        let request = OutsideRequest {
            method: "POST",
            url: url.to_owned(),
            headers,
            body: Some(body.to_string()),
            takes_at_most: ANSWERS_WITHIN,
            answer_bytes: ANSWER_BYTES,
        };
        match self.app.engine().fetch(request).await {
            Ok(answer) => {
                let body = serde_json::from_slice(&answer.body).ok();
                // Only what is about the user is an answer without a text.
                let plain = matches!(answer.status, 200) && body.is_none();
                if plain && what != "create" {
                    self.failed(what, "it answered without JSON").await?;
                    return Ok(None);
                }
                Ok(Some((answer.status, body)))
            }
            Err(error) => {
                self.failed(what, &error.to_string()).await?;
                Ok(None)
            }
        }
    }

    async fn failed(&self, what: &str, reason: &str) -> Result<Said, AppError> {
        let text = format!("The custom database of '{}' failed at {what}: {reason}", self.connection.name);
        self.warn(&text).await?;
        Ok(Said::Failed)
    }

    async fn warn(&self, text: &str) -> Result<(), AppError> {
        let mut fields = Map::new();
        fields.insert("connection".to_owned(), json!(self.connection.name));
        fields.insert("connection_id".to_owned(), json!(self.connection.id));
        fields.insert("strategy".to_owned(), json!(self.connection.strategy.0));
        logs::log_write(self.app, self.tenant, LogType::Warning, text, fields, self.now).await
    }

    /// What of a profile may be taken over.
    async fn profile(&self, what: &str, profile: Value) -> Result<Said, AppError> {
        let Value::Object(mut profile) = profile else {
            return self.failed(what, "a profile is a JSON object").await;
        };
        let id = profile.remove("user_id").or_else(|| profile.remove("id"));
        let id = match id {
            Some(Value::String(id)) if !id.is_empty() && id.len() <= 200 => id,
            Some(Value::Number(id)) => id.to_string(),
            _ => return self.failed(what, "a profile must have a 'user_id'").await,
        };
        profile.insert("user_id".to_owned(), json!(id));
        let ignored: Vec<&str> = ["user_metadata", "app_metadata"]
            .into_iter()
            .filter(|name| !self.custom.allow_metadata && profile.contains_key(*name))
            .collect();
        if !ignored.is_empty() {
            let text = format!(
                "The custom database of '{}' returned {}, which was ignored: metadata is kept here. Set \
                 options.custom_database.allow_metadata to take it over.",
                self.connection.name,
                ignored.join(" and ")
            );
            self.warn(&text).await?;
        }
        profile.retain(|name, value| {
            !value.is_null() && !OURS.contains(&name.as_str()) && !ignored.contains(&name.as_str())
        });
        Ok(Said::Profile(profile))
    }
}
