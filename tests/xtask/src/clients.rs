//! `cargo xtask clients`: Auth0's own clients, unmodified, against a server of ours; and requests made up from the API's
//! description.

pub(crate) mod setup;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use self::setup::Tools;
use crate::guests;
use crate::process::{self, cargo, note, say, target_folder, workspace};
use crate::program::Server;

/// Each client with its script under `tests/clients`.
const CLIENTS: [(&str, &str); 10] = [
    ("auth0 4", "node/auth0-v4.mjs"),
    ("auth0 5", "node/auth0-v5.mjs"),
    ("auth0 7", "node/auth0-v7.mjs"),
    ("@auth0/auth0-auth-js", "node/auth0-auth-js.mjs"),
    ("openid-client", "node/openid-client.mjs"),
    ("auth0-python", "python/auth0_python.py"),
    ("auth0-deploy-cli", "node/auth0-deploy-cli.mjs"),
    ("@auth0/auth0-spa-js", "node/auth0-spa-js.mjs"),
    ("auth0-js", "node/auth0-js.mjs"),
    ("auth0-lock", "node/auth0-lock.mjs"),
];
/// The step that is no client.
const SCHEMATHESIS: &str = "schemathesis";
/// How long requests are made up for.
const SCHEMATHESIS_SECONDS: &str = "60";
/// The action that the scripts deploy.
const ACTION: &str = "client-checks";

/// What a script's run came to.
struct Row {
    client: &'static str,
    counts: String,
    passed: bool,
    seconds: u64,
}

/// Runs the named scripts (all, when none is named), one after the other, each against a server of its own.
///
/// # Errors
/// When a tool cannot be had, or a check fails; everything is run before that is told.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let wanted = |name: &str| names.is_empty() || names.iter().any(|given| given == name);
    let steps: Vec<&str> = CLIENTS.iter().map(|(_, script)| stem(script)).chain([SCHEMATHESIS]).collect();
    if let Some(unknown) = names.iter().find(|name| !steps.contains(&name.as_str())) {
        bail!("there is no client script `{unknown}`: there are {}", steps.join(", "));
    }
    let tools = Tools::set_up(&target_folder()?.join("clients"))?;
    guests::build_crates(vec![ACTION.to_owned()])?;
    process::run(&mut cargo(&["build", "--workspace", "--lib", "--bins", "--tests"])?)?;
    let mut rows = Vec::new();
    for (client, script) in CLIENTS.into_iter().filter(|(_, script)| wanted(stem(script))) {
        rows.push(run_script(&tools, client, script)?);
    }
    if wanted(SCHEMATHESIS) {
        rows.push(run_schemathesis(&tools)?);
    }
    show(&rows);
    let failed: Vec<&str> = rows.iter().filter(|row| !row.passed).map(|row| row.client).collect();
    ensure!(failed.is_empty(), "checks failed: {}", failed.join(", "));
    Ok(())
}

fn stem(script: &str) -> &str {
    Path::new(script).file_stem().and_then(|stem| stem.to_str()).unwrap_or(script)
}

/// A server on a fresh folder, with its own certificate authority.
fn start(folder: &Path) -> Result<Server> {
    Server::start(&target_folder()?.join("debug/postern"), folder, &["--tls-dev"])
}

fn run_script(tools: &Tools, client: &'static str, script: &str) -> Result<Row> {
    note(&format!("\n── {client}"));
    let folder = tempfile::Builder::new().prefix("postern-clients-").tempdir()?;
    let server = start(folder.path())?;
    let begun = Instant::now();
    let ca = server.credential("/ca_pem_file")?;
    let path = workspace()?.join("tests/clients").join(script);
    let mut command = Command::new(if script.starts_with("node/") { &tools.node } else { &tools.python });
    command
        .arg(&path)
        .current_dir(path.parent().unwrap_or(&path))
        .envs(tools.chromium.iter().map(|chromium| ("CHROMIUM", chromium)))
        .env("POSTERN_BOOTSTRAP", server.bootstrap())
        .env("POSTERN_GUESTS", target_folder()?.join("guests"))
        // Where the clients look for the certificates they trust: Node, httpx, requests.
        .env("NODE_EXTRA_CA_CERTS", &ca)
        .env("SSL_CERT_FILE", &ca)
        .env("REQUESTS_CA_BUNDLE", &ca)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("run {}", path.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let counts = said.lines().last().filter(|line| line.contains(" passed, ")).unwrap_or("it did not finish");
    for line in said.lines().filter(|line| !line.starts_with("ok ")) {
        note(line);
    }
    let passed = output.status.success();
    if !passed {
        keep_log(&server, stem(script))?;
    }
    Ok(Row { client, counts: counts.to_owned(), passed, seconds: begun.elapsed().as_secs() })
}

/// Requests made up from the description of the API: none may be answered 5xx.
fn run_schemathesis(tools: &Tools) -> Result<Row> {
    note(&format!("\n── {SCHEMATHESIS}"));
    let folder = tempfile::Builder::new().prefix("postern-clients-").tempdir()?;
    let server = start(folder.path())?;
    let begun = Instant::now();
    let ca = server.credential("/ca_pem_file")?;
    let token = Command::new(&tools.python)
        .args(["-c", "import harness; print(harness.token())"])
        .current_dir(workspace()?.join("tests/clients/python"))
        .env("POSTERN_BOOTSTRAP", server.bootstrap())
        .env("SSL_CERT_FILE", &ca)
        .output()
        .context("ask for a token")?;
    ensure!(token.status.success(), "there is no token: {}", String::from_utf8_lossy(&token.stderr));
    let authorization = format!("Authorization: Bearer {}", String::from_utf8_lossy(&token.stdout).trim());
    let issuer = server.credential("/issuer")?;
    // One worker: the parser of Python 3.11 that its generators use is not safe with several threads.
    let status = Command::new(&tools.schemathesis)
        .arg("run")
        .arg(format!("{issuer}api/v2/openapi.json"))
        .arg(format!("--url={issuer}"))
        .args(["--checks=not_a_server_error", "--max-examples=8", "--max-time", SCHEMATHESIS_SECONDS, "--workers=1"])
        .args(["--phases=examples,coverage,fuzzing", "--suppress-health-check=all", "--warnings=off", "--no-shrink"])
        .args(["--continue-on-failure", "--generation-database=none", "--no-color", "--header", &authorization])
        // A module is no text: `cargo xtask fuzz` makes those up.
        .arg("--exclude-operation-id=artifact_replace")
        .arg(format!("--tls-verify={ca}"))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .status()
        .context("run schemathesis")?;
    if !status.success() {
        keep_log(&server, SCHEMATHESIS)?;
    }
    let counts = if status.success() { "no answer of 5xx" } else { "see above" };
    let seconds = begun.elapsed().as_secs();
    Ok(Row { client: SCHEMATHESIS, counts: counts.to_owned(), passed: status.success(), seconds })
}

/// Keeps the server's log of a run that failed.
fn keep_log(server: &Server, name: &str) -> Result<()> {
    let kept: PathBuf = target_folder()?.join("clients").join(format!("{name}.server.log"));
    fs::copy(server.log(), &kept).with_context(|| format!("write {}", kept.display()))?;
    note(&format!("the server's log: {}", kept.display()));
    Ok(())
}

fn show(rows: &[Row]) {
    say("");
    for Row { client, counts, passed, seconds } in rows {
        let mark = if *passed { "passed" } else { "FAILED" };
        say(&format!("{client:22} {mark}  {counts:40} {seconds:4} s"));
    }
}
