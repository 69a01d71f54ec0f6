//! `/dbconnections/change_password`: sends a link to choose a new password. Whether there is such a user is not told.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use postern_app::App;
use postern_app::mail::tickets::{ChangePassword, password_mail_send};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::body;
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::{Host, ip};

/// A request, bytes.
const BODY_BYTES: usize = 64 * 1024;
/// What everyone is told.
const SENT: &str = "We've just sent you an email to reset your password.";

pub(crate) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::POST,
        "/dbconnections/change_password",
        Operation {
            request: Some(Content::json(request_schema)),
            response: Some(Content { media_type: "text/html", schema: || json!({ "type": "string" }) }),
            failures: &[413, 429],
            ..Operation::new("password_mail_send", "Send a mail to choose a new password", Access::Public)
        },
        password_mail,
    )
}

fn request_schema() -> Value {
    json!({
        "type": "object", "required": ["email", "connection"],
        "properties": {
            "client_id": { "type": "string" }, "email": { "type": "string" }, "username": { "type": "string" },
            "connection": { "type": "string" }, "organization": { "type": "string" },
        },
    })
}

#[derive(Debug, Deserialize)]
struct ChangeBody {
    client_id: Option<String>,
    email: Option<String>,
    username: Option<String>,
    connection: Option<String>,
    #[serde(rename = "organization")]
    _organization: Option<String>,
}

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, text).with_code("invalid_request")
}

/// The first language of `Accept-Language`, with its region.
fn language(headers: &HeaderMap) -> Option<String> {
    let first = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?.split([',', ';']).next()?.trim();
    let plain = (2..=16).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| first.to_owned())
}

async fn password_mail(
    State(app): State<App>,
    Host(tenant): Host,
    request: Request,
) -> Result<([(axum::http::HeaderName, &'static str); 1], &'static str), ApiError> {
    let (parts, stream) = request.into_parts();
    let (ip, language) = (ip(&parts), language(&parts.headers));
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = media_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    let bytes = body(Request::from_parts(parts, stream), BODY_BYTES).await?;
    let read: ChangeBody = if form {
        serde_html_form::from_bytes(&bytes).map_err(|_bad| bad("The body is not a form."))?
    } else {
        serde_json::from_slice(&bytes).map_err(|error| bad(format!("The body is not legal JSON: {error}.")))?
    };
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty() && text.len() <= 320);
    let connection = given(read.connection).ok_or_else(|| bad("connection is required."))?;
    let email = given(read.email).or_else(|| given(read.username)).ok_or_else(|| bad("email is required."))?;
    let asked = ChangePassword { client_id: given(read.client_id), email, connection, ip, language };
    password_mail_send(&app, &tenant, asked, Timestamp::now()).await?;
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], SENT))
}
