//! Clients, their metadata and secrets, and what they are granted.

use serde_json::{Value, json};

use crate::common::{Api, Server};

async fn create(api: &Api, change: Value) -> Value {
    let mut body = json!({"name": "shop"});
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    api.post("/api/v2/clients", body).await.expect(201)
}

fn path(client: &Value) -> String {
    format!("/api/v2/clients/{}", client["client_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_client_is_kept_as_it_came() {
    let server = Server::start().await;
    let api = &server.api;
    let settings = json!({
        "app_type": "regular_web", "callbacks": ["https://app.example.com/cb"], "oidc_conformant": true,
        "grant_types": ["authorization_code"], "token_endpoint_auth_method": "client_secret_post",
        "client_metadata": {"a": "1", "b": "2"},
        "refresh_token": {
            "rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0, "token_lifetime": 3600,
            "idle_token_lifetime": 60, "infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
        },
    });
    let client = create(api, settings.clone()).await;
    assert_eq!(client["client_id"].as_str().unwrap().len(), 32);
    assert!(client["client_secret"].as_str().unwrap().len() >= 32);
    assert_eq!(client["tenant"], "default");
    for (key, value) in settings.as_object().unwrap() {
        assert_eq!(&client[key], value, "{key}");
    }
    assert_eq!(api.get(&path(&client)).await.expect(200), client);
    let updated = api.patch(&path(&client), json!({"callbacks": [], "app_type": null})).await.expect(200);
    assert_eq!((updated["callbacks"].clone(), updated.get("app_type")), (json!([]), None));
    assert_eq!(updated["client_metadata"], client["client_metadata"]);
    for _ in 0..2 {
        api.delete(&path(&client)).await.expect(204);
    }
    api.get(&path(&client)).await.refused(404, "inexistent_client");
    api.patch(&path(&client), json!({})).await.refused(404, "inexistent_client");
}

#[tokio::test]
async fn what_could_not_be_read_again_is_refused() {
    let server = Server::start().await;
    let client = create(&server.api, json!({})).await;
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    let connection = server.api.get("/api/v2/connections").await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let connection = format!("/api/v2/connections/{connection}");
    for levels in [70, 120] {
        server.api.patch(&path(&client), json!({"x": deep(levels)})).await.refused(400, "invalid_body");
        server.api.patch(&connection, json!({"options": {"x": deep(levels)}})).await.refused(400, "invalid_body");
    }
    assert!(server.api.get(&path(&client)).await.expect(200).get("x").is_none());
    server.api.patch(&path(&client), json!({"x": deep(60)})).await.expect(200);
}

#[tokio::test]
async fn client_metadata_is_merged() {
    let server = Server::start().await;
    let api = &server.api;
    let client = create(api, json!({"client_metadata": {"a": "1", "b": "2"}})).await;
    for (patch, want) in [
        (json!({"b": "two", "c": "3"}), json!({"a": "1", "b": "two", "c": "3"})),
        (json!({"a": null}), json!({"b": "two", "c": "3"})),
        (json!({"zzz": null}), json!({"b": "two", "c": "3"})),
        (json!({}), json!({"b": "two", "c": "3"})),
        (json!({"b": null, "c": null}), json!({})),
    ] {
        let client = api.patch(&path(&client), json!({"client_metadata": patch})).await.expect(200);
        assert_eq!(client["client_metadata"], want, "{patch}");
    }
    let fresh = create(api, json!({})).await;
    assert!(fresh.get("client_metadata").is_none(), "{fresh}");
}

#[tokio::test]
async fn a_client_that_breaks_a_rule_changes_nothing() {
    let server = Server::start().await;
    let api = &server.api;
    let client = create(api, json!({"client_metadata": {"a": "1"}})).await;
    let many: serde_json::Map<_, _> = (0..11).map(|n| (format!("k{n}"), json!("v"))).collect();
    let before = api.get("/api/v2/clients").await.expect(200);
    for change in [
        json!({"name": ""}),
        json!({"name": 7}),
        json!({"name": "a<b>"}),
        json!({"name": "x".repeat(256)}),
        json!({"client_metadata": {"x": {"y": 1}}}),
        json!({"client_metadata": {"x": 1}}),
        json!({"client_metadata": {"x": "y".repeat(256)}}),
        json!({"client_metadata": {"x".repeat(256): "y"}}),
        json!({"client_metadata": {"": "y"}}),
        json!({"client_metadata": {"ключ": "y"}}),
        json!({"client_metadata": many}),
        json!({"client_metadata": []}),
        json!({"grant_types": "authorization_code"}),
        json!({"callbacks": "https://a.example.com"}),
        json!({"callbacks": [1]}),
        json!({"app_type": 1}),
        json!({"oidc_conformant": "yes"}),
        json!({"client_secret": "short"}),
        json!({"tenant": "other"}),
        json!({"global": true}),
    ] {
        let mut body = change.clone();
        api.patch(&path(&client), body.clone()).await.refused(400, "invalid_body");
        if body.get("name").is_none() {
            body["name"] = json!("second");
        }
        api.post("/api/v2/clients", body).await.refused(400, "invalid_body");
    }
    api.patch(&path(&client), json!({"client_id": "x"})).await.refused(400, "invalid_body");
    api.post("/api/v2/clients", json!({})).await.refused(400, "invalid_body");
    let taken = json!({"name": "second", "client_id": client["client_id"]});
    api.post("/api/v2/clients", taken).await.refused(409, "");
    assert_eq!(api.get("/api/v2/clients").await.expect(200), before);
}

#[tokio::test]
async fn a_secret_is_shown_to_who_may_see_keys_only() {
    let server = Server::start().await;
    let client = create(&server.api, json!({})).await;
    let reader = server.api.with_scope("read:clients update:clients").await;
    assert!(reader.get(&path(&client)).await.expect(200).get("client_secret").is_none());
    assert!(reader.patch(&path(&client), json!({"name": "x"})).await.expect(200).get("client_secret").is_none());
    let list = reader.get("/api/v2/clients").await.expect(200);
    assert!(!list.to_string().contains("client_secret"), "{list}");
    let keys = server.api.with_scope("read:client_keys").await;
    assert_eq!(keys.get(&path(&client)).await.expect(200)["client_secret"], client["client_secret"]);
}

#[tokio::test]
async fn a_secret_is_set_by_who_may_change_keys_only() {
    let server = Server::start().await;
    let client = create(&server.api, json!({})).await;
    let secret = json!({"client_secret": "a-secret-of-the-right-length"});
    // Otherwise the right to rename a client would be the right to speak for every one of them.
    let writer = server.api.with_scope("update:clients").await;
    writer.patch(&path(&client), secret.clone()).await.refused(403, "insufficient_scope");
    assert_eq!(server.api.get(&path(&client)).await.expect(200), client);
    let updated = server.api.patch(&path(&client), secret.clone()).await.expect(200);
    assert_eq!(updated["client_secret"], secret["client_secret"]);
}

#[tokio::test]
async fn a_list_of_clients_has_pages_fields_and_totals() {
    let server = Server::start().await;
    let api = &server.api;
    for n in 0..4 {
        create(api, json!({"name": format!("c{n}")})).await;
    }
    let all = api.get("/api/v2/clients").await.expect(200);
    assert_eq!(all.as_array().unwrap().len(), 5);
    let page = api.get("/api/v2/clients?page=2&per_page=2&include_totals=true&is_global=false").await.expect(200);
    assert_eq!((&page["total"], &page["start"], &page["limit"]), (&json!(5), &json!(4), &json!(2)));
    assert_eq!(page["clients"], json!([all[4]]));
    let names = api.get("/api/v2/clients?fields=name&include_fields=true&per_page=1").await.expect(200);
    assert_eq!(names, json!([{"name": all[0]["name"]}]));
    let first = api.get("/api/v2/clients?take=3").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let rest = api.get(&format!("/api/v2/clients?take=3&from={next}")).await.expect(200);
    assert_eq!(rest.get("next"), None);
    let rows: Vec<_> = [&first, &rest].iter().flat_map(|page| page["clients"].as_array().unwrap().clone()).collect();
    assert_eq!(json!(rows), all);
    api.get("/api/v2/clients?take=3&from=nonsense").await.refused(400, "invalid_query_string");
}

#[tokio::test]
async fn a_grant_decides_what_a_client_may_do() {
    let server = Server::start().await;
    let api = &server.api;
    let client = create(api, json!({})).await;
    let audience = format!("https://{}/api/v2/", api.domain);
    let text = |key: &str| client[key].as_str().unwrap().to_owned();
    let other = Api { client_id: text("client_id"), client_secret: text("client_secret"), token: None, ..api.clone() };
    let ask = json!({
        "grant_type": "client_credentials", "client_id": other.client_id, "client_secret": other.client_secret,
        "audience": audience,
    });
    let refused = other.post("/oauth/token", ask.clone()).await.expect(403);
    assert_eq!(refused["error"], "access_denied");

    let body = json!({"client_id": other.client_id, "audience": audience, "scope": ["read:users", "read:clients"]});
    let grant = api.post("/api/v2/client-grants", body.clone()).await.expect(201);
    let grant_path = format!("/api/v2/client-grants/{}", grant["id"].as_str().unwrap());
    api.post("/api/v2/client-grants", body).await.refused(409, "");
    assert_eq!(other.post("/oauth/token", ask.clone()).await.expect(200)["scope"], "read:users read:clients");
    let list = api.get(&format!("/api/v2/client-grants?client_id={}", other.client_id)).await.expect(200);
    assert_eq!(list, json!([grant]));

    let narrowed = api.patch(&grant_path, json!({"scope": ["read:users"]})).await.expect(200);
    assert_eq!(narrowed["scope"], json!(["read:users"]));
    assert_eq!(other.post("/oauth/token", ask.clone()).await.expect(200)["scope"], "read:users");
    for _ in 0..2 {
        api.delete(&grant_path).await.expect(204);
    }
    api.patch(&grant_path, json!({"scope": []})).await.refused(404, "inexistent_grant");
    other.post("/oauth/token", ask).await.expect(403);
}

#[tokio::test]
async fn a_grant_that_breaks_a_rule_is_not_made() {
    let server = Server::start().await;
    let api = &server.api;
    let client = create(api, json!({})).await;
    let audience = format!("https://{}/api/v2/", api.domain);
    let id = &client["client_id"];
    for (body, status) in [
        (json!({"client_id": id, "audience": audience, "scope": ["read:everything"]}), 400),
        (json!({"client_id": id, "audience": "https://elsewhere/", "scope": []}), 400),
        (json!({"client_id": id, "audience": audience, "scope": "read:users"}), 400),
        (json!({"client_id": id, "audience": audience}), 400),
        (json!({"client_id": "nobody", "audience": audience, "scope": []}), 404),
    ] {
        let answer = api.post("/api/v2/client-grants", body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.body);
    }
    let list = api.get("/api/v2/client-grants").await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
}
