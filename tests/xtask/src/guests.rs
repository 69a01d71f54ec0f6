//! Builds the example actions to WebAssembly, as `postern actions build` would.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use postern_sdk_build::Build;

use crate::process::{target_folder, workspace};

/// Builds the named example crates (all of them when none is named) with the profile `guest` into `target/guests` and
/// returns each crate's name with its module, which is also at `target/guests/<crate>.wasm`.
///
/// # Errors
/// When no compiler for the target can be had, or a crate does not build.
pub(crate) fn build(packages: &[&str]) -> Result<Vec<(String, PathBuf)>> {
    let workspace = workspace()?;
    let examples = examples(&workspace.join("actions-examples"))?;
    if let Some(unknown) = packages.iter().find(|name| !examples.iter().any(|example| example == *name)) {
        bail!("there is no example action `{unknown}`");
    }
    let wanted: Vec<_> =
        examples.into_iter().filter(|name| packages.is_empty() || packages.contains(&name.as_str())).collect();
    build_crates(wanted)
}

/// Builds crates of the workspace by name, as [`build`] does.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_crates(wanted: Vec<String>) -> Result<Vec<(String, PathBuf)>> {
    let workspace = workspace()?;
    let folder = target_folder()?.join("guests");
    let build = Build { folder: &workspace, profile: "guest", target_folder: &folder, packages: &wanted };
    let built = postern_sdk_build::build(&build)?;
    wanted.into_iter().map(|name| publish(&built, &folder, name)).collect()
}

/// Copies a module to where it is looked for; checks that it is one.
fn publish(built: &Path, folder: &Path, name: String) -> Result<(String, PathBuf)> {
    let built = built.join(format!("{}.wasm", name.replace('-', "_")));
    let module = fs::read(&built).with_context(|| format!("read {}", built.display()))?;
    ensure!(module.starts_with(b"\0asm"), "{} is not a module", built.display());
    let path = folder.join(format!("{name}.wasm"));
    // Only when it differs: what depends on the file's time need not run again.
    if fs::read(&path).ok().as_deref() != Some(&module) {
        fs::write(&path, &module).with_context(|| format!("write {}", path.display()))?;
    }
    Ok((name, path))
}

/// The crates under `actions-examples`, sorted.
fn examples(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.join("Cargo.toml").is_file() {
            names.extend(path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}
