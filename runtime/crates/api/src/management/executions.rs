//! `/api/v2/actions/executions`: the records of what ran in a login.

use axum::extract::State;
use axum::http::Method;
use postern_app::App;
use postern_app::error::AppError;
use postern_app::executions::{self, ExecutionFilter};
use postern_model::{ActionRun, Execution, Outcome, limits};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::{READ, schema, wire};
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Content, Operation, Parameter, Routes};
use crate::permission::Caller;

const LOGIN_ID: Parameter = Parameter { name: "login_id", kind: "string", summary: "Executions of this login" };
const USER_ID: Parameter =
    Parameter { name: "user_id", kind: "string", summary: "Executions of this user, newest first" };
const FROM: Parameter = Parameter { name: "from", kind: "string", summary: "`next` of the page before" };
const TAKE: Parameter =
    Parameter { name: "take", kind: "integer", summary: "Rows of a page: 1 to 100, 50 when left out" };

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/actions/executions",
            Operation {
                query: &[LOGIN_ID, USER_ID, FROM, TAKE],
                response: Some(Content::json(schema::execution_list)),
                ..Operation::new("execution_list", "List the executions of a login or of a user", READ)
            },
            execution_list,
        )
        .add(
            Method::GET,
            "/api/v2/actions/executions/{id}",
            Operation {
                response: Some(Content::json(schema::execution)),
                failures: &[404],
                ..Operation::new("execution_fetch", "Get an execution with its runs", READ)
            },
            execution_fetch,
        )
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    login_id: Option<String>,
    user_id: Option<String>,
    from: Option<String>,
    take: Option<u32>,
}

async fn execution_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let filter = match (query.login_id, query.user_id) {
        (Some(login), None) => ExecutionFilter::Login(login),
        (None, Some(user)) => ExecutionFilter::User(user),
        (None, None) | (Some(_), Some(_)) => {
            return Err(AppError::invalid_query("one of 'login_id' and 'user_id' must be given").into());
        }
    };
    let take = query.take.map_or(limits::PAGE_ROWS_DEFAULT, |take| take as usize);
    if !(1..=limits::PAGE_ROWS).contains(&take) {
        return Err(AppError::invalid_query(format!("'take' must be from 1 to {}", limits::PAGE_ROWS)).into());
    }
    let (rows, next) = executions::execution_list(&app, &ctx, filter, query.from, take).await?;
    let mut body = json!({ "executions": rows.iter().map(execution).collect::<Vec<_>>() });
    if let (Some(next), Value::Object(body)) = (next, &mut body) {
        body.insert("next".to_owned(), json!(next));
    }
    Ok(Json(body))
}

async fn execution_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(execution(&executions::execution_fetch(&app, &ctx, &id).await?)))
}

/// An execution: Auth0's fields, then ours.
fn execution(execution: &Execution) -> Value {
    json!({
        "id": execution.id,
        "trigger_id": execution.trigger_id,
        "status": execution.status,
        "results": execution.runs.iter().map(result).collect::<Vec<_>>(),
        "created_at": execution.created_at,
        "updated_at": execution.updated_at,
        "login_id": execution.login_id,
        "user_id": execution.user_id,
        "client_id": execution.client_id,
        "outcome": outcome(&execution.outcome),
        "runs": execution.runs.iter().map(wire::run).collect::<Vec<_>>(),
    })
}

fn result(run: &ActionRun) -> Value {
    let error = run.error.as_ref().map(|error| json!({ "id": error.name, "msg": error.message, "url": "" }));
    json!({
        "action_name": run.action_name,
        "error": error,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    })
}

/// The outcome without the token that resumes the login: who reads records may not go on in the user's place.
fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Redirect { url, .. } => json!({ "type": "redirect", "url": without_state(url) }),
        Outcome::Challenge { factors, .. } => json!({ "type": "challenge", "factors": factors }),
        Outcome::Allow | Outcome::Deny { .. } | Outcome::Error { .. } => json!(outcome),
    }
}

fn without_state(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return String::new() };
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "state")
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url.into()
}
