//! `/api/v2/client-grants`: which management scopes a client's tokens may hold.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::grants::{self, Grant};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

const LIST: &str = "/api/v2/client-grants";
const ONE: &str = "/api/v2/client-grants/{id}";
const CLIENT_ID: Parameter = Parameter { name: "client_id", kind: "string", summary: "Only this client's" };

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let grant = Some(Content::json(schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: const { &[PARAMETERS[0], PARAMETERS[1], PARAMETERS[2], PARAMETERS[3], PARAMETERS[4], CLIENT_ID] },
                response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
                ..Operation::new("grant_list", "List client grants", Access::Scopes(&["read:client_grants"]))
            },
            grant_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(schema)),
                success: 201,
                response: grant,
                failures: &[404, 409],
                ..Operation::new("grant_create", "Grant a client scopes", Access::Scopes(&["create:client_grants"]))
            },
            grant_create,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(update_schema)),
                response: grant,
                failures: &[404, 409],
                ..Operation::new("grant_update", "Replace a grant's scopes", Access::Scopes(&["update:client_grants"]))
            },
            grant_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                ..Operation::new("grant_delete", "Remove a grant", Access::Scopes(&["delete:client_grants"]))
            },
            grant_delete,
        )
}

fn update_schema() -> Value {
    json!({
        "type": "object", "required": ["scope"],
        "properties": { "scope": { "type": "array", "items": { "type": "string" } } },
        "additionalProperties": false,
    })
}

fn schema() -> Value {
    json!({
        "type": "object", "required": ["client_id", "audience", "scope"],
        "properties": {
            "client_id": { "type": "string" }, "audience": { "type": "string" },
            "scope": { "type": "array", "items": { "type": "string" } },
        },
    })
}

fn grant(grant: &Grant) -> Value {
    json!({ "id": grant.id(), "client_id": grant.client_id, "audience": grant.audience, "scope": grant.scope })
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    client_id: Option<String>,
}

async fn grant_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = grants::grant_list(&app, &ctx, query.client_id.as_deref()).await?;
    Ok(Json(page.paging()?.answer_all("client_grants", found.iter().map(grant).collect())?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    client_id: String,
    audience: String,
    scope: Vec<String>,
}

async fn grant_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<CreateBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let created = grants::grant_create(&app, &ctx, &body.client_id, &body.audience, body.scope).await?;
    Ok((StatusCode::CREATED, Json(grant(&created))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    scope: Vec<String>,
}

async fn grant_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<UpdateBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(grant(&grants::grant_update(&app, &ctx, &id, body.scope).await?)))
}

async fn grant_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    grants::grant_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
