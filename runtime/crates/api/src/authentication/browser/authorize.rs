//! `/authorize`, and `/continue` for logins that an action sent away.

use axum::extract::{RawQuery, Request};
use axum::http::Method;
use axum::response::Response;
use postern_app::App;
use postern_app::browser::{PageError, Parameters, authorize, login_continue};
use postern_app::login::ContinueLogin;
use serde_json::{Map, Value};

use super::visitor::BrowserRequest;
use super::{form_pairs, page, query_pairs, value_of};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};

const fn text(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, kind: "string", summary }
}

const PARAMETERS: [Parameter; 17] = [
    text("client_id", "The client"),
    text("redirect_uri", "One of its callbacks"),
    text("response_type", "code, token, id_token, or several of them"),
    text("response_mode", "query, fragment, form_post or web_message"),
    text("scope", "Space-separated scopes"),
    text("audience", "Identifier of the API that the access token is for"),
    text("state", "Comes back with the answer"),
    text("nonce", "Comes back in the ID token"),
    text("code_challenge", "PKCE"),
    text("code_challenge_method", "S256 or plain"),
    text("prompt", "none, login, select_account or create"),
    text("max_age", "Seconds since the user proved who they are"),
    text("connection", "Name of the connection to log in by"),
    text("login_hint", "Filled into the login page"),
    text("screen_hint", "signup for the signup page"),
    text("ui_locales", "Languages, shown to actions"),
    text("acr_values", "Shown to actions"),
];

/// The media type of pages.
pub(crate) const HTML: Content =
    Content { media_type: "text/html", schema: || serde_json::json!({ "type": "string" }) };
/// The media type of forms.
pub(crate) const FORM: Content =
    Content { media_type: "application/x-www-form-urlencoded", schema: || serde_json::json!({ "type": "object" }) };

pub(crate) fn routes() -> Routes<App> {
    let begin = |id| Operation {
        query: &PARAMETERS,
        success: 302,
        failures: &[403],
        ..Operation::new(id, "Begin a login, or answer at once when the browser is signed in", Access::Public)
    };
    let back = |id| Operation {
        query: &[Parameter { name: "state", kind: "string", summary: "Names the login that waits" }],
        success: 302,
        ..Operation::new(id, "Go on with a login that an action sent away", Access::Public)
    };
    Routes::new()
        .add(Method::GET, "/authorize", begin("authorize_begin"), authorize_get)
        .add(
            Method::POST,
            "/authorize",
            Operation { request: Some(FORM), query: &[], ..begin("authorize_begin_by_form") },
            authorize_post,
        )
        .add(Method::GET, "/continue", back("login_continue"), continue_get)
        .add(
            Method::POST,
            "/continue",
            Operation { request: Some(FORM), ..back("login_continue_by_form") },
            continue_post,
        )
}

async fn authorize_get(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    // On the heap: a login is a long future.
    Box::pin(begin(visitor, query_pairs(query.as_deref()))).await
}

async fn authorize_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    match form_pairs(request).await {
        Ok(form) => Box::pin(begin(visitor, query_pairs(query.as_deref()).into_iter().chain(form).collect())).await,
        Err(error) => page::error(&error),
    }
}

async fn begin(visitor: BrowserRequest, pairs: Vec<(String, String)>) -> Response {
    let decided = authorize(&visitor.visit, Parameters::new(pairs)).await;
    visitor.answer(decided)
}

async fn continue_get(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    go_on(visitor, &query_pairs(query.as_deref()), &[]).await
}

async fn continue_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    match form_pairs(request).await {
        Ok(form) => go_on(visitor, &query_pairs(query.as_deref()), &form).await,
        Err(error) => page::error(&error),
    }
}

async fn go_on(visitor: BrowserRequest, query: &[(String, String)], body: &[(String, String)]) -> Response {
    let Some(state) = value_of(body, "state").or_else(|| value_of(query, "state")) else {
        return page::error(&PageError::bad_request("Missing required parameter: state"));
    };
    let object = |pairs: &[(String, String)]| -> Map<String, Value> {
        pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
    };
    let back = ContinueLogin { query: object(query), body: object(body) };
    let decided = login_continue(&visitor.visit, state, back).await;
    visitor.answer(decided)
}
