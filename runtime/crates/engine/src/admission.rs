//! Who may run now: permits per process and per tenant, so that a full tenant waits and its neighbors do not notice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postern_model::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Busy;

/// Tenants known before those without a run are forgotten.
const TENANTS_KEPT: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Admission {
    process: Arc<Semaphore>,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    concurrent_runs: usize,
    runs_per_tenant: usize,
    wait: Duration,
}

/// Room for one run; given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    _tenant: OwnedSemaphorePermit,
    _process: OwnedSemaphorePermit,
}

impl Admission {
    pub(crate) fn new(concurrent_runs: usize, runs_per_tenant: usize, wait: Duration) -> Self {
        Self {
            process: Arc::new(Semaphore::new(concurrent_runs)),
            tenants: Mutex::default(),
            concurrent_runs,
            runs_per_tenant,
            wait,
        }
    }

    pub(crate) async fn admit(&self, tenant: &TenantId, deadline: Instant) -> Result<Permit, Busy> {
        // The tenant's own permit first: a tenant that is full holds none of the process's while it waits.
        let (of_tenant, of_process) = (self.tenant(tenant), Arc::clone(&self.process));
        let at_once = Arc::clone(&of_tenant).try_acquire_owned().ok();
        if let Some(tenant) = at_once {
            match Arc::clone(&of_process).try_acquire_owned() {
                Ok(process) => return Ok(Permit { _tenant: tenant, _process: process }),
                Err(_full) => return self.wait(Some(tenant), of_tenant, of_process, deadline).await,
            }
        }
        self.wait(None, of_tenant, of_process, deadline).await
    }

    /// For the permits that cannot be had at once.
    async fn wait(
        &self,
        tenant: Option<OwnedSemaphorePermit>,
        of_tenant: Arc<Semaphore>,
        of_process: Arc<Semaphore>,
        deadline: Instant,
    ) -> Result<Permit, Busy> {
        let started = Instant::now();
        let until = started.checked_add(self.wait).unwrap_or(deadline).min(deadline);
        let busy = |tenant: bool| Busy {
            tenant,
            limit: if tenant { self.runs_per_tenant } else { self.concurrent_runs },
            waited: started.elapsed(),
        };
        let tenant = match tenant {
            Some(permit) => permit,
            None => acquire(of_tenant, until).await.ok_or_else(|| busy(true))?,
        };
        let process = acquire(of_process, until).await.ok_or_else(|| busy(false))?;
        Ok(Permit { _tenant: tenant, _process: process })
    }

    fn tenant(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = tenants.get(tenant) {
            return Arc::clone(found);
        }
        if tenants.len() >= TENANTS_KEPT {
            // A permit, and one who waits for it, holds its semaphore.
            tenants.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        let semaphore = Arc::new(Semaphore::new(self.runs_per_tenant));
        tenants.insert(tenant.clone(), Arc::clone(&semaphore));
        semaphore
    }
}

async fn acquire(semaphore: Arc<Semaphore>, until: Instant) -> Option<OwnedSemaphorePermit> {
    match tokio::time::timeout_at(until.into(), semaphore.acquire_owned()).await {
        Ok(Ok(permit)) => Some(permit),
        Ok(Err(_)) | Err(_) => None,
    }
}
