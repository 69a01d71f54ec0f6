//! Clients (Auth0 Management API: /clients).

use std::collections::BTreeMap;

use postern_flow::{MAX_DEPTH, depth_within};
use postern_model::client::check_client_metadata;
use postern_model::{Client, ClientGrant, ClientId};
use postern_store::{CommitError, Expect, Query, Table, WriteSet};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, connections, grants, ids, logs, tenant_settings};

/// Characters of a client's name.
const NAME_CHARS: usize = 255;
/// Most settings beside the typed ones, bytes of JSON text.
const SETTINGS_BYTES: usize = 64 * 1024;
/// How often a change is made again when the client changed meanwhile.
const ATTEMPTS: usize = 5;
/// The same for a new client, which is written with the connections it may use: many clients made at once meet there.
const ENABLE_ATTEMPTS: usize = 64;

/// What a request may set; absent leaves it as it is.
#[derive(Clone, Default)]
pub struct ClientInput {
    #[expect(missing_docs, reason = "says its name")]
    pub name: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub client_secret: Option<String>,
    /// Merged; `None` as a value removes the entry.
    pub client_metadata: Option<BTreeMap<String, Option<String>>>,
    #[expect(missing_docs, reason = "says its name")]
    pub grant_types: Option<Vec<String>>,
    /// Every other setting; `null` removes one.
    pub settings: Map<String, Value>,
}

impl std::fmt::Debug for ClientInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientInput").field("name", &self.name).finish_non_exhaustive()
    }
}

fn absent() -> AppError {
    AppError::new(Code::InexistentClient, "The client does not exist")
}

/// The client, whatever the scopes: for the other use cases.
pub(crate) async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<Client, AppError> {
    app.store().fetch::<Client>(&ctx.tenant.id, id).await?.ok_or_else(absent)
}

