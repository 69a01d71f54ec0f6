//! Which API tokens are asked for, and which of the scopes asked for a user's token may hold.

use postern_model::Client;

use super::client_auth::refused;
use crate::App;
use crate::error::AppError;
use crate::tenants::{TenantKeys, is_management_audience};
use crate::tokens::{CURRENT_USER_SCOPES, TokenError};

/// Scopes of OpenID Connect, which are no API's.
const OPENID: &[&str] = &["openid", "profile", "email", "address", "phone", OFFLINE];
/// Asks for a refresh token.
pub(super) const OFFLINE: &str = "offline_access";
/// Seconds a token of an API without a lifetime of its own is good (Auth0: 24 hours).
pub(super) const TOKEN_SECONDS: u64 = 86_400;
/// Characters of a list of scopes.
const SCOPE_CHARS: usize = 8192;

/// An API that tokens can be asked for.
#[derive(Debug, Clone)]
pub(super) struct Api {
    /// Its scopes; `None` takes whatever is asked for.
    pub(super) scopes: Option<Vec<String>>,
    /// Seconds.
    pub(super) token_lifetime: u64,
    pub(super) allow_offline_access: bool,
}

/// The API of this identifier, if there is one.
pub(super) async fn api_load(_app: &App, tenant: &TenantKeys, audience: &str) -> Result<Option<Api>, AppError> {
    let domain = &tenant.tenant.domain;
    if is_management_audience(domain, audience) {
        let scopes = CURRENT_USER_SCOPES.iter().map(|&scope| scope.to_owned()).collect();
        return Ok(Some(Api { scopes: Some(scopes), token_lifetime: TOKEN_SECONDS, allow_offline_access: true }));
    }
    Ok(Some(Api { scopes: None, token_lifetime: TOKEN_SECONDS, allow_offline_access: true }))
}

/// The audience of `/userinfo`.
#[must_use]
pub(crate) fn userinfo_audience(tenant: &TenantKeys) -> String {
    format!("{}userinfo", tenant.issuer())
}

/// What a request for a user's tokens comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedFor {
    /// The API; `None` for a token that is good for `/userinfo` only.
    pub audience: Option<String>,
    /// The scopes that may be granted, in the order asked for.
    pub scopes: Vec<String>,
}

/// Whether a request without scopes gets all of the API's: in the password grant, where the application is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutScopes {
    #[expect(missing_docs, reason = "says its name")]
    None,
    #[expect(missing_docs, reason = "says its name")]
    All,
}

/// Checks audience and scopes that tokens of a user are asked for.
///
/// # Errors
/// When there is no such API, in OAuth's words.
pub async fn asked_for(
    app: &App,
    tenant: &TenantKeys,
    client: &Client,
    (audience, scope): (Option<&str>, Option<&str>),
    without: WithoutScopes,
) -> Result<AskedFor, TokenError> {
    let scope = scope.unwrap_or_default();
    if scope.len() > SCOPE_CHARS {
        return Err(refused(400, "invalid_request", "The list of scopes is too long"));
    }
    let audience = audience.filter(|audience| !audience.is_empty() && *audience != userinfo_audience(tenant));
    let api = match audience {
        None => None,
        Some(audience) => Some(api_load(app, tenant, audience).await?.ok_or_else(|| {
            TokenError::Refused(403, "access_denied", format!("Service not found: {}", short(audience)))
        })?),
    };
    let wanted: Vec<&str> = scope.split_ascii_whitespace().collect();
    let offline = client.grant_types.iter().any(|grant| grant == "refresh_token")
        && api.as_ref().is_none_or(|api| api.allow_offline_access);
    let known = |scope: &str| match (OPENID.contains(&scope), &api) {
        (true, _) => scope != OFFLINE || offline,
        (false, Some(Api { scopes: Some(scopes), .. })) => scopes.iter().any(|known| known == scope),
        (false, Some(Api { scopes: None, .. })) => true,
        (false, None) => false,
    };
    let mut scopes: Vec<String> = Vec::new();
    for scope in wanted.iter().filter(|scope| known(scope)) {
        if !scopes.iter().any(|kept| kept == scope) {
            scopes.push((*scope).to_owned());
        }
    }
    if wanted.is_empty() && without == WithoutScopes::All {
        scopes.extend(api.and_then(|api| api.scopes).unwrap_or_default());
    }
    Ok(AskedFor { audience: audience.map(str::to_owned), scopes })
}

/// What a stranger sends is cut before it is repeated.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
