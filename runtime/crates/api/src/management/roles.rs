//! `/api/v2/roles`.

pub(crate) mod wire;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::error::AppError;
use postern_app::roles::{self, RoleChange};
use postern_model::ResourceServer;
use postern_model::role::Permission;
use serde::Deserialize;
use serde_json::{Value, json};

use self::wire::RoleBody;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

const LIST: &str = "/api/v2/roles";
const ONE: &str = "/api/v2/roles/{id}";

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let role = Some(Content::json(wire::schema));
    let read = Access::Scopes(&["read:roles"]);
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &PARAMETERS,
                response: Some(Content::json(wire::list_schema)),
                ..Operation::new("role_list", "List roles, by name", read)
            },
            role_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(wire::body_schema)),
                response: role,
                failures: &[409, 413],
                ..Operation::new("role_create", "Create a role", Access::Scopes(&["create:roles"]))
            },
            role_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation { response: role, failures: &[404], ..Operation::new("role_fetch", "Get a role", read) },
            role_fetch,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(wire::body_schema)),
                response: role,
                failures: &[404, 409, 413],
                ..Operation::new("role_update", "Change a role", Access::Scopes(&["update:roles"]))
            },
            role_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                failures: &[404],
                ..Operation::new("role_delete", "Delete a role", Access::Scopes(&["delete:roles"]))
            },
            role_delete,
        )
        .merge(permission_routes())
}

fn permission_routes() -> Routes<App> {
    let change = Operation {
        request: Some(Content::json(permissions_schema)),
        failures: &[404, 409, 413],
        ..Operation::new("", "", Access::Scopes(&["update:roles"]))
    };
    Routes::new()
        .add(
            Method::GET,
            PERMISSIONS,
            Operation {
                query: &PARAMETERS,
                response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
                failures: &[404],
                ..Operation::new("role_permission_list", "List what a role may do", Access::Scopes(&["read:roles"]))
            },
            role_permission_list,
        )
        .add(
            Method::POST,
            PERMISSIONS,
            Operation { id: "role_permission_create", summary: "Let a role do more", success: 201, ..change },
            role_permission_create,
        )
        .add(
            Method::DELETE,
            PERMISSIONS,
            Operation { id: "role_permission_delete", summary: "Let a role do less", success: 204, ..change },
            role_permission_delete,
        )
}

const PERMISSIONS: &str = "/api/v2/roles/{id}/permissions";

fn permissions_schema() -> Value {
    json!({
        "type": "object", "required": ["permissions"],
        "properties": { "permissions": { "type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["resource_server_identifier", "permission_name"],
            "properties": {
                "resource_server_identifier": { "type": "string" }, "permission_name": { "type": "string" },
            },
        } } },
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionsBody {
    permissions: Vec<Permission>,
}

fn permission((permission, api): &(Permission, Option<ResourceServer>)) -> Value {
    let known = api.iter().flat_map(|api| api.scopes.iter().flatten());
    let description =
        known.filter(|scope| scope.value == permission.permission_name).find_map(|scope| scope.description.as_ref());
    json!({
        "resource_server_identifier": permission.resource_server_identifier,
        "resource_server_name": api.as_ref().and_then(|api| api.name.as_ref()),
        "permission_name": permission.permission_name,
        "description": description,
    })
}

async fn role_permission_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = roles::role_permission_list(&app, &ctx, &id).await?;
    Ok(Json(page.paging()?.answer_all("permissions", found.iter().map(permission).collect())?))
}

async fn role_permission_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<PermissionsBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    roles::role_permission_update(&app, &ctx, &id, &body.permissions, RoleChange::Assign).await?;
    Ok((StatusCode::CREATED, Json(json!({}))))
}

async fn role_permission_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<PermissionsBody>,
) -> Result<StatusCode, ApiError> {
    roles::role_permission_update(&app, &ctx, &id, &body.permissions, RoleChange::Remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn role_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = roles::role_list(&app, &ctx).await?;
    Ok(Json(page.paging()?.answer_all("roles", found.iter().map(wire::role).collect())?))
}

async fn role_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<RoleBody>,
) -> Result<Json<Value>, ApiError> {
    let name = body.name.ok_or_else(|| AppError::invalid_body("Missing required property: name"))?;
    let role = roles::role_create(&app, &ctx, name, body.description.unwrap_or_default()).await?;
    Ok(Json(wire::role(&role)))
}

async fn role_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::role(&roles::role_fetch(&app, &ctx, &id).await?)))
}

async fn role_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<RoleBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::role(&roles::role_update(&app, &ctx, &id, body.name, body.description).await?)))
}

async fn role_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    roles::role_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
