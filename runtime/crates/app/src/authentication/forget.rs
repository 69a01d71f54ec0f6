//! What goes with a user: their tokens and what their logins left.

use postern_model::{LoginClaims, LoginFailures, RefreshToken, TenantId, UserId};
use postern_store::{Expect, Index, Query, WriteSet, compose};

use crate::App;
use crate::error::AppError;

/// Rows of each kind that one write takes along. More than these are void all the same: they are older than any user
/// who gets the id again.
const ROWS: usize = 1000;

/// Adds the removal of a user's refresh tokens, claims and failures to the write set that deletes the user.
///
/// # Errors
/// A fault of the store.
pub(crate) async fn user_forget(
    app: &App,
    tenant: &TenantId,
    user_id: &UserId,
    set: WriteSet,
) -> Result<WriteSet, AppError> {
    let id = user_id.as_str();
    let mut set = set.delete::<LoginFailures>(id, Expect::Any);
    let tokens = Query::by(Index::RefreshTokenByUser).under(id).limit(ROWS);
    for token in app.store().list::<RefreshToken>(tenant, tokens).await?.rows {
        set = set.delete::<RefreshToken>(token.id.as_str(), Expect::Any);
    }
    let claims = Query::all().under(id).limit(ROWS);
    for row in app.store().list::<LoginClaims>(tenant, claims).await?.rows {
        set = set.delete::<LoginClaims>(&compose(&[id, row.client_id.as_str()]), Expect::Any);
    }
    Ok(set)
}
