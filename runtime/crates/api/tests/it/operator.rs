//! What stands above the tenants, and that tenants are apart.

use jiff::Timestamp;
use postern_app::tenants::bootstrap;
use postern_store::{SledConfig, SledStore, Store};
use serde_json::json;

use crate::common::{Api, DATABASE, DOMAIN, Server, user_path};

#[tokio::test]
async fn a_tenant_is_made_with_all_it_needs() {
    let server = Server::start().await;
    let operator = server.operator();
    let made =
        operator.post("/operator/v1/tenants", json!({"name": "acme", "domain": "Acme.Example.test"})).await.expect(201);
    assert_eq!((&made["name"], &made["domain"]), (&json!("acme"), &json!("acme.example.test")));
    assert_eq!(made["issuer"], "https://acme.example.test/");
    let tenant = Api {
        domain: "acme.example.test".to_owned(),
        client_id: made["management"]["client_id"].as_str().unwrap().to_owned(),
        client_secret: made["management"]["client_secret"].as_str().unwrap().to_owned(),
        ..server.api.clone()
    };
    let tenant = tenant.with_token(Some(&tenant.token(None).await));
    assert_eq!(tenant.get("/api/v2/connections").await.expect(200)[0]["name"], DATABASE);
    let list = operator.get("/operator/v1/tenants").await.expect(200);
    let names: Vec<_> = list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme", "default"]);
    assert!(!list.to_string().contains("secret"), "{list}");
}

#[tokio::test]
async fn a_tenants_settings_are_changed_one_by_one() {
    let server = Server::start().await;
    let operator = server.operator();
    let path = "/operator/v1/tenants/default";
    let changed = operator.patch(path, json!({"egress": "none", "limits": {"fuel": 1000}})).await.expect(200);
    assert_eq!((&changed["egress"], &changed["limits"]["fuel"]), (&json!("none"), &json!(1000)));
    let changed = operator.patch(path, json!({"limits": {"mutations": 2}})).await.expect(200);
    assert_eq!((&changed["limits"]["fuel"], &changed["limits"]["mutations"]), (&json!(1000), &json!(2)));
    assert_eq!(changed["egress"], "none");
    for body in [
        json!({"egress": "some"}),
        json!({"other": 1}),
        json!({"limits": 7}),
        json!({"limits": {"other": 1}}),
        json!({"limits": {"fuel": "much"}}),
        json!({"limits": {"memory_bytes": 1_000_000_000}}),
    ] {
        let answer = operator.patch(path, body.clone()).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}: {}", answer.body);
    }
    operator.patch("/operator/v1/tenants/nobody", json!({})).await.refused(404, "inexistent_tenant");
    server.api.patch(path, json!({"egress": "public"})).await.refused(401, "invalid_token");
    let kept = operator.patch(path, json!({"limits": null})).await.expect(200);
    assert_eq!((&kept["limits"]["fuel"], &kept["egress"]), (&json!(500_000_000), &json!("none")));
}

