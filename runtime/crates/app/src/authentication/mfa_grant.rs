//! Second factors where no page of ours is shown: `mfa_required`, the MFA API, and the grants that go on from there
//! (Auth0 Authentication API: Multi-factor authentication).
//!
//! An `mfa_token` is the token of the login that waits; what the tokens were asked for with is kept under its hash.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::{Authenticator, ClientId, Connection, LogType, OneTime, Outcome, User, limits};
use postern_store::{Index, WriteSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::client_auth::{client_authenticate, refused};
use super::grants::{GrantContext, Refused, TokenRequest, allowed};
use super::issue::{Authorized, TokenSet, Wanted, authorize, tokens_issue};
use super::one_time;
use crate::actions::sha256_hex;
use crate::ctx::{OpCtx, ScopeSet};
use crate::error::{AppError, Code};
use crate::login::{ContinueLogin, LoginReport, login_resume};
use crate::mfa::{self, Enrollment, FactorCode, Recovery, Waiting, Who, enroll, manage};
use crate::tenants::{TenantKeys, mfa_audiences};
use crate::tokens::{TokenError, token_check};
use crate::{App, ids};

/// The grant with a one-time password.
pub const MFA_OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
/// The grant with a recovery code.
pub const MFA_RECOVERY_CODE: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";
const KIND: &str = "mfa";

/// What tokens were asked for with before a factor was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) client_id: ClientId,
    /// Name of the connection.
    pub(super) connection: String,
    pub(super) audience: Option<String>,
    /// How the user proved who they are so far.
    pub(super) methods: Vec<Value>,
    /// How tokens were asked for.
    pub(super) gty: String,
    /// What a refresh token goes on with.
    #[serde(default)]
    pub(super) session_id: Option<String>,
    #[serde(default)]
    pub(super) auth_time: Option<Timestamp>,
}

/// The report of a login that is allowed; one that waits for a factor is told to the client with an `mfa_token`.
pub(super) async fn allowed_or_challenged(
    app: &App,
    ctx: &OpCtx,
    report: LoginReport,
    asked: &Asked,
) -> Result<LoginReport, Refused> {
    let Outcome::Challenge { factors, state } = &report.outcome else { return allowed(report) };
    let row = one_time::row(state, KIND, asked, limits::MFA_TOKEN_FOR, ctx.now)?;
    let set = WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&row);
    app.store().commit(set).await.map_err(AppError::from)?;
    let error = TokenError::MfaRequired { mfa_token: state.clone(), requirements: requirements(factors) };
    Err(Refused { error, told: true })
}

/// What a client may ask its user for: `challenge` or `enroll`, with the types.
fn requirements(factors: &[Value]) -> Value {
    let enrolls = |factor: &&Value| factor.get("enroll").and_then(Value::as_bool) == Some(true);
    let types = |list: Vec<&Value>| -> Value {
        list.into_iter().filter_map(|factor| Some(json!({ "type": factor.get("type")? }))).collect()
    };
    let (enroll, challenge): (Vec<&Value>, Vec<&Value>) = factors.iter().partition(enrolls);
    let mut object = Map::new();
    if !challenge.is_empty() {
        object.insert("challenge".to_owned(), types(challenge));
    }
    if !enroll.is_empty() {
        object.insert("enroll".to_owned(), types(enroll));
    }
    Value::Object(object)
}

/// A login that waits, as its `mfa_token` names it.
#[derive(Debug, Clone)]
pub struct MfaLogin {
    state: String,
    asked: Asked,
    /// Whose factor is asked for, and which.
    pub waiting: Waiting,
}

/// The login that an `mfa_token` names.
///
/// # Errors
/// In the words that Auth0's clients tell apart: the token is none of ours, or its time is over.
pub async fn mfa_login_fetch(app: &App, ctx: &OpCtx, token: &str) -> Result<MfaLogin, TokenError> {
    let malformed = || refused(403, "invalid_grant", "Malformed mfa_token");
    let expired = || refused(403, "expired_token", "mfa_token is expired");
    let row = app.store().fetch::<OneTime>(&ctx.tenant.id, &sha256_hex(token.as_bytes())).await;
    let row = row.map_err(AppError::from)?.filter(|row| row.kind == KIND).ok_or_else(malformed)?;
    if row.expires_at <= ctx.now {
        return Err(expired());
    }
    let asked: Asked = one_time::payload(row)?;
    let waiting = mfa::waiting_fetch(app, ctx, token).await?.ok_or_else(expired)?;
    Ok(MfaLogin { state: token.to_owned(), asked, waiting })
}