/// Every client, the oldest first.
pub(crate) async fn all(app: &App, ctx: &OpCtx) -> Result<Vec<Client>, AppError> {
    let mut clients: Vec<Client> = Vec::new();
    let mut after = None;
    loop {
        let page = app.store().list::<Client>(&ctx.tenant.id, Query::all().limit(100).after(after)).await?;
        clients.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    clients.sort_by(|a, b| (a.created_at, &a.client_id).cmp(&(b.created_at, &b.client_id)));
    Ok(clients)
}

/// Creates a client; id and secret are made when they are not given.
///
/// # Errors
/// When the scope is missing, the input is not legal or the id is taken.
pub async fn client_create(app: &App, ctx: &OpCtx, input: ClientInput) -> Result<Client, AppError> {
    ctx.require("create:clients")?;
    let client_id: ClientId = match &input.client_id {
        Some(id) => id.parse().map_err(|_bad| AppError::invalid_body("'client_id' is not well-formed"))?,
        None => ids::client()?,
    };
    if input.name.is_none() {
        return Err(AppError::invalid_body("Missing required property: name"));
    }
    let default_grants = input.grant_types.is_none();
    let mut client = Client {
        client_id,
        revision: 0,
        name: String::new(),
        client_secret: ids::token()?,
        client_metadata: None,
        grant_types: Vec::new(),
        management_scopes: None,
        settings: Map::new(),
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    apply(&mut client, input)?;
    if default_grants {
        client.grant_types = grants_of_new(&client);
    }
    insert(app, ctx, &client).await
}

/// The grant types of a client that names none, as Auth0 gives them.
fn grants_of_new(client: &Client) -> Vec<String> {
    let mut grants = vec!["authorization_code", "implicit", "refresh_token"];
    // Who has no secret cannot ask in its own name.
    if !client.is_public() {
        grants.push("client_credentials");
    }
    grants.into_iter().map(str::to_owned).collect()
}

/// Writes a new client and, unless the tenant says no, enables it for every connection there is: all in one.
async fn insert(app: &App, ctx: &OpCtx, client: &Client) -> Result<Client, AppError> {
    let tenant = &ctx.tenant.id;
    let enables = tenant_settings::load(app, tenant).await?.enables_client_connections();
    for _ in 0..ENABLE_ATTEMPTS {
        let entry = logs::audit(ctx, "Create a client", client.client_id.as_str())?;
        let mut set = WriteSet::new(tenant, ctx.request_id).insert(client).insert(&entry);
        if enables {
            for mut connection in connections::all(app, ctx).await? {
                if let Some(enabled) = &mut connection.enabled_clients {
                    enabled.insert(client.client_id.clone());
                    set = set.replace(&connection);
                }
            }
        }
        match app.store().commit(set).await {
            Ok(_) => return load(app, ctx, client.client_id.as_str()).await,
            // A connection changed meanwhile: other clients are made at the same time.
            Err(CommitError::Conflict { table: Table::Connections, .. }) => {}
            Err(CommitError::Conflict { .. }) => {
                return Err(AppError::conflict("A client with the same id already exists."));
            }
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The connections were changed at the same time by others; send the request again."))
}

fn apply(client: &mut Client, input: ClientInput) -> Result<(), AppError> {
    if let Some(name) = input.name {
        if name.trim().is_empty() || name.chars().count() > NAME_CHARS || name.contains(['<', '>']) {
            return Err(AppError::invalid_body(format!(
                "'name' must have 1 to {NAME_CHARS} characters, none of < and >"
            )));
        }
        client.name = name;
    }
    if let Some(secret) = input.client_secret {
        if !(16..=512).contains(&secret.len()) {
            return Err(AppError::invalid_body("'client_secret' must have 16 to 512 bytes"));
        }
        client.client_secret = secret;
    }
    if let Some(grant_types) = input.grant_types {
        client.grant_types = grant_types;
    }
    if let Some(patch) = input.client_metadata {
        let mut metadata = client.client_metadata.take().unwrap_or_default();
        for (name, value) in patch {
            match value {
                Some(value) => metadata.insert(name, value),
                None => metadata.remove(&name),
            };
        }
        check_client_metadata(&metadata).map_err(AppError::invalid_body)?;
        client.client_metadata = Some(metadata);
    }
    for (name, value) in input.settings {
        if value.is_null() {
            client.settings.remove(&name);
        } else {
            client.settings.insert(name, value);
        }
    }
    check_depth("the settings", client.settings.values())?;
    if json!(client.settings).to_string().len() > SETTINGS_BYTES {
        return Err(AppError::invalid_body(format!("the settings are larger than {SETTINGS_BYTES} bytes")));
    }
    Ok(())
}

/// What is nested deeper than the store can read again is refused.
pub(crate) fn check_depth<'a>(what: &str, values: impl IntoIterator<Item = &'a Value>) -> Result<(), AppError> {
    if values.into_iter().all(|value| depth_within(value, MAX_DEPTH)) {
        return Ok(());
    }
    Err(AppError::invalid_body(format!("{what} may be nested {MAX_DEPTH} levels deep at most")))
}

/// Reads a client.
///
/// # Errors
/// When the scope is missing or there is no such client.
pub async fn client_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Client, AppError> {
    ctx.require_any(&["read:clients", "read:client_keys"])?;
    load(app, ctx, id).await
}

/// Reads every client.
///
/// # Errors
/// When the scope is missing.
pub async fn client_list(app: &App, ctx: &OpCtx) -> Result<Vec<Client>, AppError> {
    ctx.require_any(&["read:clients", "read:client_keys"])?;
    all(app, ctx).await
}

/// Changes a client; `client_metadata` is merged.
///
/// # Errors
/// When the scope is missing, the input is not legal, or there is no such client.
pub async fn client_update(app: &App, ctx: &OpCtx, id: &str, input: ClientInput) -> Result<Client, AppError> {
    ctx.require("update:clients")?;
    if input.client_id.is_some() {
        return Err(AppError::invalid_body("Additional properties not allowed: client_id"));
    }
    // Who sets a client's secret can speak for it, with all that it is granted.
    if input.client_secret.is_some() {
        ctx.require("update:client_keys")?;
    }
    for _ in 0..ATTEMPTS {
        let mut client = load(app, ctx, id).await?;
        apply(&mut client, input.clone())?;
        client.updated_at = ctx.now;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&client).insert(&logs::audit(
            ctx,
            "Update a client",
            id,
        )?);
        match app.store().commit(set).await {
            Ok(_) => return load(app, ctx, id).await,
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The client was changed at the same time by others; send the request again."))
}

/// Gives a client a new secret; the old one is good for nothing from now on.
///
/// # Errors
/// When the scope is missing or there is no such client.
pub async fn client_secret_rotate(app: &App, ctx: &OpCtx, id: &str) -> Result<Client, AppError> {
    ctx.require("update:client_keys")?;
    for _ in 0..ATTEMPTS {
        let mut client = load(app, ctx, id).await?;
        client.client_secret = ids::token()?;
        client.updated_at = ctx.now;
        let entry = logs::audit(ctx, "Rotate a client secret", id)?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&client).insert(&entry);
        match app.store().commit(set).await {
            Ok(_) => return load(app, ctx, id).await,
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The client was changed at the same time by others; send the request again."))
}

/// Deletes a client, and its place in the connections; none is no error.
///
/// # Errors
/// When the scope is missing.
pub async fn client_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:clients")?;
    for _ in 0..ENABLE_ATTEMPTS {
        let Some(client) = app.store().fetch::<Client>(&ctx.tenant.id, id).await? else { return Ok(()) };
        let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
            .delete::<Client>(id, Expect::Any)
            .insert(&logs::audit(ctx, "Delete a client", id)?);
        for grant in grants::of_client(app, &ctx.tenant.id, id).await? {
            set = set.delete::<ClientGrant>(grant.id.as_str(), Expect::Any);
        }
        for mut connection in connections::all(app, ctx).await? {
            if let Some(enabled) = &mut connection.enabled_clients
                && enabled.remove(&client.client_id)
            {
                set = set.replace(&connection);
            }
        }
        match app.store().commit(set).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The connections were changed at the same time by others; send the request again."))
}
