//! `postern actions build`: an action's crate to a module that the engine takes.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use postern_engine::{Engine, EngineConfig, ModuleReport};
use postern_sdk_build::{Build, build, package};
use serde_json::{Value, json};

use super::output::Output;

/// A built and checked module.
pub(crate) struct Built {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    report: ModuleReport,
}

/// Builds the crate in `folder` and checks the module as an upload would.
pub(crate) fn build_crate(folder: &Path, out: &Output) -> anyhow::Result<Built> {
    let (name, target) = package(folder)?;
    let spinner = out.spinner(format!("building {name}"));
    let modules = build(&Build { folder, profile: "release", target_folder: &target.join("guests"), packages: &[] })?;
    drop(spinner);
    check(modules.join(format!("{}.wasm", name.replace('-', "_"))))
}

/// Reads a module and checks it as an upload would.
pub(crate) fn check(path: PathBuf) -> anyhow::Result<Built> {
    let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let engine = Engine::new(EngineConfig::default()).context("set up the engine")?;
    let report = engine.check(&bytes).with_context(|| format!("{} is not an action", path.display()))?;
    Ok(Built { path, bytes, report })
}

impl Built {
    /// What is shown of it.
    pub(crate) fn describe(&self) -> Value {
        json!({
            "module": self.path,
            "bytes": self.bytes.len(),
            "continues": self.report.continues,
            "stamp": self.report.stamp,
        })
    }
}
