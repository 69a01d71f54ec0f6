//! Actions: from an empty folder to a login that runs them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::build::{build_crate, check};
use super::dev::{self, DevArgs};
use super::javascript::{self, Source};
use super::output::{Output, line, text};
use super::remote::{Body, Remote, Target};
use super::users::object;
use super::{local_tests, login, project};

/// `postern actions`
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a new action: a crate, or JavaScript
    New {
        /// Folder to make; its last part names the action
        path: PathBuf,
        /// In JavaScript
        #[arg(long, conflicts_with = "sdk")]
        js: bool,
        /// Folder of the SDK's sources [default: that of the checkout this program was built from, else the registry's]
        #[arg(long, value_name = "DIR")]
        sdk: Option<PathBuf>,
    },
    /// Run a JavaScript action on this machine, again whenever a file changes
    Dev(DevArgs),
    /// Build an action's crate to a module and check it as an upload would
    Build {
        /// Folder of the crate
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Set the draft's module or code, and its secrets; creates the action when there is none
    Upload {
        /// Id or name of the action
        action: String,
        /// A module (.wasm), the folder of a crate that is built first, or JavaScript (.js, .ts) with the dependencies
        /// of the package.json beside it
        #[arg(default_value = ".")]
        path: PathBuf,
        /// A secret of the action; may be repeated. Secrets not named are kept
        #[arg(long = "secret", value_name = "NAME=VALUE")]
        secrets: Vec<String>,
    },
    /// List actions
    List,
    /// Show an action
    Get {
        /// Id or name of the action
        action: String,
    },
    /// Make the draft the next version, which new logins run
    Deploy {
        /// Id or name of the action
        action: String,
    },
    /// List the versions of an action, newest first
    Versions {
        /// Id or name of the action
        action: String,
    },
    /// Deploy a new version with the content of an old one
    Rollback {
        /// Id or name of the action
        action: String,
        /// Number of the old version [default: the one before the deployed one]
        #[arg(long, value_name = "NUMBER")]
        to: Option<u64>,
    },
    /// Run an action in each login, behind those bound already
    Bind {
        /// Ids or names of the actions, in order
        #[arg(required = true)]
        actions: Vec<String>,
        /// Unbind all others first
        #[arg(long)]
        only: bool,
        /// What a failing action does to the login
        #[arg(long, value_parser = ["deny", "skip"])]
        on_failure: Option<String>,
        /// Host the actions may reach; may be repeated
        #[arg(long = "egress-host", value_name = "HOST")]
        egress_hosts: Vec<String>,
    },
    /// Take an action out of the logins
    Unbind {
        /// Id or name of the action
        action: String,
    },
    /// List what runs in a login, in order
    Bindings,
    /// Run the draft on an event, committing nothing; or the tests of a JavaScript action's folder
    Test {
        /// Id or name of the action; or the folder, which begins with a dot or a slash
        action: String,
        /// File with the event, a JSON object
        #[arg(long, value_name = "FILE")]
        event: Option<PathBuf>,
    },
    /// Show what the action logged in an execution
    Logs {
        /// Id or name of the action
        action: String,
        /// Id of the execution, as a login prints it
        #[arg(long, value_name = "ID")]
        execution: String,
    },
    /// Delete an action with its versions
    Delete {
        /// Id or name of the action
        action: String,
        /// Unbind it first
        #[arg(long)]
        force: bool,
    },
}

const TRIGGER: [&str; 4] = ["actions", "triggers", "post-login", "bindings"];

#[expect(clippy::wildcard_enum_match_arm, reason = "all other commands need the server, new ones too")]
pub(crate) async fn run(target: &Target, out: &Output, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Dev(args) => dev::run(out, &args).await,
        Command::Test { action, event: None } if action.starts_with(['.', '/']) => {
            local_tests::run(out, Path::new(&action)).await
        }
        Command::New { path, js, sdk } => {
            if js {
                project::create_javascript(&path)?;
            } else {
                project::create(&path, sdk.as_deref())?;
            }
            out.show(&json!({ "created": path }), |_| format!("created {}: see its README.md", path.display()));
            Ok(())
        }
        Command::Build { path } => {
            let built = build_crate(&path, out)?;
            out.show(&built.describe(), |built| {
                let stamp = |pointer: &str| text(built.pointer(pointer));
                format!(
                    "{}\n{} bytes, {} {}, abi {}",
                    text(built.get("module")),
                    text(built.get("bytes")),
                    stamp("/stamp/sdk"),
                    stamp("/stamp/sdk_version"),
                    stamp("/stamp/abi"),
                )
            });
            Ok(())
        }
        remote => on_server(&target.management().await?, out, remote).await,
    }
}

