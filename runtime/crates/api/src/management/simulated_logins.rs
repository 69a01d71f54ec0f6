//! `/api/v2/simulated-logins`: the login path with a made-up authentication. The wire shape of the input is
//! [`SimulatedLogin`] itself: it is ours, not Auth0's.

use axum::extract::State;
use axum::http::Method;
use postern_app::login::{self, LoginReport, SimulatedContinue, SimulatedLogin};
use postern_app::{App, AppError};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::actions::{schema as runs, wire};
use super::users::wire as users;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

const CREATE: Access = Access::Scopes(&["create:simulated_logins"]);

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::POST,
            "/api/v2/simulated-logins",
            Operation {
                request: Some(Content::json(login_schema)),
                response: Some(Content::json(report_schema)),
                failures: &[404, 409],
                ..Operation::new("simulated_login", "Log a user in with a made-up authentication", CREATE)
            },
            simulated_login,
        )
        .add(
            Method::POST,
            "/api/v2/simulated-logins/{login_id}/continue",
            Operation {
                request: Some(Content::json(continue_schema)),
                response: Some(Content::json(report_schema)),
                failures: &[404, 409],
                ..Operation::new("simulated_login_continue", "Go on with a login that waits", CREATE)
            },
            simulated_login_continue,
        )
}

async fn simulated_login(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<Map<String, Value>>,
) -> Result<Json<Value>, ApiError> {
    let input: SimulatedLogin = read(body, &["request", "authentication"])?;
    let report = login::simulated_login(&app, &ctx, input).await?;
    Ok(Json(answer(&report)))
}

async fn simulated_login_continue(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(login_id): Path<String>,
    Json(body): Json<Map<String, Value>>,
) -> Result<Json<Value>, ApiError> {
    let input: SimulatedContinue = read(body, &[])?;
    let report = login::simulated_login_continue(&app, &ctx, &login_id, input).await?;
    Ok(Json(answer(&report)))
}

/// Serde takes an array for a struct whose fields may all be left out; a client that sends one means something else.
fn read<T: DeserializeOwned>(body: Map<String, Value>, objects: &[&str]) -> Result<T, AppError> {
    for name in objects {
        if body.get(*name).is_some_and(|part| !part.is_object()) {
            return Err(AppError::invalid_body(format!("'{name}' must be an object")));
        }
    }
    serde_json::from_value(Value::Object(body)).map_err(AppError::invalid_body)
}

fn answer(report: &LoginReport) -> Value {
    json!({
        "login_id": report.login_id,
        "execution_id": report.execution_id,
        "outcome": report.outcome,
        "user": users::user(&report.user),
        "claims": { "id_token": report.claims.id_token, "access_token": report.claims.access_token },
        "scope": report.scope,
        "runs": report.runs.iter().map(wire::run).collect::<Vec<_>>(),
        "warnings": report.warnings,
        "revision": report.revision,
    })
}

fn login_schema() -> Value {
    json!({
        "type": "object", "required": ["client_id"],
        "properties": {
            "client_id": { "type": "string" },
            "connection": { "type": "string", "description": "Name or id; the default database when left out" },
            "user_id": { "type": "string", "description": "An existing user" },
            "user": { "type": "object", "description": "The profile that the connection hands over" },
            "request": { "type": "object", "properties": {
                "ip": { "type": "string" }, "method": { "type": "string" }, "user_agent": { "type": "string" },
                "language": { "type": "string" }, "hostname": { "type": "string" }, "asn": { "type": "string" },
                "query": { "type": "object" }, "body": { "type": "object" }, "geoip": { "type": "object" },
            } },
            "authentication": { "type": "object", "properties": {
                "methods": { "type": "array", "items": { "type": "object" } },
                "riskAssessment": { "type": "object" },
            } },
            "transaction": { "type": "object", "description": "event.transaction" },
            "audience": { "type": "string", "description": "Identifier of the API that tokens are asked for" },
            "organization": { "type": "object", "description": "event.organization" },
            "dry_run": { "type": "boolean", "default": false, "description": "Commit nothing" },
            "versions": { "type": "object", "description": "Dry runs only: a version's number or \"draft\", by action id",
                "additionalProperties": { "anyOf": [{ "type": "integer" }, { "const": "draft" }] } },
            "event": { "type": "object", "description": "Dry runs only: parts laid over the built event" },
            "now": { "type": "integer", "description": "Dry runs only: the time actions are told, ms since the epoch" },
        },
    })
}

fn continue_schema() -> Value {
    json!({
        "type": "object", "description": "The state token is in either",
        "properties": {
            "query": { "type": "object" }, "body": { "type": "object" },
            "factor": { "type": "string", "description": "The factor given; the first that is asked for when left out" },
        },
    })
}

fn report_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "login_id": { "type": "string" }, "execution_id": { "type": "string" },
            "outcome": { "type": "object", "required": ["type"], "properties": {
                "type": { "type": "string", "enum": ["allow", "deny", "redirect", "challenge", "error"] },
                "code": { "type": "string" }, "reason": { "type": "string" }, "message": { "type": "string" },
                "url": { "type": "string" }, "state": { "type": "string" }, "factors": { "type": "array" },
            } },
            "user": { "type": "object" },
            "claims": { "type": "object", "properties": {
                "id_token": { "type": "object" }, "access_token": { "type": "object" },
            } },
            "scope": { "type": "string" },
            "runs": { "type": "array", "items": runs::run() },
            "warnings": { "type": "array", "items": { "type": "string" } },
            "revision": { "type": "integer" },
        },
    })
}
