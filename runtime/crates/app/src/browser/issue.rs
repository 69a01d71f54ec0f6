//! What an allowed login gives the client: a code, tokens, or both; and the session it leaves in the browser.

use postern_model::{Client, LogType};
use serde_json::{Map, Value, json};

use super::answer::Refused;
use super::request::{AuthorizeRequest, CodeChallenge};
use super::transaction::PendingLogin;
use super::{Step, Visit};
use crate::authentication::{Authorized, Challenge, Code, Wanted, WithoutScopes, asked_for, code_create, tokens_issue};
use crate::error::AppError;
use crate::login::LoginReport;
use crate::tokens::TokenError;
use crate::{logs, sessions};

/// Checks audience and scopes, and keeps of them what the login may grant.
pub(super) async fn scopes_check(
    visit: &Visit,
    request: &mut AuthorizeRequest,
    client: &Client,
) -> Result<(), Refused> {
    let asked = (request.audience.as_deref(), Some(request.scope.as_str()));
    match asked_for(&visit.app, &visit.tenant, client, asked, WithoutScopes::None).await {
        Ok(asked) => {
            request.audience = asked.audience;
            request.scope = asked.scopes.join(" ");
            Ok(())
        }
        Err(TokenError::Refused(_, error, description)) => Err(Refused::Client(request.refuse(error, &description))),
        Err(TokenError::MfaRequired { .. }) => {
            Err(Refused::Client(request.refuse("mfa_required", "Multifactor authentication required")))
        }
        Err(TokenError::App(error)) => Err(Refused::App(error)),
    }
}

/// Answers the client, and signs the browser in.
pub(super) async fn allow(
    visit: &Visit,
    request: &AuthorizeRequest,
    pending: PendingLogin,
    report: LoginReport,
) -> Result<Step, Refused> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let PendingLogin { mut session, known, .. } = pending;
    if known {
        sessions::session_touch(app, ctx, &session, &request.client_id).await?;
    } else {
        session.clients.push(request.client_id.clone());
        // The browser's session before this one ends with it: what it was called is of no use to anyone any more.
        sessions::session_begin(app, ctx, &session, visit.session.as_ref()).await?;
    }
    let authorized = Authorized {
        client_id: request.client_id.clone(),
        user_id: report.user.user_id.clone(),
        connection: session.connection.clone(),
        scope: report.scope,
        audience: request.audience.clone(),
        id_claims: report.claims.id_token,
        access_claims: report.claims.access_token,
        nonce: request.nonce.clone(),
        auth_time: session.authenticated_at,
        show_auth_time: request.max_age.is_some(),
        session_id: Some(session.id.as_str().to_owned()),
        methods: session.methods.clone(),
        login_id: report.login_id,
        gty: None,
        ip: ctx.ip.clone(),
        user_agent: ctx.user_agent.clone(),
    };
    let fields = fields(visit, request, authorized).await.map_err(|error| super::fault(request, error))?;
    Ok(Step::Answer { answer: request.answer(fields), session: Some(Box::new(session)) })
}

async fn fields(
    visit: &Visit,
    request: &AuthorizeRequest,
    authorized: Authorized,
) -> Result<Vec<(&'static str, Value)>, AppError> {
    let mut fields = Vec::new();
    let mut code = None;
    if request.response.code {
        let challenge = request.code_challenge.clone().map(|CodeChallenge { challenge, method }| {
            if method == "S256" { Challenge::S256(challenge) } else { Challenge::Plain(challenge) }
        });
        let redirect_uri = request.redirect_uri_given.then(|| request.redirect_uri.clone());
        let what = Code { authorized: authorized.clone(), redirect_uri, challenge };
        let made = code_create(&visit.app, &visit.ctx.tenant.id, &what, visit.ctx.now).await?;
        fields.push(("code", json!(made)));
        code = Some(made);
    }
    if request.response.implicit() {
        let wanted = Wanted {
            access: request.response.token,
            id: request.response.id_token,
            refresh: false,
            front_channel: true,
            code,
        };
        let tokens = tokens_issue(&visit.app, &visit.tenant, &authorized, wanted, visit.ctx.now).await?;
        if let Some(token) = tokens.access_token {
            fields.push(("access_token", json!(token)));
            fields.push(("scope", json!(tokens.scope)));
            fields.push(("expires_in", json!(tokens.expires_in)));
            fields.push(("token_type", json!(tokens.token_type)));
        }
        if let Some(token) = tokens.id_token {
            fields.push(("id_token", json!(token)));
        }
    }
    Ok(fields)
}

/// Writes a silent login that failed into the tenant log, as far as there is room for what strangers cause.
pub(super) async fn silent_log(visit: &Visit, request: &AuthorizeRequest, description: &str) -> Result<(), AppError> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    if !app.failed_exchanges().note(&ctx.tenant.id, ctx.now) {
        return Ok(());
    }
    let mut fields = Map::from_iter([("client_id".to_owned(), json!(request.client_id))]);
    if let Some(ip) = &ctx.ip {
        fields.insert("ip".to_owned(), json!(ip));
    }
    logs::log_write(app, &ctx.tenant.id, LogType::FailedSilent, description, fields, ctx.now).await
}
