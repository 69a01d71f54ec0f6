//! JavaScript actions over HTTP: from their source to the claims and metadata of a login, and what hostile scripts do.

use postern_e2e::{Api, Server, module};
use serde_json::{Value, json};

const ACTIONS: &str = "/api/v2/actions/actions";

/// An action from source, not deployed.
async fn script(api: &Api, name: &str, code: &str) -> String {
    let body = json!({
        "name": name, "supported_triggers": [{"id": "post-login", "version": "v3"}], "code": code, "runtime": "node22",
        "secrets": [{"name": "PLAN", "value": "gold"}],
    });
    api.post(ACTIONS, &body).await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn read(api: &Api, action: &str) -> Value {
    api.get(&format!("{ACTIONS}/{action}")).await.expect(200)
}

async fn change(api: &Api, action: &str, code: &str) -> Value {
    let _answer = api.patch(&format!("{ACTIONS}/{action}"), &json!({"code": code})).await.ok();
    read(api, action).await
}

const CLAIMS: &str = "
let logins = 0;
const url = require('url');
exports.onExecutePostLogin = async (event, api) => {
    logins += 1;
    api.idToken.setCustomClaim('https://example.com/plan', event.secrets.PLAN)
        .accessToken.setCustomClaim('https://example.com/logins', logins);
    api.user.setAppMetadata('host', new url.URL('https://example.com/x').hostname);
    console.log('hello', { name: event.user.name });
};
";

#[tokio::test]
async fn a_script_runs_in_a_chain_with_a_compiled_action() {
    let mut server = Server::start().await;
    let api = server.api.clone();
    let (client, user) = (api.client_id().await, api.user_create("ann").await);
    let compiled = api.action_create("count", &module("count"), &json!([])).await;
    let source = script(&api, "claims", CLAIMS).await;
    let built = read(&api, &source).await;
    assert_eq!((&built["status"], built.get("errors")), (&json!("built"), None), "{built}");
    for action in [&compiled, &source] {
        let _version = api.deploy(action).await;
    }
    let _bindings = api.bind(&[&source, &compiled]).await;
    // Nothing is carried from one login to the next, and a start changes nothing.
    for again in [false, false, true] {
        if again {
            assert!(server.stop().success());
            server.restart().await;
        }
        let login = server.api.login(&client, &user).await;
        assert_eq!(login["outcome"]["type"], "allow", "{login}");
        assert_eq!(login["runs"][0]["status"], "ok", "{login}");
        assert_eq!(login["claims"]["id_token"]["https://example.com/plan"], "gold", "{login}");
        assert_eq!(login["claims"]["access_token"]["https://example.com/logins"], 1, "{login}");
        assert_eq!(login["user"]["app_metadata"]["host"], "example.com", "{login}");
        let line = login["runs"][0]["logs"][0]["message"].as_str().unwrap();
        assert!(line.starts_with("hello {"), "{login}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_source_is_said_with_its_place() {
    let server = Server::start().await;
    let api = &server.api;
    let action = script(api, "script", CLAIMS).await;
    let first = api.deploy(&action).await;
    for (code, id, place) in [
        ("exports.onExecutePostLogin = async () => {\n    const a = ;\n};", "syntax_error", "action.js:2:"),
        ("const a = 1;\n\nnull.x;", "load_failed", "action.js:3:"),
        ("require('left-pad');", "load_failed", "action.js:1:"),
        ("for (;;);", "load_failed", "fuel"),
    ] {
        let built = change(api, &action, code).await;
        assert_eq!((&built["status"], &built["errors"][0]["id"]), (&json!("failed"), &json!(id)), "{code}: {built}");
        let message = built["errors"][0]["msg"].as_str().unwrap();
        assert!(message.contains(place), "{code}: {message}");
        let refused = api.post(&format!("{ACTIONS}/{action}/deploy"), &json!({})).await;
        assert!(refused.body["message"].as_str().unwrap().contains(message), "{}", refused.body);
        let _code = refused.refused(400);
    }
    // What is deployed stays; the source put right, or an old version, is deployed again.
    assert_eq!(read(api, &action).await["deployed_version"]["id"], first["id"]);
    let built = change(api, &action, CLAIMS).await;
    assert_eq!((&built["status"], &built["all_changes_deployed"]), (&json!("built"), &json!(true)), "{built}");
    let _second = api.deploy(&action).await;
    let rollback = format!("{ACTIONS}/{action}/versions/{}/deploy", first["id"].as_str().unwrap());
    let third = api.post(&rollback, &json!({})).await.ok();
    assert_eq!(third["number"], 3, "{third}");
    let _bindings = api.bind(&[&action]).await;
    let login = api.login(&api.client_id().await, &api.user_create("ann").await).await;
    assert_eq!(login["claims"]["id_token"]["https://example.com/plan"], "gold", "{login}");
}

/// Bodies of a handler, and the ends that their runs may have.
const HOSTILE: &[(&str, &str, &[&str])] = &[
    ("loop", "for (;;);", &["out_of_fuel"]),
    ("microtasks", "const again = () => Promise.resolve().then(again); await again();", &["out_of_fuel"]),
    (
        "timers",
        "await new Promise(() => { const f = () => setImmediate(f); f(); });",
        &["out_of_fuel", "trap", "deadline"],
    ),
    ("regular expression", "/^(a+)+$/.test('a'.repeat(64) + '!');", &["out_of_fuel"]),
    ("recursion", "const f = () => f() + 1; f();", &["guest_error"]),
    (
        "recursion caught",
        "const f = () => f() + 1; try { f() } catch (e) { if (!(e instanceof RangeError)) throw e; }",
        &["ok"],
    ),
    ("recursion by way of natives", "const f = () => [1].map(f); f();", &["guest_error"]),
    ("proxies", "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x;", &["guest_error", "trap"]),
    ("deep JSON", "JSON.parse('['.repeat(200000));", &["guest_error", "trap"]),
    ("deep source", "eval('('.repeat(100000));", &["guest_error", "trap"]),
    (
        "memory",
        "const all = []; for (;;) all.push(new Array(1e5).fill(1));",
        &["guest_error", "out_of_memory", "out_of_fuel"],
    ),
    (
        "memory caught",
        "for (;;) { try { const all = []; for (;;) all.push(new Uint8Array(1e6)); } catch {} }",
        &["out_of_fuel", "out_of_memory"],
    ),
    ("huge text", "let s = 'x'; for (;;) s += s;", &["guest_error", "out_of_memory"]),
    ("huge result", "api.user.setAppMetadata('k', 'x'.repeat(1e6));", &["guest_error", "bad_result", "ok"]),
    ("never settled", "await new Promise(() => {});", &["guest_error"]),
    ("logs", "for (let i = 0; i < 1e5; i++) console.log('x'.repeat(100));", &["ok", "out_of_fuel"]),
    ("calls", "for (let i = 0; i < 1e3; i++) api.cache.get('k' + i);", &["trap", "guest_error"]),
    (
        "prototypes",
        "Object.prototype.polluted = true; Array.prototype.push = null; JSON.stringify = () => 'x';",
        &["ok", "bad_result", "guest_error"],
    ),
    (
        "getters on prototypes",
        "for (const k of ['mutations', 'error', 'type', 'then']) Object.defineProperty(Object.prototype, k, { get() { throw 1; }, set() { throw 1; } });",
        &["ok", "bad_result", "guest_error"],
    ),
    (
        "Function",
        "const g = Function('return this')(); if (g.WebAssembly || g.host || g.prelude || g.postern) throw new Error('out');",
        &["ok"],
    ),
    ("constructor", "const F = (async () => {}).constructor; await F('return globalThis.postern')();", &["ok"]),
    ("exit", "process.exit(1);", &["guest_error", "ok"]),
    ("thrown nothing", "throw undefined;", &["guest_error"]),
    ("thrown proxy", "throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });", &["guest_error"]),
];

#[tokio::test]
async fn hostile_scripts_come_to_a_clean_end() {
    let mut server = Server::start().await;
    let api = server.api.clone();
    let (client, user) = (api.client_id().await, api.user_create("mallory").await);
    let good = script(
        &api,
        "good",
        "exports.onExecutePostLogin = async (event, api) => {
        if ({}.polluted) throw new Error('polluted');
        api.user.setAppMetadata('good', [].push.length);
    };",
    )
    .await;
    let _version = api.deploy(&good).await;
    let bad = script(&api, "hostile", CLAIMS).await;
    for (name, body, ends) in HOSTILE {
        let code = format!("exports.onExecutePostLogin = async (event, api) => {{ {body} }};");
        let built = change(&api, &bad, &code).await;
        assert_eq!(built["status"], "built", "{name}: {built}");
        let _version = api.deploy(&bad).await;
        let skip = json!({"ref": {"type": "action_id", "value": bad}, "display_name": "bad", "on_failure": "skip"});
        let good = json!({"ref": {"type": "action_id", "value": good}, "display_name": "good"});
        let _bindings = api.bind_as(&[skip, good]).await;
        let login = api.login(&client, &user).await;
        let status = login["runs"][0]["status"].as_str().unwrap();
        assert!(ends.contains(&status), "{name}: {}", login["runs"][0]);
        assert_eq!(login["runs"][1]["status"], "ok", "{name}: {login}");
        server.assert_alive();
    }
}
