//! Programs the server starts: without its environment, with an end.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::PackagesError;

/// What npm and Node get of the server's environment: the way to programs, registry, proxy and certificates.
const KEPT: [&str; 13] = [
    "PATH",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LANG",
    "TMPDIR",
    "SystemRoot",
];

/// A command in `folder`, which is its home as well.
pub(crate) fn command(program: &OsStr, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    let environment = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        KEPT.contains(&name.as_ref()) || name.to_ascii_lowercase().starts_with("npm_config_")
    });
    command.envs(environment).env("HOME", folder).current_dir(folder).kill_on_drop(true);
    command
}

/// Runs `command` with `input`, and kills it at its limit.
pub(crate) async fn run(
    mut command: Command,
    input: &[u8],
    (step, limit): (&'static str, Duration),
) -> Result<Output, PackagesError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|source| PackagesError::Program { program, source })?;
    let stdin = child.stdin.take();
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program that ends early has said why.
            let _ = stdin.write_all(input).await;
        }
    };
    let all = async { tokio::join!(write, child.wait_with_output()).1 };
    match tokio::time::timeout(limit, all).await {
        Ok(output) => Ok(output?),
        Err(_) => Err(PackagesError::TimedOut { step, limit }),
    }
}

/// The end of what a program wrote, for a person.
pub(crate) fn tail(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    let start = text.char_indices().rev().nth(999).map_or(0, |(at, _)| at);
    text.get(start..).unwrap_or_default().to_owned()
}
