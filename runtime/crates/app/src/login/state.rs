//! What logins keep in memory: who is being logged in, what is bound, what actions cached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use postern_engine::TriggerCache;
use postern_model::TenantId;
use postern_model::action::{CREDENTIALS_EXCHANGE, POST_LOGIN};
use tokio::sync::OwnedMutexGuard;

use super::bound::Bound;

/// Tenants whose bindings or cache are kept at the same time.
const TENANTS_KEPT: usize = 1024;

/// What logins keep in memory.
#[derive(Debug, Default)]
pub struct LoginState {
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    bound: Mutex<Kept>,
    caches: Mutex<PerTrigger<Arc<TriggerCache>>>,
}

/// The triggers that run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    PostLogin,
    CredentialsExchange,
}

impl Runs {
    pub(super) fn trigger_id(self) -> &'static str {
        match self {
            Self::PostLogin => POST_LOGIN,
            Self::CredentialsExchange => CREDENTIALS_EXCHANGE,
        }
    }
}

/// Something of each tenant for each trigger that runs.
#[derive(Debug)]
struct PerTrigger<T> {
    login: HashMap<TenantId, T>,
    exchange: HashMap<TenantId, T>,
}

impl<T> Default for PerTrigger<T> {
    fn default() -> Self {
        Self { login: HashMap::new(), exchange: HashMap::new() }
    }
}

impl<T> PerTrigger<T> {
    fn of(&mut self, runs: Runs) -> &mut HashMap<TenantId, T> {
        match runs {
            Runs::PostLogin => &mut self.login,
            Runs::CredentialsExchange => &mut self.exchange,
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// Counts what was forgotten: what was read before is not kept after.
    generation: u64,
    bound: PerTrigger<Arc<Bound>>,
}

/// Only one login of a user at a time in this process; given back on drop.
#[derive(Debug)]
pub(crate) struct UserLock<'a> {
    state: &'a LoginState,
    key: String,
    held: Option<OwnedMutexGuard<()>>,
}

impl Drop for UserLock<'_> {
    fn drop(&mut self) {
        self.held = None;
        let mut locks = lock(&self.state.locks);
        // One who waits holds the lock too, and asks for it under the lock of the map.
        if locks.get(&self.key).is_some_and(|held| Arc::strong_count(held) == 1) {
            locks.remove(&self.key);
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LoginState {
    /// Drops what is kept of a tenant's bindings: the next login reads them anew.
    pub fn forget(&self, tenant: &TenantId) {
        let mut kept = lock(&self.bound);
        kept.generation += 1;
        kept.bound.login.remove(tenant);
        kept.bound.exchange.remove(tenant);
    }

    /// What is bound in a tenant, if it is kept, and the generation to hand to [`keep`](Self::keep).
    pub(super) fn kept(&self, tenant: &TenantId, runs: Runs) -> (Option<Arc<Bound>>, u64) {
        let mut kept = lock(&self.bound);
        (kept.bound.of(runs).get(tenant).cloned(), kept.generation)
    }

    /// Keeps what was read, unless something was forgotten while it was read.
    pub(super) fn keep(&self, tenant: &TenantId, runs: Runs, bound: &Arc<Bound>, generation: u64) {
        let mut kept = lock(&self.bound);
        if kept.generation != generation {
            return;
        }
        let of = kept.bound.of(runs);
        if of.len() >= TENANTS_KEPT {
            of.clear();
        }
        of.insert(tenant.clone(), Arc::clone(bound));
    }

    /// The cache that the actions of a tenant's trigger share.
    pub(super) fn cache(&self, tenant: &TenantId, runs: Runs) -> Arc<TriggerCache> {
        let mut caches = lock(&self.caches);
        let caches = caches.of(runs);
        if let Some(cache) = caches.get(tenant) {
            return Arc::clone(cache);
        }
        if caches.len() >= TENANTS_KEPT {
            caches.clear();
        }
        let cache = Arc::new(TriggerCache::new());
        caches.insert(tenant.clone(), Arc::clone(&cache));
        cache
    }

    /// Waits until no other login of this user is under way.
    pub(crate) async fn user_lock(&self, tenant: &TenantId, user_id: &str) -> UserLock<'_> {
        let key = format!("{tenant}\n{user_id}");
        let waiting = Arc::clone(lock(&self.locks).entry(key.clone()).or_default());
        // Made before the wait: a login that is given up while it waits cleans up as well.
        let mut guard = UserLock { state: self, key, held: None };
        guard.held = Some(waiting.lock_owned().await);
        guard
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn one_user_waits_another_does_not_and_nothing_is_left() {
        let state = LoginState::default();
        let tenant: TenantId = "default".parse().unwrap();
        let held = state.user_lock(&tenant, "auth0|1").await;
        assert!(state.user_lock(&tenant, "auth0|1").now_or_never().is_none());
        assert!(state.user_lock(&tenant, "auth0|2").now_or_never().is_some());
        drop(held);
        assert!(state.user_lock(&tenant, "auth0|1").now_or_never().is_some());
        assert!(lock(&state.locks).is_empty());
    }

    #[test]
    fn what_was_read_before_a_deploy_is_not_kept_after_it() {
        let state = LoginState::default();
        let tenant: TenantId = "default".parse().unwrap();
        let bound = Arc::new(Bound::default());
        let (_, generation) = state.kept(&tenant, Runs::PostLogin);
        state.forget(&tenant);
        state.keep(&tenant, Runs::PostLogin, &bound, generation);
        assert!(state.kept(&tenant, Runs::PostLogin).0.is_none());
        let (_, generation) = state.kept(&tenant, Runs::PostLogin);
        state.keep(&tenant, Runs::PostLogin, &bound, generation);
        assert!(state.kept(&tenant, Runs::PostLogin).0.is_some());
    }
}
