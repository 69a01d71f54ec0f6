//! The `postern` program: as the server, and as the command line.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// A start that takes longer than this is a failure.
const START_FOR: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(10);

/// The program without the settings of the user's environment.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("POSTERN_") {
            command.env_remove(name);
        }
    }
    command
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    bootstrap: PathBuf,
}

impl Server {
    /// Starts one on a free loopback port, with everything it keeps in `folder`.
    pub(crate) fn start(program: &Path, folder: &Path, more: &[&str]) -> Result<Self> {
        let log = folder.join("server.log");
        let bootstrap = folder.join("bootstrap.json");
        let child = command(program)
            .arg("serve")
            .arg("--data")
            .arg(folder.join("data"))
            .args(["--listen", "127.0.0.1:0", "--bootstrap-file"])
            .arg(&bootstrap)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).context("create the server's log")?)
            .spawn()
            .with_context(|| format!("run {}", program.display()))?;
        let mut server = Self { child, log, bootstrap };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// It listens before it writes the bootstrap file.
    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_FOR;
        while !self.bootstrap.exists() {
            let ended = self.child.try_wait().context("watch the server")?;
            if ended.is_some() || Instant::now() > deadline {
                bail!("the server did not start:\n{}", fs::read_to_string(&self.log).unwrap_or_default());
            }
            sleep(POLL_EVERY);
        }
        Ok(())
    }

    /// The file with its credentials.
    pub(crate) fn bootstrap(&self) -> &Path {
        &self.bootstrap
    }

    /// A text of the bootstrap file, by its JSON pointer.
    pub(crate) fn credential(&self, pointer: &str) -> Result<String> {
        let file: Value = serde_json::from_slice(&fs::read(&self.bootstrap)?)?;
        let found = file.pointer(pointer).and_then(Value::as_str);
        Ok(found.with_context(|| format!("the bootstrap file has no {pointer}"))?.to_owned())
    }

    /// What it logged, for a person to see why something failed.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        // The standard library sends no signal but SIGKILL.
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        ensure!(sent.is_ok_and(|status| status.success()), "the server cannot be told to stop");
        let status = self.child.wait().context("wait for the server")?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line.
pub(crate) struct Postern {
    program: PathBuf,
    bootstrap: PathBuf,
}

impl Postern {
    pub(crate) fn new(program: PathBuf, bootstrap: PathBuf) -> Self {
        Self { program, bootstrap }
    }

    /// Runs a command and reads the JSON that it prints; `null` when it prints none.
    pub(crate) fn call(&self, arguments: &[&str]) -> Result<Value> {
        let output = command(&self.program)
            .arg("--json")
            .args(arguments)
            .env("POSTERN_BOOTSTRAP", &self.bootstrap)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("run {}", self.program.display()))?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            bail!("`postern {}`: {}", arguments.join(" "), reason.trim());
        }
        if output.stdout.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`postern {}` printed no JSON", arguments.join(" ")))
    }
}
