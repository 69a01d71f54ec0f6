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

/// The path of a search.
fn search(q: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
    format!("?{query}&search_engine=v3&sort=email:1")
}

#[tokio::test]
async fn a_search_takes_the_query_language() {
    let server = filled().await;
    let api = &server.api;
    for (name, seats) in [("ann", 7), ("bob", 12)] {
        let patch = json!({
            "app_metadata": {"plan": "Pro", "seat": {"row": seats}, "tags": ["a", "b"], "empty": {}},
            "user_metadata": {"lang": "de", "since": "2020-05-01"}, "given_name": name.to_uppercase(), "blocked": true,
        });
        api.patch(&user_path(&format!("auth0|{name}")), patch).await.expect(200);
    }
    let all = || vec!["ann", "bob", "cleo", "dan", "eve"];
    for (q, want) in [
        ("", all()),
        ("*", all()),
        (r#"email:"ANN@example.com""#, vec!["ann"]),
        ("email.domain:example.com", all()),
        (r#"user_id:"auth0|dan""#, vec!["dan"]),
        (r#"user_id:("auth0|dan" OR "auth0|eve" OR "auth0|none")"#, vec!["dan", "eve"]),
        ("user_id:AUTH0|dan", vec![]),
        (r#"app_metadata.plan:"Pro""#, vec!["ann", "bob"]),
        (r#"app_metadata.plan:"pro""#, vec![]),
        (r#"app_metadata.plan:"Pro" AND email:"bob@example.com""#, vec!["bob"]),
        ("app_metadata.seat.row:7", vec!["ann"]),
        ("app_metadata.seat.row:[7 TO 12}", vec!["ann"]),
        ("app_metadata.seat.row:>7", vec!["bob"]),
        ("app_metadata.tags:b", vec!["ann", "bob"]),
        ("app_metadata:Pro", vec![]),
        ("_exists_:app_metadata.seat", vec!["ann", "bob"]),
        ("_exists_:app_metadata.empty", vec![]),
        ("NOT _exists_:app_metadata", vec!["cleo", "dan", "eve"]),
        ("user_metadata.since:[2020-01-01 TO *]", vec!["ann", "bob"]),
        ("name:*ann@ex*", vec!["ann"]),
        ("nickname:b*", vec!["bob"]),
        ("given_name:ann", vec!["ann"]),
        ("blocked:true -email:bob@example.com", vec!["ann"]),
        ("identities.connection:Username-Password-Authentication AND nickname:eve", vec!["eve"]),
        ("identities.provider:google-oauth2", vec![]),
        ("created_at:[2020 TO *] AND NOT nickname:(ann OR bob)", vec!["cleo", "dan", "eve"]),
        ("created_at:[* TO 2020-12-31]", vec![]),
        ("nickname:cleo email:eve@example.com", vec!["cleo", "eve"]),
        ("(NOT _exists_:logins_count OR logins_count:0) AND nickname:dan", vec!["dan"]),
        ("bob", vec!["bob"]),
        ("de", vec![]),
        (r#"email:"ann@example.com" AND user_id:"auth0|bob""#, vec![]),
    ] {
        assert_eq!(emails(&list(api, &search(q)).await), want, "{q}");
    }
}

#[tokio::test]
async fn a_query_that_is_none_is_refused_with_its_place() {
    let server = Server::start().await;
    for (q, at) in [("email:\"x", 6), ("(a", 0), ("a AND", 5), ("a~", 1), ("name:/x/", 5), ("a:[1 TO", 7)] {
        let message = server.api.get(&format!("/api/v2/users{}", search(q))).await.refused(400, "invalid_query_string");
        assert!(message.contains(&format!("'q' is not a query: at character {at}:")), "{q}: {message}");
    }
    let message =
        server.api.get(&format!("/api/v2/users{}", search("name:*nn"))).await.refused(400, "invalid_query_string");
    assert!(message.contains("wildcard"), "{message}");
    server.api.get("/api/v2/users?search_engine=v1").await.refused(400, "invalid_query_string");
}

#[tokio::test]
async fn a_list_goes_on_from_a_place() {
    let server = filled().await;
    let api = &server.api;
    for (q, want) in [("", NAMES.to_vec()), ("nickname:(ann OR dan OR cleo OR none)", vec!["ann", "dan", "cleo"])] {
        let q = url::form_urlencoded::byte_serialize(q.as_bytes()).collect::<String>();
        let (mut seen, mut from) = (Vec::new(), String::new());
        for _ in 0..5 {
            let page = list(api, &format!("?take=2&include_totals=true&q={q}{from}")).await;
            seen.extend(emails(&page["users"]));
            match page["next"].as_str() {
                Some(next) => from = format!("&from={next}"),
                None => break,
            }
        }
        assert_eq!(seen, want);
    }
    api.get("/api/v2/users?from=x&take=2").await.refused(400, "invalid_query_string");
    api.get("/api/v2/users?from=0.x!&take=2").await.refused(400, "invalid_query_string");
    api.get("/api/v2/users?sort=email:1&take=2").await.refused(400, "invalid_query_string");
}

#[tokio::test]
async fn only_the_first_thousand_hits_are_paged_through() {
    let server = filled().await;
    assert_eq!(list(&server.api, "?page=9&per_page=100").await, json!([]));
    for page in ["page=10&per_page=100", "page=20", "page=4294967295&per_page=100"] {
        let message = server.api.get(&format!("/api/v2/users?{page}")).await.refused(400, "invalid_paging");
        assert!(message.starts_with("You can only page through the first 1000 records."), "{message}");
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
        "sort=:1",
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
