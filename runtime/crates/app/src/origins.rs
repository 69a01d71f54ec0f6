//! Which web pages may call with credentials.

use postern_model::{Client, TenantId};
use postern_store::{Index, Query};

use crate::App;
use crate::error::AppError;

/// Whether one of the tenant's clients lists this web origin (`scheme://host[:port]`, as browsers send it), itself or
/// with `*` in place of its first label.
///
/// # Errors
/// A fault of the store.
pub async fn origin_is_known(app: &App, tenant: &TenantId, origin: &str) -> Result<bool, AppError> {
    let wildcard = origin.split_once("://").and_then(|(scheme, host)| {
        let (_, parent) = host.split_once('.')?;
        Some(format!("{scheme}://*.{parent}"))
    });
    for origin in [Some(origin), wildcard.as_deref()].into_iter().flatten() {
        let query = Query::by(Index::ClientByOrigin).under(origin).limit(1);
        if !app.store().list::<Client>(tenant, query).await?.rows.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
