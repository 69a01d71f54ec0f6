//! What the description lists is what the router serves, with the rights it says.

use reqwest::Method;
use serde_json::Value;

use crate::server::Server;

#[tokio::test]
async fn the_description_and_the_router_list_the_same_routes() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let document = api.without_token().get("/api/v2/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let listed = item.as_object().unwrap();
        // A path that the router knows answers with something else than what an unknown path answers with.
        let concrete: String =
            path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let what = format!("{method} {path}");
            let answer = api.without_token().raw(method.clone(), &concrete, Vec::new()).await;
            let operation = listed.get(&method.as_str().to_ascii_lowercase());
            let served = answer.status != 404 || answer.json()["message"] != "Not Found";
            assert_eq!(served, operation.is_some(), "{what}: {}", answer.status);
            let Some(operation) = operation else { continue };
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}: id used twice");
            let public = operation["security"].as_array().unwrap().is_empty();
            assert!(public || answer.status == 401, "{what}: {} without a token", answer.status);
        }
    }
    for id in
        ["action_create", "artifact_replace", "version_rollback", "binding_replace", "simulated_login", "user_update"]
    {
        assert!(ids.contains(id), "{id}");
    }
}

#[tokio::test]
async fn every_operation_is_described_whole() {
    let server = Server::start().await;
    let api = server.tenant("default").await;
    let document = api.get("/api/v2/openapi.json").await.expect(200);
    let scopes = &document["components"]["securitySchemes"]["management"]["flows"]["clientCredentials"]["scopes"];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
            for requirement in operation["security"].as_array().unwrap() {
                for scope in requirement["management"].as_array().into_iter().flatten() {
                    assert!(scopes.get(scope.as_str().unwrap()).is_some(), "{what}: {scope} is not declared");
                }
            }
            let names: Vec<&Value> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| &parameter["name"])
                .collect();
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                assert!(names.iter().any(|name| **name == part), "{what}: parameter {part} is not described");
            }
            assert!(operation["responses"]["400"]["content"]["application/json"]["schema"].is_object(), "{what}");
        }
    }
    let error = &document["components"]["schemas"]["Error"]["required"];
    assert_eq!(*error, serde_json::json!(["statusCode", "error", "message"]));
}
