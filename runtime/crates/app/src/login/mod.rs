//! The login driver: does what `postern-flow` decides, with the engine and the store.
//!
//! A login's writes are one transaction that names the user revision it saw. When the user changed meanwhile the
//! actions are run again on the fresh user, which is possible because they are pure; answers from outside that an
//! attempt already got are given again.

mod bound;
mod commit;
mod drive;
mod input;
mod person;
mod state;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use postern_engine::TriggerCache;
use postern_flow::{
    Claims, LoginFacts, LoginRequest, MAX_DEPTH, Pipeline, RequestFacts, SavedLogin, Step, depth_within,
};
use postern_model::connection::DEFAULT_DATABASE;
use postern_model::{
    Client, Connection, ExecutionId, JournalCall, LoginId, Outcome, Role, SuspendedLogin, User, UserId, limits,
};
use postern_store::{CommitError, Index};
use serde_json::{Map, Value, json};

use self::bound::Bound;
use self::commit::{Commit, CommitOrApp, commit, is_state, waiting};
use self::drive::{Driven, Frame, drive};
pub use self::input::{
    ContinueLogin, LoginReport, SimulatedAuthentication, SimulatedLogin, SimulatedRequest, VersionChoice,
};
use self::person::{Person, Profile};
pub use self::state::LoginState;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, connections, ids, roles, tenants};

const SCOPE: &str = "create:simulated_logins";

/// What stays the same over the attempts of a login.
struct Login<'a> {
    app: &'a App,
    ctx: &'a OpCtx,
    login_id: LoginId,
    execution_id: ExecutionId,
    client: Arc<Client>,
    connection: Arc<Connection>,
    request: RequestFacts,
    /// Answers that the actions got in earlier attempts.
    earlier: Vec<Vec<JournalCall>>,
    /// Whether the profile says which user of the connection it is.
    names_id: bool,
    /// When the first attempt began.
    begun: Option<Instant>,
}

/// What one attempt came to.
enum Attempt {
    Committed(Box<LoginReport>),
    /// The user changed meanwhile.
    Stale,
}

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
    let client = client_load(app, ctx, &login.client_id).await?;
    let connection = Arc::new(connection_load(app, ctx, &login).await?);
    let mut fresh = None;
    let request = request_facts(ctx, &login);
    let asked = asked(ctx, &login, &connection);
    let mut running = Login {
        app,
        ctx,
        login_id: ids::login(ctx.now)?,
        execution_id: ids::execution(ctx.now)?,
        client: Arc::new(client),
        connection,
        request,
        earlier: Vec::new(),
        names_id: login.user.as_ref().is_some_and(|user| user.contains_key("user_id")),
        begun: None,
    };
    let empty = Profile::default();
    for _ in 0..limits::LOGIN_ATTEMPTS {
        let by = profile.as_ref().unwrap_or(&empty);
        let user_id = person::resolve(app, ctx, &login, by, &running.connection, &mut fresh).await?;
        if login.dry_run {
            let person = person::load(app, ctx, &user_id, profile.as_ref(), &running.connection).await?;
            check_connection(&person.user, &running.connection)?;
            return dry_run(&running, &login, asked, person).await;
        }
        let _lock = app.logins().user_lock(&ctx.tenant.id, user_id.as_str()).await;
        let person = person::load(app, ctx, &user_id, profile.as_ref(), &running.connection).await?;
        check_connection(&person.user, &running.connection)?;
        let bound = bound::bound_load(app, &ctx.tenant.id).await?;
        let begin =
            |facts| Ok(Pipeline::begin(facts, asked.clone(), Arc::clone(&bound.actions), Arc::clone(&person.user)));
        if let Attempt::Committed(report) = running.attempt(&person, &bound, None, begin).await? {
            return Ok(*report);
        }
    }
    Err(AppError::conflict("The user was changed again and again while the login ran; log in again."))
}

