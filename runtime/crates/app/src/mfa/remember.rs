//! Browsers in which a factor was given not long ago (`allowRememberBrowser`). A browser is known by the signed cookie
//! that it has anyway; the tenant can forget all of a user's at once.

use jiff::{SignedDuration, Timestamp};
use postern_model::{FactorAttempts, RememberedBrowser, UserId, limits};

use super::rows::attempts_update;
use crate::App;
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// Browsers remembered of a user; the oldest gives way.
const BROWSERS: usize = 20;

fn since(now: Timestamp) -> Timestamp {
    let span = SignedDuration::try_from(limits::REMEMBER_BROWSER_FOR).unwrap_or_default();
    now.checked_sub(span).unwrap_or(now)
}

/// Remembers the browser that this secret of its own names.
///
/// # Errors
/// A fault of the store.
pub async fn browser_remember(app: &App, ctx: &OpCtx, user_id: &UserId, browser: &str) -> Result<(), AppError> {
    let browser_sha256 = sha256_hex(browser.as_bytes());
    attempts_update(app, &ctx.tenant.id, user_id, |attempts| {
        attempts.browsers.retain(|known| known.at > since(ctx.now) && known.browser_sha256 != browser_sha256);
        let over = (attempts.browsers.len() + 1).saturating_sub(BROWSERS);
        attempts.browsers.drain(..over);
        attempts.browsers.push(RememberedBrowser { browser_sha256: browser_sha256.clone(), at: ctx.now });
        (true, ())
    })
    .await
}

/// Whether this user gave a factor in this browser not long ago.
///
/// # Errors
/// A fault of the store.
pub async fn browser_is_remembered(app: &App, ctx: &OpCtx, user_id: &UserId, browser: &str) -> Result<bool, AppError> {
    let attempts = app.store().fetch::<FactorAttempts>(&ctx.tenant.id, user_id.as_str()).await?;
    let browser_sha256 = sha256_hex(browser.as_bytes());
    let known = |known: &RememberedBrowser| known.at > since(ctx.now) && known.browser_sha256 == browser_sha256;
    Ok(attempts.is_some_and(|attempts| attempts.browsers.iter().any(known)))
}
