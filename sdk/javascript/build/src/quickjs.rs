//! The sources of `QuickJS` with our changes: see `engine/patches/README.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Makes `engine/patched` of the release in cargo's registry and `engine/patches`.
pub(crate) fn patch(engine: &Path) -> Result<()> {
    let patches = engine.join("patches");
    let origin = fetch(&patches)?;
    let patched = engine.join("patched");
    let text = fs::read_to_string(patches.join("quickjs.patch")).context("read quickjs.patch")?;
    let mut changed = Vec::new();
    for part in text.split("--- a/").skip(1) {
        let name = part.lines().next().unwrap_or_default();
        let patch = format!("--- a/{part}");
        let patch = diffy::Patch::from_str(&patch).with_context(|| format!("read the changes of {name}"))?;
        let before = fs::read_to_string(origin.join(name)).with_context(|| format!("read {name}"))?;
        let after = diffy::apply(&before, &patch).with_context(|| format!("change {name}"))?;
        changed.push((PathBuf::from(name), after.into_bytes()));
    }
    let added = PathBuf::from("quickjs/v8-messages.h");
    changed.push((added, fs::read(patches.join("v8-messages.h")).context("read v8-messages.h")?));
    copy(&origin, &patched, Path::new(""), &changed)?;
    for (name, text) in &changed {
        write(&patched.join(name), text)?;
    }
    Ok(())
}

/// Where cargo put the release, whose checksum the lock file has.
fn fetch(patches: &Path) -> Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["metadata", "--locked", "--format-version", "1", "--manifest-path"])
        .arg(patches.join("Cargo.toml"))
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("run cargo")?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata names no packages")?;
    let named = |package: &&Value| package.get("name").and_then(Value::as_str) == Some("rquickjs-sys");
    let package = packages.iter().find(named);
    let manifest = package.and_then(|package| package.get("manifest_path")?.as_str()).context("no rquickjs-sys")?;
    Ok(Path::new(manifest).parent().context("a manifest without a folder")?.to_owned())
}

/// Copies what is not changed.
fn copy(from: &Path, to: &Path, under: &Path, changed: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    for entry in fs::read_dir(from.join(under))? {
        let entry = entry?;
        let name = under.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(from, to, &name, changed)?;
        } else if !changed.iter().any(|(other, _text)| *other == name) {
            write(&to.join(&name), &fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Leaves a file alone that is as it shall be, so that cargo builds nothing again.
fn write(path: &Path, text: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}
