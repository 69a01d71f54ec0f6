//! Which factors a tenant asks for, and what a login is told of its user's.

use std::collections::BTreeMap;

use postern_flow::{FactorFacts, OTP, RECOVERY_CODE};
use postern_model::{AuthenticatorKind, TenantId, User};
use postern_store::{Setting, WriteSet};
use serde_json::{Value, json};

use super::rows::{confirmed, of_user};
use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::logs;

/// Name of the setting that holds which factors are enabled, by name.
const FACTORS: &str = "guardian_factors";
/// Name of the setting that holds when a factor is always asked for.
const POLICIES: &str = "guardian_policies";
/// The policy that asks at every login.
const ALWAYS: &str = "all-applications";

/// Every factor of Auth0's Guardian.
pub const FACTOR_NAMES: [&str; 8] =
    ["sms", "push-notification", OTP, "email", "duo", "webauthn-roaming", "webauthn-platform", RECOVERY_CODE];
/// Those that can be verified here. They are enabled until the tenant says otherwise.
const POSSIBLE: [&str; 2] = [OTP, RECOVERY_CODE];

async fn setting(app: &App, tenant: &TenantId, name: &str) -> Result<Option<Setting>, AppError> {
    Ok(app.store().fetch::<Setting>(tenant, name).await?)
}

/// Which factors are enabled, by name.
pub(super) async fn enabled(app: &App, tenant: &TenantId) -> Result<Vec<&'static str>, AppError> {
    let stored = setting(app, tenant, FACTORS).await?;
    let off = |name: &str| stored.as_ref().and_then(|row| row.value.get(name)?.as_bool()) == Some(false);
    Ok(POSSIBLE.into_iter().filter(|name| !off(name)).collect())
}

/// What a login is told of the factors of its user. One that is not real may be asked for anything.
pub(crate) async fn facts(app: &App, tenant: &TenantId, user: &User, real: bool) -> Result<FactorFacts, AppError> {
    let mut facts = FactorFacts::default();
    if !user.multifactor.is_empty() {
        let rows = of_user(app, tenant, &user.user_id).await?;
        let kinds = [AuthenticatorKind::Totp, AuthenticatorKind::RecoveryCode];
        let held = kinds.into_iter().filter(|kind| confirmed(&rows, *kind).next().is_some());
        facts.enrolled = held.map(|kind| kind.factor().to_owned()).collect();
    }
    if real {
        facts.possible = Some(enabled(app, tenant).await?.into_iter().map(str::to_owned).collect());
        facts.required = policies(app, tenant).await?.iter().any(|policy| policy == ALWAYS);
    }
    Ok(facts)
}

async fn policies(app: &App, tenant: &TenantId) -> Result<Vec<String>, AppError> {
    let stored = setting(app, tenant, POLICIES).await?;
    Ok(stored.and_then(|row| serde_json::from_value(row.value).ok()).unwrap_or_default())
}

/// Every factor with whether it is enabled (Auth0 Management API: GET /guardian/factors).
///
/// # Errors
/// When the scope is missing.
pub async fn guardian_factor_list(app: &App, ctx: &OpCtx) -> Result<BTreeMap<&'static str, bool>, AppError> {
    ctx.require("read:guardian_factors")?;
    let enabled = enabled(app, &ctx.tenant.id).await?;
    Ok(FACTOR_NAMES.into_iter().map(|name| (name, enabled.contains(&name))).collect())
}

/// Enables or disables a factor.
///
/// # Errors
/// When the scope is missing, there is no such factor, or one is to be enabled that nobody can verify.
pub async fn guardian_factor_update(app: &App, ctx: &OpCtx, name: &str, enable: bool) -> Result<(), AppError> {
    ctx.require("update:guardian_factors")?;
    if !FACTOR_NAMES.contains(&name) {
        return Err(AppError::not_found("The factor does not exist."));
    }
    if !POSSIBLE.contains(&name) {
        if enable {
            return Err(AppError::bad_request(format!(
                "The factor '{name}' needs a provider that this server does not have; 'otp' and 'recovery-code' work."
            )));
        }
        return Ok(());
    }
    let tenant = &ctx.tenant.id;
    let mut row = setting(app, tenant, FACTORS).await?.unwrap_or_else(|| Setting {
        name: FACTORS.to_owned(),
        revision: 0,
        value: json!({}),
    });
    if let Value::Object(factors) = &mut row.value {
        factors.insert(name.to_owned(), Value::Bool(enable));
    }
    let set = WriteSet::new(tenant, ctx.request_id);
    let set = if row.revision == 0 { set.insert(&row) } else { set.replace(&row) };
    app.store().commit(set.insert(&logs::audit(ctx, "Update a Guardian factor", name)?)).await?;
    Ok(())
}

/// When a factor is asked for whatever the actions say (Auth0 Management API: GET /guardian/policies).
///
/// # Errors
/// When the scope is missing.
pub async fn guardian_policy_list(app: &App, ctx: &OpCtx) -> Result<Vec<String>, AppError> {
    ctx.require("read:mfa_policies")?;
    policies(app, &ctx.tenant.id).await
}

/// Sets it: nothing, or `all-applications`.
///
/// # Errors
/// When the scope is missing, or the policy is one that is not served.
pub async fn guardian_policy_replace(app: &App, ctx: &OpCtx, wanted: Vec<String>) -> Result<Vec<String>, AppError> {
    ctx.require("update:mfa_policies")?;
    match wanted.iter().find(|policy| *policy != ALWAYS) {
        Some(policy) if policy == "confidence-score" => {
            return Err(AppError::bad_request("The policy 'confidence-score' needs a risk assessment of the server."));
        }
        Some(_) => return Err(AppError::invalid_body("a policy is 'all-applications' or 'confidence-score'")),
        None if wanted.len() > 1 => return Err(AppError::invalid_body("the policies must differ")),
        None => {}
    }
    let row = Setting { name: POLICIES.to_owned(), revision: 0, value: json!(wanted) };
    let audit = logs::audit(ctx, "Set the Multi-factor Authentication policies", POLICIES)?;
    app.store().commit(WriteSet::new(&ctx.tenant.id, ctx.request_id).put(&row).insert(&audit)).await?;
    Ok(wanted)
}
