//! Hostile guests over HTTP: each ends as it should, the server keeps serving, and a neighbor hardly notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use postern_e2e::{Api, Server, module, report};
use serde_json::{Value, json};

/// The guest of `tests/guests/hostile`, and the status its run ends with.
pub(crate) const RUNS: &[(&str, &str)] = &[
    ("buffer_huge", "trap"),
    ("buffer_wraps", "trap"),
    ("call_flood", "trap"),
    ("divide", "trap"),
    ("error", "guest_error"),
    ("length_negative", "trap"),
    ("log_flood", "ok"),
    ("loop", "out_of_fuel"),
    ("memory_bomb", "out_of_memory"),
    ("mutation_bad_argument", "bad_result"),
    ("mutation_unknown", "bad_result"),
    ("pointer_huge", "trap"),
    ("pointer_negative", "trap"),
    ("pointer_overlaps", "ok"),
    ("recursion", "trap"),
    ("result_deep", "bad_result"),
    ("result_gigabyte", "bad_result"),
    ("result_many", "bad_result"),
    ("result_million", "bad_result"),
    ("result_negative", "bad_result"),
    ("result_not_json", "bad_result"),
    ("result_not_utf8", "bad_result"),
    ("result_other_json", "bad_result"),
    ("table_bomb", "out_of_memory"),
    ("take_unknown", "trap"),
];

const ENTRY: &str = r#"(func (export "on_execute_post_login") (result i64) (i64.const 0))"#;
const MEMORY: &str = r#"(memory (export "memory") 1)"#;

