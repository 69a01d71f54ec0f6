//! The outbox: mails that wait in the store until the provider's server has taken them.
//!
//! A mail is sent at least once. One whose sending was cut off is sent again, with the same `Message-ID`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postern_model::{LogEntry, LogType, Mail, Tenant, TenantId, User};
use postern_store::{Expect, Index, Query, WriteSet, root_tenant};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::compose::MailOrder;
use super::message::{Composed, message};
use super::provider::{self, Provider};
use super::smtp::{SendError, send};
use crate::error::AppError;
use crate::{App, ids, secrets, tenants};

/// How long after each failure a mail is tried again, seconds; after the last it is given up.
const AGAIN_AFTER_S: [i64; 9] = [2, 10, 60, 300, 900, 3_600, 7_200, 14_400, 28_800];
/// Mails of one tenant that are looked at in one go.
const BATCH: usize = 20;
/// How long the outbox rests at most: what another process wrote is found then.
const REST: Duration = Duration::from_secs(60);
/// How long it rests after a fault of the store.
const FAULT_REST: Duration = Duration::from_secs(5);

/// What the process knows of the outboxes: when each tenant has a mail that is due.
#[derive(Debug, Default)]
pub struct Outbox {
    due: Mutex<Due>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Due {
    at: BTreeMap<TenantId, Timestamp>,
    /// Being worked on.
    busy: BTreeSet<TenantId>,
}

impl Outbox {
    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a tenant has a mail that may go now.
    pub(super) fn look_again(&self, tenant: &TenantId) {
        self.due().at.insert(tenant.clone(), Timestamp::MIN);
        self.wake.notify_one();
    }
}

/// The log types of a mail that was delivered, and of one that was not.
pub(super) fn log_types(template: &str) -> (Option<LogType>, LogType) {
    match template {
        "verify_email" | "verify_email_by_code" => {
            (Some(LogType::SuccessVerificationMail), LogType::FailedVerificationMail)
        }
        "reset_email" | "reset_email_by_code" | "change_password" | "password_reset" => {
            (Some(LogType::SuccessPasswordMail), LogType::FailedPasswordMail)
        }
        _ => (None, LogType::FailedNotification),
    }
}

/// Puts a mail into the outbox.
pub(super) async fn put(
    app: &App,
    tenant: &Tenant,
    order: &MailOrder,
    composed: &Composed,
    now: Timestamp,
) -> Result<(), AppError> {
    let mail = Mail {
        user_id: Some(order.user.user_id.clone()),
        client_id: order.client.as_ref().map(|client| client.client_id.clone()),
        connection: order.connection.clone(),
        ip: order.ip.clone(),
        ..blank(app, tenant, order.template, composed, now)?
    };
    keep(app, tenant, &mail).await
}

/// Puts a mail into the outbox that is nobody's but the one who tries a template.
pub(super) async fn put_test(
    app: &App,
    tenant: &Tenant,
    template: &str,
    user: Option<Arc<User>>,
    composed: &Composed,
    now: Timestamp,
) -> Result<(), AppError> {
    let user_id = user.map(|user| user.user_id.clone());
    let mail = Mail { user_id, ..blank(app, tenant, template, composed, now)? };
    keep(app, tenant, &mail).await
}

fn blank(app: &App, tenant: &Tenant, template: &str, composed: &Composed, now: Timestamp) -> Result<Mail, AppError> {
    let id = ids::mail(now)?;
    let sealed = secrets::seal(app, &tenant.id, id.as_str(), json!(composed).to_string().as_bytes())?;
    Ok(Mail {
        id,
        revision: 0,
        template: template.to_owned(),
        sealed,
        user_id: None,
        client_id: None,
        connection: None,
        ip: None,
        attempts: 0,
        next_at: now,
        created_at: now,
    })
}

async fn keep(app: &App, tenant: &Tenant, mail: &Mail) -> Result<(), AppError> {
    app.store().commit(WriteSet::new(&tenant.id, ids::request()?).insert(mail)).await?;
    app.outbox().look_again(&tenant.id);
    Ok(())
}

/// Sends what waits, for as long as the process runs. One task a process.
pub async fn run(app: App) {
    let mut looked = None::<std::time::Instant>;
    loop {
        if looked.is_none_or(|at| at.elapsed() >= REST) {
            match look(&app).await {
                Ok(()) => looked = Some(std::time::Instant::now()),
                Err(error) => {
                    crate::error::log_fault("look for mails", &error);
                    tokio::time::sleep(FAULT_REST).await;
                }
            }
        }
        start_due(&app);
        let rest = next_due(&app).unwrap_or(REST).min(REST);
        // Woken or not, the next round looks at what is due.
        let _woken = tokio::time::timeout(rest, app.outbox().wake.notified()).await;
    }
}

/// Looks in the store which tenants have mails.
async fn look(app: &App) -> Result<(), AppError> {
    for tenant in tenants::tenant_list(app).await? {
        if let Some(at) = earliest(app, &tenant.id).await? {
            let mut due = app.outbox().due();
            let known = due.at.entry(tenant.id).or_insert(at);
            *known = at.min(*known);
        }
    }
    Ok(())
}

async fn earliest(app: &App, tenant: &TenantId) -> Result<Option<Timestamp>, AppError> {
    let page = app.store().list::<Mail>(tenant, Query::by(Index::OutboxByDue).limit(1)).await?;
    Ok(page.rows.first().map(|mail| mail.next_at))
}

fn next_due(app: &App) -> Option<Duration> {
    let due = app.outbox().due();
    let waiting = due.at.iter().filter(|(tenant, _)| !due.busy.contains(*tenant));
    let next = waiting.map(|(_, at)| *at).min()?;
    Some(Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default())
}

/// Gives each tenant that has something due a task of its own: a server that hangs keeps up nobody else.
fn start_due(app: &App) {
    let now = Timestamp::now();
    let mut due = app.outbox().due();
    let ready: Vec<TenantId> = due
        .at
        .iter()
        .filter(|(tenant, at)| **at <= now && !due.busy.contains(*tenant))
        .map(|(t, _)| t.clone())
        .collect();
    for tenant in ready {
        due.at.remove(&tenant);
        due.busy.insert(tenant.clone());
        let app = app.clone();
        tokio::spawn(async move {
            let _done = Working { app: app.clone(), tenant: tenant.clone() };
            let next = match deliver(&app, &tenant).await {
                Ok(()) => earliest(&app, &tenant).await,
                Err(error) => Err(error),
            };
            let next = next.unwrap_or_else(|error| {
                crate::error::log_fault("send mails", &error);
                Some(Timestamp::now().saturating_add(SignedDuration::from_secs(5)).unwrap_or(Timestamp::MAX))
            });
            if let Some(next) = next {
                let mut due = app.outbox().due();
                let known = due.at.entry(tenant).or_insert(next);
                *known = next.min(*known);
            }
        });
    }
}

/// Gives a tenant's outbox back, however the work on it ends.
struct Working {
    app: App,
    tenant: TenantId,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.app.outbox().due().busy.remove(&self.tenant);
        self.app.outbox().wake.notify_one();
    }
}

