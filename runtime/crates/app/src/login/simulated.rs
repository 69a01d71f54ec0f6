//! The simulated login: the login path with a made-up authentication.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use postern_engine::TriggerCache;
use postern_flow::{Given, LoginRequest, Pipeline, RequestFacts};
use postern_model::connection::DEFAULT_DATABASE;
use postern_model::{Connection, User, UserId};
use serde_json::{Map, Value, json};

use super::commit::waiting;
use super::drive::{Driven, Frame, drive};
use super::input::{ContinueLogin, LoginReport, SimulatedContinue, SimulatedLogin};
use super::person::{self, Person};
use super::state::Runs;
use super::{Back, Begin, Login, blocked, bound, check_depth, client_load, first_method, go_on, host_of, roles_load};
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, connections, mfa};

const SCOPE: &str = "create:simulated_logins";

/// Logs a user in with a made-up authentication; with `dry_run` nothing is committed.
///
/// # Errors
/// When the scope is missing, the input is not legal, a row it names is not there, or there is no room for a run.
pub async fn simulated_login(app: &App, ctx: &OpCtx, login: SimulatedLogin) -> Result<LoginReport, AppError> {
    ctx.require(SCOPE)?;
    check(&login)?;
    let profile = login.user.as_ref().map(person::profile).transpose()?;
    if profile.is_none() && login.user_id.is_none() {
        return Err(AppError::invalid_body("Missing required property: user_id or user"));
    }
    let connection = Arc::new(connection_load(app, ctx, &login).await?);
    let begin = Begin {
        client: Arc::new(client_load(app, ctx, &login.client_id).await?),
        user_id: login.user_id.clone(),
        profile,
        request: request_facts(ctx, &login),
        asked: asked(ctx, &login, &connection),
        connection,
    };
    if !login.dry_run {
        return super::begin(app, ctx, begin).await;
    }
    let user_id = begin.resolve(app, ctx, &mut None).await?;
    let person = begin.person(app, ctx, &user_id).await?;
    dry_run(&begin.running(app, ctx)?, &login, begin.asked, person).await
}

/// Goes on with a suspended login. The state token is in the query or the body, and is for once.
///
/// # Errors
/// When the scope is missing, there is no such login, or the state token is missing, wrong or expired.
pub async fn simulated_login_continue(
    app: &App,
    ctx: &OpCtx,
    login_id: &str,
    back: impl Into<SimulatedContinue>,
) -> Result<LoginReport, AppError> {
    ctx.require(SCOPE)?;
    let SimulatedContinue { query, body, factor } = back.into();
    let back = ContinueLogin { query, body };
    let state = back.body.get("state").or_else(|| back.query.get("state")).and_then(Value::as_str);
    let state = state.ok_or_else(|| AppError::bad_request("invalid_request: the state token is missing."))?;
    go_on(app, ctx, Back { login_id, state, came: &back, given: Given::Simulated(factor) }).await
}

/// Runs everything as a login would, with a cache of its own, and commits nothing.
async fn dry_run(
    running: &Login<'_>,
    login: &SimulatedLogin,
    asked: LoginRequest,
    person: Person,
) -> Result<LoginReport, AppError> {
    let (app, ctx) = (running.app, running.ctx);
    let now = match login.now {
        Some(ms) => {
            Timestamp::from_millisecond(ms).map_err(|_range| AppError::invalid_body("'now' is out of range"))?
        }
        None => ctx.now,
    };
    let bound = bound::bound_read(app, &ctx.tenant.id, Runs::PostLogin, &login.versions).await?;
    let mut frame = Frame::new(&ctx.tenant, &bound, Arc::new(TriggerCache::new()), (now, Instant::now()));
    let held = roles_load(app, ctx, &person.user).await?;
    frame.roles = &held;
    if person.user.blocked == Some(true) {
        return Ok(running.report(blocked(), User::clone(&person.kept), None, Vec::new(), Vec::new()));
    }
    let factors = mfa::factors::facts(app, &ctx.tenant.id, &person.user, false).await?;
    let facts = running.facts(&held, factors, login.event.clone(), now);
    let mut pipeline = Pipeline::begin(facts, asked, Arc::clone(&bound.actions), person.user);
    let Driven { end, runs, warnings, .. } = drive(app, &frame, &mut pipeline, &mut Vec::new()).await?;
    let end = waiting(end, Some(&pipeline))?;
    let user = pipeline.changed(User::clone(&person.kept));
    Ok(running.report(end.outcome, user, Some(&pipeline), runs, warnings))
}

