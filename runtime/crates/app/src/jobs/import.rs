//! Imports: some rows at a time become users, in one write with the counts of the job.

use std::collections::BTreeSet;
use std::sync::Arc;

use postern_model::{
    Connection, Identity, Job, JobFailure, JobKind, JobStatus, Metadata, MetadataKind, Tenant, User, UserId,
};
use postern_store::{CommitError, Expect, Index, JobPart, MetadataChange, Table, UserPatch, WriteSet, job_part_id};
use serde_json::{Value, json};

use super::row::{self, Row, RowError};
use super::run;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::users::gravatar;
use crate::{App, ids, passwords};

/// Rows of one write.
const ROWS: usize = 25;
/// How often a row is tried again when its user changed meanwhile.
const ATTEMPTS: usize = 5;

/// What becomes of a row.
enum Plan {
    Insert(Box<User>),
    Update(Box<UserPatch>),
    Refuse(Vec<RowError>),
}

struct Import<'a> {
    app: &'a App,
    tenant: &'a Arc<Tenant>,
    connection: Connection,
    upsert: bool,
    rows: Vec<Value>,
    repeated: Vec<bool>,
}

pub(super) async fn run(app: &App, tenant: &Arc<Tenant>, mut job: Job) -> Result<(), AppError> {
    let JobKind::UsersImport { connection_id, upsert, .. } = job.kind.clone() else { return Ok(()) };
    let failed = |job: Job, why: &'static str| run::finish(app, tenant, job, JobStatus::Failed, Some(why));
    let part = app.store().fetch::<JobPart>(&tenant.id, &job_part_id(&job.id, 0)).await?;
    let Some(part) = part else { return failed(job, "The file of the job is gone.").await };
    let Ok(rows) = serde_json::from_slice::<Vec<Value>>(&part.bytes) else {
        let why = "Failed to parse users file JSON when importing users. Make sure it is valid JSON.";
        return failed(job, why).await;
    };
    let connection = app.store().fetch::<Connection>(&tenant.id, connection_id.as_str()).await?;
    let Some(connection) = connection else { return failed(job, "The connection does not exist.").await };
    let repeated = row::repeated(&rows);
    let import = Import { app, tenant, connection, upsert, rows, repeated };
    job.rows = u64::try_from(import.rows.len()).unwrap_or(u64::MAX);
    job.status = JobStatus::Processing;
    // Behind a write that failed each row is written alone, so that one does not spoil the others.
    let mut alone_until = 0;
    loop {
        let done = usize::try_from(job.summary.total).unwrap_or(usize::MAX);
        if done >= import.rows.len() {
            break;
        }
        let size = if done < alone_until { 1 } else { ROWS };
        let to = done.saturating_add(size).min(import.rows.len());
        match import.step(&job, done..to).await? {
            Some(next) => job = next,
            None => alone_until = to,
        }
    }
    let set = WriteSet::new(&tenant.id, ids::request()?).delete::<JobPart>(&job_part_id(&job.id, 0), Expect::Any);
    app.store().commit(run::finished(set, job, JobStatus::Completed, None)).await?;
    Ok(())
}

