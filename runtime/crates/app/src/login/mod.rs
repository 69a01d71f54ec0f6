//! The login driver: does what `postern-flow` decides, with the engine and the store.
//!
//! A login's writes are one transaction that names the user revision it saw. When the user changed meanwhile the
//! actions are run again on the fresh user, which is possible because they are pure; answers from outside that an
//! attempt already got are given again.

mod bound;
mod commit;
mod drive;
mod exchange;
mod input;
mod person;
mod real;
mod rules;
mod simulated;
mod state;

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use postern_flow::{
    BadSavedLogin, Claims, FactorFacts, Given, LoginFacts, LoginRequest, MAX_DEPTH, Pipeline, SavedLogin, Step,
    depth_within,
};
use postern_model::{
    Client, Connection, ExecutionId, JournalCall, LoginId, Outcome, Role, SuspendedLogin, User, UserId, limits,
};
use postern_store::{CommitError, Index};
use serde_json::{Map, Value, json};

use self::bound::Bound;
use self::commit::{Commit, CommitOrApp, commit, is_state, waiting};
use self::drive::{Driven, Frame, drive};
pub use postern_flow::RequestFacts;

pub(crate) use self::exchange::{ClientExchange, exchange_run};
pub use self::input::{
    ContinueLogin, LoginReport, SimulatedAuthentication, SimulatedContinue, SimulatedLogin, SimulatedRequest,
    VersionChoice,
};
pub(crate) use self::person::user_of_profile;
use self::person::{Person, Profile};
pub use self::real::{LoginStart, Who, login_begin, login_begin_remembered, login_resume};
pub use self::simulated::{simulated_login, simulated_login_continue};
pub use self::state::LoginState;
use self::state::Runs;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, ids, mfa, roles, tenants};

/// What stays the same over the attempts of a login.
struct Login<'a> {
    app: &'a App,
    ctx: &'a OpCtx,
    login_id: LoginId,
    execution_id: ExecutionId,
    client: Arc<Client>,
    connection: Arc<Connection>,
    request: RequestFacts,
    /// `event.transaction.protocol`
    protocol: String,
    /// Whether it is not simulated: factors are verified.
    real: bool,
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

/// A login before its first action: who it is about, and what it was asked with.
struct Begin {
    client: Arc<Client>,
    connection: Arc<Connection>,
    /// An existing user; or the one whom the profile names.
    user_id: Option<String>,
    profile: Option<Profile>,
    request: RequestFacts,
    asked: LoginRequest,
}

impl Begin {
    fn running<'a>(&self, app: &'a App, ctx: &'a OpCtx) -> Result<Login<'a>, AppError> {
        Ok(Login {
            app,
            ctx,
            login_id: ids::login(ctx.now)?,
            execution_id: ids::execution(ctx.now)?,
            client: Arc::clone(&self.client),
            connection: Arc::clone(&self.connection),
            request: self.request.clone(),
            protocol: self.asked.protocol().to_owned(),
            real: self.asked.real,
            earlier: Vec::new(),
            names_id: self.profile.as_ref().is_some_and(Profile::names_id),
            begun: None,
        })
    }

    /// The user that this is about. `fresh` keeps the id of a new one over the attempts.
    async fn resolve(&self, app: &App, ctx: &OpCtx, fresh: &mut Option<UserId>) -> Result<UserId, AppError> {
        let empty = Profile::default();
        let by = self.profile.as_ref().unwrap_or(&empty);
        person::resolve(app, ctx, self.user_id.as_deref(), by, &self.connection, fresh).await
    }

    async fn person(&self, app: &App, ctx: &OpCtx, id: &UserId) -> Result<Person, AppError> {
        let person = person::load(app, ctx, id, self.profile.as_ref(), &self.connection).await?;
        check_connection(&person.user, &self.connection)?;
        Ok(person)
    }
}

