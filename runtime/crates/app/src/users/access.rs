//! What a user is logged in by: sessions and refresh tokens (Auth0 Management API: POST /users/{id}/revoke-access).

use postern_model::{LoginClaims, LoginFailures, RefreshToken, Session, UserId, limits};
use postern_store::{Entity, Expect, Index, Query, WriteSet};

use super::load;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, logs};

/// Which access ends.
#[derive(Debug, Clone, Default)]
pub struct Revocation {
    /// That by this session only.
    pub session_id: Option<String>,
    /// Refresh tokens stay.
    pub preserve_refresh_tokens: bool,
}

/// Ends sessions of a user, and takes back refresh tokens.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_access_revoke(app: &App, ctx: &OpCtx, id: &str, what: &Revocation) -> Result<(), AppError> {
    ctx.require_any(&["delete:sessions", "delete:refresh_tokens"])?;
    let user = load(app, ctx, id).await?;
    let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id);
    let is_meant = |session: Option<&str>| what.session_id.is_none() || session == what.session_id.as_deref();
    for session in of_user::<Session>(app, ctx, Index::SessionByUser, &user.user_id).await? {
        if is_meant(Some(&session.id())) {
            set = set.delete::<Session>(&session.id(), Expect::Any);
        }
    }
    if !what.preserve_refresh_tokens {
        for token in of_user::<RefreshToken>(app, ctx, Index::RefreshTokenByUser, &user.user_id).await? {
            if is_meant(token.session_id.as_deref()) {
                set = set.delete::<RefreshToken>(&token.id(), Expect::Any);
            }
        }
    }
    app.store().commit(set.insert(&logs::audit(ctx, "Revoke a user's access", id)?)).await?;
    Ok(())
}

/// Adds the removal of everything that a user was logged in by: the id may be another's some day.
pub(crate) async fn with_access_deleted(
    app: &App,
    ctx: &OpCtx,
    user_id: &UserId,
    mut set: WriteSet,
) -> Result<WriteSet, AppError> {
    for session in of_user::<Session>(app, ctx, Index::SessionByUser, user_id).await? {
        set = set.delete::<Session>(&session.id(), Expect::Any);
    }
    for token in of_user::<RefreshToken>(app, ctx, Index::RefreshTokenByUser, user_id).await? {
        set = set.delete::<RefreshToken>(&token.id(), Expect::Any);
    }
    let claims =
        app.store().list::<LoginClaims>(&ctx.tenant.id, Query::all().under(user_id.as_str()).limit(ROWS)).await?;
    for row in claims.rows {
        set = set.delete::<LoginClaims>(&row.id(), Expect::Any);
    }
    Ok(set.delete::<LoginFailures>(user_id.as_str(), Expect::Any))
}

/// Rows of one kind of one user: far more than anyone has.
const ROWS: usize = 10_000;

async fn of_user<T: Entity>(app: &App, ctx: &OpCtx, index: Index, user_id: &UserId) -> Result<Vec<T>, AppError> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let query = Query::by(index).under(user_id.as_str()).limit(limits::PAGE_ROWS).after(after);
        let mut page = app.store().list::<T>(&ctx.tenant.id, query).await?;
        rows.append(&mut page.rows);
        after = page.next;
        if after.is_none() || rows.len() >= ROWS {
            return Ok(rows);
        }
    }
}
