//! The one transaction of a login: the user, the execution, the log, the login that waits.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;
use postern_flow::{BoundAction, Pipeline, SavedLogin, Step, Suspension};
use postern_model::action::POST_LOGIN;
use postern_model::{
    ActionRun, Actor, Client, Connection, Execution, ExecutionId, ExecutionStatus, Journal, LogEntry, LogType, LoginId,
    Metadata, Outcome, RunStatus, SuspendedLogin, User, limits,
};
use postern_store::{
    CommitError, Expect, Index, LoginStamp, MetadataChange, Query, Receipt, Refusal, StoreError, Table, UserPatch,
    WriteSet,
};
use serde_json::{Map, Value, json};
use url::Url;

use super::bound::Bound;
use super::person::Person;
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids};

/// The protocol of an exchange of a refresh token.
const REFRESH: &str = "oauth2-refresh-token";

/// A login that is about to be committed.
pub(super) struct Commit<'a> {
    pub(super) login_id: &'a LoginId,
    pub(super) execution_id: &'a ExecutionId,
    pub(super) client: &'a Client,
    pub(super) connection: &'a Connection,
    pub(super) person: &'a Person,
    /// `event.transaction.protocol`: decides the types of its entries in the tenant log.
    pub(super) protocol: &'a str,
    /// Address and user agent of the browser.
    pub(super) browser: (Option<&'a str>, Option<&'a str>),
    pub(super) pipeline: Option<&'a Pipeline>,
    pub(super) bound: &'a Bound,
    /// The login that goes on now.
    pub(super) resumed: Option<&'a SuspendedLogin>,
    pub(super) warnings: &'a [String],
}

/// A login that waits, with the token that resumes it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) outcome: Outcome,
    /// The same without the token, as it is recorded.
    pub(super) recorded: Outcome,
    state: Option<(String, SavedLogin)>,
}

/// What the caller is told of a step that ends the runs.
pub(super) fn waiting(end: Step, pipeline: Option<&Pipeline>) -> Result<Waiting, AppError> {
    let suspension = match end {
        Step::Done(outcome) => return Ok(Waiting { recorded: outcome.clone(), outcome, state: None }),
        Step::Suspend(suspension) => suspension,
        Step::Run { .. } => return Err(AppError::internal("end a login that still runs")),
    };
    let saved = pipeline.and_then(Pipeline::save).ok_or_else(|| AppError::internal("save a login that waits"))?;
    let state = ids::token()?;
    let hash = sha256_hex(state.as_bytes());
    let (outcome, recorded) = match suspension {
        Suspension::Redirect { url } => (
            Outcome::Redirect { url: with_state(&url, &state)?, state },
            Outcome::Redirect { url, state: String::new() },
        ),
        Suspension::Challenge { factors } => (
            Outcome::Challenge { factors: factors.clone(), state },
            Outcome::Challenge { factors, state: String::new() },
        ),
    };
    Ok(Waiting { outcome, recorded, state: Some((hash, saved)) })
}

