//! `/api/v2/actions/triggers`: triggers and their bindings.

mod wire;

use axum::extract::State;
use axum::http::Method;
use postern_app::App;
use postern_app::bindings;
use serde::Deserialize;
use serde_json::{Value, json};

use self::wire::BindingsBody;
use super::actions::paging::{PAGE, PER_PAGE, Paging};
use super::actions::{READ, UPDATE, schema};
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Content, Operation, Routes};
use crate::permission::Caller;

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let list = "/api/v2/actions/triggers/{id}/bindings";
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/actions/triggers",
            Operation {
                response: Some(Content::json(schema::trigger_list)),
                ..Operation::new("trigger_list", "List the triggers", READ)
            },
            trigger_list,
        )
        .add(
            Method::GET,
            list,
            Operation {
                query: &[PAGE, PER_PAGE],
                response: Some(Content::json(schema::binding_list)),
                failures: &[404],
                ..Operation::new("binding_list", "List the bindings of a trigger in the order they run", READ)
            },
            binding_list,
        )
        .add(
            Method::PATCH,
            list,
            Operation {
                request: Some(Content::json(schema::binding_replace)),
                response: Some(Content::json(schema::binding_list)),
                failures: &[404, 409],
                ..Operation::new("binding_replace", "Replace the bindings of a trigger", UPDATE)
            },
            binding_replace,
        )
}

async fn trigger_list(Caller(ctx): Caller) -> Result<Json<Value>, ApiError> {
    let triggers: Vec<Value> = bindings::trigger_list(&ctx)?.iter().map(wire::trigger).collect();
    Ok(Json(json!({ "triggers": triggers })))
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    page: Option<u32>,
    per_page: Option<u32>,
}

async fn binding_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::of(query.page, query.per_page)?;
    let (items, total) = bindings::binding_list(&app, &ctx, &id, paging.slice()).await?;
    let rows: Vec<_> = items.iter().map(|item| wire::binding(item, &id)).collect();
    Ok(Json(paging.list("bindings", json!(rows), total)))
}

async fn binding_replace(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<BindingsBody>,
) -> Result<Json<Value>, ApiError> {
    let items = bindings::binding_replace(&app, &ctx, &id, body.items()?).await?;
    let rows: Vec<_> = items.iter().map(|item| wire::binding(item, &id)).collect();
    Ok(Json(json!({ "bindings": rows })))
}
