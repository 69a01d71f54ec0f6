//! A checked, compiled and linked module. Programs made from it with different payloads share it: its code is most of
//! what a program would hold.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use postern_contract::{Stamp, export};
use wasmtime::{InstancePre, Linker, Module, ModuleExport};

use crate::ModuleReport;
use crate::sandbox::Sandbox;

/// A module that programs are made from. A clone is the same module.
#[derive(Clone)]
pub struct CompiledModule(pub(crate) Arc<Linked>);

/// What there is of a module once.
pub(crate) struct Linked {
    pub(crate) sha256: String,
    pub(crate) report: ModuleReport,
    pub(crate) pre: InstancePre<Sandbox>,
    pub(crate) exports: Exports,
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

impl std::fmt::Debug for CompiledModule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CompiledModule").field(&self.0.sha256).finish()
    }
}

impl CompiledModule {
    /// SHA-256 of the module, lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// What the module says of itself.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.0.report.stamp.as_ref()
    }

    /// The key of its program with the payload of that SHA-256.
    #[must_use]
    pub fn key(&self, payload_sha256: &str) -> String {
        format!("{}+{payload_sha256}", self.0.sha256)
    }
}

impl Linked {
    /// Links a module that has been checked; the failure cell is still to be found.
    pub(crate) fn link(
        sha256: String,
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
        Ok(Self { sha256, report, pre: linker.instantiate_pre(module)?, exports, failure: None })
    }

    /// Compiled code held, bytes.
    pub(crate) fn code_bytes(&self) -> usize {
        let image = self.pre.module().image_range();
        (image.end as usize).saturating_sub(image.start as usize)
    }
}

/// The modules in memory, by SHA-256: one lives as long as a program of it, or whoever asked for it, does.
#[derive(Default)]
pub(crate) struct Modules(HashMap<String, Weak<Linked>>);

impl Modules {
    pub(crate) fn fetch(&self, sha256: &str) -> Option<CompiledModule> {
        self.0.get(sha256).and_then(Weak::upgrade).map(CompiledModule)
    }

    pub(crate) fn keep(&mut self, module: &CompiledModule) {
        self.0.retain(|_, module| module.strong_count() > 0);
        self.0.insert(module.0.sha256.clone(), Arc::downgrade(&module.0));
    }
}
