//! Runs what the flow asks for, until it asks for no more.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use postern_engine::{Directory, EgressPolicy, Entry, RoleRow, RunInput, RunReport, TriggerCache};
use postern_flow::{BoundAction, FinishedRun, Pipeline, RunEnd, Step, depth_within};
use postern_model::execution::RunErrorText;
use postern_model::tenant::Egress;
use postern_model::{ActionRun, ExecutionLimits, Journal, JournalCall, Role, RunStatus, Tenant, Usage};
use serde_json::Value;

use super::bound::Bound;
use crate::artifacts::program_load;
use crate::error::AppError;
use crate::{App, ids};

/// What every run of a login shares.
pub(super) struct Frame<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) bound: &'a Bound,
    pub(super) cache: Arc<TriggerCache>,
    pub(super) roles: &'a [Role],
    /// When the login started or went on: what actions are told, and where their times are counted from.
    pub(super) now: Timestamp,
    pub(super) begun: Instant,
    limits: ExecutionLimits,
    deadline: Instant,
}

/// What the runs of a login came to.
#[derive(Debug)]
pub(super) struct Driven {
    /// A suspension or an outcome.
    pub(super) end: Step,
    pub(super) runs: Vec<ActionRun>,
    /// The place of the action of each run.
    pub(super) places: Vec<usize>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Frame<'a> {
    /// `begun` is when `now` was: the time that all runs of the execution have is counted from there.
    pub(super) fn new(
        tenant: &'a Tenant,
        bound: &'a Bound,
        cache: Arc<TriggerCache>,
        (now, begun): (Timestamp, Instant),
    ) -> Self {
        let limits = tenant.limits.unwrap_or_default();
        Self { tenant, bound, cache, roles: &[], now, begun, limits, deadline: begun + limits.execution_wall() }
    }

    fn at(&self, moment: Instant) -> Timestamp {
        let passed = SignedDuration::try_from(moment.duration_since(self.begun)).unwrap_or_default();
        self.now.checked_add(passed).unwrap_or(self.now)
    }

    /// The record of a run.
    pub(super) fn record(
        &self,
        action: &BoundAction,
        report: RunReport,
        finished: FinishedRun,
        started: Instant,
    ) -> ActionRun {
        ActionRun {
            action_id: action.action_id.clone(),
            action_name: action.action_name.clone(),
            version_id: action.version_id.clone(),
            version: action.version,
            resumed: false,
            status: finished.status,
            error: report.error.or(finished.error),
            mutations: finished.mutations,
            logs: report.logs,
            usage: report.usage,
            journal: report.journal,
            started_at: self.at(started),
            ended_at: self.at(Instant::now()),
        }
    }

    fn egress(&self, action: &BoundAction) -> EgressPolicy {
        match (self.tenant.egress, &action.egress_hosts) {
            (Egress::None, _) => EgressPolicy::None,
            (Egress::Public, None) => EgressPolicy::Public,
            (Egress::Public, Some(hosts)) => EgressPolicy::Hosts(hosts.clone()),
        }
    }

    fn directory(&self) -> Directory {
        if self.roles.is_empty() {
            return Directory::default();
        }
        let row = |role: &Role| RoleRow { id: role.id.to_string(), name: role.name.clone() };
        Directory { roles: self.roles.iter().map(row).collect(), ..Directory::default() }
    }
}

/// Runs the actions of a login. `earlier` holds the answers that each action got in an attempt before, which it gets
/// again; they are what was paid for and must not be asked for twice.
pub(super) async fn drive(
    app: &App,
    frame: &Frame<'_>,
    pipeline: &mut Pipeline,
    earlier: &mut Vec<Vec<JournalCall>>,
) -> Result<Driven, AppError> {
    earlier.resize_with(frame.bound.actions.len(), Vec::new);
    let mut runs = Vec::with_capacity(frame.bound.actions.len());
    let (mut places, mut warnings) = (Vec::with_capacity(runs.capacity()), Vec::new());
    loop {
        let (place, entry, event) = match pipeline.step() {
            Step::Run { action, entry, event } => (action, entry, event),
            end @ (Step::Suspend(_) | Step::Done(_)) => return Ok(Driven { end, runs, places, warnings }),
        };
        let missing = || AppError::internal("find the action of a step");
        let action = frame.bound.actions.get(place).ok_or_else(missing)?;
        let answers = earlier.get_mut(place).ok_or_else(missing)?;
        let started = Instant::now();
        let function = match entry {
            postern_flow::Entry::Execute => Entry::Execute,
            postern_flow::Entry::Continue => Entry::Continue,
        };
        let mut report = run(app, frame, place, function, event, std::mem::take(answers)).await?;
        let mutations = std::mem::take(&mut report.mutations);
        let finished = pipeline.finish_run(RunEnd { status: report.status, mutations });
        let told = finished.warnings.iter().map(|warning| format!("{}: {warning}", action.action_name));
        warnings.extend(told);
        places.push(place);
        runs.push(frame.record(action, report, finished, started));
        if let (Some(run), postern_flow::Entry::Continue) = (runs.last_mut(), entry) {
            run.resumed = true;
        }
    }
}

/// Runs one action in a sandbox of its own.
pub(super) async fn run(
    app: &App,
    frame: &Frame<'_>,
    place: usize,
    entry: Entry,
    event: Arc<Value>,
    earlier: Vec<JournalCall>,
) -> Result<RunReport, AppError> {
    let action = frame.bound.actions.get(place);
    let artifact = frame.bound.artifacts.get(place).and_then(Option::as_ref);
    let (Some(action), Some(artifact)) = (action, artifact) else { return Ok(not_runnable()) };
    let program = program_load(app, &frame.tenant.id, artifact).await?;
    let input = RunInput {
        tenant: frame.tenant.id.clone(),
        entry,
        event,
        limits: frame.limits,
        deadline: frame.deadline,
        now_ms: frame.now.as_millisecond(),
        seed: ids::seed()?,
        egress: frame.egress(action),
        cache: Arc::clone(&frame.cache),
        directory: frame.directory(),
        earlier,
        replay: None,
    };
    let mut report = app.engine().run(&program, input).await?;
    flatten(&mut report.journal);
    Ok(report)
}

/// Levels of a value in a journal. Six more are around it in an execution, and a decoder takes 128 in all.
const JOURNAL_DEPTH: usize = 96;

/// A call that no host understands, or metadata of a management client, may be nested deeper than could be read again
/// as part of an execution: it is left out of the record.
fn flatten(journal: &mut Journal) {
    let calls = journal.calls.iter_mut().flat_map(|call| [&mut call.call, &mut call.answer]);
    for value in calls.filter(|value| !depth_within(value, JOURNAL_DEPTH)) {
        *value = Value::Null;
    }
    for (_, value) in &mut journal.reads {
        value.take_if(|value| !depth_within(value, JOURNAL_DEPTH));
    }
}

/// The end of an action without a module.
fn not_runnable() -> RunReport {
    RunReport {
        status: RunStatus::HostFault,
        mutations: Vec::new(),
        error: Some(RunErrorText {
            name: "HostFault".to_owned(),
            message: "the version has no module that can be run".to_owned(),
            stack: None,
        }),
        logs: Vec::new(),
        usage: Usage::default(),
        journal: Journal::default(),
        divergence: None,
    }
}
