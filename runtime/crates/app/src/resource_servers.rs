//! APIs that tokens are for (Auth0 Management API: /resource-servers).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use postern_model::resource_server::{TOKEN_SECONDS, WEB_TOKEN_SECONDS};
use postern_model::{ClientGrant, ResourceServer, ResourceServerId, ScopeInfo, Tenant, TenantId};
use postern_store::{CommitError, Expect, Index, Query, WriteSet};
use serde_json::{Map, Value, json};

use crate::clients::check_depth;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::grants::{self, MANAGEMENT_SCOPES};
use crate::tenants::{is_management_audience, management_audience};
use crate::{App, ids, logs};

/// Characters of an identifier (Auth0: 600), and of a name (Auth0: 200).
const IDENTIFIER_CHARS: usize = 600;
/// See [`IDENTIFIER_CHARS`].
const NAME_CHARS: usize = 200;
/// Scopes of an API (Auth0: 1000), and characters of each and of its description (Auth0: 280 and 500).
const SCOPES: usize = 1000;
/// See [`SCOPES`].
const SCOPE_CHARS: usize = 280;
/// See [`SCOPES`].
const DESCRIPTION_CHARS: usize = 500;
/// Longest life of a token, s (Auth0: 30 days).
const TOKEN_SECONDS_MAX: u64 = 2_592_000;
/// Other settings, bytes of JSON text.
const SETTINGS_BYTES: usize = 16 * 1024;
/// APIs of a tenant, so that a list of them is bounded.
const PER_TENANT: u64 = 1000;

/// What a request may set; absent leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct ResourceServerInput {
    /// Only when it is made.
    pub identifier: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub name: Option<String>,
    /// Replaces the list.
    pub scopes: Option<Vec<ScopeInfo>>,
    /// Seconds.
    pub token_lifetime: Option<u64>,
    /// Seconds.
    pub token_lifetime_for_web: Option<u64>,
    #[expect(missing_docs, reason = "says its name")]
    pub allow_offline_access: Option<bool>,
    /// Every other setting; `null` removes one.
    pub settings: Map<String, Value>,
}

/// An API, and whether it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceServerView {
    #[expect(missing_docs, reason = "says its name")]
    pub row: ResourceServer,
    /// Whether it is the management API, which nobody changes.
    pub is_system: bool,
}

fn absent() -> AppError {
    AppError::new(Code::InexistentResourceServer, "The resource server does not exist")
}

/// The id of the management API in every tenant.
#[expect(clippy::expect_used, reason = "a constant that is a well-formed id")]
static SYSTEM_ID: LazyLock<ResourceServerId> = LazyLock::new(|| "000000000000000000000001".parse().expect("is an id"));

