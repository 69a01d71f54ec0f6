//! Which connection an application's users come by.

use std::sync::Arc;

use postern_model::{Client, Connection};
use postern_store::Index;

use super::client_auth::refused;
use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::tokens::TokenError;

/// The connection of this name, when the application may use it.
///
/// # Errors
/// When there is none, or the application may not.
pub async fn connection_for(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    name: &str,
) -> Result<Arc<Connection>, TokenError> {
    let found = app.store().find::<Connection>(&ctx.tenant.id, Index::ConnectionByName, &[name]).await;
    let found = found.map_err(AppError::from)?;
    let connection = found.ok_or_else(|| refused(400, "invalid_request", "The connection does not exist"))?;
    if !connection.is_enabled_for(&client.client_id) {
        return Err(refused(403, "unauthorized_client", "The connection is not enabled for the client"));
    }
    Ok(Arc::new(connection))
}