/// Goes on with a suspended login. The state token is in the query or the body, and is for once.
///
/// # Errors
/// When the scope is missing, there is no such login, or the state token is missing, wrong or expired.
pub async fn simulated_login_continue(
    app: &App,
    ctx: &OpCtx,
    login_id: &str,
    back: ContinueLogin,
) -> Result<LoginReport, AppError> {
    ctx.require(SCOPE)?;
    check_depth("query", back.query.values())?;
    check_depth("body", back.body.values())?;
    let state = back.body.get("state").or_else(|| back.query.get("state")).and_then(Value::as_str);
    let state = state.ok_or_else(|| AppError::bad_request("invalid_request: the state token is missing."))?;
    let (mut earlier, begun) = (Vec::new(), Instant::now());
    let user_id = suspended_load(app, ctx, login_id, state).await?.user_id;
    let _lock = app.logins().user_lock(&ctx.tenant.id, user_id.as_str()).await;
    for _ in 0..limits::LOGIN_ATTEMPTS {
        // Read again under the lock: another call with the same token may have come first.
        let waiting = suspended_load(app, ctx, login_id, state).await?;
        match resume(app, ctx, &waiting, &back, (&mut earlier, begun)).await? {
            Attempt::Committed(report) => return Ok(*report),
            Attempt::Stale => {}
        }
    }
    Err(AppError::conflict("The user was changed again and again while the login ran; send the request again."))
}

async fn resume(
    app: &App,
    ctx: &OpCtx,
    waiting: &SuspendedLogin,
    back: &ContinueLogin,
    (earlier, begun): (&mut Vec<Vec<JournalCall>>, Instant),
) -> Result<Attempt, AppError> {
    let unreadable = |error| AppError::internal("read a suspended login").with_source(error);
    let saved = SavedLogin::read(waiting.pipeline.clone()).map_err(unreadable)?;
    let client = client_load(app, ctx, waiting.client_id.as_str()).await?;
    let connection = app.store().fetch::<Connection>(&ctx.tenant.id, waiting.connection_id.as_str()).await?;
    let connection = Arc::new(connection.ok_or_else(no_connection)?);
    let person = person::load(app, ctx, &waiting.user_id, None, &connection).await?;
    let bound = bound::bound_pinned(app, &ctx.tenant.id, &saved.actions).await?;
    let method = if back.body.is_empty() { "GET" } else { "POST" };
    let mut running = Login {
        app,
        ctx,
        login_id: waiting.login_id.clone(),
        execution_id: waiting.execution_id.clone(),
        client: Arc::new(client),
        connection,
        request: RequestFacts {
            method: method.to_owned(),
            query: back.query.clone(),
            body: back.body.clone(),
            ..saved.browser.clone()
        },
        earlier: std::mem::take(earlier),
        names_id: true,
        begun: Some(begun),
    };
    let user = Arc::clone(&person.user);
    let resume = |facts| Pipeline::resume(saved, facts, Arc::clone(&bound.actions), user).map_err(unreadable);
    let attempt = running.attempt(&person, &bound, Some(waiting), resume).await;
    *earlier = running.earlier;
    attempt
}

