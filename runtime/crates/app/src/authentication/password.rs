//! Whether someone knows a user's password, and how often one may guess.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use postern_model::{Client, Connection, FailureCount, LogType, LoginFailures, TenantId, User, UserId};
use postern_store::{CommitError, Expect, Index, UserPatch, WriteSet};
use serde_json::{Map, Value, json};

use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::login::Who;
use crate::{App, attack_protection, ids, logs, passwords};

/// How long failures count, and a block lasts, after the last one (Auth0: 30 days).
const FAILURES_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Addresses whose failures are kept of one user; the oldest goes.
const ADDRESSES: usize = 64;
/// Names nobody has whose failures are kept in memory at the same time.
const UNKNOWN_NAMES: usize = 10_000;
/// How often a count is written again when another failure came in between.
const ATTEMPTS: usize = 5;
/// Characters of a name one logs in with.
const NAME_CHARS: usize = 320;

/// Why a login with a password is refused.
#[derive(Debug)]
pub enum LoginRefused {
    /// The name or the password is wrong; which of the two is not said.
    Wrong,
    /// The user is blocked by an administrator.
    Blocked,
    /// The user is blocked for this address after too many wrong passwords.
    TooMany,
    /// The custom database of the connection does not answer as it should; the tenant log says how.
    Unreachable,
    /// A fault of ours.
    App(AppError),
}

impl From<AppError> for LoginRefused {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl LoginRefused {
    /// Status, `error` and `error_description` of Auth0's token endpoint.
    #[must_use]
    pub fn words(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Wrong => (403, "invalid_grant", "Wrong email or password."),
            Self::Blocked => (403, "unauthorized", "user is blocked"),
            Self::TooMany => (
                429,
                "too_many_attempts",
                "Your account has been blocked after multiple consecutive login attempts. \
                 We've sent you an email with instructions on how to unblock it.",
            ),
            Self::Unreachable => {
                (403, "access_denied", "The user database cannot be asked at the moment. Try again later.")
            }
            Self::App(_) => (500, "server_error", "An internal error occurred."),
        }
    }
}

/// Failures of names that nobody has: they are answered as those of a user, so that names cannot be found out, and
/// are not worth a row.
#[derive(Debug, Default)]
pub(crate) struct UnknownFailures(Mutex<HashMap<String, FailureCount>>);

impl UnknownFailures {
    /// How many failures this name has.
    pub(super) fn count(&self, key: &str, now: Timestamp) -> u32 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(key).map_or(0, |count| counted(count, now))
    }

    /// Whether this name is blocked; counts the failure when it is not.
    pub(super) fn note(&self, key: String, most: u32, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= UNKNOWN_NAMES && !counts.contains_key(&key) {
            counts.clear();
        }
        let count = counts.entry(key).or_insert(FailureCount { count: 0, last_at: now });
        if counted(count, now) >= most {
            return true;
        }
        *count = FailureCount { count: counted(count, now) + 1, last_at: now };
        false
    }
}

pub(super) fn counted(failures: &FailureCount, now: Timestamp) -> u32 {
    if now.duration_since(failures.last_at) > FAILURES_FOR { 0 } else { failures.count }
}

