//! What the Management API does with the factors of a user.

use postern_flow::RECOVERY_CODE;
use postern_model::{Authenticator, AuthenticatorId, AuthenticatorKind, LogType, User};
use postern_store::{CommitError, Expect, WriteSet};

use super::enroll::{app_row, recovery_row};
use super::rows::{attempts_update, confirmed, log_entry, multifactor_patch, of_user, remove};
use super::totp;
use super::verify::Who;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids, logs, users};

/// What the tenant log says of a factor that is gone.
const UNENROLLED: &str = "Multifactor enrollment removed";
/// Characters of a factor's name.
const NAME_CHARS: usize = 20;

/// A factor that the tenant enters for a user.
#[derive(Clone, Default)]
pub struct MethodInput {
    /// `totp`; others cannot be verified here.
    pub kind: String,
    #[expect(missing_docs, reason = "says its name")]
    pub name: Option<String>,
    /// In base32; made when absent.
    pub totp_secret: Option<String>,
}

impl std::fmt::Debug for MethodInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MethodInput").field("kind", &self.kind).field("name", &self.name).finish_non_exhaustive()
    }
}

/// A factor that was entered, with its secret, which is shown once.
#[derive(Clone)]
pub struct NewMethod {
    #[expect(missing_docs, reason = "says its name")]
    pub row: Authenticator,
    /// In base32.
    pub totp_secret: String,
}

impl std::fmt::Debug for NewMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMethod").field("row", &self.row).finish_non_exhaustive()
    }
}

fn absent() -> AppError {
    AppError::not_found("The authentication method does not exist.")
}

fn check_name(name: Option<&str>) -> Result<(), AppError> {
    match name {
        Some(name) if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) => {
            Err(AppError::invalid_body(format!("'name' must have 1 to {NAME_CHARS} characters")))
        }
        Some(_) | None => Ok(()),
    }
}

async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<(User, Vec<Authenticator>), AppError> {
    let user = users::load(app, ctx, id).await?;
    let rows = of_user(app, &ctx.tenant.id, &user.user_id).await?;
    Ok((user, rows))
}

/// Takes factors from a user. Without one that fits nothing is written.
async fn take_away(
    app: &App,
    ctx: &OpCtx,
    (user, rows): (&User, &[Authenticator]),
    operation: &str,
    gone: impl Fn(&Authenticator) -> bool,
) -> Result<(), AppError> {
    if !rows.iter().any(&gone) && user.multifactor.is_empty() {
        return Ok(());
    }
    let mut entry = logs::audit(ctx, operation, user.user_id.as_str())?;
    entry.fields.insert("user_id".to_owned(), serde_json::json!(user.user_id));
    let mut unenrolled = entry.clone();
    unenrolled.log_id = ids::log(ctx.now)?;
    unenrolled.kind = LogType::MfaUnenrolled;
    UNENROLLED.clone_into(&mut unenrolled.description);
    let set = remove(WriteSet::new(&ctx.tenant.id, ctx.request_id), user, rows, gone, ctx.now);
    app.store().commit(set.insert(&entry).insert(&unenrolled)).await?;
    Ok(())
}

/// Takes a provider's factors from a user, who enrolls anew at the next challenge (Auth0 Management API:
/// DELETE /users/{id}/multifactor/{provider}).
///
/// # Errors
/// When the scope is missing, the provider is unknown, or there is no such user.
pub async fn user_multifactor_delete(app: &App, ctx: &OpCtx, id: &str, provider: &str) -> Result<(), AppError> {
    ctx.require("update:users")?;
    let gone: fn(&Authenticator) -> bool = match provider {
        "google-authenticator" | "guardian" => |_| true,
        "duo" => |_| false,
        _ => {
            return Err(AppError::new(
                crate::Code::InvalidUri,
                "Path validation error: 'provider' must be 'duo' or 'google-authenticator'.",
            ));
        }
    };
    let (user, rows) = load(app, ctx, id).await?;
    if provider == "duo" {
        return Ok(());
    }
    take_away(app, ctx, (&user, &rows), "Delete a User's Multi-factor Provider", gone).await
}

/// Takes one of their own factors from a user; whether there was one.
pub(crate) async fn own_authenticator_delete(
    app: &App,
    ctx: &OpCtx,
    who: &Who<'_>,
    id: &str,
) -> Result<bool, AppError> {
    let rows = of_user(app, &ctx.tenant.id, &who.user.user_id).await?;
    if !rows.iter().any(|row| row.id.as_str() == id) {
        return Ok(false);
    }
    let set = WriteSet::new(&ctx.tenant.id, ids::request()?);
    let set = remove(set, who.user, &rows, |row| row.id.as_str() == id, ctx.now);
    commit(app, set.insert(&log_entry(ctx, who, LogType::MfaUnenrolled, UNENROLLED)?)).await?;
    Ok(true)
}

