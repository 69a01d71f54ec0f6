//! The pages that the links of mails lead to. What follows such a link must not be a program that looks at mails
//! before people do more than it has to: `HEAD` changes nothing.

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use postern_app::App;
use postern_app::browser::PageError;
use postern_app::mail::follow::{
    Followed, PasswordUsed, password_ticket_fetch, password_ticket_use, verification_follow,
};

use super::browser::page::{self, Framed, Leads, Page, message, with_page};
use super::browser::visitor::found;
use super::browser::{form_pairs, query_pairs, value_of};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::permission::{Host, ip};

const PASSWORD: &str = "/u/reset-verify";
const VERIFICATION: &str = "/u/email-verification";
const TICKET: Parameter = Parameter { name: "ticket", kind: "string", summary: "The secret of the link" };
const HTML: Content = Content { media_type: "text/html", schema: || serde_json::json!({ "type": "string" }) };

pub(crate) fn routes() -> Routes<App> {
    let form = Content {
        media_type: "application/x-www-form-urlencoded",
        schema: || serde_json::json!({ "type": "object", "properties": { "ticket": { "type": "string" } } }),
    };
    let operation = |id, summary| Operation { response: Some(HTML), ..Operation::new(id, summary, Access::Public) };
    Routes::new()
        .add(
            Method::GET,
            PASSWORD,
            Operation { query: &[TICKET], ..operation("password_page", "The page to choose a new password") },
            password_page,
        )
        .add(
            Method::POST,
            PASSWORD,
            Operation {
                request: Some(form),
                failures: &[403, 413],
                ..operation("password_page_send", "Choose a new password")
            },
            password_page_send,
        )
        .add(
            Method::GET,
            VERIFICATION,
            Operation { query: &[TICKET], ..operation("verification_page", "Confirm an address") },
            verification_page,
        )
}

#[derive(Template)]
#[template(path = "new_password.html")]
struct NewPasswordPage<'a> {
    page: &'a Page,
    ticket: &'a str,
    email: &'a str,
    error: Option<&'a str>,
}

fn form(status: StatusCode, ticket: &str, email: &str, error: Option<&str>) -> Response {
    with_page(|it| {
        let template = NewPasswordPage { page: it, ticket, email, error };
        page::page(status, it, (Framed::Nowhere, Leads::Web(None)), &template)
    })
}

fn answer(followed: &Followed, title: &str) -> Response {
    match &followed.redirect {
        Some(to) => found(to.as_str()),
        None => {
            let status = if followed.success { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            let title = if followed.success { title } else { "This link is not good any more" };
            message(status, title, followed.message, None)
        }
    }
}

fn void() -> Response {
    let text = "This URL can be used only once, and for a limited time. Ask for a new one.";
    message(StatusCode::BAD_REQUEST, "This link is not good any more", text, None)
}

/// The secret of the link; one that cannot be one of ours is none.
fn ticket(pairs: &[(String, String)]) -> Option<&str> {
    value_of(pairs, "ticket").filter(|ticket| !ticket.is_empty() && ticket.len() <= 128)
}

async fn password_page(State(app): State<App>, Host(tenant): Host, RawQuery(query): RawQuery) -> Response {
    let pairs = query_pairs(query.as_deref());
    let Some(ticket) = ticket(&pairs) else { return void() };
    match password_ticket_fetch(&app, &tenant, ticket, Timestamp::now()).await {
        Ok(Some(user)) => {
            let name = user.email.as_deref().or(user.username.as_deref()).unwrap_or_default();
            form(StatusCode::OK, ticket, name, None)
        }
        Ok(None) => void(),
        Err(error) => page::fault(error),
    }
}

/// Whether the form was sent from a page of another site. The secret in it is what proves that it was ours.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

async fn password_page_send(State(app): State<App>, Host(tenant): Host, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ip = ip(&parts);
    if is_foreign(&parts.headers) {
        return page::error(&PageError {
            status: 403,
            error: "access_denied",
            description: "The form was sent from another site.".to_owned(),
        });
    }
    let pairs = match form_pairs(Request::from_parts(parts, body)).await {
        Ok(pairs) => pairs,
        Err(error) => return page::error(&error),
    };
    let Some(ticket) = ticket(&pairs) else { return void() };
    let password = value_of(&pairs, "password").unwrap_or_default();
    let again = value_of(&pairs, "password_confirm").unwrap_or_default();
    let now = Timestamp::now();
    let name = match password_ticket_fetch(&app, &tenant, ticket, now).await {
        Ok(Some(user)) => user.email.clone().or_else(|| user.username.clone()).unwrap_or_default(),
        Ok(None) => return void(),
        Err(error) => return page::fault(error),
    };
    if password != again {
        return form(StatusCode::BAD_REQUEST, ticket, &name, Some("The passwords are not the same."));
    }
    match password_ticket_use(&app, &tenant, ticket, password.to_owned(), ip.as_deref(), now).await {
        Ok(PasswordUsed::Followed(followed)) => answer(&followed, "Your password was changed"),
        Ok(PasswordUsed::Refused(why)) => form(StatusCode::BAD_REQUEST, ticket, &name, Some(&why)),
        Err(error) => page::fault(error),
    }
}

async fn verification_page(
    State(app): State<App>,
    Host(tenant): Host,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let pairs = query_pairs(query.as_deref());
    let Some(ticket) = ticket(&pairs) else { return void() };
    if request.method() == Method::HEAD {
        return message(StatusCode::OK, "Confirm your address", "", None);
    }
    let (parts, _body) = request.into_parts();
    match verification_follow(&app, &tenant, ticket, ip(&parts).as_deref(), Timestamp::now()).await {
        Ok(followed) => answer(&followed, "Your email address is confirmed"),
        Err(error) => page::fault(error),
    }
}
