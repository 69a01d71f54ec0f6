//! The workload of the commit benchmark, for whoever compares something else with it. Not part of the interface.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use postern_model::{Actor, Identity, LogEntry, LogType, MetadataKind, TenantId, User};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{CommitError, Expect, LoginStamp, MetadataChange, Store, UserPatch, WriteSet};

/// What one commit writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// One user of about 2 KB, whatever was there: the bare cost of a durable write.
    Put,
    /// What a login writes of its user: the patch evaluated in the commit with its history entry, and a log entry.
    Login,
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    #[expect(missing_docs, reason = "says its name")]
    pub commits_per_second: f64,
    /// Half of the commits were acknowledged within this.
    pub p50: Duration,
    /// 99 of 100 were.
    pub p99: Duration,
}

/// A user of about 2 KB as JSON text.
///
/// # Panics
/// Never: the id is well formed.
#[must_use]
#[expect(clippy::expect_used, reason = "the id is well formed")]
pub fn user(number: u64) -> User {
    let name = format!("u{number:08}");
    let profile = Map::from_iter([("bio".to_owned(), Value::from("x".repeat(1200)))]);
    let app_metadata = Map::from_iter([("plan".to_owned(), json!("pro")), ("tags".to_owned(), json!(["a", "b", "c"]))]);
    User {
        user_id: format!("auth0|{name}").parse().expect("is well formed"),
        revision: 0,
        email: Some(format!("{name}@example.com")),
        email_verified: true,
        username: None,
        phone_number: None,
        phone_verified: None,
        name: Some(format!("User {number}")),
        given_name: Some("Given".into()),
        family_name: Some("Family".into()),
        nickname: Some(name.clone()),
        picture: Some(format!("https://pictures.example.com/{name}.png")),
        blocked: None,
        attributes: Map::new(),
        identities: vec![Identity {
            connection: "Username-Password-Authentication".into(),
            provider: "auth0".into(),
            user_id: name,
            is_social: false,
            profile_data: None,
            password_hash: None,
        }],
        user_metadata: Some(profile),
        app_metadata: Some(app_metadata),
        roles: Vec::new(),
        multifactor: Vec::new(),
        password_hash: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        last_login: None,
        last_ip: None,
        last_password_reset: None,
        logins_count: 0,
    }
}

/// The set of one commit; `turn` makes its values differ from those of other commits.
#[must_use]
#[expect(clippy::expect_used, reason = "the id is well formed")]
pub fn write_set(workload: Workload, tenant: &TenantId, number: u64, turn: u64) -> WriteSet {
    let user = user(number);
    let set = WriteSet::new(tenant, Uuid::now_v7());
    match workload {
        Workload::Put => set.put(&user),
        Workload::Login => {
            let at = Timestamp::UNIX_EPOCH;
            let change = MetadataChange {
                kind: MetadataKind::AppMetadata,
                patch: Map::from_iter([("turn".to_owned(), Value::from(turn))]),
                clear: false,
                actor: Actor::System,
            };
            let patch = UserPatch {
                expect: Expect::Any,
                create: Some(Box::new(user.clone())),
                login: Some(LoginStamp { at, ip: Some("192.0.2.1".into()) }),
                metadata: vec![change],
                ..UserPatch::new(user.user_id.clone(), at)
            };
            let fields = Map::from_iter([("user_id".to_owned(), Value::from(user.user_id.to_string()))]);
            let log_id = format!("900{}", Uuid::now_v7().simple()).parse().expect("is well formed");
            let description = String::new();
            let log = LogEntry { log_id, date: at, kind: LogType::SuccessLogin, description, fields };
            set.patch_user(patch).insert(&log)
        }
    }
}

/// Commits from `writers` tasks for some time, each over users of its own.
///
/// # Errors
/// The first commit that fails.
pub async fn run(
    store: &Arc<dyn Store>,
    workload: Workload,
    writers: u64,
    lasting: Duration,
) -> Result<Measured, CommitError> {
    const USERS: u64 = 64;

    let tenant = crate::root_tenant();
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (store, tenant) = (Arc::clone(store), tenant.clone());
            tokio::spawn(async move {
                let (mut took, mut turn) = (Vec::new(), 0);
                while begun.elapsed() < lasting {
                    let set = write_set(workload, &tenant, writer * USERS + turn % USERS, turn);
                    let at = Instant::now();
                    store.commit(set).await?;
                    took.push(at.elapsed());
                    turn += 1;
                }
                Ok::<_, CommitError>(took)
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.map_err(|_panicked| CommitError::UnknownOutcome)??);
    }
    let elapsed = begun.elapsed();
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a count of commits is far below 2^52")]
    let commits_per_second = took.len() as f64 / elapsed.as_secs_f64();
    Ok(Measured { commits_per_second, p50: at(50), p99: at(99) })
}
