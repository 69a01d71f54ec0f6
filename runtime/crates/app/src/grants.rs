//! Client grants: which scopes of which API a client's own tokens may hold (Auth0 Management API: /client-grants).

use postern_model::{Client, ClientGrant, ClientGrantId, ClientId, ResourceServer, Tenant, TenantId};
use postern_store::{CommitError, Expect, Index, Query, Setting, WriteSet, root_tenant};
use serde_json::{Map, Value, json};

use crate::clients::check_depth;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::resource_servers::resource_server_by_audience;
use crate::tenants::{is_management_audience, management_audience, tenant_list};
use crate::{App, clients, ids, logs};

/// Every management scope there is.
pub const MANAGEMENT_SCOPES: &[&str] = &[
    "read:users",
    "update:users",
    "delete:users",
    "create:users",
    "read:users_app_metadata",
    "update:users_app_metadata",
    "delete:users_app_metadata",
    "create:users_app_metadata",
    "read:user_idp_tokens",
    "read:current_user",
    "delete:current_user",
    "create:current_user_metadata",
    "update:current_user_metadata",
    "delete:current_user_metadata",
    "update:current_user_identities",
    "create:current_user_device_credentials",
    "delete:current_user_device_credentials",
    "read:clients",
    "update:clients",
    "delete:clients",
    "create:clients",
    "read:client_keys",
    "update:client_keys",
    "read:client_grants",
    "create:client_grants",
    "update:client_grants",
    "delete:client_grants",
    "read:connections",
    "update:connections",
    "delete:connections",
    "create:connections",
    "read:roles",
    "create:roles",
    "update:roles",
    "delete:roles",
    "create:role_members",
    "read:role_members",
    "delete:role_members",
    "read:actions",
    "update:actions",
    "delete:actions",
    "create:actions",
    "read:resource_servers",
    "create:resource_servers",
    "update:resource_servers",
    "delete:resource_servers",
    "read:forms",
    "read:flows",
    "read:flows_vault_connections",
    "read:self_service_profiles",
    "read:token_exchange_profiles",
    "read:organizations",
    "read:phone_providers",
    "read:phone_templates",
    "read:log_streams",
    "read:custom_domains",
    "read:event_streams",
    "read:prompts",
    "read:rules",
    "create:rules",
    "update:rules",
    "delete:rules",
    "read:rules_configs",
    "update:rules_configs",
    "delete:rules_configs",
    "read:tenant_settings",
    "update:tenant_settings",
    "read:logs",
    "read:logs_users",
    "read:guardian_factors",
    "update:guardian_factors",
    "read:guardian_enrollments",
    "update:guardian_enrollments",
    "delete:guardian_enrollments",
    "read:mfa_policies",
    "update:mfa_policies",
    "create:authentication_methods",
    "read:authentication_methods",
    "update:authentication_methods",
    "delete:authentication_methods",
    "read:email_provider",
    "create:email_provider",
    "update:email_provider",
    "delete:email_provider",
    "read:email_templates",
    "create:email_templates",
    "update:email_templates",
    "create:user_tickets",
    "read:sessions",
    "delete:sessions",
    "read:refresh_tokens",
    "delete:refresh_tokens",
    "read:attack_protection",
    "update:attack_protection",
    "read:signing_keys",
    "create:signing_keys",
    "update:signing_keys",
    "delete:sessions",
    "delete:refresh_tokens",
    "create:simulated_logins",
    "read:simulated_logins",
];

/// What a request may set; absent leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct GrantInput {
    /// Replaces the list.
    pub scope: Option<Vec<String>>,
    /// Every other setting; `null` removes one.
    pub settings: Map<String, Value>,
}

/// Which grants a list has.
#[derive(Debug, Clone, Default)]
pub struct GrantFilter {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub audience: Option<String>,
    /// `client` or `user`.
    pub subject_type: Option<String>,
}

/// Other settings of a grant, bytes of JSON text.
const SETTINGS_BYTES: usize = 8 * 1024;

/// The audience of a grant as tokens have it.
#[must_use]
pub fn audience_of(tenant: &Tenant, grant: &ClientGrant) -> String {
    grant.audience.clone().unwrap_or_else(|| management_audience(&tenant.domain))
}

fn absent() -> AppError {
    AppError::new(Code::InexistentGrant, "The client grant does not exist")
}

