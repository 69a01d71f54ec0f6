//! kill -9 of the real server under load, again and again on the same data folder: whatever was acknowledged is
//! there after the restart, and nothing is there by halves.
//!
//! `POSTERN_KILL_ROUNDS` sets the number of rounds (200), `POSTERN_KILL_SEED` the seed.

use std::time::{Duration, Instant};

use postern_e2e::{Api, Server, encode, module, report};
use reqwest::Method;
use serde_json::json;
use tokio::sync::mpsc;

use crate::world::rows;

/// Connections that load the server, each on a user of its own; two more share one user.
const WORKERS: usize = 6;
const SHARING: usize = 2;

/// A small generator, so that a failing run can be repeated with its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What the clients know of one user.
#[derive(Debug, Default, Clone)]
struct Ledger {
    user_id: String,
    /// Logins that were acknowledged.
    logins: u64,
    /// Logins whose answer did not come.
    unknown_logins: u64,
    /// Highest number of an acknowledged PATCH, and of the one whose answer did not come.
    patch: u64,
    unknown_patch: Option<u64>,
    /// Executions acknowledged since the last check, with the count their login reported.
    executions: Vec<(String, u64)>,
}

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
        Err(_) => otherwise,
    }
}

/// Logs in and patches until the server is gone, and says so on every acknowledgement.
async fn load(
    api: Api,
    client: String,
    mut ledger: Ledger,
    patches: bool,
    acknowledged: mpsc::UnboundedSender<()>,
) -> Ledger {
    let path = format!("/api/v2/users/{}", encode(&ledger.user_id));
    loop {
        let body = Api::login_body(&client, &ledger.user_id);
        match api.try_send(Method::POST, "/api/v2/simulated-logins", Some(&body)).await {
            Ok(answer) => {
                let login = answer.expect(200);
                assert_eq!(login["outcome"]["type"], "allow", "{login}");
                let count = login["user"]["app_metadata"]["logins"].as_u64().unwrap();
                ledger.executions.push((login["execution_id"].as_str().unwrap().to_owned(), count));
                ledger.logins += 1;
            }
            Err(_) => {
                ledger.unknown_logins += 1;
                return ledger;
            }
        }
        let _received = acknowledged.send(());
        if !patches {
            continue;
        }
        let next = ledger.patch + 1;
        let body = json!({"user_metadata": {"a": next, "b": next}, "app_metadata": {"c": next}});
        match api.try_send(Method::PATCH, &path, Some(&body)).await {
            Ok(answer) => {
                let _user = answer.expect(200);
                ledger.patch = next;
            }
            Err(_) => {
                ledger.unknown_patch = Some(next);
                return ledger;
            }
        }
        let _received = acknowledged.send(());
    }
}

/// Compares one user with what the clients know, and takes what is stored as known from here on.
async fn verify(api: &Api, ledger: &mut Ledger, round: u64) {
    let user = api.user(&ledger.user_id).await;
    let what = format!("round {round}: {ledger:?}: {user}");
    let logins = user["logins_count"].as_u64().unwrap_or(0);
    let possible = ledger.logins..=ledger.logins + ledger.unknown_logins;
    assert!(possible.contains(&logins), "acknowledged logins are lost, or logins are counted twice: {what}");
    assert_eq!(user["app_metadata"]["logins"].as_u64().unwrap_or(0), logins, "a login is torn: {what}");
    let [a, b] = ["a", "b"].map(|key| user["user_metadata"][key].as_u64().unwrap_or(0));
    let c = user["app_metadata"]["c"].as_u64().unwrap_or(0);
    assert!(a == b && b == c, "a PATCH is torn: {what}");
    assert!(a == ledger.patch || Some(a) == ledger.unknown_patch, "an acknowledged PATCH is lost: {what}");
    for (execution, _) in &ledger.executions {
        let record = api.get(&format!("/api/v2/actions/executions/{execution}")).await;
        assert_eq!(record.status.as_u16(), 200, "execution {execution} is lost: {what}");
        assert_eq!(record.body["status"], "final", "{what}");
    }
    verify_history(api, ledger, logins, &what).await;
    ledger.logins = logins;
    ledger.unknown_logins = 0;
    ledger.patch = a;
    ledger.unknown_patch = None;
    ledger.executions.clear();
}

