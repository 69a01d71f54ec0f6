//! The whole path: build, upload, deploy, bind, log in, see the user, roll back. The guests are WebAssembly text
//! written from the ABI text alone, so they also prove that no SDK of ours is needed.

use postern_e2e::{Answer, Server, encode, module, returning};
use serde_json::{Value, json};

use crate::world::{nothing, rows};

/// A guest that sets one key of `app_metadata`.
fn sets(value: &str) -> Vec<u8> {
    returning(&json!({"mutations": [{"type": "user.setAppMetadata", "key": "plan", "value": value}]}).to_string())
}

#[tokio::test]
async fn an_action_goes_from_its_text_to_the_user_and_back_by_rollback() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;

    let action = api.action_create("plan", &sets("first"), &json!([])).await;
    let first = api.deploy(&action).await;
    assert_eq!(first["number"], 1, "{first}");
    let _bindings = api.bind(&[&action]).await;
    let login = api.login(&client, &user).await;
    assert_eq!(login["outcome"], json!({"type": "allow"}), "{login}");
    assert_eq!(login["user"]["app_metadata"], json!({"plan": "first"}), "{login}");
    assert_eq!(api.user(&user).await["app_metadata"], json!({"plan": "first"}));

    // The draft changes nothing until it is deployed; the login after the answer to the deploy runs it.
    let uploaded = sets("second");
    let _draft = api.artifact_replace(&action, &uploaded).await.ok();
    assert_eq!(api.login(&client, &user).await["user"]["app_metadata"]["plan"], "first");
    let second = api.deploy(&action).await;
    assert_eq!(second["number"], 2, "{second}");
    let login = api.login(&client, &user).await;
    assert_eq!(login["user"]["app_metadata"]["plan"], "second");
    assert_eq!(login["runs"][0]["version"], 2, "{login}");
    assert_eq!(login["runs"][0]["status"], "ok", "{login}");

    // Rolling back makes a third version with the content of the first.
    let path = format!("/api/v2/actions/actions/{action}/versions/{}/deploy", first["id"].as_str().unwrap());
    let third = api.post(&path, &json!({})).await.ok();
    assert_eq!(third["number"], 3, "{third}");
    let login = api.login(&client, &user).await;
    assert_eq!(login["user"]["app_metadata"]["plan"], "first");
    assert_eq!(login["runs"][0]["version"], 3, "{login}");
    let versions = api.get(&format!("/api/v2/actions/actions/{action}/versions")).await.expect(200);
    assert_eq!(rows(&versions).len(), 3, "{versions}");

    // The draft's module comes back byte for byte.
    let artifact = api.request(reqwest::Method::GET, &format!("/api/v2/actions/actions/{action}/artifact"));
    assert_eq!(artifact.send().await.unwrap().bytes().await.unwrap(), uploaded);

    // What happened can be read: four logins, each with its execution, and every change of the key.
    let stored = api.user(&user).await;
    assert_eq!(stored["logins_count"], 4, "{stored}");
    let execution = login["execution_id"].as_str().unwrap();
    let execution = api.get(&format!("/api/v2/actions/executions/{execution}")).await.expect(200);
    assert_eq!(execution["status"], "final", "{execution}");
    assert_eq!(execution["results"][0]["action_name"], "plan", "{execution}");
    let history = api.get(&format!("/api/v2/users/{}/history", encode(&user))).await.expect(200);
    let changes: Vec<(&Value, &Value)> = rows(&history).iter().map(|entry| (&entry["from"], &entry["to"])).collect();
    assert_eq!(
        changes,
        [(&json!("second"), &json!("first")), (&json!("first"), &json!("second")), (&Value::Null, &json!("first"))],
        "{history}"
    );
}

#[tokio::test]
async fn the_first_login_creates_the_user() {
    let server = Server::start().await;
    let api = &server.api;
    let _action = api.install("count", &module("count")).await;
    let body = json!({
        "client_id": api.client_id().await, "connection": "Username-Password-Authentication",
        "user": {"user_id": "new", "email": "New@Example.com", "given_name": "Nell"},
    });
    let login = api.post("/api/v2/simulated-logins", &body).await.expect(200);
    assert_eq!(login["outcome"]["type"], "allow", "{login}");
    let user = api.user(login["user"]["user_id"].as_str().unwrap()).await;
    assert_eq!(user["email"], "new@example.com");
    assert_eq!(user["given_name"], "Nell");
    assert_eq!(user["logins_count"], 1);
    assert_eq!(user["app_metadata"], json!({"logins": 1}));
}

