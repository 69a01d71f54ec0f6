//! `/oauth/token` and `/oauth/revoke`: JSON or form bodies, the secret in the body or by Basic, `null` as absent.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::authentication::{GrantContext, TokenRequest, TokenSet, token_exchange, token_revoke};
use postern_app::error::Kind;
use postern_app::tokens::TokenError;
use serde_json::{Map, Value, json};

use super::body::{BadBody, basic, fields};
use crate::error::{ApiError, log_fault, status};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Visitor;

/// Parameters that must be texts; further ones are not looked at.
const TEXTS: &[&str] = &[
    "grant_type",
    "client_id",
    "client_secret",
    "audience",
    "scope",
    "username",
    "password",
    "realm",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "token",
    "token_type_hint",
    "mfa_token",
    "otp",
    "oob_code",
    "binding_code",
    "recovery_code",
];

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::POST,
            "/oauth/token",
            Operation {
                request: Some(Content::json(request_schema)),
                response: Some(Content::json(response_schema)),
                failures: &[401, 403, 413, 429],
                ..Operation::new("token_exchange", "Exchange a grant for tokens", Access::Public)
            },
            token_exchange_handler,
        )
        .add(
            Method::POST,
            "/oauth/revoke",
            Operation {
                request: Some(Content::json(revoke_schema)),
                failures: &[401, 413],
                ..Operation::new("token_revoke", "Revoke a refresh token", Access::Public)
            },
            token_revoke_handler,
        )
}

fn request_schema() -> Value {
    let mut properties: Map<String, Value> =
        TEXTS.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    for other in ["token", "token_type_hint"] {
        properties.remove(other);
    }
    json!({ "type": "object", "required": ["grant_type"], "properties": properties })
}

fn revoke_schema() -> Value {
    json!({
        "type": "object", "required": ["token"],
        "properties": {
            "token": { "type": "string" }, "token_type_hint": { "type": "string" },
            "client_id": { "type": "string" }, "client_secret": { "type": "string" },
        },
    })
}

fn response_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "access_token": { "type": "string" }, "id_token": { "type": "string" },
            "refresh_token": { "type": "string" }, "token_type": { "type": "string" },
            "expires_in": { "type": "integer" }, "scope": { "type": "string" },
            "recovery_code": { "type": "string", "description": "In the place of one that was used" },
        },
    })
}

/// An OAuth error body.
#[derive(Debug)]
pub(crate) struct OauthError(StatusCode, &'static str, String);

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let Self(status, error, description) = self;
        // No `WWW-Authenticate`: some clients would then not read the body.
        let body = json!({ "error": error, "error_description": description });
        (status, [(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
    }
}

impl From<TokenError> for OauthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(status, error, description) => {
                Self(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), error, description)
            }
            TokenError::MfaRequired { .. } => Self(StatusCode::FORBIDDEN, "mfa_required", MFA_REQUIRED.to_owned()),
            TokenError::App(error) if error.code.kind() == Kind::RateLimited => {
                Self(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", error.message)
            }
            TokenError::App(error) => {
                log_fault(&error);
                Self(status(error.code.kind()), "server_error", "An internal error occurred.".to_owned())
            }
        }
    }
}

/// What a refused grant is answered with: an error, or the token that goes on with the login after a second factor.
pub(crate) enum Refusal {
    Error(OauthError),
    MfaRequired { mfa_token: String, requirements: Value },
}

impl From<OauthError> for Refusal {
    fn from(error: OauthError) -> Self {
        Self::Error(error)
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::MfaRequired { mfa_token, requirements } => Self::MfaRequired { mfa_token, requirements },
            other @ (TokenError::Refused(..) | TokenError::App(_)) => Self::Error(other.into()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (mfa_token, requirements) = match self {
            Self::Error(error) => return error.into_response(),
            Self::MfaRequired { mfa_token, requirements } => (mfa_token, requirements),
        };
        let body = json!({
            "error": "mfa_required", "error_description": MFA_REQUIRED,
            "mfa_token": mfa_token, "mfa_requirements": requirements,
        });
        (StatusCode::FORBIDDEN, [(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
    }
}

const MFA_REQUIRED: &str = "Multifactor authentication required";

impl From<BadBody> for OauthError {
    fn from(BadBody(status, text): BadBody) -> Self {
        Self(status, "invalid_request", text)
    }
}

impl From<ApiError> for OauthError {
    fn from(error: ApiError) -> Self {
        let (status, text) = error.into_parts();
        Self(status, "invalid_request", text)
    }
}

/// Who asks, and what for.
pub(crate) async fn token_request(app: &App, request: Request) -> Result<(Visitor, TokenRequest), OauthError> {
    let (mut parts, stream) = request.into_parts();
    let visitor = Visitor::from_request_parts(&mut parts, app).await?;
    let basic = basic(&parts.headers)?;
    let forwarded_for = forwarded_for(&parts);
    let mut token_request = TokenRequest { basic, forwarded_for, ..TokenRequest::default() };
    for (name, value) in fields(Request::from_parts(parts, stream)).await? {
        match value {
            Value::String(text) => {
                token_request.params.insert(name, text);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                if TEXTS.contains(&name.as_str()) {
                    let text = format!("Expected type string on property {name}");
                    return Err(OauthError(StatusCode::BAD_REQUEST, "invalid_request", text));
                }
            }
        }
    }
    Ok((visitor, token_request))
}

fn forwarded_for(parts: &Parts) -> Option<String> {
    parts.headers.get("auth0-forwarded-for").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The use case's view of a visitor.
pub(crate) fn grant_context<'a>(app: &'a App, visitor: &'a Visitor) -> GrantContext<'a> {
    let Visitor { tenant, ctx, request } = visitor;
    GrantContext { app, tenant, ctx: ctx.clone(), request: request.clone() }
}

/// `no-store`, as RFC 6749 § 5.1 wants it.
struct Answer(TokenSet);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, "no-store")], axum::Json(self.0)).into_response()
    }
}

async fn token_exchange_handler(State(app): State<App>, request: Request) -> Result<Answer, Refusal> {
    let (visitor, request) = token_request(&app, request).await?;
    Ok(Answer(token_exchange(grant_context(&app, &visitor), &request).await?))
}

async fn token_revoke_handler(State(app): State<App>, request: Request) -> Result<StatusCode, OauthError> {
    let (visitor, request) = token_request(&app, request).await?;
    token_revoke(grant_context(&app, &visitor), &request).await?;
    Ok(StatusCode::OK)
}
