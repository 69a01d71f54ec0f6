//! The settings of a tenant (Auth0 Management API: /tenants/settings).

use postern_model::{TenantId, TenantSettings};
use postern_store::{CommitError, Setting, WriteSet};
use serde_json::{Map, Value, json};

use crate::clients::check_depth;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, connections, logs};

/// Name of the setting row.
const ROW: &str = "tenant_settings";
/// All settings, bytes of JSON text: pages of the tenant's own are in it.
const SETTINGS_BYTES: usize = 512 * 1024;
/// How often a change is made again when the settings changed meanwhile.
const ATTEMPTS: usize = 5;

async fn row(app: &App, tenant: &TenantId) -> Result<Setting, AppError> {
    let row = app.store().fetch::<Setting>(tenant, ROW).await?;
    Ok(row.unwrap_or_else(|| Setting { name: ROW.to_owned(), revision: 0, value: json!({}) }))
}

/// The settings, whatever the scopes: for the other use cases.
///
/// # Errors
/// A fault of the store.
pub async fn load(app: &App, tenant: &TenantId) -> Result<TenantSettings, AppError> {
    Ok(serde_json::from_value(row(app, tenant).await?.value).unwrap_or_default())
}

/// Reads the settings.
///
/// # Errors
/// When the scope is missing.
pub async fn tenant_settings_fetch(app: &App, ctx: &OpCtx) -> Result<TenantSettings, AppError> {
    ctx.require("read:tenant_settings")?;
    load(app, &ctx.tenant.id).await
}

/// Changes settings: `null` removes one, `flags` are merged one by one, everything else is replaced.
///
/// # Errors
/// When the scope is missing, the default directory is no connection, or the settings grow too large.
pub async fn tenant_settings_update(
    app: &App,
    ctx: &OpCtx,
    patch: Map<String, Value>,
) -> Result<TenantSettings, AppError> {
    ctx.require("update:tenant_settings")?;
    check_depth("the settings", patch.values())?;
    if let Some(name) = patch.get("default_directory").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        let all = connections::all(app, ctx).await?;
        if !all.iter().any(|connection| connection.name == name && connection.strategy.is_database()) {
            return Err(AppError::bad_request("'default_directory' must be the name of a database connection."));
        }
    }
    for _ in 0..ATTEMPTS {
        let mut row = row(app, &ctx.tenant.id).await?;
        let mut settings: TenantSettings = serde_json::from_value(row.value.take()).unwrap_or_default();
        merge(&mut settings.0, &patch);
        row.value = json!(settings);
        if row.value.to_string().len() > SETTINGS_BYTES {
            return Err(AppError::invalid_body(format!("the settings are larger than {SETTINGS_BYTES} bytes")));
        }
        let entry = logs::audit(ctx, "Update tenant settings", ROW)?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id);
        let set = if row.revision == 0 { set.insert(&row) } else { set.replace(&row) };
        match app.store().commit(set.insert(&entry)).await {
            Ok(_) => return Ok(settings),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The settings were changed at the same time by others; send the request again."))
}

fn merge(settings: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match (name.as_str(), value, settings.get_mut(name)) {
            (_, Value::Null, _) => {
                settings.remove(name);
            }
            ("flags", Value::Object(given), Some(Value::Object(flags))) => flags.extend(given.clone()),
            _ => {
                settings.insert(name.clone(), value.clone());
            }
        }
    }
}
