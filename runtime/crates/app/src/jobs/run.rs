//! The tasks that work jobs off.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::{Client, ClientId, Job, JobId, JobKind, JobStatus, Tenant, User, UserId, limits};
use postern_store::{CommitError, Index, Query, Table, WriteSet, root_tenant};

use super::{export, import};
use crate::ctx::{OpCtx, ScopeSet};
use crate::error::{AppError, Kind};
use crate::{App, ids, mail};

/// Works a job off in a task of its own.
pub(super) fn start(app: &App, tenant: &Arc<Tenant>, id: JobId) {
    let (app, tenant) = (app.clone(), Arc::clone(tenant));
    tokio::spawn(async move {
        let Ok(_place) = app.jobs().places.acquire().await else { return };
        let Err(error) = run(&app, &tenant, &id).await else { return };
        tracing::error!(tenant.id = %tenant.id, job.id = %id, %error, "a job failed");
        // With the store gone it goes on after the restart.
        if error.code.kind() != Kind::Unavailable {
            give_up(&app, &tenant, &id).await;
        }
    });
}

/// Goes on with what was under way when the process ended.
///
/// # Errors
/// A fault of the store.
pub async fn jobs_resume(app: &App) -> Result<(), AppError> {
    let mut after = None;
    loop {
        let page =
            app.store().list::<Tenant>(&root_tenant(), Query::all().limit(limits::PAGE_ROWS).after(after)).await?;
        for tenant in page.rows {
            let tenant = Arc::new(tenant);
            let mut open = None;
            loop {
                let query = Query::by(Index::JobByOpen).limit(limits::PAGE_ROWS).after(open);
                let jobs = app.store().list::<Job>(&tenant.id, query).await?;
                jobs.rows.into_iter().for_each(|job| start(app, &tenant, job.id));
                open = jobs.next;
                if open.is_none() {
                    break;
                }
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn run(app: &App, tenant: &Arc<Tenant>, id: &JobId) -> Result<(), AppError> {
    let job = app.store().fetch::<Job>(&tenant.id, id.as_str()).await?;
    let Some(job) = job.filter(|job| job.status.is_open()) else { return Ok(()) };
    match &job.kind {
        JobKind::UsersImport { .. } => import::run(app, tenant, job).await,
        JobKind::UsersExport { .. } => export::run(app, tenant, job).await,
        JobKind::VerificationEmail { user_id, client_id } => {
            let failed = verification_mail_order(app, tenant, &job, user_id, client_id.as_ref()).await?;
            let status = if failed.is_some() { JobStatus::Failed } else { JobStatus::Completed };
            finish(app, tenant, job, status, failed).await
        }
    }
}

/// Puts the mail into the outbox, or says why not.
async fn verification_mail_order(
    app: &App,
    tenant: &Arc<Tenant>,
    job: &Job,
    user_id: &UserId,
    client_id: Option<&ClientId>,
) -> Result<Option<&'static str>, AppError> {
    let (store, ctx) = (app.store(), step_ctx(tenant, job)?);
    let Some(user) = store.fetch::<User>(&tenant.id, user_id.as_str()).await? else {
        return Ok(Some("The user does not exist."));
    };
    if !mail::provider::is_ready(app, &tenant.id).await? {
        return Ok(Some("The tenant has no e-mail provider that the message could be sent with."));
    }
    let client = match client_id {
        Some(id) => store.fetch::<Client>(&tenant.id, id.as_str()).await?.map(Arc::new),
        None => None,
    };
    let asked = mail::tickets::Asked { client, ip: None, language: None };
    mail::tickets::verification_mail(app, tenant, &Arc::new(user), asked, ctx.now).await?;
    Ok(None)
}

/// In whose name, and when, a step of the job is made.
pub(super) fn step_ctx(tenant: &Arc<Tenant>, job: &Job) -> Result<OpCtx, AppError> {
    let now = Timestamp::now();
    let mut ctx = OpCtx::visitor(Arc::clone(tenant), now, ids::request()?);
    ctx.actor = job.actor.clone();
    ctx.scopes = ScopeSet::default();
    Ok(ctx)
}

/// The last write of a job.
pub(super) async fn finish(
    app: &App,
    tenant: &Tenant,
    job: Job,
    status: JobStatus,
    details: Option<&str>,
) -> Result<(), AppError> {
    let set = finished(WriteSet::new(&tenant.id, ids::request()?), job, status, details);
    app.store().commit(set).await?;
    Ok(())
}

/// Adds the last write of a job to a set.
pub(super) fn finished(set: WriteSet, mut job: Job, status: JobStatus, details: Option<&str>) -> WriteSet {
    job.status = status;
    job.status_details = details.map(str::to_owned);
    job.finished_at = Some(Timestamp::now());
    set.replace(&job)
}

async fn give_up(app: &App, tenant: &Tenant, id: &JobId) {
    let fetched = app.store().fetch::<Job>(&tenant.id, id.as_str()).await;
    let Ok(Some(job)) = fetched else { return };
    if !job.status.is_open() {
        return;
    }
    if let Err(error) = finish(app, tenant, job, JobStatus::Failed, Some("An internal error occurred.")).await {
        tracing::error!(tenant.id = %tenant.id, job.id = %id, %error, "a job was not marked as failed");
    }
}

/// Whether a commit failed because the job itself changed: somebody else works on it.
pub(super) fn is_taken(error: &CommitError) -> bool {
    matches!(error, CommitError::Conflict { table: Table::Jobs, .. })
}
