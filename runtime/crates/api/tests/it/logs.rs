//! The tenant log: what is written into it, and how it is read.

use serde_json::{Value, json};

use crate::common::{Api, PASSWORD, Server, user_path};

async fn list(api: &Api, query: &str) -> Vec<Value> {
    api.get(&format!("/api/v2/logs{query}")).await.expect(200).as_array().unwrap().clone()
}

fn descriptions(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["description"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_change_is_in_the_log_and_no_secret_is() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let patch = json!({"user_metadata": {"city": "hidden-city"}, "app_metadata": {"plan": "hidden-plan"}});
    api.patch(&path, patch).await.expect(200);
    let client = json!({"name": "shop", "client_secret": "hidden-secret-of-the-shop"});
    let client = api.post("/api/v2/clients", client).await.expect(201);
    api.delete(&format!("/api/v2/clients/{}", client["client_id"].as_str().unwrap())).await.expect(204);
    let role = api.post("/api/v2/roles", json!({"name": "edit"})).await.expect(200);
    let roles = json!({"roles": [role["id"]]});
    api.post(&format!("{path}/roles"), roles).await.expect(204);
    api.delete(&path).await.expect(204);

    let rows = list(api, "?q=type%3A%22sapi%22&sort=date:1").await;
    assert_eq!(
        descriptions(&rows),
        [
            "Create a User",
            "Update a User",
            "Create a client",
            "Delete a client",
            "Create a role",
            "Change the roles of a user",
            "Delete a User",
        ]
    );
    for row in &rows {
        assert_eq!(row["client_id"], json!(api.client_id), "{row}");
        assert_eq!(row["ip"], "127.0.0.1", "{row}");
        assert!(row["details"]["resource"].is_string(), "{row}");
        assert_eq!(row["_id"], row["log_id"], "{row}");
        assert!(row["log_id"].as_str().unwrap().starts_with("900"), "{row}");
    }
    let text = json!(list(api, "?per_page=100").await).to_string();
    for secret in
        [PASSWORD, "hidden-city", "hidden-plan", "hidden-secret", &api.client_secret, api.token.as_ref().unwrap()]
    {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn an_answer_names_its_line_in_the_log() {
    let server = Server::start().await;
    let answer = server.api.post("/api/v2/roles", json!({"name": "edit"})).await;
    let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(list(&server.api, "").await[0]["details"]["request_id"], id);
}

#[tokio::test]
async fn a_refused_change_is_not_in_the_log() {
    let server = Server::start().await;
    let api = &server.api;
    let body = json!({"connection": "Nowhere", "email": "a@example.com", "password": PASSWORD});
    api.post("/api/v2/users", body).await.refused(404, "inexistent_connection");
    api.post("/api/v2/clients", json!({})).await.refused(400, "invalid_body");
    assert_eq!(list(api, "?q=type%3A%22sapi%22").await, Vec::<Value>::new());
}

#[tokio::test]
async fn exchanges_are_in_the_log() {
    let server = Server::start().await;
    let api = &server.api;
    let body = json!({
        "grant_type": "client_credentials", "client_id": api.client_id, "client_secret": "wrong",
        "audience": "https://x/",
    });
    api.with_token(None).post("/oauth/token", body).await.expect(401);
    let failed = list(api, "?q=type%3A%22feccft%22").await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["client_id"], json!(api.client_id));
    let done = list(api, "?search=type%3A%22seccft%22").await;
    assert_eq!(done.len(), 1, "{done:?}");
    assert_eq!(
        api.get(&format!("/api/v2/logs/{}", failed[0]["log_id"].as_str().unwrap())).await.expect(200),
        failed[0]
    );
    api.get("/api/v2/logs/900000").await.refused(404, "");
}

#[tokio::test]
async fn the_log_is_read_in_pages_and_followed() {
    let server = Server::start().await;
    let api = &server.api;
    for n in 0..6 {
        api.post("/api/v2/roles", json!({"name": format!("r{n}")})).await.expect(200);
    }
    let newest_first = list(api, "").await;
    let oldest_first = list(api, "?sort=date:1").await;
    assert_eq!(newest_first.len(), 7);
    assert!(newest_first.iter().rev().eq(oldest_first.iter()));
    let page = api.get("/api/v2/logs?page=1&per_page=3&include_totals=true&sort=date:-1").await.expect(200);
    assert_eq!((&page["total"], &page["start"], &page["length"]), (&json!(7), &json!(3), &json!(3)));
    assert_eq!(page["logs"].as_array().unwrap(), &newest_first[3..6]);
    // Following: a bare array, oldest first, after the id that is named.
    let mut seen = list(api, "?take=3").await;
    loop {
        let from = seen.last().unwrap()["log_id"].as_str().unwrap().to_owned();
        let rows = list(api, &format!("?from={from}&take=3")).await;
        if rows.is_empty() {
            break;
        }
        seen.extend(rows);
    }
    assert_eq!(seen, oldest_first);
    for query in ["?q=type%3A%22s%22%20AND%20(", "?q=type%3A~", "?sort=type:1", "?per_page=x"] {
        api.get(&format!("/api/v2/logs{query}")).await.refused(400, "invalid_query_string");
    }
}

#[tokio::test]
async fn a_users_own_log_needs_the_right_and_the_user() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let page = api.get(&format!("{path}/logs?include_totals=true")).await.expect(200);
    assert!(page["logs"].is_array() && page["total"].is_number(), "{page}");
    assert!(api.get(&format!("{path}/logs")).await.expect(200).is_array());
    api.get("/api/v2/users/auth0%7Cnobody/logs").await.refused(404, "inexistent_user");
    api.with_scope("read:users").await.get(&format!("{path}/logs")).await.refused(403, "insufficient_scope");
}
