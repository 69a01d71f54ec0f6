//! Roles, and who has them (Auth0 Management API: /roles, /users/{id}/roles).

use std::collections::BTreeMap;

use postern_model::role::Permission;
use postern_model::{ResourceServer, Role, RoleId, User};
use postern_store::{CommitError, Expect, Index, Query, UserPatch, WriteSet};
use serde_json::json;

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::resource_servers::resource_server_by_audience;
use crate::{App, ids, logs, users};

/// Characters of a role's name, and of its description.
const TEXT_CHARS: usize = 255;
/// Roles a user may be given directly (Auth0: 50).
const ROLES_PER_USER: usize = 50;
/// How often a change is made again when the user changed meanwhile.
const ATTEMPTS: usize = 5;

fn absent() -> AppError {
    AppError::new(Code::InexistentRole, "The role does not exist.")
}

fn check(name: Option<&str>, description: Option<&str>) -> Result<(), AppError> {
    if name.is_some_and(|name| name.trim().is_empty() || name.chars().count() > TEXT_CHARS) {
        return Err(AppError::invalid_body(format!("'name' must have 1 to {TEXT_CHARS} characters")));
    }
    if description.is_some_and(|description| description.chars().count() > TEXT_CHARS) {
        return Err(AppError::invalid_body(format!("'description' must have at most {TEXT_CHARS} characters")));
    }
    Ok(())
}

/// Creates a role.
///
/// # Errors
/// When the scope is missing, the input is not legal or the name is taken.
pub async fn role_create(app: &App, ctx: &OpCtx, name: String, description: String) -> Result<Role, AppError> {
    ctx.require("create:roles")?;
    check(Some(&name), Some(&description))?;
    let role = Role { id: ids::role()?, revision: 0, name, description, permissions: Vec::new() };
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&role).insert(&logs::audit(
        ctx,
        "Create a role",
        role.id.as_str(),
    )?);
    match app.store().commit(set).await {
        Ok(_) => Ok(role),
        Err(CommitError::Duplicate { .. }) => Err(AppError::conflict("A role with the same name already exists.")),
        Err(other) => Err(other.into()),
    }
}

/// Changes a role; absent leaves as it is.
///
/// # Errors
/// When the scope is missing, the input is not legal, there is no such role, or the name is taken.
pub async fn role_update(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    name: Option<String>,
    description: Option<String>,
) -> Result<Role, AppError> {
    ctx.require("update:roles")?;
    check(name.as_deref(), description.as_deref())?;
    let mut role = load(app, ctx, id).await?;
    role.name = name.unwrap_or(role.name);
    role.description = description.unwrap_or(role.description);
    let set =
        WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&role).insert(&logs::audit(ctx, "Update a role", id)?);
    match app.store().commit(set).await {
        Ok(_) => Ok(role),
        Err(CommitError::Duplicate { .. }) => Err(AppError::conflict("A role with the same name already exists.")),
        Err(other) => Err(other.into()),
    }
}

async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<Role, AppError> {
    app.store().fetch::<Role>(&ctx.tenant.id, id).await?.ok_or_else(absent)
}

/// Reads a role.
///
/// # Errors
/// When the scope is missing or there is no such role.
pub async fn role_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Role, AppError> {
    ctx.require("read:roles")?;
    load(app, ctx, id).await
}

/// Reads every role, by name.
///
/// # Errors
/// When the scope is missing.
pub async fn role_list(app: &App, ctx: &OpCtx) -> Result<Vec<Role>, AppError> {
    ctx.require("read:roles")?;
    let mut roles = Vec::new();
    let mut after = None;
    loop {
        let query = Query::by(Index::RoleByName).limit(100).after(after);
        let page = app.store().list::<Role>(&ctx.tenant.id, query).await?;
        roles.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(roles),
        }
    }
}

/// Deletes a role; users who had it no longer do.
///
/// # Errors
/// When the scope is missing or there is no such role.
pub async fn role_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:roles")?;
    load(app, ctx, id).await?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).delete::<Role>(id, Expect::Any).insert(&logs::audit(
        ctx,
        "Delete a role",
        id,
    )?);
    app.store().commit(set).await?;
    Ok(())
}

/// Permissions of one role (Auth0: 1000), and named in one request.
const PERMISSIONS: usize = 1000;

