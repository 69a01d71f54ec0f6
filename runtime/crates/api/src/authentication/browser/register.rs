//! The signup page, and the page to ask for a new password on.

use axum::extract::{RawQuery, Request};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use postern_app::App;
use postern_app::browser::{Form, FormError, SignUp, login_form, reset_request_submit, signup_submit};
use serde_json::{Map, Value};

use super::page::{self, Framed, Leads, ResetRequestPage, SignupPage};
use super::query_pairs;
use super::sign_in::{Posted, again, state_of, token};
use super::visitor::BrowserRequest;
use crate::openapi::Routes;

/// Inputs of a tenant's own begin so (Auth0: custom prompts).
const OWN_INPUT: &str = "ulp-";

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(Method::GET, "/u/signup", page::shown("signup_page", "The signup page"), signup_page)
        .add(Method::POST, "/u/signup", page::posted("signup_submit", "Sign up, and log in", 302), signup_post)
        .add(
            Method::GET,
            "/u/reset-password/request",
            page::shown("reset_request_page", "The page to ask for a new password on"),
            reset_page,
        )
        .add(
            Method::POST,
            "/u/reset-password/request",
            page::posted("reset_request_submit", "Send a link to choose a new password", 200),
            reset_post,
        )
}

/// What was typed before, and what is wrong with it.
#[derive(Clone, Copy, Default)]
struct Shown<'a> {
    email: &'a str,
    username: &'a str,
    error: Option<&'a str>,
}

fn signup(visitor: &BrowserRequest, form: &Form, state: &str, status: StatusCode, shown: Shown<'_>) -> Response {
    if !form.signup {
        let link = format!("/u/login?state={state}");
        let text = "Signing up is not possible here.";
        return page::message(StatusCode::NOT_FOUND, "No signup", text, Some((&link, "Log in")));
    }
    let token = match token(visitor, state) {
        Ok(token) => token,
        Err(response) => return response,
    };
    let Shown { email, username, error } = shown;
    let email = if error.is_some() { email } else { form.login_hint.as_deref().unwrap_or_default() };
    page::with_page(|it| {
        let template = SignupPage { page: it, form, state, token: &token, email, username, error };
        page::page(status, it, (Framed::Nowhere, Leads::Web(form.scheme.as_deref())), &template)
    })
}

async fn signup_page(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    let query = query_pairs(query.as_deref());
    let state = match state_of(&query) {
        Ok(state) => state,
        Err(error) => return page::error(&error),
    };
    match login_form(&visitor.visit, state).await {
        Ok(form) => signup(&visitor, &form, state, StatusCode::OK, Shown::default()),
        Err(refused) => visitor.answer(Err(refused)),
    }
}

async fn signup_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    let posted = match Posted::read(visitor, query, request).await {
        Ok(posted) => posted,
        Err(response) => return response,
    };
    let own = posted.pairs.iter().filter(|(name, _)| name.starts_with(OWN_INPUT));
    let typed = SignUp {
        email: posted.typed("email").to_owned(),
        username: Some(posted.typed("username").to_owned()),
        password: posted.typed("password").to_owned(),
        own: own.map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect::<Map<_, _>>(),
    };
    let visit = &posted.visitor.visit;
    match signup_submit(visit, &posted.state, typed).await {
        Ok(step) => posted.visitor.answer(Ok(step)),
        Err(FormError::Refused(refused)) => posted.visitor.answer(Err(refused)),
        Err(FormError::Again(code, text)) => match login_form(visit, &posted.state).await {
            Ok(form) => {
                let (email, username) = (posted.typed("email"), posted.typed("username"));
                let shown = Shown { email, username, error: Some(&text) };
                signup(&posted.visitor, &form, &posted.state, again(code), shown)
            }
            Err(refused) => posted.visitor.answer(Err(refused)),
        },
    }
}

fn reset(visitor: &BrowserRequest, state: &str, status: StatusCode, (email, error): (&str, Option<&str>)) -> Response {
    let token = match token(visitor, state) {
        Ok(token) => token,
        Err(response) => return response,
    };
    page::with_page(|it| {
        let template = ResetRequestPage { page: it, state, token: &token, email, error };
        page::page(status, it, (Framed::Nowhere, Leads::Web(None)), &template)
    })
}

async fn reset_page(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    let query = query_pairs(query.as_deref());
    let state = match state_of(&query) {
        Ok(state) => state,
        Err(error) => return page::error(&error),
    };
    match login_form(&visitor.visit, state).await {
        Ok(form) => {
            let email = form.login_hint.as_deref().unwrap_or_default();
            reset(&visitor, state, StatusCode::OK, (email, None))
        }
        Err(refused) => visitor.answer(Err(refused)),
    }
}

async fn reset_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    let posted = match Posted::read(visitor, query, request).await {
        Ok(posted) => posted,
        Err(response) => return response,
    };
    let email = posted.typed("email");
    match reset_request_submit(&posted.visitor.visit, &posted.state, email).await {
        Ok(()) => {
            let link = format!("/u/login?state={}", posted.state);
            // The same for everyone: who has an account here is nobody else's business.
            let text = "If there is an account with this address, we have sent a link to choose a new password to it.";
            page::message(StatusCode::OK, "Check your mail", text, Some((&link, "Back to log in")))
        }
        Err(FormError::Refused(refused)) => posted.visitor.answer(Err(refused)),
        Err(FormError::Again(code, text)) => reset(&posted.visitor, &posted.state, again(code), (email, Some(&text))),
    }
}
