//! Logins in a browser: `/authorize`, our pages, the way back from actions, the end of a session.

mod authorize;
mod lock;
mod logout;
mod mfa;
pub(crate) mod page;
mod register;
mod sign_in;
pub(crate) mod visitor;

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use postern_app::App;
use postern_app::browser::PageError;

use crate::extract::body;
use crate::openapi::Routes;

/// A form, bytes.
const FORM_BYTES: usize = 64 * 1024;

pub(crate) fn routes() -> Routes<App> {
    authorize::routes()
        .merge(sign_in::routes())
        .merge(register::routes())
        .merge(logout::routes())
        .merge(mfa::routes())
        .merge(lock::routes())
}

/// Name and value pairs of a query string.
pub(crate) fn query_pairs(query: Option<&str>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Name and value pairs of a form that was posted.
///
/// # Errors
/// When it is no form, or too large.
pub(crate) async fn form_pairs(request: Request) -> Result<Vec<(String, String)>, PageError> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type != "application/x-www-form-urlencoded" {
        return Err(PageError::bad_request("The body must be a form (application/x-www-form-urlencoded)."));
    }
    let bytes = body(request, FORM_BYTES).await.map_err(|error| {
        let (status, description) = error.into_parts();
        PageError { status: status.as_u16(), error: "invalid_request", description }
    })?;
    if std::str::from_utf8(&bytes).is_err() {
        return Err(PageError::bad_request("The body is not UTF-8."));
    }
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// The value of a name, the last one when it is repeated.
pub(crate) fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}
