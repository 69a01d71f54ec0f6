//! What is kept of a browser while it is on our pages, or at an action's, and the token that ties a form to it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_model::{BrowserTransaction, Session, TenantId, limits};
use postern_store::{Expect, Index, Query, WriteSet};
use serde::{Deserialize, Serialize};

use super::answer::{PageError, Refused};
use super::request::AuthorizeRequest;
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids};

/// Transactions whose time is over that a new one takes along.
const EXPIRED_AT_A_TIME: usize = 4;

/// A login that waits for the browser to come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingLogin {
    /// The session it will have.
    pub session: Session,
    /// Whether that session is there already.
    pub known: bool,
    /// Whether it waits for a factor: coming back is then not enough.
    pub challenge: bool,
}

/// A transaction as it is worked with.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub(crate) row: BrowserTransaction,
    /// What `/authorize` was asked with.
    pub request: AuthorizeRequest,
    /// The login that waits, if there is one.
    pub pending: Option<PendingLogin>,
}

fn unreadable(error: serde_json::Error) -> AppError {
    AppError::internal("read a browser transaction").with_source(error)
}

fn over() -> Refused {
    let text = "This page is no longer valid: it waited too long, was used already, or belongs to another browser. \
                Go back to the application and log in again.";
    Refused::Page(PageError::bad_request(text))
}

fn row(
    ctx: &OpCtx,
    state: &str,
    browser: &str,
    request: &AuthorizeRequest,
    pending: Option<&PendingLogin>,
) -> Result<BrowserTransaction, AppError> {
    let write = |error| AppError::internal("write a browser transaction").with_source(error);
    Ok(BrowserTransaction {
        state_sha256: sha256_hex(state.as_bytes()),
        revision: 0,
        browser_sha256: sha256_hex(browser.as_bytes()),
        client_id: request.client_id.clone(),
        request: serde_json::to_value(request).map_err(write)?,
        pending: pending.map(serde_json::to_value).transpose().map_err(write)?,
        expires_at: ctx.now.checked_add(limits::BROWSER_TRANSACTION_FOR).unwrap_or(ctx.now),
    })
}

/// Keeps the request of a browser that is sent to a page of ours; returns the `state` of the page's address.
pub(crate) async fn create(
    app: &App,
    ctx: &OpCtx,
    browser: &str,
    request: &AuthorizeRequest,
) -> Result<String, AppError> {
    let state = ids::token()?;
    let row = row(ctx, &state, browser, request, None)?;
    let query = Query::by(Index::BrowserTransactionByExpiry).limit(EXPIRED_AT_A_TIME);
    let oldest = app.store().list::<BrowserTransaction>(&ctx.tenant.id, query).await?.rows;
    let mut set = WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&row);
    for old in oldest.iter().filter(|old| old.expires_at < ctx.now) {
        set = set.delete::<BrowserTransaction>(&old.state_sha256, Expect::Any);
    }
    app.store().commit(set).await?;
    Ok(state)
}

/// Keeps the request of a login that waits, under the token that resumes the login.
pub(crate) async fn suspend(
    app: &App,
    ctx: &OpCtx,
    (browser, state): (&str, &str),
    request: &AuthorizeRequest,
    pending: &PendingLogin,
) -> Result<(), AppError> {
    let row = row(ctx, state, browser, request, Some(pending))?;
    app.store().commit(WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&row)).await?;
    Ok(())
}

/// The transaction of a `state`, when this is the browser that began it.
///
/// # Errors
/// [`Refused::Page`] when there is none any more, or it is another browser's.
pub async fn transaction_fetch(
    app: &App,
    ctx: &OpCtx,
    browser: Option<&str>,
    state: &str,
) -> Result<Transaction, Refused> {
    let id = sha256_hex(state.as_bytes());
    let row = app.store().fetch::<BrowserTransaction>(&ctx.tenant.id, &id).await.map_err(AppError::from)?;
    let row = row.filter(|row| row.expires_at >= ctx.now).ok_or_else(over)?;
    let browser = sha256_hex(browser.ok_or_else(over)?.as_bytes());
    if verify_slices_are_equal(browser.as_bytes(), row.browser_sha256.as_bytes()).is_err() {
        return Err(over());
    }
    let request = serde_json::from_value(row.request.clone()).map_err(unreadable)?;
    let pending = row.pending.clone().map(serde_json::from_value).transpose().map_err(unreadable)?;
    Ok(Transaction { row, request, pending })
}

/// Takes the transaction for once: whoever comes second finds nothing.
pub(crate) async fn take(app: &App, ctx: &OpCtx, transaction: &Transaction) -> Result<(), Refused> {
    let BrowserTransaction { state_sha256, revision, .. } = &transaction.row;
    let set = WriteSet::new(&ctx.tenant.id, ids::request()?)
        .delete::<BrowserTransaction>(state_sha256, Expect::Revision(*revision));
    match app.store().commit(set).await {
        Ok(_) => Ok(()),
        Err(postern_store::CommitError::Conflict { .. }) => Err(over()),
        Err(other) => Err(AppError::from(other).into()),
    }
}

fn form_key(app: &App, tenant: &TenantId) -> Result<hmac::Key, AppError> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &crate::secrets::derive::<32>(app, tenant, "form")?))
}

fn form_text(browser: &str, state: &str) -> String {
    // Neither holds a line feed: both are base64.
    format!("{browser}\n{state}")
}

/// The token that a form of ours carries: it is good in this browser and for this transaction only.
///
/// # Errors
/// Never in practice.
pub fn form_token(app: &App, tenant: &TenantId, browser: &str, state: &str) -> Result<String, AppError> {
    let tag = hmac::sign(&form_key(app, tenant)?, form_text(browser, state).as_bytes());
    Ok(URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

/// Checks the token that came with a form, in constant time.
///
/// # Errors
/// [`Refused::Page`] when it is another form's.
pub fn form_check(
    app: &App,
    tenant: &TenantId,
    (browser, state): (&str, &str),
    token: Option<&str>,
) -> Result<(), Refused> {
    let forged = || {
        Refused::Page(PageError {
            status: 403,
            error: "access_denied",
            description: "This form was not sent by a page of ours in this browser. Are cookies allowed?".to_owned(),
        })
    };
    let tag = token.and_then(|token| URL_SAFE_NO_PAD.decode(token).ok()).ok_or_else(forged)?;
    let text = form_text(browser, state);
    hmac::verify(&form_key(app, tenant)?, text.as_bytes(), &tag).map_err(|_bad| forged())
}

/// A value for the browser's own cookie.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn browser_create() -> Result<String, AppError> {
    ids::token()
}
