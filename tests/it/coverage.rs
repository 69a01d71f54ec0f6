//! Bad input on every operation of the list: an error in Auth0's shape, and nothing changed.

use postern_e2e::{Answer, Server};
use serde_json::{Value, json};

use crate::openapi::{Access, Operation, operations};
use crate::world::World;

/// Sends raw bytes as JSON.
async fn send(world: &World, operation: &Operation, body: Vec<u8>) -> Answer {
    let path = world.path(operation);
    let request =
        world.caller(operation).request(operation.method.clone(), &path).header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { request: operation.to_string(), status, body }
}

/// Asserts a 400 (or 413 for size) in the shape of its API.
#[track_caller]
fn assert_bad(what: &str, operation: &Operation, answer: Answer) {
    let status = answer.status.as_u16();
    assert!(status == 400 || status == 413, "{what}: {operation}: {status} {}", answer.body);
    if ["/oauth/", "/co/", "/mfa/"].iter().any(|start| operation.path.starts_with(start)) {
        assert!(answer.body["error"].is_string(), "{what}: {operation}: {}", answer.body);
        assert!(answer.body["error_description"].is_string(), "{what}: {operation}: {}", answer.body);
    } else if operation.path.starts_with("/dbconnections/") {
        for key in ["name", "code", "description"] {
            assert!(answer.body[key].is_string(), "{what}: {operation}: {}", answer.body);
        }
        assert_eq!(answer.body["statusCode"], status, "{what}: {operation}: {}", answer.body);
    } else {
        let _code = answer.refused(status);
    }
}

/// Values that are certainly not of the schema's type.
fn wrong_values(schema: &Value) -> Vec<Value> {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Vec::new(),
    };
    [
        ("string", json!("text")),
        ("integer", json!(7)),
        ("object", json!({"a": 1})),
        ("array", json!([[]])),
        ("boolean", json!(true)),
    ]
    .into_iter()
    .filter(|(kind, _)| !(kinds.contains(kind) || *kind == "integer" && kinds.contains(&"number")))
    .map(|(_, value)| value)
    .collect()
}

