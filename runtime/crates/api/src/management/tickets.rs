//! `/api/v2/tickets`.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::mail::tickets::{self, TicketInput};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let operation = |id, summary, request: fn() -> Value| Operation {
        request: Some(Content::json(request)),
        response: Some(Content::json(response_schema)),
        success: 201,
        failures: &[404, 413],
        ..Operation::new(id, summary, Access::Scopes(&["create:user_tickets"]))
    };
    Routes::new()
        .add(
            Method::POST,
            "/api/v2/tickets/password-change",
            operation("ticket_password_create", "Make a link to choose a new password", password_schema),
            ticket_password_create,
        )
        .add(
            Method::POST,
            "/api/v2/tickets/email-verification",
            operation("ticket_verification_create", "Make a link that confirms an address", verification_schema),
            ticket_verification_create,
        )
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    user_id: Option<String>,
    email: Option<String>,
    connection_id: Option<String>,
    result_url: Option<String>,
    client_id: Option<String>,
    ttl_sec: Option<u32>,
    mark_email_as_verified: Option<bool>,
    #[serde(rename = "includeEmailInRedirect")]
    include_email_in_redirect: Option<bool>,
    /// We have no organizations in a link.
    #[serde(rename = "organization_id")]
    _organization_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerificationBody {
    user_id: Option<String>,
    result_url: Option<String>,
    client_id: Option<String>,
    ttl_sec: Option<u32>,
    #[serde(rename = "includeEmailInRedirect")]
    include_email_in_redirect: Option<bool>,
    /// Which of the user's identities; there is one address.
    #[serde(rename = "identity")]
    _identity: Option<IdentityBody>,
    /// See [`PasswordBody`].
    #[serde(rename = "organization_id")]
    _organization_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityBody {
    #[serde(rename = "user_id")]
    _user_id: String,
    #[serde(rename = "provider")]
    _provider: String,
    #[serde(rename = "connection_id")]
    _connection_id: Option<String>,
}

async fn ticket_password_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<PasswordBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let input = TicketInput {
        user_id: body.user_id,
        email: body.email,
        connection_id: body.connection_id,
        result_url: body.result_url,
        client_id: body.client_id,
        ttl_sec: body.ttl_sec,
        mark_email_as_verified: body.mark_email_as_verified.unwrap_or_default(),
        include_email_in_redirect: body.include_email_in_redirect.unwrap_or_default(),
    };
    let ticket = tickets::ticket_password_create(&app, &ctx, input).await?;
    Ok((StatusCode::CREATED, Json(json!({ "ticket": ticket }))))
}

async fn ticket_verification_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<VerificationBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let input = TicketInput {
        user_id: body.user_id,
        result_url: body.result_url,
        client_id: body.client_id,
        ttl_sec: body.ttl_sec,
        include_email_in_redirect: body.include_email_in_redirect.unwrap_or_default(),
        ..TicketInput::default()
    };
    let ticket = tickets::ticket_verification_create(&app, &ctx, input).await?;
    Ok((StatusCode::CREATED, Json(json!({ "ticket": ticket }))))
}

fn verification_schema() -> Value {
    json!({
        "type": "object", "required": ["user_id"],
        "properties": {
            "user_id": { "type": "string" }, "result_url": { "type": "string" }, "client_id": { "type": "string" },
            "ttl_sec": { "type": "integer", "minimum": 0 }, "includeEmailInRedirect": { "type": "boolean" },
            "identity": { "type": "object", "properties": {
                "user_id": { "type": "string" }, "provider": { "type": "string" },
            } },
            "organization_id": { "type": "string" },
        },
        "additionalProperties": false,
    })
}

fn password_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "user_id": { "type": "string" }, "email": { "type": "string" }, "connection_id": { "type": "string" },
            "result_url": { "type": "string" }, "client_id": { "type": "string" },
            "ttl_sec": { "type": "integer", "minimum": 0 }, "mark_email_as_verified": { "type": "boolean" },
            "includeEmailInRedirect": { "type": "boolean" }, "organization_id": { "type": "string" },
        },
        "additionalProperties": false,
    })
}

fn response_schema() -> Value {
    json!({ "type": "object", "properties": { "ticket": { "type": "string" } } })
}
