//! Which application asks, and whether it is the one it says it is.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use postern_model::{Client, ClientId, TenantId};

use crate::App;
use crate::error::AppError;
use crate::tokens::TokenError;

/// How an application says who it is.
#[derive(Clone, Default)]
pub struct ClientProof {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: String,
    /// From the body or the header.
    pub client_secret: Option<String>,
}

impl std::fmt::Debug for ClientProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientProof").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A refusal in OAuth's words.
pub(super) fn refused(status: u16, error: &'static str, description: &str) -> TokenError {
    TokenError::Refused(status, error, description.to_owned())
}

/// The application, when it is the one it says it is. A public one needs no secret, but may not send a wrong one.
///
/// # Errors
/// When it is unknown or its secret is wrong.
pub async fn client_authenticate(app: &App, tenant: &TenantId, proof: &ClientProof) -> Result<Arc<Client>, TokenError> {
    let unauthorized = || refused(401, "access_denied", "Unauthorized");
    let id: ClientId = proof.client_id.parse().map_err(|_bad| unauthorized())?;
    let client = app.store().fetch::<Client>(tenant, id.as_str()).await.map_err(AppError::from)?;
    let client = client.ok_or_else(unauthorized)?;
    match &proof.client_secret {
        None if client.is_public() => {}
        None => return Err(unauthorized()),
        Some(secret) => {
            if verify_slices_are_equal(client.client_secret.as_bytes(), secret.as_bytes()).is_err() {
                return Err(unauthorized());
            }
        }
    }
    Ok(Arc::new(client))
}

/// Whether the application may use this grant.
///
/// # Errors
/// When it may not.
pub fn grant_check(client: &Client, grant: &str, named: &str) -> Result<(), TokenError> {
    if client.allows_grant(grant) || client.allows_grant(named) {
        return Ok(());
    }
    let text = format!("Grant type '{named}' not allowed for the client.");
    Err(TokenError::Refused(403, "unauthorized_client", text))
}
