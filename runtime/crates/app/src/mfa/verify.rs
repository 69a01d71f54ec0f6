//! Checking codes. Every try is counted before it is looked at, so that many at once are not looked at either.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::SignedDuration;
use postern_model::{Authenticator, AuthenticatorKind, ClientId, LogType, User, limits};
use postern_store::{CommitError, Expect, WriteSet};
use serde_json::{Value, json};

use super::enroll::{recovery_row, row_key};
use super::rows::{attempts_update, confirmed, log_entry, multifactor_patch, of_user};
use super::{factors, totp};
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids, secrets};

/// Whose factor is asked for, and by which client.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Who<'a> {
    pub user: &'a User,
    pub client_id: &'a ClientId,
}

/// A factor that was given.
#[derive(Clone, PartialEq)]
pub struct Verified {
    /// An entry of `event.authentication.methods`.
    pub method: Value,
    /// Whether it was the first code of a new app.
    pub enrolled: bool,
    /// A recovery code made now; shown once.
    pub recovery_code: Option<String>,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Why a code was not taken.
#[derive(Debug)]
pub enum Refused {
    /// It is not a code of now, or was used already.
    Wrong,
    /// Too many were tried; this one was not looked at.
    Limited,
    /// The user has no factor of the kind.
    NotEnrolled,
    /// A fault of ours.
    App(AppError),
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<postern_store::StoreError> for Refused {
    fn from(error: postern_store::StoreError) -> Self {
        Self::App(error.into())
    }
}

/// Counts a try; whether it is the last that is looked at.
async fn reserve(app: &App, ctx: &OpCtx, who: &Who<'_>) -> Result<bool, Refused> {
    let span = SignedDuration::try_from(limits::FACTOR_TRIES_FOR).unwrap_or_default();
    let since = ctx.now.checked_sub(span).unwrap_or(ctx.now);
    let counted = attempts_update(app, &ctx.tenant.id, &who.user.user_id, |attempts| {
        attempts.tried.retain(|at| *at > since);
        if attempts.tried.len() >= limits::FACTOR_TRIES {
            return (false, None);
        }
        attempts.tried.push(ctx.now);
        (true, Some(attempts.tried.len() == limits::FACTOR_TRIES))
    });
    counted.await?.ok_or(Refused::Limited)
}

async fn forgive(app: &App, ctx: &OpCtx, who: &Who<'_>) -> Result<(), AppError> {
    attempts_update(app, &ctx.tenant.id, &who.user.user_id, |attempts| {
        let any = !attempts.tried.is_empty();
        attempts.tried.clear();
        (any, ())
    })
    .await
}

/// Writes a wrong code down; of the last one that is looked at it also says that further ones are not.
async fn wrong(
    app: &App,
    ctx: &OpCtx,
    who: &Who<'_>,
    (kind, limited): (LogType, LogType),
    last: bool,
) -> Result<Refused, AppError> {
    let mut set = WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&log_entry(
        ctx,
        who,
        kind,
        "The code is wrong or was used already",
    )?);
    if last {
        set = set.insert(&log_entry(ctx, who, limited, "Too many codes were tried")?);
    }
    app.store().commit(set).await?;
    Ok(Refused::Wrong)
}

fn method(ctx: &OpCtx, kind: AuthenticatorKind) -> Value {
    json!({ "name": "mfa", "timestamp": ctx.now, "type": kind.factor() })
}

/// Checks a one-time password. Without a confirmed app it may be the first code of one that waits, which confirms it.
///
/// # Errors
/// See [`Refused`].
pub async fn otp_verify(app: &App, ctx: &OpCtx, who: &Who<'_>, code: &str) -> Result<Verified, Refused> {
    let tenant = &ctx.tenant.id;
    let rows = of_user(app, tenant, &who.user.user_id).await?;
    let mut apps: Vec<&Authenticator> = confirmed(&rows, AuthenticatorKind::Totp).collect();
    let first = apps.is_empty();
    if first {
        apps = rows.iter().filter(|row| row.kind == AuthenticatorKind::Totp).collect();
    }
    if apps.is_empty() {
        return Err(Refused::NotEnrolled);
    }
    let last = reserve(app, ctx, who).await?;
    for row in apps {
        let Some(sealed) = &row.sealed_secret else { continue };
        let secret = secrets::open(app, tenant, &row_key(&row.id), sealed)?;
        let step = totp::step(&secret, code, ctx.now)?;
        let Some(step) = step.filter(|step| row.last_step.is_none_or(|used| *step > used)) else { continue };
        let used = Authenticator {
            last_step: Some(step),
            last_auth_at: Some(ctx.now),
            confirmed: true,
            enrolled_at: row.enrolled_at.or(Some(ctx.now)),
            ..row.clone()
        };
        let recovery_code = match commit(app, ctx, who, &used, first.then_some(&rows)).await {
            Ok(code) => code,
            // The same code twice at the same time, or the factor was taken away: one of them is too late.
            Err(Failed::Conflict) => break,
            Err(Failed::App(error)) => return Err(error.into()),
        };
        forgive(app, ctx, who).await?;
        return Ok(Verified { method: method(ctx, AuthenticatorKind::Totp), enrolled: first, recovery_code });
    }
    Err(wrong(app, ctx, who, (LogType::MfaFailed, LogType::MfaTooMany), last).await?)
}

enum Failed {
    Conflict,
    App(AppError),
}

impl From<AppError> for Failed {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<CommitError> for Failed {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => Self::Conflict,
            other @ (CommitError::Duplicate { .. }
            | CommitError::Refused(_)
            | CommitError::Record(_)
            | CommitError::UnknownOutcome
            | CommitError::Fatal) => Self::App(other.into()),
        }
    }
}