/// The management API as an API among the others.
fn system(app: &App, tenant: &Tenant) -> ResourceServerView {
    let scopes = MANAGEMENT_SCOPES.iter().map(|scope| ScopeInfo {
        value: (*scope).to_owned(),
        description: Some(scope.split([':', '_']).map(capital).collect::<Vec<_>>().join(" ")),
    });
    let row = ResourceServer {
        id: SYSTEM_ID.clone(),
        revision: 0,
        identifier: management_audience(&tenant.domain),
        // Auth0's tools know it by this name, and leave it alone.
        name: Some("Auth0 Management API".to_owned()),
        scopes: Some(scopes.collect()),
        token_lifetime: app.token_for().as_secs(),
        token_lifetime_for_web: WEB_TOKEN_SECONDS,
        allow_offline_access: false,
        settings: Map::new(),
        created_at: tenant.created_at,
    };
    ResourceServerView { row, is_system: true }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The API with this identifier, whatever the scopes: for tokens. The management API is no row and not found here.
///
/// # Errors
/// A fault of the store.
pub async fn resource_server_by_audience(
    app: &App,
    tenant: &TenantId,
    audience: &str,
) -> Result<Option<ResourceServer>, AppError> {
    // What is longer than any identifier cannot be one, and is too long for a key.
    if audience.chars().count() > IDENTIFIER_CHARS {
        return Ok(None);
    }
    Ok(app.store().find::<ResourceServer>(tenant, Index::ResourceServerByIdentifier, &[audience]).await?)
}

/// By id or identifier, as Auth0 takes both.
async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<ResourceServerView, AppError> {
    if id == SYSTEM_ID.as_str() || is_management_audience(&ctx.tenant.domain, id) {
        return Ok(system(app, &ctx.tenant));
    }
    let row = match id.parse::<ResourceServerId>() {
        Ok(id) => app.store().fetch::<ResourceServer>(&ctx.tenant.id, id.as_str()).await?,
        Err(_) => resource_server_by_audience(app, &ctx.tenant.id, id).await?,
    };
    row.map(|row| ResourceServerView { row, is_system: false }).ok_or_else(absent)
}

async fn load_own(app: &App, ctx: &OpCtx, id: &str) -> Result<ResourceServer, AppError> {
    let ResourceServerView { row, is_system } = load(app, ctx, id).await?;
    if is_system {
        return Err(AppError::bad_request("A system API cannot be changed."));
    }
    Ok(row)
}

fn apply(row: &mut ResourceServer, input: ResourceServerInput) -> Result<(), AppError> {
    if let Some(name) = input.name {
        if name.trim().is_empty() || name.chars().count() > NAME_CHARS || name.contains(['<', '>']) {
            return Err(AppError::invalid_body(format!(
                "'name' must have 1 to {NAME_CHARS} characters, none of < and >"
            )));
        }
        row.name = Some(name);
    }
    if let Some(scopes) = input.scopes {
        check_scopes(&scopes)?;
        row.scopes = Some(scopes);
    }
    let seconds = |name: &str, value: u64| {
        if value > TOKEN_SECONDS_MAX {
            return Err(AppError::invalid_body(format!("'{name}' must be at most {TOKEN_SECONDS_MAX}")));
        }
        Ok(value)
    };
    if let Some(value) = input.token_lifetime {
        row.token_lifetime = seconds("token_lifetime", value)?;
        // One that was never set follows, so that it is never the longer one.
        row.token_lifetime_for_web = row.token_lifetime_for_web.min(row.token_lifetime);
    }
    if let Some(value) = input.token_lifetime_for_web {
        row.token_lifetime_for_web = seconds("token_lifetime_for_web", value)?;
        if row.token_lifetime_for_web > row.token_lifetime {
            return Err(AppError::invalid_body("'token_lifetime_for_web' must not exceed 'token_lifetime'"));
        }
    }
    row.allow_offline_access = input.allow_offline_access.unwrap_or(row.allow_offline_access);
    for (name, value) in input.settings {
        if value.is_null() {
            row.settings.remove(&name);
        } else {
            row.settings.insert(name, value);
        }
    }
    check_depth("the settings", row.settings.values())?;
    if json!(row.settings).to_string().len() > SETTINGS_BYTES {
        return Err(AppError::invalid_body(format!("the settings are larger than {SETTINGS_BYTES} bytes")));
    }
    Ok(())
}

fn check_scopes(scopes: &[ScopeInfo]) -> Result<(), AppError> {
    if scopes.len() > SCOPES {
        return Err(AppError::invalid_body(format!("an API may have at most {SCOPES} scopes")));
    }
    let mut values = BTreeSet::new();
    for ScopeInfo { value, description } in scopes {
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '"' && c != '\\';
        if value.is_empty() || value.chars().count() > SCOPE_CHARS || !value.chars().all(plain) {
            return Err(AppError::invalid_body(format!(
                "a scope must have 1 to {SCOPE_CHARS} characters and no space, quote or backslash"
            )));
        }
        if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS) {
            return Err(AppError::invalid_body(format!(
                "a scope's description may have at most {DESCRIPTION_CHARS} characters"
            )));
        }
        if !values.insert(value) {
            return Err(AppError::invalid_body(format!("scope '{value}' is given twice")));
        }
    }
    Ok(())
}

