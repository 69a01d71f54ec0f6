//! Connections in both forms of their list, and what may be changed of them.

use serde_json::{Value, json};

use crate::common::{Api, DATABASE, Server};

async fn create(api: &Api, name: &str, strategy: &str) -> Value {
    api.post("/api/v2/connections", json!({"name": name, "strategy": strategy})).await.expect(201)
}

fn path(connection: &Value) -> String {
    format!("/api/v2/connections/{}", connection["id"].as_str().unwrap())
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_tenant_starts_with_a_database() {
    let server = Server::start().await;
    let list = server.api.get("/api/v2/connections").await.expect(200);
    assert_eq!(names(&list), [DATABASE]);
    assert_eq!(list[0]["strategy"], "auth0");
    assert!(list[0]["id"].as_str().unwrap().starts_with("con_"), "{list}");
    assert_eq!(list[0]["options"]["passwordPolicy"], "good");
    assert_eq!(server.api.get(&path(&list[0])).await.expect(200), list[0]);
}

#[tokio::test]
async fn a_list_of_connections_has_each_of_its_forms() {
    let server = Server::start().await;
    let api = &server.api;
    for (name, strategy) in [("google", "google-oauth2"), ("corp", "samlp"), ("second", "auth0")] {
        create(api, name, strategy).await;
    }
    let get = |query: &str| {
        let path = format!("/api/v2/connections{query}");
        async move { api.get(&path).await.expect(200) }
    };
    assert_eq!(get("").await.as_array().unwrap().len(), 4);
    assert_eq!(names(&get("?strategy=samlp").await), ["corp"]);
    assert_eq!(names(&get("?strategy=samlp&strategy=google-oauth2").await), ["corp", "google"]);
    assert_eq!(names(&get("?name=second").await), ["second"]);
    assert_eq!(names(&get("?strategy=samlp&name=second").await), [""; 0]);
    let totals = get("?include_totals=true&per_page=1").await;
    assert_eq!((&totals["total"], totals["connections"].as_array().unwrap().len()), (&json!(4), 1));
    // `take` wins over the totals; the last page has no `next`.
    let mut seen = Vec::new();
    let mut query = "?include_totals=true&take=3".to_owned();
    loop {
        let page = get(&query).await;
        seen.extend(names(&page["connections"]).into_iter().map(str::to_owned));
        assert_eq!(page.get("total"), None, "{page}");
        match page["next"].as_str() {
            Some(next) => query = format!("?take=3&from={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[tokio::test]
async fn options_are_replaced_and_not_merged() {
    let server = Server::start().await;
    let api = &server.api;
    let body = json!({
        "name": "google", "strategy": "google-oauth2", "metadata": {"kind": "social"},
        "options": {
            "set_user_root_attributes": "on_first_login", "non_persistent_attrs": ["gender"], "client_id": "x",
        },
    });
    let made = api.post("/api/v2/connections", body.clone()).await.expect(201);
    assert_eq!((&made["options"], &made["metadata"]), (&body["options"], &body["metadata"]));
    let path = path(&made);
    let options = json!({"scope": ["email"]});
    let updated = api.patch(&path, json!({"options": options})).await.expect(200);
    assert_eq!(updated["options"], options);
    assert_eq!(updated["metadata"], body["metadata"]);
    let answer = api.delete(&path).await.expect(202);
    assert!(answer["deleted_at"].is_string(), "{answer}");
    api.delete(&path).await.refused(404, "inexistent_connection");
    api.get(&path).await.refused(404, "inexistent_connection");
    api.patch(&path, json!({})).await.refused(404, "inexistent_connection");
}

#[tokio::test]
async fn a_connection_that_breaks_a_rule_changes_nothing() {
    let server = Server::start().await;
    let api = &server.api;
    let made = create(api, "google", "google-oauth2").await;
    let before = api.get("/api/v2/connections").await.expect(200);
    for body in [
        json!({}),
        json!({"name": "x"}),
        json!({"strategy": "auth0"}),
        json!({"name": "-x", "strategy": "auth0"}),
        json!({"name": "a b", "strategy": "auth0"}),
        json!({"name": "x".repeat(129), "strategy": "auth0"}),
        json!({"name": 7, "strategy": "auth0"}),
        json!({"name": "x", "strategy": "a|b"}),
        json!({"name": "x", "strategy": "auth0", "options": {"set_user_root_attributes": "sometimes"}}),
        json!({"name": "x", "strategy": "auth0", "options": {"non_persistent_attrs": "gender"}}),
        json!({"name": "x", "strategy": "auth0", "options": []}),
        json!({"name": "x", "strategy": "auth0", "metadata": {"a": 1}}),
        json!({"name": "x", "strategy": "auth0", "no_such_field": 1}),
    ] {
        api.post("/api/v2/connections", body).await.refused(400, "invalid_body");
    }
    create(api, "taken", "auth0").await;
    api.post("/api/v2/connections", json!({"name": "taken", "strategy": "samlp"})).await.refused(409, "");
    for body in [json!({"name": "y"}), json!({"strategy": "samlp"}), json!({"options": 1}), json!({"metadata": []})] {
        api.patch(&path(&made), body).await.refused(400, "invalid_body");
    }
    let after = api.get("/api/v2/connections").await.expect(200);
    assert_eq!(after.as_array().unwrap().len(), before.as_array().unwrap().len() + 1);
    assert_eq!(api.get(&path(&made)).await.expect(200), made);
}