/// Every count since the last check has its entry in the user's history, once, newest first.
async fn verify_history(api: &Api, ledger: &Ledger, logins: u64, what: &str) {
    let oldest = ledger.executions.iter().map(|(_, count)| *count).min().unwrap_or(logins);
    let mut want = logins;
    let mut from = String::new();
    while want >= oldest.max(1) {
        let path = format!("/api/v2/users/{}/history?take=100{from}", encode(&ledger.user_id));
        let page = api.get(&path).await.expect(200);
        for entry in rows(&page).iter().filter(|entry| entry["key"] == "logins") {
            assert_eq!(entry["to"].as_u64(), Some(want), "history: {what}");
            want -= 1;
            if want < oldest.max(1) {
                return;
            }
        }
        let Some(next) = page["next"].as_str() else { panic!("the history ends before count {want}: {what}") };
        from = format!("&from={}", encode(next));
    }
}

/// Starts the server; in every fifth round it is first killed while it starts.
async fn start(server: &mut Server, random: &mut Random, slowest_start: Duration) {
    if random.below(5) == 0 {
        server.spawn();
        let window = u64::try_from(slowest_start.as_micros()).unwrap().max(1000);
        let delay = Duration::from_micros(random.below(window));
        // Whether it became ready in time does not matter.
        drop(tokio::time::timeout(delay, server.ready()).await);
        server.kill();
    }
    server.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let rounds = number("POSTERN_KILL_ROUNDS", 200);
    let seed = number("POSTERN_KILL_SEED", u64::from(std::process::id()));
    report(&format!("{rounds} rounds, POSTERN_KILL_SEED={seed}"));
    let mut random = Random(seed);
    let mut server = Server::start().await;
    let client = server.api.client_id().await;
    let _action = server.api.install("count", &module("count")).await;
    let mut ledgers = Vec::new();
    for n in 0..=WORKERS {
        ledgers.push(Ledger { user_id: server.api.user_create(&format!("user-{n}")).await, ..Ledger::default() });
    }
    let begin = Instant::now();
    let (mut total, mut slowest) = (0, Duration::from_millis(200));
    for round in 1..=rounds {
        let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
        let mut tasks = Vec::new();
        for (n, ledger) in ledgers.iter().enumerate() {
            let copies = if n == WORKERS { SHARING } else { 1 };
            for copy in 0..copies {
                // The sharing connections count anew; their ledgers are added up.
                let ledger = if copy == 0 {
                    ledger.clone()
                } else {
                    Ledger { user_id: ledger.user_id.clone(), ..Ledger::default() }
                };
                let load = load(server.api.clone(), client.clone(), ledger, n < WORKERS, acknowledged.clone());
                tasks.push((n, copy, tokio::spawn(load)));
            }
        }
        drop(acknowledged);
        for _ in 0..=random.below(60) {
            let next = tokio::time::timeout(Duration::from_secs(60), acknowledgements.recv()).await;
            assert!(next.is_ok(), "round {round}: the server acknowledges nothing any more\n{}", server.log());
        }
        server.kill();
        for (n, copy, task) in tasks {
            let known = task.await.unwrap();
            if copy == 0 {
                ledgers[n] = known;
            } else {
                ledgers[n].logins += known.logins;
                ledgers[n].unknown_logins += known.unknown_logins;
                ledgers[n].executions.extend(known.executions);
            }
        }
        let starting = Instant::now();
        start(&mut server, &mut random, slowest).await;
        slowest = slowest.max(starting.elapsed()).min(Duration::from_secs(2));
        for ledger in &mut ledgers {
            total += ledger.executions.len();
            verify(&server.api, ledger, round).await;
        }
    }
    report(&format!(
        "{rounds} kills, {total} acknowledged logins checked, {:?}; slowest start {slowest:?}",
        begin.elapsed()
    ));
    assert!(total as u64 >= rounds, "only {total} logins were acknowledged");
}