/// Creates an API.
///
/// # Errors
/// When the scope is missing, the input is not legal or the identifier is taken.
pub async fn resource_server_create(
    app: &App,
    ctx: &OpCtx,
    mut input: ResourceServerInput,
) -> Result<ResourceServerView, AppError> {
    ctx.require("create:resource_servers")?;
    let identifier =
        input.identifier.take().ok_or_else(|| AppError::invalid_body("Missing required property: identifier"))?;
    let length = identifier.chars().count();
    if length == 0 || length > IDENTIFIER_CHARS || identifier.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(AppError::invalid_body(format!(
            "'identifier' must have 1 to {IDENTIFIER_CHARS} characters and no space"
        )));
    }
    let taken = || AppError::conflict("A resource server with the same identifier already exists");
    if is_management_audience(&ctx.tenant.domain, &identifier) {
        return Err(taken());
    }
    if app.store().count::<ResourceServer>(&ctx.tenant.id, Query::all()).await? >= PER_TENANT {
        return Err(AppError::bad_request(format!("A tenant may have at most {PER_TENANT} resource servers.")));
    }
    let mut row = ResourceServer {
        id: ids::resource_server()?,
        revision: 0,
        identifier,
        name: None,
        scopes: None,
        token_lifetime: TOKEN_SECONDS,
        token_lifetime_for_web: WEB_TOKEN_SECONDS,
        allow_offline_access: false,
        settings: Map::new(),
        created_at: ctx.now,
    };
    apply(&mut row, input)?;
    let entry = logs::audit(ctx, "Create a resource server", row.id.as_str())?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&row).insert(&entry);
    match app.store().commit(set).await {
        Ok(_) => load(app, ctx, row.id.as_str()).await,
        Err(CommitError::Duplicate { .. }) => Err(taken()),
        Err(other) => Err(other.into()),
    }
}

/// Reads an API by its id or identifier.
///
/// # Errors
/// When the scope is missing or there is no such API.
pub async fn resource_server_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<ResourceServerView, AppError> {
    ctx.require("read:resource_servers")?;
    load(app, ctx, id).await
}

/// Every API, the management API first, then as they were made.
///
/// # Errors
/// When the scope is missing.
pub async fn resource_server_list(app: &App, ctx: &OpCtx) -> Result<Vec<ResourceServerView>, AppError> {
    ctx.require("read:resource_servers")?;
    let mut rows: Vec<ResourceServer> = Vec::new();
    let mut after = None;
    loop {
        let query = Query::all().limit(100).after(after);
        let page = app.store().list::<ResourceServer>(&ctx.tenant.id, query).await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    rows.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let own = rows.into_iter().map(|row| ResourceServerView { row, is_system: false });
    Ok(std::iter::once(system(app, &ctx.tenant)).chain(own).collect())
}

/// Changes an API. Its identifier stays.
///
/// # Errors
/// When the scope is missing, the input is not legal, there is no such API, it is ours, or it changed meanwhile.
pub async fn resource_server_update(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    input: ResourceServerInput,
) -> Result<ResourceServerView, AppError> {
    ctx.require("update:resource_servers")?;
    if input.identifier.is_some() {
        return Err(AppError::invalid_body("Additional properties not allowed: identifier"));
    }
    let mut row = load_own(app, ctx, id).await?;
    apply(&mut row, input)?;
    let entry = logs::audit(ctx, "Update a resource server", row.id.as_str())?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&row).insert(&entry);
    app.store().commit(set).await?;
    load(app, ctx, row.id.as_str()).await
}

/// Deletes an API with what was granted on it; none is no error.
///
/// # Errors
/// When the scope is missing or it is ours.
pub async fn resource_server_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:resource_servers")?;
    let row = match load_own(app, ctx, id).await {
        Ok(row) => row,
        Err(error) if error.code == Code::InexistentResourceServer => return Ok(()),
        Err(error) => return Err(error),
    };
    let entry = logs::audit(ctx, "Delete a resource server", row.id.as_str())?;
    let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .delete::<ResourceServer>(row.id.as_str(), Expect::Any)
        .insert(&entry);
    for grant in grants::all(app, &ctx.tenant.id).await? {
        if grant.audience.as_ref() == Some(&row.identifier) {
            set = set.delete::<ClientGrant>(grant.id.as_str(), Expect::Any);
        }
    }
    app.store().commit(set).await?;
    Ok(())
}