async fn on_server(remote: &Remote, out: &Output, command: Command) -> anyhow::Result<()> {
    match command {
        Command::New { .. } | Command::Build { .. } | Command::Dev(_) => Ok(()),
        Command::Upload { action, path, secrets } => upload(remote, out, &action, &path, &secrets).await,
        Command::List => list(remote, out).await,
        Command::Get { action } => {
            let found = fetch(remote, &action).await?;
            out.show(&found, |found| format!("{found:#}"));
            Ok(())
        }
        Command::Deploy { action } => {
            let id = id_of(remote, &action).await?;
            let path = ["actions", "actions", &id, "deploy"];
            deployed(out, &remote.api(Method::POST, &path, &[], Body::Nothing).await?);
            Ok(())
        }
        Command::Versions { action } => versions(remote, out, &action).await,
        Command::Rollback { action, to } => rollback(remote, out, &action, to).await,
        Command::Bind { actions, only, on_failure, egress_hosts } => {
            let hosts = if egress_hosts.is_empty() { None } else { Some(egress_hosts) };
            bind(remote, out, &actions, only, &BindOptions { on_failure, hosts }).await
        }
        Command::Unbind { action } => {
            let id = id_of(remote, &action).await?;
            let kept = current(remote).await?.into_iter().filter(|(bound, _)| *bound != id).map(|(_, item)| item);
            replace(remote, out, kept.collect()).await
        }
        Command::Bindings => {
            bindings(out, &remote.get(&TRIGGER, &[("per_page", "100")]).await?);
            Ok(())
        }
        Command::Test { action, event } => test(remote, out, &action, event.as_deref()).await,
        Command::Logs { action, execution } => logs(remote, out, &action, &execution).await,
        Command::Delete { action, force } => {
            let id = id_of(remote, &action).await?;
            let query: &[(&str, &str)] = if force { &[("force", "true")] } else { &[] };
            remote.api(Method::DELETE, &["actions", "actions", &id], query, Body::Nothing).await?;
            out.done("deleted");
            Ok(())
        }
    }
}

/// The action of that id or name.
async fn find(remote: &Remote, action: &str) -> anyhow::Result<Option<Value>> {
    let named = remote.get(&["actions", "actions"], &[("actionName", action)]).await?;
    if let Some(found) = named.pointer("/actions/0") {
        return Ok(Some(found.clone()));
    }
    let all = remote.get(&["actions", "actions"], &[("per_page", "100")]).await?;
    let rows = all.get("actions").and_then(Value::as_array).into_iter().flatten();
    Ok(rows.into_iter().find(|row| row.get("id").and_then(Value::as_str) == Some(action)).cloned())
}

async fn fetch(remote: &Remote, action: &str) -> anyhow::Result<Value> {
    find(remote, action).await?.with_context(|| format!("there is no action '{action}'"))
}

/// The id of the action of that id or name.
pub(crate) async fn id_of(remote: &Remote, action: &str) -> anyhow::Result<String> {
    Ok(text(fetch(remote, action).await?.get("id")))
}

async fn list(remote: &Remote, out: &Output) -> anyhow::Result<()> {
    let found = remote.get(&["actions", "actions"], &[("per_page", "100")]).await?;
    let columns = [
        ("name", "/name"),
        ("id", "/id"),
        ("draft", "/status"),
        ("deployed", "/deployed_version/number"),
        ("all deployed", "/all_changes_deployed"),
        ("module", "/artifact/size"),
    ];
    out.rows(&found, "/actions", &columns);
    Ok(())
}

/// What a draft is made of.
enum Content {
    Module(Vec<u8>),
    Code(Source),
}

