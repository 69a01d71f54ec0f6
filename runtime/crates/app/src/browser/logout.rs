//! The end of a session. Where the browser goes then is checked before anything is ended: an address that the client,
//! or the tenant, did not register is refused.

use postern_model::{Client, ClientId};
use serde_json::Value;
use url::Url;

use super::answer::{PageError, Refused};
use super::{Visit, urls};
use crate::error::AppError;
use crate::tokens::id_token_claims;
use crate::{App, sessions, tenant_settings};

/// The setting with the addresses.
const ALLOWED: &str = "allowed_logout_urls";

/// What `/oidc/logout` is asked with (OpenID Connect RP-Initiated Logout 1.0).
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "OpenID Connect's names")]
pub struct EndSession {
    pub id_token_hint: Option<String>,
    pub client_id: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
}

impl std::fmt::Debug for EndSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndSession").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Ends the browser's session; the address it goes to, or `None` for a page of ours
/// (Auth0 Authentication API: GET /v2/logout).
///
/// # Errors
/// [`Refused::Page`] when the address is not registered; the session then goes on.
pub async fn v2_logout(
    visit: &Visit,
    client_id: Option<&str>,
    return_to: Option<&str>,
) -> Result<Option<String>, Refused> {
    let client = client_fetch(visit, client_id).await?;
    let allowed = allowed(&visit.app, visit, client.as_ref()).await?;
    let to = match return_to {
        Some(address) => Some(checked(&allowed, address, "returnTo")?),
        None => allowed.first().filter(|first| !first.contains('*') && urls::parse(first).is_some()).cloned(),
    };
    end(visit, client.as_ref().map(|client| &client.client_id)).await?;
    Ok(to)
}

/// The same as OpenID Connect has it.
///
/// # Errors
/// [`Refused::Page`] when the hint is no ID token of ours, it is another client's, or the address is not registered;
/// the session then goes on.
pub async fn oidc_logout(visit: &Visit, asked: EndSession) -> Result<Option<String>, Refused> {
    let hinted = match &asked.id_token_hint {
        Some(hint) => Some(hinted_client(visit, hint)?),
        None => None,
    };
    if let (Some(hinted), Some(given)) = (&hinted, &asked.client_id)
        && hinted != given
    {
        return Err(PageError::bad_request("The id_token_hint was issued to another client.").into());
    }
    let client = client_fetch(visit, hinted.or(asked.client_id).as_deref()).await?;
    let to = match &asked.post_logout_redirect_uri {
        Some(address) => {
            let allowed = allowed(&visit.app, visit, client.as_ref()).await?;
            let checked = checked(&allowed, address, "post_logout_redirect_uri")?;
            Some(with_state(checked, asked.state.as_deref()))
        }
        None => None,
    };
    end(visit, client.as_ref().map(|client| &client.client_id)).await?;
    Ok(to)
}

/// The client an ID token was issued to. It may have expired: it says who logs out, not that they may log in.
fn hinted_client(visit: &Visit, hint: &str) -> Result<String, PageError> {
    let bad = || PageError::bad_request("The id_token_hint is not an ID token of this tenant.");
    let claims = id_token_claims(&visit.tenant, hint).ok_or_else(bad)?;
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => Some(one.as_str()),
        Some(Value::Array(several)) => several.first().and_then(Value::as_str),
        Some(_) | None => None,
    };
    audience.map(str::to_owned).ok_or_else(bad)
}

async fn client_fetch(visit: &Visit, id: Option<&str>) -> Result<Option<Client>, Refused> {
    let Some(id) = id else { return Ok(None) };
    let unknown = || PageError::bad_request("Unknown client.");
    let id: ClientId = id.parse().map_err(|_bad| unknown())?;
    let client = visit.app.store().fetch::<Client>(&visit.ctx.tenant.id, id.as_str()).await.map_err(AppError::from)?;
    Ok(Some(client.ok_or_else(unknown)?))
}

/// The client's addresses; the tenant's when no client is named.
async fn allowed(app: &App, visit: &Visit, client: Option<&Client>) -> Result<Vec<String>, AppError> {
    if let Some(client) = client {
        return Ok(urls::registered(client, ALLOWED).map(str::to_owned).collect());
    }
    let settings = tenant_settings::load(app, &visit.ctx.tenant.id).await?;
    Ok(settings.allowed_logout_urls().map(str::to_owned).collect())
}

fn checked(allowed: &[String], address: &str, name: &str) -> Result<String, PageError> {
    let url = urls::parse(address).filter(|_| urls::allows_return(allowed.iter().map(String::as_str), address));
    url.map(String::from)
        .ok_or_else(|| PageError::bad_request(format!("The {name} address is not in the list of allowed logout URLs.")))
}

fn with_state(address: String, state: Option<&str>) -> String {
    match (Url::parse(&address), state) {
        (Ok(mut url), Some(state)) => {
            url.query_pairs_mut().append_pair("state", state);
            url.into()
        }
        (Ok(_) | Err(_), _) => address,
    }
}

async fn end(visit: &Visit, client: Option<&ClientId>) -> Result<(), AppError> {
    match &visit.session {
        Some(session) => sessions::session_end(&visit.app, &visit.ctx, session, client).await,
        None => Ok(()),
    }
}
