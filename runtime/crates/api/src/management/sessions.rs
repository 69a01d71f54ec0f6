//! `/api/v2/sessions`, `/api/v2/refresh-tokens` and those of a user: read and ended.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::signed_in;
use postern_model::{RefreshToken, Session};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

const READ_SESSIONS: Access = Access::Scopes(&["read:sessions"]);
const DELETE_SESSIONS: Access = Access::Scopes(&["delete:sessions"]);
const READ_TOKENS: Access = Access::Scopes(&["read:refresh_tokens"]);
const DELETE_TOKENS: Access = Access::Scopes(&["delete:refresh_tokens"]);

const fn read(id: &'static str, summary: &'static str, access: Access) -> Operation {
    let response = Some(Content::json(|| json!({ "type": "object" })));
    Operation { response, failures: &[404], ..Operation::new(id, summary, access) }
}

const fn list(id: &'static str, summary: &'static str, access: Access) -> Operation {
    Operation { query: const { &[PARAMETERS[3], PARAMETERS[4]] }, ..read(id, summary, access) }
}

/// Auth0 answers 202: it ends them later. Here they have ended by then.
const fn end(id: &'static str, summary: &'static str, access: Access) -> Operation {
    Operation { success: 202, failures: &[404], ..Operation::new(id, summary, access) }
}

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let one = "/api/v2/sessions/{id}";
    let token = "/api/v2/refresh-tokens/{id}";
    let of_user = "/api/v2/users/{id}/sessions";
    let tokens = "/api/v2/users/{id}/refresh-tokens";
    Routes::new()
        .add(Method::GET, one, read("session_fetch", "Fetch a session", READ_SESSIONS), session_fetch)
        .add(Method::DELETE, one, end("session_delete", "End a session", DELETE_SESSIONS), session_delete)
        .add(
            Method::POST,
            "/api/v2/sessions/{id}/revoke",
            end("session_revoke", "End a session and its refresh tokens", DELETE_SESSIONS),
            session_revoke,
        )
        .add(
            Method::GET,
            of_user,
            list("user_session_list", "List a user's sessions", READ_SESSIONS),
            user_session_list,
        )
        .add(
            Method::DELETE,
            of_user,
            end("user_session_delete", "End a user's sessions", DELETE_SESSIONS),
            user_session_delete,
        )
        .add(Method::GET, token, read("refresh_token_fetch", "Fetch a refresh token", READ_TOKENS), refresh_token_fetch)
        .add(
            Method::DELETE,
            token,
            end("refresh_token_delete", "Revoke a refresh token", DELETE_TOKENS),
            refresh_token_delete,
        )
        .add(
            Method::GET,
            tokens,
            list("user_refresh_token_list", "List a user's refresh tokens", READ_TOKENS),
            user_refresh_token_list,
        )
        .add(
            Method::DELETE,
            tokens,
            end("user_refresh_token_delete", "Revoke a user's refresh tokens", DELETE_TOKENS),
            user_refresh_token_delete,
        )
}

/// `from` and `take`; there are no pages by number.
#[derive(Debug, Deserialize)]
struct ListQuery {
    from: Option<String>,
    take: Option<u32>,
}

fn session(session: &Session) -> Value {
    let mut object = session.event();
    object.insert("authentication".to_owned(), json!({ "methods": session.methods }));
    Value::Object(object)
}

fn refresh_token(token: &RefreshToken) -> Value {
    let scope = token.authorized.get("scope").and_then(Value::as_str).unwrap_or_default();
    let audience = token.authorized.get("audience").and_then(Value::as_str);
    let resource_servers: Vec<Value> =
        audience.map(|audience| json!({ "audience": audience, "scopes": scope })).into_iter().collect();
    json!({
        "id": token.id, "user_id": token.user_id, "client_id": token.client_id, "session_id": token.session_id,
        "rotating": token.rotating, "created_at": token.created_at, "idle_expires_at": token.idle_expires_at,
        "expires_at": token.expires_at, "last_exchanged_at": token.last_exchanged_at,
        "resource_servers": resource_servers, "refresh_token_metadata": token.metadata,
        "device": {
            "initial_ip": token.initial_ip, "initial_user_agent": token.initial_user_agent,
            "last_ip": token.last_ip, "last_user_agent": token.last_user_agent,
        },
    })
}

async fn session_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(session(&signed_in::session_fetch(&app, &ctx, &id).await?)))
}

async fn session_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    signed_in::session_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn session_revoke(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    signed_in::session_revoke(&app, &ctx, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn user_session_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = PageQuery::checkpoint(query.from, query.take).paging()?;
    let slice = (paging.offset()?, paging.limit());
    let (rows, total) = signed_in::user_session_list(&app, &ctx, &id, slice).await?;
    Ok(Json(paging.answer("sessions", rows.iter().map(session).collect(), total)?))
}

async fn user_session_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    signed_in::user_session_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn refresh_token_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(refresh_token(&signed_in::refresh_token_fetch(&app, &ctx, &id).await?)))
}

async fn refresh_token_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    signed_in::refresh_token_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn user_refresh_token_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = PageQuery::checkpoint(query.from, query.take).paging()?;
    let slice = (paging.offset()?, paging.limit());
    let (rows, total) = signed_in::user_refresh_token_list(&app, &ctx, &id, slice).await?;
    Ok(Json(paging.answer("tokens", rows.iter().map(refresh_token).collect(), total)?))
}

async fn user_refresh_token_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    signed_in::user_refresh_token_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::ACCEPTED)
}