#[tokio::test]
async fn every_operation_refuses_malformed_bodies() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let mut with_body = 0;
    for operation in operations(&server.api).await {
        if operation.request.is_none() {
            continue;
        }
        with_body += 1;
        let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
        let bodies: [(&str, Vec<u8>); 8] = [
            ("cut short", br#"{"name":"#.to_vec()),
            ("not JSON", b"name=x".to_vec()),
            ("an array", b"[]".to_vec()),
            ("a string", br#""text""#.to_vec()),
            ("a number", b"7".to_vec()),
            ("not UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec()),
            ("nested deep", deep),
            ("trailing text", b"{} {}".to_vec()),
        ];
        let list = operation.request.as_ref().is_some_and(|schema| schema["type"] == "array");
        for (what, body) in bodies {
            // A list may be empty.
            if list && what == "an array" {
                continue;
            }
            assert_bad(what, &operation, send(&world, &operation, body).await);
        }
        let large = format!(r#"{{"name":"{}"}}"#, "x".repeat(3 << 20));
        assert_bad("3 MiB", &operation, send(&world, &operation, large.into_bytes()).await);
    }
    assert!(with_body >= 10, "only {with_body} operations take JSON");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn every_operation_refuses_fields_of_the_wrong_type() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let mut fields = 0;
    for operation in operations(&server.api).await {
        let Some(schema) = &operation.request else { continue };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            for wrong in wrong_values(property) {
                let body = json!({name: wrong});
                let answer = send(&world, &operation, body.to_string().into_bytes()).await;
                assert_bad(&body.to_string(), &operation, answer);
                fields += 1;
            }
        }
    }
    assert!(fields >= 50, "only {fields} fields were tried");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn every_list_refuses_bad_query_parameters() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let mut parameters = 0;
    for operation in operations(&server.api).await {
        for (name, kind) in &operation.query {
            let bad: &[&str] = match kind.as_str() {
                "integer" => &["-1", "abc", "1.5", "99999999999999999999"],
                "boolean" => &["maybe"],
                _ => continue,
            };
            for value in bad {
                let path = format!("{}?{name}={value}", world.path(&operation));
                let answer = world.caller(&operation).send(operation.method.clone(), &path, None).await;
                assert_bad(&format!("{name}={value}"), &operation, answer);
                parameters += 1;
            }
        }
    }
    assert!(parameters >= 8, "only {parameters} parameters were tried");
}

/// Well-formed ids of nothing.
fn absent(world: &World) -> World {
    World {
        user_id: "auth0|nobody".to_owned(),
        client_id: "nothing".to_owned(),
        connection_id: "con_nothing".to_owned(),
        role_id: "rol_nothing".to_owned(),
        grant_id: "cgr_nothing".to_owned(),
        resource_server_id: "0123456789abcdef01234567".to_owned(),
        rule_id: "rul_nothing".to_owned(),
        rule_config_key: "nothing".to_owned(),
        action_id: "00000000-0000-4000-8000-000000000000".to_owned(),
        version_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        module_id: "00000000-0000-4000-8000-000000000002".to_owned(),
        module_version_id: "00000000-0000-4000-8000-000000000003".to_owned(),
        execution_id: "exe_nothing".to_owned(),
        log_id: "900000000000000000000000000000000000".to_owned(),
        job_id: "job_nothing".to_owned(),
        kid: "nothing".to_owned(),
        method_id: "totp|dev_nothing".to_owned(),
        login_id: "lgn_nothing".to_owned(),
        template: "nothing".to_owned(),
        ..world.clone()
    }
}

/// Texts that are no ids.
fn malformed(world: &World) -> World {
    World {
        user_id: "no-strategy\u{1}".to_owned(),
        client_id: "not a client!".to_owned(),
        connection_id: "§".to_owned(),
        role_id: "..".to_owned(),
        grant_id: "%".to_owned(),
        resource_server_id: "\u{1f}".to_owned(),
        rule_id: "7".to_owned(),
        rule_config_key: "a b".to_owned(),
        action_id: "7".to_owned(),
        version_id: "7".to_owned(),
        module_id: "7".to_owned(),
        module_version_id: "7".to_owned(),
        execution_id: "x".repeat(5000),
        log_id: "-1".to_owned(),
        job_id: "no job".to_owned(),
        kid: "\u{1}".to_owned(),
        method_id: "§|§".to_owned(),
        login_id: "\u{0}".to_owned(),
        template: "../x".to_owned(),
        ..world.clone()
    }
}

#[tokio::test]
async fn ids_that_do_not_exist_are_not_found() {
    let server = Server::start().await;
    let world = World::create(&server.api, &server.bootstrap.operator_token, "first").await;
    let before = world.everything().await;
    let (absent, malformed) = (absent(&world), malformed(&world));
    let mut tried = 0;
    for operation in operations(&server.api).await {
        let reads_a_row = matches!(operation.access, Access::Scopes(_)) && operation.path.contains('{');
        if !reads_a_row || operation.path.contains("triggers") || operation.path.contains("prompts") {
            continue;
        }
        for (what, ids) in [("absent", &absent), ("malformed", &malformed)] {
            let path = ids.path(&operation);
            let body = operation.is_write().then(|| json!({}));
            let answer = world.api.send(operation.method.clone(), &path, body.as_ref()).await;
            let status = answer.status.as_u16();
            // Deleting a user who is not there is no error in Auth0.
            if status == 204 && operation.method == reqwest::Method::DELETE {
                continue;
            }
            assert!(status == 404 || status == 400, "{what}: {operation}: {status} {}", answer.body);
            let _code = answer.refused(status);
            tried += 1;
        }
    }
    assert!(tried >= 30, "only {tried} were tried");
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn an_unknown_path_is_an_error_of_the_same_shape() {
    let server = Server::start().await;
    for path in ["/api/v2/nothing", "/api/v2/users/a/b/c/d", "/api/v2/"] {
        let _code = server.api.get(path).await.refused(404);
    }
}