/// Writes that a code was used. With `waiting` it was the first one: the app is the user's now, others that waited are
/// not, and there is a recovery code.
async fn commit(
    app: &App,
    ctx: &OpCtx,
    who: &Who<'_>,
    used: &Authenticator,
    waiting: Option<&Vec<Authenticator>>,
) -> Result<Option<String>, Failed> {
    let mut set = WriteSet::new(&ctx.tenant.id, ids::request()?).replace(used);
    let Some(rows) = waiting else {
        set = set.insert(&log_entry(ctx, who, LogType::MfaSucceeded, "Multifactor authentication succeeded")?);
        app.store().commit(set).await?;
        return Ok(None);
    };
    for other in rows.iter().filter(|row| row.kind == AuthenticatorKind::Totp && row.id != used.id) {
        set = set.delete::<Authenticator>(other.id.as_str(), Expect::Any);
    }
    let mut made = None;
    match rows.iter().find(|row| row.kind == AuthenticatorKind::RecoveryCode) {
        Some(row) if row.confirmed => {}
        Some(row) => {
            let enrolled_at = Some(ctx.now);
            set = set.replace(&Authenticator { confirmed: true, enrolled_at, ..row.clone() });
        }
        None if factors::enabled(app, &ctx.tenant.id).await?.contains(&postern_flow::RECOVERY_CODE) => {
            let (code, row) = recovery_row(ctx, who.user, true)?;
            set = set.insert(&row);
            made = Some(code);
        }
        None => {}
    }
    set = set.patch_user(multifactor_patch(&who.user.user_id, true, ctx.now)).insert(&log_entry(
        ctx,
        who,
        LogType::MfaEnrolled,
        "Multifactor enrollment completed",
    )?);
    app.store().commit(set).await?;
    Ok(made)
}

/// Checks a recovery code. It is good for once: the next one comes back.
///
/// # Errors
/// See [`Refused`].
pub async fn recovery_verify(app: &App, ctx: &OpCtx, who: &Who<'_>, code: &str) -> Result<Verified, Refused> {
    let tenant = &ctx.tenant.id;
    let rows = of_user(app, tenant, &who.user.user_id).await?;
    let Some(row) = confirmed(&rows, AuthenticatorKind::RecoveryCode).next() else { return Err(Refused::NotEnrolled) };
    let last = reserve(app, ctx, who).await?;
    let given: String = code.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let given = sha256_hex(given.to_ascii_uppercase().as_bytes());
    let kept = row.code_sha256.as_deref().unwrap_or_default();
    let kinds = (LogType::MfaRecoveryFailed, LogType::MfaRecoveryTooMany);
    if verify_slices_are_equal(given.as_bytes(), kept.as_bytes()).is_err() {
        return Err(wrong(app, ctx, who, kinds, last).await?);
    }
    let next = ids::recovery_code()?;
    let hash = Some(sha256_hex(next.as_bytes()));
    let used = Authenticator { code_sha256: hash, last_auth_at: Some(ctx.now), ..row.clone() };
    let text = "Multifactor recovery code succeeded";
    let set = WriteSet::new(tenant, ids::request()?).replace(&used).insert(&log_entry(
        ctx,
        who,
        LogType::MfaRecovered,
        text,
    )?);
    match app.store().commit(set).await.map_err(Failed::from) {
        Ok(_) => {}
        Err(Failed::Conflict) => return Err(wrong(app, ctx, who, kinds, last).await?),
        Err(Failed::App(error)) => return Err(error.into()),
    }
    forgive(app, ctx, who).await?;
    Ok(Verified { method: method(ctx, AuthenticatorKind::RecoveryCode), enrolled: false, recovery_code: Some(next) })
}
