//! Roles, and users who have them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Api, Server, user_path};

async fn create(api: &Api, name: &str) -> Value {
    api.post("/api/v2/roles", json!({"name": name, "description": format!("may {name}")})).await.expect(200)
}

fn path(role: &Value) -> String {
    format!("/api/v2/roles/{}", role["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_role_is_created_read_changed_and_deleted() {
    let server = Server::start().await;
    let api = &server.api;
    let role = create(api, "edit").await;
    assert!(role["id"].as_str().unwrap().starts_with("rol_"));
    assert_eq!(api.get(&path(&role)).await.expect(200), role);
    assert_eq!(api.get("/api/v2/roles").await.expect(200), json!([role]));
    let totals = api.get("/api/v2/roles?include_totals=true").await.expect(200);
    assert_eq!((&totals["total"], &totals["roles"]), (&json!(1), &json!([role])));
    let renamed = api.patch(&path(&role), json!({"name": "write"})).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("write"), &role["description"]));
    api.post("/api/v2/roles", json!({"name": "write"})).await.refused(409, "");
    for body in [json!({}), json!({"name": ""}), json!({"name": 7}), json!({"name": "x", "other": 1})] {
        api.post("/api/v2/roles", body).await.refused(400, "invalid_body");
    }
    api.patch(&path(&role), json!({"description": "x".repeat(256)})).await.refused(400, "invalid_body");
    api.delete(&path(&role)).await.expect(204);
    api.get(&path(&role)).await.refused(404, "inexistent_role");
}

#[tokio::test]
async fn roles_are_given_to_users_and_taken_away() {
    let server = Server::start().await;
    let api = &server.api;
    let roles = format!("{}/roles", user_path(api.user("ann").await["user_id"].as_str().unwrap()));
    let (edit, read) = (create(api, "edit").await, create(api, "read").await);
    let ids = json!({"roles": [edit["id"], read["id"]]});
    // Giving twice is giving once.
    for _ in 0..2 {
        api.post(&roles, ids.clone()).await.expect(204);
        assert_eq!(api.get(&roles).await.expect(200), json!([edit, read]));
    }
    api.send(Method::DELETE, &roles, Some(&json!({"roles": [edit["id"]]}))).await.expect(204);
    assert_eq!(api.get(&roles).await.expect(200), json!([read]));
    // A role that is deleted is nobody's.
    api.delete(&path(&read)).await.expect(204);
    assert_eq!(api.get(&roles).await.expect(200), json!([]));
    api.post(&roles, json!({"roles": ["rol_nothing"]})).await.refused(404, "inexistent_role");
    api.post(&roles, json!({"roles": "rol_nothing"})).await.refused(400, "invalid_body");
    api.post("/api/v2/users/auth0%7Cnobody/roles", json!({"roles": [edit["id"]]}))
        .await
        .refused(404, "inexistent_user");
}

#[tokio::test]
async fn roles_of_users_need_the_rights_to_both() {
    let server = Server::start().await;
    let roles = format!("{}/roles", user_path(server.api.user("ann").await["user_id"].as_str().unwrap()));
    let ids = json!({"roles": [create(&server.api, "edit").await["id"]]});
    for (scope, status) in [("read:users", 403), ("read:roles", 403), ("read:users read:roles", 200)] {
        let answer = server.api.with_scope(scope).await.get(&roles).await;
        assert_eq!(answer.status.as_u16(), status, "{scope}: {}", answer.body);
    }
    for (scope, status) in
        [("update:users", 403), ("create:role_members", 403), ("update:users create:role_members", 204)]
    {
        let answer = server.api.with_scope(scope).await.post(&roles, ids.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{scope}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_user_cannot_collect_roles_without_end() {
    let server = Server::start().await;
    let api = &server.api;
    let roles = format!("{}/roles", user_path(api.user("ann").await["user_id"].as_str().unwrap()));
    let mut ids = Vec::new();
    for n in 0..51 {
        ids.push(create(api, &format!("r{n}")).await["id"].clone());
    }
    api.post(&roles, json!({"roles": ids})).await.refused(400, "");
    assert_eq!(api.get(&roles).await.expect(200), json!([]));
    api.post(&roles, json!({"roles": ids[..50]})).await.expect(204);
    api.post(&roles, json!({"roles": ids[50..]})).await.refused(400, "");
}
