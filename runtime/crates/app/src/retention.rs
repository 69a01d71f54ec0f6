//! What is kept for a time only: entries of the tenant log and records of executions. They are swept in the background,
//! a bounded number at a time, so that the store does not grow for ever and logins do not notice.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postern_model::{Execution, LogEntry, TenantId};
use postern_store::{Entity, Expect, Query, WriteSet};

use crate::error::AppError;
use crate::tenants::tenant_list;
use crate::{App, ids};

/// How often is swept.
const EVERY: Duration = Duration::from_secs(600);
/// Rows removed in one write.
const AT_ONCE: usize = 100;
/// Writes for one table of one tenant in one sweep; what is left waits for the next.
const WRITES: usize = 100;
/// Between two writes, so that others come in between.
const PAUSE: Duration = Duration::from_millis(20);

/// Sweeps for ever. `kept_for` is how long an entry is kept.
pub async fn run(app: App, kept_for: Duration) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match sweep(&app, kept_for, Timestamp::now()).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old log entries and executions were removed"),
            Err(error) => tracing::warn!(%error, "old log entries were not removed"),
        }
    }
}

/// Removes what is older than `kept_for`, of every tenant, up to a bound; says how many rows.
///
/// # Errors
/// A fault of the store.
pub async fn sweep(app: &App, kept_for: Duration, now: Timestamp) -> Result<usize, AppError> {
    let Ok(kept_for) = SignedDuration::try_from(kept_for) else { return Ok(0) };
    let Ok(before) = now.checked_sub(kept_for) else { return Ok(0) };
    let mut rows = 0;
    for tenant in tenant_list(app).await? {
        rows += sweep_table::<LogEntry>(app, &tenant.id, |entry| entry.date < before).await?;
        rows += sweep_table::<Execution>(app, &tenant.id, |execution| execution.created_at < before).await?;
    }
    Ok(rows)
}

/// The ids of both tables rise with time, so the oldest rows come first.
async fn sweep_table<T: Entity>(app: &App, tenant: &TenantId, is_old: impl Fn(&T) -> bool) -> Result<usize, AppError> {
    let mut rows = 0;
    for _ in 0..WRITES {
        let page = app.store().list::<T>(tenant, Query::all().limit(AT_ONCE)).await?;
        let old: Vec<String> = page.rows.iter().take_while(|row| is_old(row)).map(Entity::id).collect();
        if old.is_empty() {
            break;
        }
        let set = WriteSet::new(tenant, ids::request()?);
        app.store().commit(old.iter().fold(set, |set, id| set.delete::<T>(id, Expect::Any))).await?;
        rows += old.len();
        if old.len() < AT_ONCE {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(rows)
}
