//! `postern actions dev`: runs a JavaScript action in the sandbox on this machine, again whenever a file changes.
//! No server is needed; nothing is committed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use postern_engine::{
    BuildError, Directory, EgressConfig, EgressPolicy, Engine, EngineConfig, Entry, Program, RunInput, RunReport,
    TriggerCache,
};
use postern_model::ExecutionLimits;
use postern_packages::{Packages, PackagesConfig};
use serde_json::{Map, Value, json};
use similar::{ChangeTag, TextDiff};

use super::javascript::Source;
use super::output::{Output, complain, line, text};

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// `postern actions dev`
#[derive(Debug, Args)]
pub(crate) struct DevArgs {
    /// The action's source (.js or .ts)
    action: PathBuf,
    /// File with the event, a JSON object; what every event has is added when it is missing
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Run `onContinuePostLogin`
    #[arg(long = "continue")]
    resume: bool,
    /// Run once, and fail when the action fails
    #[arg(long)]
    once: bool,
    /// Address (10.1.2.3, 10.0.0.0/8) or host that the action may reach although it is private; may be repeated
    #[arg(long = "egress-allow", value_name = "HOST")]
    egress_allow: Vec<String>,
    /// Certificates to trust beside the system's
    #[arg(long, value_name = "PEM")]
    egress_ca_file: Option<PathBuf>,
    /// What the clock says, ms since the epoch [default: the present]
    #[arg(long, value_name = "MS")]
    now: Option<i64>,
}

/// Carries out the command.
pub(crate) async fn run(out: &Output, args: &DevArgs) -> anyhow::Result<()> {
    let bench = Bench::new(args)?;
    if args.once {
        let shown = bench.once(args).await?;
        let failed = shown.get("status").and_then(Value::as_str) != Some("ok");
        out.show(&shown, |shown| describe(shown).join("\n"));
        ensure!(!failed, "the action failed");
        return Ok(());
    }
    let mut last: Option<Vec<String>> = None;
    loop {
        let seen = Bench::contents(args);
        match bench.once(args).await {
            Ok(shown) => {
                let lines = describe(&shown);
                out.show(&shown, |_| lines.join("\n"));
                if let Some(last) = last.filter(|_| !out.json) {
                    line(&difference(&last, &lines));
                }
                last = Some(lines);
            }
            Err(error) => complain(&format!("{error:#}")),
        }
        out.done("\nwatching; Ctrl-C ends it");
        while Bench::contents(args) == seen {
            tokio::time::sleep(LOOK).await;
        }
        out.done("");
    }
}

/// The engine on this machine.
struct Bench {
    engine: Engine,
    wasm: Arc<[u8]>,
    cache: Arc<TriggerCache>,
    packages: Packages,
}

impl Bench {
    fn new(args: &DevArgs) -> anyhow::Result<Self> {
        let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("read {}", path.display()));
        let egress = EgressConfig {
            allow: args.egress_allow.clone(),
            extra_ca_pem: args.egress_ca_file.as_ref().map(read).transpose()?,
            ..EgressConfig::default()
        };
        // The engine takes a second or two to compile, once a machine.
        let folder = cache_folder().context("there is no home to keep compiled code in: set XDG_CACHE_HOME")?;
        let packages = Packages::new(PackagesConfig::new(folder.join("build-tools")));
        let cache_dir = Some(folder.join("code"));
        let engine = Engine::new(EngineConfig { cache_dir, egress, ..EngineConfig::default() })?;
        Ok(Self { engine, wasm: postern_javascript::ENGINE.into(), cache: Arc::new(TriggerCache::new()), packages })
    }

    /// What is watched: the action, its package.json, and the event.
    fn contents(args: &DevArgs) -> Vec<Option<Vec<u8>>> {
        let package = args.action.with_file_name("package.json");
        [Some(&args.action), Some(&package), args.event.as_ref()]
            .into_iter()
            .flatten()
            .map(|path| std::fs::read(path).ok())
            .collect()
    }

    async fn program(&self, path: &Path) -> anyhow::Result<Arc<Program>> {
        let payload = Source::read(path)?.payload(&self.packages).await?;
        match self.engine.build(&self.wasm, &serde_json::to_vec(&payload)?).await {
            Err(BuildError::Init { error, .. }) => {
                // Its stack says where.
                let stack = error.stack.unwrap_or_default();
                let frames = stack.lines().map(str::trim).filter(|line| line.starts_with("at "));
                let place = frames.map(|frame| format!("\n  {frame}")).collect::<String>();
                bail!("{}: {}{place}", error.name, error.message)
            }
            built => Ok(built?),
        }
    }

    /// One run, as JSON: `status`, `mutations`, `error`, `logs`, `fuel`, `memory_bytes`, `duration_us`, `calls`.
    async fn once(&self, args: &DevArgs) -> anyhow::Result<Value> {
        let event = event(args.event.as_deref())?;
        let program = self.program(&args.action).await?;
        let limits = ExecutionLimits::default();
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        let input = RunInput {
            tenant: "dev".parse().context("name a tenant")?,
            entry: if args.resume { Entry::Continue } else { Entry::Execute },
            event: Arc::new(event),
            limits,
            deadline: Instant::now() + limits.execution_wall(),
            now_ms: args.now.unwrap_or_else(|| Timestamp::now().as_millisecond()),
            seed,
            egress: EgressPolicy::Public,
            cache: Arc::clone(&self.cache),
            directory: Directory::default(),
            earlier: Vec::new(),
            replay: None,
        };
        Ok(report(&self.engine.run(&program, input).await?))
    }
}

