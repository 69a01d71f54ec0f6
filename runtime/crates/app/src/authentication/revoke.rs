//! The end of a refresh token, as its application asks for it (RFC 7009; Auth0: POST /oauth/revoke).

use postern_model::{LogType, RefreshToken};
use postern_store::{Expect, WriteSet};
use serde_json::json;

use super::client_auth::{client_authenticate, refused};
use super::grants::{GrantContext, TokenRequest, log_fields};
use super::refresh;
use crate::error::AppError;
use crate::tokens::TokenError;
use crate::{ids, logs};

/// Revokes the family of a refresh token. One that is not good is no error.
///
/// # Errors
/// When the application is not the one it says, or the token is another one's.
pub async fn token_revoke(grant: GrantContext<'_>, request: &TokenRequest) -> Result<(), TokenError> {
    let (app, tenant) = (grant.app, &grant.ctx.tenant.id);
    let client = client_authenticate(app, tenant, &request.proof()?).await?;
    let token = request.need("token")?;
    let Some((id, _)) = refresh::named(app, tenant, token) else { return Ok(()) };
    let row = app.store().fetch::<RefreshToken>(tenant, id.as_str()).await.map_err(AppError::from)?;
    let Some(row) = row else { return Ok(()) };
    if row.client_id != client.client_id {
        return Err(refused(400, "invalid_request", "The token was issued to another client"));
    }
    let mut fields = log_fields(&grant, client.client_id.as_str());
    fields.insert("client_name".to_owned(), json!(client.name));
    fields.insert("user_id".to_owned(), json!(row.user_id));
    let entry = logs::entry(LogType::SuccessRevocation, "", fields, grant.ctx.now)?;
    let set = WriteSet::new(tenant, ids::request()?).delete::<RefreshToken>(id.as_str(), Expect::Any).insert(&entry);
    app.store().commit(set).await.map_err(AppError::from)?;
    Ok(())
}
