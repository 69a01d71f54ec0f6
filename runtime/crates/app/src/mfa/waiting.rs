//! A login that waits for a factor: what it asks for, and the code that is given for it.

use std::sync::Arc;

use postern_flow::{OTP, RECOVERY_CODE, SavedLogin, Suspension};
use postern_model::{ClientId, SuspendedLogin, User};
use postern_store::Index;
use serde_json::Value;

use super::verify::{Refused, Verified, Who, otp_verify, recovery_verify};
use crate::App;
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// A login that waits for a factor.
#[derive(Debug, Clone)]
pub struct Waiting {
    #[expect(missing_docs, reason = "says its name")]
    pub user: Arc<User>,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    /// As the outcome of the login has them.
    pub factors: Vec<Value>,
}

/// A code that someone gives.
#[derive(Clone, Copy)]
pub enum FactorCode<'a> {
    /// A one-time password.
    Otp(&'a str),
    /// A recovery code.
    Recovery(&'a str),
}

impl std::fmt::Debug for FactorCode<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Otp(_) => "Otp(..)",
            Self::Recovery(_) => "Recovery(..)",
        })
    }
}

impl Waiting {
    /// Whether the user enrolls a factor.
    #[must_use]
    pub fn enrolls(&self) -> bool {
        self.factors.iter().any(|factor| factor.get("enroll").and_then(Value::as_bool) == Some(true))
    }

    /// Whether a one-time password will do.
    #[must_use]
    pub fn takes_otp(&self) -> bool {
        self.offers(OTP)
    }

    /// Whether a recovery code will do: it stands in for an app that is lost, but enrolls nothing.
    #[must_use]
    pub fn takes_recovery(&self) -> bool {
        self.offers(RECOVERY_CODE) || (self.offers(OTP) && !self.enrolls())
    }

    /// Whether the browser may be remembered.
    #[must_use]
    pub fn may_remember(&self) -> bool {
        let remembers = |factor: &Value| factor.pointer("/options/allowRememberBrowser").and_then(Value::as_bool);
        self.factors.iter().any(|factor| remembers(factor) == Some(true))
    }

    /// The user and the client that ask.
    #[must_use]
    pub fn who(&self) -> Who<'_> {
        Who { user: &self.user, client_id: &self.client_id }
    }

    fn offers(&self, kind: &str) -> bool {
        self.factors.iter().any(|factor| factor.get("type").and_then(Value::as_str) == Some(kind))
    }
}

/// The login that waits for a factor under this state token.
///
/// # Errors
/// A fault of the store.
pub async fn waiting_fetch(app: &App, ctx: &OpCtx, state: &str) -> Result<Option<Waiting>, AppError> {
    let tenant = &ctx.tenant.id;
    let hash = sha256_hex(state.as_bytes());
    let Some(row) = app.store().find::<SuspendedLogin>(tenant, Index::SuspendedByState, &[&hash]).await? else {
        return Ok(None);
    };
    if row.expires_at < ctx.now {
        return Ok(None);
    }
    let saved = SavedLogin::read(row.pipeline)
        .map_err(|error| AppError::internal("read a suspended login").with_source(error))?;
    let Suspension::Challenge { factors } = saved.suspension() else { return Ok(None) };
    let Some(user) = app.store().fetch::<User>(tenant, row.user_id.as_str()).await? else { return Ok(None) };
    Ok(Some(Waiting { user: Arc::new(user), client_id: row.client_id, factors: factors.clone() }))
}

/// Checks a code for a login that waits. Its method is what the login is then resumed with.
///
/// # Errors
/// See [`Refused`].
pub async fn factor_give(app: &App, ctx: &OpCtx, waiting: &Waiting, code: FactorCode<'_>) -> Result<Verified, Refused> {
    match code {
        FactorCode::Otp(code) if waiting.takes_otp() => otp_verify(app, ctx, &waiting.who(), code).await,
        FactorCode::Recovery(code) if waiting.takes_recovery() => recovery_verify(app, ctx, &waiting.who(), code).await,
        FactorCode::Otp(_) | FactorCode::Recovery(_) => Err(Refused::NotEnrolled),
    }
}
