//! Which API tokens are asked for, and which of the scopes asked for a user's token may hold.

use postern_model::Client;
use postern_model::resource_server::{TOKEN_SECONDS, WEB_TOKEN_SECONDS};

use super::client_auth::refused;
use crate::error::AppError;
use crate::resource_servers::resource_server_by_audience;
use crate::tenants::{TenantKeys, is_management_audience, is_mfa_audience};
use crate::tokens::{CURRENT_USER_SCOPES, TokenError};
use crate::{App, tenant_settings};

/// Scopes of OpenID Connect, which are no API's.
const OPENID: &[&str] = &["openid", "profile", "email", "address", "phone", OFFLINE];
/// Asks for a refresh token.
pub(super) const OFFLINE: &str = "offline_access";
/// Scopes of the MFA API.
const MFA_SCOPES: &[&str] = &["enroll", "read:authenticators", "remove:authenticators"];
/// Characters of a list of scopes.
const SCOPE_CHARS: usize = 8192;

/// An API that tokens can be asked for.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) scopes: Vec<String>,
    /// Seconds a token is good.
    pub(super) token_lifetime: u64,
    /// The same of one that a browser gets from `/authorize`.
    pub(super) web_token_lifetime: u64,
    pub(super) allow_offline_access: bool,
}

/// The API of this identifier, if there is one.
pub(super) async fn api_load(app: &App, tenant: &TenantKeys, audience: &str) -> Result<Option<Api>, AppError> {
    let domain = &tenant.tenant.domain;
    if is_management_audience(domain, audience) {
        let scopes = CURRENT_USER_SCOPES.iter().map(|&scope| scope.to_owned()).collect();
        let (token_lifetime, web_token_lifetime) = (TOKEN_SECONDS, WEB_TOKEN_SECONDS);
        return Ok(Some(Api { scopes, token_lifetime, web_token_lifetime, allow_offline_access: true }));
    }
    if is_mfa_audience(domain, audience) {
        let scopes = MFA_SCOPES.iter().map(|&scope| scope.to_owned()).collect();
        let (token_lifetime, web_token_lifetime) = (WEB_TOKEN_SECONDS, WEB_TOKEN_SECONDS);
        return Ok(Some(Api { scopes, token_lifetime, web_token_lifetime, allow_offline_access: false }));
    }
    let found = resource_server_by_audience(app, &tenant.tenant.id, audience).await?;
    Ok(found.map(|api| Api {
        token_lifetime: api.token_lifetime,
        web_token_lifetime: api.token_lifetime_for_web,
        allow_offline_access: api.allow_offline_access,
        // A user whom nothing gave a permission has none, where the API wants permissions (Auth0: RBAC).
        scopes: if api.enforces_policies() {
            Vec::new()
        } else {
            api.scopes.into_iter().flatten().map(|scope| scope.value).collect()
        },
    }))
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
    let settings = tenant_settings::load(app, &tenant.tenant.id).await?;
    let audience = audience.filter(|audience| !audience.is_empty()).or_else(|| settings.default_audience());
    let audience = audience.filter(|audience| *audience != userinfo_audience(tenant));
    let api = match audience {
        None => None,
        Some(audience) => Some(api_load(app, tenant, audience).await?.ok_or_else(|| {
            TokenError::Refused(403, "access_denied", format!("Service not found: {}", short(audience)))
        })?),
    };
    let wanted: Vec<&str> = scope.split_ascii_whitespace().collect();
    let offline = client.allows_grant("refresh_token") && api.as_ref().is_none_or(|api| api.allow_offline_access);
    let known = |scope: &str| match (OPENID.contains(&scope), &api) {
        (true, _) => scope != OFFLINE || offline,
        (false, Some(api)) => api.scopes.iter().any(|known| known == scope),
        (false, None) => false,
    };
    let mut scopes: Vec<String> = Vec::new();
    for scope in wanted.iter().filter(|scope| known(scope)) {
        if !scopes.iter().any(|kept| kept == scope) {
            scopes.push((*scope).to_owned());
        }
    }
    if wanted.is_empty() && without == WithoutScopes::All {
        scopes.extend(api.map(|api| api.scopes).unwrap_or_default());
    }
    Ok(AskedFor { audience: audience.map(str::to_owned), scopes })
}

/// What a stranger sends is cut before it is repeated.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
