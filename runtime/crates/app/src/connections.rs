//! Connections (Auth0 Management API: /connections).

use std::collections::BTreeSet;

use postern_model::{ClientId, Connection, RootAttributes, Strategy};
use postern_store::{CommitError, Expect, Index, Query, WriteSet};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, clients, custom_database, ids, logs};

/// Characters of a connection's name (Auth0: 128).
const NAME_CHARS: usize = 128;
/// How often a change is made again when the connection changed meanwhile: every new client changes it.
const ATTEMPTS: usize = 64;
/// Other options, bytes of JSON text.
const OPTIONS_BYTES: usize = 64 * 1024;

/// What a request may set; absent leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct ConnectionInput {
    #[expect(missing_docs, reason = "says its name")]
    pub name: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub strategy: Option<String>,
    /// Replaces all options (Auth0: "`options` is replaced, not merged").
    pub options: Option<Options>,
    #[expect(missing_docs, reason = "says its name")]
    pub metadata: Option<Map<String, Value>>,
    /// Replaces the list of clients that may log in by it.
    pub enabled_clients: Option<Vec<String>>,
    /// Every other setting; `null` removes one.
    pub settings: Map<String, Value>,
}

/// The options of a connection.
#[derive(Debug, Clone, Default)]
pub struct Options {
    #[expect(missing_docs, reason = "says its name")]
    pub set_user_root_attributes: RootAttributes,
    #[expect(missing_docs, reason = "says its name")]
    pub non_persistent_attrs: Vec<String>,
    /// All of them, kept as they came.
    pub all: Map<String, Value>,
}

fn absent() -> AppError {
    AppError::new(Code::InexistentConnection, "The connection does not exist")
}