#[tokio::test]
async fn actions_run_in_order_and_see_what_earlier_ones_did() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        let id = api.action_create(name, &module("count"), &json!([])).await;
        let _version = api.deploy(&id).await;
        ids.push(id);
    }
    let _bindings = api.bind(&[&ids[0], &ids[1], &ids[2]]).await;
    let login = api.login(&client, &user).await;
    assert_eq!(login["user"]["app_metadata"], json!({"logins": 3}), "{login}");
    let names: Vec<&Value> = login["runs"].as_array().unwrap().iter().map(|run| &run["action"]).collect();
    assert_eq!(names, ["one", "two", "three"], "{login}");
}

#[tokio::test]
async fn after_a_denial_metadata_is_kept_and_later_actions_do_not_run() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let denial = json!({"mutations": [
        {"type": "user.setAppMetadata", "key": "denied", "value": true},
        {"type": "access.deny", "reason": "not today"},
    ]});
    let deny = api.action_create("deny", &returning(&denial.to_string()), &json!([])).await;
    let count = api.action_create("count", &module("count"), &json!([])).await;
    let _versions = (api.deploy(&deny).await, api.deploy(&count).await);
    let _bindings = api.bind(&[&deny, &count]).await;
    let login = api.login(&client, &user).await;
    assert_eq!(login["outcome"], json!({"type": "deny", "code": "access_denied", "reason": "not today"}), "{login}");
    assert_eq!(login["runs"].as_array().unwrap().len(), 1, "{login}");
    assert_eq!(api.user(&user).await["app_metadata"], json!({"denied": true}));
}

#[tokio::test]
async fn a_redirect_comes_back_to_the_same_action_once() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let _action = api.install("ask", &module("redirect")).await;
    let login = api.login(&client, &user).await;
    let outcome = &login["outcome"];
    assert_eq!(outcome["type"], "redirect", "{login}");
    let state = outcome["state"].as_str().unwrap();
    let url = outcome["url"].as_str().unwrap();
    assert!(url.starts_with("https://forms.example.com/ask?from=postern&state="), "{url}");
    assert_eq!(api.user(&user).await["user_metadata"], Value::Null);

    let path = format!("/api/v2/simulated-logins/{}/continue", login["login_id"].as_str().unwrap());
    let wrong = api.post(&path, &json!({"query": {"state": "wrong", "answer": "x"}})).await;
    assert!(wrong.status.is_client_error(), "{}", wrong.body);
    let back = json!({"query": {"state": state, "answer": "blue \"sky\""}});
    let resumed = api.post(&path, &back).await.expect(200);
    assert_eq!(resumed["outcome"], json!({"type": "allow"}), "{resumed}");
    assert_eq!(resumed["user"]["user_metadata"], json!({"answer": "blue \"sky\""}), "{resumed}");
    let stored = api.user(&user).await;
    assert_eq!(stored["user_metadata"], json!({"answer": "blue \"sky\""}));

    // The state token was for once.
    let again = api.post(&path, &back).await;
    assert!(again.status.is_client_error(), "{}", again.body);
    assert_eq!(api.user(&user).await, stored);
}

#[tokio::test]
async fn a_challenge_asks_for_a_factor_and_resumes() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let challenge = api.action_create("challenge", &module("challenge"), &json!([])).await;
    let count = api.action_create("count", &module("count"), &json!([])).await;
    let _versions = (api.deploy(&challenge).await, api.deploy(&count).await);
    let _bindings = api.bind(&[&challenge, &count]).await;
    let enrolled = json!({"app_metadata": {"logins": 40}});
    let _user = api.patch(&format!("/api/v2/users/{}", encode(&user)), &enrolled).await.expect(200);
    let login = api.login(&client, &user).await;
    assert_eq!(login["outcome"]["type"], "challenge", "{login}");
    assert_eq!(login["outcome"]["factors"][0]["type"], "otp", "{login}");
    let path = format!("/api/v2/simulated-logins/{}/continue", login["login_id"].as_str().unwrap());
    let resumed = api.post(&path, &json!({"query": {"state": login["outcome"]["state"]}})).await.expect(200);
    assert_eq!(resumed["outcome"], json!({"type": "allow"}), "{resumed}");
    assert_eq!(resumed["user"]["app_metadata"], json!({"logins": 41}), "{resumed}");
}

