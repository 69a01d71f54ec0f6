//! Input that no client of good will sends: refused in Auth0's shape, and nothing is changed.

use reqwest::Method;
use serde_json::json;

use crate::common::{Server, user_path};

const JSON: &str = "application/json";

/// Every operation of ours that takes a body, with ids of rows that exist.
async fn writes(server: &Server) -> Vec<(Method, String)> {
    let api = &server.api;
    let user = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let role = api.post("/api/v2/roles", json!({"name": "edit"})).await.expect(200);
    let connection = api.get("/api/v2/connections").await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    vec![
        (Method::POST, "/api/v2/users".to_owned()),
        (Method::PATCH, user.clone()),
        (Method::POST, format!("{user}/roles")),
        (Method::DELETE, format!("{user}/roles")),
        (Method::POST, "/api/v2/clients".to_owned()),
        (Method::PATCH, format!("/api/v2/clients/{}", api.client_id)),
        (Method::POST, "/api/v2/client-grants".to_owned()),
        (Method::PATCH, format!("/api/v2/client-grants/cgr_{}", api.client_id)),
        (Method::POST, "/api/v2/connections".to_owned()),
        (Method::PATCH, format!("/api/v2/connections/{connection}")),
        (Method::POST, "/api/v2/roles".to_owned()),
        (Method::PATCH, format!("/api/v2/roles/{}", role["id"].as_str().unwrap())),
    ]
}

#[tokio::test]
async fn bodies_that_are_no_legal_json_are_refused() {
    let server = Server::start().await;
    let writes = writes(&server).await;
    let before = server.api.get("/api/v2/logs?per_page=100").await.expect(200);
    let deep = [b"{\"a\":".repeat(5000), b"1".to_vec(), b"}".repeat(5000)].concat();
    for (method, path) in &writes {
        for body in [
            &b""[..],
            b"{",
            b"{\"name\":",
            b"nonsense",
            b"{} {}",
            b"[]",
            b"\"text\"",
            b"7",
            b"null",
            b"{\"name\":\"\xff\"}",
            b"{\"name\":\"a\",\"name\":7}",
            &deep,
        ] {
            let answer = server.api.raw(method.clone(), path, JSON, body).await;
            let text = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            assert_eq!(answer.status.as_u16(), 400, "{method} {path} {text}: {}", answer.body);
            answer.refused(400, "invalid_body");
        }
    }
    // Every change has its line, so no line is no change.
    assert_eq!(server.api.get("/api/v2/logs?per_page=100").await.expect(200), before);
}

#[tokio::test]
async fn bodies_of_another_type_or_size_are_refused() {
    let server = Server::start().await;
    for (method, path) in writes(&server).await {
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/wasm", ""] {
            server.api.raw(method.clone(), &path, media_type, "{}").await.refused(415, "");
        }
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 << 20));
        server.api.raw(method.clone(), &path, JSON, large).await.refused(413, "too_large");
    }
    // A client that is still sending sees the answer all the same.
    for _ in 0..20 {
        let large = vec![b' '; 12 << 20];
        server.api.raw(Method::POST, "/api/v2/users", JSON, large).await.refused(413, "too_large");
    }
}

#[tokio::test]
async fn what_is_not_served_is_not_found() {
    let server = Server::start().await;
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/api/v2/"),
        (Method::GET, "/api/v2/nothing"),
        (Method::GET, "/api/v2/users/a/b/c/d"),
        (Method::GET, "/api/v2/users/%ff%fe"),
        (Method::PUT, "/api/v2/users"),
        (Method::DELETE, "/api/v2/clients"),
        (Method::POST, "/api/v2/guardian/factors"),
        (Method::GET, "/oauth/token"),
        (Method::GET, "/..%2f..%2fetc%2fpasswd"),
    ] {
        server.api.send(method, path, None).await.refused(404, "");
    }
}

#[tokio::test]
async fn ids_that_name_nothing_are_not_found() {
    let server = Server::start().await;
    let long = "x".repeat(5000);
    for id in ["nobody", "auth0%7C", "%7C", "auth0%7C%00", "%E2%82%AC", "a%2Fb", &long] {
        for (path, code) in [
            (format!("/api/v2/users/{id}"), "inexistent_user"),
            (format!("/api/v2/users/{id}/history"), "inexistent_user"),
            (format!("/api/v2/users/{id}/logs"), "inexistent_user"),
            (format!("/api/v2/users/{id}/roles"), "inexistent_user"),
            (format!("/api/v2/clients/{id}"), "inexistent_client"),
            (format!("/api/v2/connections/{id}"), "inexistent_connection"),
            (format!("/api/v2/roles/{id}"), "inexistent_role"),
            (format!("/api/v2/logs/{id}"), ""),
        ] {
            server.api.get(&path).await.refused(404, code);
        }
        for path in [format!("/api/v2/users/{id}"), format!("/api/v2/clients/{id}")] {
            let answer = server.api.patch(&path, json!({})).await;
            assert_eq!(answer.status.as_u16(), 404, "{path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_answer_has_its_request_id_and_type() {
    let server = Server::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/health", "/api/v2/users", "/nothing", "/api/v2/users/x"] {
        let answer = server.api.get(path).await;
        assert_eq!(answer.headers["content-type"], "application/json", "{path}");
        assert!(seen.insert(answer.headers["x-request-id"].clone()), "{path}");
    }
}