async fn upload(remote: &Remote, out: &Output, action: &str, path: &Path, secrets: &[String]) -> anyhow::Result<()> {
    let content = match path {
        path if javascript::is_source(path) => Content::Code(Source::read(path)?),
        path if path.is_dir() => Content::Module(build_crate(path, out)?.bytes),
        path => Content::Module(check(path.to_owned())?.bytes),
    };
    let given: Map<String, Value> = super::clients::pairs("--secret", secrets)?;
    let mut body = Map::new();
    if let Content::Code(Source { code, dependencies, .. }) = &content {
        let named = dependencies.iter().map(|(name, version)| json!({ "name": name, "version": version }));
        body.insert("code".to_owned(), json!(code));
        body.insert("dependencies".to_owned(), named.collect());
        body.insert("runtime".to_owned(), json!("node22"));
    }
    let spinner = out.spinner("uploading and building");
    let done = draft(remote, action, body, &given).await?;
    let done = match content {
        Content::Module(bytes) => {
            let id = text(done.get("id"));
            let body = Body::Bytes("application/wasm", bytes);
            remote.api(Method::PUT, &["actions", "actions", &id, "artifact"], &[], body).await?
        }
        // What a change answers is what Auth0 answers: that the build is still to come.
        Content::Code(_) => remote.get(&["actions", "actions", &text(done.get("id"))], &[]).await?,
    };
    drop(spinner);
    out.show(&done, |done| {
        let sha256 = done.pointer("/artifact/sha256").map(|sha256| format!("  sha256 {}", text(Some(sha256))));
        let line = [done.get("name"), done.get("id"), done.get("status")].map(text).join("  ");
        format!("{line}{}", sha256.unwrap_or_default())
    });
    if done.get("status").and_then(Value::as_str) == Some("failed") {
        let errors = done.get("errors").and_then(Value::as_array).into_iter().flatten();
        let said: Vec<String> = errors.map(|error| text(error.get("msg"))).collect();
        bail!("the action does not build: {}", said.join("; "));
    }
    Ok(())
}

/// Makes the action, or changes its draft; secrets that are not named are kept.
async fn draft(
    remote: &Remote,
    action: &str,
    mut body: Map<String, Value>,
    given: &Map<String, Value>,
) -> anyhow::Result<Value> {
    let found = find(remote, action).await?;
    let mut values: Vec<Value> = given.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    match found {
        Some(found) => {
            let kept = found.get("secrets").and_then(Value::as_array).into_iter().flatten();
            let kept = kept.filter_map(|secret| secret.get("name")?.as_str()).filter(|name| !given.contains_key(*name));
            values.extend(kept.map(|name| json!({ "name": name })));
            if !given.is_empty() {
                body.insert("secrets".to_owned(), Value::Array(values));
            }
            if body.is_empty() {
                return Ok(found);
            }
            let id = text(found.get("id"));
            remote.api(Method::PATCH, &["actions", "actions", &id], &[], Body::Json(Value::Object(body))).await
        }
        None => {
            body.insert("name".to_owned(), json!(action));
            body.insert("supported_triggers".to_owned(), json!([{ "id": "post-login", "version": "v3" }]));
            body.entry("runtime").or_insert(json!("wasm"));
            body.insert("secrets".to_owned(), Value::Array(values));
            remote.api(Method::POST, &["actions", "actions"], &[], Body::Json(Value::Object(body))).await
        }
    }
}

fn deployed(out: &Output, version: &Value) {
    out.show(version, |version| {
        let (name, number) = (text(version.pointer("/action/name")), text(version.get("number")));
        format!("{name}: version {number} is deployed ({})", text(version.get("id")))
    });
}

async fn all_versions(remote: &Remote, id: &str) -> anyhow::Result<Value> {
    remote.get(&["actions", "actions", id, "versions"], &[("per_page", "100")]).await
}

async fn versions(remote: &Remote, out: &Output, action: &str) -> anyhow::Result<()> {
    let found = all_versions(remote, &id_of(remote, action).await?).await?;
    let columns = [
        ("number", "/number"),
        ("deployed", "/deployed"),
        ("created", "/created_at"),
        ("content", "/content_sha256"),
        ("copy of", "/rolled_back_from"),
        ("id", "/id"),
    ];
    out.rows(&found, "/versions", &columns);
    Ok(())
}