impl Import<'_> {
    /// Writes some rows; `None` when that was refused for one of several.
    async fn step(&self, job: &Job, at: std::ops::Range<usize>) -> Result<Option<Job>, AppError> {
        for attempt in 0..ATTEMPTS {
            let ctx = run::step_ctx(self.tenant, job)?;
            let mut plans = Vec::new();
            for place in at.clone() {
                plans.push((place, self.plan(&ctx, place).await?));
            }
            let error = match self.write(job, &ctx, plans).await {
                Ok(job) => return Ok(Some(job)),
                Err(error) => error,
            };
            let is_one = at.len() == 1;
            let refused = match &error {
                _ if run::is_taken(&error) => return Err(error.into()),
                CommitError::Conflict { .. } | CommitError::Duplicate { .. } | CommitError::Refused(_) if !is_one => {
                    return Ok(None);
                }
                CommitError::Conflict { .. } if attempt + 1 < ATTEMPTS => continue,
                CommitError::Conflict { .. } => {
                    RowError::new("CONFLICT", "The user was changed at the same time by others")
                }
                CommitError::Duplicate { .. } => RowError::new("CONFLICT", "Another user has this id, address or name"),
                CommitError::Refused(refusal) => RowError::new("MAX_LENGTH", refusal.to_string()),
                CommitError::Record(_) | CommitError::UnknownOutcome | CommitError::Fatal => return Err(error.into()),
            };
            let plans = vec![(at.start, Plan::Refuse(vec![refused]))];
            return Ok(Some(self.write(job, &ctx, plans).await?));
        }
        Ok(None)
    }

    /// Writes what was planned together with the counts; the job as it is then.
    async fn write(&self, job: &Job, ctx: &OpCtx, plans: Vec<(usize, Plan)>) -> Result<Job, CommitError> {
        let mut next = job.clone();
        let mut set = WriteSet::new(&self.tenant.id, ctx.request_id);
        for (place, plan) in plans {
            next.summary.total += 1;
            match plan {
                Plan::Insert(user) => {
                    next.summary.inserted += 1;
                    set = set.insert(&*user);
                }
                Plan::Update(patch) => {
                    next.summary.updated += 1;
                    set = set.patch_user(*patch);
                }
                Plan::Refuse(errors) => {
                    next.summary.failed += 1;
                    set = set.insert(&JobFailure {
                        job_id: job.id.clone(),
                        row: u64::try_from(place).unwrap_or(u64::MAX),
                        user: self.rows.get(place).map(row::shown).unwrap_or_default(),
                        errors: errors.iter().map(RowError::value).collect(),
                    });
                }
            }
        }
        let receipt = self.app.store().commit(set.replace(&next)).await?;
        next.revision = receipt.revision_of(Table::Jobs, job.id.as_str()).unwrap_or(next.revision);
        Ok(next)
    }

    async fn plan(&self, ctx: &OpCtx, place: usize) -> Result<Plan, AppError> {
        let Some(given) = self.rows.get(place) else { return Ok(Plan::Refuse(Vec::new())) };
        let row = match row::check(given) {
            Ok(row) => row,
            Err(errors) => return Ok(Plan::Refuse(errors)),
        };
        let refuse = |code, text: &str| Ok(Plan::Refuse(vec![RowError::new(code, text)]));
        if self.repeated.get(place).copied().unwrap_or_default() {
            return refuse("DUPLICATED_USER", "The file names the user more than once");
        }
        let by_email = self.named("email", row.email.as_deref()).await?;
        let by_username = self.named("username", row.username.as_deref()).await?;
        let by_id = match &row.user_id {
            Some(id) => {
                let key = [&*self.connection.name, id];
                self.app.store().find::<User>(&self.tenant.id, Index::UserByIdentity, &key).await?
            }
            None => None,
        };
        let found = [&by_email, &by_id, &by_username];
        let Some(user) = found.into_iter().flatten().next() else {
            return Ok(match self.user(ctx, row)? {
                Some(user) => Plan::Insert(Box::new(user)),
                None => Plan::Refuse(vec![RowError::new("FORMAT", "The user_id is not well-formed")]),
            });
        };
        if !self.upsert {
            return refuse("DUPLICATED_USER", "The user already exist and upsert parameter is false");
        }
        let all: BTreeSet<&UserId> = found.into_iter().flatten().map(|user| &user.user_id).collect();
        if all.len() > 1 {
            return if by_username.as_ref().is_some_and(|other| other.user_id != user.user_id) {
                refuse("CONFLICT_USERNAME", "Another user has this username")
            } else {
                refuse("CONFLICT", "Another user has this id")
            };
        }
        if row.email.is_some() && by_email.is_none() && user.email.is_some() {
            return refuse("CONFLICT_EMAIL", "The user has another address");
        }
        let is_own = user.identities.first().is_some_and(|primary| primary.connection == self.connection.name);
        if !is_own {
            return refuse("CONFLICT", "The user is linked to one of another connection");
        }
        Ok(Plan::Update(Box::new(patch(ctx, user, row))))
    }

    async fn named(&self, kind: &str, name: Option<&str>) -> Result<Option<User>, AppError> {
        let Some(name) = name else { return Ok(None) };
        let key = [&*self.connection.name, kind, name];
        Ok(self.app.store().find::<User>(&self.tenant.id, Index::UserByDatabaseName, &key).await?)
    }

    /// A new user; `None` when the id is not well-formed.
    fn user(&self, ctx: &OpCtx, row: Row) -> Result<Option<User>, AppError> {
        let strategy = &self.connection.strategy.0;
        let user_id: UserId = match &row.user_id {
            Some(id) => match format!("{strategy}|{id}").parse() {
                Ok(id) => id,
                Err(_bad) => return Ok(None),
            },
            None => ids::user(strategy)?,
        };
        let identity = Identity {
            connection: self.connection.name.clone(),
            provider: strategy.clone(),
            user_id: crate::users::user_id_there(&user_id).to_owned(),
            is_social: false,
            profile_data: None,
            password_hash: None,
        };
        let mut user = User::new(user_id, identity, ctx.now);
        let text = |name: &str| row.texts.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |name: &str| row.flags.get(name).and_then(Value::as_bool);
        let local = row.email.as_deref().and_then(|email| email.split('@').next()).map(str::to_owned);
        user.name = text("name").or_else(|| row.email.clone()).or_else(|| row.username.clone());
        user.nickname = text("nickname").or(local).or_else(|| row.username.clone());
        user.picture = text("picture").or_else(|| row.email.as_deref().map(gravatar));
        user.given_name = text("given_name");
        user.family_name = text("family_name");
        user.phone_number = text("phone_number");
        user.email_verified = flag("email_verified").unwrap_or_default();
        user.phone_verified = flag("phone_verified");
        user.blocked = flag("blocked");
        user.user_metadata = row.user_metadata;
        user.app_metadata = row.app_metadata;
        user.password_hash = row.password_hash;
        user.email = row.email;
        user.username = row.username;
        Ok(Some(user))
    }
}

/// What an import changes of a user that is there. Metadata is replaced whole, not merged.
fn patch(ctx: &OpCtx, user: &User, row: Row) -> UserPatch {
    let mut patch = UserPatch::new(user.user_id.clone(), ctx.now);
    let changed = ["name", "given_name", "family_name", "nickname", "picture"];
    patch.set.extend(row.texts.into_iter().filter(|(name, _)| changed.contains(&name.as_str())));
    patch.set.extend(row.flags.into_iter().filter(|(name, _)| name == "email_verified"));
    // Whoever logged in has a password that is theirs.
    let is_fresh = user.logins_count == 0 && user.password_hash.as_deref().is_none_or(passwords::is_foreign);
    if let Some(hash) = row.password_hash.filter(|_| is_fresh) {
        patch.set.insert("password_hash".to_owned(), json!(hash));
    }
    let mut replace = |kind, metadata: Option<Metadata>| {
        if let Some(metadata) = metadata {
            patch.metadata.push(MetadataChange { kind, patch: metadata, clear: true, actor: ctx.actor.clone() });
        }
    };
    replace(MetadataKind::UserMetadata, row.user_metadata);
    replace(MetadataKind::AppMetadata, row.app_metadata);
    patch
}