/// Runs a login until it is over or waits, on the user as they are at its commit.
async fn begin(app: &App, ctx: &OpCtx, login: Begin) -> Result<LoginReport, AppError> {
    let mut fresh = None;
    let mut running = login.running(app, ctx)?;
    for _ in 0..limits::LOGIN_ATTEMPTS {
        let user_id = login.resolve(app, ctx, &mut fresh).await?;
        let _lock = app.logins().user_lock(&ctx.tenant.id, user_id.as_str()).await;
        let person = login.person(app, ctx, &user_id).await?;
        let bound = bound::bound_load(app, &ctx.tenant.id, Runs::PostLogin).await?;
        let asked = login.asked.clone();
        let begin = |facts| Ok(Pipeline::begin(facts, asked, Arc::clone(&bound.actions), Arc::clone(&person.user)));
        if let Attempt::Committed(report) = running.attempt(&person, &bound, None, begin).await? {
            return Ok(*report);
        }
    }
    Err(AppError::conflict("The user was changed again and again while the login ran; log in again."))
}

/// How a suspended login goes on.
struct Back<'a> {
    login_id: &'a str,
    state: &'a str,
    came: &'a ContinueLogin,
    /// Factors that were given meanwhile.
    given: Given,
}

/// Goes on with a suspended login until it is over or waits again. The state token is for once.
async fn go_on(app: &App, ctx: &OpCtx, back: Back<'_>) -> Result<LoginReport, AppError> {
    check_depth("query", back.came.query.values())?;
    check_depth("body", back.came.body.values())?;
    let (mut earlier, begun) = (Vec::new(), Instant::now());
    let user_id = suspended_load(app, ctx, back.login_id, back.state).await?.user_id;
    let _lock = app.logins().user_lock(&ctx.tenant.id, user_id.as_str()).await;
    for _ in 0..limits::LOGIN_ATTEMPTS {
        // Read again under the lock: another call with the same token may have come first.
        let waiting = suspended_load(app, ctx, back.login_id, back.state).await?;
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
    Back { came: back, given, .. }: &Back<'_>,
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
        protocol: saved.request().protocol().to_owned(),
        real: saved.request().real,
        earlier: std::mem::take(earlier),
        names_id: true,
        begun: Some(begun),
    };
    let user = Arc::clone(&person.user);
    let given = given.clone();
    let resume = |facts| {
        Pipeline::resume(saved, facts, Arc::clone(&bound.actions), user, given).map_err(|error| match error {
            BadSavedLogin::Factor => AppError::bad_request("invalid_request: the login waits for something else."),
            BadSavedLogin::Form(_) | BadSavedLogin::Version { .. } | BadSavedLogin::Actions => unreadable(error),
        })
    };
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
        let mut frame =
            Frame::new(&ctx.tenant, bound, app.logins().cache(&ctx.tenant.id, Runs::PostLogin), (ctx.now, begun));
        let held = roles_load(app, ctx, &person.user).await?;
        frame.roles = &held;
        let factors = mfa::factors::facts(app, &ctx.tenant.id, &person.user, self.real).await?;
        let (pipeline, Driven { end, mut runs, places, warnings }) = if person.user.blocked == Some(true) {
            (None, Driven { end: Step::Done(blocked()), runs: Vec::new(), places: Vec::new(), warnings: Vec::new() })
        } else {
            let mut pipeline = pipeline(self.facts(&held, factors, None, ctx.now))?;
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
            protocol: &self.protocol,
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

    fn facts(
        &self,
        roles: &[Role],
        factors: FactorFacts,
        overlay: Option<Map<String, Value>>,
        now: Timestamp,
    ) -> LoginFacts {
        LoginFacts {
            tenant: self.ctx.tenant.id.clone(),
            management_audience: tenants::management_audience(&self.ctx.tenant.domain),
            client: Arc::clone(&self.client),
            connection: Arc::clone(&self.connection),
            request: self.request.clone(),
            roles: roles.iter().map(|role| role.name.clone()).collect(),
            factors,
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

fn blocked() -> Outcome {
    Outcome::Deny { code: "access_denied".to_owned(), reason: "user is blocked".to_owned() }
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

/// A domain without its port: `event.request.hostname`.
#[must_use]
pub fn host_of(domain: &str) -> &str {
    match domain.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) | None => domain,
    }
}

/// How a user of this connection proves who they are, as `event.authentication.methods` says it.
#[must_use]
pub fn first_method(connection: &Connection, now: Timestamp) -> Value {
    let name = match connection.strategy.0.as_str() {
        "auth0" => "pwd",
        "sms" => "sms",
        "email" => "email",
        _ => "federated",
    };
    json!({ "name": name, "timestamp": now })
}