/// Checks that the login is one of this client.
///
/// # Errors
/// When it is another's.
pub fn mfa_client_check(login: &MfaLogin, client_id: &str) -> Result<(), TokenError> {
    if login.asked.client_id.as_str() == client_id {
        return Ok(());
    }
    Err(refused(400, "invalid_request", "mfa_token not issued to this client"))
}

/// A factor refused, in OAuth's words.
fn words(why: mfa::Refused, wrong: &str) -> TokenError {
    match why {
        mfa::Refused::Wrong => refused(403, "invalid_grant", wrong),
        mfa::Refused::Limited => {
            refused(429, "too_many_attempts", "Too many wrong codes were given; try again in a quarter of an hour.")
        }
        mfa::Refused::NotEnrolled => {
            refused(403, "unsupported_challenge_type", "User is not enrolled with the requested challenge type")
        }
        mfa::Refused::App(error) => error.into(),
    }
}

/// Exchanges an `mfa_token` and a code for tokens.
pub(super) async fn mfa_code(
    grant: &GrantContext<'_>,
    request: &TokenRequest,
    kind: &str,
) -> Result<TokenSet, Refused> {
    let (app, ctx) = (grant.app, &grant.ctx);
    let client = client_authenticate(app, &ctx.tenant.id, &request.proof()?).await?;
    let token = request.need("mfa_token")?;
    let (code, wrong) = if kind == MFA_OTP {
        (FactorCode::Otp(request.need("otp")?), "Invalid otp_code.")
    } else {
        (FactorCode::Recovery(request.need("recovery_code")?), "MFA Authorization rejected.")
    };
    let login = mfa_login_fetch(app, ctx, token).await?;
    mfa_client_check(&login, client.client_id.as_str())?;
    let given = mfa::factor_give(app, ctx, &login.waiting, code).await.map_err(|why| words(why, wrong))?;
    let back = ContinueLogin { query: Map::new(), body: grant.facts(request).body };
    let resumed = login_resume(app, ctx, &login.state, back, vec![given.method.clone()]).await;
    let report = resumed.map_err(|error| {
        // Another request with the same token may have come a moment before.
        let gone = error.code == Code::InexistentLogin;
        if gone { refused(403, "expired_token", "mfa_token is expired") } else { error.into() }
    })?;
    let mut asked = login.asked;
    asked.methods.push(given.method);
    let connection = connection(app, ctx, &asked.connection).await?;
    let report = allowed_or_challenged(app, ctx, report, &asked).await?;
    let what = Authorized {
        auth_time: asked.auth_time.unwrap_or(ctx.now),
        session_id: asked.session_id,
        methods: asked.methods,
        gty: Some(asked.gty),
        ip: ctx.ip.clone(),
        user_agent: ctx.user_agent.clone(),
        ..authorize(&report, &client, &connection, asked.audience, ctx.now)
    };
    let wanted = Wanted { access: true, id: true, refresh: true, ..Wanted::default() };
    let tokens = tokens_issue(app, grant.tenant, &what, wanted, ctx.now).await?;
    Ok(TokenSet { recovery_code: given.recovery_code, ..tokens })
}

async fn connection(app: &App, ctx: &OpCtx, name: &str) -> Result<Connection, AppError> {
    let found = app.store().find::<Connection>(&ctx.tenant.id, Index::ConnectionByName, &[name]).await?;
    found
        .map(|found| Connection::clone(&found))
        .ok_or_else(|| AppError::new(Code::InexistentConnection, "The connection does not exist any more."))
}

/// Makes a secret for the user of a login that waits (Auth0: POST /mfa/associate).
///
/// # Errors
/// When the user has an app already, which would have to be given first.
pub async fn mfa_associate(
    app: &App,
    ctx: &OpCtx,
    login: &MfaLogin,
    types: &[String],
) -> Result<Enrollment, TokenError> {
    if types.is_empty() {
        return Err(refused(400, "invalid_request", "Missing required parameter: authenticator_types"));
    }
    if !types.iter().any(|kind| kind == "otp") {
        let text = "The authenticator types asked for need a provider that this server does not have; 'otp' works.";
        return Err(refused(400, "unsupported_authenticator_type", text));
    }
    let made = mfa::enroll_begin(app, ctx, &login.waiting.who(), Recovery::Now).await;
    made.map_err(|error| {
        if enroll::is_enrolled(&error) {
            return refused(403, "access_denied", "User is already enrolled.");
        }
        let disabled = error.code == Code::BadRequest;
        if disabled { TokenError::Refused(403, "unsupported_challenge_type", error.message) } else { error.into() }
    })
}

