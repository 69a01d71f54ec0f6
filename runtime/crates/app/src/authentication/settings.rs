//! What a tenant's settings say to logins.

use postern_store::Setting;
use serde_json::Value;

use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// Name of the tenant's settings.
const TENANT_SETTINGS: &str = "tenant_settings";

async fn settings(app: &App, ctx: &OpCtx) -> Result<Option<Value>, AppError> {
    Ok(app.store().fetch::<Setting>(&ctx.tenant.id, TENANT_SETTINGS).await?.map(|setting| setting.value))
}

/// A text of the settings, when it is set.
pub(super) async fn text(app: &App, ctx: &OpCtx, name: &str) -> Result<Option<String>, AppError> {
    let settings = settings(app, ctx).await?;
    let text = settings.as_ref().and_then(|settings| settings.get(name)).and_then(Value::as_str);
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// Whether a signup says that a name is taken (Auth0: the flag `enable_public_signup_user_exists_error`).
pub(super) async fn says_user_exists(app: &App, ctx: &OpCtx) -> Result<bool, AppError> {
    let settings = settings(app, ctx).await?;
    let flag =
        settings.as_ref().and_then(|settings| settings.get("flags")?.get("enable_public_signup_user_exists_error"));
    Ok(flag.and_then(Value::as_bool).unwrap_or_default())
}