#[tokio::test]
async fn a_dry_run_commits_nothing() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let action = api.install("count", &module("count")).await;
    let _draft = api.artifact_replace(&action, &sets("draft")).await.ok();
    let before = api.user(&user).await;
    let mut body = postern_e2e::Api::login_body(&client, &user);
    body["dry_run"] = json!(true);
    let deployed = api.post("/api/v2/simulated-logins", &body).await.expect(200);
    assert_eq!(deployed["user"]["app_metadata"], json!({"logins": 1}), "{deployed}");
    body["versions"] = json!({ action: "draft" });
    let draft = api.post("/api/v2/simulated-logins", &body).await.expect(200);
    assert_eq!(draft["user"]["app_metadata"], json!({"plan": "draft"}), "{draft}");
    assert_eq!(api.user(&user).await, before);
}

#[tokio::test]
async fn an_action_that_was_never_deployed_cannot_be_bound() {
    let server = Server::start().await;
    let api = &server.api;
    let action = api.action_create("idle", &nothing(), &json!([])).await;
    let binding = json!({"bindings": [postern_e2e::binding(&action)]});
    let _code = api.patch("/api/v2/actions/triggers/post-login/bindings", &binding).await.refused(400);
    let bindings = api.get("/api/v2/actions/triggers/post-login/bindings").await.expect(200);
    assert!(rows(&bindings).is_empty(), "{bindings}");
}

#[tokio::test]
async fn a_failing_action_ends_the_login_unless_its_binding_says_skip() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let failing = api.action_create("failing", &module("hostile/error"), &json!([])).await;
    let count = api.action_create("count", &module("count"), &json!([])).await;
    let _versions = (api.deploy(&failing).await, api.deploy(&count).await);
    let _bindings = api.bind(&[&failing, &count]).await;
    let login = api.login(&client, &user).await;
    assert_eq!(login["outcome"]["type"], "error", "{login}");
    assert_eq!(login["outcome"]["code"], "access_denied", "{login}");
    assert_eq!(login["runs"][0]["status"], "guest_error", "{login}");
    assert_eq!(login["runs"].as_array().unwrap().len(), 1, "{login}");

    let mut skip = postern_e2e::binding(&failing);
    skip["on_failure"] = json!("skip");
    let _bindings = api.bind_as(&[skip, postern_e2e::binding(&count)]).await;
    let login = api.login(&client, &user).await;
    assert_eq!(login["outcome"], json!({"type": "allow"}), "{login}");
    assert_eq!(login["user"]["app_metadata"], json!({"logins": 1}), "{login}");
}

#[tokio::test]
async fn patches_merge_at_the_first_level() {
    let server = Server::start().await;
    let api = &server.api;
    let user = api.user_create("ann").await;
    let path = format!("/api/v2/users/{}", encode(&user));
    let rows: [(Value, Value); 5] = [
        (json!({"a": 1, "b": {"c": 1}}), json!({"a": 1, "b": {"c": 1}})),
        (json!({"b": {"d": 2}}), json!({"a": 1, "b": {"d": 2}})),
        (json!({"a": null}), json!({"b": {"d": 2}})),
        (json!({"none": null}), json!({"b": {"d": 2}})),
        (json!({}), json!({})),
    ];
    for (patch, want) in rows {
        let answer: Answer = api.patch(&path, &json!({"user_metadata": patch})).await;
        assert_eq!(answer.expect(200)["user_metadata"], want, "{patch}");
        assert_eq!(api.user(&user).await["user_metadata"], want, "{patch}");
    }
}

#[tokio::test]
async fn a_stopped_server_starts_again_with_everything() {
    let mut server = Server::start().await;
    let client = server.api.client_id().await;
    let user = server.api.user_create("ann").await;
    let _action = server.api.install("count", &module("count")).await;
    let _login = server.api.login(&client, &user).await;
    let status = server.stop();
    assert!(status.success(), "{status}\n{}", server.log());
    server.restart().await;
    let login = server.api.login(&client, &user).await;
    assert_eq!(login["user"]["app_metadata"], json!({"logins": 2}), "{login}");
}
