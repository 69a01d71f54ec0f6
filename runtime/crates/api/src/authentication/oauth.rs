//! `/oauth/token`: JSON or form bodies, the secret in the body or by Basic, `null` as absent.

use axum::extract::{FromRequest, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use postern_app::App;
use postern_app::tokens::{ClientCredentials, IssuedToken, TokenError, basic_credentials, token_create};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{ApiError, log_fault, status};
use crate::extract::body;
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::{Host, ip};

/// A token request, bytes.
const BODY_BYTES: usize = 64 * 1024;

pub(crate) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::POST,
        "/oauth/token",
        Operation {
            request: Some(Content::json(request_schema)),
            response: Some(Content::json(response_schema)),
            failures: &[401, 403, 413],
            ..Operation::new("token_create", "Exchange client credentials for a management token", Access::Public)
        },
        token_create_handler,
    )
}

fn request_schema() -> Value {
    json!({
        "type": "object", "required": ["grant_type"],
        "properties": {
            "grant_type": { "type": "string", "enum": ["client_credentials"] },
            "client_id": { "type": "string" }, "client_secret": { "type": "string" },
            "audience": { "type": "string" }, "scope": { "type": "string" },
        },
    })
}

fn response_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "access_token": { "type": "string" }, "token_type": { "type": "string" },
            "expires_in": { "type": "integer" }, "scope": { "type": "string" },
        },
    })
}

/// An OAuth error body.
struct OauthError(StatusCode, &'static str, String);

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let Self(status, error, description) = self;
        (status, axum::Json(json!({ "error": error, "error_description": description }))).into_response()
    }
}

impl From<TokenError> for OauthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Refused(status, error, description) => {
                Self(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), error, description)
            }
            TokenError::App(error) => {
                log_fault(&error);
                Self(status(error.code.kind()), "server_error", "An internal error occurred.".to_owned())
            }
        }
    }
}

#[derive(Deserialize)]
struct TokenBody {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    audience: Option<String>,
    scope: Option<String>,
}

fn invalid(text: impl Into<String>) -> OauthError {
    OauthError(StatusCode::BAD_REQUEST, "invalid_request", text.into())
}

/// Reads either form of body.
async fn read(request: Request) -> Result<TokenBody, OauthError> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let json = media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
    let bytes = body(request, BODY_BYTES).await.map_err(|error| {
        let (status, text) = error.into_parts();
        OauthError(status, "invalid_request", text)
    })?;
    if json {
        serde_json::from_slice(&bytes).map_err(|error| invalid(format!("The body is not legal JSON: {error}")))
    } else {
        let request = Request::builder()
            .method(Method::POST)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(bytes))
            .map_err(|_bad| invalid("The body is not a form"))?;
        let form = axum::Form::<TokenBody>::from_request(request, &()).await;
        form.map(|axum::Form(body)| body).map_err(|_bad| invalid("The body is not a form"))
    }
}

fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OauthError> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let encoded = value.to_str().ok().and_then(|value| value.split_once(' '));
    match encoded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")) {
        Some((_, encoded)) => {
            basic_credentials(encoded).map(Some).ok_or_else(|| invalid("The Authorization header is not well-formed"))
        }
        None => Ok(None),
    }
}

/// `no-store`, as RFC 6749 § 5.1 wants it.
struct Answer(IssuedToken);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        ([(CACHE_CONTROL, "no-store")], axum::Json(self.0)).into_response()
    }
}

async fn token_create_handler(
    State(app): State<App>,
    host: Result<Host, ApiError>,
    request: Request,
) -> Result<Answer, Response> {
    let Host(tenant) = host.map_err(IntoResponse::into_response)?;
    exchange(&app, &tenant, request).await.map(Answer).map_err(IntoResponse::into_response)
}

async fn exchange(
    app: &App,
    tenant: &postern_app::tenants::TenantKeys,
    request: Request,
) -> Result<IssuedToken, OauthError> {
    let (parts, stream) = request.into_parts();
    let ip = ip(&parts);
    let by_header = basic(&parts.headers)?;
    let TokenBody { grant_type, client_id, client_secret, audience, scope } =
        read(Request::from_parts(parts, stream)).await?;
    match grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(other) => {
            let other: String = other.chars().take(100).collect();
            return Err(OauthError(
                StatusCode::FORBIDDEN,
                "unsupported_grant_type",
                format!("Unsupported grant type: {other}"),
            ));
        }
        None => return Err(invalid("Missing required parameter: grant_type")),
    }
    let (id, secret) = by_header.unzip();
    let client_id = id.or(client_id).ok_or_else(|| invalid("Missing required parameter: client_id"))?;
    let client_secret = secret
        .or(client_secret)
        .ok_or_else(|| OauthError(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized".to_owned()))?;
    let credentials = ClientCredentials { client_id, client_secret, audience, scope, ip };
    Ok(token_create(app, tenant, credentials, Timestamp::now()).await?)
}