#[tokio::test]
async fn a_tenant_that_breaks_a_rule_is_not_made() {
    let server = Server::start().await;
    let operator = server.operator();
    for body in [
        json!({}),
        json!({"name": "x"}),
        json!({"name": "X", "domain": "x.example.test"}),
        json!({"name": "", "domain": "x.example.test"}),
        json!({"name": "x", "domain": ""}),
        json!({"name": "x", "domain": "https://x.example.test"}),
        json!({"name": "x", "domain": "x.example.test/path"}),
        json!({"name": "x", "domain": "a b"}),
        json!({"name": "x", "domain": 7}),
        json!({"name": "x", "domain": "x.example.test", "other": 1}),
        json!({"name": "postern-root", "domain": "x.example.test"}),
    ] {
        let answer = operator.post("/operator/v1/tenants", body.clone()).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}: {}", answer.body);
    }
    operator
        .post("/operator/v1/tenants", json!({"name": "default", "domain": "x.example.test"}))
        .await
        .refused(409, "");
    operator.post("/operator/v1/tenants", json!({"name": "second", "domain": DOMAIN})).await.refused(409, "");
    assert_eq!(operator.get("/operator/v1/tenants").await.expect(200).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_operators_doors_open_to_the_operator_only() {
    let server = Server::start().await;
    for api in [
        server.api.clone(),
        server.api.with_token(None),
        server.api.with_token(Some("")),
        server.api.with_token(Some("x")),
    ] {
        api.get("/operator/v1/tenants").await.refused(401, "invalid_token");
        api.post("/operator/v1/tenants", json!({"name": "x", "domain": "x.test"})).await.refused(401, "invalid_token");
        api.post("/operator/v1/export", json!({})).await.refused(401, "invalid_token");
    }
    server.operator().get("/api/v2/users").await.refused(401, "invalid_token");
}

#[tokio::test]
async fn an_unknown_domain_is_nobodys() {
    let server = Server::start().await;
    for domain in ["nobody.example.test", "localhost", "127.0.0.1"] {
        let api = Api { domain: domain.to_owned(), ..server.api.clone() };
        api.get("/api/v2/users").await.refused(404, "inexistent_tenant");
        api.get("/.well-known/jwks.json").await.refused(404, "inexistent_tenant");
        api.post("/oauth/token", json!({})).await.expect(404);
    }
    // Case says nothing in a domain.
    let api = Api { domain: DOMAIN.to_ascii_uppercase(), ..server.api.clone() };
    api.get("/api/v2/users").await.expect(200);
}

#[tokio::test]
async fn rows_of_one_tenant_are_not_found_in_another() {
    let server = Server::start().await;
    let (first, second) = (server.tenant("first").await, server.tenant("second").await);
    first.user("ann").await;
    let user = user_path("auth0|ann");
    let client = first.post("/api/v2/clients", json!({"name": "shop"})).await.expect(201);
    let client = format!("/api/v2/clients/{}", client["client_id"].as_str().unwrap());
    let role = first.post("/api/v2/roles", json!({"name": "edit"})).await.expect(200);
    let role_path = format!("/api/v2/roles/{}", role["id"].as_str().unwrap());
    let connection = first.get("/api/v2/connections").await.expect(200)[0].clone();
    let connection = format!("/api/v2/connections/{}", connection["id"].as_str().unwrap());
    let log = first.get("/api/v2/logs").await.expect(200)[0]["log_id"].as_str().unwrap().to_owned();
    let log = format!("/api/v2/logs/{log}");
    for path in [&user, &format!("{user}/history"), &format!("{user}/roles"), &client, &role_path, &connection, &log] {
        first.get(path).await.expect(200);
        assert_eq!(second.get(path).await.status.as_u16(), 404, "{path}");
    }
    for path in [&user, &client, &role_path, &connection] {
        assert_eq!(second.patch(path, json!({})).await.status.as_u16(), 404, "{path}");
        second.delete(path).await;
        first.get(path).await.expect(200);
    }
    // The same name in both is two users, and a role of one is none of the other's.
    second.user("ann").await;
    second.post(&format!("{user}/roles"), json!({"roles": [role["id"]]})).await.refused(404, "inexistent_role");
    second.patch(&user, json!({"app_metadata": {"plan": "pro"}})).await.expect(200);
    assert!(first.get(&user).await.expect(200).get("app_metadata").is_none());
}

#[tokio::test]
async fn an_export_can_be_imported() {
    let server = Server::start().await;
    server.api.user("ann").await;
    server.tenant("second").await.user("bob").await;
    let answer = server.operator().post("/operator/v1/export", json!({})).await;
    assert_eq!(answer.status.as_u16(), 200);
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path().join("store"), SledConfig::default()).unwrap();
    let report = store.import(Box::new(std::io::Cursor::new(answer.bytes))).await.unwrap();
    assert_eq!((report.rows["users"], report.rows["tenants"]), (2, 2));
    // One tenant alone.
    let answer = server.operator().post("/operator/v1/export", json!({"tenant": "second"})).await;
    let folder = tempfile::tempdir().unwrap();
    let store = SledStore::open(folder.path().join("store"), SledConfig::default()).unwrap();
    let report = store.import(Box::new(std::io::Cursor::new(answer.bytes))).await.unwrap();
    assert_eq!((report.rows["users"], report.rows["tenants"]), (1, 1));
    server.operator().post("/operator/v1/export", json!({"tenant": "NOT A TENANT"})).await.refused(400, "invalid_body");
}

#[tokio::test]
async fn a_later_start_finds_the_first_one() {
    let server = Server::start().await;
    let again = bootstrap(&server.app, DOMAIN, Timestamp::now()).await.unwrap();
    assert_eq!((&again.client_id, &again.client_secret), (&server.api.client_id, &server.api.client_secret));
    // Started under another domain, the tenant moves there; tokens of the old one are no longer good.
    bootstrap(&server.app, "moved.example.test", Timestamp::now()).await.unwrap();
    server.api.get("/api/v2/users").await.refused(404, "inexistent_tenant");
    let moved = Api { domain: "moved.example.test".to_owned(), ..server.api.clone() };
    moved.get("/api/v2/users").await.refused(401, "invalid_token");
    let moved = moved.with_token(Some(&moved.token(None).await));
    moved.get("/api/v2/users").await.expect(200);
}

#[tokio::test]
async fn a_start_without_the_first_client_makes_another() {
    let server = Server::start().await;
    server.api.delete(&format!("/api/v2/clients/{}", server.api.client_id)).await.expect(204);
    let again = bootstrap(&server.app, DOMAIN, Timestamp::now()).await.unwrap();
    assert_ne!(again.client_id, server.api.client_id);
    let api = Api { client_id: again.client_id, client_secret: again.client_secret, ..server.api.clone() };
    api.with_token(Some(&api.token(None).await)).get("/api/v2/users").await.expect(200);
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.api.get("/api/v2/users/auth0%7Cnobody").await.refused(404, "inexistent_user");
    }
    server.api.get("/made/up/by/a/stranger").await.refused(404, "");
    let answer = server.operator().get("/operator/v1/metrics").await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    let text = String::from_utf8(answer.bytes).unwrap();
    for line in [
        "postern_store_serving 1\n",
        "_count{route=\"/api/v2/users/{id}\",method=\"GET\",status=\"404\"} 3\n",
        "_count{route=\"unmatched\",method=\"GET\",status=\"404\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("stranger") && !text.contains("nobody"), "{text}");
    server.api.get("/operator/v1/metrics").await.refused(401, "invalid_token");
}
