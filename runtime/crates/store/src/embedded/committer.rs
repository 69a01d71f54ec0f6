//! The only writer: one thread that gathers write sets into one transaction of the engine, makes it durable, and
//! then answers all of them.
//!
//! A batch forms while the one before is being synced, so there is no artificial delay. After a failed
//! write or sync nothing is acknowledged any more, for a repeated sync may report success for pages that
//! the first one lost.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use sled::Transactional as _;
use sled::transaction::TransactionResult;
use tokio::sync::{mpsc, oneshot, watch};

use super::apply::{Batch, Overlay, RawRow};
use super::sync::{Durability, sync_blobs};
use super::tree::{ROW_TREES, TREES, Tree, Trees};
use crate::error::CommitError;
use crate::write_set::{Receipt, WriteSet};

/// Sets of one batch, and about their bytes.
const BATCH_SETS: usize = 256;
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// Set in the meta tree while an import is under way.
pub(super) const IMPORTING: &[u8] = b"importing";

type Answer = oneshot::Sender<Result<Receipt, CommitError>>;

pub(super) enum Job {
    Commit(WriteSet, Answer),
    /// Work between two batches.
    Run(Box<dyn FnOnce(&mut Committer) + Send>),
}

/// A changed row: its tree and key.
pub(super) type Touched = HashSet<(Tree, Vec<u8>)>;

pub(super) struct Committer {
    pub(super) trees: Trees,
    engine_dir: PathBuf,
    durability: Box<dyn Durability>,
    clock: fn() -> u64,
    stopped: watch::Sender<bool>,
    /// The rows changed since an export began, by export.
    watches: HashMap<u64, Touched>,
    next_watch: u64,
}

impl Committer {
    pub(super) fn new(
        trees: Trees,
        engine_dir: PathBuf,
        durability: Box<dyn Durability>,
        clock: fn() -> u64,
        stopped: watch::Sender<bool>,
    ) -> Self {
        Self { trees, engine_dir, durability, clock, stopped, watches: HashMap::new(), next_watch: 0 }
    }

    /// Serves until the last sender is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut put_back = None;
        while let Some(job) = put_back.take().or_else(|| queue.blocking_recv()) {
            match job {
                Job::Run(work) => self.guarded(|committer| work(committer)),
                Job::Commit(set, answer) => {
                    let mut bytes = set.size();
                    let mut sets = vec![(set, answer)];
                    while sets.len() < BATCH_SETS && bytes < BATCH_BYTES {
                        match queue.try_recv() {
                            Ok(Job::Commit(set, answer)) => {
                                bytes += set.size();
                                sets.push((set, answer));
                            }
                            Ok(job @ Job::Run(_)) => {
                                put_back = Some(job);
                                break;
                            }
                            Err(mpsc::error::TryRecvError::Empty | mpsc::error::TryRecvError::Disconnected) => break,
                        }
                    }
                    // Answers that are dropped in a panic are read as an unknown outcome.
                    self.guarded(|committer| committer.commit(sets));
                }
            }
        }
    }

    /// A panic stops the store as a failed write does.
    fn guarded(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.stop("the committer panicked");
        }
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    fn stop(&self, why: &str) {
        tracing::error!(why, "the store stops: nothing is acknowledged until the process is restarted");
        self.stopped.send_replace(true);
    }

    fn commit(&mut self, sets: Vec<(WriteSet, Answer)>) {
        if self.is_stopped() {
            for (_, answer) in sets {
                let _ = answer.send(Err(CommitError::Fatal));
            }
            return;
        }
        let mut batch = Batch::new(&self.trees, (self.clock)());
        let mut results: Vec<_> = sets.iter().map(|(set, _)| batch.apply(set)).collect();
        if batch.forget_requests(2 * sets.len()).is_err() {
            results.fill_with(|| Err(CommitError::Fatal));
        }
        let overlay = batch.overlay;
        if results.iter().any(|result| matches!(result, Err(CommitError::Fatal))) {
            self.stop("the engine cannot be read");
            results.fill_with(|| Err(CommitError::Fatal));
        } else if let Err(why) = self.make_durable(overlay) {
            self.stop(&why);
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(CommitError::UnknownOutcome);
            }
        }
        for ((_, answer), result) in sets.into_iter().zip(results) {
            // A caller that stopped waiting is not an error: its set is committed all the same.
            let _ = answer.send(result);
        }
    }

    /// Writes an overlay in one transaction; `Ok` means that it survives a power cut.
    fn make_durable(&mut self, overlay: Overlay) -> Result<(), String> {
        if overlay.is_empty() {
            return Ok(());
        }
        for touched in self.watches.values_mut() {
            for tree in ROW_TREES {
                touched.extend(overlay.keys(tree).map(|key| (tree, key.clone())));
            }
        }
        let batches = overlay.into_batches();
        let written: TransactionResult<(), ()> = self.trees.all().transaction(|views| {
            for (view, batch) in views.iter().zip(&batches) {
                view.apply_batch(batch)?;
            }
            Ok(())
        });
        written.map_err(|error| format!("the engine refused a transaction: {error:?}"))?;
        self.trees.db.flush().map_err(|error| format!("the engine could not flush: {error}"))?;
        if sync_blobs(&self.engine_dir).map_err(|error| format!("large values could not be synced: {error}"))? {
            tracing::error!("the engine wrote a value to a file of its own");
        }
        self.durability.sync().map_err(|error| format!("the log could not be synced: {error}"))
    }

    /// Whether any row tree has a row.
    pub(super) fn has_rows(&self) -> bool {
        ROW_TREES.iter().any(|tree| !self.trees.tree(*tree).is_empty())
    }

    /// Begins to note which rows change.
    pub(super) fn watch(&mut self) -> u64 {
        self.next_watch += 1;
        self.watches.insert(self.next_watch, Touched::new());
        self.next_watch
    }

    /// The rows changed since the last call.
    pub(super) fn touched(&mut self, watch: u64) -> Touched {
        self.watches.get_mut(&watch).map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn unwatch(&mut self, watch: u64) -> Touched {
        self.watches.remove(&watch).unwrap_or_default()
    }

    /// Writes rows of an export. `last` ends the import, which until then is marked as unfinished.
    pub(super) fn import(&mut self, rows: &[RawRow], last: bool) -> Result<(), CommitError> {
        if self.is_stopped() {
            return Err(CommitError::Fatal);
        }
        let mut batch = Batch::new(&self.trees, (self.clock)());
        for row in rows {
            batch.import(row)?;
        }
        batch.put_meta(IMPORTING, (!last).then(|| b"1".into()));
        let overlay = batch.overlay;
        self.make_durable(overlay).map_err(|why| {
            self.stop(&why);
            CommitError::UnknownOutcome
        })
    }

    /// Empties the store after a failed import.
    pub(super) fn clear(&mut self) -> Result<(), CommitError> {
        let cleared =
            TREES.iter().filter(|tree| **tree != Tree::Meta).try_for_each(|tree| self.trees.tree(*tree).clear());
        if let Err(error) = cleared {
            self.stop(&format!("a failed import could not be removed: {error}"));
            return Err(CommitError::Fatal);
        }
        self.import(&[], true)
    }
}
