//! Users and the history of their metadata (Auth0 Management API: /users).

pub mod access;
mod condition;
mod fields;
pub mod identities;
mod search;

use std::collections::BTreeMap;

use postern_model::metadata::{check_key, size};
use postern_model::{Connection, HistoryEntry, Identity, LogEntry, Metadata, MetadataKind, User, UserId, limits};
use postern_store::{CommitError, Expect, Index, MetadataChange, Page, Query, UserPatch, WriteSet};
use serde_json::{Map, Value, json};

pub use self::search::{UserPage, UserQuery, UserWindow, user_list};
use crate::authentication::{Personal, login_failures_forget, password_policy_check, user_forget, user_password_check};
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::logs::{self, LogFilter};
use crate::mail::tickets::{Asked, user_created};
use crate::{App, clients, connections, ids, mfa, passwords};

/// Characters of the root fields (Auth0 Management API: POST /users).
const FIELD_CHARS: &[(&str, usize)] = &[
    ("name", 300),
    ("given_name", 150),
    ("family_name", 150),
    ("nickname", 300),
    ("username", 128),
    ("picture", 2048),
    ("email", 254),
    ("phone_number", 32),
];

/// What a request may set. In a text field `Some(None)` is `null`.
#[derive(Clone, Default)]
pub struct UserInput {
    /// Name of the connection.
    pub connection: Option<String>,
    /// Without the strategy.
    pub user_id: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub password: Option<String>,
    /// `email`, `username`, `name`, `nickname`, …; `None` removes.
    pub text: BTreeMap<&'static str, Option<String>>,
    /// `email_verified`, `phone_verified`, `blocked`.
    pub flags: BTreeMap<&'static str, bool>,
    /// Whether a new user is asked to confirm the address; as `email_verified` says when absent.
    pub verify_email: Option<bool>,
    #[expect(missing_docs, reason = "says its name")]
    pub user_metadata: Option<Metadata>,
    #[expect(missing_docs, reason = "says its name")]
    pub app_metadata: Option<Metadata>,
}

impl std::fmt::Debug for UserInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserInput").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl UserInput {
    fn given(&self, field: &str) -> bool {
        self.text.contains_key(field) || self.flags.contains_key(field)
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.text.get(field).and_then(Option::as_deref)
    }
}

fn absent() -> AppError {
    AppError::new(Code::InexistentUser, "The user does not exist.")
}

/// The user, whatever the scopes: for the other use cases.
pub(crate) async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<User, AppError> {
    let id: UserId = id.parse().map_err(|_bad| absent())?;
    app.store().fetch::<User>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)
}

/// Checks what a request may set, the password's strength apart.
pub(crate) fn check_fields(input: &UserInput) -> Result<(), AppError> {
    for (field, longest) in FIELD_CHARS {
        if let Some(text) = input.text(field)
            && (text.is_empty() || text.chars().count() > *longest || text.chars().any(char::is_control))
        {
            return Err(AppError::invalid_body(format!("'{field}' must have 1 to {longest} characters")));
        }
    }
    if let Some(email) = input.text("email") {
        let parts = email.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if parts.is_none_or(|(_, domain)| domain.contains('@')) || email.contains(char::is_whitespace) {
            return Err(AppError::invalid_body("Object didn't pass validation for format email"));
        }
    }
    for (kind, metadata) in
        [(MetadataKind::UserMetadata, &input.user_metadata), (MetadataKind::AppMetadata, &input.app_metadata)]
    {
        let Some(metadata) = metadata else { continue };
        for key in metadata.keys() {
            check_key(kind, key).map_err(AppError::invalid_body)?;
        }
        clients::check_depth(kind.name(), metadata.values())?;
        if size(metadata) > limits::METADATA_BYTES {
            let limit = limits::METADATA_BYTES;
            return Err(AppError::invalid_body(format!("'{}' is larger than {limit} bytes", kind.name())));
        }
    }
    Ok(())
}

