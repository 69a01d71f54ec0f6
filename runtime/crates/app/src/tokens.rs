//! Tokens: RS256, one key set a tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Validation};
use postern_flow::RequestFacts;
use postern_model::{Actor, Client, ClientId, LogType, Outcome, TenantId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::login::{ClientExchange, exchange_run};
use crate::resource_servers::resource_server_by_audience;
use crate::tenants::{TenantKeys, is_management_audience, management_audience};
use crate::{App, ScopeSet, grants, logs, tenant_settings};

/// `gty` of a client-credentials token.
const CLIENT_CREDENTIALS: &str = "client_credentials";
/// Clocks may differ by this much, s.
const LEEWAY_SECONDS: u64 = 60;

/// What a user's own token is good for in the management API, whatever else it holds.
pub const CURRENT_USER_SCOPES: &[&str] = &[
    "read:current_user",
    "update:current_user_metadata",
    "create:current_user_metadata",
    "delete:current_user_metadata",
    "update:current_user_identities",
    "create:current_user_device_credentials",
    "delete:current_user_device_credentials",
    "delete:current_user",
];

/// Claims of a client's own token.
#[derive(Debug, Clone, Serialize)]
struct ManagementClaims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    scope: String,
    gty: String,
    azp: String,
    /// What actions added; the names above are not among them.
    #[serde(flatten)]
    custom: Map<String, Value>,
}

/// Who a management token speaks for.
#[derive(Debug, Clone)]
pub struct Bearer {
    #[expect(missing_docs, reason = "says its name")]
    pub actor: Actor,
    #[expect(missing_docs, reason = "says its name")]
    pub scopes: ScopeSet,
}

/// Claims that every token of ours has.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TokenClaims {
    pub(crate) sub: String,
    pub(crate) azp: String,
    pub(crate) iat: i64,
    #[serde(default)]
    pub(crate) scope: String,
}

/// Checks a token: RS256 by a key of this tenant, its issuer, one of the audiences, not expired.
///
/// # Errors
/// When it is not all of that; the text is Auth0's.
pub(crate) fn token_check(tenant: &TenantKeys, token: &str, audiences: &[String]) -> Result<TokenClaims, AppError> {
    let refuse = |text: &str| AppError::new(Code::InvalidToken, text);
    let header = jsonwebtoken::decode_header(token).map_err(|_bad| refuse("Invalid token"))?;
    if header.alg != Algorithm::RS256 {
        return Err(refuse("Invalid token"));
    }
    let kid = header.kid.ok_or_else(|| refuse("Invalid token"))?;
    let key = tenant.keys.check(&kid).ok_or_else(|| refuse("Invalid signature"))?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(audiences);
    validation.set_issuer(&[tenant.issuer()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.leeway = LEEWAY_SECONDS;
    let decoded = jsonwebtoken::decode::<TokenClaims>(token, key, &validation).map_err(|error| {
        refuse(if is_expired(&error) {
            "Expired token received for JSON Web Token validation"
        } else {
            "Invalid token"
        })
    })?;
    Ok(decoded.claims)
}

/// What the subject of a client's own token ends with.
const CLIENT_SUBJECT: &str = "@clients";

/// Checks a token of the Management API: a client's, or a user's own, which opens that user only.
///
/// # Errors
/// When it is not one; the text is Auth0's.
pub fn management_token_check(tenant: &TenantKeys, token: &str) -> Result<Bearer, AppError> {
    let domain = &tenant.tenant.domain;
    let audiences = [management_audience(domain), format!("http://{domain}/api/v2/")];
    let claims = token_check(tenant, token, &audiences)?;
    let refuse = || AppError::new(Code::InvalidToken, "Invalid token");
    let client_id: ClientId = claims.azp.parse().map_err(|_bad| refuse())?;
    if claims.sub.strip_suffix(CLIENT_SUBJECT) == Some(client_id.as_str()) {
        return Ok(Bearer { actor: Actor::Client { client_id }, scopes: ScopeSet::parse(&claims.scope) });
    }
    let user_id = claims.sub.parse().map_err(|_bad| refuse())?;
    // Whatever else such a token says it may do, it may not.
    let own: Vec<&str> =
        claims.scope.split_ascii_whitespace().filter(|scope| CURRENT_USER_SCOPES.contains(scope)).collect();
    Ok(Bearer { actor: Actor::User { user_id, client_id }, scopes: ScopeSet::parse(&own.join(" ")) })
}

/// The user whose ID token this is: signed by this tenant for one of its clients (`client`, when it must be that one),
/// not expired.
///
/// # Errors
/// When it is not all of that.
pub async fn id_token_user(
    app: &App,
    tenant: &TenantKeys,
    token: &str,
    client: Option<&ClientId>,
) -> Result<UserId, AppError> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
        aud: String,
    }

    let refuse = || AppError::bad_request("The token is not a valid ID token of a user of this tenant.");
    let header = jsonwebtoken::decode_header(token).map_err(|_bad| refuse())?;
    let kid = header.kid.filter(|_| header.alg == Algorithm::RS256).ok_or_else(refuse)?;
    let key = tenant.keys.check(&kid).ok_or_else(refuse)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    validation.set_issuer(&[tenant.issuer()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.leeway = LEEWAY_SECONDS;
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_bad| refuse())?.claims;
    // An access token's audience is an API, never a client.
    let audience: ClientId = claims.aud.parse().map_err(|_bad| refuse())?;
    let known = app.store().fetch::<Client>(&tenant.tenant.id, audience.as_str()).await?.is_some();
    if !known || client.is_some_and(|client| *client != audience) {
        return Err(refuse());
    }
    claims.sub.parse().map_err(|_bad| refuse())
}

fn is_expired(error: &jsonwebtoken::errors::Error) -> bool {
    matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature)
}