/// Sends what is due of one tenant.
async fn deliver(app: &App, tenant: &TenantId) -> Result<(), AppError> {
    let Some(tenant) = app.store().fetch::<Tenant>(&root_tenant(), tenant.as_str()).await? else { return Ok(()) };
    let query = Query::by(Index::OutboxByDue).limit(BATCH);
    let mails = app.store().list::<Mail>(&tenant.id, query).await?.rows;
    let provider = provider::load(app, &tenant.id).await?.filter(|provider| provider.enabled);
    let now = Timestamp::now();
    for mail in mails.into_iter().filter(|mail| mail.next_at <= now) {
        let sent = match &provider {
            Some(provider) => attempt(app, &tenant, provider, &mail).await,
            None => Err(SendError::Temporary("no email provider is configured and enabled".to_owned())),
        };
        settle(app, &tenant, mail, sent).await?;
    }
    Ok(())
}

async fn attempt(app: &App, tenant: &Tenant, provider: &Provider, mail: &Mail) -> Result<(), SendError> {
    let bytes = secrets::open(app, &tenant.id, mail.id.as_str(), &mail.sealed)
        .map_err(|_sealed| SendError::Permanent("the mail does not open under this master key".to_owned()))?;
    let composed: Composed = serde_json::from_slice(&bytes)
        .map_err(|_bad| SendError::Permanent("the mail that was kept is not readable".to_owned()))?;
    let message = message(tenant, provider, mail, composed).map_err(SendError::Permanent)?;
    send(app, &tenant.id, provider, message).await
}

