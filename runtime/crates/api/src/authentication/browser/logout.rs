//! The end of a session: `/v2/logout` and OpenID Connect's `/oidc/logout`.

use axum::extract::{RawQuery, Request};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use postern_app::App;
use postern_app::browser::{EndSession, Refused, oidc_logout, v2_logout};

use super::authorize::FORM;
use super::visitor::{BrowserRequest, found};
use super::{form_pairs, page, query_pairs, value_of};
use crate::openapi::{Access, Operation, Parameter, Routes};

const V2: [Parameter; 3] = [
    Parameter { name: "client_id", kind: "string", summary: "The client whose list the address must be in" },
    Parameter { name: "returnTo", kind: "string", summary: "Where the browser goes" },
    Parameter { name: "federated", kind: "string", summary: "Has no effect" },
];
const OIDC: [Parameter; 4] = [
    Parameter { name: "id_token_hint", kind: "string", summary: "An ID token of the user who logs out" },
    Parameter { name: "client_id", kind: "string", summary: "The client, when there is no hint" },
    Parameter { name: "post_logout_redirect_uri", kind: "string", summary: "Where the browser goes" },
    Parameter { name: "state", kind: "string", summary: "Added to that address" },
];

pub(crate) fn routes() -> Routes<App> {
    let oidc = |id| Operation {
        query: &OIDC,
        success: 302,
        ..Operation::new(id, "Log out, as OpenID Connect has it", Access::Public)
    };
    Routes::new()
        .add(
            Method::GET,
            "/v2/logout",
            Operation { query: &V2, success: 302, ..Operation::new("session_end", "Log out", Access::Public) },
            v2,
        )
        .add(Method::GET, "/oidc/logout", oidc("session_end_oidc"), oidc_get)
        .add(
            Method::POST,
            "/oidc/logout",
            Operation { request: Some(FORM), query: &[], ..oidc("session_end_oidc_by_form") },
            oidc_post,
        )
}

async fn v2(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    let query = query_pairs(query.as_deref());
    let value = |name| value_of(&query, name).filter(|value| !value.is_empty());
    let to = v2_logout(&visitor.visit, value("client_id"), value("returnTo")).await;
    answer(visitor, to)
}

async fn oidc_get(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    oidc(visitor, &query_pairs(query.as_deref())).await
}

async fn oidc_post(visitor: BrowserRequest, request: Request) -> Response {
    match form_pairs(request).await {
        Ok(form) => oidc(visitor, &form).await,
        Err(error) => page::error(&error),
    }
}

async fn oidc(visitor: BrowserRequest, pairs: &[(String, String)]) -> Response {
    let value = |name| value_of(pairs, name).filter(|value| !value.is_empty()).map(str::to_owned);
    let asked = EndSession {
        id_token_hint: value("id_token_hint"),
        client_id: value("client_id"),
        post_logout_redirect_uri: value("post_logout_redirect_uri"),
        state: value("state"),
    };
    let to = oidc_logout(&visitor.visit, asked).await;
    answer(visitor, to)
}

fn answer(visitor: BrowserRequest, to: Result<Option<String>, Refused>) -> Response {
    match to {
        Ok(Some(location)) => visitor.signed_out(found(&location)),
        Ok(None) => {
            let text = "You are logged out. You may close this window.";
            visitor.signed_out(page::message(StatusCode::OK, "Logged out", text, None))
        }
        Err(refused) => visitor.answer(Err(refused)),
    }
}
