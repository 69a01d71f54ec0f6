//! Lists of users: pages, order and searches.

use serde_json::{Value, json};

use crate::common::{Api, DATABASE, PASSWORD, Server, user_path};

const NAMES: [&str; 5] = ["eve", "ann", "dan", "bob", "cleo"];

async fn filled() -> Server {
    let server = Server::start().await;
    for name in NAMES {
        server.api.user(name).await;
    }
    server
}

fn emails(users: &Value) -> Vec<String> {
    let rows = users.as_array().unwrap_or_else(|| panic!("no list: {users}"));
    rows.iter().map(|user| user["email"].as_str().unwrap().split('@').next().unwrap().to_owned()).collect()
}

async fn list(api: &Api, query: &str) -> Value {
    api.get(&format!("/api/v2/users{query}")).await.expect(200)
}

#[tokio::test]
async fn a_list_is_bare_or_has_its_totals() {
    let server = filled().await;
    let api = &server.api;
    assert_eq!(emails(&list(api, "").await), NAMES);
    let page = list(api, "?page=1&per_page=2&include_totals=true").await;
    assert_eq!(
        (&page["start"], &page["limit"], &page["length"], &page["total"]),
        (&json!(2), &json!(2), &json!(2), &json!(5))
    );
    assert_eq!(emails(&page["users"]), NAMES[2..4]);
    // Pages past the end are empty, and no error: clients read on until they see one.
    let past = list(api, "?page=9&per_page=2&include_totals=true").await;
    assert_eq!((&past["users"], &past["total"]), (&json!([]), &json!(5)));
    assert_eq!(list(api, "?page=9&per_page=2").await, json!([]));
}

#[tokio::test]
async fn a_list_is_sorted_as_asked() {
    let server = filled().await;
    let api = &server.api;
    for (sort, want) in [
        ("created_at:1", ["eve", "ann", "dan", "bob", "cleo"]),
        ("created_at:-1", ["cleo", "bob", "dan", "ann", "eve"]),
        ("email:1", ["ann", "bob", "cleo", "dan", "eve"]),
        ("email:-1", ["eve", "dan", "cleo", "bob", "ann"]),
    ] {
        assert_eq!(emails(&list(api, &format!("?sort={sort}")).await), want, "{sort}");
    }
}

#[tokio::test]
async fn a_search_takes_exact_terms() {
    let server = filled().await;
    let api = &server.api;
    for name in ["ann", "bob"] {
        let patch = json!({"app_metadata": {"plan": "pro", "seat": {"row": 7}}});
        api.patch(&user_path(&format!("auth0|{name}")), patch).await.expect(200);
    }
    for (q, want) in [
        (r#"email:"ANN@example.com""#, vec!["ann"]),
        (r#"user_id:"auth0|dan""#, vec!["dan"]),
        (r#"app_metadata.plan:"pro""#, vec!["ann", "bob"]),
        (r#"app_metadata.plan:"pro" AND email:"bob@example.com""#, vec!["bob"]),
        (r#"app_metadata.seat.row:"7""#, vec!["ann", "bob"]),
        (r#"app_metadata.plan:"free""#, vec![]),
        (r#"email:"ann@example.com" AND user_id:"auth0|bob""#, vec![]),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
        assert_eq!(emails(&list(api, &format!("?{query}&search_engine=v3")).await), want, "{q}");
    }
    for q in
        ["email:a*", "NOT email:x", "email:[a TO b]", "(email:x)", "email:\"x", "nothing", "created_at:x OR name:y"]
    {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
        let message = api.get(&format!("/api/v2/users?{query}")).await.refused(400, "invalid_query_string");
        assert!(message.contains("'q'"), "{q}: {message}");
    }
}

#[tokio::test]
async fn bad_pages_and_orders_are_refused() {
    let server = Server::start().await;
    for query in [
        "per_page=101",
        "per_page=-1",
        "per_page=x",
        "page=-1",
        "page=1.5",
        "include_totals=maybe",
        "sort=email",
        "sort=email:2",
        "sort=password_hash:1",
        "take=0",
        "take=101",
        "include_fields=maybe",
    ] {
        server.api.get(&format!("/api/v2/users?{query}")).await.refused(400, "invalid_query_string");
    }
}

#[tokio::test]
async fn users_are_found_by_address() {
    let server = filled().await;
    let api = &server.api;
    // The same address in another connection is another user.
    let social = json!({"name": "google-oauth2", "strategy": "google-oauth2"});
    api.post("/api/v2/connections", social).await.expect(201);
    let user = json!({"connection": "google-oauth2", "email": "Ann@example.com", "user_id": "1"});
    api.post("/api/v2/users", user).await.expect(201);
    let found = api.get("/api/v2/users-by-email?email=ANN%40example.com").await.expect(200);
    let ids: Vec<_> = found.as_array().unwrap().iter().map(|user| user["user_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{found}");
    assert!(ids.contains(&"auth0|ann") && ids.contains(&"google-oauth2|1"), "{found}");
    // Not a prefix.
    assert_eq!(api.get("/api/v2/users-by-email?email=ann").await.expect(200), json!([]));
    api.get("/api/v2/users-by-email").await.refused(400, "invalid_query_string");
}

#[tokio::test]
async fn a_list_can_be_of_one_connection() {
    let server = filled().await;
    let api = &server.api;
    api.post("/api/v2/connections", json!({"name": "second", "strategy": "auth0"})).await.expect(201);
    let user = json!({"connection": "second", "email": "ann@example.com", "password": PASSWORD});
    api.post("/api/v2/users", user).await.expect(201);
    assert_eq!(emails(&list(api, "?connection=second").await), ["ann"]);
    assert_eq!(emails(&list(api, &format!("?connection={DATABASE}")).await).len(), 5);
}
