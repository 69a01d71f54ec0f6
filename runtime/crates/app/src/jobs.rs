//! Jobs: imports and exports of users, and mails to confirm an address (Auth0 Management API: /jobs). A job is a row
//! that a task works off; its counts are written together with what they count, so that after a restart it goes on
//! where it was, and no row is counted twice or not at all.

mod export;
mod import;
mod row;
mod run;

use jiff::SignedDuration;
use postern_model::{
    Client, ClientId, Connection, ExportField, ExportFormat, Job, JobFailure, JobId, JobKind, JobStatus, JobSummary,
    Tenant, limits,
};
use postern_store::{Expect, Index, JobPart, Page, Query, WriteSet, job_part_id};
use tokio::sync::{Mutex, Semaphore};

pub use self::run::jobs_resume;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, connections, ids, logs, secrets, users};

/// Bytes of an import's file (Auth0: 500 KB).
pub const IMPORT_BYTES: usize = 512_000;
/// Imports of a tenant that are under way at the same time (Auth0: 2).
const IMPORTS: usize = 2;
/// Exports and mails of a tenant that are under way at the same time.
const OTHERS: usize = 20;
/// How long a job and its file are kept (Auth0: 24 hours).
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long the address of a file is good (Auth0: 60 seconds); each look at the job gives a new one.
const LOCATION_FOR: SignedDuration = SignedDuration::from_secs(60);
/// Columns of an export.
const FIELDS: usize = 100;
/// Characters of a name that a caller gives: a column, the caller's own name of a job.
const NAME_CHARS: usize = 255;
/// Jobs worked on at the same time, in the whole process.
const RUNNING: usize = 4;

/// What jobs keep in memory.
#[derive(Debug)]
pub(crate) struct JobState {
    /// One is made at a time, so that the number of those under way is right.
    making: Mutex<()>,
    places: Semaphore,
}

impl Default for JobState {
    fn default() -> Self {
        Self { making: Mutex::new(()), places: Semaphore::new(RUNNING) }
    }
}

fn absent() -> AppError {
    AppError::new(Code::InexistentJob, "The job does not exist.")
}

/// What an import is made of.
#[derive(Clone, Default)]
pub struct ImportInput {
    /// The users: a JSON array.
    pub file: Vec<u8>,
    #[expect(missing_docs, reason = "says its name")]
    pub connection_id: String,
    /// Whether users that are there are changed.
    pub upsert: bool,
    /// The caller's own name of the job.
    pub external_id: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub send_completion_email: bool,
}

impl std::fmt::Debug for ImportInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportInput").field("connection_id", &self.connection_id).finish_non_exhaustive()
    }
}

/// Starts an import.
///
/// # Errors
/// When the scope is missing, the file is too large, the connection is no database, or too many imports are under way.
pub async fn job_import_create(app: &App, ctx: &OpCtx, input: ImportInput) -> Result<Job, AppError> {
    ctx.require("create:users")?;
    if input.file.len() > IMPORT_BYTES {
        let text = format!("Payload content length greater than maximum allowed: {IMPORT_BYTES}");
        return Err(AppError::new(Code::TooLarge, text));
    }
    let external_id = input.external_id.filter(|id| !id.is_empty());
    if external_id.as_ref().is_some_and(|id| id.chars().count() > NAME_CHARS) {
        return Err(AppError::invalid_body(format!("'external_id' must have at most {NAME_CHARS} characters")));
    }
    let connection = connections::load(app, ctx, &input.connection_id).await?;
    if !connection.strategy.is_database() {
        return Err(AppError::bad_request("The connection must be a database connection."));
    }
    let kind = JobKind::UsersImport {
        connection_id: connection.id,
        connection: connection.name,
        upsert: input.upsert,
        external_id,
        send_completion_email: input.send_completion_email,
    };
    create(app, ctx, kind, Some(input.file), "Create a job to import users").await
}

/// What an export is made of.
#[derive(Debug, Clone)]
pub struct ExportInput {
    /// Only users of this connection.
    pub connection_id: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub format: ExportFormat,
    /// Most users of the file.
    pub limit: Option<u64>,
    /// Columns; all when empty.
    pub fields: Vec<ExportField>,
}

