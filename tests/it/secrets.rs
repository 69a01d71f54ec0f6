//! A secret is given to its action and to nobody else.

use std::path::Path;

use postern_e2e::{Server, module};
use serde_json::{Value, json};

const SECRET: &str = "correct-horse-0451-battery-staple";

/// The files below `folder` that hold `needle`.
fn files_with(folder: &Path, needle: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if std::fs::read(&path).unwrap().windows(needle.len()).any(|bytes| bytes == needle) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn a_secret_reaches_the_guest_and_no_answer_log_or_file() {
    let mut server = Server::start().await;
    let api = &server.api;
    let (client, user) = (api.client_id().await, api.user_create("ann").await);
    let secrets = json!([{"name": "key", "value": SECRET}]);
    let action = api.action_create("secret", &module("secret"), &secrets).await;
    let version = api.deploy(&action).await;
    let _bindings = api.bind(&[&action]).await;
    let login = api.login(&client, &user).await;
    // The guest traps without its secret, and it logs it: the line is there, the secret is not.
    assert_eq!(login["runs"][0]["status"], "ok", "{login}");
    assert_eq!(login["runs"][0]["logs"].as_array().unwrap().len(), 1, "{login}");

    let execution = login["execution_id"].as_str().unwrap();
    let mut texts = vec![login.to_string(), version.to_string()];
    for path in [
        format!("/api/v2/actions/actions/{action}"),
        format!("/api/v2/actions/actions/{action}/versions"),
        format!("/api/v2/actions/executions/{execution}"),
        "/api/v2/logs".to_owned(),
    ] {
        texts.push(api.get(&path).await.expect(200).to_string());
    }
    texts.push(server.log());
    for text in texts {
        assert!(!text.contains(SECRET), "{text}");
    }
    let kept = api.get(&format!("/api/v2/actions/actions/{action}")).await.expect(200);
    assert_eq!(kept["secrets"][0]["name"], "key", "{kept}");
    assert_eq!(kept["secrets"][0]["value"], Value::Null, "{kept}");
    let _status = server.stop();
    assert_eq!(files_with(server.folder(), SECRET.as_bytes()), Vec::<String>::new());
}
