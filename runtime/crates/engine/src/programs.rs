//! The programs kept in memory. Those used last are ready to run; the snapshots of others are kept compressed; beyond
//! that they are made again from disk or from their sources.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::Program;
use crate::module::Linked;
use crate::snapshot::Snapshot;

/// Programs in memory; the least recently used go first.
#[derive(Debug)]
pub(crate) struct Programs {
    kept: HashMap<Arc<str>, Kept>,
    hot: Tier,
    cold: Tier,
    uses: u64,
}

/// The order of use within what is kept in one form.
#[derive(Debug)]
struct Tier {
    order: BTreeMap<u64, Arc<str>>,
    bytes: usize,
    most_bytes: usize,
}

#[derive(Debug)]
struct Kept {
    form: Form,
    bytes: usize,
    last_use: u64,
}

#[derive(Debug, Clone)]
enum Form {
    Hot(Arc<Program>),
    Cold(Arc<Cold>),
}

/// A program whose snapshot is compressed.
pub(crate) struct Cold {
    module: Arc<Linked>,
    packed: Vec<u8>,
}

impl std::fmt::Debug for Cold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cold").field("bytes", &self.packed.len()).finish_non_exhaustive()
    }
}

/// What is found under a key.
pub(crate) enum Found {
    Ready(Arc<Program>),
    /// To be unpacked, which is no work to do under the lock.
    Packed(Arc<Cold>),
}

impl Cold {
    /// The compressed form, if there is a snapshot: a module without a payload is loaded from the code cache.
    pub(crate) fn of(program: &Program) -> Option<Self> {
        let snapshot = program.snapshot.as_ref().filter(|_| program.has_payload())?;
        let packed = snapshot.pack().inspect_err(|error| tracing::warn!(%error, "a snapshot cannot be compressed"));
        Some(Self { module: Arc::clone(&program.module), packed: packed.ok()? })
    }

    pub(crate) fn unpack(&self, key: &str) -> Option<Program> {
        let snapshot = Snapshot::unpack(&self.packed, self.module.pre.module())?;
        Some(Program { key: Arc::from(key), module: Arc::clone(&self.module), snapshot: Some(snapshot) })
    }
}

impl Tier {
    fn new(most_bytes: usize) -> Self {
        Self { order: BTreeMap::new(), bytes: 0, most_bytes }
    }

    fn add(&mut self, key: &Arc<str>, kept: &Kept) {
        self.bytes += kept.bytes;
        self.order.insert(kept.last_use, Arc::clone(key));
    }

    fn remove(&mut self, kept: &Kept) {
        self.bytes = self.bytes.saturating_sub(kept.bytes);
        self.order.remove(&kept.last_use);
    }

    /// The one used least recently, if there is too much and it is not the only one.
    fn surplus(&self) -> Option<Arc<str>> {
        let full = self.bytes > self.most_bytes && self.order.len() > 1;
        self.order.first_key_value().filter(|_| full).map(|(_, key)| Arc::clone(key))
    }
}

impl Programs {
    pub(crate) fn new(hot_bytes: usize, cold_bytes: usize) -> Self {
        Self { kept: HashMap::new(), hot: Tier::new(hot_bytes), cold: Tier::new(cold_bytes), uses: 0 }
    }

    pub(crate) fn fetch(&mut self, key: &str) -> Option<Found> {
        self.uses += 1;
        let kept = self.kept.get_mut(key)?;
        let tier = match kept.form {
            Form::Hot(_) => &mut self.hot,
            Form::Cold(_) => &mut self.cold,
        };
        let key = tier.order.remove(&kept.last_use)?;
        kept.last_use = self.uses;
        tier.order.insert(self.uses, key);
        Some(match &kept.form {
            Form::Hot(program) => Found::Ready(Arc::clone(program)),
            Form::Cold(cold) => Found::Packed(Arc::clone(cold)),
        })
    }

    /// Keeps a program ready to run, unless another was faster. Answers the one kept, and those that had to make room:
    /// they are to be compressed or forgotten.
    pub(crate) fn keep(&mut self, program: Program) -> (Arc<Program>, Vec<Arc<Program>>) {
        if let Some(Found::Ready(kept)) = self.fetch(&program.key) {
            return (kept, Vec::new());
        }
        let program = Arc::new(program);
        self.insert(&program.key, Form::Hot(Arc::clone(&program)), program.size());
        let mut surplus = Vec::new();
        while let Some(key) = self.hot.surplus() {
            if let Some(Form::Hot(program)) = self.remove(&key) {
                surplus.push(program);
            }
        }
        (program, surplus)
    }

    /// Keeps the compressed form of a program that had to make room, unless it is in use again.
    pub(crate) fn keep_cold(&mut self, key: &Arc<str>, cold: Cold) {
        if self.kept.contains_key(key) {
            return;
        }
        let bytes = cold.packed.len();
        self.insert(key, Form::Cold(Arc::new(cold)), bytes);
        while let Some(key) = self.cold.surplus() {
            self.remove(&key);
        }
    }

    fn insert(&mut self, key: &Arc<str>, form: Form, bytes: usize) {
        self.remove(key);
        self.uses += 1;
        let kept = Kept { form, bytes, last_use: self.uses };
        self.tier(&kept.form).add(key, &kept);
        self.kept.insert(Arc::clone(key), kept);
    }

    fn remove(&mut self, key: &str) -> Option<Form> {
        let kept = self.kept.remove(key)?;
        self.tier(&kept.form).remove(&kept);
        Some(kept.form)
    }

    fn tier(&mut self, form: &Form) -> &mut Tier {
        match form {
            Form::Hot(_) => &mut self.hot,
            Form::Cold(_) => &mut self.cold,
        }
    }
}