/// The scopes that a client's own tokens for an audience may hold, whatever the scopes of the caller: for tokens.
/// `None` when the client has no grant on it.
///
/// # Errors
/// A fault of the store.
pub async fn grant_find(
    app: &App,
    tenant: &Tenant,
    client_id: &ClientId,
    audience: &str,
) -> Result<Option<ClientGrant>, AppError> {
    // A longer one is no API's, and no key.
    if audience.len() > 900 {
        return Ok(None);
    }
    let management = is_management_audience(&tenant.domain, audience);
    let key = [client_id.as_str(), if management { "" } else { audience }, "client"];
    let found = app.store().find::<ClientGrant>(&tenant.id, Index::ClientGrantByClient, &key).await?;
    let Some(mut grant) = found else { return Ok(None) };
    if grant.settings.get("allow_all_scopes") == Some(&Value::Bool(true)) {
        grant.scope = if management {
            MANAGEMENT_SCOPES.iter().map(|&scope| scope.to_owned()).collect()
        } else {
            let api = resource_server_by_audience(app, &tenant.id, audience).await?;
            api.and_then(|api| api.scopes).unwrap_or_default().into_iter().map(|scope| scope.value).collect()
        };
    }
    Ok(Some(grant))
}

/// Every grant of the tenant, whatever the scopes.
pub(crate) async fn all(app: &App, tenant: &TenantId) -> Result<Vec<ClientGrant>, AppError> {
    let mut grants: Vec<ClientGrant> = Vec::new();
    let mut after = None;
    loop {
        let page = app.store().list::<ClientGrant>(tenant, Query::all().limit(100).after(after)).await?;
        grants.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    grants.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(grants)
}

/// The grants of one client, whatever the scopes: they go with it.
pub(crate) async fn of_client(app: &App, tenant: &TenantId, client_id: &str) -> Result<Vec<ClientGrant>, AppError> {
    let mut grants = Vec::new();
    let mut after = None;
    loop {
        let query = Query::by(Index::ClientGrantByClient).under(client_id).limit(100).after(after);
        let page = app.store().list::<ClientGrant>(tenant, query).await?;
        grants.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return Ok(grants);
        }
    }
}

/// The grant of a management client on everything.
pub(crate) fn management_grant(client: &Client) -> Result<ClientGrant, AppError> {
    Ok(ClientGrant {
        id: ids::client_grant()?,
        revision: 0,
        client_id: client.client_id.clone(),
        audience: None,
        scope: MANAGEMENT_SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
        settings: Map::new(),
        created_at: client.created_at,
    })
}

/// A scope that the API does not know is refused.
fn check(api: Option<&ResourceServer>, scope: &[String]) -> Result<(), AppError> {
    let known = |scope: &str| match api {
        Some(api) => api.knows(scope),
        None => MANAGEMENT_SCOPES.contains(&scope),
    };
    match scope.iter().find(|scope| !known(scope)) {
        Some(unknown) => Err(AppError::bad_request(format!("Scope '{unknown}' is not one of the API's"))),
        None => Ok(()),
    }
}

fn apply(grant: &mut ClientGrant, api: Option<&ResourceServer>, input: GrantInput) -> Result<(), AppError> {
    if let Some(scope) = input.scope {
        check(api, &scope)?;
        grant.scope = scope;
    }
    for (name, value) in input.settings {
        if value.is_null() {
            grant.settings.remove(&name);
        } else {
            grant.settings.insert(name, value);
        }
    }
    check_depth("the settings", grant.settings.values())?;
    if json!(grant.settings).to_string().len() > SETTINGS_BYTES {
        return Err(AppError::invalid_body(format!("the settings are larger than {SETTINGS_BYTES} bytes")));
    }
    Ok(())
}

/// Every grant that matches, oldest first.
///
/// # Errors
/// When the scope is missing.
pub async fn grant_list(app: &App, ctx: &OpCtx, filter: &GrantFilter) -> Result<Vec<ClientGrant>, AppError> {
    ctx.require("read:client_grants")?;
    let mut grants = all(app, &ctx.tenant.id).await?;
    grants.retain(|grant| {
        filter.client_id.as_ref().is_none_or(|id| grant.client_id.as_str() == id)
            && filter.audience.as_ref().is_none_or(|audience| audience_of(&ctx.tenant, grant) == *audience)
            && filter.subject_type.as_ref().is_none_or(|kind| grant.subject_type() == kind)
    });
    Ok(grants)
}

