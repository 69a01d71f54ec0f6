//! `/userinfo`: what an access token says of its user.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::authentication::userinfo_fetch;
use postern_app::error::Kind;
use serde_json::json;

use crate::error::{ApiError, log_fault};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::{Host, bearer};

pub(crate) fn routes() -> Routes<App> {
    const fn operation(id: &'static str) -> Operation {
        let object = Content::json(|| json!({ "type": "object", "properties": { "sub": { "type": "string" } } }));
        Operation {
            response: Some(object),
            failures: &[401],
            ..Operation::new(id, "The claims of an access token's user", Access::Public)
        }
    }
    Routes::new().add(Method::GET, "/userinfo", operation("userinfo_fetch"), userinfo).add(
        Method::POST,
        "/userinfo",
        operation("userinfo_post"),
        userinfo,
    )
}

async fn userinfo(State(app): State<App>, host: Result<Host, ApiError>, headers: HeaderMap) -> Response {
    let Host(tenant) = match host {
        Ok(host) => host,
        Err(error) => return error.into_response(),
    };
    let Some(token) = bearer(&headers) else { return unauthorized("Bearer", "invalid_request") };
    match userinfo_fetch(&app, &tenant, token).await {
        Ok(claims) => ([(CACHE_CONTROL, "no-store")], axum::Json(claims)).into_response(),
        Err(error) if error.code.kind() == Kind::Unauthorized => {
            unauthorized(r#"Bearer error="invalid_token""#, "invalid_token")
        }
        Err(error) => {
            log_fault(&error);
            ApiError::from(error).into_response()
        }
    }
}

fn unauthorized(challenge: &'static str, error: &str) -> Response {
    let body = json!({ "error": error, "error_description": "Unauthorized" });
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)], axum::Json(body)).into_response()
}