/// What a role may do, sorted, with the API that each is about when it is still there.
///
/// # Errors
/// When the scope is missing or there is no such role.
pub async fn role_permission_list(
    app: &App,
    ctx: &OpCtx,
    id: &str,
) -> Result<Vec<(Permission, Option<ResourceServer>)>, AppError> {
    ctx.require("read:roles")?;
    let role = load(app, ctx, id).await?;
    let mut apis: BTreeMap<String, Option<ResourceServer>> = BTreeMap::new();
    for permission in &role.permissions {
        let identifier = &permission.resource_server_identifier;
        if !apis.contains_key(identifier) {
            let api = resource_server_by_audience(app, &ctx.tenant.id, identifier).await?;
            apis.insert(identifier.clone(), api);
        }
    }
    let with_api = |permission: Permission| {
        let api = apis.get(&permission.resource_server_identifier).cloned().flatten();
        (permission, api)
    };
    Ok(role.permissions.into_iter().map(with_api).collect())
}

/// Lets a role do more, or less.
///
/// # Errors
/// When the scope is missing, there is no such role, or an API does not know a permission.
pub async fn role_permission_update(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    permissions: &[Permission],
    change: RoleChange,
) -> Result<(), AppError> {
    ctx.require("update:roles")?;
    load(app, ctx, id).await?;
    if !(1..=PERMISSIONS).contains(&permissions.len()) {
        return Err(AppError::invalid_body(format!("'permissions' must have 1 to {PERMISSIONS} entries")));
    }
    if change == RoleChange::Assign {
        for Permission { resource_server_identifier: identifier, permission_name: name } in permissions {
            let api = resource_server_by_audience(app, &ctx.tenant.id, identifier).await?;
            if !api.is_some_and(|api| api.knows(name)) {
                return Err(AppError::bad_request(format!("The API '{identifier}' has no permission '{name}'.")));
            }
        }
    }
    for _ in 0..ATTEMPTS {
        let mut role = load(app, ctx, id).await?;
        role.permissions.retain(|held| !permissions.contains(held));
        if change == RoleChange::Assign {
            role.permissions.extend(permissions.iter().cloned());
            role.permissions.sort();
            role.permissions.dedup();
        }
        if role.permissions.len() > PERMISSIONS {
            return Err(AppError::bad_request(format!("A role may have at most {PERMISSIONS} permissions.")));
        }
        let entry = logs::audit(ctx, "Change the permissions of a role", id)?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&role).insert(&entry);
        match app.store().commit(set).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The role was changed at the same time by others; send the request again."))
}

/// The roles a user was given that still exist, whatever the scopes: for logins too.
///
/// # Errors
/// A fault of the store.
pub async fn roles_of(app: &App, tenant: &postern_model::TenantId, user: &User) -> Result<Vec<Role>, AppError> {
    let mut roles = Vec::with_capacity(user.roles.len());
    for id in &user.roles {
        roles.extend(app.store().fetch::<Role>(tenant, id.as_str()).await?);
    }
    Ok(roles)
}

/// The roles of a user.
///
/// # Errors
/// When the scopes are missing or there is no such user.
pub async fn user_roles_list(app: &App, ctx: &OpCtx, user_id: &str) -> Result<Vec<Role>, AppError> {
    ctx.require("read:users")?;
    ctx.require_any(&["read:roles", "read:role_members"])?;
    let user = users::load(app, ctx, user_id).await?;
    roles_of(app, &ctx.tenant.id, &user).await
}

/// What is done with the roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleChange {
    /// They are given.
    Assign,
    /// They are taken away.
    Remove,
}

/// Gives roles to a user, or takes them away.
///
/// # Errors
/// When the scopes are missing, there is no such user or role, or the user would have too many.
pub async fn user_roles_update(
    app: &App,
    ctx: &OpCtx,
    user_id: &str,
    roles: &[String],
    change: RoleChange,
) -> Result<(), AppError> {
    ctx.require("update:users")?;
    ctx.require_any(match change {
        RoleChange::Assign => &["create:role_members", "read:roles"],
        RoleChange::Remove => &["delete:role_members", "read:roles"],
    })?;
    let mut ids: Vec<RoleId> = Vec::with_capacity(roles.len());
    for id in roles {
        ids.push(load(app, ctx, id).await?.id);
    }
    for _ in 0..ATTEMPTS {
        let user = users::load(app, ctx, user_id).await?;
        let mut held = user.roles.clone();
        held.retain(|id| !ids.contains(id));
        if change == RoleChange::Assign {
            held.extend(ids.iter().cloned());
        }
        if held.len() > ROLES_PER_USER {
            return Err(AppError::bad_request(format!("A user may have at most {ROLES_PER_USER} roles.")));
        }
        let mut patch = UserPatch::new(user.user_id.clone(), ctx.now);
        patch.expect = Expect::Revision(user.revision);
        patch.set.insert("roles".to_owned(), json!(held));
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).patch_user(patch).insert(&logs::audit(
            ctx,
            "Change the roles of a user",
            user_id,
        )?);
        match app.store().commit(set).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The user was changed at the same time by others; send the request again."))
}
