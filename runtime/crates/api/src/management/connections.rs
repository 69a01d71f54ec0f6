//! `/api/v2/connections`.

mod wire;

use axum::extract::{RawQuery, State};
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::connections;
use postern_model::Connection;
use serde_json::{Value, json};

use self::wire::ConnectionBody;
use super::users::wire::time;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:connections"]);
const LIST: &str = "/api/v2/connections";
const ONE: &str = "/api/v2/connections/{id}";
const NAME: Parameter = Parameter { name: "name", kind: "string", summary: "Only the connection of this name" };
const STRATEGY: Parameter =
    Parameter { name: "strategy", kind: "string", summary: "Only this strategy; may be repeated" };

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let connection = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: const { &[PARAMETERS[0], PARAMETERS[1], PARAMETERS[2], PARAMETERS[3], PARAMETERS[4], NAME, STRATEGY] },
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
            Operation { response: connection, failures: &[404], ..Operation::new("connection_fetch", "Get a connection", READ) },
            connection_fetch,
        )
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
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let wanted = wanted(query.as_deref());
    let found = connections::connection_list(&app, &ctx).await?;
    let rows = found.iter().filter(|connection| wanted(connection)).map(wire::connection).collect();
    Ok(Json(page.paging()?.answer_all("connections", rows)?))
}

async fn connection_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ConnectionBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let connection = connections::connection_create(&app, &ctx, body.input()).await?;
    Ok((StatusCode::CREATED, Json(wire::connection(&connection))))
}

async fn connection_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::connection(&connections::connection_fetch(&app, &ctx, &id).await?)))
}

async fn connection_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ConnectionBody>,
) -> Result<Json<Value>, ApiError> {
    let connection = connections::connection_update(&app, &ctx, &id, body.input()).await?;
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
