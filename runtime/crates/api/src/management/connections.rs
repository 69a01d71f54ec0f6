//! `/api/v2/connections`.

mod wire;

use axum::extract::{RawQuery, State};
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::connections;
use postern_model::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use self::wire::{ClientStatus, ConnectionBody};
use super::users::wire::time;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{FIELDS, PARAMETERS, PageQuery, project};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:connections"]);
const LIST: &str = "/api/v2/connections";
const ONE: &str = "/api/v2/connections/{id}";
const CLIENTS: &str = "/api/v2/connections/{id}/clients";
const NAME: Parameter = Parameter { name: "name", kind: "string", summary: "Only the connection of this name" };
const STRATEGY: Parameter =
    Parameter { name: "strategy", kind: "string", summary: "Only this strategy; may be repeated" };

const LIST_QUERY: [Parameter; 9] =
    [PARAMETERS[0], PARAMETERS[1], PARAMETERS[2], PARAMETERS[3], PARAMETERS[4], NAME, STRATEGY, FIELDS[0], FIELDS[1]];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let connection = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &LIST_QUERY,
                response: Some(Content::json(wire::list_schema)),
                ..Operation::new("connection_list", "List connections, by name", READ)
            },
            connection_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(wire::create_schema)),
                success: 201,
                response: connection,
                failures: &[409, 413],
                ..Operation::new("connection_create", "Create a connection", Access::Scopes(&["create:connections"]))
            },
            connection_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                query: &FIELDS,
                response: connection,
                failures: &[404],
                ..Operation::new("connection_fetch", "Get a connection", READ)
            },
            connection_fetch,
        )
        .merge(write_routes())
        .merge(client_routes())
}

fn write_routes() -> Routes<App> {
    let connection = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(wire::update_schema)),
                response: connection,
                failures: &[404, 409, 413],
                ..Operation::new(
                    "connection_update",
                    "Change a connection; options are replaced whole",
                    Access::Scopes(&["update:connections"]),
                )
            },
            connection_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 202,
                response: Some(Content::json(|| json!({ "type": "object" }))),
                failures: &[404],
                ..Operation::new("connection_delete", "Delete a connection", Access::Scopes(&["delete:connections"]))
            },
            connection_delete,
        )
}

fn client_routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            CLIENTS,
            Operation {
                query: const { &[PARAMETERS[3], PARAMETERS[4]] },
                response: Some(Content::json(wire::client_list_schema)),
                failures: &[404],
                ..Operation::new("connection_client_list", "List the clients that may log in by a connection", READ)
            },
            connection_client_list,
        )
        .add(
            Method::PATCH,
            CLIENTS,
            Operation {
                request: Some(Content::json(wire::clients_schema)),
                success: 204,
                failures: &[404, 409, 413],
                ..Operation::new(
                    "connection_client_update",
                    "Let clients log in by a connection, or no longer",
                    Access::Scopes(&["update:connections"]),
                )
            },
            connection_client_update,
        )
}

#[derive(Debug, Default, Deserialize)]
struct FieldsQuery {
    fields: Option<String>,
    include_fields: Option<bool>,
}

impl FieldsQuery {
    fn of(&self, connection: &Connection) -> Value {
        project(wire::connection(connection), self.fields.as_deref(), self.include_fields)
    }
}

#[derive(Debug, Default, Deserialize)]
struct TakeQuery {
    from: Option<String>,
    take: Option<u32>,
}

async fn connection_client_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<TakeQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = PageQuery::checkpoint(query.from, query.take).paging()?;
    let clients = connections::connection_client_list(&app, &ctx, &id).await?;
    let rows = clients.iter().map(|client_id| json!({ "client_id": client_id })).collect();
    Ok(Json(paging.answer_all("clients", rows)?))
}

async fn connection_client_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<Vec<ClientStatus>>,
) -> Result<StatusCode, ApiError> {
    let changes: Vec<(String, bool)> = body.into_iter().map(|item| (item.client_id, item.status)).collect();
    connections::connection_client_update(&app, &ctx, &id, &changes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `strategy` may be repeated, which the usual extractor does not take.
fn wanted(query: Option<&str>) -> impl Fn(&Connection) -> bool {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    move |connection| {
        let holds = |name: &str, held: &str| {
            let mut values = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value).peekable();
            values.peek().is_none() || values.any(|value| value == held)
        };
        holds("name", &connection.name) && holds("strategy", &connection.strategy.0)
    }
}

async fn connection_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(fields): Query<FieldsQuery>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let wanted = wanted(query.as_deref());
    let found = connections::connection_list(&app, &ctx).await?;
    let rows = found.iter().filter(|connection| wanted(connection)).map(|one| fields.of(one)).collect();
    Ok(Json(page.paging()?.answer_all("connections", rows)?))
}

async fn connection_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ConnectionBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let connection = connections::connection_create(&app, &ctx, body.input()?).await?;
    Ok((StatusCode::CREATED, Json(wire::connection(&connection))))
}

async fn connection_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(fields.of(&connections::connection_fetch(&app, &ctx, &id).await?)))
}

async fn connection_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ConnectionBody>,
) -> Result<Json<Value>, ApiError> {
    let connection = connections::connection_update(&app, &ctx, &id, body.input()?).await?;
    Ok(Json(wire::connection(&connection)))
}

async fn connection_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    connections::connection_delete(&app, &ctx, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "deleted_at": time(ctx.now) }))))
}
