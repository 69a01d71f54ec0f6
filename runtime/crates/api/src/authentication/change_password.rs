//! `/dbconnections/change_password`: sends a link to choose a new password. Whether there is such a user is not told.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use jiff::Timestamp;
use postern_app::App;
use postern_app::mail::tickets::{ChangePassword, password_mail_send};
use serde_json::{Map, Value, json};

use super::body::fields;
use super::signup::SignupError;
use crate::error::ApiError;
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::{Host, ip};

/// Bytes of each text.
const TEXT_BYTES: usize = 320;
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

/// A refused request in the shape that signup's have.
fn bad(text: &str) -> SignupError {
    SignupError::invalid(StatusCode::BAD_REQUEST, text)
}

/// A text of the body; an empty one counts as not given.
fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, SignupError> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= TEXT_BYTES => {
            Ok(Some(text.clone()).filter(|text| !text.trim().is_empty()))
        }
        Some(_) => Err(bad(&format!("Expected type string on property {name}"))),
    }
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
) -> Result<([(HeaderName, &'static str); 1], &'static str), SignupError> {
    let (parts, stream) = request.into_parts();
    let (ip, language) = (ip(&parts), language(&parts.headers));
    let given = fields(Request::from_parts(parts, stream)).await?;
    let [client_id, email, username, connection, organization] =
        ["client_id", "email", "username", "connection", "organization"].map(|name| text(&given, name));
    // There are no organizations here; what is no text is refused all the same.
    let _organization = organization?;
    let connection = connection?.ok_or_else(|| bad("connection is required."))?;
    let email = email?.or(username?).ok_or_else(|| bad("email is required."))?;
    let asked = ChangePassword { client_id: client_id?, email, connection, ip, language };
    password_mail_send(&app, &tenant, asked, Timestamp::now()).await.map_err(ApiError::from)?;
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], SENT))
}
