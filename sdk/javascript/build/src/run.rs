//! Runs an action as a login would.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use postern_engine::{Directory, EgressPolicy, Engine, EngineConfig, Entry, RunInput, TriggerCache};
use postern_model::ExecutionLimits;
use serde_json::{Value, json};

use crate::guest;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The source.
    action: PathBuf,
    /// The event, JSON.
    #[arg(long)]
    event: Option<PathBuf>,
    /// A script of npm packages.
    #[arg(long)]
    bundle: Option<PathBuf>,
    /// `onContinuePostLogin` instead of `onExecutePostLogin`.
    #[arg(long)]
    resume: bool,
    /// What `Date.now()` answers.
    #[arg(long, default_value_t = 1_700_000_000_000)]
    now: i64,
    /// Hosts that may be reached although private.
    #[arg(long)]
    allow: Vec<String>,
    /// More fields of the payload, JSON.
    #[arg(long, default_value = "{}")]
    payload: String,
    /// How often it is run; the last run is shown.
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// The engine's module; `sdk/javascript/engine.wasm` by default.
    #[arg(long)]
    engine: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let path = arguments.engine.unwrap_or_else(|| guest::folder().join("engine.wasm"));
    let wasm: Arc<[u8]> = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?.into();
    let mut payload: Value = serde_json::from_str(&arguments.payload).context("read --payload")?;
    let map = payload.as_object_mut().context("--payload is no object")?;
    map.entry("kind").or_insert(json!("action"));
    map.entry("trigger").or_insert(json!("post-login"));
    map.insert("file".to_owned(), json!("action.js"));
    map.insert("source".to_owned(), json!(std::fs::read_to_string(&arguments.action)?));
    if let Some(bundle) = &arguments.bundle {
        map.insert("bundle".to_owned(), json!(std::fs::read_to_string(bundle)?));
    }
    let event = match &arguments.event {
        Some(path) => serde_json::from_str(&std::fs::read_to_string(path)?).context("read the event")?,
        None => json!({}),
    };
    let mut config =
        EngineConfig { cache_dir: Some(std::env::temp_dir().join("postern-js-cache")), ..EngineConfig::default() };
    config.egress.allow = arguments.allow;
    let engine = Engine::new(config)?;
    let program = engine.build(&wasm, &serde_json::to_vec(&payload)?).await?;
    let limits = ExecutionLimits::default();
    for time in 1..=arguments.times {
        let input = RunInput {
            tenant: "default".parse().context("name a tenant")?,
            entry: if arguments.resume { Entry::Continue } else { Entry::Execute },
            event: Arc::new(event.clone()),
            limits,
            deadline: Instant::now() + limits.execution_wall(),
            now_ms: arguments.now,
            seed: [7; 32],
            egress: EgressPolicy::Public,
            cache: Arc::new(TriggerCache::new()),
            directory: Directory::default(),
            earlier: Vec::new(),
            replay: None,
        };
        let report = engine.run(&program, input).await?;
        if time == arguments.times {
            let shown = json!({
                "status": report.status, "mutations": report.mutations, "error": report.error, "logs": report.logs,
                "usage": report.usage, "calls": report.journal.calls, "reads": report.journal.reads,
            });
            println!("{}", serde_json::to_string_pretty(&shown)?);
        }
    }
    Ok(())
}
