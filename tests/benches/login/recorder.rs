//! A store that hands everything on, and remembers what was committed, so that the very same writes can be made again
//! without the logins.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use postern_model::TenantId;
use postern_store::{
    CommitError, ExportError, ExportReport, ExportScope, Health, ImportError, Index, Page, Query, Receipt, Record,
    Store, StoreError, Table, WriteSet,
};

use crate::load::Rate;

tokio::task_local! {
    /// Which task of the load commits.
    pub(crate) static TASK: usize;
}

/// What each task committed, in order.
pub(crate) type Lanes = Vec<Vec<WriteSet>>;

#[derive(Debug)]
pub(crate) struct Recorder {
    inner: Arc<dyn Store>,
    records: AtomicBool,
    lanes: Vec<Mutex<Vec<WriteSet>>>,
}

impl Recorder {
    pub(crate) fn new(inner: Arc<dyn Store>, lanes: usize) -> Self {
        Self { inner, records: AtomicBool::new(false), lanes: (0..lanes).map(|_| Mutex::default()).collect() }
    }

    /// Begins to remember.
    pub(crate) fn begin(&self) {
        self.records.store(true, Ordering::SeqCst);
    }

    /// Stops, and gives what was remembered.
    pub(crate) fn take(&self) -> Lanes {
        self.records.store(false, Ordering::SeqCst);
        self.lanes
            .iter()
            .map(|lane| std::mem::take(&mut *lane.lock().unwrap_or_else(PoisonError::into_inner)))
            .collect()
    }
}

#[async_trait]
impl Store for Recorder {
    async fn fetch_record(&self, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Record>, StoreError> {
        self.inner.fetch_record(tenant, table, id).await
    }

    async fn find_record(
        &self,
        tenant: &TenantId,
        table: Table,
        index: Index,
        key: &[&str],
    ) -> Result<Option<Record>, StoreError> {
        self.inner.find_record(tenant, table, index, key).await
    }

    async fn list_records(&self, tenant: &TenantId, table: Table, query: Query) -> Result<Page<Record>, StoreError> {
        self.inner.list_records(tenant, table, query).await
    }

    async fn count_records(&self, tenant: &TenantId, table: Table, query: Query) -> Result<u64, StoreError> {
        self.inner.count_records(tenant, table, query).await
    }

    async fn commit(&self, set: WriteSet) -> Result<Receipt, CommitError> {
        if self.records.load(Ordering::Relaxed)
            && let Some(lane) = TASK.try_with(|task| self.lanes.get(*task)).ok().flatten()
        {
            lane.lock().unwrap_or_else(PoisonError::into_inner).push(set.clone());
        }
        self.inner.commit(set).await
    }

    async fn export(&self, scope: ExportScope, to: Box<dyn Write + Send>) -> Result<ExportReport, ExportError> {
        self.inner.export(scope, to).await
    }

    async fn import(&self, from: Box<dyn Read + Send>) -> Result<ExportReport, ImportError> {
        self.inner.import(from).await
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    async fn stopped(&self) {
        self.inner.stopped().await;
    }
}

/// Commits what was remembered, each lane in its order, all lanes at once.
pub(crate) async fn replay(store: &Arc<dyn Store>, lanes: Lanes) -> Rate {
    let begun = Instant::now();
    let tasks: Vec<_> = lanes
        .into_iter()
        .filter(|lane| !lane.is_empty())
        .map(|lane| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let mut took = Vec::with_capacity(lane.len());
                for set in lane {
                    let at = Instant::now();
                    store.commit(set).await.expect("the same writes on the same rows");
                    took.push(at.elapsed());
                }
                took
            })
        })
        .collect();
    let mut took: Vec<Duration> = Vec::new();
    for task in tasks {
        took.extend(task.await.expect("no commit failed"));
    }
    let elapsed = begun.elapsed();
    took.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let per_second = took.len() as f64 / elapsed.as_secs_f64();
    Rate { per_second, p50: took[took.len() / 2], p99: took[took.len() * 99 / 100] }
}
