//! Refresh tokens. A token is the sealed name of its family and of its place in it, so that one that was rotated away
//! is told from one that never was: its coming again means that it was stolen, and ends the family (RFC 9700 § 4.14).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
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
/// Seconds a token of a client with expiring tokens is good, and good without use (Auth0: 30 and 15 days).
const LIFETIME: i64 = 2_592_000;
const IDLE_LIFETIME: i64 = 1_296_000;
/// Longest time in which a rotated token may come again, s (Auth0: 60).
const LEEWAY_MOST: u64 = 60;
/// Rows whose time is over that a new one takes along.
const SWEPT: usize = 4;

/// The settings of a client (Auth0: `refresh_token`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) rotating: bool,
    pub(super) leeway: Duration,
    lifetime: Option<i64>,
    idle_lifetime: Option<i64>,
}

impl Rules {
    pub(super) fn of(client: &Client) -> Self {
        let settings = client.settings.get("refresh_token");
        let text = |name: &str| settings.and_then(|all| all.get(name)).and_then(Value::as_str);
        let flag = |name: &str| settings.and_then(|all| all.get(name)).and_then(Value::as_bool).unwrap_or_default();
        let seconds = |name: &str| settings.and_then(|all| all.get(name)).and_then(Value::as_i64);
        let expiring = text("expiration_type") == Some("expiring");
        let limit = |infinite: &str, name: &str, usual: i64| {
            (expiring && !flag(infinite)).then(|| seconds(name).filter(|seconds| *seconds > 0).unwrap_or(usual))
        };
        let leeway = seconds("leeway").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default();
        Self {
            rotating: text("rotation_type") == Some("rotating"),
            leeway: Duration::from_secs(leeway.min(LEEWAY_MOST)),
            lifetime: limit("infinite_token_lifetime", "token_lifetime", LIFETIME),
            idle_lifetime: limit("infinite_idle_token_lifetime", "idle_token_lifetime", IDLE_LIFETIME),
        }
    }
}

fn after(now: Timestamp, seconds: Option<i64>) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_secs(seconds?)).ok()
}

/// A new family and its first token.
pub(super) fn make(
    app: &App,
    tenant: &TenantId,
    client: &Client,
    what: &Authorized,
    now: Timestamp,
) -> Result<(RefreshToken, String), AppError> {
    let rules = Rules::of(client);
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
        idle_expires_at: after(now, rules.idle_lifetime),
        expires_at: after(now, rules.lifetime),
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
pub(super) fn exchanged(row: &RefreshToken, current: bool, rules: Rules, ctx: &OpCtx) -> RefreshToken {
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
    if row.idle_expires_at.is_some() || rules.idle_lifetime.is_some() {
        next.idle_expires_at = after(now, rules.idle_lifetime);
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
