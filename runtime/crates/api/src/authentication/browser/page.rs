//! Pages: plain HTML that works without JavaScript, under a strict content security policy, never cached.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::browser::{Form, PageError};
use postern_app::{AppError, ids};

use super::authorize::{FORM, HTML};
use crate::error::{ApiError, log_fault};
use crate::openapi::{Access, Operation, Parameter};

/// The parameter of every page.
const STATE: [Parameter; 1] =
    [Parameter { name: "state", kind: "string", summary: "Names the transaction of the browser" }];

/// How a page of the flow is described.
pub(crate) fn shown(id: &'static str, summary: &'static str) -> Operation {
    Operation { query: &STATE, response: Some(HTML), failures: &[403], ..Operation::new(id, summary, Access::Public) }
}

/// How the form of a page is described; it leads to another page (302), or is answered with one (200).
pub(crate) fn posted(id: &'static str, summary: &'static str, success: u16) -> Operation {
    Operation { request: Some(FORM), success, response: (success == 200).then_some(HTML), ..shown(id, summary) }
}

/// What every page has.
pub(crate) struct Page {
    /// Names the styles and scripts that are ours.
    pub(crate) nonce: String,
}

impl Page {
    pub(crate) fn new() -> Result<Self, AppError> {
        Ok(Self { nonce: ids::token()? })
    }
}

/// Where a page may be shown in a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Framed<'a> {
    Nowhere,
    /// In pages of this origin.
    By(&'a str),
}

/// Where a page's form may lead to, redirects included.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leads<'a> {
    /// Nowhere: it has no form.
    Nowhere,
    /// Any web address: a client's or an action's comes after ours. Also this scheme, of a native application.
    Web(Option<&'a str>),
}

/// The answer with a page.
pub(crate) fn page(
    status: StatusCode,
    page: &Page,
    (framed, leads): (Framed<'_>, Leads<'_>),
    template: &impl Template,
) -> Response {
    let body = match template.render() {
        Ok(body) => body,
        Err(error) => {
            log_fault(&AppError::internal("render a page").with_source(error));
            return ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "An internal error occurred.").into_response();
        }
    };
    let nonce = &page.nonce;
    let form_action = match leads {
        Leads::Nowhere => "'none'".to_owned(),
        Leads::Web(None) => "'self' https: http:".to_owned(),
        Leads::Web(Some(scheme)) => format!("'self' https: http: {scheme}:"),
    };
    let frame_ancestors = match framed {
        Framed::Nowhere => "'none'",
        Framed::By(origin) => origin,
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action {form_action}; \
         frame-ancestors {frame_ancestors}; base-uri 'none'"
    );
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if matches!(framed, Framed::Nowhere) {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    match HeaderValue::from_str(&policy) {
        Ok(policy) => headers.insert(CONTENT_SECURITY_POLICY, policy),
        Err(error) => {
            log_fault(&AppError::internal("write a content security policy").with_source(error));
            return ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "An internal error occurred.").into_response();
        }
    };
    (status, headers, body).into_response()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: &'a Page,
    description: &'a str,
    error: &'a str,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    page: &'a Page,
    title: &'a str,
    text: &'a str,
    link: Option<(&'a str, &'a str)>,
}

/// A page that says something, with a link if there is one: address and text.
pub(crate) fn message(status: StatusCode, title: &str, text: &str, link: Option<(&str, &str)>) -> Response {
    with_page(|it| page(status, it, (Framed::Nowhere, Leads::Nowhere), &MessagePage { page: it, title, text, link }))
}

/// The page of an error that no client is told of.
pub(crate) fn error(refused: &PageError) -> Response {
    let PageError { status, error, description } = refused;
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
    with_page(|it| page(status, it, (Framed::Nowhere, Leads::Nowhere), &ErrorPage { page: it, description, error }))
}

/// The page of a fault of ours.
pub(crate) fn fault(error: AppError) -> Response {
    let (status, text) = ApiError::from(error).into_parts();
    let code = if status.is_server_error() { "server_error" } else { "invalid_request" };
    self::error(&PageError { status: status.as_u16(), error: code, description: text })
}

/// Makes a page with a new nonce.
pub(crate) fn with_page(make: impl FnOnce(&Page) -> Response) -> Response {
    match Page::new() {
        Ok(page) => make(&page),
        Err(error) => ApiError::from(error).into_response(),
    }
}

#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct LoginPage<'a> {
    pub(super) page: &'a Page,
    pub(super) form: &'a Form,
    pub(super) state: &'a str,
    pub(super) token: &'a str,
    pub(super) username: &'a str,
    pub(super) error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "signup.html")]
pub(super) struct SignupPage<'a> {
    pub(super) page: &'a Page,
    pub(super) form: &'a Form,
    pub(super) state: &'a str,
    pub(super) token: &'a str,
    pub(super) email: &'a str,
    pub(super) username: &'a str,
    pub(super) error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "reset_request.html")]
pub(super) struct ResetRequestPage<'a> {
    pub(super) page: &'a Page,
    pub(super) state: &'a str,
    pub(super) token: &'a str,
    pub(super) email: &'a str,
    pub(super) error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "form_post.html")]
pub(super) struct FormPostPage<'a> {
    pub(super) page: &'a Page,
    pub(super) action: &'a str,
    pub(super) fields: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "web_message.html")]
pub(super) struct WebMessagePage<'a> {
    pub(super) page: &'a Page,
    /// JSON, safe inside a script.
    pub(super) response: String,
    /// JSON, safe inside a script.
    pub(super) origin: String,
}

/// JSON text that stays JSON inside a script element: no character of it can end the element or a line.
pub(crate) fn script_json(value: &serde_json::Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_in_a_script_cannot_end_it() {
        let value = json!({"state": "</script><script>alert(1)</script><!--&\u{2028}\u{2029}"});
        let text = script_json(&value);
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
