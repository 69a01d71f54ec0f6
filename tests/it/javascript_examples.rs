//! The example actions in JavaScript, through the whole path.

use std::path::Path;

use postern_e2e::{Api, HttpsServer, Server, encode};
use serde_json::{Value, json};

/// Deploys and binds one example; returns a client with metadata, and a user.
async fn install(api: &Api, name: &str, secrets: Value) -> (String, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../actions-examples/javascript");
    let body = json!({
        "name": name, "supported_triggers": [{"id": "post-login", "version": "v3"}], "runtime": "node22",
        "code": std::fs::read_to_string(folder.join(name).join("action.js")).unwrap(), "secrets": secrets,
    });
    let action = api.post("/api/v2/actions/actions", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
    let _version = api.deploy(&action).await;
    let _bindings = api.bind(&[&action]).await;
    let client = json!({"name": "portal", "client_metadata": {"claim_team": "blue", "color": "red"}});
    let client = api.post("/api/v2/clients", &client).await.expect(201);
    (client["client_id"].as_str().unwrap().to_owned(), api.user_create("ann").await)
}

#[tokio::test]
async fn verified_email_denies_until_the_address_is_verified() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = install(api, "verified-email", json!([])).await;
    let login = api.login(&client, &user).await;
    assert_eq!(login["outcome"]["type"], "deny", "{login}");
    assert_eq!(login["outcome"]["reason"], "Please verify ann@example.com first.", "{login}");
    let path = format!("/api/v2/users/{}", encode(&user));
    let _user = api.patch(&path, &json!({"email_verified": true})).await.expect(200);
    assert_eq!(api.login(&client, &user).await["outcome"]["type"], "allow");
}

#[tokio::test]
async fn roles_in_claims_copies_roles_and_metadata() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = install(api, "roles-in-claims", json!([])).await;
    let role = api.post("/api/v2/roles", &json!({"name": "admin"})).await.ok();
    let path = format!("/api/v2/users/{}/roles", encode(&user));
    let _roles = api.post(&path, &json!({"roles": [role["id"]]})).await.expect(204);
    let claims = &api.login(&client, &user).await["claims"];
    assert_eq!(claims["id_token"], json!({"https://example.com/roles": ["admin"]}));
    let access = json!({"https://example.com/roles": ["admin"], "https://example.com/team": "blue"});
    assert_eq!(claims["access_token"], access);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn count_and_cache_counts_and_asks_once() {
    let folder = tempfile::tempdir().unwrap();
    let https = HttpsServer::start(folder.path()).await;
    let server = crate::fetch::start(&https).await;
    let api = &server.api;
    let secrets = json!([{"name": "SCORE_URL", "value": https.url("/score")}]);
    let (client, user) = install(api, "count-and-cache", secrets).await;
    for count in 1..=3 {
        let login = api.login(&client, &user).await;
        assert_eq!(login["user"]["app_metadata"]["logins"], count, "{login}");
        assert_eq!(login["user"]["app_metadata"]["score"]["method"], "POST", "{login}");
    }
    assert_eq!(https.requests(), 1, "the score is kept");
}
