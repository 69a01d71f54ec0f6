//! The token endpoint: one function a grant (Auth0 Authentication API: POST /oauth/token).

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_model::connection::DEFAULT_DATABASE;
use postern_model::{Client, Connection, LogType, Outcome, User};
use postern_store::{CommitError, WriteSet};
use serde_json::{Map, Value, json};

use super::audience::{AskedFor, WithoutScopes, asked_for, short};
use super::client_auth::{ClientProof, client_authenticate, grant_check, refused};
use super::code::{self, Sent};
use super::connection::connection_for;
use super::issue::{self, Authorized, TokenSet, Wanted, authorize, tokens_issue};
use super::mfa_grant::{self, MFA_OTP, MFA_RECOVERY_CODE};
use super::password::{LoginRefused, password_check};
use super::refresh_grant;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::login::{LoginReport, LoginStart, RequestFacts, first_method, login_begin};
use crate::tenants::TenantKeys;
use crate::tokens::{ClientCredentials, TokenError, token_create};
use crate::{App, ids, logs, tenant_settings};

/// The grant with a password and a connection.
pub const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
/// Parameters that are not shown to actions: they open something.
const SECRETS: &[&str] = &[
    "assertion",
    "binding_code",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token_hint",
    "login_ticket",
    "mfa_token",
    "oob_code",
    "otp",
    "password",
    "recovery_code",
    "refresh_token",
    "subject_token",
    "token",
];

/// A request of the token endpoint, whichever way it came. `null` and empty texts count as not given.
#[derive(Clone, Default)]
pub struct TokenRequest {
    /// The parameters of the body.
    pub params: BTreeMap<String, String>,
    /// Id and secret of `Authorization: Basic`.
    pub basic: Option<(String, String)>,
    /// The address of the user, as a trusted application says it (`auth0-forwarded-for`).
    pub forwarded_for: Option<String>,
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest").field("grant_type", &self.get("grant_type")).finish_non_exhaustive()
    }
}

impl TokenRequest {
    /// A parameter, when it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn need(&self, name: &str) -> Result<&str, TokenError> {
        self.get(name)
            .ok_or_else(|| TokenError::Refused(400, "invalid_request", format!("Missing required parameter: {name}")))
    }

    /// Who asks.
    ///
    /// # Errors
    /// When there is no `client_id`.
    pub fn proof(&self) -> Result<ClientProof, TokenError> {
        if let Some((client_id, secret)) = &self.basic {
            return Ok(ClientProof { client_id: client_id.clone(), client_secret: Some(secret.clone()) });
        }
        Ok(ClientProof {
            client_id: self.need("client_id")?.to_owned(),
            client_secret: self.params.get("client_secret").cloned(),
        })
    }
}

/// Where a token request came to, and from where.
#[derive(Debug, Clone)]
pub struct GrantContext<'a> {
    #[expect(missing_docs, reason = "says its name")]
    pub app: &'a App,
    #[expect(missing_docs, reason = "says its name")]
    pub tenant: &'a TenantKeys,
    /// Without rights.
    pub ctx: OpCtx,
    /// `event.request` without its body.
    pub request: RequestFacts,
}

/// Exchanges what a client has for tokens. The tenant log says what was refused and why.
///
/// # Errors
/// In OAuth's words.
pub async fn token_exchange(grant: GrantContext<'_>, request: &TokenRequest) -> Result<TokenSet, TokenError> {
    let Some(kind) = request.get("grant_type") else {
        return Err(refused(400, "invalid_request", "Missing required parameter: grant_type"));
    };
    match kind {
        "client_credentials" => client_credentials(&grant, request).await,
        "password" | PASSWORD_REALM => {
            let done = password(&grant, request, kind).await;
            log_refused(&grant, request, LogType::FailedExchangePassword, done).await
        }
        "authorization_code" => {
            let done = authorization_code(&grant, request).await;
            log_refused(&grant, request, LogType::FailedExchangeCode, done).await
        }
        "refresh_token" => {
            let done = refresh_grant::refresh_token(&grant, request).await;
            log_refused(&grant, request, LogType::FailedExchangeRefresh, done).await
        }
        MFA_OTP | MFA_RECOVERY_CODE => {
            let done = mfa_grant::mfa_code(&grant, request, kind).await;
            log_refused(&grant, request, LogType::FailedExchangeMfaOtp, done).await
        }
        other => {
            let text = format!("Unsupported grant type: {}", short(other));
            Err(TokenError::Refused(403, "unsupported_grant_type", text))
        }
    }
}

