//! A compiled module, ready to be run, and the programs kept in memory.

use std::collections::HashMap;
use std::sync::Arc;

use postern_contract::{Stamp, export};
use postern_model::action::CREDENTIALS_EXCHANGE;
use wasmtime::{InstancePre, Linker, Module, ModuleExport};

use crate::ModuleReport;
use crate::sandbox::Sandbox;
use crate::snapshot::Snapshot;

/// A compiled module, ready to be run.
pub struct Program {
    pub(crate) key: String,
    pub(crate) report: ModuleReport,
    pub(crate) pre: InstancePre<Sandbox>,
    pub(crate) exports: Exports,
    pub(crate) snapshot: Option<Snapshot>,
    /// Address of the failure cell.
    pub(crate) failure: Option<u32>,
}

/// The exports a run needs, looked up once.
pub(crate) struct Exports {
    pub(crate) memory: ModuleExport,
    pub(crate) execute: Option<ModuleExport>,
    pub(crate) resume: Option<ModuleExport>,
    pub(crate) exchange: Option<ModuleExport>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Program {
    /// What it is cached under: SHA-256 of the module in lower-case hex; with a payload, `+` and that of the payload.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the module says of itself.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.report.stamp.as_ref()
    }

    /// Whether it has `on_continue_post_login`.
    #[must_use]
    pub fn continues(&self) -> bool {
        self.report.continues
    }

    /// Whether it can be run at this trigger.
    #[must_use]
    pub fn serves(&self, trigger_id: &str) -> bool {
        match trigger_id {
            CREDENTIALS_EXCHANGE => self.report.exchanges,
            _ => self.report.executes,
        }
    }

    /// Memory held, bytes: compiled code and snapshot.
    #[must_use]
    pub fn size(&self) -> usize {
        let image = self.pre.module().image_range();
        (image.end as usize).saturating_sub(image.start as usize) + self.snapshot.as_ref().map_or(0, Snapshot::size)
    }

    /// Links a module that has been checked; snapshot and failure cell are still to be found.
    pub(crate) fn link(
        key: String,
        report: ModuleReport,
        module: &Module,
        linker: &Linker<Sandbox>,
    ) -> wasmtime::Result<Self> {
        let find = |name| module.get_export_index(name);
        let missing = || wasmtime::Error::msg("an export that was checked is missing");
        let exports = Exports {
            memory: find(export::MEMORY).ok_or_else(missing)?,
            execute: find(export::ON_EXECUTE),
            resume: find(export::ON_CONTINUE),
            exchange: find(export::ON_CREDENTIALS_EXCHANGE),
        };
        Ok(Self { key, report, pre: linker.instantiate_pre(module)?, exports, snapshot: None, failure: None })
    }
}

/// Programs in memory; the least recently used go first.
#[derive(Debug)]
pub(crate) struct Programs {
    kept: HashMap<String, Kept>,
    bytes: usize,
    most_bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Kept {
    program: Arc<Program>,
    bytes: usize,
    last_use: u64,
}

impl Programs {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { kept: HashMap::new(), bytes: 0, most_bytes, uses: 0 }
    }

    pub(crate) fn fetch(&mut self, key: &str) -> Option<Arc<Program>> {
        self.uses += 1;
        let kept = self.kept.get_mut(key)?;
        kept.last_use = self.uses;
        Some(Arc::clone(&kept.program))
    }

    pub(crate) fn keep(&mut self, program: &Arc<Program>) {
        self.uses += 1;
        let bytes = program.size();
        let kept = Kept { program: Arc::clone(program), bytes, last_use: self.uses };
        if let Some(replaced) = self.kept.insert(program.key.clone(), kept) {
            self.bytes -= replaced.bytes;
        }
        self.bytes += bytes;
        while self.bytes > self.most_bytes && self.kept.len() > 1 {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.last_use).map(|(key, _)| key.clone());
            let Some(gone) = oldest.and_then(|key| self.kept.remove(&key)) else { break };
            self.bytes -= gone.bytes;
        }
    }
}
