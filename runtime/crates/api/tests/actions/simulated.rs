//! Simulated logins over real HTTP: the next login after the answer to a deploy, a rollback or a new list of bindings
//! runs what the answer said.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Client, Server, returning, sets};

const LOGINS: &str = "/api/v2/simulated-logins";

fn login_body(api: &Client, user: &str) -> Value {
    json!({
        "client_id": api.client_id(), "connection": "Username-Password-Authentication", "user_id": user,
        "request": {"ip": "203.0.113.7", "user_agent": "test"},
    })
}

async fn login(api: &Client, user: &str) -> Value {
    api.post(LOGINS, &login_body(api, user)).await.expect(200)
}

#[tokio::test]
async fn the_next_login_runs_what_was_deployed_rolled_back_or_bound() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let user = api.user("ann").await;
    let plain = login(&api, &user).await;
    assert_eq!((&plain["outcome"], &plain["runs"]), (&json!({"type": "allow"}), &json!([])));

    let id = api.action("plan", &sets("a")).await;
    let first = api.deploy(&id).await;
    assert_eq!(login(&api, &user).await["runs"], json!([]), "deployed is not bound");
    api.bind(&[&id]).await;
    let plan = async |want: &str, version: u32| {
        let login = login(&api, &user).await;
        assert_eq!(login["user"]["app_metadata"]["plan"], want, "{login}");
        assert_eq!((&login["runs"][0]["action"], &login["runs"][0]["version"]), (&json!("plan"), &json!(version)));
    };
    plan("a", 1).await;
    api.upload(&id, &sets("b")).await.expect(200);
    plan("a", 1).await;
    api.deploy(&id).await;
    plan("b", 2).await;
    let rollback = format!("/api/v2/actions/actions/{id}/versions/{}/deploy", first["id"].as_str().unwrap());
    api.post(&rollback, &json!({})).await.expect(200);
    plan("a", 3).await;

    // A new name is the name of the next run, and an empty list runs nothing.
    api.patch(&format!("/api/v2/actions/actions/{id}"), &json!({"name": "renamed"})).await.expect(200);
    assert_eq!(login(&api, &user).await["runs"][0]["action"], "renamed");
    api.bind(&[]).await;
    assert_eq!(login(&api, &user).await["runs"], json!([]));
    api.bind(&[&id]).await;
    assert_eq!(login(&api, &user).await["runs"][0]["version"], 3);
    assert_eq!(api.delete(&format!("/api/v2/actions/actions/{id}?force=true")).await.status, 204);
    assert_eq!(login(&api, &user).await["runs"], json!([]));
}

#[tokio::test]
async fn an_execution_is_read_by_its_id_its_login_and_its_user() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let user = api.user("ann").await;
    let good = api.action("good", &sets("a")).await;
    let bad = api.action("bad", &returning(r#"{"error":{"name":"Error","message":"no"}}"#)).await;
    api.deploy(&good).await;
    api.deploy(&bad).await;
    api.bind(&[&good, &bad]).await;
    let failed = login(&api, &user).await;
    assert_eq!((&failed["outcome"]["type"], &failed["outcome"]["code"]), (&json!("error"), &json!("access_denied")));
    assert_eq!(failed["runs"][1]["status"], "guest_error");
    assert_eq!(failed["runs"][0]["mutations"][0]["key"], "plan");

    let one = format!("/api/v2/actions/executions/{}", failed["execution_id"].as_str().unwrap());
    let execution = api.get(&one).await.expect(200);
    assert_eq!((&execution["status"], &execution["trigger_id"]), (&json!("partial"), &json!("post-login")));
    let results = execution["results"].as_array().unwrap();
    assert_eq!((&results[0]["action_name"], &results[0]["error"]), (&json!("good"), &Value::Null));
    assert_eq!((&results[1]["error"]["id"], &results[1]["error"]["msg"]), (&json!("Error"), &json!("no")));
    assert!(results.iter().all(|result| result["started_at"].is_string() && result["ended_at"].is_string()));
    assert!(execution["runs"][0]["fuel"].as_u64().unwrap() > 0, "{execution}");
    assert_eq!(execution["runs"][0]["mutations"], failed["runs"][0]["mutations"]);

    let list = format!("/api/v2/actions/executions?login_id={}", failed["login_id"].as_str().unwrap());
    assert_eq!(api.get(&list).await.expect(200), json!({"executions": [execution]}));
    let later = login(&api, &user).await;
    let list = format!("/api/v2/actions/executions?take=1&user_id={}", user.replace('|', "%7C"));
    let page = api.get(&list).await.expect(200);
    assert_eq!(page["executions"][0]["id"], later["execution_id"]);
    let next = format!("{list}&from={}", page["next"].as_str().unwrap());
    assert_eq!(api.get(&next).await.expect(200)["executions"][0]["id"], failed["execution_id"]);
}

#[tokio::test]
async fn a_state_token_is_not_in_the_record() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let user = api.user("ann").await;
    let away = json!({"mutations": [{"type": "redirect.sendUserTo", "url": "https://forms.example.com/ask?a=1"}]});
    let id = api.action("ask", &returning(&away.to_string())).await;
    api.deploy(&id).await;
    api.bind(&[&id]).await;
    let waiting = login(&api, &user).await;
    assert_eq!(waiting["outcome"]["type"], "redirect", "{waiting}");
    let state = waiting["outcome"]["state"].as_str().unwrap();
    assert!(waiting["outcome"]["url"].as_str().unwrap().contains(state), "{waiting}");
    let one = format!("/api/v2/actions/executions/{}", waiting["execution_id"].as_str().unwrap());
    let execution = api.get(&one).await.expect(200);
    assert_eq!((&execution["status"], &execution["outcome"]["type"]), (&json!("suspended"), &json!("redirect")));
    assert!(!execution.to_string().contains(state), "{execution}");
}