/// Writes a refusal into the tenant log, unless the login's own commit or the check of the password did.
pub(super) async fn log_refused(
    grant: &GrantContext<'_>,
    request: &TokenRequest,
    kind: LogType,
    done: Result<TokenSet, Refused>,
) -> Result<TokenSet, TokenError> {
    let (error, told) = match done {
        Ok(tokens) => return Ok(tokens),
        Err(Refused { error, told }) => (error, told),
    };
    if let TokenError::Refused(_, _, description) = &error
        && !told
        && grant.app.failed_exchanges().note(&grant.ctx.tenant.id, grant.ctx.now)
    {
        let client_id = request.basic.as_ref().map(|(id, _)| id.as_str()).or_else(|| request.get("client_id"));
        let fields = log_fields(grant, client_id.unwrap_or_default());
        logs::log_write(grant.app, &grant.ctx.tenant.id, kind, description, fields, grant.ctx.now).await?;
    }
    Err(error)
}

/// What the tenant log says of an exchange.
pub(super) fn log_fields(grant: &GrantContext<'_>, client_id: &str) -> Map<String, Value> {
    let mut fields = Map::from_iter([
        // What a stranger sends as an id is cut: the log is no place to write at will.
        ("client_id".to_owned(), json!(client_id.chars().take(64).collect::<String>())),
        ("hostname".to_owned(), json!(grant.ctx.tenant.domain)),
    ]);
    let agent = grant.ctx.user_agent.as_ref().map(|agent| agent.chars().take(256).collect::<String>());
    for (name, value) in [("ip", grant.ctx.ip.clone()), ("user_agent", agent)] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    fields
}

/// A refusal, and whether the tenant log has it already.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: TokenError,
    pub(super) told: bool,
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self { error, told: false }
    }
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self { error: error.into(), told: true }
    }
}

impl From<LoginRefused> for Refused {
    fn from(refused: LoginRefused) -> Self {
        let (status, error, description) = refused.words();
        match refused {
            LoginRefused::App(error) => error.into(),
            LoginRefused::Wrong | LoginRefused::Blocked | LoginRefused::TooMany | LoginRefused::Unreachable => {
                Self { error: TokenError::Refused(status, error, description.to_owned()), told: true }
            }
        }
    }
}

async fn client_credentials(grant: &GrantContext<'_>, request: &TokenRequest) -> Result<TokenSet, TokenError> {
    let ClientProof { client_id, client_secret } = request.proof()?;
    let client_secret = client_secret.ok_or_else(|| refused(401, "access_denied", "Unauthorized"))?;
    let credentials = ClientCredentials {
        client_id,
        client_secret,
        audience: request.get("audience").map(str::to_owned),
        scope: request.get("scope").map(str::to_owned),
        request: grant.facts(request),
    };
    let issued = token_create(grant.app, grant.tenant, &grant.ctx, credentials).await?;
    Ok(TokenSet {
        access_token: Some(issued.access_token),
        scope: issued.scope,
        expires_in: issued.expires_in,
        token_type: issued.token_type,
        ..TokenSet::default()
    })
}

