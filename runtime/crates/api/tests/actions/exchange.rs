//! The trigger `credentials-exchange` over real HTTP: what its actions ask for is in the token of a client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::server::{Answer, Client, Server, returning, returning_from};

const FUNCTION: &str = "on_execute_credentials_exchange";
const TRIGGER: &str = "credentials-exchange";

fn asking(mutations: &Value) -> Vec<u8> {
    returning_from(FUNCTION, &json!({ "mutations": mutations }).to_string())
}

async fn token(api: &Client) -> Answer {
    let (client_id, client_secret) = api.credentials();
    let body = json!({
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
        "audience": format!("https://{}/api/v2/", api.domain()), "scope": "read:users read:logs",
    });
    api.without_token().post("/oauth/token", &body).await
}

fn claims(answer: &Value) -> Value {
    let token = answer["access_token"].as_str().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

async fn claims_of(api: &Client) -> Value {
    claims(&token(api).await.expect(200))
}

/// Makes an action of these mutations the only one that is bound.
async fn bound(api: &Client, name: &str, mutations: &Value) {
    let id = api.action_for(TRIGGER, "v2", name, &asking(mutations)).await;
    api.deploy(&id).await;
    api.bind_to(TRIGGER, &[&id]).await;
}

async fn refused(api: &Client, name: &str, mutations: &Value) -> (u16, Value) {
    bound(api, name, mutations).await;
    let answer = token(api).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_action_adds_claims_to_the_token_of_a_client() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let mutations = json!([
        {"type": "accessToken.setCustomClaim", "key": "https://example.com/cx", "value": {"a": [1]}},
        {"type": "accessToken.setCustomClaim", "key": "sub", "value": "somebody"},
    ]);
    bound(&api, "claims", &mutations).await;
    let claims = claims_of(&api).await;
    assert_eq!(claims["https://example.com/cx"], json!({"a": [1]}));
    assert_eq!(
        (&claims["sub"], &claims["scope"]),
        (&json!(format!("{}@clients", api.client_id())), &json!("read:users read:logs"))
    );
    // A restricted claim is dropped, and the operator is told.
    let logs = api.get("/api/v2/logs").await.expect(200).to_string();
    assert!(logs.contains("'sub' is a restricted claim"), "{logs}");
    api.bind_to(TRIGGER, &[]).await;
    assert_eq!(claims_of(&api).await["https://example.com/cx"], Value::Null);
}

#[tokio::test]
async fn an_action_denies_with_its_code_and_reason() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let deny = |code: &str| json!([{"type": "access.deny", "code": code, "reason": "not from here"}]);
    let want = |error: &str| json!({"error": error, "error_description": "not from here"});
    assert_eq!(refused(&api, "a", &deny("invalid_scope")).await, (400, want("invalid_scope")));
    assert_eq!(refused(&api, "b", &deny("invalid_request")).await, (400, want("invalid_request")));
    assert_eq!(refused(&api, "c", &deny("server_error")).await, (500, want("server_error")));
    assert_eq!(refused(&api, "d", &deny("own_code")).await, (403, want("access_denied")));
    let only_code = json!([{"type": "access.deny", "code": "go away"}]);
    let want = json!({"error": "access_denied", "error_description": "go away"});
    assert_eq!(refused(&api, "e", &only_code).await, (403, want));
}

#[tokio::test]
async fn a_failing_action_denies_and_is_recorded() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    // What a login may ask for, an exchange may not.
    let (status, body) =
        refused(&api, "wrong", &json!([{"type": "idToken.setCustomClaim", "key": "k", "value": 1}])).await;
    assert_eq!((status, &body["error"]), (403, &json!("access_denied")));
    assert_eq!(body["error_description"], "The token could not be issued.");
    api.bind_to(TRIGGER, &[]).await;
    let logs = api.get("/api/v2/logs").await.expect(200);
    let failed = logs.as_array().unwrap().iter().find(|log| log["type"] == "actions_execution_failed").unwrap();
    assert_eq!(failed["details"]["trigger_id"], TRIGGER);
    let id = failed["details"]["execution_id"].as_str().unwrap();
    let execution = api.get(&format!("/api/v2/actions/executions/{id}")).await.expect(200);
    assert_eq!((&execution["trigger_id"], &execution["user_id"]), (&json!(TRIGGER), &Value::Null));
    assert_eq!(execution["runs"][0]["status"], "bad_result");
}

#[tokio::test]
async fn a_module_without_the_function_of_its_trigger_is_refused() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let body = json!({"name": "x", "runtime": "wasm", "supported_triggers": [{"id": TRIGGER, "version": "v2"}]});
    let id = api.post("/api/v2/actions/actions", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let login = returning(r#"{"mutations":[]}"#);
    assert!(api.upload(&id, &login).await.refused("another trigger", 400).contains("missing_export"));
    api.upload(&id, &asking(&json!([]))).await.expect(200);
}
