//! The rows of a user's factors.

use jiff::Timestamp;
use postern_model::{Authenticator, AuthenticatorKind, FactorAttempts, LogEntry, LogType, TenantId, User, UserId};
use postern_store::{CommitError, Expect, Index, Query, UserPatch, WriteSet};
use serde_json::{Map, Value, json};

use super::verify::Who;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids};

/// How often a write is tried again when another one was faster.
const ATTEMPTS: usize = 16;
/// What `user.multifactor` says of a user with a factor (Auth0's name of its own provider).
const PROVIDER: &str = "guardian";

/// The factors of a user, oldest first.
pub(super) async fn of_user(app: &App, tenant: &TenantId, user: &UserId) -> Result<Vec<Authenticator>, AppError> {
    let query = Query::by(Index::AuthenticatorByUser).under(user.as_str()).limit(100);
    Ok(app.store().list::<Authenticator>(tenant, query).await?.rows)
}

/// The confirmed factors of one kind.
pub(super) fn confirmed(rows: &[Authenticator], kind: AuthenticatorKind) -> impl Iterator<Item = &Authenticator> {
    rows.iter().filter(move |row| row.confirmed && row.kind == kind)
}

/// Says at the user whether there is a factor.
pub(super) fn multifactor_patch(user_id: &UserId, enrolled: bool, now: Timestamp) -> UserPatch {
    let mut patch = UserPatch::new(user_id.clone(), now);
    let value = if enrolled { json!([PROVIDER]) } else { Value::Null };
    patch.set.insert("multifactor".to_owned(), value);
    patch
}

/// Adds the removal of these rows; without an app left the recovery code goes as well, and the user says so.
pub(super) fn remove(
    mut set: WriteSet,
    user: &User,
    rows: &[Authenticator],
    gone: impl Fn(&Authenticator) -> bool,
    now: Timestamp,
) -> WriteSet {
    let kept = |row: &&Authenticator| row.kind == AuthenticatorKind::Totp && row.confirmed && !gone(row);
    let any_left = rows.iter().any(|row| kept(&row));
    for row in rows.iter().filter(|row| gone(row) || (!any_left && row.kind == AuthenticatorKind::RecoveryCode)) {
        set = set.delete::<Authenticator>(row.id.as_str(), Expect::Any);
    }
    if !any_left && !user.multifactor.is_empty() {
        set = set.patch_user(multifactor_patch(&user.user_id, false, now));
    }
    set
}

/// Changes what is kept of a user's attempts. `None` of `change` leaves it as it is.
pub(super) async fn attempts_update<T>(
    app: &App,
    tenant: &TenantId,
    user_id: &UserId,
    change: impl Fn(&mut FactorAttempts) -> (bool, T),
) -> Result<T, AppError> {
    for _ in 0..ATTEMPTS {
        let found = app.store().fetch::<FactorAttempts>(tenant, user_id.as_str()).await?;
        let absent = found.is_none();
        let mut row = found.unwrap_or_else(|| FactorAttempts {
            user_id: user_id.clone(),
            revision: 0,
            tried: Vec::new(),
            browsers: Vec::new(),
        });
        let (changed, answer) = change(&mut row);
        if !changed {
            return Ok(answer);
        }
        let set = WriteSet::new(tenant, ids::request()?);
        let set = if absent { set.insert(&row) } else { set.replace(&row) };
        match app.store().commit(set).await {
            Ok(_) => return Ok(answer),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The user's factors were changed again and again; try again."))
}

/// An entry of the tenant log about a factor. Never holds a code.
pub(super) fn log_entry(ctx: &OpCtx, who: &Who<'_>, kind: LogType, text: &str) -> Result<LogEntry, AppError> {
    let mut fields = Map::from_iter([
        ("user_id".to_owned(), json!(who.user.user_id)),
        ("client_id".to_owned(), json!(who.client_id)),
    ]);
    let name = who.user.email.as_deref().or(who.user.name.as_deref());
    for (key, value) in [("ip", ctx.ip.as_deref()), ("user_agent", ctx.user_agent.as_deref()), ("user_name", name)] {
        if let Some(value) = value {
            fields.insert(key.to_owned(), json!(value.chars().take(256).collect::<String>()));
        }
    }
    Ok(LogEntry { log_id: ids::log(ctx.now)?, date: ctx.now, kind, description: text.to_owned(), fields })
}
