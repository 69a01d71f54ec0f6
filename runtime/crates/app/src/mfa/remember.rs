//! Browsers in which a factor was given not long ago (`allowRememberBrowser`). The browser holds a secret that stands for
//! its user; the tenant can forget all of a user's browsers at once.

use jiff::Timestamp;
use postern_model::{FactorAttempts, UserId, limits};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::authentication::{one_time_create, one_time_fetch};
use crate::ctx::OpCtx;
use crate::error::AppError;

const KIND: &str = "mfa_browser";

#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    user_id: UserId,
    at: Timestamp,
}

/// Makes the secret that a browser is remembered by.
///
/// # Errors
/// A fault of the store or the generator.
pub async fn browser_remember(app: &App, ctx: &OpCtx, user_id: &UserId) -> Result<String, AppError> {
    let remembered = Remembered { user_id: user_id.clone(), at: ctx.now };
    one_time_create(app, &ctx.tenant.id, KIND, &remembered, limits::REMEMBER_BROWSER_FOR, ctx.now).await
}

/// Whether this user gave a factor in the browser that holds the secret.
///
/// # Errors
/// A fault of the store.
pub async fn browser_is_remembered(app: &App, ctx: &OpCtx, user_id: &UserId, secret: &str) -> Result<bool, AppError> {
    let tenant = &ctx.tenant.id;
    let found = one_time_fetch::<Remembered>(app, tenant, KIND, secret, ctx.now).await?;
    let Some(found) = found.filter(|found| found.user_id == *user_id) else { return Ok(false) };
    let attempts = app.store().fetch::<FactorAttempts>(tenant, user_id.as_str()).await?;
    Ok(attempts.and_then(|attempts| attempts.forget_before).is_none_or(|before| found.at > before))
}
