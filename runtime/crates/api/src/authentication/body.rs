//! Bodies of the authentication endpoints: JSON or form, `null` as absent.

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use postern_app::tokens::basic_credentials;
use serde_json::{Map, Value};

use crate::extract::body;

/// Most bytes of such a body.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// A body that is refused: status and why.
#[derive(Debug)]
pub(crate) struct BadBody(pub(crate) StatusCode, pub(crate) String);

fn bad(text: impl Into<String>) -> BadBody {
    BadBody(StatusCode::BAD_REQUEST, text.into())
}

/// The fields of a body in either form. What is `null` is left out.
///
/// # Errors
/// When it is neither, too large, or a field of a form comes twice.
pub(crate) async fn fields(request: Request) -> Result<Map<String, Value>, BadBody> {
    let json = is_json(request.headers());
    let bytes = body(request, BODY_BYTES).await.map_err(|error| {
        let (status, text) = error.into_parts();
        BadBody(status, text)
    })?;
    let mut fields = if json {
        serde_json::from_slice(&bytes).map_err(|error| bad(format!("The body is not legal JSON: {error}")))?
    } else {
        form(&bytes)?
    };
    fields.retain(|_, value| !value.is_null());
    Ok(fields)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn form(bytes: &[u8]) -> Result<Map<String, Value>, BadBody> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(bad("The body is not a form"));
    }
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        // RFC 6749 § 3.2: parameters must not be included more than once.
        if fields.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return Err(bad("A parameter is given twice"));
        }
    }
    Ok(fields)
}

/// Id and secret of `Authorization: Basic`; any other scheme says nothing here.
///
/// # Errors
/// When it is not well-formed.
pub(crate) fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, BadBody> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let encoded = value.to_str().ok().and_then(|value| value.split_once(' '));
    match encoded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")) {
        Some((_, encoded)) => {
            basic_credentials(encoded).map(Some).ok_or_else(|| bad("The Authorization header is not well-formed"))
        }
        None => Ok(None),
    }
}
