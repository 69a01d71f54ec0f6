//! Second factors: which a tenant asks for, how a user enrolls one, how a code is checked.
//!
//! Two kinds can be verified here: one-time passwords of an authenticator app (RFC 6238) and recovery codes. What a
//! login does with them is decided by `postern-flow`.

pub mod enroll;
pub mod factors;
pub mod manage;
pub mod remember;
mod rows;
mod totp;
pub mod verify;
pub mod waiting;

use postern_model::{Authenticator, LogType, UserId};
use postern_store::WriteSet;

pub use self::enroll::{Enrollment, Recovery, enroll_begin};
pub use self::verify::{Refused, Verified, Who, otp_verify, recovery_verify};
pub use self::waiting::{FactorCode, Waiting, factor_give, waiting_fetch};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids};

/// The factors of a user, oldest first.
///
/// # Errors
/// A fault of the store.
pub async fn authenticators(app: &App, ctx: &OpCtx, user_id: &UserId) -> Result<Vec<Authenticator>, AppError> {
    rows::of_user(app, &ctx.tenant.id, user_id).await
}

/// Writes an entry about a factor into the tenant log.
///
/// # Errors
/// A fault of the store.
pub(crate) async fn log(app: &App, ctx: &OpCtx, who: &Who<'_>, kind: LogType, text: &str) -> Result<(), AppError> {
    let set = WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&rows::log_entry(ctx, who, kind, text)?);
    app.store().commit(set).await?;
    Ok(())
}