fn report(report: &RunReport) -> Value {
    json!({
        "status": report.status,
        "mutations": report.mutations,
        "error": report.error,
        "logs": report.logs,
        "fuel": report.usage.fuel,
        "memory_bytes": report.usage.memory_bytes,
        "duration_us": report.usage.duration_us,
        "calls": report.journal.calls.iter().map(|call| &call.call).collect::<Vec<_>>(),
    })
}

/// The event of a file, with what every event has.
fn event(path: Option<&Path>) -> anyhow::Result<Value> {
    let mut event = match path {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            super::users::object(&path.display().to_string(), &text)?
        }
        None => Map::new(),
    };
    for part in ["client", "configuration", "connection", "request", "secrets", "stats", "tenant", "user"] {
        event.entry(part).or_insert_with(|| json!({}));
    }
    if let Some(Value::Object(user)) = event.get_mut("user") {
        for part in ["app_metadata", "user_metadata"] {
            user.entry(part).or_insert_with(|| json!({}));
        }
    }
    Ok(Value::Object(event))
}

/// A run as lines for people.
fn describe(run: &Value) -> Vec<String> {
    let mut lines = vec![format!("{}  fuel {}", text(run.get("status")), text(run.get("fuel")))];
    let rows = |key: &str| run.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(error) = run.get("error").filter(|error| !error.is_null()) {
        lines.push(format!("{}: {}", text(error.get("name")), text(error.get("message"))));
        lines.extend(text(error.get("stack")).lines().map(|frame| format!("  {}", frame.trim())));
    }
    for mut mutation in rows("mutations") {
        let kind = mutation.as_object_mut().and_then(|mutation| mutation.shift_remove("type"));
        lines.push(format!("{} {mutation}", text(kind.as_ref())));
    }
    for log in rows("logs") {
        lines.push(format!("[{}] {}", text(log.get("level")), text(log.get("message"))));
    }
    for call in rows("calls") {
        let target = call.get("url").or_else(|| call.get("key"));
        lines.push(format!("called {} {}", text(call.get("type")), text(target)));
    }
    lines
}

/// What changed since the last run; empty runs of equal lines are left out.
fn difference(last: &[String], now: &[String]) -> String {
    let whole = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let (last, now) = (whole(last), whole(now));
    let changes = TextDiff::from_lines(&last, &now);
    let changed = changes.iter_all_changes().filter_map(|change| match change.tag() {
        ChangeTag::Equal => None,
        ChangeTag::Delete => Some(format!("- {}", change.value().trim_end())),
        ChangeTag::Insert => Some(format!("+ {}", change.value().trim_end())),
    });
    let changed: Vec<String> = changed.collect();
    if changed.is_empty() {
        "\nthe same as the last run".to_owned()
    } else {
        format!("\nchanged since the last run:\n{}", changed.join("\n"))
    }
}

/// Where compiled code and what npm gave are kept, if there is a home.
fn cache_folder() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    Some(base.join("postern"))
}
