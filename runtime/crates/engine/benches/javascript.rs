//! What JavaScript actions cost, as ratios of one interleaved run:
//!
//! * a login in a fresh sandbox, against one more call of the handler in a sandbox that is warm (and leaks state);
//! * against a fresh `vm` context of Node with the same script;
//! * a bundle of packages, against the small action;
//! * memory for each action loaded, ready and compressed; the first login of an action after a start.
//!
//! `cargo bench -p postern-engine --bench javascript -- [--bundle FILE.js] [--actions N] [--quick]`
//!
//! The bundle is a script as `postern-packages` makes it, in which `lodash`, `axios` and `moment` are.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that fails may stop, and its output is its result"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{
    CompiledModule, Directory, EgressPolicy, Engine, EngineConfig, Entry, Program, RunInput, TriggerCache,
};
use postern_model::{ExecutionLimits, RunStatus};
use serde_json::{Value, json};

const ENGINE: &[u8] = include_bytes!("../../../../sdk/javascript/engine.wasm");
const ACTION: &str = include_str!("javascript/action.js");
/// Runs timed together.
const BATCH: u32 = 50;
/// Further calls of the handler in one run: what each adds is what a warm sandbox would take.
const WARM_CALLS: u32 = 20;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Default)]
struct Options {
    bundle: Option<String>,
    actions: Option<u64>,
    quick: bool,
}

fn options() -> Options {
    let mut options = Options { bundle: std::env::var("POSTERN_BUNDLE").ok(), ..Options::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bundle" => options.bundle = arguments.next(),
            "--actions" => options.actions = arguments.next().map(|n| n.parse().unwrap()),
            "--quick" | "--test" => options.quick = true,
            // Cargo's own.
            _ => {}
        }
    }
    options
}

fn main() {
    let options = options();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        costs(folder.path(), &options).await;
        memory(folder.path(), options.actions.unwrap_or(if options.quick { 50 } else { 1_000 })).await;
        if let Some(bundle) = &options.bundle {
            cold("bundle", folder.path(), &bundled(bundle)).await;
        }
        cold("small action", folder.path(), &payload(ACTION, None)).await;
    });
}

/// An event of about 2 KB.
fn event() -> Value {
    json!({
        "client": {"client_id": "AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPp", "name": "Shop", "metadata": {"tier": "gold"}},
        "connection": {"id": "con_0123456789abcdef", "name": "Username-Password-Authentication", "strategy": "auth0"},
        "authentication": {"methods": [{"name": "pwd", "timestamp": "2026-11-25T06:00:00.000Z"}]},
        "request": {
            "ip": "203.0.113.7", "hostname": "login.example.com", "language": "en", "method": "GET",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
            "geoip": {"continentCode": "EU", "countryCode": "DE", "countryCode3": "DEU", "countryName": "Germany",
                "cityName": "Berlin", "latitude": 52.52, "longitude": 13.405, "timeZone": "Europe/Berlin"},
            "query": {"scope": "openid profile email", "response_type": "code", "state": "q8Zk0"}, "body": {}
        },
        "authorization": {"roles": ["buyer", "beta", "Admin"]}, "stats": {"logins_count": 41}, "secrets": {},
        "tenant": {"id": "default"},
        "transaction": {"protocol": "oidc-basic-profile", "requested_scopes": ["openid", "profile", "email"],
            "acr_values": [], "ui_locales": [], "redirect_uri": "https://shop.example.com/callback", "metadata": {}},
        "user": {
            "user_id": "auth0|5f7c8ec7c33c6c004bbafe82", "email": "ann@example.com", "email_verified": true,
            "name": "Ann Example", "nickname": "ann", "given_name": "Ann", "family_name": "Example",
            "picture": "https://cdn.example.com/avatars/an.png", "created_at": "2025-01-01T00:00:00.000Z",
            "app_metadata": {"plan": "premium", "notes": "x".repeat(600)}, "user_metadata": {"color": "blue"},
            "identities": [{"provider": "auth0", "connection": "Username-Password-Authentication"}]
        }
    })
}

fn payload(source: &str, bundle: Option<&str>) -> Vec<u8> {
    let preload: &[&str] = if bundle.is_some() { &["lodash", "axios", "moment"] } else { &[] };
    let mut payload = json!({
        "kind": "action", "trigger": "post-login", "file": "action.js", "source": source,
        "preload": preload, "now": 1_764_000_000_000_u64, "seed": 7,
    });
    if let Some(bundle) = bundle {
        payload["bundle"] = json!(bundle);
    }
    serde_json::to_vec(&payload).unwrap()
}

/// The same action with packages: they are loaded, and one is used.
fn bundled(bundle: &str) -> Vec<u8> {
    let source = format!(
        "const _ = require('lodash'); require('axios'); const moment = require('moment');\n{}",
        ACTION.replace("event.authorization?.roles ?? []", "_.uniq(event.authorization.roles)")
    );
    payload(&source, Some(&std::fs::read_to_string(bundle).unwrap()))
}

/// The small action whose handler is called again and again in one run.
fn warm() -> Vec<u8> {
    let again = format!(
        "\nconst once = exports.onExecutePostLogin;\nexports.onExecutePostLogin = async (event, api) => {{\n    \
         for (let n = 0; n <= {WARM_CALLS}; n += 1) await once(event, api);\n}};\n"
    );
    payload(&format!("{ACTION}{again}"), None)
}

fn engine(folder: &Path) -> Engine {
    Engine::new(EngineConfig { cache_dir: Some(folder.to_owned()), ..EngineConfig::default() }).unwrap()
}

