//! Sessions and refresh tokens as a tenant's operator sees and ends them (Auth0 Management API: /sessions,
//! /refresh-tokens).

use postern_model::{LogEntry, RefreshToken, Session, User};
use postern_store::{Entity, Expect, Index, Query, WriteSet};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, ids, logs};

/// Rows that are ended in one transaction.
const AT_A_TIME: usize = 100;

fn no_session() -> AppError {
    AppError::not_found("The session does not exist.")
}

fn no_refresh_token() -> AppError {
    AppError::not_found("The refresh token does not exist.")
}

async fn user_load(app: &App, ctx: &OpCtx, user_id: &str) -> Result<User, AppError> {
    let user = app.store().fetch::<User>(&ctx.tenant.id, user_id).await?;
    user.ok_or_else(|| AppError::new(Code::InexistentUser, "The user does not exist."))
}

/// A slice of a user's rows: from `offset` on, at most `limit`, and how many there are in all.
async fn list<T: Entity>(
    app: &App,
    ctx: &OpCtx,
    (index, user_id): (Index, &str),
    (offset, limit): (usize, usize),
) -> Result<(Vec<T>, usize), AppError> {
    let user = user_load(app, ctx, user_id).await?;
    let query = Query::by(index).under(user.user_id.as_str());
    let total = app.store().count::<T>(&ctx.tenant.id, query.clone()).await?;
    let page = app.store().list::<T>(&ctx.tenant.id, query.skip(offset).limit(limit)).await?;
    Ok((page.rows, usize::try_from(total).unwrap_or(usize::MAX)))
}

/// Ends every row under the index, a hundred in a transaction.
async fn delete_all<T: Entity>(app: &App, ctx: &OpCtx, index: Index, under: &str, what: &str) -> Result<(), AppError> {
    loop {
        let query = Query::by(index).under(under).limit(AT_A_TIME);
        let rows = app.store().list::<T>(&ctx.tenant.id, query).await?.rows;
        if rows.is_empty() {
            return Ok(());
        }
        let mut set = WriteSet::new(&ctx.tenant.id, ids::request()?);
        for row in &rows {
            set = set.delete::<T>(&row.id(), Expect::Any);
        }
        app.store().commit(set.insert(&audit(ctx, what, under)?)).await?;
    }
}

fn audit(ctx: &OpCtx, what: &str, resource: &str) -> Result<LogEntry, AppError> {
    logs::audit(ctx, what, resource)
}

/// One session.
///
/// # Errors
/// When the scope is missing or there is no such session.
pub async fn session_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Session, AppError> {
    ctx.require("read:sessions")?;
    let session = app.store().fetch::<Session>(&ctx.tenant.id, id).await?;
    session.filter(|session| !session.is_over(ctx.now)).ok_or_else(no_session)
}

/// Ends a session; the browser has to log in again.
///
/// # Errors
/// When the scope is missing or there is no such session.
pub async fn session_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:sessions")?;
    let session = app.store().fetch::<Session>(&ctx.tenant.id, id).await?.ok_or_else(no_session)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .delete::<Session>(session.id.as_str(), Expect::Any)
        .insert(&audit(ctx, "Delete a session", id)?);
    app.store().commit(set).await?;
    Ok(())
}

/// Ends a session and the refresh tokens that were made in it.
///
/// # Errors
/// When a scope is missing or there is no such session.
pub async fn session_revoke(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:sessions")?;
    ctx.require("delete:refresh_tokens")?;
    session_delete(app, ctx, id).await?;
    delete_all::<RefreshToken>(app, ctx, Index::RefreshTokenBySession, id, "Revoke a session").await
}

/// A user's sessions, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn user_session_list(
    app: &App,
    ctx: &OpCtx,
    user_id: &str,
    slice: (usize, usize),
) -> Result<(Vec<Session>, usize), AppError> {
    ctx.require("read:sessions")?;
    list(app, ctx, (Index::SessionByUser, user_id), slice).await
}

/// Ends every session of a user.
///
/// # Errors
/// When the scope is missing.
pub async fn user_session_delete(app: &App, ctx: &OpCtx, user_id: &str) -> Result<(), AppError> {
    ctx.require("delete:sessions")?;
    user_load(app, ctx, user_id).await?;
    delete_all::<Session>(app, ctx, Index::SessionByUser, user_id, "Delete a user's sessions").await
}

/// One refresh token; the token itself is not kept.
///
/// # Errors
/// When the scope is missing or there is no such refresh token.
pub async fn refresh_token_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<RefreshToken, AppError> {
    ctx.require("read:refresh_tokens")?;
    let token = app.store().fetch::<RefreshToken>(&ctx.tenant.id, id).await?;
    token.filter(|token| token.ends_at().is_none_or(|end| end > ctx.now)).ok_or_else(no_refresh_token)
}

/// Revokes a refresh token.
///
/// # Errors
/// When the scope is missing or there is no such refresh token.
pub async fn refresh_token_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:refresh_tokens")?;
    let token = app.store().fetch::<RefreshToken>(&ctx.tenant.id, id).await?.ok_or_else(no_refresh_token)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .delete::<RefreshToken>(token.id.as_str(), Expect::Any)
        .insert(&audit(ctx, "Revoke a refresh token", id)?);
    app.store().commit(set).await?;
    Ok(())
}

/// A user's refresh tokens, newest first.
///
/// # Errors
/// When the scope is missing.
pub async fn user_refresh_token_list(
    app: &App,
    ctx: &OpCtx,
    user_id: &str,
    slice: (usize, usize),
) -> Result<(Vec<RefreshToken>, usize), AppError> {
    ctx.require("read:refresh_tokens")?;
    list(app, ctx, (Index::RefreshTokenByUser, user_id), slice).await
}

/// Revokes every refresh token of a user.
///
/// # Errors
/// When the scope is missing.
pub async fn user_refresh_token_delete(app: &App, ctx: &OpCtx, user_id: &str) -> Result<(), AppError> {
    ctx.require("delete:refresh_tokens")?;
    user_load(app, ctx, user_id).await?;
    delete_all::<RefreshToken>(app, ctx, Index::RefreshTokenByUser, user_id, "Revoke a user's refresh tokens").await
}
