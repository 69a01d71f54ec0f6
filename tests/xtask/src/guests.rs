//! Builds the example actions to WebAssembly.
//!
//! The ordinary way needs the target `wasm32-unknown-unknown` of the toolchain in use, and installs it when it can.
//! Where it cannot be had (no way to the toolchain's servers), Debian's compiler with the standard library built from
//! its source package does the same.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const TARGET: &str = "wasm32-unknown-unknown";
/// Cargo's profile for guests.
const PROFILE: &str = "guest";
/// Debian's compiler, the source of its standard library, and what that needs to be built.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "libstd-rust-web-dev"];
/// Where Debian puts its compiler.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Builds the named example crates (all of them when none is named) for `wasm32-unknown-unknown` with the profile
/// `guest` into `target/guests` and returns each crate's name with its module, which is also at
/// `target/guests/<crate>.wasm`.
///
/// # Errors
/// When no compiler for the target can be had, or a crate does not build.
pub fn build(packages: &[&str]) -> Result<Vec<(String, PathBuf)>> {
    let workspace = workspace()?;
    let examples = examples(&workspace.join("actions-examples"))?;
    if let Some(unknown) = packages.iter().find(|name| !examples.iter().any(|example| example == *name)) {
        bail!("there is no example action `{unknown}`");
    }
    let wanted: Vec<_> =
        examples.into_iter().filter(|name| packages.is_empty() || packages.contains(&name.as_str())).collect();
    let folder = target_folder(&workspace)?.join("guests");
    let mut cargo = cargo(&workspace)?;
    cargo.args(["build", "--profile", PROFILE, "--target", TARGET, "--target-dir"]).arg(&folder);
    for name in &wanted {
        cargo.args(["--package", name]);
    }
    let status = cargo.current_dir(&workspace).status().context("run cargo")?;
    ensure!(status.success(), "the example actions do not build: cargo ended with {status}");
    wanted.into_iter().map(|name| publish(&folder, name)).collect()
}

/// Copies a module to where it is looked for; checks that it is one.
fn publish(folder: &Path, name: String) -> Result<(String, PathBuf)> {
    let built = folder.join(TARGET).join(PROFILE).join(format!("{}.wasm", name.replace('-', "_")));
    let module = fs::read(&built).with_context(|| format!("read {}", built.display()))?;
    ensure!(module.starts_with(b"\0asm"), "{} is not a module", built.display());
    let path = folder.join(format!("{name}.wasm"));
    // Only when it differs: what depends on the file's time need not run again.
    if fs::read(&path).ok().as_deref() != Some(&module) {
        fs::write(&path, &module).with_context(|| format!("write {}", path.display()))?;
    }
    Ok((name, path))
}

/// The workspace this program was built from.
fn workspace() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().context("find the workspace")
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

/// Cargo's target folder, wherever the user put it.
fn target_folder(workspace: &Path) -> Result<PathBuf> {
    let output = Command::new(cargo_path())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace)
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let folder = metadata.get("target_directory").and_then(Value::as_str).context("cargo names no target folder")?;
    Ok(folder.into())
}

fn cargo_path() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A cargo that can build for the target.
fn cargo(workspace: &Path) -> Result<Command> {
    let sysroot = sysroot("rustc")?;
    let mut cargo = Command::new(cargo_path());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(workspace).join("\u{1f}"));
    if has_target(&sysroot) || (install_target() && has_target(&sysroot)) {
        return Ok(cargo);
    }
    install_debian_compiler()?;
    cargo
        .env("RUSTC", DEBIAN_RUSTC)
        // A stable compiler builds its own standard library only when it is told that we mean it.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker(&sysroot)?)
        .args(["-Zbuild-std=std,panic_abort"]);
    Ok(cargo)
}

/// The stack lies below the statics, so that its overflow traps instead of overwriting them, and is small, so that
/// all of an action's memory stays within what the host keeps resident. Paths of this machine do not enter a module.
fn flags(workspace: &Path) -> Vec<String> {
    let mut flags: Vec<String> =
        ["-Clink-arg=-zstack-size=65536", "-Clink-arg=--stack-first"].map(str::to_owned).into();
    flags.push(format!("--remap-path-prefix={}=", workspace.join("").display()));
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=cargo", home.display())));
    flags
}

fn sysroot(rustc: &str) -> Result<PathBuf> {
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().context("run rustc")?;
    ensure!(output.status.success(), "rustc does not tell its sysroot");
    Ok(String::from_utf8(output.stdout).context("read the sysroot")?.trim().into())
}

fn has_target(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
}

/// Quiet: that it does not work is no failure yet.
fn install_target() -> bool {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).stdout(Stdio::null()).stderr(Stdio::null());
    rustup.status().is_ok_and(|status| status.success())
}

fn install_debian_compiler() -> Result<()> {
    let missing = || -> Vec<&str> { DEBIAN_PACKAGES.into_iter().filter(|name| !is_installed(name)).collect() };
    if missing().is_empty() {
        return Ok(());
    }
    let apt = |arguments: &[&str]| {
        let status = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        status.is_ok_and(|status| status.success())
    };
    let install: Vec<_> = ["install", "-y", "--no-install-recommends"].into_iter().chain(missing()).collect();
    if !apt(&install) {
        apt(&["update"]);
        apt(&install);
    }
    ensure!(
        missing().is_empty(),
        "the target {TARGET} is missing: run `rustup target add {TARGET}`, or on Debian, as root, \
         `apt-get install --no-install-recommends {}`",
        DEBIAN_PACKAGES.join(" ")
    );
    Ok(())
}

fn is_installed(package: &str) -> bool {
    let output = Command::new("dpkg-query").args(["-W", "-f=${Status}", package]).output();
    output.is_ok_and(|output| output.stdout.ends_with(b"ok installed"))
}

/// The linker that comes with the toolchain.
fn linker(sysroot: &Path) -> Result<PathBuf> {
    let folders = fs::read_dir(sysroot.join("lib/rustlib")).context("list the toolchain's targets")?;
    let found = folders.filter_map(Result::ok).map(|folder| folder.path().join("bin/rust-lld")).find(|path| path.is_file());
    found.context("the toolchain has no rust-lld")
}
