//! Builds actions written in Rust to WebAssembly: what `postern actions build` and the workspace's own tasks share.
//!
//! The ordinary way needs the target `wasm32-unknown-unknown` of the toolchain in use, and installs it when it can.
//! Where it cannot be had (no way to the toolchain's servers), Debian's compiler with the standard library built from
//! its source package does the same.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The only target there is.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, the source of its standard library, and what that needs to be built.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "libstd-rust-web-dev"];
/// Where Debian puts its compiler.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// What is built.
#[derive(Debug, Clone)]
pub struct Build<'a> {
    /// Folder of the crate, or of the workspace that has it.
    pub folder: &'a Path,
    /// Cargo's profile, such as `release`.
    pub profile: &'a str,
    /// Where to build; guests have a target folder of their own, since they may be built by another compiler.
    pub target_folder: &'a Path,
    /// Packages; those of the folder itself when there is none.
    pub packages: &'a [String],
}

/// Builds, and returns the folder that holds the modules, `{crate_name}.wasm` each.
///
/// # Errors
/// When no compiler for the target can be had, or the crate does not build.
pub fn build(build: &Build<'_>) -> Result<PathBuf> {
    let mut cargo = cargo(build.folder)?;
    cargo.args(["build", "--profile", build.profile, "--target", TARGET, "--target-dir"]).arg(build.target_folder);
    for name in build.packages {
        cargo.args(["--package", name]);
    }
    let status = cargo.current_dir(build.folder).status().context("run cargo")?;
    ensure!(status.success(), "the action does not build: cargo ended with {status}");
    let folder = if build.profile == "dev" { "debug" } else { build.profile };
    Ok(build.target_folder.join(TARGET).join(folder))
}

/// Name and target folder of the package in `folder`.
///
/// # Errors
/// When there is no package, or several.
pub fn package(folder: &Path) -> Result<(String, PathBuf)> {
    let manifest =
        folder.join("Cargo.toml").canonicalize().with_context(|| format!("find {}/Cargo.toml", folder.display()))?;
    let output = Command::new(cargo_path())
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo metadata")?;
    ensure!(output.status.success(), "cargo does not understand {}", manifest.display());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let packages = metadata.get("packages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let here = |package: &&Value| {
        package.get("manifest_path").and_then(Value::as_str).is_some_and(|path| Path::new(path) == manifest)
    };
    let name = packages
        .iter()
        .find(here)
        .and_then(|package| package.get("name")?.as_str())
        .with_context(|| format!("{} is not the manifest of a package", manifest.display()))?;
    let target = metadata.get("target_directory").and_then(Value::as_str).context("cargo names no target folder")?;
    Ok((name.to_owned(), target.into()))
}

fn cargo_path() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A cargo that can build for the target.
fn cargo(folder: &Path) -> Result<Command> {
    let sysroot = sysroot("rustc")?;
    let mut cargo = Command::new(cargo_path());
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(folder).join("\u{1f}"));
    // Debian's compiler is there only because the target could not be had before.
    let debian = missing_debian_packages(&[]).is_empty();
    if has_target(&sysroot) || (!debian && install_target() && has_target(&sysroot)) {
        return Ok(cargo);
    }
    let mut cargo = debian_cargo(&[])?;
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(folder).join("\u{1f}")).args(["-Zbuild-std=std,panic_abort"]);
    Ok(cargo)
}

/// A cargo that builds with Debian's compiler, and the standard library from its sources (`-Zbuild-std`). The packages
/// it needs are installed when they are missing, and `more` beside them.
///
/// # Errors
/// When a package is missing and cannot be installed.
pub fn debian_cargo(more: &[&'static str]) -> Result<Command> {
    install_debian_packages(more)?;
    let mut cargo = Command::new(cargo_path());
    cargo
        .env("RUSTC", DEBIAN_RUSTC)
        // A stable compiler builds its own standard library only when it is told that we mean it.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker(&sysroot("rustc")?)?);
    Ok(cargo)
}

/// The stack lies below the statics, so that its overflow traps instead of overwriting them, and is small, so that
/// all of an action's memory stays within what the host keeps resident.
fn flags(folder: &Path) -> Vec<String> {
    let mut flags: Vec<String> =
        ["-Clink-arg=-zstack-size=65536", "-Clink-arg=--stack-first"].map(str::to_owned).into();
    flags.extend(remapped_paths(folder));
    flags
}

/// Flags that keep the paths of this machine out of a module.
#[must_use]
pub fn remapped_paths(folder: &Path) -> Vec<String> {
    let mut flags = Vec::new();
    flags.push(format!("--remap-path-prefix={}=", folder.join("").display()));
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

fn missing_debian_packages(more: &[&'static str]) -> Vec<&'static str> {
    DEBIAN_PACKAGES.into_iter().chain(more.iter().copied()).filter(|name| !is_installed(name)).collect()
}

fn install_debian_packages(more: &[&'static str]) -> Result<()> {
    let missing = missing_debian_packages(more);
    if missing.is_empty() {
        return Ok(());
    }
    let apt = |arguments: &[&str]| {
        let status = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        status.is_ok_and(|status| status.success())
    };
    let install: Vec<_> = ["install", "-y", "--no-install-recommends"].into_iter().chain(missing).collect();
    if !apt(&install) {
        apt(&["update"]);
        apt(&install);
    }
    let missing = missing_debian_packages(more);
    ensure!(
        missing.is_empty(),
        "the target {TARGET} is missing: run `rustup target add {TARGET}`, or on Debian, as root, \
         `apt-get install --no-install-recommends {}`",
        missing.join(" ")
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
    let found =
        folders.filter_map(Result::ok).map(|folder| folder.path().join("bin/rust-lld")).find(|path| path.is_file());
    found.context("the toolchain has no rust-lld")
}