impl GrantContext<'_> {
    /// Takes the address that a trusted application says its user has (Auth0: `is_token_endpoint_ip_header_trusted`).
    fn trust(&mut self, client: &Client, request: &TokenRequest) {
        let trusted = client.settings.get("is_token_endpoint_ip_header_trusted").and_then(Value::as_bool);
        let address = request.forwarded_for.as_deref().and_then(|list| list.split(',').next()).map(str::trim);
        if let (Some(true), false, Some(address)) = (trusted, client.is_public(), address)
            && let Ok(address) = address.parse::<std::net::IpAddr>()
        {
            self.ctx.ip = Some(address.to_string());
            self.request.ip.clone_from(&self.ctx.ip);
        }
    }

    /// `event.request`, with the body as far as it opens nothing.
    pub(super) fn facts(&self, request: &TokenRequest) -> RequestFacts {
        let shown = request.params.iter().filter(|(name, _)| !SECRETS.contains(&name.as_str()));
        let body = shown.map(|(name, value)| (name.clone(), json!(value))).collect();
        RequestFacts { method: "POST".to_owned(), body, ..self.request.clone() }
    }
}

/// `event.transaction` of a grant.
pub(super) fn transaction(protocol: &str, asked: &AskedFor) -> Map<String, Value> {
    Map::from_iter([
        ("protocol".to_owned(), json!(protocol)),
        ("requested_scopes".to_owned(), json!(asked.scopes)),
        ("acr_values".to_owned(), json!([])),
        ("ui_locales".to_owned(), json!([])),
        ("prompt".to_owned(), json!([])),
        ("response_type".to_owned(), json!([])),
    ])
}

async fn password(grant: &GrantContext<'_>, request: &TokenRequest, kind: &str) -> Result<TokenSet, Refused> {
    let client = client_authenticate(grant.app, &grant.ctx.tenant.id, &request.proof()?).await?;
    grant_check(&client, "password", kind)?;
    let mut grant = grant.clone();
    grant.trust(&client, request);
    let (username, password) = (request.need("username")?, request.need("password")?);
    let connection = if kind == PASSWORD_REALM {
        connection_for(grant.app, &grant.ctx, &client, request.need("realm")?).await?
    } else {
        default_directory(&grant, &client).await?
    };
    if !connection.strategy.is_database() {
        return Err(refused(400, "invalid_request", "The connection takes no passwords").into());
    }
    let wanted = (request.get("audience"), request.get("scope"));
    let asked = asked_for(grant.app, grant.tenant, &client, wanted, WithoutScopes::All).await?;
    let who = password_check(grant.app, &grant.ctx, &client, &connection, (username, password)).await?;
    let methods = vec![first_method(&connection, grant.ctx.now)];
    let start = LoginStart {
        client: Arc::clone(&client),
        connection: Arc::clone(&connection),
        who,
        methods: methods.clone(),
        request: grant.facts(request),
        transaction: transaction("oauth2-password", &asked),
        audience: asked.audience.clone(),
        session: None,
        refresh_token: None,
    };
    let report = login_begin(grant.app, &grant.ctx, start).await?;
    let waits_with = mfa_grant::Asked {
        client_id: client.client_id.clone(),
        connection: connection.name.clone(),
        audience: asked.audience.clone(),
        methods: methods.clone(),
        gty: "password".to_owned(),
        session_id: None,
        auth_time: None,
    };
    let allowed = mfa_grant::allowed_or_challenged(grant.app, &grant.ctx, report, &waits_with).await?;
    let mut what = authorize(&allowed, &client, &connection, asked.audience, grant.ctx.now);
    what.gty = Some("password".to_owned());
    (what.methods, what.ip) = (methods, grant.ctx.ip.clone());
    what.user_agent.clone_from(&grant.ctx.user_agent);
    let wanted = Wanted { access: true, id: true, refresh: true, ..Wanted::default() };
    Ok(tokens_issue(grant.app, grant.tenant, &what, wanted, grant.ctx.now).await?)
}

/// The connection of the grant without a realm: the tenant's default directory.
async fn default_directory(grant: &GrantContext<'_>, client: &Client) -> Result<Arc<Connection>, TokenError> {
    let settings = tenant_settings::load(grant.app, &grant.ctx.tenant.id).await?;
    let named = settings.default_directory().unwrap_or(DEFAULT_DATABASE);
    connection_for(grant.app, &grant.ctx, client, named).await
}