fn input() -> RunInput {
    RunInput {
        tenant: "default".parse().unwrap(),
        entry: Entry::Execute,
        event: Arc::new(event()),
        limits: ExecutionLimits::default(),
        deadline: Instant::now(),
        now_ms: 1_764_000_000_000,
        seed: [7; 32],
        egress: EgressPolicy::Public,
        cache: Arc::new(TriggerCache::new()),
        directory: Directory::default(),
        earlier: Vec::new(),
        replay: None,
    }
}

async fn run(engine: &Engine, program: &Arc<Program>, input: &RunInput) -> u64 {
    let input = RunInput { deadline: Instant::now() + Duration::from_secs(20), ..input.clone() };
    let report = engine.run(program, input).await.unwrap();
    assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
    report.usage.fuel
}

/// µs a run, of a batch.
async fn batch(engine: &Engine, program: &Arc<Program>, input: &RunInput) -> f64 {
    let begun = Instant::now();
    for _ in 0..BATCH {
        run(engine, program, input).await;
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(BATCH)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

async fn costs(folder: &Path, options: &Options) {
    let engine = engine(folder);
    let begun = Instant::now();
    let module = engine.module(&Arc::from(ENGINE)).await.unwrap();
    println!("engine: {} bytes, compiled in {:.2} s", ENGINE.len(), begun.elapsed().as_secs_f64());
    let mut payloads = vec![("small", payload(ACTION, None)), ("warm", warm())];
    payloads.extend(options.bundle.as_deref().map(|bundle| ("bundle", bundled(bundle))));
    let (input, rounds) = (input(), if options.quick { 3 } else { 40 });
    let mut programs = Vec::new();
    for (name, payload) in &payloads {
        let begun = Instant::now();
        let program = engine.program(&module, payload).await.unwrap();
        let built_ms = begun.elapsed().as_secs_f64() * 1e3;
        let fuel = run(&engine, &program, &input).await;
        println!("{name}: built in {built_ms:.1} ms, snapshot {} bytes, {fuel} fuel a login", program.size());
        programs.push(program);
    }
    let mut times = vec![Vec::new(); programs.len()];
    let mut node = Vec::new();
    for _ in 0..rounds {
        for (program, times) in programs.iter().zip(&mut times) {
            times.push(batch(&engine, program, &input).await);
        }
        node.extend(node_login(folder));
    }
    let mut medians = times.iter_mut().map(|times| median(times));
    let (small, many) = (medians.next().unwrap(), medians.next().unwrap());
    let warm = (many - small) / f64::from(WARM_CALLS);
    println!("small {small:.0} µs a login; one more call of the handler in a warm sandbox {warm:.0} µs");
    println!("  small / warm {:.2}", small / warm);
    if let Some(bundle) = medians.next() {
        println!("bundle {bundle:.0} µs a login\n  bundle / small {:.2}", bundle / small);
    }
    if !node.is_empty() {
        let node = median(&mut node);
        println!("a fresh context of Node {node:.0} µs\n  small / Node {:.3}", small / node);
    }
}

/// µs of the same login in a fresh context of Node; `None` when there is no Node.
fn node_login(folder: &Path) -> Option<f64> {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/javascript");
    let events = folder.join("event.json");
    std::fs::write(&events, event().to_string()).unwrap();
    let arguments = [benches.join("fresh_context.js"), benches.join("action.js"), events, "100".into()];
    let output = Command::new("node").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.parse().ok()
}

/// Resident memory of this process, KiB.
fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "a thousand or so")]
async fn memory(folder: &Path, actions: u64) {
    for (what, program_bytes) in [("ready", usize::MAX), ("compressed", 1)] {
        let config = EngineConfig {
            cache_dir: Some(folder.to_owned()),
            program_bytes,
            cold_bytes: usize::MAX,
            ..EngineConfig::default()
        };
        let engine = Engine::new(config).unwrap();
        let module = engine.module(&Arc::from(ENGINE)).await.unwrap();
        let load = async |n: u64| {
            let program = engine.program(&module, &payload(&format!("{ACTION}\n// {n}"), None)).await.unwrap();
            run(&engine, &program, &input()).await;
        };
        load(actions).await;
        let before = resident_kib();
        for n in 0..actions {
            load(n).await;
        }
        // What made room is compressed beside.
        tokio::time::sleep(Duration::from_millis(200)).await;
        println!("{actions} small actions {what}: {:.1} KiB each", (resident_kib() - before) / actions as f64);
    }
}

/// The first login of an action in a process that has not seen it.
async fn cold(what: &str, folder: &Path, payload: &[u8]) {
    let prepare = engine(folder);
    let module = prepare.module(&Arc::from(ENGINE)).await.unwrap();
    let key = prepare.program(&module, payload).await.unwrap().key().to_owned();
    let payload_sha256 = key.split_once('+').unwrap().1.to_owned();
    let mut times = Vec::new();
    for _ in 0..20 {
        let engine = engine(folder);
        let module: CompiledModule = engine.module(&Arc::from(ENGINE)).await.unwrap();
        let other = engine.program(&module, br#"{"kind":"action","trigger":"post-login","file":"a.js","source":"exports.onExecutePostLogin = async () => {};","now":0,"seed":0}"#).await.unwrap();
        run(&engine, &other, &input()).await;
        let begun = Instant::now();
        let program = engine.program_kept(&module, &payload_sha256).await.unwrap();
        run(&engine, &program, &input()).await;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    println!("{what}: first login after a start {:.2} ms", median(&mut times));
}
