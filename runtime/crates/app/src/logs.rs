//! The tenant log: written by the other use cases, read by the operator.

mod search;

use jiff::Timestamp;
use postern_model::{Actor, LogEntry, LogType, TenantId, limits};
use postern_store::{Index, Query, WriteSet};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::lucene::Expr;
use crate::{App, ids};

/// Writes one entry on its own. What belongs to a change is written with it: see [`audit`].
///
/// # Errors
/// A fault of the store.
pub async fn log_write(
    app: &App,
    tenant: &TenantId,
    kind: LogType,
    description: &str,
    fields: Map<String, Value>,
    now: Timestamp,
) -> Result<(), AppError> {
    let entry = entry(kind, description, fields, now)?;
    app.store().commit(WriteSet::new(tenant, ids::request()?).insert(&entry)).await?;
    Ok(())
}

/// An entry, to be written with what it tells of.
///
/// # Errors
/// When the operating system gives no random bytes.
pub(crate) fn entry(
    kind: LogType,
    description: &str,
    fields: Map<String, Value>,
    now: Timestamp,
) -> Result<LogEntry, AppError> {
    Ok(LogEntry { log_id: ids::log(now)?, date: now, kind, description: description.to_owned(), fields })
}

/// The entry of a management write: who did what to which row, when, from where. Goes into the write's own set, so
/// that there is never one without the other. Holds no value of the row.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn audit(ctx: &OpCtx, operation: &str, resource: &str) -> Result<LogEntry, AppError> {
    let mut fields = Map::new();
    match &ctx.actor {
        Actor::Client { client_id } => {
            fields.insert("client_id".to_owned(), json!(client_id));
        }
        Actor::User { user_id, client_id } => {
            fields.insert("client_id".to_owned(), json!(client_id));
            fields.insert("user_id".to_owned(), json!(user_id));
        }
        Actor::Action { action_id, .. } => {
            fields.insert("action_id".to_owned(), json!(action_id));
        }
        Actor::System => {}
    }
    if let Some(ip) = &ctx.ip {
        fields.insert("ip".to_owned(), json!(ip));
    }
    if let Some(agent) = &ctx.user_agent {
        fields.insert("user_agent".to_owned(), json!(agent.chars().take(256).collect::<String>()));
    }
    let mut details = json!({ "operation": operation, "resource": resource, "request_id": ctx.request_id });
    if let (Some(id), Some(details)) = (&ctx.correlation_id, details.as_object_mut()) {
        details.insert("correlation_id".to_owned(), json!(id));
    }
    fields.insert("details".to_owned(), details);
    Ok(LogEntry {
        log_id: ids::log(ctx.now)?,
        date: ctx.now,
        kind: LogType::ManagementWrite,
        description: operation.to_owned(),
        fields,
    })
}

/// Which entries a list has.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Those that the query finds (Auth0 docs: "Log Search Query Syntax").
    pub query: Option<Expr>,
    /// Those of one user.
    pub user_id: Option<String>,
    /// Oldest first.
    pub ascending: bool,
    /// Whether the entries are not counted: then the number is 0.
    pub uncounted: bool,
}

/// How far into the log a list by pages goes: further back it is followed from an entry on. A count ends here, too.
pub const LISTED: usize = 10_000;

/// A slice of the log: entries from `offset` on, at most `limit`, and how many there are in all, up to [`LISTED`].
///
/// # Errors
/// When the scope is missing or the slice begins beyond [`LISTED`].
pub async fn log_list(
    app: &App,
    ctx: &OpCtx,
    filter: &LogFilter,
    offset: usize,
    limit: usize,
) -> Result<(Vec<LogEntry>, usize), AppError> {
    ctx.require_any(&["read:logs", "read:logs_users"])?;
    if offset > LISTED {
        return Err(AppError::bad_request(format!(
            "Only the first {LISTED} entries are listed by pages: go on with 'from' and 'take'."
        )));
    }
    let tenant = &ctx.tenant.id;
    let Some(query) = filter.query.as_ref().filter(|query| **query != Expr::Everything) else {
        let total = match filter.uncounted {
            true => 0,
            false => app.store().count::<LogEntry>(tenant, base(filter).count_to(LISTED as u64)).await?,
        };
        let page = app.store().list::<LogEntry>(tenant, base(filter).skip(offset).limit(limit)).await?;
        return Ok((page.rows, usize::try_from(total).unwrap_or(usize::MAX)));
    };
    // What no index has is looked for one by one, among the first entries only.
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..LISTED / limits::PAGE_ROWS {
        let page = app.store().list::<LogEntry>(tenant, base(filter).limit(limits::PAGE_ROWS).after(after)).await?;
        found.extend(page.rows.into_iter().filter(|entry| search::finds(query, entry)));
        after = page.next;
        let enough = filter.uncounted && found.len() >= offset.saturating_add(limit);
        if after.is_none() || enough {
            break;
        }
    }
    let total = found.len();
    Ok((found.into_iter().skip(offset).take(limit).collect(), total))
}

fn base(filter: &LogFilter) -> Query {
    let user = filter.user_id.as_deref().or_else(|| search::only_user(filter.query.as_ref()?));
    let query = match user {
        Some(user_id) => Query::by(Index::LogByUser).under(user_id),
        None => Query::all(),
    };
    if filter.ascending { query } else { query.descending() }
}

/// Entries after `from`, oldest first: how a log is followed. `None` begins with the oldest.
///
/// # Errors
/// When the scope is missing.
pub async fn log_follow(app: &App, ctx: &OpCtx, from: Option<&str>, take: usize) -> Result<Vec<LogEntry>, AppError> {
    ctx.require_any(&["read:logs", "read:logs_users"])?;
    // The id itself is the place in the log; it need not be there any more.
    let query = match from {
        Some(from) if from.len() <= 128 => Query::all().after_id(from),
        Some(_) => return Err(AppError::invalid_query("'from' is not the id of a log entry")),
        None => Query::all(),
    };
    Ok(app.store().list::<LogEntry>(&ctx.tenant.id, query.limit(take)).await?.rows)
}

/// One entry.
///
/// # Errors
/// When the scope is missing or there is no such entry.
pub async fn log_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<LogEntry, AppError> {
    ctx.require_any(&["read:logs", "read:logs_users"])?;
    let entry = app.store().fetch::<LogEntry>(&ctx.tenant.id, id).await?;
    entry.ok_or_else(|| AppError::not_found("The log does not exist."))
}