/// Creates a user of a connection.
///
/// # Errors
/// When the scope is missing, the input is not legal, the connection is unknown or the user exists.
pub async fn user_create(app: &App, ctx: &OpCtx, input: UserInput) -> Result<User, AppError> {
    ctx.require("create:users")?;
    check_fields(&input)?;
    let name =
        input.connection.as_deref().ok_or_else(|| AppError::invalid_body("Missing required property: connection"))?;
    let connection = connections::by_name(app, ctx, name).await?;
    check_required(&connection, &input)?;
    let verify_email = input.verify_email;
    if let Some(password) = &input.password {
        let (text, names) = (|name| input.text(name), ["name", "given_name", "family_name", "nickname"]);
        let person = Personal { email: text("email"), username: text("username"), names: names.map(text) };
        password_policy_check(&connection, password, person)?;
    }
    let user = new_user(ctx, input, &connection).await?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&user).insert(&logs::audit(
        ctx,
        "Create a User",
        user.user_id.as_str(),
    )?);
    match app.store().commit(set).await {
        Ok(_) => {}
        Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => {
            return Err(AppError::new(Code::UserExists, "The user already exists."));
        }
        Err(other) => return Err(other.into()),
    }
    let user = load(app, ctx, user.user_id.as_str()).await?;
    let asked = Asked { ip: ctx.ip.clone(), ..Asked::default() };
    // The user is there, whatever becomes of the mail.
    if let Err(error) = user_created(app, &ctx.tenant, &user, asked, verify_email, ctx.now).await {
        tracing::error!(tenant.id = %ctx.tenant.id, %error, "a new user's mail was not written");
    }
    Ok(user)
}

/// What a user of this connection must have.
fn check_required(connection: &Connection, input: &UserInput) -> Result<(), AppError> {
    let missing = |field: &str| Err(AppError::invalid_body(format!("Missing required property: {field}")));
    match connection.strategy.0.as_str() {
        "sms" if input.text("phone_number").is_none() => missing("phone_number"),
        "email" if input.text("email").is_none() => missing("email"),
        "auth0" if input.text("email").is_none() && input.text("username").is_none() => missing("email"),
        "auth0" if input.password.is_none() => missing("password"),
        "auth0" if connection.requires_username() && input.text("username").is_none() => Err(AppError::bad_request(
            format!("Missing username for {} connection with requires_username enabled", connection.name),
        )),
        _ => Ok(()),
    }
}

/// A user as `POST /users` and a signup make it, not written yet.
pub(crate) async fn new_user(ctx: &OpCtx, mut input: UserInput, connection: &Connection) -> Result<User, AppError> {
    let strategy = &connection.strategy.0;
    let user_id = match &input.user_id {
        Some(id) => format!("{strategy}|{}", id.strip_prefix(&format!("{strategy}|")).unwrap_or(id))
            .parse()
            .map_err(|_bad| AppError::invalid_body("'user_id' is not well-formed"))?,
        None => ids::user(strategy)?,
    };
    let password_hash = match input.password.take() {
        Some(password) => Some(passwords::hash(password).await?),
        None => None,
    };
    let mut text = |field: &str| input.text.get_mut(field).and_then(Option::take);
    let email = text("email").map(|email| email.to_lowercase());
    let username = text("username").map(|name| name.to_lowercase());
    let local = email.as_deref().and_then(|email| email.split('@').next()).map(str::to_owned);
    let id_there = user_id_there(&user_id).to_owned();
    Ok(User {
        revision: 0,
        name: text("name").or_else(|| email.clone()).or_else(|| username.clone()),
        nickname: text("nickname").or_else(|| local.clone()).or_else(|| username.clone()),
        picture: text("picture").or_else(|| email.as_deref().map(gravatar)),
        given_name: text("given_name"),
        family_name: text("family_name"),
        phone_number: text("phone_number"),
        email_verified: input.flags.get("email_verified").copied().unwrap_or_default(),
        phone_verified: input.flags.get("phone_verified").copied(),
        blocked: input.flags.get("blocked").copied(),
        attributes: Map::new(),
        identities: vec![Identity {
            connection: connection.name.clone(),
            provider: strategy.clone(),
            user_id: id_there,
            is_social: connection.strategy.is_social(),
            profile_data: None,
            password_hash: None,
        }],
        user_metadata: input.user_metadata.map(without_nulls),
        app_metadata: input.app_metadata.map(without_nulls),
        roles: Vec::new(),
        multifactor: Vec::new(),
        password_hash,
        created_at: ctx.now,
        updated_at: ctx.now,
        last_login: None,
        last_ip: None,
        last_password_reset: None,
        logins_count: 0,
        email,
        username,
        user_id,
    })
}