/// A client-credentials request, whichever way it came.
#[derive(Clone, Default)]
pub struct ClientCredentials {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: String,
    #[expect(missing_docs, reason = "says its name")]
    pub client_secret: String,
    #[expect(missing_docs, reason = "says its name")]
    pub audience: Option<String>,
    /// Narrows the token.
    pub scope: Option<String>,
    /// `event.request`
    pub request: RequestFacts,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// An error of the token endpoint, in OAuth's words.
pub enum TokenError {
    /// The request is refused: status, `error` and `error_description`.
    Refused(u16, &'static str, String),
    /// A second factor is asked for first.
    MfaRequired {
        /// Goes on with the login, together with a code.
        mfa_token: String,
        /// `{"challenge":[{"type"}]}` or `{"enroll":[{"type"}]}`
        requirements: Value,
    },
    /// A fault of ours.
    App(AppError),
}

// The token of a login that waits is not for logs.
impl std::fmt::Debug for TokenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(status, error, text) => {
                f.debug_tuple("Refused").field(status).field(error).field(text).finish()
            }
            Self::MfaRequired { .. } => f.write_str("MfaRequired(..)"),
            Self::App(error) => f.debug_tuple("App").field(error).finish(),
        }
    }
}

impl From<AppError> for TokenError {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

/// A token and what it is good for.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IssuedToken {
    #[expect(missing_docs, reason = "says its name")]
    pub access_token: String,
    #[expect(missing_docs, reason = "says its name")]
    pub scope: String,
    /// Seconds.
    pub expires_in: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub token_type: &'static str,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Exchanges a client's credentials for a token of an API it has a grant on (Auth0 Authentication API: POST /oauth/token).
///
/// # Errors
/// In OAuth's words; the tenant log says why.
pub async fn token_create(
    app: &App,
    tenant: &TenantKeys,
    ctx: &OpCtx,
    request: ClientCredentials,
) -> Result<IssuedToken, TokenError> {
    let now = ctx.now;
    match exchange(app, tenant, ctx, &request).await {
        Ok((client, token)) => {
            log(app, tenant, LogType::SuccessExchange, (client.client_id.as_str(), &request, ""), now).await?;
            Ok(token)
        }
        Err(TokenError::Refused(status, error, description))
            if !app.failed_exchanges().note(&tenant.tenant.id, now) =>
        {
            Err(TokenError::Refused(status, error, description))
        }
        Err(TokenError::Refused(status, error, description)) => {
            let about = (request.client_id.as_str(), &request, description.as_str());
            log(app, tenant, LogType::FailedExchange, about, now).await?;
            Err(TokenError::Refused(status, error, description))
        }
        Err(other @ (TokenError::App(_) | TokenError::MfaRequired { .. })) => Err(other),
    }
}

/// Refused exchanges of a tenant that are logged in a minute: strangers make them, and the log is no place to fill.
const FAILURES_LOGGED: u32 = 60;

/// How many refused exchanges were logged in the minute that runs, by tenant.
#[derive(Debug, Default)]
pub(crate) struct FailedExchanges(Mutex<HashMap<TenantId, (i64, u32)>>);

impl FailedExchanges {
    /// Counts one; whether it is to be logged.
    pub(crate) fn note(&self, tenant: &TenantId, now: Timestamp) -> bool {
        let minute = now.as_second() / 60;
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = counts.entry(tenant.clone()).or_default();
        if *since != minute {
            (*since, *count) = (minute, 0);
        }
        *count = count.saturating_add(1);
        *count <= FAILURES_LOGGED
    }
}

async fn exchange(
    app: &App,
    tenant: &TenantKeys,
    ctx: &OpCtx,
    request: &ClientCredentials,
) -> Result<(Arc<Client>, IssuedToken), TokenError> {
    let refused = |status, error, text: &str| TokenError::Refused(status, error, text.to_owned());
    let unauthorized = || refused(401, "access_denied", "Unauthorized");
    let id: ClientId = request.client_id.parse().map_err(|_bad| unauthorized())?;
    let client = app.store().fetch::<Client>(&tenant.tenant.id, id.as_str()).await.map_err(AppError::from)?;
    let client = Arc::new(client.ok_or_else(unauthorized)?);
    if verify_slices_are_equal(client.client_secret.as_bytes(), request.client_secret.as_bytes()).is_err() {
        return Err(unauthorized());
    }
    if !client.grant_types.iter().any(|grant| grant == CLIENT_CREDENTIALS) {
        return Err(refused(403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client."));
    }
    let default = tenant_settings::load(app, &tenant.tenant.id).await?;
    let Some(asked) = request.audience.as_deref().or_else(|| default.default_audience()) else {
        return Err(refused(
            403,
            "access_denied",
            "No audience parameter was provided, and no default audience has been configured",
        ));
    };
    let (audience, expires_in) = if is_management_audience(&tenant.tenant.domain, asked) {
        (management_audience(&tenant.tenant.domain), app.token_for().as_secs())
    } else {
        match resource_server_by_audience(app, &tenant.tenant.id, asked).await? {
            Some(api) => (api.identifier, api.token_lifetime),
            None => {
                let shown: String = asked.chars().take(200).collect();
                let text = format!("Service not enabled within domain: {shown}");
                return Err(TokenError::Refused(403, "access_denied", text));
            }
        }
    };
    let Some(grant) = grants::grant_find(app, &tenant.tenant, &client.client_id, &audience).await? else {
        let text = format!(
            "Client is not authorized to access \"{audience}\". You need to create a \"client-grant\" associated to this API."
        );
        return Err(TokenError::Refused(403, "access_denied", text));
    };
    let scopes = narrow(&grant.scope, request.scope.as_deref());
    let scope = scopes.join(" ");
    let custom = actions_run(app, ctx, request, (&client, &audience, scopes)).await?;
    let iat = ctx.now.as_second();
    let claims = ManagementClaims {
        iss: tenant.issuer(),
        sub: format!("{id}@clients"),
        aud: audience,
        iat,
        exp: iat.saturating_add(i64::try_from(expires_in).unwrap_or(i64::MAX)),
        scope: scope.clone(),
        gty: "client-credentials".to_owned(),
        azp: id.as_str().to_owned(),
        custom,
    };
    let access_token = tenant.keys.sign(&claims)?;
    Ok((client, IssuedToken { access_token, scope, expires_in, token_type: "Bearer" }))
}

fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split_ascii_whitespace()
}

/// The granted scopes, or those of them that were asked for.
fn narrow(granted: &[String], wanted: Option<&str>) -> Vec<String> {
    let wanted: Vec<&str> = words(wanted).collect();
    granted.iter().filter(|scope| wanted.is_empty() || wanted.contains(&scope.as_str())).cloned().collect()
}

/// The custom claims of the token, or what actions came to in OAuth's words: the codes that an action may give are those
/// of Auth0.
async fn actions_run(
    app: &App,
    ctx: &OpCtx,
    request: &ClientCredentials,
    (client, audience, scopes): (&Arc<Client>, &str, Vec<String>),
) -> Result<Map<String, Value>, TokenError> {
    let asked = ClientExchange {
        client: Arc::clone(client),
        request: request.request.clone(),
        audience: audience.to_owned(),
        requested_scopes: words(request.scope.as_deref()).map(str::to_owned).collect(),
        scopes,
    };
    let (outcome, custom) = exchange_run(app, ctx, asked).await?;
    match outcome {
        Outcome::Allow => Ok(custom),
        Outcome::Deny { code, reason } => {
            let (status, error) = match code.as_str() {
                "invalid_scope" => (400, "invalid_scope"),
                "invalid_request" => (400, "invalid_request"),
                "server_error" => (500, "server_error"),
                _ => (403, "access_denied"),
            };
            Err(TokenError::Refused(status, error, if reason.is_empty() { code } else { reason }))
        }
        // What failed is the tenant's to know.
        Outcome::Error { .. } | Outcome::Redirect { .. } | Outcome::Challenge { .. } => {
            Err(TokenError::Refused(403, "access_denied", "The token could not be issued.".to_owned()))
        }
    }
}

async fn log(
    app: &App,
    tenant: &TenantKeys,
    kind: LogType,
    (client_id, request, description): (&str, &ClientCredentials, &str),
    now: Timestamp,
) -> Result<(), AppError> {
    let mut fields = Map::new();
    // What a stranger sends as an id is cut: the log is no place to write at will.
    fields.insert("client_id".to_owned(), json!(client_id.chars().take(64).collect::<String>()));
    if let Some(ip) = &request.request.ip {
        fields.insert("ip".to_owned(), json!(ip));
    }
    if kind == LogType::SuccessExchange
        && let Some(audience) = &request.audience
    {
        fields.insert("audience".to_owned(), json!(audience));
    }
    logs::log_write(app, &tenant.tenant.id, kind, description, fields, now).await
}

/// The claims of an ID token that this tenant signed, expired or not; `None` for any other text.
pub(crate) fn id_token_claims(tenant: &TenantKeys, token: &str) -> Option<Map<String, Value>> {
    let header = jsonwebtoken::decode_header(token).ok().filter(|header| header.alg == Algorithm::RS256)?;
    let kid = header.kid?;
    let key = tenant.keys.check(&kid)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[tenant.issuer()]);
    validation.set_required_spec_claims(&["iss", "sub", "aud"]);
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Map<String, Value>>(token, key, &validation).ok().map(|data| data.claims)
}

/// The secret of `Authorization: Basic`, decoded: id and secret, percent-encoded by the client (RFC 6749 § 2.3.1).
#[must_use]
pub fn basic_credentials(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |text: &str| {
        url::form_urlencoded::parse(format!("v={}", text.replace('&', "%26")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}
