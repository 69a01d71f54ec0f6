//! A client asks for a token of its own: the actions of the trigger `credentials-exchange` run, and what they did is
//! recorded. There is no user and nobody to ask: it never waits.

use std::sync::Arc;
use std::time::Instant;

use postern_engine::Entry;
use postern_flow::{Exchange, ExchangeFacts, RequestFacts, RunEnd, Step};
use postern_model::action::CREDENTIALS_EXCHANGE;
use postern_model::{ActionRun, Client, Execution, ExecutionStatus, Journal, LogEntry, LogType, Outcome, RunStatus};
use postern_store::{CommitError, Refusal, Table, WriteSet};
use serde_json::{Map, Value, json};

use super::bound::{Bound, bound_load};
use super::commit::failure;
use super::drive::{Frame, run};
use super::state::Runs;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids};

/// What a client asks with, after it was found to be the one it says it is.
#[derive(Debug)]
pub(crate) struct ClientExchange {
    pub(crate) client: Arc<Client>,
    /// `event.request`
    pub(crate) request: RequestFacts,
    /// Identifier of the API.
    pub(crate) audience: String,
    /// What was asked for.
    pub(crate) requested_scopes: Vec<String>,
    /// What is granted of it.
    pub(crate) scopes: Vec<String>,
}

/// Runs the bound actions. Answers what they came to, and the custom claims of the token.
pub(crate) async fn exchange_run(
    app: &App,
    ctx: &OpCtx,
    asked: ClientExchange,
) -> Result<(Outcome, Map<String, Value>), AppError> {
    let bound = bound_load(app, &ctx.tenant.id, Runs::CredentialsExchange).await?;
    if bound.actions.is_empty() {
        return Ok((Outcome::Allow, Map::new()));
    }
    let facts = ExchangeFacts {
        tenant: ctx.tenant.id.clone(),
        client: Arc::clone(&asked.client),
        request: asked.request,
        audience: asked.audience,
        requested_scopes: asked.requested_scopes,
        scopes: asked.scopes,
    };
    let cache = app.logins().cache(&ctx.tenant.id, Runs::CredentialsExchange);
    let frame = Frame::new(&ctx.tenant, &bound, cache, (ctx.now, Instant::now()));
    let mut exchange = Exchange::begin(&facts, Arc::clone(&bound.actions));
    let (mut runs, mut warnings) = (Vec::with_capacity(bound.actions.len()), Vec::new());
    let outcome = loop {
        let (place, event) = match exchange.step() {
            Step::Run { action, event, .. } => (action, event),
            Step::Done(outcome) => break outcome,
            Step::Suspend(_) => return Err(AppError::internal("suspend an exchange")),
        };
        let action = bound.actions.get(place).ok_or_else(|| AppError::internal("find the action of a step"))?;
        let started = Instant::now();
        let mut report = run(app, &frame, place, Entry::CredentialsExchange, event, Vec::new()).await?;
        let mutations = std::mem::take(&mut report.mutations);
        let finished = exchange.finish_run(RunEnd { status: report.status, mutations });
        warnings.extend(finished.warnings.iter().map(|warning| format!("{}: {warning}", action.action_name)));
        runs.push(frame.record(action, report, finished, started));
    };
    record(app, ctx, &facts.client, (&bound, &warnings), (&outcome, runs)).await?;
    Ok((outcome, exchange.claims().clone()))
}

/// Writes the execution, and into the tenant log what failed and what was dropped.
async fn record(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    (bound, warnings): (&Bound, &[String]),
    (outcome, runs): (&Outcome, Vec<ActionRun>),
) -> Result<(), AppError> {
    let all_well = runs.iter().all(|run| run.status == RunStatus::Ok);
    let mut execution = Execution {
        id: ids::execution(ctx.now)?,
        revision: 0,
        login_id: ids::login(ctx.now)?,
        trigger_id: CREDENTIALS_EXCHANGE.to_owned(),
        user_id: None,
        client_id: client.client_id.clone(),
        status: if all_well { ExecutionStatus::Final } else { ExecutionStatus::Partial },
        outcome: outcome.clone(),
        runs,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let entries = log_entries(ctx, client, (bound, warnings), &execution)?;
    let set = |execution: &Execution| {
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(execution);
        entries.iter().fold(set, WriteSet::insert)
    };
    let mut committed = app.store().commit(set(&execution)).await;
    if let Err(CommitError::Refused(Refusal::TooLarge { table: Table::Executions, .. })) = &committed {
        // What happened matters more than being able to run it again.
        for run in &mut execution.runs {
            run.journal = Journal { now_ms: run.journal.now_ms, ..Journal::default() };
        }
        tracing::warn!(execution.id = %execution.id, "the journal of an execution is too large to be kept");
        committed = app.store().commit(set(&execution)).await;
    }
    committed?;
    Ok(())
}

fn log_entries(
    ctx: &OpCtx,
    client: &Client,
    (bound, warnings): (&Bound, &[String]),
    execution: &Execution,
) -> Result<Vec<LogEntry>, AppError> {
    let mut entries = Vec::new();
    let mut push = |kind: LogType, description: String, details: Value| -> Result<(), AppError> {
        let mut fields = Map::from_iter([
            ("client_id".to_owned(), json!(client.client_id)),
            ("client_name".to_owned(), json!(client.name)),
            ("details".to_owned(), details),
        ]);
        if let Some(ip) = &ctx.ip {
            fields.insert("ip".to_owned(), json!(ip));
        }
        entries.push(LogEntry { log_id: ids::log(ctx.now)?, date: ctx.now, kind, description, fields });
        Ok(())
    };
    for run in execution.runs.iter().filter(|run| run.status != RunStatus::Ok) {
        let details = failure(CREDENTIALS_EXCHANGE, &execution.id, &bound.actions, run);
        push(LogType::ActionsExecutionFailed, run.action_name.clone(), details)?;
    }
    if !warnings.is_empty() {
        let details = json!({ "execution_id": execution.id, "warnings": warnings });
        push(LogType::Warning, "Mutations were dropped".to_owned(), details)?;
    }
    Ok(entries)
}
