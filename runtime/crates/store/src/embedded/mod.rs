//! The embedded store: sled 0.34.7 behind what makes it durable.
//!
//! sled's own flush does not reach the disk, its asynchronous flush deadlocks, large values become files that
//! are never synced, and a half-written snapshot makes a database unopenable. So: `open` prepares the folder,
//! `committer` is the only writer and syncs the log itself before it acknowledges, `row` keeps values small.

mod apply;
mod committer;
mod dump;
mod open;
mod read;
mod row;
mod sync;
mod tree;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use postern_model::TenantId;
use tokio::sync::{mpsc, oneshot, watch};

use crate::entity::{Index, Table};
use crate::error::{CommitError, ExportError, ImportError, OpenError, StoreError};
use crate::query::{Page, Query};
use crate::store::{ExportReport, ExportScope, Health, Record, Store};
use crate::write_set::{Receipt, WriteSet};
use committer::{Committer, Job};
use open::Opened;
pub use sync::Durability;
use sync::LogFile;
use tree::Trees;

/// Sets waiting for the committer; further writers wait for a place.
const QUEUE: usize = 1024;

/// How the embedded store is opened.
#[derive(Debug, Clone, Copy)]
pub struct SledConfig {
    /// Bytes of pages kept in memory.
    pub cache_bytes: u64,
    /// What time it is, ms since the epoch: decides when request ids are forgotten.
    pub clock: fn() -> u64,
}

impl Default for SledConfig {
    fn default() -> Self {
        Self { cache_bytes: 256 * 1024 * 1024, clock: now_ms }
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX))
}

/// The embedded store. Dropping it waits for the sets already handed over, then lets go of the folder.
#[derive(Debug)]
pub struct SledStore {
    trees: Trees,
    jobs: Option<mpsc::Sender<Job>>,
    fatal: watch::Receiver<bool>,
    committer: Option<std::thread::JoinHandle<()>>,
    /// Held until everything else is closed.
    _lock: Arc<std::fs::File>,
}

impl SledStore {
    /// Opens the store in a folder, or makes a new one when the folder is absent or empty. Blocks.
    ///
    /// # Errors
    /// When the folder is in use, damaged, half imported or not ours. It never starts empty where data was before.
    pub fn open(path: impl AsRef<Path>, config: SledConfig) -> Result<Self, OpenError> {
        let opened = open::open(path.as_ref(), &config)?;
        let file = LogFile::open(&opened.engine_dir)?;
        Self::start(opened, &config, Box::new(file))
    }

    /// Opens with another way to make the log durable: how tests make it fail.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    #[doc(hidden)]
    pub fn open_with(
        path: impl AsRef<Path>,
        config: SledConfig,
        durability: impl FnOnce(std::fs::File) -> Box<dyn Durability>,
    ) -> Result<Self, OpenError> {
        let opened = open::open(path.as_ref(), &config)?;
        let file = LogFile::open(&opened.engine_dir)?;
        Self::start(opened, &config, durability(file.into_file()))
    }

    fn start(opened: Opened, config: &SledConfig, durability: Box<dyn Durability>) -> Result<Self, OpenError> {
        let Opened { trees, engine_dir, lock } = opened;
        let lock = Arc::new(lock);
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (stopped, fatal) = watch::channel(false);
        let committer = Committer::new(trees.clone(), engine_dir.clone(), durability, config.clock, stopped);
        let committer = std::thread::Builder::new()
            .name("postern-commit".into())
            .spawn(move || committer.run(queue))
            .map_err(|source| OpenError::Io { what: "start the committer of", path: engine_dir, source })?;
        Ok(Self { trees, jobs: Some(jobs), fatal, committer: Some(committer), _lock: lock })
    }

    async fn send(&self, job: Job) -> Result<(), CommitError> {
        let Some(jobs) = &self.jobs else { return Err(CommitError::Fatal) };
        jobs.send(job).await.map_err(|_gone| CommitError::Fatal)
    }

    fn readable(&self) -> Result<(), StoreError> {
        if *self.fatal.borrow() { Err(StoreError::Fatal) } else { Ok(()) }
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(committer) = self.committer.take() {
            // A panic in it has already been reported as fatal.
            let _ = committer.join();
        }
    }
}

/// Runs what may read many pages where blocking is allowed.
async fn blocking<T: Send + 'static, E: From<StoreError> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Engine(Box::new(error)).into()),
    }
}

#[async_trait]
impl Store for SledStore {
    // Point reads are a few microseconds from the page cache, so they are made in place.
    async fn fetch_record(&self, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Record>, StoreError> {
        self.readable()?;
        if table == Table::Artifacts {
            // Megabytes in many chunks.
            let (trees, tenant, id) = (self.trees.clone(), tenant.clone(), id.to_owned());
            return blocking(move || read::fetch(&trees, &tenant, table, &id)).await;
        }
        read::fetch(&self.trees, tenant, table, id)
    }

    async fn find_record(
        &self,
        tenant: &TenantId,
        table: Table,
        index: Index,
        key: &[&str],
    ) -> Result<Option<Record>, StoreError> {
        self.readable()?;
        read::find(&self.trees, tenant, table, index, key)
    }

    async fn list_records(&self, tenant: &TenantId, table: Table, query: Query) -> Result<Page<Record>, StoreError> {
        self.readable()?;
        let (trees, tenant) = (self.trees.clone(), tenant.clone());
        blocking(move || read::list(&trees, &tenant, table, &query)).await
    }

    async fn count_records(&self, tenant: &TenantId, table: Table, query: Query) -> Result<u64, StoreError> {
        self.readable()?;
        let (trees, tenant) = (self.trees.clone(), tenant.clone());
        blocking(move || read::count(&trees, &tenant, table, &query)).await
    }

    async fn commit(&self, mut set: WriteSet) -> Result<Receipt, CommitError> {
        if let Some(refusal) = set.refusal.take() {
            return Err(refusal.into());
        }
        let (answer, receipt) = oneshot::channel();
        self.send(Job::Commit(set, answer)).await?;
        receipt.await.unwrap_or(Err(CommitError::UnknownOutcome))
    }

    async fn export(&self, scope: ExportScope, to: Box<dyn Write + Send>) -> Result<ExportReport, ExportError> {
        self.readable()?;
        let (trees, jobs) = (self.trees.clone(), self.jobs.clone().ok_or(StoreError::Fatal)?);
        blocking(move || dump::export(&trees, &jobs, &scope, to)).await
    }

    async fn import(&self, from: Box<dyn Read + Send>) -> Result<ExportReport, ImportError> {
        self.readable()?;
        let jobs = self.jobs.clone().ok_or(StoreError::Fatal)?;
        blocking(move || dump::import(&jobs, from)).await
    }

    fn health(&self) -> Health {
        if *self.fatal.borrow() { Health::Fatal } else { Health::Serving }
    }

    async fn stopped(&self) {
        let mut fatal = self.fatal.clone();
        // An error means that the committer ended, which is a stop as well.
        let _ = fatal.wait_for(|fatal| *fatal).await;
    }
}
