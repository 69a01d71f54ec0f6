//! Rules in logins over real HTTP: before the actions, in their order, with their configuration.

use postern_e2e::Server;
use reqwest::Method;
use serde_json::{Value, json};

async fn rule(server: &Server, name: &str, script: &str) -> Value {
    server.api.post("/api/v2/rules", &json!({"name": name, "script": script})).await.expect(201)
}

async fn login(server: &Server, user: &Value) -> Value {
    let body = json!({
        "client_id": server.bootstrap.client_id, "connection": "Username-Password-Authentication",
        "user_id": user["user_id"], "transaction": {"protocol": "oidc-basic-profile", "requested_scopes": ["openid"]},
    });
    server.api.post("/api/v2/simulated-logins", &body).await.expect(200)
}

async fn user(server: &Server) -> Value {
    let body = json!({
        "connection": "Username-Password-Authentication", "email": "ann@example.com", "password": "Passw0rd! long enough",
        "app_metadata": {"kept": true},
    });
    server.api.post("/api/v2/users", &body).await.expect(201)
}

const FIRST: &str = "function first(user, context, callback) {
  user.app_metadata = user.app_metadata || {};
  user.app_metadata.logins = context.stats.loginsCount;
  context.idToken['https://example.com/key'] = configuration.KEY;
  auth0.users.updateAppMetadata(user.user_id, user.app_metadata)
    .then(function () { callback(null, user, context); })
    .catch(callback);
}";
const SECOND: &str = "async (user, context, callback) => {
  context.idToken['https://example.com/seen'] = [context.idToken['https://example.com/key'], user.app_metadata.logins];
  context.accessToken['https://example.com/client'] = context.clientID;
  if (user.app_metadata.banned) return callback(new UnauthorizedError('go away'));
  return callback(null, user, context);
};";

#[tokio::test]
async fn rules_run_in_their_order_with_their_configuration() {
    let server = Server::start().await;
    let set = Some(&json!({"value": "k-1"}));
    let _config = server.api.send(Method::PUT, "/api/v2/rules-configs/KEY", set).await.expect(200);
    let user = user(&server).await;
    let second = rule(&server, "second", SECOND).await;
    let first = rule(&server, "first", FIRST).await;
    let path = |rule: &Value| format!("/api/v2/rules/{}", rule["id"].as_str().unwrap());
    let _ = server.api.patch(&path(&second), &json!({"order": 9})).await.expect(200);
    let report = login(&server, &user).await;
    assert_eq!(report["outcome"]["type"], "allow", "{report}");
    let names: Vec<_> = report["runs"].as_array().unwrap().iter().map(|run| run["action"].as_str().unwrap()).collect();
    assert_eq!(names, ["first", "second"]);
    let mutations = json!([{"type": "user.setAppMetadata", "key": "logins", "value": 1, "applied": true},
        {"type": "idToken.setCustomClaim", "key": "https://example.com/key", "value": "k-1", "applied": true}]);
    assert_eq!(report["runs"][0]["mutations"], mutations);
    assert_eq!(report["claims"]["id_token"]["https://example.com/seen"], json!(["k-1", 1]));
    assert_eq!(report["claims"]["access_token"]["https://example.com/client"], server.bootstrap.client_id);
    assert_eq!(report["user"]["app_metadata"], json!({"kept": true, "logins": 1}));

    let _ = server.api.patch(&path(&first), &json!({"enabled": false})).await.expect(200);
    assert_eq!(login(&server, &user).await["runs"].as_array().unwrap().len(), 1);
    let users = format!("/api/v2/users/{}", user["user_id"].as_str().unwrap().replace('|', "%7C"));
    let _ = server.api.patch(&users, &json!({"app_metadata": {"banned": true}})).await.expect(200);
    let denied = json!({"type": "deny", "code": "unauthorized", "reason": "go away"});
    assert_eq!(login(&server, &user).await["outcome"], denied);

    // What fails fails the login, as it did.
    let failing = json!({"script": "function (user, context, callback) {\n  callback(new Error('lost'));\n}"});
    let _ = server.api.patch(&path(&second), &failing).await.expect(200);
    let report = login(&server, &user).await;
    assert_eq!((&report["outcome"]["type"], &report["runs"][0]["error"]["message"]), (&json!("error"), &json!("lost")));
}

#[tokio::test]
async fn a_rule_that_does_not_load_is_refused_with_its_place() {
    let server = Server::start().await;
    let body = json!({"name": "broken", "script": "function (user, context, callback) {\n  callback(null user);\n}"});
    let answer = server.api.post("/api/v2/rules", &body).await;
    let text = answer.body.to_string();
    assert!(text.contains("SyntaxError: missing ) after argument list (action.js:2:"), "{text}");
    assert_eq!(answer.refused(400), "invalid_body");
    let none = server.api.get("/api/v2/rules").await.expect(200);
    assert_eq!(none, json!([]));
}
