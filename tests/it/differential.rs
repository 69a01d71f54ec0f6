//! The corpus of actions, each run by Node with a reference api and by the engine: the same mutations in the same
//! order, the same errors.
//!
//! An action of `tests/javascript/corpus` runs once on `tests/javascript/event.json`, or as the list of cases beside
//! it says: a patch of the event (RFC 7396) and the entry. What a console printed is not compared.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{Directory, EgressPolicy, Engine, EngineConfig, Entry, RunInput, TriggerCache};
use postern_javascript::{ENGINE, Kind, Payload};
use postern_model::ExecutionLimits;
use serde_json::{Value, json};

/// 1 March 2026, ten o'clock.
const NOW_MS: i64 = 1_772_359_200_123;

/// The seed of what is random: JavaScript reads it, so it stays below 2^53.
const SEED: u64 = 7;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("javascript")
}

fn read_json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// JSON Merge Patch.
fn patch(target: &mut Value, with: &Value) {
    let Value::Object(with) = with else {
        *target = with.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let members = target.as_object_mut().unwrap();
    for (key, value) in with {
        if value.is_null() {
            members.remove(key);
        } else {
            patch(members.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// `{name, source, event, entry, now}` of every case.
fn cases() -> Vec<Value> {
    let base = read_json(&folder().join("event.json"));
    let mut files: Vec<_> = fs::read_dir(folder().join("corpus")).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "js"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy();
        let list = file.with_extension("json");
        let given = if list.exists() { read_json(&list) } else { json!([{}]) };
        for (at, case) in given.as_array().unwrap().iter().enumerate() {
            let mut event = base.clone();
            patch(&mut event, case.get("event").unwrap_or(&json!({})));
            cases.push(json!({
                "name": format!("{name} {at}"),
                "source": fs::read_to_string(&file).unwrap(),
                "event": event,
                "entry": case.get("entry").cloned().unwrap_or_else(|| json!("execute")),
                "now": NOW_MS,
            }));
        }
    }
    cases
}

fn under_node(cases: &[Value]) -> Vec<Value> {
    let node = std::env::var_os("POSTERN_NODE").unwrap_or_else(|| "node".into());
    let mut child = Command::new(node)
        .arg(folder().join("reference/run.mjs"))
        .env("TZ", "UTC")
        .env("LC_ALL", "en_US.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is installed");
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(cases).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn in_the_engine(engine: &Engine, wasm: &Arc<[u8]>, case: &Value) -> Value {
    let payload = Payload {
        kind: Kind::Action,
        trigger: "post-login".to_owned(),
        file: "action.js".to_owned(),
        source: case["source"].as_str().unwrap().to_owned(),
        bundle: None,
        preload: Vec::new(),
        modules: std::collections::BTreeMap::new(),
        now: NOW_MS,
        seed: SEED,
    };
    let program = match engine.build(wasm, &serde_json::to_vec(&payload).unwrap()).await {
        Ok(program) => program,
        Err(error) => return json!({"error": {"name": "Build", "message": error.to_string()}}),
    };
    let limits = ExecutionLimits::default();
    let input = RunInput {
        tenant: "default".parse().unwrap(),
        entry: if case["entry"] == "continue" { Entry::Continue } else { Entry::Execute },
        event: Arc::new(case["event"].clone()),
        limits,
        deadline: Instant::now() + Duration::from_secs(20),
        now_ms: NOW_MS,
        seed: [7; 32],
        egress: EgressPolicy::None,
        cache: Arc::new(TriggerCache::new()),
        directory: Directory::default(),
        earlier: Vec::new(),
        replay: None,
    };
    let report = engine.run(&program, input).await.unwrap();
    match report.error {
        Some(error) => json!({"error": {"name": error.name, "message": error.message}}),
        None => json!({"mutations": report.mutations}),
    }
}

/// What is compared: JavaScript knows one kind of number only.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// Places where two values differ.
fn differences(place: &str, node: &Value, ours: &Value, found: &mut Vec<String>) {
    match (node, ours) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{place}/{at}"), a, b, found);
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let of = |members: &serde_json::Map<String, Value>| members.get(key).cloned().unwrap_or_default();
                differences(&format!("{place}/{key}"), &of(a), &of(b), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{place}\n    Node: {a}\n    ours: {b}")),
    }
}

#[tokio::test]
async fn actions_end_as_under_node() {
    let cases = cases();
    let actions: BTreeSet<_> = cases.iter().map(|case| case["source"].to_string()).collect();
    assert!(actions.len() >= 60, "{} actions", actions.len());
    let wanted = under_node(&cases);
    assert_eq!(wanted.len(), cases.len());

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
    let config = EngineConfig { cache_dir: Some(folder), ..EngineConfig::default() };
    let engine = Engine::new(config).unwrap();
    let wasm: Arc<[u8]> = ENGINE.into();
    let module = engine.module(&wasm).await.unwrap();
    let mut found = Vec::new();
    for (case, wanted) in cases.iter().zip(&wanted) {
        let ours = in_the_engine(&engine, &wasm, case).await;
        let mut wanted = wanted.clone();
        wanted.as_object_mut().unwrap().retain(|key, _| key == "mutations" || key == "error");
        differences(case["name"].as_str().unwrap(), &plain(&wanted), &plain(&ours), &mut found);
    }
    drop(module);
    assert!(found.is_empty(), "{} differences in {} cases:\n{}", found.len(), cases.len(), found.join("\n"));
}