impl Login<'_> {
    /// Runs the actions on the user as read, and commits.
    async fn attempt(
        &mut self,
        person: &Person,
        bound: &Bound,
        resumed: Option<&SuspendedLogin>,
        pipeline: impl FnOnce(LoginFacts) -> Result<Pipeline, AppError>,
    ) -> Result<Attempt, AppError> {
        let (app, ctx) = (self.app, self.ctx);
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let mut frame = Frame::new(&ctx.tenant, bound, app.logins().cache(&ctx.tenant.id), (ctx.now, begun));
        let held = roles_load(app, ctx, &person.user).await?;
        frame.roles = &held;
        let (pipeline, Driven { end, mut runs, places, warnings }) = if person.user.blocked == Some(true) {
            (None, Driven { end: Step::Done(blocked()), runs: Vec::new(), places: Vec::new(), warnings: Vec::new() })
        } else {
            let mut pipeline = pipeline(self.facts(&held, None, ctx.now))?;
            let driven = drive(app, &frame, &mut pipeline, &mut self.earlier).await?;
            (Some(pipeline), driven)
        };
        let end = waiting(end, pipeline.as_ref())?;
        let login = Commit {
            login_id: &self.login_id,
            execution_id: &self.execution_id,
            client: &self.client,
            connection: &self.connection,
            person,
            browser: (self.request.ip.as_deref(), self.request.user_agent.as_deref()),
            pipeline: pipeline.as_ref(),
            bound,
            resumed,
            warnings: &warnings,
        };
        let receipt = match commit(app, ctx, &login, &end, &mut runs).await {
            Ok(receipt) => receipt,
            Err(CommitOrApp::Commit(error)) if self.is_stale(&error, person) => {
                // Answers from outside are not asked for twice.
                for (place, run) in places.into_iter().zip(runs) {
                    if let Some(answers) = self.earlier.get_mut(place) {
                        *answers = run.journal.calls;
                    }
                }
                return Ok(Attempt::Stale);
            }
            Err(CommitOrApp::Commit(CommitError::Duplicate { .. })) => {
                return Err(AppError::new(Code::UserExists, "Another user has the profile's email or username."));
            }
            Err(CommitOrApp::Commit(error)) => return Err(error.into()),
            Err(CommitOrApp::App(error)) => return Err(error),
        };
        let user = receipt.user.unwrap_or_else(|| User::clone(&person.kept));
        let report = self.report(end.outcome, user, pipeline.as_ref(), runs, warnings);
        Ok(Attempt::Committed(Box::new(report)))
    }

    /// Whether the actions have to run again on the user as they are now.
    fn is_stale(&self, error: &CommitError, person: &Person) -> bool {
        match error {
            CommitError::Conflict { .. } => true,
            // The same person was created by another login in this moment: the next attempt finds them.
            CommitError::Duplicate { index, .. } => person.new && (*index == Index::UserByIdentity || !self.names_id),
            CommitError::Refused(_) | CommitError::Record(_) | CommitError::UnknownOutcome | CommitError::Fatal => {
                false
            }
        }
    }

    fn facts(&self, roles: &[Role], overlay: Option<Map<String, Value>>, now: Timestamp) -> LoginFacts {
        LoginFacts {
            tenant: self.ctx.tenant.id.clone(),
            management_audience: tenants::management_audience(&self.ctx.tenant.domain),
            client: Arc::clone(&self.client),
            connection: Arc::clone(&self.connection),
            request: self.request.clone(),
            roles: roles.iter().map(|role| role.name.clone()).collect(),
            overlay,
            now,
        }
    }

    fn report(
        &self,
        outcome: Outcome,
        user: User,
        pipeline: Option<&Pipeline>,
        runs: Vec<postern_model::ActionRun>,
        warnings: Vec<String>,
    ) -> LoginReport {
        let allowed = pipeline.filter(|_| outcome == Outcome::Allow);
        LoginReport {
            login_id: self.login_id.clone(),
            execution_id: self.execution_id.clone(),
            claims: allowed.map_or_else(Claims::default, Pipeline::claims),
            scope: allowed.map_or_else(String::new, Pipeline::scope),
            revision: user.revision,
            outcome,
            user,
            runs,
            warnings,
        }
    }
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
    let bound = bound::bound_read(app, &ctx.tenant.id, &login.versions).await?;
    let mut frame = Frame::new(&ctx.tenant, &bound, Arc::new(TriggerCache::new()), (now, Instant::now()));
    let held = roles_load(app, ctx, &person.user).await?;
    frame.roles = &held;
    if person.user.blocked == Some(true) {
        return Ok(running.report(blocked(), User::clone(&person.kept), None, Vec::new(), Vec::new()));
    }
    let facts = running.facts(&held, login.event.clone(), now);
    let mut pipeline = Pipeline::begin(facts, asked, Arc::clone(&bound.actions), person.user);
    let Driven { end, runs, warnings, .. } = drive(app, &frame, &mut pipeline, &mut Vec::new()).await?;
    let end = waiting(end, Some(&pipeline))?;
    let user = pipeline.changed(User::clone(&person.kept));
    Ok(running.report(end.outcome, user, Some(&pipeline), runs, warnings))
}