/// Writes down how an attempt ended: with the row and the log entry in one commit.
async fn settle(app: &App, tenant: &Tenant, mut mail: Mail, sent: Result<(), SendError>) -> Result<(), AppError> {
    let now = Timestamp::now();
    let (delivered, failed) = log_types(&mail.template);
    let attempts = mail.attempts.saturating_add(1);
    let set = WriteSet::new(&tenant.id, ids::request()?);
    let gone = |set: WriteSet| set.delete::<Mail>(mail.id.as_str(), Expect::Any);
    let again = AGAIN_AFTER_S.get(usize::try_from(mail.attempts).unwrap_or(usize::MAX)).copied();
    let set = match (sent, again) {
        (Ok(()), _) => {
            let entry = delivered.map(|kind| entry(&mail, kind, "Email sent", attempts, None, now)).transpose()?;
            let set = gone(set);
            match entry {
                Some(entry) => set.insert(&entry),
                None => set,
            }
        }
        (Err(SendError::Temporary(reason)), Some(again)) => {
            let entry = entry(
                &mail,
                LogType::FailedNotification,
                "Email not sent, tried again later",
                attempts,
                Some(&reason),
                now,
            )?;
            let first = mail.attempts == 0;
            mail.attempts = attempts;
            mail.next_at = now.saturating_add(SignedDuration::from_secs(again)).unwrap_or(Timestamp::MAX);
            let set = set.replace(&mail);
            // A server that is down all night is told of once a mail.
            if first { set.insert(&entry) } else { set }
        }
        (Err(SendError::Temporary(reason) | SendError::Permanent(reason)), _) => {
            let entry = entry(&mail, failed, "Email not sent, given up", attempts, Some(&reason), now)?;
            gone(set).insert(&entry)
        }
    };
    app.store().commit(set).await?;
    Ok(())
}

fn entry(
    mail: &Mail,
    kind: LogType,
    description: &str,
    attempts: u32,
    error: Option<&str>,
    now: Timestamp,
) -> Result<LogEntry, AppError> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    set("user_id", json!(mail.user_id));
    set("client_id", json!(mail.client_id));
    set("connection", json!(mail.connection));
    set("ip", json!(mail.ip));
    let details = json!({
        "email_template": mail.template, "mail": mail.id, "attempts": attempts, "error": error,
    });
    set("details", details);
    Ok(LogEntry { log_id: ids::log(now)?, date: now, kind, description: description.to_owned(), fields })
}

/// Whether so many mails to a user wait already: one who asks again and again does not fill the outbox.
pub(super) async fn waiting(
    app: &App,
    tenant: &TenantId,
    user: &postern_model::UserId,
    most: usize,
) -> Result<bool, AppError> {
    let page = app.store().list::<Mail>(tenant, Query::by(Index::OutboxByDue).limit(100)).await?;
    Ok(page.rows.iter().filter(|mail| mail.user_id.as_ref() == Some(user)).count() >= most)
}