/// What a client is told to ask its user for (Auth0: POST /mfa/challenge). `wanted` are the types it knows;
/// `authenticator` names one.
///
/// # Errors
/// When the user has no factor, or none of those types.
pub async fn mfa_challenge(
    app: &App,
    ctx: &OpCtx,
    login: &MfaLogin,
    (wanted, authenticator): (Option<&str>, Option<&str>),
) -> Result<&'static str, TokenError> {
    if login.waiting.enrolls() {
        let text = "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.";
        return Err(refused(403, "association_required", text));
    }
    let known = |wanted: &str| wanted.split_ascii_whitespace().any(|kind| kind == "otp");
    if !login.waiting.takes_otp() || !wanted.is_none_or(known) {
        let text = "The user does not support any of the requested challenge types. Supported type: otp.";
        return Err(refused(403, "unsupported_challenge_type", text));
    }
    if let Some(id) = authenticator {
        let held = mfa::authenticators(app, ctx, &login.waiting.user.user_id).await?;
        if !held.iter().any(|row| row.confirmed && row.id.as_str() == id) {
            return Err(refused(403, "invalid_request", "Invalid authenticator_id"));
        }
    }
    mfa::log(app, ctx, &login.waiting.who(), LogType::MfaStart, "Second factor authentication started").await?;
    Ok("otp")
}

/// Whose factors a token opens: those of the user of a login that waits, or with a token of the MFA API the user's own.
#[derive(Debug)]
pub struct FactorsOf {
    user: Arc<User>,
    client_id: ClientId,
}

/// Checks a token for the factors of its user. `scope` is what a token of the MFA API must hold; an `mfa_token` has it
/// where `by_login` says so.
///
/// # Errors
/// When it is neither, or the scope is missing.
pub async fn mfa_user_fetch(
    app: &App,
    tenant: &TenantKeys,
    ctx: &OpCtx,
    (token, scope, by_login): (&str, &str, bool),
) -> Result<FactorsOf, TokenError> {
    if by_login && token.split('.').count() != 3 {
        let MfaLogin { waiting: Waiting { user, client_id, .. }, .. } = mfa_login_fetch(app, ctx, token).await?;
        return Ok(FactorsOf { user, client_id });
    }
    let invalid = || refused(401, "invalid_token", "The access token is not one of the MFA API");
    let claims = token_check(tenant, token, &mfa_audiences(&ctx.tenant.domain)).map_err(|_bad| invalid())?;
    if !ScopeSet::parse(&claims.scope).has(scope) {
        return Err(TokenError::Refused(403, "insufficient_scope", format!("Insufficient scope, expected: {scope}")));
    }
    let user = app.store().fetch::<User>(&ctx.tenant.id, &claims.sub).await.map_err(AppError::from)?;
    // Another user may have the id since; times in tokens are whole seconds.
    let user = user.filter(|user| user.blocked != Some(true) && user.created_at.as_second() <= claims.iat);
    let client_id = claims.azp.parse().map_err(|_bad| invalid())?;
    Ok(FactorsOf { user: Arc::new(user.ok_or_else(invalid)?), client_id })
}

/// The factors of a user (Auth0: GET /mfa/authenticators).
///
/// # Errors
/// A fault of the store.
pub async fn mfa_authenticators_list(app: &App, ctx: &OpCtx, of: &FactorsOf) -> Result<Vec<Authenticator>, TokenError> {
    Ok(mfa::authenticators(app, ctx, &of.user.user_id).await?)
}

/// Takes a factor from its user (Auth0: DELETE /mfa/authenticators/{id}).
///
/// # Errors
/// When the user has no such factor.
pub async fn mfa_authenticator_delete(app: &App, ctx: &OpCtx, of: &FactorsOf, id: &str) -> Result<(), TokenError> {
    let who = Who { user: &of.user, client_id: &of.client_id };
    if manage::own_authenticator_delete(app, ctx, &who, id).await? {
        return Ok(());
    }
    Err(refused(404, "not_found", "The authenticator does not exist."))
}