/// Creates a connection.
///
/// # Errors
/// When the scope is missing, the input is not legal or the name is taken.
pub async fn connection_create(app: &App, ctx: &OpCtx, input: ConnectionInput) -> Result<Connection, AppError> {
    ctx.require("create:connections")?;
    let name = input.name.clone().ok_or_else(|| AppError::invalid_body("Missing required property: name"))?;
    let strategy =
        input.strategy.clone().ok_or_else(|| AppError::invalid_body("Missing required property: strategy"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty()
        || name.len() > NAME_CHARS
        || !name.chars().all(plain)
        || name.starts_with('-')
        || name.ends_with('-')
    {
        return Err(AppError::invalid_body(format!(
            "'name' must have 1 to {NAME_CHARS} letters, digits and inner hyphens"
        )));
    }
    if strategy.is_empty() || strategy.len() > 64 || !strategy.chars().all(plain) {
        return Err(AppError::invalid_body("'strategy' must have 1 to 64 letters, digits and hyphens"));
    }
    let mut connection = Connection {
        id: ids::connection()?,
        revision: 0,
        name,
        strategy: Strategy(strategy),
        set_user_root_attributes: RootAttributes::OnEachLogin,
        non_persistent_attrs: Vec::new(),
        options: Map::new(),
        metadata: Map::new(),
        enabled_clients: Some(clients_named(app, ctx, input.enabled_clients.as_deref().unwrap_or_default()).await?),
        settings: Map::new(),
        created_at: ctx.now,
    };
    if input.options.is_none() && connection.strategy.is_database() {
        connection.options = database_options();
    }
    apply(app, ctx, &mut connection, input)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&connection).insert(&logs::audit(
        ctx,
        "Create a connection",
        connection.id.as_str(),
    )?);
    match app.store().commit(set).await {
        Ok(_) => load(app, ctx, connection.id.as_str()).await,
        Err(CommitError::Duplicate { .. }) => Err(AppError::conflict("A connection with the same name already exists")),
        Err(other) => Err(other.into()),
    }
}

/// The options of a database that names none, as Auth0 gives them, without those that would promise what we have not.
pub(crate) fn database_options() -> Map<String, Value> {
    Map::from_iter([
        ("mfa".to_owned(), json!({ "active": true, "return_enroll_settings": true })),
        ("passwordPolicy".to_owned(), json!("good")),
        ("strategy_version".to_owned(), json!(2)),
        (
            "authentication_methods".to_owned(),
            json!({
                "password": { "enabled": true, "api_behavior": "required", "signup_behavior": "allow" },
                "passkey": { "enabled": false },
            }),
        ),
        ("brute_force_protection".to_owned(), json!(true)),
    ])
}

fn apply(app: &App, ctx: &OpCtx, connection: &mut Connection, input: ConnectionInput) -> Result<(), AppError> {
    if let Some(mut options) = input.options {
        clients::check_depth("'options'", options.all.values())?;
        if json!(options.all).to_string().len() > OPTIONS_BYTES {
            return Err(AppError::invalid_body(format!("'options' is larger than {OPTIONS_BYTES} bytes")));
        }
        custom_database::options_check(app, &ctx.tenant.id, &connection.id, &connection.options, &mut options.all)?;
        connection.set_user_root_attributes = options.set_user_root_attributes;
        connection.non_persistent_attrs = options.non_persistent_attrs;
        connection.options = options.all;
    }
    if let Some(metadata) = input.metadata {
        let short = |value: &Value| value.as_str().is_some_and(|text| text.chars().count() <= 255);
        if metadata.len() > 10 || metadata.iter().any(|(name, value)| name.chars().count() > 255 || !short(value)) {
            return Err(AppError::invalid_body("'metadata' may have 10 strings of 255 characters"));
        }
        connection.metadata = metadata;
    }
    clients::check_depth("the settings", input.settings.values())?;
    if json!(input.settings).to_string().len() > OPTIONS_BYTES {
        return Err(AppError::invalid_body(format!("the settings are larger than {OPTIONS_BYTES} bytes")));
    }
    connection.settings.extend(input.settings);
    Ok(())
}

/// The clients of a request, each of which must be there.
async fn clients_named(app: &App, ctx: &OpCtx, ids: &[String]) -> Result<BTreeSet<ClientId>, AppError> {
    let mut named = BTreeSet::new();
    for id in ids {
        named.insert(clients::load(app, ctx, id).await?.client_id);
    }
    Ok(named)
}

/// Says which clients are enabled where a row from before there was a list means all of them.
async fn spell_out(app: &App, ctx: &OpCtx, connections: &mut [Connection]) -> Result<(), AppError> {
    if connections.iter().all(|connection| connection.enabled_clients.is_some()) {
        return Ok(());
    }
    let all: BTreeSet<ClientId> = clients::all(app, ctx).await?.into_iter().map(|client| client.client_id).collect();
    for connection in connections.iter_mut().filter(|connection| connection.enabled_clients.is_none()) {
        connection.enabled_clients = Some(all.clone());
    }
    Ok(())
}

async fn spelled_out(app: &App, ctx: &OpCtx, connection: Connection) -> Result<Connection, AppError> {
    let mut one = [connection];
    spell_out(app, ctx, &mut one).await?;
    let [connection] = one;
    Ok(connection)
}

pub(crate) async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<Connection, AppError> {
    app.store().fetch::<Connection>(&ctx.tenant.id, id).await?.ok_or_else(absent)
}

/// The connection of that name, whatever the scopes: for the other use cases.
pub(crate) async fn by_name(app: &App, ctx: &OpCtx, name: &str) -> Result<Connection, AppError> {
    app.store().find::<Connection>(&ctx.tenant.id, Index::ConnectionByName, &[name]).await?.ok_or_else(absent)
}

/// Reads a connection.
///
/// # Errors
/// When the scope is missing or there is no such connection.
pub async fn connection_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Connection, AppError> {
    ctx.require("read:connections")?;
    spelled_out(app, ctx, load(app, ctx, id).await?).await
}

/// Reads every connection, by name.
///
/// # Errors
/// When the scope is missing.
pub async fn connection_list(app: &App, ctx: &OpCtx) -> Result<Vec<Connection>, AppError> {
    ctx.require("read:connections")?;
    let mut connections = all(app, ctx).await?;
    spell_out(app, ctx, &mut connections).await?;
    Ok(connections)
}

/// Every connection by name, whatever the scopes: for the other use cases.
pub(crate) async fn all(app: &App, ctx: &OpCtx) -> Result<Vec<Connection>, AppError> {
    let mut connections = Vec::new();
    let mut after = None;
    loop {
        let query = Query::by(Index::ConnectionByName).limit(100).after(after);
        let page = app.store().list::<Connection>(&ctx.tenant.id, query).await?;
        connections.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(connections),
        }
    }
}