/// The user of a database who logs in with this name: an address or a username.
///
/// # Errors
/// A fault of the store.
pub async fn user_by_login(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
    name: &str,
) -> Result<Option<User>, AppError> {
    if name.is_empty() || name.chars().count() > NAME_CHARS {
        return Ok(None);
    }
    let name = name.trim().to_lowercase();
    let kinds = if name.contains('@') { ["email", "username"] } else { ["username", "email"] };
    for kind in kinds {
        let key = [&*connection.name, kind, &*name];
        if let Some(user) = app.store().find::<User>(tenant, Index::UserByDatabaseName, &key).await? {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// Checks a password. Who may not log in is written into the tenant log.
///
/// # Errors
/// Why the login is refused.
pub async fn password_check(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    connection: &Connection,
    (username, password): (&str, &str),
) -> Result<Who, LoginRefused> {
    if let Some(who) = super::custom::check(app, ctx, client, connection, (username, password)).await? {
        return Ok(who);
    }
    let refused = match check(app, ctx, connection, (username, password)).await {
        Ok(user) => return Ok(Who::Known(user.user_id)),
        Err((LoginRefused::App(error), _)) => return Err(LoginRefused::App(error)),
        Err(refused) => refused,
    };
    let (refused, user) = refused;
    let (kind, description) = match (&refused, &user) {
        (LoginRefused::Wrong, Some(_)) => (LogType::FailedLoginPassword, "Wrong email or password."),
        (LoginRefused::Wrong, None) => (LogType::FailedLoginUnknown, "Wrong email or password."),
        (LoginRefused::TooMany, _) => (LogType::BlockedAccount, "The user is blocked for this address."),
        (LoginRefused::Blocked | LoginRefused::Unreachable | LoginRefused::App(_), _) => {
            (LogType::FailedLogin, "user is blocked")
        }
    };
    // Strangers make these entries, and the log is no place to fill.
    if app.failed_exchanges().note(&ctx.tenant.id, ctx.now) {
        let mut fields = login_fields(ctx, client, connection);
        let name: String = username.chars().filter(|c| !c.is_control()).take(128).collect();
        fields.insert("user_name".to_owned(), json!(name));
        if let Some(user) = user {
            fields.insert("user_id".to_owned(), json!(user.user_id));
        }
        logs::log_write(app, &ctx.tenant.id, kind, description, fields, ctx.now).await?;
    }
    Err(refused)
}

/// What the tenant log says of a login beside the user.
pub(super) fn login_fields(ctx: &OpCtx, client: &Client, connection: &Connection) -> Map<String, Value> {
    let mut fields = Map::from_iter([
        ("client_id".to_owned(), json!(client.client_id)),
        ("client_name".to_owned(), json!(client.name)),
        ("connection".to_owned(), json!(connection.name)),
        ("connection_id".to_owned(), json!(connection.id)),
        ("strategy".to_owned(), json!(connection.strategy.0)),
        ("hostname".to_owned(), json!(ctx.tenant.domain)),
    ]);
    let agent = ctx.user_agent.as_ref().map(|agent| agent.chars().take(256).collect::<String>());
    for (name, value) in [("ip", ctx.ip.clone()), ("user_agent", agent)] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    fields
}

/// The hash of a password nobody has: looking for a name that nobody has takes as long as a wrong password.
static NOBODY: LazyLock<Result<String, AppError>> = LazyLock::new(|| passwords::hash_now(&ids::token()?));

type Refused = (LoginRefused, Option<Box<User>>);

async fn check(
    app: &App,
    ctx: &OpCtx,
    connection: &Connection,
    (username, password): (&str, &str),
) -> Result<User, Refused> {
    let fault = |error: AppError| (LoginRefused::App(error), None);
    let tenant = &ctx.tenant.id;
    let rules = attack_protection::brute_force(app, tenant).await.map_err(fault)?;
    let address = ctx.ip.clone().unwrap_or_default();
    let protected = connection.protects_from_brute_force() && rules.counts(&address);
    // Guesses from everywhere count together, or each address for itself.
    let address = if rules.any_address { String::new() } else { address };
    let found = user_by_login(app, tenant, connection, username).await.map_err(fault)?;
    // The name may be that of a linked user, who has a password of their own.
    let hash = found.as_ref().and_then(|user| user.password_hash_of(&connection.name, username.trim()));
    let hash = hash.map(str::to_owned);
    let (Some(user), Some(hash)) = (found, hash) else {
        let hash = match &*NOBODY {
            Ok(hash) => hash.clone(),
            Err(_) => return Err(fault(AppError::internal("hash a password"))),
        };
        passwords::verify(password.to_owned(), hash).await.map_err(fault)?;
        let name = sha256_hex(username.trim().to_lowercase().as_bytes());
        let key = format!("{tenant} {} {name} {address}", connection.id);
        let blocked = protected && app.unknown_failures().note(key, rules.max_attempts, ctx.now);
        return Err((if blocked { LoginRefused::TooMany } else { LoginRefused::Wrong }, None));
    };
    // One guess at a time: many at once would all be made before the first is counted.
    let _lock = app.logins().user_lock(tenant, &format!("password {}", user.user_id)).await;
    let failures = app.store().fetch::<LoginFailures>(tenant, user.user_id.as_str()).await;
    let failures = failures.map_err(|error| fault(error.into()))?;
    let before = failures.as_ref().and_then(|row| row.by_ip.get(&address)).map_or(0, |count| counted(count, ctx.now));
    if before >= rules.max_attempts && protected {
        return Err((LoginRefused::TooMany, Some(Box::new(user))));
    }
    if !passwords::verify(password.to_owned(), hash.clone()).await.map_err(fault)? {
        if protected {
            failed(app, ctx, &user.user_id, &address).await.map_err(fault)?;
        }
        return Err((LoginRefused::Wrong, Some(Box::new(user))));
    }
    if before > 0 {
        succeeded(app, ctx, &user.user_id, &address).await.map_err(fault)?;
    }
    if user.blocked == Some(true) {
        return Err((LoginRefused::Blocked, Some(Box::new(user))));
    }
    if passwords::is_foreign(&hash) && user.password_hash.as_ref() == Some(&hash) {
        upgrade(app, ctx, &user, password).await.map_err(fault)?;
    }
    Ok(user)
}

/// Counts one more failure.
pub(super) async fn failed(app: &App, ctx: &OpCtx, user_id: &UserId, address: &str) -> Result<(), AppError> {
    change(app, ctx, user_id, |row| {
        if row.by_ip.len() >= ADDRESSES && !row.by_ip.contains_key(address) {
            let oldest = row.by_ip.iter().min_by_key(|(_, count)| count.last_at).map(|(oldest, _)| oldest.clone());
            oldest.and_then(|oldest| row.by_ip.remove(&oldest));
        }
        let count = row.by_ip.get(address).map_or(0, |count| counted(count, ctx.now));
        row.by_ip.insert(address.to_owned(), FailureCount { count: count + 1, last_at: ctx.now });
    })
    .await
}

pub(super) async fn succeeded(app: &App, ctx: &OpCtx, user_id: &UserId, address: &str) -> Result<(), AppError> {
    change(app, ctx, user_id, |row| {
        row.by_ip.remove(address);
    })
    .await
}

async fn change(app: &App, ctx: &OpCtx, user_id: &UserId, apply: impl Fn(&mut LoginFailures)) -> Result<(), AppError> {
    let tenant = &ctx.tenant.id;
    for _ in 0..ATTEMPTS {
        let known = app.store().fetch::<LoginFailures>(tenant, user_id.as_str()).await?;
        let blank =
            || LoginFailures { user_id: user_id.clone(), revision: 0, by_ip: std::collections::BTreeMap::new() };
        let mut row = known.unwrap_or_else(blank);
        apply(&mut row);
        let set = WriteSet::new(tenant, ids::request()?);
        let set = match (row.by_ip.is_empty(), row.revision) {
            (true, 0) => return Ok(()),
            (true, revision) => set.delete::<LoginFailures>(user_id.as_str(), Expect::Revision(revision)),
            (false, 0) => set.insert(&row),
            (false, _) => set.replace(&row),
        };
        match app.store().commit(set).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("Logins of the user came too fast; try again."))
}

/// Forgets the wrong passwords of a user, as belongs to a changed password: blocks of addresses end.
///
/// # Errors
/// A fault of the store.
pub async fn login_failures_forget(app: &App, tenant: &TenantId, user_id: &UserId) -> Result<(), AppError> {
    let set = WriteSet::new(tenant, ids::request()?).delete::<LoginFailures>(user_id.as_str(), Expect::Any);
    app.store().commit(set).await?;
    Ok(())
}

/// Keeps the hash of ours instead of one that came with an import.
async fn upgrade(app: &App, ctx: &OpCtx, user: &User, password: &str) -> Result<(), AppError> {
    let hash = passwords::hash(password.to_owned()).await?;
    let mut patch = UserPatch::new(user.user_id.clone(), user.updated_at);
    patch.expect = Expect::Revision(user.revision);
    patch.set.insert("password_hash".to_owned(), Value::String(hash));
    match app.store().commit(WriteSet::new(&ctx.tenant.id, ids::request()?).patch_user(patch)).await {
        // The next login will do it.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
