//! `/api/v2/clients`: clients and their metadata.

mod settings;
mod wire;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::clients;
use postern_app::{App, OpCtx};
use postern_model::Client;
use serde::Deserialize;
use serde_json::Value;

use self::wire::ClientBody;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{FIELDS, PARAMETERS, PageQuery, project};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:clients", "read:client_keys"]);
const LIST: &str = "/api/v2/clients";
const ONE: &str = "/api/v2/clients/{id}";

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let client = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &LIST_QUERY,
                response: Some(Content::json(wire::list_schema)),
                ..Operation::new("client_list", "List clients, oldest first", READ)
            },
            client_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(wire::body_schema)),
                success: 201,
                response: client,
                failures: &[409, 413],
                ..Operation::new("client_create", "Create a client", Access::Scopes(&["create:clients"]))
            },
            client_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                query: &FIELDS,
                response: client,
                failures: &[404],
                ..Operation::new("client_fetch", "Get a client", READ)
            },
            client_fetch,
        )
        .merge(write_routes())
}

fn write_routes() -> Routes<App> {
    let client = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(wire::body_schema)),
                response: client,
                failures: &[404, 409, 413],
                ..Operation::new(
                    "client_update",
                    "Change a client; client_metadata is merged",
                    Access::Scopes(&["update:clients"]),
                )
            },
            client_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                ..Operation::new("client_delete", "Delete a client", Access::Scopes(&["delete:clients"]))
            },
            client_delete,
        )
        .add(
            Method::POST,
            "/api/v2/clients/{id}/rotate-secret",
            Operation {
                response: client,
                failures: &[404, 409],
                ..Operation::new(
                    "client_secret_rotate",
                    "Give a client a new secret",
                    Access::Scopes(&["update:client_keys"]),
                )
            },
            client_secret_rotate,
        )
}

const LIST_QUERY: [Parameter; 10] = [
    PARAMETERS[0],
    PARAMETERS[1],
    PARAMETERS[2],
    PARAMETERS[3],
    PARAMETERS[4],
    FIELDS[0],
    FIELDS[1],
    Parameter { name: "is_global", kind: "boolean", summary: "Only the client that stands for all, or all others" },
    Parameter { name: "is_first_party", kind: "boolean", summary: "Only the tenant's own clients, or all others" },
    Parameter { name: "app_type", kind: "string", summary: "Only clients of these types, separated by commas" },
];

#[derive(Debug, Default, Deserialize)]
struct FilterQuery {
    is_global: Option<bool>,
    is_first_party: Option<bool>,
    app_type: Option<String>,
}

impl FilterQuery {
    fn takes(&self, client: &Client) -> bool {
        let named = |list: &String| list.split(',').any(|name| Some(name.trim()) == client.app_type());
        self.is_global != Some(true)
            && self.is_first_party.is_none_or(|first| first == client.is_first_party())
            && self.app_type.as_ref().is_none_or(named)
    }
}

#[derive(Debug, Default, Deserialize)]
struct FieldsQuery {
    fields: Option<String>,
    include_fields: Option<bool>,
}

impl FieldsQuery {
    fn of(&self, ctx: &OpCtx, client: &Client) -> Value {
        self.kept(wire::client(ctx, client))
    }

    fn kept(&self, client: Value) -> Value {
        project(client, self.fields.as_deref(), self.include_fields)
    }
}

async fn client_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(fields): Query<FieldsQuery>,
    Query(filter): Query<FilterQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = clients::client_list(&app, &ctx).await?;
    let mut rows: Vec<Value> =
        found.iter().filter(|client| filter.takes(client)).map(|client| fields.of(&ctx, client)).collect();
    if filter.is_global == Some(true) {
        rows.push(fields.kept(wire::global(&ctx)));
    }
    Ok(Json(page.paging()?.answer_all("clients", rows)?))
}

async fn client_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ClientBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let client = clients::client_create(&app, &ctx, body.input()?).await?;
    // The one who creates a client is shown its secret, once, whatever the scopes.
    Ok((StatusCode::CREATED, Json(wire::with_secret(&ctx, &client))))
}

async fn client_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    if id == wire::GLOBAL_CLIENT_ID {
        ctx.require_any(&["read:clients", "read:client_keys"])?;
        return Ok(Json(fields.kept(wire::global(&ctx))));
    }
    let client = clients::client_fetch(&app, &ctx, &id).await?;
    Ok(Json(fields.of(&ctx, &client)))
}

/// The one who may set a client's secret is shown the new one.
async fn client_secret_rotate(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let client = clients::client_secret_rotate(&app, &ctx, &id).await?;
    Ok(Json(wire::with_secret(&ctx, &client)))
}

async fn client_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ClientBody>,
) -> Result<Json<Value>, ApiError> {
    let client = clients::client_update(&app, &ctx, &id, body.input()?).await?;
    Ok(Json(wire::client(&ctx, &client)))
}

async fn client_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    clients::client_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