/// Changes a connection. Name and strategy stay.
///
/// # Errors
/// When the scope is missing, the input is not legal, there is no such connection, or it changed meanwhile.
pub async fn connection_update(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    input: ConnectionInput,
) -> Result<Connection, AppError> {
    ctx.require("update:connections")?;
    let fixed = [("name", input.name.is_some()), ("strategy", input.strategy.is_some())];
    if let Some((name, _)) = fixed.iter().find(|(_, given)| *given) {
        return Err(AppError::invalid_body(format!("Additional properties not allowed: {name}")));
    }
    let enabled = match &input.enabled_clients {
        Some(ids) => Some(clients_named(app, ctx, ids).await?),
        None => None,
    };
    for _ in 0..ATTEMPTS {
        let mut connection = load(app, ctx, id).await?;
        apply(app, ctx, &mut connection, input.clone())?;
        if enabled.is_some() {
            connection.enabled_clients.clone_from(&enabled);
        }
        if write(app, ctx, &connection, "Update a connection").await? {
            return spelled_out(app, ctx, load(app, ctx, id).await?).await;
        }
    }
    Err(changed())
}

fn changed() -> AppError {
    AppError::conflict("The connection was changed at the same time by others; send the request again.")
}

/// Whether the row was written; not when it changed meanwhile.
async fn write(app: &App, ctx: &OpCtx, connection: &Connection, operation: &str) -> Result<bool, AppError> {
    let entry = logs::audit(ctx, operation, connection.id.as_str())?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(connection).insert(&entry);
    match app.store().commit(set).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Clients named at once (Auth0: 50).
const CLIENTS_AT_ONCE: usize = 50;

/// The clients that may log in by a connection, by id.
///
/// # Errors
/// When the scope is missing or there is no such connection.
pub async fn connection_client_list(app: &App, ctx: &OpCtx, id: &str) -> Result<Vec<ClientId>, AppError> {
    ctx.require("read:connections")?;
    let connection = spelled_out(app, ctx, load(app, ctx, id).await?).await?;
    Ok(connection.enabled_clients.into_iter().flatten().collect())
}

/// Lets clients log in by a connection, or no longer.
///
/// # Errors
/// When the scope is missing, or there is no such connection or client.
pub async fn connection_client_update(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    changes: &[(String, bool)],
) -> Result<(), AppError> {
    ctx.require("update:connections")?;
    if !(1..=CLIENTS_AT_ONCE).contains(&changes.len()) {
        return Err(AppError::invalid_body(format!("1 to {CLIENTS_AT_ONCE} clients can be changed at once")));
    }
    load(app, ctx, id).await?;
    let mut named = Vec::with_capacity(changes.len());
    for (client_id, enabled) in changes {
        named.push((clients::load(app, ctx, client_id).await?.client_id, *enabled));
    }
    for _ in 0..ATTEMPTS {
        let mut connection = spelled_out(app, ctx, load(app, ctx, id).await?).await?;
        let enabled = connection.enabled_clients.get_or_insert_default();
        for (client_id, on) in &named {
            if *on {
                enabled.insert(client_id.clone());
            } else {
                enabled.remove(client_id);
            }
        }
        if write(app, ctx, &connection, "Change the clients of a connection").await? {
            return Ok(());
        }
    }
    Err(changed())
}

/// Deletes a connection. Its users stay, and can no longer log in by it.
///
/// # Errors
/// When the scope is missing or there is no such connection.
pub async fn connection_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:connections")?;
    load(app, ctx, id).await?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).delete::<Connection>(id, Expect::Any).insert(&logs::audit(
        ctx,
        "Delete a connection",
        id,
    )?);
    app.store().commit(set).await?;
    Ok(())
}