fn without_nulls(mut metadata: Metadata) -> Metadata {
    metadata.retain(|_, value| !value.is_null());
    metadata
}

/// The id in the connection: what stands behind the strategy.
#[must_use]
pub fn user_id_there(id: &UserId) -> &str {
    id.as_str().split_once('|').map_or(id.as_str(), |(_, there)| there)
}

/// The picture Auth0 gives a user with this address: Gravatar by its hash.
#[must_use]
pub fn gravatar(email: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, email.trim().to_lowercase().as_bytes());
    let hex = hash.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    format!("https://s.gravatar.com/avatar/{hex}?s=480&r=pg&d=identicon")
}

/// Reads a user.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<User, AppError> {
    ctx.require_own(&["read:users"], &["read:current_user"], id)?;
    load(app, ctx, id).await
}

/// The users with this address, compared without regard to case.
///
/// # Errors
/// When the scope is missing.
pub async fn user_list_by_email(app: &App, ctx: &OpCtx, email: &str) -> Result<Vec<User>, AppError> {
    ctx.require("read:users")?;
    let query = Query::by(Index::UserByEmail).under(&email.to_lowercase()).limit(limits::PAGE_ROWS);
    Ok(app.store().list::<User>(&ctx.tenant.id, query).await?.rows)
}