/// Takes every factor from a user.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_authenticators_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:guardian_enrollments")?;
    let (user, rows) = load(app, ctx, id).await?;
    take_away(app, ctx, (&user, &rows), "Delete All Authenticators", |_| true).await
}

/// The enrolments of a user: apps, whether confirmed or not.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_enrollments_list(app: &App, ctx: &OpCtx, id: &str) -> Result<Vec<Authenticator>, AppError> {
    ctx.require_any(&["read:users", "read:guardian_enrollments"])?;
    let (_, mut rows) = load(app, ctx, id).await?;
    rows.retain(|row| row.kind == AuthenticatorKind::Totp);
    Ok(rows)
}

async fn enrollment(app: &App, ctx: &OpCtx, device: &str) -> Result<Authenticator, AppError> {
    let absent = || AppError::not_found("The enrollment does not exist.");
    let id: AuthenticatorId = format!("totp|{device}").parse().map_err(|_bad| absent())?;
    app.store().fetch::<Authenticator>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)
}

/// One enrolment by its device, `dev_…`.
///
/// # Errors
/// When the scope is missing or there is no such enrolment.
pub async fn guardian_enrollment_fetch(app: &App, ctx: &OpCtx, device: &str) -> Result<Authenticator, AppError> {
    ctx.require("read:guardian_enrollments")?;
    enrollment(app, ctx, device).await
}

/// Takes an enrolment from its user.
///
/// # Errors
/// When the scope is missing or there is no such enrolment.
pub async fn guardian_enrollment_delete(app: &App, ctx: &OpCtx, device: &str) -> Result<(), AppError> {
    ctx.require("delete:guardian_enrollments")?;
    let found = enrollment(app, ctx, device).await?;
    let (user, rows) = load(app, ctx, found.user_id.as_str()).await?;
    take_away(app, ctx, (&user, &rows), "Delete a Multi-factor Authentication Enrollment", |row| row.id == found.id)
        .await
}

/// The authentication methods of a user.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn authentication_method_list(app: &App, ctx: &OpCtx, id: &str) -> Result<Vec<Authenticator>, AppError> {
    ctx.require("read:authentication_methods")?;
    Ok(load(app, ctx, id).await?.1)
}

/// One of them.
///
/// # Errors
/// When the scope is missing, or there is no such user or method.
pub async fn authentication_method_fetch(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    method: &str,
) -> Result<Authenticator, AppError> {
    ctx.require("read:authentication_methods")?;
    let (_, rows) = load(app, ctx, id).await?;
    rows.into_iter().find(|row| row.id.as_str() == method).ok_or_else(absent)
}

fn new_method(app: &App, ctx: &OpCtx, user: &User, input: &MethodInput) -> Result<NewMethod, AppError> {
    if input.kind != AuthenticatorKind::Totp.method() {
        return Err(AppError::bad_request(format!(
            "An authentication method of the type '{}' needs a provider that this server does not have; 'totp' works.",
            input.kind.chars().take(40).collect::<String>()
        )));
    }
    check_name(input.name.as_deref())?;
    let secret = match &input.totp_secret {
        Some(text) => {
            totp::parse(text).ok_or_else(|| AppError::invalid_body("'totp_secret' must be 16 to 64 bytes in base32"))?
        }
        None => totp::secret()?,
    };
    let row = Authenticator {
        name: input.name.clone(),
        enrolled_at: Some(ctx.now),
        ..app_row(app, ctx, user, &secret, true)?
    };
    Ok(NewMethod { row, totp_secret: totp::base32(&secret) })
}

/// Enters an app for a user; it counts as confirmed.
///
/// # Errors
/// When the scope is missing, the input is not legal, there is no such user, or the user has an app.
pub async fn authentication_method_create(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    input: &MethodInput,
) -> Result<NewMethod, AppError> {
    ctx.require("create:authentication_methods")?;
    let (user, rows) = load(app, ctx, id).await?;
    let made = new_method(app, ctx, &user, input)?;
    if confirmed(&rows, AuthenticatorKind::Totp).next().is_some() {
        return Err(AppError::conflict("The user has an authentication method of the type 'totp' already."));
    }
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .insert(&made.row)
        .patch_user(multifactor_patch(&user.user_id, true, ctx.now))
        .insert(&logs::audit(ctx, "Create an authentication method", id)?);
    commit(app, set).await?;
    Ok(made)
}

async fn commit(app: &App, set: WriteSet) -> Result<(), AppError> {
    match app.store().commit(set).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => Err(AppError::conflict("The user's factors changed at the same time.")),
        Err(other) => Err(other.into()),
    }
}

