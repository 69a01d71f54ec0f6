//! The login page, and `/co/authenticate` for login forms elsewhere.

use axum::extract::{RawQuery, Request};
use axum::http::header::CACHE_CONTROL;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::browser::{
    CrossOrigin, CrossOriginRefused, Form, FormError, PageError, SignIn, form_check, form_token, login_form,
    login_submit, ticket_create,
};
use serde_json::{Value, json};

use super::page::{self, Framed, Leads, LoginPage};
use super::visitor::BrowserRequest;
use super::{form_pairs, query_pairs, value_of};
use crate::error::{ApiError, log_fault, status};
use crate::extract::Json;
use crate::openapi::{Access, Content, Operation, Routes};

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(Method::GET, "/u/login", page::shown("login_page", "The login page"), login_page)
        .add(Method::POST, "/u/login", page::posted("login_submit", "Log in with a password", 302), login_post)
        .add(
            Method::POST,
            "/co/authenticate",
            Operation {
                request: Some(Content::json(cross_origin_schema)),
                response: Some(Content::json(|| json!({ "type": "object" }))),
                failures: &[401, 403, 413, 415, 429],
                ..Operation::new(
                    "login_ticket_create",
                    "Check a password for a login form of a client's own; the ticket is for /authorize",
                    Access::Public,
                )
            },
            cross_origin,
        )
}

fn cross_origin_schema() -> Value {
    json!({
        "type": "object",
        "required": ["client_id", "credential_type", "username", "password"],
        "properties": {
            "client_id": { "type": "string" }, "credential_type": { "type": "string" },
            "username": { "type": "string" }, "password": { "type": "string" }, "realm": { "type": ["string", "null"] },
        },
    })
}

/// A form of ours that was posted: it came from our page in this browser.
pub(crate) struct Posted {
    pub(crate) visitor: BrowserRequest,
    pub(crate) state: String,
    pub(crate) pairs: Vec<(String, String)>,
}

impl Posted {
    /// Reads the form and checks the token in it.
    pub(crate) async fn read(
        visitor: BrowserRequest,
        query: Option<String>,
        request: Request,
    ) -> Result<Self, Response> {
        let pairs = form_pairs(request).await.map_err(|error| page::error(&error))?;
        let query = query_pairs(query.as_deref());
        let state =
            state_of(&pairs).or_else(|_absent| state_of(&query)).map_err(|error| page::error(&error))?.to_owned();
        let at = (visitor.visit.browser.as_str(), state.as_str());
        let checked = form_check(&visitor.visit.app, &visitor.visit.ctx.tenant.id, at, value_of(&pairs, "_csrf"));
        match checked {
            Ok(()) => Ok(Self { visitor, state, pairs }),
            Err(refused) => Err(visitor.answer(Err(refused))),
        }
    }

    /// What was typed into a field.
    pub(crate) fn typed(&self, name: &str) -> &str {
        value_of(&self.pairs, name).unwrap_or_default()
    }
}

/// The state of a page's address.
pub(crate) fn state_of(pairs: &[(String, String)]) -> Result<&str, PageError> {
    value_of(pairs, "state")
        .filter(|state| !state.is_empty())
        .ok_or_else(|| PageError::bad_request("Missing required parameter: state"))
}

async fn login_page(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    let query = query_pairs(query.as_deref());
    let state = match state_of(&query) {
        Ok(state) => state,
        Err(error) => return page::error(&error),
    };
    match login_form(&visitor.visit, state).await {
        Ok(form) => login(&visitor, &form, state, StatusCode::OK, ("", None)),
        Err(refused) => visitor.answer(Err(refused)),
    }
}

/// The token of a form in this browser.
#[expect(clippy::result_large_err, reason = "the error is the answer itself")]
pub(crate) fn token(visitor: &BrowserRequest, state: &str) -> Result<String, Response> {
    let visit = &visitor.visit;
    form_token(&visit.app, &visit.ctx.tenant.id, &visit.browser, state).map_err(page::fault)
}

fn login(
    visitor: &BrowserRequest,
    form: &Form,
    state: &str,
    status: StatusCode,
    (username, error): (&str, Option<&str>),
) -> Response {
    let token = match token(visitor, state) {
        Ok(token) => token,
        Err(response) => return response,
    };
    let username = if error.is_some() { username } else { form.login_hint.as_deref().unwrap_or_default() };
    page::with_page(|it| {
        let template = LoginPage { page: it, form, state, token: &token, username, error };
        page::page(status, it, (Framed::Nowhere, Leads::Web(form.scheme.as_deref())), &template)
    })
}

async fn login_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    let posted = match Posted::read(visitor, query, request).await {
        Ok(posted) => posted,
        Err(response) => return response,
    };
    let typed = SignIn { username: posted.typed("username").to_owned(), password: posted.typed("password").to_owned() };
    let visit = &posted.visitor.visit;
    match login_submit(visit, &posted.state, &typed).await {
        Ok(step) => posted.visitor.answer(Ok(step)),
        Err(FormError::Refused(refused)) => posted.visitor.answer(Err(refused)),
        Err(FormError::Again(code, text)) => match login_form(visit, &posted.state).await {
            Ok(form) => {
                let shown = (typed.username.as_str(), Some(text.as_str()));
                login(&posted.visitor, &form, &posted.state, again(code), shown)
            }
            Err(refused) => posted.visitor.answer(Err(refused)),
        },
    }
}

/// The status of a form that is shown again.
pub(crate) fn again(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}

async fn cross_origin(visitor: BrowserRequest, body: Result<Json<Value>, ApiError>) -> Response {
    let asked = match body {
        Ok(Json(body)) => cross_origin_parse(&body),
        Err(error) => {
            let (status, text) = error.into_parts();
            return oauth_error(status, "invalid_request", &text);
        }
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(text) => return oauth_error(StatusCode::BAD_REQUEST, "invalid_request", &text),
    };
    match ticket_create(&visitor.visit, &asked).await {
        Ok(ticket) => {
            // Clients keep the other two for browsers that refuse cookies; our proof is the ticket alone.
            let unused = uuid::Uuid::nil();
            let body = json!({ "login_ticket": ticket, "co_verifier": unused, "co_id": unused });
            ([(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
        }
        Err(CrossOriginRefused::Refused(code, error, text)) => oauth_error(again(code), error, &text),
        Err(CrossOriginRefused::App(error)) => {
            log_fault(&error);
            oauth_error(status(error.code.kind()), "server_error", "An internal error occurred.")
        }
    }
}

fn cross_origin_parse(body: &Value) -> Result<CrossOrigin, String> {
    let Value::Object(body) = body else { return Err("The body must be an object.".to_owned()) };
    let text = |name: &str| match body.get(name) {
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(format!("{name} must be a string.")),
    };
    let needed = |name: &str| text(name)?.ok_or_else(|| format!("Missing required parameter: {name}"));
    let realm = text("realm")?;
    Ok(CrossOrigin {
        client_id: needed("client_id")?,
        credential_type: needed("credential_type")?,
        username: needed("username")?,
        password: needed("password")?,
        realm,
    })
}

fn oauth_error(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, [(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
}