fn check(login: &SimulatedLogin) -> Result<(), AppError> {
    let only_dry =
        [("versions", !login.versions.is_empty()), ("event", login.event.is_some()), ("now", login.now.is_some())];
    if let Some((name, _)) = only_dry.iter().find(|(_, given)| *given && !login.dry_run) {
        return Err(AppError::invalid_body(format!("'{name}' is for dry runs only")));
    }
    check_depth("request.query", login.request.query.values())?;
    check_depth("request.body", login.request.body.values())?;
    check_depth("request.geoip", login.request.geoip.values())?;
    check_depth("transaction", login.transaction.values())?;
    if !login.authentication.methods.iter().all(Value::is_object) {
        return Err(AppError::invalid_body("'authentication.methods' must be a list of objects"));
    }
    check_depth("authentication.methods", &login.authentication.methods)?;
    check_depth("authentication.riskAssessment", login.authentication.risk_assessment.iter().flat_map(Map::values))?;
    check_depth("organization", login.organization.iter().flat_map(Map::values))?;
    check_depth("event", login.event.iter().flat_map(Map::values))
}

/// The connection named, or that of the user's primary identity, or the default database.
async fn connection_load(app: &App, ctx: &OpCtx, login: &SimulatedLogin) -> Result<Connection, AppError> {
    if let Some(name) = &login.connection {
        if name.starts_with("con_")
            && let Some(connection) = app.store().fetch::<Connection>(&ctx.tenant.id, name).await?
        {
            return Ok(connection);
        }
        return connections::by_name(app, ctx, name).await;
    }
    if let Some(id) = &login.user_id {
        let absent = || AppError::new(Code::InexistentUser, "The user does not exist.");
        let id: UserId = id.parse().map_err(|_bad| absent())?;
        let user = app.store().fetch::<User>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)?;
        if let Some(primary) = user.identities.first() {
            return connections::by_name(app, ctx, &primary.connection).await;
        }
    }
    connections::by_name(app, ctx, DEFAULT_DATABASE).await
}

fn request_facts(ctx: &OpCtx, login: &SimulatedLogin) -> RequestFacts {
    let given = &login.request;
    let method = if given.body.is_empty() { "GET" } else { "POST" };
    RequestFacts {
        ip: given.ip.clone().or_else(|| ctx.ip.clone()),
        method: given.method.clone().unwrap_or_else(|| method.to_owned()),
        user_agent: given.user_agent.clone(),
        language: given.language.clone(),
        hostname: Some(given.hostname.clone().unwrap_or_else(|| host_of(&ctx.tenant.domain).to_owned())),
        asn: given.asn.clone(),
        query: given.query.clone(),
        body: given.body.clone(),
        geoip: given.geoip.clone(),
    }
}

fn asked(ctx: &OpCtx, login: &SimulatedLogin, connection: &Connection) -> LoginRequest {
    let mut transaction = login.transaction.clone();
    transaction.entry("protocol").or_insert_with(|| json!("oidc-basic-profile"));
    let mut methods = login.authentication.methods.clone();
    if methods.is_empty() {
        methods.push(first_method(connection, ctx.now));
    }
    LoginRequest {
        methods,
        risk_assessment: login.authentication.risk_assessment.clone(),
        transaction,
        audience: login.audience.clone(),
        organization: login.organization.clone(),
        ..LoginRequest::default()
    }
}