/// Modules that an upload refuses, with a word of the rule that the answer names.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let text = |body: &str| wat::parse_str(format!("(module {body})")).unwrap();
    let functions = format!("{MEMORY} {ENTRY} {}", "(func)".repeat(100_000));
    let locals = format!("{MEMORY} {ENTRY} (func (local {}))", "i64 ".repeat(50_001));
    let targets =
        format!("{MEMORY} {ENTRY} (func (param i32) (block (br_table {} (local.get 0))))", "0 ".repeat(200_000));
    vec![
        ("nothing", Vec::new(), ""),
        ("rubbish", b"not a module".to_vec(), ""),
        ("cut short", module("count")[..60].to_vec(), ""),
        ("too large", [module("count"), vec![0; 5 << 20]].concat(), ""),
        ("100,000 functions", text(&functions), "function"),
        ("50,001 locals", text(&locals), "local"),
        ("wide br_table", text(&targets), "br_table"),
        ("unknown import", text(&format!(r#"(import "env" "exit" (func)) {MEMORY} {ENTRY}"#)), "import"),
        (
            "WASI",
            text(&format!(
                r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))) {MEMORY} {ENTRY}"#
            )),
            "import",
        ),
        (
            "import of another type",
            text(&format!(r#"(import "postern_v1" "log" (func (param i64))) {MEMORY} {ENTRY}"#)),
            "import",
        ),
        ("imported memory", text(&format!(r#"(import "postern_v1" "memory" (memory 1)) {ENTRY}"#)), "import"),
        ("no memory", text(ENTRY), "memor"),
        ("huge memory", text(&format!(r#"(memory (export "memory") 40000) {ENTRY}"#)), "memor"),
        ("64-bit memory", text(&format!(r#"(memory (export "memory") i64 1) {ENTRY}"#)), "memor"),
        ("shared memory", text(&format!(r#"(memory (export "memory") 1 2 shared) {ENTRY}"#)), ""),
        ("huge table", text(&format!("(table 10000000 funcref) {MEMORY} {ENTRY}")), "table"),
        ("no entry", text(MEMORY), "on_execute_post_login"),
        (
            "entry of another type",
            text(&format!(r#"{MEMORY} (func (export "on_execute_post_login"))"#)),
            "on_execute_post_login",
        ),
        ("start section", text(&format!("{MEMORY} {ENTRY} (func $start unreachable) (start $start)")), "start"),
        ("a component", wat::parse_str("(component)").unwrap(), ""),
    ]
}

/// Logs in again and again until told to stop; returns how long each login took.
async fn neighbor(api: Api, client: String, user: String, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut took = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let begin = Instant::now();
        let login = api.login(&client, &user).await;
        took.push(begin.elapsed());
        assert_eq!(login["outcome"]["type"], "allow", "{login}");
    }
    took
}

fn percentile(took: &mut [Duration], percent: usize) -> Duration {
    took.sort();
    took[(took.len() * percent / 100).min(took.len() - 1)]
}

/// A tenant with a counting action and a user; returns client and user.
async fn quiet_tenant(api: &Api) -> (String, String) {
    let _action = api.install("count", &module("count")).await;
    (api.client_id().await, api.user_create("quiet").await)
}

async fn hostile_run(api: &Api, client: &str, action: &str, guest: &str) -> Value {
    let _draft = api.artifact_replace(action, &module(&format!("hostile/{guest}"))).await.ok();
    let _version = api.deploy(action).await;
    let user = api.user_create(&guest.replace('_', "-")).await;
    let before = api.user(&user).await;
    let login = api.login(client, &user).await;
    let after = api.user(&user).await;
    if login["outcome"]["type"] == "error" {
        assert_eq!(after["app_metadata"], before["app_metadata"], "{guest}: {login}");
    }
    login
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_guests_end_as_designed_and_a_neighbor_keeps_logging_in() {
    let mut server = Server::start().await;
    let operator_token = server.bootstrap.operator_token.clone();
    let (quiet, _) = server.api.tenant_create(&operator_token, "quiet").await;
    let (quiet_client, quiet_user) = quiet_tenant(&quiet).await;

    // The neighbor alone, then beside the hostile guests, in the same run.
    let mut alone = Vec::new();
    for _ in 0..100 {
        let begin = Instant::now();
        let _login = quiet.login(&quiet_client, &quiet_user).await;
        alone.push(begin.elapsed());
    }
    let stop = Arc::new(AtomicBool::new(false));
    let beside = tokio::spawn(neighbor(quiet.clone(), quiet_client.clone(), quiet_user.clone(), Arc::clone(&stop)));

    let api = server.api.clone();
    let client = api.client_id().await;
    let action = api.install("hostile", &module("count")).await;
    for (guest, status) in RUNS {
        let login = hostile_run(&api, &client, &action, guest).await;
        let run = &login["runs"][0];
        assert_eq!(run["status"], *status, "{guest}: {login}");
        let outcome = if *status == "ok" { "allow" } else { "error" };
        assert_eq!(login["outcome"]["type"], outcome, "{guest}: {login}");
        if outcome == "error" {
            assert_eq!(run["mutations"], json!([]), "{guest}: {login}");
        }
        server.assert_alive();
    }
    stop.store(true, Ordering::SeqCst);
    let mut beside = beside.await.unwrap();
    let count = beside.len() + alone.len();
    report(&format!(
        "neighbor's login beside {} hostile guests: p50 {:?}, p99 {:?} of {}; alone p50 {:?}, p99 {:?}",
        RUNS.len(),
        percentile(&mut beside, 50),
        percentile(&mut beside, 99),
        beside.len(),
        percentile(&mut alone, 50),
        percentile(&mut alone, 99),
    ));
    assert_eq!(quiet.user(&quiet_user).await["logins_count"], json!(count));
}

#[tokio::test]
async fn a_log_flood_is_cut_and_says_so() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let action = api.install("hostile", &module("count")).await;
    let login = hostile_run(api, &client, &action, "log_flood").await;
    let logs = login["runs"][0]["logs"].as_array().unwrap();
    let bytes: usize = logs.iter().map(|line| line["message"].as_str().unwrap().len()).sum();
    assert!((1..=66 << 10).contains(&bytes), "{bytes} bytes of logs kept");
}

#[tokio::test]
async fn an_upload_that_breaks_a_rule_is_refused_by_name() {
    let mut server = Server::start().await;
    let api = server.api.clone();
    let good = module("count");
    let action = api.action_create("target", &good, &json!([])).await;
    for (name, wasm, word) in refused() {
        let answer = api.artifact_replace(&action, &wasm).await;
        let status = answer.status.as_u16();
        assert!(status == 400 || (status == 413 && name == "too large"), "{name}: {status} {}", answer.body);
        let message = answer.body["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(word), "{name}: the answer names no rule about `{word}`: {message}");
        let _code = answer.refused(status);
        server.assert_alive();
    }
    // The draft is still the good one.
    let artifact = api.request(reqwest::Method::GET, &format!("/api/v2/actions/actions/{action}/artifact"));
    assert_eq!(artifact.send().await.unwrap().bytes().await.unwrap(), good);
    let _version = api.deploy(&action).await;
}

#[tokio::test]
async fn a_guest_that_waits_too_long_meets_the_deadline() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let action = api.install("hostile", &module("count")).await;
    let begin = Instant::now();
    let login = hostile_run(api, &client, &action, "sleep").await;
    assert_eq!(login["runs"][0]["status"], "deadline", "{login}");
    assert_eq!(login["outcome"]["type"], "error", "{login}");
    let took = begin.elapsed();
    assert!((Duration::from_secs(19)..Duration::from_secs(40)).contains(&took), "{took:?}");
}
