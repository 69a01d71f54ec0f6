//! Running programs, and printing.

use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Prints a line. A reader that has gone is no error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The workspace this program was built from.
pub(crate) fn workspace() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().context("find the workspace")
}

/// Cargo, run in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.args(arguments).current_dir(workspace()?);
    // What cargo set for this program must not make what this program builds look different from what others build.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text == "CARGO_MANIFEST_DIR" || text == "CARGO_MANIFEST_PATH" {
            cargo.env_remove(&name);
        }
    }
    Ok(cargo)
}

/// Shows a command, runs it, and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    let shown = format!("{program} {}", arguments.join(" "));
    note(&format!("\n── {shown}"));
    let status = command.status().with_context(|| format!("run {program}"))?;
    ensure!(status.success(), "`{shown}` ended with {status}");
    Ok(())
}

/// Whether a program can be started.
pub(crate) fn is_there(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Cargo's target folder, wherever the user put it.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let output = cargo(&["metadata", "--format-version", "1", "--no-deps"])?
        .stderr(Stdio::inherit())
        .output()
        .context("run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata ended with {}", output.status);
    let metadata: Value = serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    let folder = metadata.get("target_directory").and_then(Value::as_str).context("cargo names no target folder")?;
    Ok(folder.into())
}
