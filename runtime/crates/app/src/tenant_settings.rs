//! The settings of a tenant (Auth0 Management API: /tenants/settings).

use postern_model::{TenantId, TenantSettings};
use postern_store::Setting;

use crate::App;
use crate::error::AppError;

/// Name of the setting row.
const ROW: &str = "tenant_settings";

/// The settings, whatever the scopes: for the other use cases.
///
/// # Errors
/// A fault of the store.
pub async fn load(app: &App, tenant: &TenantId) -> Result<TenantSettings, AppError> {
    let row = app.store().fetch::<Setting>(tenant, ROW).await?;
    let settings = row.and_then(|row| serde_json::from_value(row.value).ok());
    Ok(settings.unwrap_or_default())
}