/// Changes a user. Root fields are replaced, metadata is merged at the first level, inside the commit, so that no
/// concurrent change is lost (Auth0 Management API: PATCH /users/{id}).
///
/// # Errors
/// When a scope is missing, the input is not legal, there is no such user, or another has the address.
pub async fn user_update(app: &App, ctx: &OpCtx, id: &str, input: UserInput) -> Result<User, AppError> {
    require_update(ctx, &input, id)?;
    check_fields(&input)?;
    check_update(&input)?;
    let user = load(app, ctx, id).await?;
    if let Some(connection) = &input.connection
        && !user.identities.iter().any(|identity| identity.connection == *connection)
    {
        return Err(AppError::bad_request("The connection is not one of the user's."));
    }
    let verify_email = input.verify_email.filter(|asks| *asks && input.text("email").is_some());
    let primary = user.identities.first().map(|identity| identity.connection.as_str());
    if input.connection.as_deref().is_some_and(|name| Some(name) != primary) && changes_login(&input) {
        return Err(AppError::bad_request("Only what the main identity logs in with can be changed."));
    }
    let new_password = input.password.is_some();
    if let Some(password) = &input.password {
        let connection = input.connection.as_deref();
        user_password_check(app, &ctx.tenant.id, &user, connection, password).await??;
    }
    let patch = patch_of(ctx, user.user_id.clone(), input).await?;
    let set =
        WriteSet::new(&ctx.tenant.id, ctx.request_id).patch_user(patch).insert(&logs::audit(ctx, "Update a User", id)?);
    match app.store().commit(set).await {
        Ok(receipt) => {
            if new_password {
                login_failures_forget(app, &ctx.tenant.id, &user.user_id).await?;
            }
            let user = match receipt.user {
                Some(user) => user,
                None => load(app, ctx, id).await?,
            };
            if verify_email.is_some() {
                let asked = Asked { ip: ctx.ip.clone(), ..Asked::default() };
                user_created(app, &ctx.tenant, &user, asked, verify_email, ctx.now).await?;
            }
            Ok(user)
        }
        Err(CommitError::Conflict { .. }) => Err(absent()),
        Err(CommitError::Duplicate { .. }) => {
            Err(AppError::new(Code::UserExists, "The specified new email already exists"))
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether something is changed that one logs in with.
fn changes_login(input: &UserInput) -> bool {
    input.password.is_some() || ["email", "username", "phone_number"].iter().any(|field| input.given(field))
}

/// `update:users_app_metadata` is enough for a change of `app_metadata` alone; users themselves may change their
/// `user_metadata` alone.
fn require_update(ctx: &OpCtx, input: &UserInput, id: &str) -> Result<(), AppError> {
    let no_fields = input.connection.is_none()
        && input.user_id.is_none()
        && input.text.is_empty()
        && input.flags.is_empty()
        && input.password.is_none();
    match (&input.user_metadata, &input.app_metadata) {
        (None, Some(_)) if no_fields => ctx.require_any(&["update:users", "update:users_app_metadata"]),
        (Some(_), None) if no_fields => ctx
            .require_own(&["update:users"], &["update:current_user_metadata", "create:current_user_metadata"], id)
            .map(drop),
        _ => ctx.require("update:users"),
    }
}

fn check_update(input: &UserInput) -> Result<(), AppError> {
    if input.user_id.is_some() {
        return Err(AppError::invalid_body("Additional properties not allowed: user_id"));
    }
    let exclusive = [
        ("email", input.given("email")),
        ("username", input.given("username")),
        ("password", input.password.is_some()),
        ("phone_number", input.given("phone_number")),
    ];
    let given: Vec<&str> = exclusive.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if let [first, second, ..] = given.as_slice() {
        return Err(AppError::bad_request(format!("Cannot update {first} and {second} simultaneously")));
    }
    if input.given("email_verified") && (input.given("username") || input.password.is_some()) {
        return Err(AppError::bad_request(format!(
            "Cannot update {} and email_verified simultaneously",
            given.first().copied().unwrap_or_default()
        )));
    }
    if let Some((name, _)) = input.text.iter().find(|(name, value)| value.is_none() && **name == "email") {
        return Err(AppError::invalid_body(format!("'{name}' cannot be removed")));
    }
    Ok(())
}

async fn patch_of(ctx: &OpCtx, user_id: UserId, input: UserInput) -> Result<UserPatch, AppError> {
    let mut patch = UserPatch::new(user_id, ctx.now);
    for (field, value) in input.text {
        let value = match field {
            "email" | "username" => value.map(|text| text.to_lowercase()),
            _ => value,
        };
        // A new address is not a confirmed one, unless the same request says so.
        if field == "email" {
            patch.set.insert("email_verified".to_owned(), json!(false));
        }
        patch.set.insert(field.to_owned(), value.map_or(Value::Null, Value::String));
    }
    for (field, value) in input.flags {
        patch.set.insert(field.to_owned(), Value::Bool(value));
    }
    if let Some(password) = input.password {
        patch.set.insert("password_hash".to_owned(), Value::String(passwords::hash(password).await?));
        patch.set.insert("last_password_reset".to_owned(), json!(ctx.now));
    }
    let kinds = [(MetadataKind::UserMetadata, input.user_metadata), (MetadataKind::AppMetadata, input.app_metadata)];
    for (kind, metadata) in kinds {
        if let Some(metadata) = metadata {
            let clear = metadata.is_empty();
            patch.metadata.push(MetadataChange { kind, patch: metadata, clear, actor: ctx.actor.clone() });
        }
    }
    Ok(patch)
}

/// Deletes a user and the history of their metadata; none is no error.
///
/// # Errors
/// When the scope is missing.
pub async fn user_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require_own(&["delete:users"], &["delete:current_user"], id)?;
    let user = match load(app, ctx, id).await {
        Ok(user) => user,
        Err(error) if error.code == Code::InexistentUser => return Ok(()),
        Err(error) => return Err(error),
    };
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .delete::<User>(user.user_id.as_str(), Expect::Any)
        .delete_history(&user.user_id)
        .insert(&logs::audit(ctx, "Delete a User", id)?);
    let set = mfa::manage::with_factors_deleted(app, ctx, &user, set).await?;
    let set = user_forget(app, &ctx.tenant.id, &user.user_id, set).await?;
    let set = access::with_access_deleted(app, ctx, &user.user_id, set).await?;
    app.store().commit(set).await?;
    Ok(())
}

/// The changes of a user's metadata, newest first.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_history_list(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    from: Option<String>,
    take: usize,
) -> Result<Page<HistoryEntry>, AppError> {
    ctx.require("read:users")?;
    let user = load(app, ctx, id).await?;
    let query = Query::all().under(user.user_id.as_str()).after(from).limit(take);
    Ok(app.store().list::<HistoryEntry>(&ctx.tenant.id, query).await?)
}

/// A user's entries of the tenant log, newest first.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_logs_list(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    ascending: bool,
    (offset, limit): (usize, usize),
) -> Result<(Vec<LogEntry>, usize), AppError> {
    ctx.require_any(&["read:logs", "read:logs_users"])?;
    let user = load(app, ctx, id).await?;
    let filter = LogFilter { user_id: Some(user.user_id.as_str().to_owned()), ascending, ..LogFilter::default() };
    logs::log_list(app, ctx, &filter, offset, limit).await
}
