//! Refresh tokens. A token is the sealed name of its family and of its place in it, so that one that was rotated away
//! is told from one that never was: its coming again means that it was stolen, and ends the family (RFC 9700 § 4.14).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postern_model::client::RefreshTokenPolicy;
use postern_model::{Client, RefreshToken, RefreshTokenId, TenantId};
use postern_store::{Expect, Index, Query, WriteSet};
use serde_json::{Map, Value, json};

use super::issue::Authorized;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids, secrets};

/// What a token begins with: the form of the rest.
const PREFIX: &str = "v1.";
/// What tokens are sealed for.
const ROW: &str = "refresh_token";
/// Rows whose time is over that a new one takes along.
const SWEPT: usize = 4;

fn after(now: Timestamp, live_for: Option<Duration>) -> Option<Timestamp> {
    now.checked_add(live_for?).ok()
}

/// A new family and its first token.
pub(super) fn make(
    app: &App,
    tenant: &TenantId,
    client: &Client,
    what: &Authorized,
    now: Timestamp,
) -> Result<(RefreshToken, String), AppError> {
    let rules = client.refresh_token_policy();
    let row = RefreshToken {
        id: ids::refresh_token()?,
        revision: 0,
        client_id: what.client_id.clone(),
        user_id: what.user_id.clone(),
        session_id: what.session_id.clone(),
        rotating: rules.rotating,
        generation: 0,
        rotated_at: None,
        authorized: serde_json::to_value(what)
            .map_err(|error| AppError::internal("keep a refresh token").with_source(error))?,
        metadata: Map::new(),
        initial_ip: what.ip.clone(),
        initial_user_agent: what.user_agent.clone(),
        last_ip: None,
        last_user_agent: None,
        created_at: now,
        last_exchanged_at: None,
        idle_expires_at: after(now, rules.idle_for),
        expires_at: after(now, rules.lives_for),
    };
    let token = token(app, tenant, &row.id, row.generation)?;
    Ok((row, token))
}

/// The token of a family's place.
pub(super) fn token(app: &App, tenant: &TenantId, id: &RefreshTokenId, place: u32) -> Result<String, AppError> {
    let sealed = secrets::seal(app, tenant, ROW, format!("{place}.{id}").as_bytes())?;
    Ok(format!("{PREFIX}{}", sealed.trim_end_matches('=').replace('+', "-").replace('/', "_")))
}

/// The family and the place that a token names; `None` when we did not make it.
pub(super) fn named(app: &App, tenant: &TenantId, token: &str) -> Option<(RefreshTokenId, u32)> {
    let mut sealed = token.strip_prefix(PREFIX)?.replace('-', "+").replace('_', "/");
    while sealed.len() % 4 != 0 {
        sealed.push('=');
    }
    let text = String::from_utf8(secrets::open(app, tenant, ROW, &sealed).ok()?).ok()?;
    let (place, id) = text.split_once('.')?;
    Some((id.parse().ok()?, place.parse().ok()?))
}

/// What a token that was presented is.
#[derive(Debug)]
pub(super) enum Found {
    /// Good. The flag says whether it is the current one of its family, not the one before.
    Good(Box<RefreshToken>, bool),
    /// Rotated away: someone else may have it.
    Reused(Box<RefreshToken>),
    /// Not there any more, over, or never made.
    Unknown,
}

/// Looks a token up.
pub(super) async fn find(
    app: &App,
    tenant: &TenantId,
    token: &str,
    leeway: Duration,
    now: Timestamp,
) -> Result<Found, AppError> {
    let Some((id, place)) = named(app, tenant, token) else { return Ok(Found::Unknown) };
    let Some(row) = app.store().fetch::<RefreshToken>(tenant, id.as_str()).await? else { return Ok(Found::Unknown) };
    if row.ends_at().is_some_and(|end| end <= now) {
        return Ok(Found::Unknown);
    }
    if place == row.generation {
        return Ok(Found::Good(Box::new(row), true));
    }
    let leeway = SignedDuration::try_from(leeway).unwrap_or_default();
    let in_time = row.rotated_at.is_some_and(|at| now.duration_since(at) < leeway);
    if place.checked_add(1) == Some(row.generation) && in_time {
        return Ok(Found::Good(Box::new(row), false));
    }
    Ok(Found::Reused(Box::new(row)))
}

/// The row after an exchange of its current token, or of the one before.
pub(super) fn exchanged(row: &RefreshToken, current: bool, rules: RefreshTokenPolicy, ctx: &OpCtx) -> RefreshToken {
    let now = ctx.now;
    let mut next = row.clone();
    next.last_exchanged_at = Some(now);
    next.last_ip.clone_from(&ctx.ip);
    next.last_user_agent = ctx.user_agent.as_ref().map(|agent| agent.chars().take(256).collect());
    next.rotating = rules.rotating;
    if rules.rotating && current {
        next.generation = next.generation.saturating_add(1);
        next.rotated_at = Some(now);
    }
    if row.idle_expires_at.is_some() || rules.idle_for.is_some() {
        next.idle_expires_at = after(now, rules.idle_for);
    }
    next
}

/// `event.refresh_token`
pub(super) fn event(row: &RefreshToken) -> Map<String, Value> {
    let mut event = Map::from_iter([
        ("id".to_owned(), json!(row.id)),
        ("user_id".to_owned(), json!(row.user_id)),
        ("client_id".to_owned(), json!(row.client_id)),
        ("session_id".to_owned(), json!(row.session_id)),
        ("rotating".to_owned(), json!(row.rotating)),
        ("created_at".to_owned(), json!(row.created_at)),
        ("metadata".to_owned(), json!(row.metadata)),
        (
            "device".to_owned(),
            json!({
                "initial_ip": row.initial_ip,
                "initial_user_agent": row.initial_user_agent,
                "last_ip": row.last_ip,
                "last_user_agent": row.last_user_agent,
            }),
        ),
    ]);
    let times = [
        ("last_exchanged_at", row.last_exchanged_at),
        ("idle_expires_at", row.idle_expires_at),
        ("expires_at", row.expires_at),
    ];
    event.extend(times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), json!(at?)))));
    event
}

/// Adds the removal of a few rows whose time is over.
pub(super) async fn sweep(
    app: &App,
    tenant: &TenantId,
    mut set: WriteSet,
    now: Timestamp,
) -> Result<WriteSet, AppError> {
    let oldest = Query::by(Index::RefreshTokenByExpiry).limit(SWEPT);
    for old in app.store().list::<RefreshToken>(tenant, oldest).await?.rows {
        if old.ends_at().is_some_and(|end| end < now) {
            set = set.delete::<RefreshToken>(old.id.as_str(), Expect::Any);
        }
    }
    Ok(set)
}
