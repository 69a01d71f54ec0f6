//! What a user's token says of its user (OpenID Connect Core § 5.3).

use postern_model::{LoginClaims, User};
use postern_store::compose;
use serde_json::{Map, Value, json};

use super::audience::userinfo_audience;
use super::issue::profile_claims;
use crate::App;
use crate::ctx::ScopeSet;
use crate::error::{AppError, Code};
use crate::tenants::TenantKeys;
use crate::tokens::token_check;

/// The claims that the token's scopes open, as they are now, and those that actions set on the ID token.
///
/// # Errors
/// When the token is not one for this endpoint, or its user is gone or blocked.
pub async fn userinfo_fetch(app: &App, tenant: &TenantKeys, token: &str) -> Result<Map<String, Value>, AppError> {
    let refuse = || AppError::new(Code::InvalidToken, "Unauthorized");
    let claims = token_check(tenant, token, &[userinfo_audience(tenant)])?;
    let scopes = ScopeSet::parse(&claims.scope);
    if !scopes.has("openid") {
        return Err(refuse());
    }
    let id = &tenant.tenant.id;
    let user = app.store().fetch::<User>(id, &claims.sub).await?.ok_or_else(refuse)?;
    // Another user may have the id since; times in tokens are whole seconds.
    if user.blocked == Some(true) || user.created_at.as_second() > claims.iat {
        return Err(refuse());
    }
    let custom = app.store().fetch::<LoginClaims>(id, &compose(&[&claims.sub, &claims.azp])).await?;
    let mut answer = Map::from_iter([("sub".to_owned(), json!(user.user_id))]);
    answer.extend(profile_claims(&user, |scope| scopes.has(scope)));
    if let Some(custom) = custom.filter(|custom| custom.at >= user.created_at) {
        answer.extend(custom.id_claims.into_iter().filter(|(name, _)| name != "sub"));
    }
    Ok(answer)
}
