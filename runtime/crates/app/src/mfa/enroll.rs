//! Enrolling an authenticator app: a secret now, confirmed by the first code of it.

use postern_flow::{OTP, RECOVERY_CODE};
use postern_model::{Authenticator, AuthenticatorId, AuthenticatorKind, LogType, Tenant, User};
use postern_store::{Expect, WriteSet};

use super::rows::{confirmed, log_entry, of_user};
use super::verify::Who;
use super::{factors, totp};
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, ids, secrets};

/// Secrets of a user that wait for their first code; the oldest gives way.
const WAITING: usize = 5;

/// When the recovery code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// With the secret: the MFA API hands out both.
    Now,
    /// With the first code: pages show it at the end.
    Later,
}

/// What the user puts into their app. Shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrollment {
    #[expect(missing_docs, reason = "says its name")]
    pub id: AuthenticatorId,
    /// In base32.
    pub secret: String,
    /// `otpauth://totp/…`
    pub uri: String,
    /// When the user has none yet.
    pub recovery_code: Option<String>,
}

impl std::fmt::Debug for Enrollment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrollment").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The key under which the secret of an authenticator is sealed.
pub(super) fn row_key(id: &AuthenticatorId) -> String {
    format!("authenticator/{id}")
}

/// A new authenticator, with its secret sealed.
pub(super) fn app_row(
    app: &App,
    ctx: &OpCtx,
    user: &User,
    secret: &[u8],
    is_confirmed: bool,
) -> Result<Authenticator, AppError> {
    let id = ids::authenticator(AuthenticatorKind::Totp)?;
    let sealed = secrets::seal(app, &ctx.tenant.id, &row_key(&id), secret)?;
    Ok(Authenticator {
        sealed_secret: Some(sealed),
        confirmed: is_confirmed,
        ..row(ctx, user, id, AuthenticatorKind::Totp)
    })
}

/// A new recovery code and its row.
pub(super) fn recovery_row(ctx: &OpCtx, user: &User, is_confirmed: bool) -> Result<(String, Authenticator), AppError> {
    let code = ids::recovery_code()?;
    let id = ids::authenticator(AuthenticatorKind::RecoveryCode)?;
    let hash = sha256_hex(code.as_bytes());
    let enrolled_at = is_confirmed.then_some(ctx.now);
    let row = row(ctx, user, id, AuthenticatorKind::RecoveryCode);
    Ok((code, Authenticator { code_sha256: Some(hash), confirmed: is_confirmed, enrolled_at, ..row }))
}

fn row(ctx: &OpCtx, user: &User, id: AuthenticatorId, kind: AuthenticatorKind) -> Authenticator {
    Authenticator {
        id,
        revision: 0,
        user_id: user.user_id.clone(),
        kind,
        name: None,
        confirmed: false,
        sealed_secret: None,
        code_sha256: None,
        last_step: None,
        created_at: ctx.now,
        enrolled_at: None,
        last_auth_at: None,
    }
}

/// Makes a secret for a user who has no app yet. It proves nothing until a code of it was seen.
///
/// # Errors
/// When the user is enrolled already or the tenant does not ask for one-time passwords.
pub async fn enroll_begin(app: &App, ctx: &OpCtx, who: &Who<'_>, recovery: Recovery) -> Result<Enrollment, AppError> {
    let tenant = &ctx.tenant.id;
    let enabled = factors::enabled(app, tenant).await?;
    if !enabled.contains(&OTP) {
        return Err(AppError::bad_request("One-time passwords are not enabled in this tenant."));
    }
    let rows = of_user(app, tenant, &who.user.user_id).await?;
    if confirmed(&rows, AuthenticatorKind::Totp).next().is_some() {
        return Err(AppError::conflict("User is already enrolled."));
    }
    let secret = totp::secret()?;
    let row = app_row(app, ctx, who.user, &secret, false)?;
    let mut set = WriteSet::new(tenant, ids::request()?).insert(&row);
    let mut recovery_code = None;
    if recovery == Recovery::Now && enabled.contains(&RECOVERY_CODE) {
        // One that waits belongs to an enrolment that was given up: this one takes its place.
        for old in rows.iter().filter(|row| row.kind == AuthenticatorKind::RecoveryCode) {
            set = set.delete::<Authenticator>(old.id.as_str(), Expect::Any);
        }
        let (code, row) = recovery_row(ctx, who.user, false)?;
        set = set.insert(&row);
        recovery_code = Some(code);
    }
    let waiting: Vec<&Authenticator> = rows.iter().filter(|row| row.kind == AuthenticatorKind::Totp).collect();
    for old in waiting.iter().take((waiting.len() + 1).saturating_sub(WAITING)) {
        set = set.delete::<Authenticator>(old.id.as_str(), Expect::Any);
    }
    set = set.insert(&log_entry(ctx, who, LogType::MfaEnrollStart, "Multifactor enrollment started")?);
    app.store().commit(set).await?;
    let uri = totp::uri(&secret, &issuer(app, &ctx.tenant).await?, account(who.user))?;
    Ok(Enrollment { id: row.id, secret: totp::base32(&secret), uri, recovery_code })
}

/// A secret that was made for this user and waits for its first code, to be shown again.
///
/// # Errors
/// A fault of ours.
pub async fn enroll_fetch(app: &App, ctx: &OpCtx, user: &User, id: &str) -> Result<Option<Enrollment>, AppError> {
    let Some(row) = app.store().fetch::<Authenticator>(&ctx.tenant.id, id).await? else { return Ok(None) };
    let (false, true, Some(sealed)) = (row.confirmed, row.user_id == user.user_id, &row.sealed_secret) else {
        return Ok(None);
    };
    let secret = secrets::open(app, &ctx.tenant.id, &row_key(&row.id), sealed)?;
    let uri = totp::uri(&secret, &issuer(app, &ctx.tenant).await?, account(user))?;
    Ok(Some(Enrollment { id: row.id, secret: totp::base32(&secret), uri, recovery_code: None }))
}

/// What apps show beside the codes: the user's address or name.
fn account(user: &User) -> &str {
    user.email.as_deref().or(user.username.as_deref()).unwrap_or(user.user_id.as_str())
}

/// What apps show above the codes: the tenant's friendly name.
async fn issuer(app: &App, tenant: &Tenant) -> Result<String, AppError> {
    let settings = app.store().fetch::<postern_store::Setting>(&tenant.id, "tenant_settings").await?;
    let name = settings.as_ref().and_then(|row| row.value.get("friendly_name")?.as_str());
    Ok(name.filter(|name| !name.trim().is_empty()).unwrap_or(tenant.id.as_str()).to_owned())
}

/// The error of a user who is enrolled, told apart from others.
#[must_use]
pub fn is_enrolled(error: &AppError) -> bool {
    error.code == Code::Conflict
}