fn blocked() -> Outcome {
    Outcome::Deny { code: "access_denied".to_owned(), reason: "user is blocked".to_owned() }
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

/// What is kept must be readable again.
fn check_depth<'a>(name: &str, values: impl IntoIterator<Item = &'a Value>) -> Result<(), AppError> {
    if values.into_iter().all(|value| depth_within(value, MAX_DEPTH)) {
        return Ok(());
    }
    Err(AppError::invalid_body(format!("'{name}' is nested more than {MAX_DEPTH} deep")))
}

fn check_connection(user: &User, connection: &Connection) -> Result<(), AppError> {
    if user.identities.iter().any(|identity| identity.connection == connection.name) {
        return Ok(());
    }
    Err(AppError::bad_request("The user has no identity in that connection."))
}

fn no_connection() -> AppError {
    AppError::new(Code::InexistentConnection, "The connection does not exist.")
}

async fn client_load(app: &App, ctx: &OpCtx, id: &str) -> Result<Client, AppError> {
    let client = app.store().fetch::<Client>(&ctx.tenant.id, id).await?;
    client.ok_or_else(|| AppError::new(Code::InexistentClient, "The client does not exist."))
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

async fn roles_load(app: &App, ctx: &OpCtx, user: &User) -> Result<Vec<Role>, AppError> {
    if user.roles.is_empty() {
        return Ok(Vec::new());
    }
    roles::roles_of(app, &ctx.tenant.id, user).await
}

/// The suspended login of that id and token.
async fn suspended_load(app: &App, ctx: &OpCtx, login_id: &str, state: &str) -> Result<SuspendedLogin, AppError> {
    let absent = || AppError::new(Code::InexistentLogin, "There is no login that waits under this id.");
    let id: LoginId = login_id.parse().map_err(|_bad| absent())?;
    let waiting = app.store().fetch::<SuspendedLogin>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)?;
    if !is_state(&waiting, state) {
        return Err(AppError::bad_request("invalid_request: the state token is not this login's."));
    }
    if waiting.expires_at < ctx.now {
        return Err(AppError::bad_request("invalid_request: the login waited too long; log in again."));
    }
    Ok(waiting)
}

fn request_facts(ctx: &OpCtx, login: &SimulatedLogin) -> RequestFacts {
    let given = &login.request;
    let method = if given.body.is_empty() { "GET" } else { "POST" };
    let host = || match ctx.tenant.domain.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host.to_owned(),
        Some(_) | None => ctx.tenant.domain.clone(),
    };
    RequestFacts {
        ip: given.ip.clone().or_else(|| ctx.ip.clone()),
        method: given.method.clone().unwrap_or_else(|| method.to_owned()),
        user_agent: given.user_agent.clone(),
        language: given.language.clone(),
        hostname: Some(given.hostname.clone().unwrap_or_else(host)),
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
        let name = match connection.strategy.0.as_str() {
            "auth0" => "pwd",
            "sms" => "sms",
            "email" => "email",
            _ => "federated",
        };
        methods.push(json!({ "name": name, "timestamp": ctx.now }));
    }
    LoginRequest {
        methods,
        risk_assessment: login.authentication.risk_assessment.clone(),
        transaction,
        audience: login.audience.clone(),
        organization: login.organization.clone(),
    }
}