/// One grant.
///
/// # Errors
/// When the scope is missing or there is no such grant.
pub async fn grant_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<ClientGrant, AppError> {
    ctx.require("read:client_grants")?;
    load(app, ctx, id).await
}

async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<ClientGrant, AppError> {
    let id: ClientGrantId = id.parse().map_err(|_bad| absent())?;
    app.store().fetch::<ClientGrant>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)
}

/// Grants a client scopes of an API.
///
/// # Errors
/// When the scope is missing, there is no such API, it does not know a scope, or the client is unknown or has a grant.
pub async fn grant_create(
    app: &App,
    ctx: &OpCtx,
    client_id: &str,
    audience: &str,
    input: GrantInput,
) -> Result<ClientGrant, AppError> {
    ctx.require("create:client_grants")?;
    let management = is_management_audience(&ctx.tenant.domain, audience);
    let api = if management { None } else { resource_server_by_audience(app, &ctx.tenant.id, audience).await? };
    if !management && api.is_none() {
        return Err(AppError::bad_request(format!("Resource server '{audience}' does not exist")));
    }
    let client = clients::load(app, ctx, client_id).await?;
    let mut grant = ClientGrant {
        id: ids::client_grant()?,
        revision: 0,
        client_id: client.client_id,
        audience: api.as_ref().map(|api| api.identifier.clone()),
        scope: Vec::new(),
        settings: Map::new(),
        created_at: ctx.now,
    };
    apply(&mut grant, api.as_ref(), input)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .expect::<Client>(client_id, Expect::Present)
        .insert(&grant)
        .insert(&logs::audit(ctx, "Create client grant", grant.id.as_str())?);
    match app.store().commit(set).await {
        Ok(_) => load(app, ctx, grant.id.as_str()).await,
        Err(CommitError::Duplicate { .. }) => Err(AppError::conflict("A resource with the same name already exists.")),
        Err(other) => Err(other.into()),
    }
}

/// Changes a grant.
///
/// # Errors
/// When the scope is missing, there is no such grant, its API does not know a scope, or it changed meanwhile.
pub async fn grant_update(app: &App, ctx: &OpCtx, id: &str, input: GrantInput) -> Result<ClientGrant, AppError> {
    ctx.require("update:client_grants")?;
    let mut grant = load(app, ctx, id).await?;
    let api = match &grant.audience {
        Some(audience) => resource_server_by_audience(app, &ctx.tenant.id, audience).await?,
        None => None,
    };
    apply(&mut grant, api.as_ref(), input)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&grant).insert(&logs::audit(
        ctx,
        "Update client grant",
        id,
    )?);
    app.store().commit(set).await?;
    load(app, ctx, id).await
}

/// Removes a grant; none is no error. Tokens issued before run out by themselves.
///
/// # Errors
/// When the scope is missing.
pub async fn grant_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:client_grants")?;
    let grant = match load(app, ctx, id).await {
        Ok(grant) => grant,
        Err(error) if error.code == Code::InexistentGrant => return Ok(()),
        Err(error) => return Err(error),
    };
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .delete::<ClientGrant>(grant.id.as_str(), Expect::Any)
        .insert(&logs::audit(ctx, "Delete client grant", id)?);
    app.store().commit(set).await?;
    Ok(())
}

/// Name of the setting, above the tenants, that says that grants are rows of their own.
const MIGRATED: &str = "client_grants_migrated";

/// Makes rows of the grants that clients carried within themselves in earlier versions. Once for a store; a repeated or
/// broken off one does no harm.
///
/// # Errors
/// A fault of the store.
pub async fn grants_migrate(app: &App) -> Result<(), AppError> {
    if app.store().fetch::<Setting>(&root_tenant(), MIGRATED).await?.is_some() {
        return Ok(());
    }
    for tenant in tenant_list(app).await? {
        let mut after = None;
        loop {
            let page = app.store().list::<Client>(&tenant.id, Query::all().limit(100).after(after)).await?;
            for mut client in page.rows {
                let Some(scope) = client.management_scopes.take() else { continue };
                let grant = ClientGrant { scope, ..management_grant(&client)? };
                let set = WriteSet::new(&tenant.id, ids::request()?).replace(&client).insert(&grant);
                match app.store().commit(set).await {
                    Ok(_) | Err(CommitError::Duplicate { .. }) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    let done = Setting { name: MIGRATED.to_owned(), value: json!(true), revision: 0 };
    app.store().commit(WriteSet::new(&root_tenant(), ids::request()?).put(&done)).await?;
    Ok(())
}