#[tokio::test]
async fn bad_input_is_refused_and_nobody_is_logged_in() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let user = api.user("ann").await;
    let path = format!("/api/v2/users/{}", user.replace('|', "%7C"));
    let before = api.get(&path).await.expect(200);
    let with = |key: &str, value: Value| {
        let mut body = login_body(&api, &user);
        body[key] = value;
        body
    };
    let rows = [
        json!({}),
        with("client_id", json!(7)),
        with("unknown", json!(1)),
        with("request", json!({"ip": 7})),
        with("request", json!({"unknown": 7})),
        with("request", json!([])),
        with("authentication", json!({"unknown": []})),
        with("transaction", json!("x")),
        with("dry_run", json!("yes")),
        // Only a dry run may be told otherwise.
        with("versions", json!({"a": "draft"})),
        with("event", json!({"stats": {}})),
        with("now", json!(1)),
        with("versions", json!({"a": "latest"})),
        with("versions", json!([1])),
    ];
    for body in rows {
        api.post(LOGINS, &body).await.refused(&body.to_string(), 400);
    }
    let absent = [
        with("client_id", json!("nothing")),
        with("connection", json!("nothing")),
        with("user_id", json!("auth0|000000000000000000000000")),
    ];
    for body in absent {
        let answer = api.post(LOGINS, &body).await;
        assert!(matches!(answer.status, 400 | 404), "{body}: {}", answer.json());
    }
    api.raw(Method::POST, LOGINS, b"{\"client_id\":".to_vec()).await.refused("cut short", 400);
    api.raw(Method::POST, LOGINS, vec![b' '; (1 << 20) + 1]).await.refused("too large", 413);
    let resume = format!("{LOGINS}/lgn_nothing/continue");
    api.post(&resume, &json!({"query": {"state": "x"}})).await.refused("no such login", 404);
    api.post(&resume, &json!({"query": "state"})).await.refused("wrong type", 400);
    api.post(&resume, &json!({"unknown": 1})).await.refused("unknown key", 400);
    assert_eq!(api.get(&path).await.expect(200), before);
}

#[tokio::test]
async fn rights_and_tenants_are_kept_apart() {
    let server = Server::start().await;
    let api = server.tenant("owner").await;
    let user = api.user("ann").await;
    let away = json!({"mutations": [{"type": "redirect.sendUserTo", "url": "https://forms.example.com/ask"}]});
    let id = api.action("ask", &returning(&away.to_string())).await;
    api.deploy(&id).await;
    api.bind(&[&id]).await;
    let waiting = login(&api, &user).await;
    let resume = format!("{LOGINS}/{}/continue", waiting["login_id"].as_str().unwrap());
    let back = json!({"query": {"state": waiting["outcome"]["state"]}});

    let poor = api.scoped(Some("read:actions")).await;
    for (path, body) in [(LOGINS, &login_body(&api, &user)), (&*resume, &back)] {
        let message = poor.post(path, body).await.refused(path, 403);
        assert_eq!(message, "Insufficient scope, expected any of: create:simulated_logins");
        poor.raw(Method::POST, path, b"not JSON".to_vec()).await.refused(path, 403);
        api.without_token().post(path, body).await.refused(path, 401);
    }
    let other = server.tenant("other").await;
    other.post(&resume, &back).await.refused("a foreign login", 404);
    let foreign = json!({"client_id": other.client_id(), "user_id": user});
    let answer = other.post(LOGINS, &foreign).await;
    assert!(matches!(answer.status, 400 | 404), "{}", answer.json());
    let one = format!("/api/v2/actions/executions/{}", waiting["execution_id"].as_str().unwrap());
    other.get(&one).await.refused("a foreign execution", 404);
    let list = format!("/api/v2/actions/executions?login_id={}", waiting["login_id"].as_str().unwrap());
    assert_eq!(other.get(&list).await.expect(200)["executions"], json!([]));
    // The owner can still go on: the action has no continue function, so the login is over.
    api.post(&resume, &back).await.expect(200);
}
