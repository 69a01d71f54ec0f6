//! Actions Modules over the Management API, and required by an action in a login.

use postern_e2e::Server;
use serde_json::json;

const MODULE: &str = "
const { secrets } = actions;
exports.greet = (name) => `${secrets.WORD} ${name}`;
exports.seen = () => Object.keys(secrets);
exports.loaded = typeof secrets.WORD;
";
const ACTION: &str = "
const greeting = require('actions:greeting');
exports.onExecutePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('greeting', greeting.greet(event.user.email));
    api.idToken.setCustomClaim('secrets', [Object.keys(event.secrets), greeting.seen(), greeting.loaded]);
};
";

#[tokio::test]
async fn an_action_requires_a_version_of_a_module() {
    let server = Server::start().await;
    let api = &server.api;
    let secret = json!([{"name": "WORD", "value": "hello"}]);
    let module = json!({"name": "greeting", "code": MODULE, "secrets": secret, "publish": true});
    let module = api.post("/api/v2/actions/modules", &module).await.expect(201);
    assert_eq!(module["latest_version_number"], 1);
    assert_eq!(module["all_changes_published"], true);
    let one = format!("/api/v2/actions/modules/{}", module["id"].as_str().unwrap());

    let used = json!([{"module_id": module["id"], "module_version_id": module["latest_version"]["id"]}]);
    let action = json!({
        "name": "greets", "code": ACTION, "modules": used, "secrets": [{"name": "OWN", "value": "own"}],
        "supported_triggers": [{"id": "post-login", "version": "v3"}],
    });
    let action = api.post("/api/v2/actions/actions", &action).await.expect(201);
    let action_id = action["id"].as_str().unwrap();
    let _version = api.deploy(action_id).await;
    let _bindings = api.bind(&[action_id]).await;
    let client = api.post("/api/v2/clients", &json!({"name": "app"})).await.expect(201);
    let user_id = api.user_create("ann").await;
    let login = api.login(client["client_id"].as_str().unwrap(), &user_id).await;
    let claims = &login["claims"]["id_token"];
    assert!(claims["greeting"].as_str().unwrap().starts_with("hello ann"), "{login}");
    assert_eq!(claims["secrets"], json!([["OWN"], ["WORD"], "undefined"]));

    // What an action uses is not deleted, and stays as it was when the module goes on.
    assert_eq!(api.delete(&one).await.status.as_u16(), 412);
    let changed = api.patch(&one, &json!({"code": "exports.greet = () => 'changed';"})).await.expect(200);
    assert_eq!(changed["all_changes_published"], false);
    let second = api.post(&format!("{one}/versions"), &json!({})).await.expect(201);
    assert_eq!(second["version_number"], 2);
    assert_eq!(api.post(&format!("{one}/versions"), &json!({})).await.status.as_u16(), 409);
    let login = api.login(client["client_id"].as_str().unwrap(), &user_id).await;
    assert!(login["claims"]["id_token"]["greeting"].as_str().unwrap().starts_with("hello ann"), "{login}");
    let users = api.get(&format!("{one}/actions")).await.expect(200);
    assert_eq!(users["actions"][0]["module_version_number"], 1);

    let back = json!({"module_version_id": module["latest_version"]["id"]});
    let back = api.post(&format!("{one}/rollback"), &back).await.expect(200);
    assert_eq!(back["code"], MODULE);
    assert_eq!(api.get(&format!("{one}/versions")).await.expect(200)["total"], 2);
}
