//! `/api/v2/actions/actions`: actions and their drafts.

pub(crate) mod paging;
pub(crate) mod schema;
pub(crate) mod wire;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::actions::{self, ActionFilter, CreateMode, DeleteMode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::paging::{PAGE, PER_PAGE, Paging};
use self::wire::ActionBody;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::permission::Caller;

pub(crate) const READ: Access = Access::Scopes(&["read:actions"]);
pub(crate) const CREATE: Access = Access::Scopes(&["create:actions"]);
pub(crate) const UPDATE: Access = Access::Scopes(&["update:actions"]);
const DELETE: Access = Access::Scopes(&["delete:actions"]);

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let list = "/api/v2/actions/actions";
    let one = "/api/v2/actions/actions/{id}";
    Routes::new()
        .add(
            Method::GET,
            list,
            Operation {
                query: const { &[TRIGGER_ID, ACTION_NAME, DEPLOYED, PAGE, PER_PAGE] },
                response: Some(Content::json(schema::action_list)),
                ..Operation::new("action_list", "List actions, oldest first", READ)
            },
            action_list,
        )
        .add(
            Method::POST,
            list,
            Operation {
                request: Some(Content::json(schema::action_create)),
                success: 201,
                response: Some(Content::json(schema::action)),
                failures: &[409],
                ..Operation::new("action_create", "Create an action", CREATE)
            },
            action_create,
        )
        .add(
            Method::GET,
            one,
            Operation {
                response: Some(Content::json(schema::action)),
                failures: &[404],
                ..Operation::new("action_fetch", "Get an action", READ)
            },
            action_fetch,
        )
        .add(
            Method::PATCH,
            one,
            Operation {
                request: Some(Content::json(schema::action_update)),
                response: Some(Content::json(schema::action)),
                failures: &[404, 409],
                ..Operation::new("action_update", "Change the draft of an action", UPDATE)
            },
            action_update,
        )
        .merge(more_routes(one))
}

fn more_routes(one: &'static str) -> Routes<App> {
    Routes::new()
        .add(
            Method::DELETE,
            one,
            Operation {
                query: &[FORCE],
                success: 204,
                failures: &[404, 409],
                ..Operation::new("action_delete", "Delete an action with its versions", DELETE)
            },
            action_delete,
        )
        .add(
            Method::POST,
            "/api/v2/actions/actions/{id}/deploy",
            Operation {
                response: Some(Content::json(schema::version)),
                failures: &[404, 409],
                ..Operation::new("action_deploy", "Deploy the draft as the next version", CREATE)
            },
            action_deploy,
        )
        .add(
            Method::POST,
            "/api/v2/actions/actions/{id}/test",
            Operation {
                request: Some(Content::json(schema::test)),
                response: Some(Content::json(schema::test_run)),
                failures: &[404],
                ..Operation::new("action_test", "Run the draft on an event, committing nothing", CREATE)
            },
            action_test,
        )
}

const TRIGGER_ID: Parameter = Parameter { name: "triggerId", kind: "string", summary: "Only actions for this trigger" };
const ACTION_NAME: Parameter =
    Parameter { name: "actionName", kind: "string", summary: "Only the action of this name" };
const DEPLOYED: Parameter =
    Parameter { name: "deployed", kind: "boolean", summary: "Only actions with, or without, a deployed version" };
const FORCE: Parameter = Parameter { name: "force", kind: "boolean", summary: "Delete the bindings of the action too" };

#[derive(Debug, Deserialize)]
struct ListQuery {
    #[serde(rename = "triggerId")]
    trigger_id: Option<String>,
    #[serde(rename = "actionName")]
    action_name: Option<String>,
    deployed: Option<bool>,
    page: Option<u32>,
    per_page: Option<u32>,
}

async fn action_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::of(query.page, query.per_page)?;
    let filter = ActionFilter { trigger_id: query.trigger_id, name: query.action_name, deployed: query.deployed };
    let (views, total) = actions::action_list(&app, &ctx, &filter, paging.slice()).await?;
    let rows: Vec<_> = views.iter().map(wire::action).collect();
    Ok(Json(paging.list("actions", json!(rows), total)))
}

async fn action_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ActionBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mode = if body.deploy == Some(true) { CreateMode::Deploy } else { CreateMode::Draft };
    let view = actions::action_create(&app, &ctx, body.input()?, mode).await?;
    Ok((StatusCode::CREATED, Json(json!(wire::changed(&view)))))
}

async fn action_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let view = actions::action_fetch(&app, &ctx, &id).await?;
    Ok(Json(json!(wire::action(&view))))
}

async fn action_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ActionBody>,
) -> Result<Json<Value>, ApiError> {
    let view = actions::action_update(&app, &ctx, &id, &body.update()?).await?;
    Ok(Json(json!(wire::changed(&view))))
}

#[derive(Debug, Deserialize)]
struct DeleteQuery {
    #[serde(default)]
    force: bool,
}

async fn action_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode, ApiError> {
    let mode = if query.force { DeleteMode::Force } else { DeleteMode::Unbound };
    actions::action_delete(&app, &ctx, &id, mode).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The body of a deploy says nothing and is not read: clients send none, or an empty object.
async fn action_deploy(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let (version, action) = actions::action_deploy(&app, &ctx, &id).await?;
    Ok(Json(json!(wire::deploying(&version, &action))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TestBody {
    payload: TestPayload,
}

/// Open, as Auth0's: keys we do not know are not refused.
#[derive(Debug, Deserialize)]
struct TestPayload {
    event: Option<Map<String, Value>>,
}

async fn action_test(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<TestBody>,
) -> Result<Json<Value>, ApiError> {
    let run = actions::action_test(&app, &ctx, &id, body.payload.event.unwrap_or_default()).await?;
    Ok(Json(json!({ "payload": wire::test_run(&run) })))
}