async fn rollback(remote: &Remote, out: &Output, action: &str, to: Option<u64>) -> anyhow::Result<()> {
    let id = id_of(remote, action).await?;
    let found = all_versions(remote, &id).await?;
    let rows = found.get("versions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let number = |row: &Value| row.get("number").and_then(Value::as_u64).unwrap_or_default();
    let current = rows.iter().filter(|row| row.get("deployed") == Some(&json!(true))).map(number).max();
    let old = match to {
        Some(to) => rows.iter().find(|row| number(row) == to).with_context(|| format!("there is no version {to}"))?,
        None => rows
            .iter()
            .filter(|row| current.is_some_and(|current| number(row) < current))
            .max_by_key(|row| number(row))
            .context("there is no earlier version; name one with --to")?,
    };
    let version = text(old.get("id"));
    let path = ["actions", "actions", &id, "versions", &version, "deploy"];
    deployed(out, &remote.api(Method::POST, &path, &[], Body::Nothing).await?);
    Ok(())
}

/// What is bound now: each action's id, and the item that keeps its binding as it is.
async fn current(remote: &Remote) -> anyhow::Result<Vec<(String, Value)>> {
    let found = remote.get(&TRIGGER, &[("per_page", "100")]).await?;
    let rows = found.get("bindings").and_then(Value::as_array).into_iter().flatten();
    Ok(rows
        .map(|row| {
            let target = json!({ "type": "binding_id", "value": row.get("id") });
            (text(row.pointer("/action/id")), json!({ "ref": target, "display_name": row.get("display_name") }))
        })
        .collect())
}

struct BindOptions {
    on_failure: Option<String>,
    hosts: Option<Vec<String>>,
}

async fn bind(
    remote: &Remote,
    out: &Output,
    actions: &[String],
    only: bool,
    options: &BindOptions,
) -> anyhow::Result<()> {
    let mut items = Vec::new();
    let mut ids = Vec::new();
    for action in actions {
        let found = fetch(remote, action).await?;
        let id = text(found.get("id"));
        if ids.contains(&id) {
            bail!("'{action}' is named twice");
        }
        let mut item = Map::new();
        item.insert("ref".to_owned(), json!({ "type": "action_id", "value": id }));
        item.insert("display_name".to_owned(), found.get("name").cloned().unwrap_or_default());
        if let Some(on_failure) = &options.on_failure {
            item.insert("on_failure".to_owned(), json!(on_failure));
        }
        if let Some(hosts) = &options.hosts {
            item.insert("egress_hosts".to_owned(), json!(hosts));
        }
        items.push(Value::Object(item));
        ids.push(id);
    }
    let kept = if only { Vec::new() } else { current(remote).await? };
    let kept = kept.into_iter().filter(|(id, _)| !ids.contains(id)).map(|(_, item)| item);
    replace(remote, out, kept.chain(items).collect()).await
}

async fn replace(remote: &Remote, out: &Output, items: Vec<Value>) -> anyhow::Result<()> {
    let body = Body::Json(json!({ "bindings": items }));
    bindings(out, &remote.api(Method::PATCH, &TRIGGER, &[], body).await?);
    Ok(())
}

fn bindings(out: &Output, found: &Value) {
    let columns = [
        ("action", "/action/name"),
        ("version", "/action/deployed_version/number"),
        ("on failure", "/on_failure"),
        ("hosts", "/egress_hosts"),
        ("id", "/id"),
    ];
    out.rows(found, "/bindings", &columns);
}

async fn test(remote: &Remote, out: &Output, action: &str, event: Option<&Path>) -> anyhow::Result<()> {
    let event = match event {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            object(&path.display().to_string(), &text)?
        }
        None => Map::new(),
    };
    let id = id_of(remote, action).await?;
    let body = Body::Json(json!({ "payload": { "event": event } }));
    let done = remote.api(Method::POST, &["actions", "actions", &id, "test"], &[], body).await?;
    out.show(&done, |done| format!("{:#}", done.get("payload").unwrap_or(done)));
    Ok(())
}

async fn logs(remote: &Remote, out: &Output, action: &str, execution: &str) -> anyhow::Result<()> {
    let id = id_of(remote, action).await?;
    let found = remote.get(&["actions", "executions", execution], &[]).await?;
    let runs = found.get("runs").and_then(Value::as_array).into_iter().flatten();
    let mine: Vec<Value> =
        runs.filter(|run| run.get("action_id").and_then(Value::as_str) == Some(&id)).cloned().collect();
    if mine.is_empty() {
        bail!("'{action}' did not run in {execution}");
    }
    if out.json {
        line(&format!("{:#}", Value::Array(mine)));
    } else {
        line(&login::show_runs(&Value::Array(mine)));
    }
    Ok(())
}
