//! Client grants: which management scopes a client's tokens may hold.

use postern_model::{Client, ClientId};
use postern_store::{Expect, WriteSet};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::tenants::management_audience;
use crate::{App, clients, logs};

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
    "create:simulated_logins",
    "read:simulated_logins",
];

/// A client grant. There is one API, so one grant a client; its id is the client's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    #[expect(missing_docs, reason = "says its name")]
    pub audience: String,
    #[expect(missing_docs, reason = "says its name")]
    pub scope: Vec<String>,
}

impl Grant {
    /// `cgr_` and the client's id.
    #[must_use]
    pub fn id(&self) -> String {
        format!("cgr_{}", self.client_id)
    }
}

fn of(ctx: &OpCtx, client: Client) -> Option<Grant> {
    let audience = management_audience(&ctx.tenant.domain);
    client.management_scopes.map(|scope| Grant { client_id: client.client_id, audience, scope })
}

fn absent() -> AppError {
    AppError::new(Code::InexistentGrant, "The client grant does not exist")
}

fn check(scope: &[String]) -> Result<(), AppError> {
    match scope.iter().find(|scope| !MANAGEMENT_SCOPES.contains(&scope.as_str())) {
        Some(unknown) => Err(AppError::bad_request(format!("Scope '{unknown}' is not one of the API's"))),
        None => Ok(()),
    }
}

/// Every grant, or those of one client.
///
/// # Errors
/// When the scope is missing.
pub async fn grant_list(app: &App, ctx: &OpCtx, client_id: Option<&str>) -> Result<Vec<Grant>, AppError> {
    ctx.require("read:client_grants")?;
    let clients = clients::all(app, ctx).await?;
    let wanted = |client: &Client| client_id.is_none_or(|id| client.client_id.as_str() == id);
    Ok(clients.into_iter().filter(wanted).filter_map(|client| of(ctx, client)).collect())
}

/// Grants a client scopes of the management API.
///
/// # Errors
/// When the scope is missing, the audience is another API's, or the client is unknown or has a grant.
pub async fn grant_create(
    app: &App,
    ctx: &OpCtx,
    client_id: &str,
    audience: &str,
    scope: Vec<String>,
) -> Result<Grant, AppError> {
    ctx.require("create:client_grants")?;
    check(&scope)?;
    if audience != management_audience(&ctx.tenant.domain) {
        return Err(AppError::bad_request(format!("Resource server '{audience}' does not exist")));
    }
    let mut client = clients::load(app, ctx, client_id).await?;
    if client.management_scopes.is_some() {
        return Err(AppError::conflict("A resource with the same name already exists."));
    }
    client.management_scopes = Some(scope);
    write(app, ctx, client, "Create client grant").await
}

/// Replaces the scopes of a grant.
///
/// # Errors
/// When the scope is missing or there is no such grant.
pub async fn grant_update(app: &App, ctx: &OpCtx, id: &str, scope: Vec<String>) -> Result<Grant, AppError> {
    ctx.require("update:client_grants")?;
    check(&scope)?;
    let mut client = granted(app, ctx, id).await?;
    client.management_scopes = Some(scope);
    write(app, ctx, client, "Update client grant").await
}

/// Removes a grant; none is no error. Tokens issued before run out by themselves.
///
/// # Errors
/// When the scope is missing.
pub async fn grant_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:client_grants")?;
    match granted(app, ctx, id).await {
        Ok(mut client) => {
            client.management_scopes = None;
            let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&client).insert(&logs::audit(
                ctx,
                "Delete client grant",
                id,
            )?);
            app.store().commit(set).await?;
            Ok(())
        }
        Err(error) if error.code == Code::InexistentGrant => Ok(()),
        Err(error) => Err(error),
    }
}

async fn granted(app: &App, ctx: &OpCtx, id: &str) -> Result<Client, AppError> {
    let client_id = id.strip_prefix("cgr_").ok_or_else(absent)?;
    let client = app.store().fetch::<Client>(&ctx.tenant.id, client_id).await?;
    client.filter(|client| client.management_scopes.is_some()).ok_or_else(absent)
}

async fn write(app: &App, ctx: &OpCtx, client: Client, operation: &str) -> Result<Grant, AppError> {
    let expect = Expect::Revision(client.revision);
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .expect::<Client>(client.client_id.as_str(), expect)
        .replace(&client)
        .insert(&logs::audit(ctx, operation, client.client_id.as_str())?);
    app.store().commit(set).await?;
    of(ctx, client).ok_or_else(absent)
}
