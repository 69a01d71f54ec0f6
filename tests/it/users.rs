//! Users with real logins: linked accounts, imported passwords, users' own tokens, the end of access.

use postern_e2e::{Answer, Api, Server, encode};
use serde_json::{Value, json};

use crate::tokens::{DATABASE, PASSWORD, app_create, claims};

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

async fn login(api: &Api, client: &(String, String), name: &str, password: &str, more: Value) -> Answer {
    let mut body = json!({
        "grant_type": REALM, "realm": DATABASE, "client_id": client.0, "client_secret": client.1,
        "username": name, "password": password, "scope": "openid offline_access",
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    api.with_token(None).post("/oauth/token", &body).await
}

/// Whose tokens these are.
fn subject(tokens: &Value) -> Value {
    claims(&tokens["id_token"])["sub"].clone()
}

fn path(user: &str) -> String {
    format!("/api/v2/users/{}", encode(user))
}

#[tokio::test]
async fn a_linked_user_logs_in_with_the_own_password_as_the_primary() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let (ann, bob) = (api.user_create("ann").await, api.user_create("bob").await);
    let other = "another horse battery staple 8!";
    let _bob = api.patch(&path(&bob), &json!({"password": other})).await.expect(200);
    let before = login(api, &client, "bob@example.com", other, json!({})).await.expect(200);
    assert_eq!(subject(&before), bob);
    let identities = format!("{}/identities", path(&ann));
    let _list = api.post(&identities, &json!({"provider": "auth0", "user_id": "bob"})).await.expect(201);
    for (name, password) in [("bob@example.com", other), ("BOB@example.com", other), ("ann@example.com", PASSWORD)] {
        let tokens = login(api, &client, name, password, json!({})).await.expect(200);
        assert_eq!(subject(&tokens), ann, "{name}");
    }
    for (name, password) in [("bob@example.com", PASSWORD), ("ann@example.com", other)] {
        assert_eq!(login(api, &client, name, password, json!({})).await.status.as_u16(), 403, "{name}");
    }
    // What the secondary was logged in by went with its row.
    let refresh = json!({
        "grant_type": "refresh_token", "client_id": client.0, "client_secret": client.1,
        "refresh_token": before["refresh_token"],
    });
    let answer = api.with_token(None).post("/oauth/token", &refresh).await;
    assert_eq!(answer.status.as_u16(), 403, "{}", answer.body);
    let _list = api.delete(&format!("{identities}/auth0/bob")).await.expect(200);
    let tokens = login(api, &client, "bob@example.com", other, json!({})).await.expect(200);
    assert_eq!(subject(&tokens), bob);
}

#[tokio::test]
async fn imported_passwords_are_good_for_logins() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let connections = api.get(&format!("/api/v2/connections?name={DATABASE}")).await.expect(200);
    let connection = connections[0]["id"].as_str().unwrap();
    // SHA-256 of `saltpassword`, and bcrypt of `U*U` (a known answer of its authors).
    let users = json!([
        {"email": "sha@example.com", "custom_password_hash": {
            "algorithm": "sha256", "salt": {"value": "salt"},
            "hash": {"value": "13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322", "encoding": "hex"},
        }},
        {"email": "bcrypt@example.com", "password_hash": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    ]);
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"connection_id\"\r\n\r\n{connection}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"users\"; filename=\"blob\"\r\n\r\n{users}\r\n--x--\r\n"
    );
    let request = api.request(reqwest::Method::POST, "/api/v2/jobs/users-imports");
    let request = request.header("content-type", "multipart/form-data; boundary=x").body(body);
    let job: Value = request.send().await.unwrap().json().await.unwrap();
    let job = api.job_wait(job["id"].as_str().unwrap_or_else(|| panic!("{job}"))).await;
    assert_eq!(job["summary"]["inserted"], 2, "{job}");
    for (name, password) in [("sha@example.com", "password"), ("bcrypt@example.com", "U*U")] {
        assert_eq!(login(api, &client, name, "wrong", json!({})).await.status.as_u16(), 403, "{name}");
        // Twice: the first login keeps the hash in our own form.
        for _ in 0..2 {
            let _tokens = login(api, &client, name, password, json!({})).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_real_token_of_a_user_changes_the_own_user_metadata_only() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let (ann, bob) = (api.user_create("ann").await, api.user_create("bob").await);
    let issuer = api.get("/.well-known/openid-configuration").await.expect(200)["issuer"].as_str().unwrap().to_owned();
    let more = json!({
        "audience": format!("{issuer}api/v2/"),
        "scope": "openid read:current_user update:current_user_metadata read:users update:users",
    });
    let tokens = login(api, &client, "ann@example.com", PASSWORD, more).await.expect(200);
    let me = api.with_token(tokens["access_token"].as_str());
    let patch = json!({"user_metadata": {"color": "red"}});
    assert_eq!(me.patch(&path(&ann), &patch).await.expect(200)["user_metadata"], patch["user_metadata"]);
    assert_eq!(me.get(&path(&ann)).await.expect(200)["email"], "ann@example.com");
    let forbidden = json!({"app_metadata": {"plan": "gold"}});
    assert_eq!(me.patch(&path(&ann), &forbidden).await.refused(403), "insufficient_scope");
    assert_eq!(me.patch(&path(&bob), &patch).await.refused(403), "insufficient_scope");
    assert_eq!(me.get(&path(&bob)).await.refused(403), "insufficient_scope");
    assert_eq!(me.get("/api/v2/users").await.refused(403), "insufficient_scope");
}

#[tokio::test]
async fn access_ends_when_it_is_revoked_and_with_the_user() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let ann = api.user_create("ann").await;
    let refresh = async |tokens: &Value| {
        let body = json!({
            "grant_type": "refresh_token", "client_id": client.0, "client_secret": client.1,
            "refresh_token": tokens["refresh_token"],
        });
        api.with_token(None).post("/oauth/token", &body).await.status.as_u16()
    };
    let revoke = format!("{}/revoke-access", path(&ann));
    let tokens = login(api, &client, "ann@example.com", PASSWORD, json!({})).await.expect(200);
    let _kept = api.post(&revoke, &json!({"preserve_refresh_tokens": true})).await.expect(202);
    let _other = api.post(&revoke, &json!({"session_id": "another"})).await.expect(202);
    assert_eq!(refresh(&tokens).await, 200);
    let _all = api.post(&revoke, &json!({})).await.expect(202);
    assert_eq!(refresh(&tokens).await, 403);
    assert_eq!(api.post(&revoke, &json!({"more": 1})).await.refused(400), "invalid_body");
    // Who is made anew under the same id inherits nothing.
    let tokens = login(api, &client, "ann@example.com", PASSWORD, json!({})).await.expect(200);
    let _gone = api.delete(&path(&ann)).await.expect(204);
    let _again = api.delete(&path(&ann)).await.expect(204);
    assert_eq!(api.user_create("ann").await, ann);
    assert_eq!(refresh(&tokens).await, 403);
}

#[tokio::test]
async fn a_management_write_is_in_the_log_and_a_user_has_a_log() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let ann = api.user_create("ann").await;
    let request = api.request(reqwest::Method::PATCH, &path(&ann)).header("x-correlation-id", "from-the-test");
    let request = request.header("user-agent", "tests/1").json(&json!({"password": "one more password 9!"}));
    assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    let logs = api.get("/api/v2/logs?q=type%3Asapi").await.expect(200);
    let entry = &logs[0];
    assert_eq!((&entry["type"], &entry["description"]), (&json!("sapi"), &json!("Update a User")), "{entry}");
    assert_eq!(entry["details"]["correlation_id"], "from-the-test", "{entry}");
    assert!(entry["client_id"].is_string() && entry["user_agent"].as_str().unwrap().starts_with("tests/1"), "{entry}");
    assert!(!entry.to_string().contains("one more password"), "{entry}");
    let user = api.user(&ann).await;
    assert!(user["last_password_reset"].is_string(), "{user}");
    for password in [PASSWORD, "one more password 9!"] {
        let _answer = login(api, &client, "ann@example.com", password, json!({})).await;
    }
    let list = format!("{}/logs?include_totals=true", path(&ann));
    let newest = api.get(&list).await.expect(200);
    let oldest = api.get(&format!("{list}&sort=date:1")).await.expect(200);
    let types = |list: &Value| {
        list["logs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (newest, mut oldest) = (types(&newest), types(&oldest));
    assert!(newest.len() >= 2 && newest.contains(&"fp".to_owned()), "{newest:?}");
    oldest.reverse();
    assert_eq!(newest, oldest);
    assert_eq!(api.get(&format!("{list}&sort=user:1")).await.refused(400), "invalid_query_string");
}
