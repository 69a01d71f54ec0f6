//! Sessions: what a browser is signed in as.
//!
//! The id of a session opens nothing on its own: the browser holds it in a cookie that is signed with a key of the
//! tenant, and every login gets a new one.

use std::time::Duration;

use jiff::Timestamp;
use postern_model::{ClientId, Device, LogEntry, LogType, Session, SessionId, User, UserId};
use postern_store::{CommitError, Expect, Index, Query, WriteSet};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids, tenant_settings};

/// A use is written down at most so often: the idle time need not be exact.
const TOUCHED_EVERY: Duration = Duration::from_secs(60);
/// Sessions whose time is over that a new one takes along.
const EXPIRED_AT_A_TIME: usize = 4;

/// The session of that id, when it still is one: its time is not over, its user is there and has not changed the
/// password since.
///
/// # Errors
/// A fault of the store.
pub async fn session_fetch_live(app: &App, ctx: &OpCtx, id: &str) -> Result<Option<Session>, AppError> {
    let Ok(id) = id.parse::<SessionId>() else { return Ok(None) };
    let Some(session) = app.store().fetch::<Session>(&ctx.tenant.id, id.as_str()).await? else { return Ok(None) };
    if session.is_over(ctx.now) {
        return Ok(None);
    }
    let user = app.store().fetch::<User>(&ctx.tenant.id, session.user_id.as_str()).await?;
    let live = user.is_some_and(|user| user.last_password_reset.is_none_or(|at| at <= session.authenticated_at));
    Ok(live.then_some(session))
}

fn device(ctx: &OpCtx) -> Device {
    let cut = |text: &String| text.chars().take(256).collect();
    Device { ip: ctx.ip.clone(), user_agent: ctx.user_agent.as_ref().map(cut) }
}

/// A session that is not written yet.
///
/// # Errors
/// When the operating system gives no random bytes, or a fault of the store.
pub async fn session_draft(
    app: &App,
    ctx: &OpCtx,
    (user_id, connection): (UserId, &str),
    methods: Vec<Value>,
) -> Result<Session, AppError> {
    let settings = tenant_settings::load(app, &ctx.tenant.id).await?;
    Ok(Session {
        id: ids::session()?,
        revision: 0,
        user_id,
        connection: connection.to_owned(),
        clients: Vec::new(),
        authenticated_at: ctx.now,
        methods,
        metadata: Map::new(),
        first_device: device(ctx),
        last_device: device(ctx),
        created_at: ctx.now,
        updated_at: ctx.now,
        idle_expires_at: after(ctx.now, settings.session_idle_for()),
        expires_at: after(ctx.now, settings.session_for()),
    })
}

fn after(now: Timestamp, duration: Duration) -> Timestamp {
    now.checked_add(duration).unwrap_or(now)
}

/// Writes a new session in place of the browser's earlier one.
///
/// # Errors
/// A fault of the store.
pub async fn session_begin(
    app: &App,
    ctx: &OpCtx,
    session: &Session,
    earlier: Option<&Session>,
) -> Result<(), AppError> {
    let query = Query::by(Index::SessionByExpiry).limit(EXPIRED_AT_A_TIME);
    let oldest = app.store().list::<Session>(&ctx.tenant.id, query).await?.rows;
    let over = oldest.iter().filter(|old| old.is_over(ctx.now));
    let mut set = WriteSet::new(&ctx.tenant.id, ids::request()?).insert(session);
    for old in over.chain(earlier) {
        set = set.delete::<Session>(old.id.as_str(), Expect::Any);
    }
    app.store().commit(set).await?;
    Ok(())
}

/// Notes that a client got something by the session.
///
/// # Errors
/// A fault of the store.
pub async fn session_touch(app: &App, ctx: &OpCtx, session: &Session, client: &ClientId) -> Result<(), AppError> {
    let recent = session.updated_at >= ctx.now.checked_sub(TOUCHED_EVERY).unwrap_or(ctx.now);
    if recent && session.clients.contains(client) {
        return Ok(());
    }
    let settings = tenant_settings::load(app, &ctx.tenant.id).await?;
    let mut session = session.clone();
    if !session.clients.contains(client) {
        session.clients.push(client.clone());
    }
    session.updated_at = ctx.now;
    session.last_device = device(ctx);
    session.idle_expires_at = after(ctx.now, settings.session_idle_for());
    match app.store().commit(WriteSet::new(&ctx.tenant.id, ids::request()?).replace(&session)).await {
        // Used by another page in this moment, or ended: either way there is nothing to note.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Ends a session, and writes it into the tenant log.
///
/// # Errors
/// A fault of the store.
pub async fn session_end(app: &App, ctx: &OpCtx, session: &Session, client: Option<&ClientId>) -> Result<(), AppError> {
    let mut fields = Map::from_iter([
        ("user_id".to_owned(), json!(session.user_id)),
        ("connection".to_owned(), json!(session.connection)),
        ("details".to_owned(), json!({ "session_id": session.id })),
    ]);
    let client = client.map(|client| json!(client));
    let agent = ctx.user_agent.as_ref().map(|agent| json!(agent.chars().take(256).collect::<String>()));
    let ip = ctx.ip.as_ref().map(|ip| json!(ip));
    for (name, value) in [("client_id", client), ("user_agent", agent), ("ip", ip)] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    }
    let entry = LogEntry {
        log_id: ids::log(ctx.now)?,
        date: ctx.now,
        kind: LogType::SuccessLogout,
        description: "User successfully logged out".to_owned(),
        fields,
    };
    let set = WriteSet::new(&ctx.tenant.id, ids::request()?)
        .delete::<Session>(session.id.as_str(), Expect::Any)
        .insert(&entry);
    app.store().commit(set).await?;
    Ok(())
}