/// The final address of a redirect. A `state` that the action put there gives way to ours (Auth0).
fn with_state(url: &str, state: &str) -> Result<String, AppError> {
    let mut url = Url::parse(url).map_err(|error| AppError::internal("parse a checked URL").with_source(error))?;
    if url.query_pairs().any(|(name, _)| name == "state") {
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "state")
            .map(|(n, v)| (n.into_owned(), v.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(others);
    }
    url.query_pairs_mut().append_pair("state", state);
    Ok(url.into())
}

/// Whether this is the token of a login that waits.
pub(super) fn is_state(waiting: &SuspendedLogin, state: &str) -> bool {
    verify_slices_are_equal(sha256_hex(state.as_bytes()).as_bytes(), waiting.state_sha256.as_bytes()).is_ok()
}

/// Commits a login. A conflict is the caller's to solve; so is a duplicate of a user made at the same time.
pub(super) async fn commit(
    app: &App,
    ctx: &OpCtx,
    login: &Commit<'_>,
    end: &Waiting,
    runs: &mut Vec<ActionRun>,
) -> Result<Receipt, CommitOrApp> {
    let mut execution = match login.resumed {
        Some(_) => app.store().fetch::<Execution>(&ctx.tenant.id, login.execution_id.as_str()).await?,
        None => None,
    };
    let before = execution.as_mut().map_or_else(Vec::new, |execution| std::mem::take(&mut execution.runs));
    let earlier = before.len();
    let mut all = before;
    all.append(runs);
    let mut execution = execution.unwrap_or_else(|| blank(ctx, login));
    execution.status = match (&end.state, all.iter().all(|run| run.status == RunStatus::Ok)) {
        (Some(_), _) => ExecutionStatus::Suspended,
        (None, true) => ExecutionStatus::Final,
        (None, false) => ExecutionStatus::Partial,
    };
    execution.outcome = end.recorded.clone();
    execution.runs = all;
    execution.updated_at = ctx.now;
    let expired = if end.state.is_some() { expired(app, ctx).await? } else { Vec::new() };
    let logs = log_entries(ctx, login, end, execution.runs.get(earlier..).unwrap_or_default())?;
    let mut committed = app.store().commit(write_set(ctx, login, end, &execution, (&expired, &logs))?).await;
    if let Err(CommitError::Refused(Refusal::TooLarge { table: Table::Executions, .. })) = &committed {
        // What happened matters more than being able to run it again.
        execution
            .runs
            .iter_mut()
            .for_each(|run| run.journal = Journal { now_ms: run.journal.now_ms, ..Journal::default() });
        tracing::warn!(execution.id = %execution.id, "the journal of an execution is too large to be kept");
        committed = app.store().commit(write_set(ctx, login, end, &execution, (&expired, &logs))?).await;
    }
    *runs = execution.runs.split_off(earlier);
    Ok(committed?)
}

/// Either kind of failure of a commit.
#[derive(Debug)]
pub(super) enum CommitOrApp {
    Commit(CommitError),
    App(AppError),
}

impl From<CommitError> for CommitOrApp {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}

impl From<AppError> for CommitOrApp {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<StoreError> for CommitOrApp {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

fn blank(ctx: &OpCtx, login: &Commit<'_>) -> Execution {
    Execution {
        id: login.execution_id.clone(),
        revision: 0,
        login_id: login.login_id.clone(),
        trigger_id: POST_LOGIN.to_owned(),
        user_id: Some(login.person.kept.user_id.clone()),
        client_id: login.client.client_id.clone(),
        status: ExecutionStatus::Final,
        outcome: Outcome::Allow,
        runs: Vec::new(),
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}

/// Logins whose time is over, a few at a time: each new one that waits takes some along.
async fn expired(app: &App, ctx: &OpCtx) -> Result<Vec<SuspendedLogin>, AppError> {
    let query = Query::by(Index::SuspendedByExpiry).limit(4);
    let oldest = app.store().list::<SuspendedLogin>(&ctx.tenant.id, query).await?.rows;
    Ok(oldest.into_iter().filter(|login| login.expires_at < ctx.now).collect())
}

fn write_set(
    ctx: &OpCtx,
    login: &Commit<'_>,
    end: &Waiting,
    execution: &Execution,
    (expired, logs): (&[SuspendedLogin], &[LogEntry]),
) -> Result<WriteSet, AppError> {
    let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id);
    if let Some(patch) = user_patch(ctx, login, end) {
        set = set.patch_user(patch);
    }
    set = if execution.revision == 0 { set.insert(execution) } else { set.replace(execution) };
    for old in expired.iter().filter(|old| old.login_id != *login.login_id) {
        set = set.delete::<SuspendedLogin>(old.login_id.as_str(), Expect::Any);
    }
    set = match (&end.state, login.resumed) {
        (None, None) => set,
        (None, Some(resumed)) => {
            set.delete::<SuspendedLogin>(resumed.login_id.as_str(), Expect::Revision(resumed.revision))
        }
        (Some((hash, saved)), resumed) => {
            let row = suspended(ctx, login, hash, saved, resumed)?;
            if resumed.is_some() { set.replace(&row) } else { set.insert(&row) }
        }
    };
    Ok(logs.iter().fold(set, WriteSet::insert))
}

fn suspended(
    ctx: &OpCtx,
    login: &Commit<'_>,
    hash: &str,
    saved: &SavedLogin,
    resumed: Option<&SuspendedLogin>,
) -> Result<SuspendedLogin, AppError> {
    Ok(SuspendedLogin {
        login_id: login.login_id.clone(),
        revision: resumed.map_or(0, |resumed| resumed.revision),
        execution_id: login.execution_id.clone(),
        state_sha256: hash.to_owned(),
        expires_at: until(ctx.now),
        user_id: login.person.kept.user_id.clone(),
        client_id: login.client.client_id.clone(),
        connection_id: login.connection.id.clone(),
        pipeline: serde_json::to_value(saved)
            .map_err(|error| AppError::internal("save a login that waits").with_source(error))?,
    })
}

fn until(now: Timestamp) -> Timestamp {
    now.checked_add(limits::SUSPENSION_FOR).unwrap_or(now)
}

/// What the login changes of its user; `None` when nothing.
fn user_patch(ctx: &OpCtx, login: &Commit<'_>, end: &Waiting) -> Option<UserPatch> {
    let Person { kept, new, set, .. } = login.person;
    let metadata = login.pipeline.map_or_else(Vec::new, |pipeline| metadata_changes(login, pipeline));
    // An exchange of a refresh token is no login of its own.
    let counted = matches!(end.outcome, Outcome::Allow) && login.protocol != REFRESH;
    // A login that is turned away before its actions does not take the profile over.
    let set = if login.pipeline.is_some() { set.clone() } else { Map::new() };
    if !new && !counted && metadata.is_empty() && set.is_empty() {
        return None;
    }
    let mut patch = UserPatch::new(kept.user_id.clone(), ctx.now);
    if *new {
        patch.expect = Expect::Absent;
        patch.create = Some(Box::new(User::clone(kept)));
    } else {
        patch.expect = Expect::Revision(kept.revision);
    }
    patch.set = set;
    patch.login = counted.then(|| LoginStamp { at: ctx.now, ip: login.browser.0.map(str::to_owned) });
    patch.metadata = metadata;
    Some(patch)
}

/// The writes of each action and kind as one change, in order.
fn metadata_changes(login: &Commit<'_>, pipeline: &Pipeline) -> Vec<MetadataChange> {
    let mut grouped: Vec<(usize, MetadataChange)> = Vec::new();
    for change in pipeline.changes() {
        let place = grouped.iter().position(|(action, to)| *action == change.action && to.kind == change.kind);
        let value = change.value.clone().unwrap_or(Value::Null);
        if let Some((_, to)) = place.and_then(|place| grouped.get_mut(place)) {
            to.patch.insert(change.key.clone(), value);
        } else if let Some(action) = login.bound.actions.get(change.action) {
            let actor = Actor::Action {
                action_id: action.action_id.clone(),
                version_id: action.version_id.clone(),
                version: action.version,
                execution_id: login.execution_id.clone(),
            };
            let patch = Metadata::from_iter([(change.key.clone(), value)]);
            grouped.push((change.action, MetadataChange { kind: change.kind, patch, clear: false, actor }));
        }
    }
    grouped.into_iter().map(|(_, change)| change).collect()
}

/// What the tenant log says of a login. Names and ids only: nothing of the event.
fn log_entries(ctx: &OpCtx, login: &Commit<'_>, end: &Waiting, runs: &[ActionRun]) -> Result<Vec<LogEntry>, AppError> {
    let mut entries = Vec::new();
    let mut push = |kind: LogType, description: String, details: Value| -> Result<(), AppError> {
        let mut fields = fields(login);
        fields.insert("details".to_owned(), details);
        entries.push(LogEntry { log_id: ids::log(ctx.now)?, date: ctx.now, kind, description, fields });
        Ok(())
    };
    let (succeeded, failed) = match login.protocol {
        "oauth2-password" | "oauth2-resource-owner" => {
            (LogType::SuccessExchangePassword, LogType::FailedExchangePassword)
        }
        REFRESH => (LogType::SuccessExchangeRefresh, LogType::FailedExchangeRefresh),
        _ => (LogType::SuccessLogin, LogType::FailedLogin),
    };
    let executions = json!({ "login_id": login.login_id, "actions": { "executions": [login.execution_id] } });
    match &end.outcome {
        Outcome::Allow => {
            let description = if succeeded == LogType::SuccessLogin { "Successful login" } else { "" };
            push(succeeded, description.to_owned(), executions)?;
        }
        Outcome::Deny { reason, .. } => push(failed, reason.clone(), executions)?,
        Outcome::Error { message, .. } => push(failed, message.clone(), executions)?,
        // The login goes on; it is logged when it is over.
        Outcome::Redirect { .. } | Outcome::Challenge { .. } => {}
    }
    for run in runs.iter().filter(|run| run.status != RunStatus::Ok) {
        let details = failure(POST_LOGIN, login.execution_id, &login.bound.actions, run);
        push(LogType::ActionsExecutionFailed, run.action_name.clone(), details)?;
    }
    if !login.warnings.is_empty() {
        let details = json!({ "execution_id": login.execution_id, "warnings": login.warnings });
        push(LogType::Warning, "Mutations were dropped".to_owned(), details)?;
    }
    Ok(entries)
}

fn fields(login: &Commit<'_>) -> Map<String, Value> {
    let user = &login.person.kept;
    let mut fields = Map::from_iter([
        ("client_id".to_owned(), json!(login.client.client_id)),
        ("client_name".to_owned(), json!(login.client.name)),
        ("connection".to_owned(), json!(login.connection.name)),
        ("connection_id".to_owned(), json!(login.connection.id)),
        ("strategy".to_owned(), json!(login.connection.strategy.0)),
        ("user_id".to_owned(), json!(user.user_id)),
    ]);
    let (ip, agent) = login.browser;
    let name = user.email.as_deref().or(user.name.as_deref());
    for (key, value) in [("ip", ip), ("user_agent", agent), ("user_name", name)] {
        if let Some(value) = value {
            fields.insert(key.to_owned(), json!(value.chars().take(256).collect::<String>()));
        }
    }
    fields
}

/// Auth0's classes and fields of a failed execution. The message of the author's error stays in the execution.
pub(super) fn failure(trigger_id: &str, execution_id: &ExecutionId, actions: &[BoundAction], run: &ActionRun) -> Value {
    let class = match run.status {
        RunStatus::HostFault => "platform_error",
        RunStatus::Deadline => "action_timeout",
        RunStatus::Ok
        | RunStatus::OutOfFuel
        | RunStatus::OutOfMemory
        | RunStatus::Trap
        | RunStatus::GuestError
        | RunStatus::BadResult => "action_error",
    };
    let binding = actions.iter().find(|action| action.action_id == run.action_id);
    json!({
        "trigger_id": trigger_id,
        "execution_id": execution_id,
        "action_id": run.action_id,
        "action_name": run.action_name,
        "version_id": run.version_id,
        "binding_id": binding.map(|action| &action.binding_id),
        "error_class": class,
        "action_error": { "name": run.error.as_ref().map(|error| &error.name), "code": run.status },
    })
}
