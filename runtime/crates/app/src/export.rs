//! Exports, for the operator: everything, or one tenant, as of one moment while logins go on.

use std::fs::File;
use std::io::Seek as _;

use postern_store::ExportScope;

use crate::App;
use crate::error::AppError;

/// Writes an export into a file that has no name and is gone when it is closed, read from its start: what is handed
/// on is whole, and a slow reader does not hold up the store. The caller has checked that the operator asks.
///
/// # Errors
/// When `tenant` is no tenant's name, or a fault of the store or the file.
pub async fn export_create(app: &App, tenant: Option<&str>) -> Result<File, AppError> {
    let scope = match tenant {
        None => ExportScope::All,
        Some(name) => {
            ExportScope::Tenant(name.parse().map_err(|_bad| AppError::invalid_body("'tenant' is not a tenant's name"))?)
        }
    };
    let fault = |error: std::io::Error| AppError::internal("write the export").with_source(error);
    let mut file = tempfile::tempfile().map_err(fault)?;
    let to = file.try_clone().map_err(fault)?;
    app.store()
        .export(scope, Box::new(to))
        .await
        .map_err(|error| AppError::internal("write the export").with_source(error))?;
    file.rewind().map_err(fault)?;
    Ok(file)
}