/// The report of a login that is allowed; what the others come to where nobody can be asked. Their entry in the
/// tenant log is written.
pub(super) fn allowed(report: LoginReport) -> Result<LoginReport, Refused> {
    let told = |status, error, description: &str| Refused { error: refused(status, error, description), told: true };
    match &report.outcome {
        Outcome::Allow => Ok(report),
        Outcome::Deny { reason, .. } if report.user.blocked == Some(true) && reason == "user is blocked" => {
            Err(told(403, "unauthorized", reason))
        }
        // A rule's own error (Auth0: `UnauthorizedError`).
        Outcome::Deny { code, reason } if code == "unauthorized" => Err(told(403, "unauthorized", reason)),
        Outcome::Deny { reason, .. } => Err(told(403, "access_denied", reason)),
        Outcome::Redirect { .. } => Err(told(403, "interaction_required", "Interaction required")),
        Outcome::Challenge { .. } => Err(told(403, "mfa_required", "Multifactor authentication required")),
        Outcome::Error { code, .. } if code == "interaction_required" => {
            Err(told(403, "interaction_required", "Interaction required"))
        }
        Outcome::Error { code, message } if code == "mfa_required" => Err(told(403, "mfa_required", message)),
        // What failed is the tenant's to know.
        Outcome::Error { .. } => Err(told(403, "access_denied", "The login could not be completed.")),
    }
}

async fn authorization_code(grant: &GrantContext<'_>, request: &TokenRequest) -> Result<TokenSet, Refused> {
    let (app, now, tenant) = (grant.app, grant.ctx.now, &grant.ctx.tenant.id);
    let client = client_authenticate(app, tenant, &request.proof()?).await?;
    grant_check(&client, "authorization_code", "authorization_code")?;
    let secret = request.need("code")?;
    let sent = Sent {
        client_id: client.client_id.as_str(),
        redirect_uri: request.get("redirect_uri"),
        verifier: request.get("code_verifier"),
    };
    let bad = |description: &str| refused(403, "invalid_grant", description);
    let presented = match code::code_present(app, tenant, secret, sent, now).await? {
        Ok(presented) => presented,
        Err(why) => return Err(bad(why.description()).into()),
    };
    let what = &presented.code.authorized;
    if presented.code.challenge.is_none() && client.is_public() && request.get("client_secret").is_none() {
        return Err(bad("An application without a secret must prove its code by PKCE").into());
    }
    let user = user_now(grant, what).await?.ok_or_else(|| bad(code::BadCode::Unknown.description()))?;
    if user.blocked == Some(true) {
        return Err(refused(403, "unauthorized", "user is blocked").into());
    }
    let wanted = Wanted { access: true, id: true, refresh: true, ..Wanted::default() };
    let prepared = issue::prepare(app, grant.tenant, what, wanted, now).await?;
    let set = prepared.write(WriteSet::new(tenant, ids::request()?));
    let set = code::used(set, &presented);
    let entry = logs::entry(
        LogType::SuccessExchangeCode,
        "Authorization Code for Access Token",
        {
            let mut fields = log_fields(grant, client.client_id.as_str());
            fields.insert("client_name".to_owned(), json!(client.name));
            fields.insert("user_id".to_owned(), json!(what.user_id));
            fields
        },
        now,
    )?;
    match app.store().commit(set.insert(&entry)).await {
        Ok(_) => Ok(prepared.tokens),
        // The same code came a moment before.
        Err(CommitError::Conflict { .. }) => Err(bad(code::BadCode::Unknown.description()).into()),
        Err(other) => Err(AppError::from(other).into()),
    }
}

/// The user as they are now, unless another one has their id since.
pub(super) async fn user_now(grant: &GrantContext<'_>, what: &Authorized) -> Result<Option<User>, AppError> {
    let user = grant.app.store().fetch::<User>(&grant.ctx.tenant.id, what.user_id.as_str()).await?;
    Ok(user.filter(|user| user.created_at <= what.auth_time))
}

/// Whether a login failed because the user or the connection went in this moment.
pub(super) fn is_gone(error: &AppError) -> bool {
    matches!(error.code, Code::InexistentUser | Code::InexistentConnection)
}