/// Starts an export.
///
/// # Errors
/// When the scope is missing, the input is not legal, or too many exports are under way.
pub async fn job_export_create(app: &App, ctx: &OpCtx, input: ExportInput) -> Result<Job, AppError> {
    ctx.require("read:users")?;
    let short = |name: &str| (1..=NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    let legal = |field: &ExportField| short(&field.name) && field.export_as.as_deref().is_none_or(short);
    if input.fields.len() > FIELDS || !input.fields.iter().all(legal) {
        let text = format!("'fields' must be at most {FIELDS} names of 1 to {NAME_CHARS} characters");
        return Err(AppError::invalid_body(text));
    }
    if input.limit == Some(0) {
        return Err(AppError::invalid_body("'limit' must be 1 at least"));
    }
    let connection: Option<Connection> = match &input.connection_id {
        Some(id) => Some(connections::load(app, ctx, id).await?),
        None => None,
    };
    let (connection_id, connection) = connection.map(|connection| (connection.id, connection.name)).unzip();
    let (format, limit, fields) = (input.format, input.limit, input.fields);
    let kind = JobKind::UsersExport { connection_id, connection, format, limit, fields };
    create(app, ctx, kind, None, "Create a job to export users").await
}

/// Starts the sending of a mail to confirm a user's address.
///
/// # Errors
/// When the scope is missing, or the user or the client does not exist.
pub async fn job_verification_create(
    app: &App,
    ctx: &OpCtx,
    user_id: &str,
    client_id: Option<&str>,
) -> Result<Job, AppError> {
    ctx.require("update:users")?;
    let user = users::load(app, ctx, user_id).await?;
    if user.email.is_none() {
        return Err(AppError::bad_request("The user has no email address."));
    }
    let client_id = match client_id {
        None => None,
        Some(id) => {
            let absent = || AppError::new(Code::InexistentClient, "The client does not exist");
            let id: ClientId = id.parse().map_err(|_bad| absent())?;
            let client = app.store().fetch::<Client>(&ctx.tenant.id, id.as_str()).await?;
            Some(client.ok_or_else(absent)?.client_id)
        }
    };
    let kind = JobKind::VerificationEmail { user_id: user.user_id, client_id };
    create(app, ctx, kind, None, "Send an email address verification email").await
}

async fn create(
    app: &App,
    ctx: &OpCtx,
    kind: JobKind,
    file: Option<Vec<u8>>,
    operation: &str,
) -> Result<Job, AppError> {
    let tenant = &ctx.tenant.id;
    let _one = app.jobs().making.lock().await;
    sweep(app, ctx).await?;
    let most = if matches!(kind, JobKind::UsersImport { .. }) { IMPORTS } else { OTHERS };
    let open = app.store().list::<Job>(tenant, Query::by(Index::JobByOpen).under(kind.name()).limit(most)).await?;
    if open.rows.len() >= most {
        let what = match kind {
            JobKind::UsersImport { .. } => "import users",
            JobKind::UsersExport { .. } => "export users",
            JobKind::VerificationEmail { .. } => "verification email",
        };
        return Err(AppError::new(
            Code::RateLimited,
            format!("There are {most} active {what} jobs, please wait until some of them are finished and try again"),
        ));
    }
    let job = Job {
        id: ids::job()?,
        revision: 0,
        kind,
        status: JobStatus::Pending,
        status_details: None,
        actor: ctx.actor.clone(),
        created_at: ctx.now,
        finished_at: None,
        rows: 0,
        summary: JobSummary::default(),
    };
    let mut set =
        WriteSet::new(tenant, ctx.request_id).insert(&job).insert(&logs::audit(ctx, operation, job.id.as_str())?);
    if let Some(file) = file {
        set = set.insert(&JobPart { job_id: job.id.clone(), part: 0, bytes: file.into() });
    }
    app.store().commit(set).await?;
    run::start(app, &ctx.tenant, job.id.clone());
    Ok(job)
}

/// Removes jobs whose time is over; some at a time.
async fn sweep(app: &App, ctx: &OpCtx) -> Result<(), AppError> {
    let tenant = &ctx.tenant.id;
    let oldest = app.store().list::<Job>(tenant, Query::by(Index::JobByCreated).limit(10)).await?;
    for job in oldest.rows.iter().filter(|job| is_over(ctx, job) && !job.status.is_open()) {
        for part in parts(app, tenant, &job.id).await? {
            let set = WriteSet::new(tenant, ids::request()?);
            app.store().commit(set.delete::<JobPart>(&job_part_id(&job.id, part), Expect::Any)).await?;
        }
        let mut set = WriteSet::new(tenant, ids::request()?).delete::<Job>(job.id.as_str(), Expect::Any);
        let mut after = None;
        loop {
            let query = Query::all().under(job.id.as_str()).limit(limits::PAGE_ROWS).after(after);
            let page = app.store().list_records(tenant, postern_store::Table::JobFailures, query).await?;
            set = page.rows.iter().fold(set, |set, row| set.delete::<JobFailure>(&row.id, Expect::Any));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        app.store().commit(set).await?;
    }
    Ok(())
}

/// The places of the pieces of a job's file.
async fn parts(app: &App, tenant: &postern_model::TenantId, id: &JobId) -> Result<std::ops::Range<u64>, AppError> {
    let count = app.store().count::<JobPart>(tenant, Query::all().under(id.as_str())).await?;
    Ok(0..count)
}

fn is_over(ctx: &OpCtx, job: &Job) -> bool {
    ctx.now.duration_since(job.created_at) > KEPT_FOR
}

/// Reads a job.
///
/// # Errors
/// When the scope is missing, or there is no such job or its time is over.
pub async fn job_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Job, AppError> {
    ctx.require_any(&["create:users", "read:users"])?;
    load(app, ctx, id).await
}

async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<Job, AppError> {
    let id: JobId = id.parse().map_err(|_bad| absent())?;
    let job = app.store().fetch::<Job>(&ctx.tenant.id, id.as_str()).await?;
    job.filter(|job| !is_over(ctx, job)).ok_or_else(absent)
}

/// The rows of an import that were refused, in the order of the file. A file of the largest size has at most some
/// thousands.
///
/// # Errors
/// As [`job_fetch`].
pub async fn job_errors_list(app: &App, ctx: &OpCtx, id: &str) -> Result<(Job, Vec<JobFailure>), AppError> {
    ctx.require_any(&["create:users", "read:users"])?;
    let job = load(app, ctx, id).await?;
    let (mut failures, mut after) = (Vec::new(), None);
    loop {
        let query = Query::all().under(job.id.as_str()).limit(limits::PAGE_ROWS).after(after);
        let Page { mut rows, next } = app.store().list::<JobFailure>(&ctx.tenant.id, query).await?;
        failures.append(&mut rows);
        after = next;
        if after.is_none() {
            return Ok((job, failures));
        }
    }
}

fn row_key(id: &JobId) -> String {
    format!("job_file/{id}")
}

/// The token that opens the file of a finished export for a while.
///
/// # Errors
/// A fault of the seal.
pub fn job_file_token(app: &App, ctx: &OpCtx, job: &Job) -> Result<Option<String>, AppError> {
    if !matches!(job.kind, JobKind::UsersExport { .. }) || job.status != JobStatus::Completed {
        return Ok(None);
    }
    let until = ctx.now.as_second().saturating_add(LOCATION_FOR.as_secs());
    secrets::seal(app, &ctx.tenant.id, &row_key(&job.id), until.to_string().as_bytes()).map(Some)
}

/// The job whose file a token opens, and how many pieces the file has.
///
/// # Errors
/// When there is no such file, or the token is not for it or its time is over.
pub async fn job_file_open(
    app: &App,
    tenant: &Tenant,
    id: &str,
    token: &str,
    now: jiff::Timestamp,
) -> Result<(Job, u64), AppError> {
    let refused = || AppError::new(Code::InvalidToken, "The link to the file is not valid or its time is over.");
    let id: JobId = id.parse().map_err(|_bad| absent())?;
    let until = secrets::open(app, &tenant.id, &row_key(&id), token).map_err(|_bad| refused())?;
    let until: i64 = String::from_utf8(until).ok().and_then(|text| text.parse().ok()).ok_or_else(refused)?;
    if now.as_second() > until {
        return Err(refused());
    }
    let job = app.store().fetch::<Job>(&tenant.id, id.as_str()).await?.ok_or_else(absent)?;
    Ok((job, parts(app, &tenant.id, &id).await?.end))
}

/// A piece of a file.
///
/// # Errors
/// When it is gone.
pub async fn job_file_part(
    app: &App,
    tenant: &Tenant,
    id: &JobId,
    part: u64,
) -> Result<std::sync::Arc<[u8]>, AppError> {
    let part = app.store().fetch::<JobPart>(&tenant.id, &job_part_id(id, part)).await?;
    part.map(|part| part.bytes).ok_or_else(absent)
}