/// Puts these in the place of all that a user has.
///
/// # Errors
/// When the scope is missing, an input is not legal, or there is no such user.
pub async fn authentication_method_replace(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    inputs: &[MethodInput],
) -> Result<Vec<Authenticator>, AppError> {
    ctx.require("update:authentication_methods")?;
    let (user, rows) = load(app, ctx, id).await?;
    if inputs.len() > 1 {
        return Err(AppError::invalid_body("a user has at most one authentication method of the type 'totp'"));
    }
    let made = inputs.iter().map(|input| new_method(app, ctx, &user, input)).collect::<Result<Vec<_>, _>>()?;
    let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id);
    for old in &rows {
        set = set.delete::<Authenticator>(old.id.as_str(), Expect::Any);
    }
    set = made.iter().fold(set, |set, made| set.insert(&made.row));
    set = set.patch_user(multifactor_patch(&user.user_id, !made.is_empty(), ctx.now)).insert(&logs::audit(
        ctx,
        "Replace the authentication methods of a user",
        id,
    )?);
    commit(app, set).await?;
    Ok(made.into_iter().map(|made| made.row).collect())
}

/// Takes all from a user.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn authentication_method_delete_all(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:authentication_methods")?;
    let (user, rows) = load(app, ctx, id).await?;
    take_away(app, ctx, (&user, &rows), "Delete all authentication methods of a user", |_| true).await
}

/// Takes one from a user.
///
/// # Errors
/// When the scope is missing, or there is no such user or method.
pub async fn authentication_method_delete(app: &App, ctx: &OpCtx, id: &str, method: &str) -> Result<(), AppError> {
    ctx.require("delete:authentication_methods")?;
    let (user, rows) = load(app, ctx, id).await?;
    let found = rows.iter().find(|row| row.id.as_str() == method).ok_or_else(absent)?;
    take_away(app, ctx, (&user, &rows), "Delete an authentication method", |row| row.id == found.id).await
}

/// Names one.
///
/// # Errors
/// When the scope is missing, the name is not legal, or there is no such user or method.
pub async fn authentication_method_update(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    method: &str,
    name: Option<String>,
) -> Result<Authenticator, AppError> {
    ctx.require("update:authentication_methods")?;
    check_name(name.as_deref())?;
    let (_, rows) = load(app, ctx, id).await?;
    let found = rows.into_iter().find(|row| row.id.as_str() == method).ok_or_else(absent)?;
    let Some(name) = name else { return Ok(found) };
    let changed = Authenticator { name: Some(name), ..found };
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&changed);
    commit(app, set.insert(&logs::audit(ctx, "Update an authentication method", id)?)).await?;
    Ok(changed)
}

/// Makes a new recovery code in the place of the old one.
///
/// # Errors
/// When the scope is missing, or there is no such user or the user has no factor.
pub async fn recovery_code_regenerate(app: &App, ctx: &OpCtx, id: &str) -> Result<String, AppError> {
    ctx.require("update:guardian_enrollments")?;
    let (user, rows) = load(app, ctx, id).await?;
    if confirmed(&rows, AuthenticatorKind::Totp).next().is_none() {
        return Err(AppError::not_found("The user has no multi-factor authentication enrollment."));
    }
    if !super::factors::enabled(app, &ctx.tenant.id).await?.contains(&RECOVERY_CODE) {
        return Err(AppError::bad_request("Recovery codes are not enabled in this tenant."));
    }
    let (code, row) = recovery_row(ctx, &user, true)?;
    let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id);
    for old in rows.iter().filter(|row| row.kind == AuthenticatorKind::RecoveryCode) {
        set = set.delete::<Authenticator>(old.id.as_str(), Expect::Any);
    }
    let audit = logs::audit(ctx, "Generate New Multi-factor Authentication Recovery Code", id)?;
    commit(app, set.insert(&row).insert(&audit)).await?;
    Ok(code)
}

/// Forgets every browser that was remembered for a user.
///
/// # Errors
/// When the scope is missing or there is no such user.
pub async fn user_browsers_forget(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("update:users")?;
    let user = users::load(app, ctx, id).await?;
    attempts_update(app, &ctx.tenant.id, &user.user_id, |attempts| {
        let any = !attempts.browsers.is_empty();
        attempts.browsers.clear();
        (any, ())
    })
    .await?;
    let audit = logs::audit(ctx, "Invalidate All Remembered Browsers for Multi-factor Authentication", id)?;
    app.store().commit(WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&audit)).await?;
    Ok(())
}

/// Adds the removal of everything that is kept of a user's factors, as belongs to deleting the user.
pub(crate) async fn with_factors_deleted(
    app: &App,
    ctx: &OpCtx,
    user: &User,
    mut set: WriteSet,
) -> Result<WriteSet, AppError> {
    for row in of_user(app, &ctx.tenant.id, &user.user_id).await? {
        set = set.delete::<Authenticator>(row.id.as_str(), Expect::Any);
    }
    Ok(set.delete::<postern_model::FactorAttempts>(user.user_id.as_str(), Expect::Any))
}
