//! What a run may ask of the outside: one module per group of host calls, on types of our own.
//! `abi` only translates.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use postern_contract::HostCall;
use serde_json::{Value, json};

use crate::sandbox::{Outside, Shared};

pub(crate) mod cache;
pub(crate) mod crypto;
pub(crate) mod directory;
pub(crate) mod egress;
pub(crate) mod http;

/// What a call may use.
pub(crate) struct Room {
    pub(crate) deadline: Instant,
    /// Body of one answer, bytes.
    pub(crate) body_bytes: usize,
    /// What is left for the bodies of all answers of the run, bytes.
    pub(crate) budget: Arc<AtomicUsize>,
}

/// What starting a call came to.
pub(crate) enum Started {
    /// It is answered already.
    Done(Value),
    /// Its arguments are not legal, and why.
    Bad(String),
    /// It takes time.
    UnderWay(BoxFuture<'static, Value>),
}

impl From<Result<Value, String>> for Started {
    fn from(answer: Result<Value, String>) -> Self {
        answer.map_or_else(Self::Bad, Self::Done)
    }
}

/// Starts a call.
pub(crate) fn start(shared: &Arc<Shared>, outside: &Outside, call: HostCall, room: Room) -> Started {
    let Outside { now_ms, cache, directory, .. } = outside;
    match call {
        HostCall::CacheGet { key } => Started::Done(cache.get(&key, *now_ms)),
        HostCall::CacheSet(write) => Started::Done(cache.set(write, *now_ms)),
        HostCall::CacheDelete { key } => Started::Done(cache.delete(&key, *now_ms)),
        HostCall::HttpFetch { method, url, headers, body, timeout_ms, redirect } => {
            let fetch = http::Fetch::check(&method, &url, &headers, body, timeout_ms, redirect);
            match fetch {
                Ok(fetch) => {
                    let shared = Arc::clone(shared);
                    let policy = outside.egress.clone();
                    Started::UnderWay(async move { shared.http.fetch(fetch, &policy, &room).await }.boxed())
                }
                Err(message) => Started::Bad(message),
            }
        }
        HostCall::Timer { ms } => Started::UnderWay(timer(ms, room.deadline).boxed()),
        HostCall::GroupsGetUserGroups { take, from } => directory.user_groups(take, from.as_deref()).into(),
        HostCall::GroupsHasGroupMembership { groups } => directory.group_membership(&groups).into(),
        HostCall::RolesGetUserEffectiveRoles { take, from } => directory.user_roles(take, from.as_deref()).into(),
        HostCall::RolesGetUserEffectiveRolesByIds { ids } => directory.roles_by_ids(&ids).into(),
        HostCall::RolesGetUserEffectiveRolesByNames { names } => directory.roles_by_names(&names).into(),
        call @ (HostCall::CryptoSign(_)
        | HostCall::CryptoVerify(_)
        | HostCall::CryptoEncrypt(_)
        | HostCall::CryptoDecrypt(_)
        | HostCall::CryptoAgree(_)
        | HostCall::CryptoPublic(_)
        | HostCall::CryptoPbkdf2(_)
        | HostCall::CryptoScrypt(_)
        | HostCall::CryptoGenerateRsa { .. }) => crypto::start(&shared.crypto, call),
    }
}

/// Ends after `ms`, or soon after the run's deadline, which then ends the run.
async fn timer(ms: u64, deadline: Instant) -> Value {
    let end = Instant::now().checked_add(Duration::from_millis(ms)).unwrap_or(deadline);
    let late = deadline.checked_add(Duration::from_secs(1)).unwrap_or(deadline);
    tokio::time::sleep_until(end.min(late).into()).await;
    json!({})
}
