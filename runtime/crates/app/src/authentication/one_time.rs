//! Secrets that are good for once: authorization codes, login tickets, mails' links. Kept under their hash.

use std::time::Duration;

use jiff::Timestamp;
use postern_model::{OneTime, TenantId};
use postern_store::{CommitError, Expect, Index, Query, WriteSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::actions::sha256_hex;
use crate::error::AppError;
use crate::{App, ids};

/// Rows whose time is over that a new one takes along.
const SWEPT: usize = 4;

/// Makes a secret that stands for `payload`.
///
/// # Errors
/// A fault of the store or the generator.
pub async fn one_time_create<T: Serialize + Sync>(
    app: &App,
    tenant: &TenantId,
    kind: &'static str,
    payload: &T,
    live_for: Duration,
    now: Timestamp,
) -> Result<String, AppError> {
    let secret = ids::token()?;
    let row = row(&secret, kind, payload, live_for, now)?;
    let set = WriteSet::new(tenant, ids::request()?).insert(&row);
    app.store().commit(sweep(app, tenant, set, now).await?).await?;
    Ok(secret)
}

/// The row of a secret, to be written with others.
pub(super) fn row<T: Serialize>(
    secret: &str,
    kind: &str,
    payload: &T,
    live_for: Duration,
    now: Timestamp,
) -> Result<OneTime, AppError> {
    let payload = serde_json::to_value(payload);
    Ok(OneTime {
        secret_sha256: sha256_hex(secret.as_bytes()),
        revision: 0,
        kind: kind.to_owned(),
        payload: payload.map_err(|error| AppError::internal("write a one-time secret").with_source(error))?,
        expires_at: now.checked_add(live_for).unwrap_or(now),
    })
}

/// Adds the removal of a few rows whose time is over.
async fn sweep(app: &App, tenant: &TenantId, mut set: WriteSet, now: Timestamp) -> Result<WriteSet, AppError> {
    let oldest = app.store().list::<OneTime>(tenant, Query::by(Index::OneTimeByExpiry).limit(SWEPT)).await?;
    for old in oldest.rows.iter().filter(|old| old.expires_at < now) {
        set = set.delete::<OneTime>(&old.secret_sha256, Expect::Any);
    }
    Ok(set)
}

/// The row of a secret of this kind whose time is not over.
pub(super) async fn find(
    app: &App,
    tenant: &TenantId,
    kind: &str,
    secret: &str,
    now: Timestamp,
) -> Result<Option<OneTime>, AppError> {
    let row = app.store().fetch::<OneTime>(tenant, &sha256_hex(secret.as_bytes())).await?;
    Ok(row.filter(|row| row.kind == kind && row.expires_at > now))
}

/// The payload of a row.
pub(super) fn payload<T: DeserializeOwned>(row: OneTime) -> Result<T, AppError> {
    serde_json::from_value(row.payload).map_err(|error| AppError::internal("read a one-time secret").with_source(error))
}

/// What a secret stands for; it stays good.
///
/// # Errors
/// A fault of the store.
pub async fn one_time_fetch<T: DeserializeOwned>(
    app: &App,
    tenant: &TenantId,
    kind: &'static str,
    secret: &str,
    now: Timestamp,
) -> Result<Option<T>, AppError> {
    find(app, tenant, kind, secret, now).await?.map(payload).transpose()
}

/// What a secret stands for; nobody gets it again.
///
/// # Errors
/// A fault of the store.
pub async fn one_time_take<T: DeserializeOwned>(
    app: &App,
    tenant: &TenantId,
    kind: &'static str,
    secret: &str,
    now: Timestamp,
) -> Result<Option<T>, AppError> {
    let Some(row) = find(app, tenant, kind, secret, now).await? else { return Ok(None) };
    let set =
        WriteSet::new(tenant, ids::request()?).delete::<OneTime>(&row.secret_sha256, Expect::Revision(row.revision));
    match app.store().commit(set).await {
        Ok(_) => payload(row).map(Some),
        // Another call with the same secret came first.
        Err(CommitError::Conflict { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
