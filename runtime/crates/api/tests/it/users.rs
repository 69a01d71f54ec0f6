//! Users: created, read, changed, deleted; their metadata and its history.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{Answer, Api, DATABASE, PASSWORD, Server, user_path};

/// Milliseconds in every date, as Auth0 writes them.
#[track_caller]
fn assert_date(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no date"));
    assert!(text.len() == 24 && text.ends_with('Z') && text.as_bytes()[19] == b'.', "{text}");
}

#[tokio::test]
async fn a_user_gets_auth0s_defaults() {
    let server = Server::start().await;
    let body = json!({"connection": DATABASE, "email": "Ann.Smith@Example.com", "password": PASSWORD});
    let user = server.api.post("/api/v2/users", body).await.expect(201);
    let id = user["user_id"].as_str().unwrap();
    assert!(id.starts_with("auth0|") && id.len() == 30, "{id}");
    assert_eq!(user["email"], "ann.smith@example.com");
    assert_eq!(user["email_verified"], false);
    assert_eq!(user["name"], "ann.smith@example.com");
    assert_eq!(user["nickname"], "ann.smith");
    assert!(user["picture"].as_str().unwrap().starts_with("https://s.gravatar.com/avatar/"), "{user}");
    let identity = json!({"connection": DATABASE, "provider": "auth0", "user_id": &id[6..], "isSocial": false});
    assert_eq!(user["identities"], json!([identity]));
    assert_date(&user["created_at"]);
    assert_date(&user["updated_at"]);
    // What was never set is not there, and what is secret never is.
    for key in ["user_metadata", "app_metadata", "blocked", "last_login", "password", "password_hash"] {
        assert!(user.get(key).is_none(), "{key}: {user}");
    }
    assert_eq!(server.api.get(&user_path(id)).await.expect(200), user);
}

#[tokio::test]
async fn what_a_request_sets_is_kept() {
    let server = Server::start().await;
    let body = json!({
        "connection": DATABASE, "email": "a@example.com", "password": PASSWORD, "user_id": "own", "name": "Ann",
        "given_name": "A", "family_name": "N", "nickname": "an", "picture": "https://example.com/a.png",
        "blocked": true, "email_verified": true, "verify_email": false,
        "user_metadata": {"city": "Bonn"}, "app_metadata": {"plan": {"tier": 3}},
    });
    let user = server.api.post("/api/v2/users", body.clone()).await.expect(201);
    assert_eq!(user["user_id"], "auth0|own");
    for (key, value) in body.as_object().unwrap() {
        if !["connection", "password", "user_id", "verify_email"].contains(&key.as_str()) {
            assert_eq!(&user[key], value, "{key}");
        }
    }
}

async fn create(api: &Api, change: Value) -> Answer {
    let mut body = json!({"connection": DATABASE, "email": "x@example.com", "password": PASSWORD});
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    api.post("/api/v2/users", body).await
}

#[tokio::test]
async fn a_user_that_breaks_a_rule_is_not_created() {
    let server = Server::start().await;
    let api = &server.api;
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    for (change, code) in [
        (json!({"connection": null}), "invalid_body"),
        (json!({"connection": 7}), "invalid_body"),
        (json!({"email": "no-at-sign"}), "invalid_body"),
        (json!({"email": "a@b@c"}), "invalid_body"),
        (json!({"email": ["a@example.com"]}), "invalid_body"),
        (json!({"password": null}), "invalid_body"),
        (json!({"password": "short"}), ""),
        (json!({"name": "x".repeat(301)}), "invalid_body"),
        (json!({"given_name": "x".repeat(151)}), "invalid_body"),
        (json!({"blocked": "yes"}), "invalid_body"),
        (json!({"user_metadata": []}), "invalid_body"),
        (json!({"user_metadata": "text"}), "invalid_body"),
        (json!({"app_metadata": {"email": "x"}}), "invalid_body"),
        (json!({"app_metadata": {"user_id": "x"}}), "invalid_body"),
        (json!({"user_metadata": {"a.b": 1}}), "invalid_body"),
        (json!({"user_metadata": {"": deep}}), "invalid_body"),
        (json!({"user_id": "a\u{1}b"}), "invalid_body"),
        (json!({"no_such_field": 1}), "invalid_body"),
        (json!({"revision": 9}), "invalid_body"),
    ] {
        let what = change.to_string();
        let message = create(api, change).await.refused(400, code);
        assert!(message.len() > 10, "{what}: {message}");
    }
    create(api, json!({"connection": "Nowhere"})).await.refused(404, "inexistent_connection");
    assert_eq!(api.get("/api/v2/users").await.expect(200), json!([]));
}

#[tokio::test]
async fn the_same_user_twice_is_a_conflict() {
    let server = Server::start().await;
    let api = &server.api;
    create(api, json!({"user_id": "one"})).await.expect(201);
    create(api, json!({"user_id": "one", "email": "y@example.com"})).await.refused(409, "auth0_idp_error");
    create(api, json!({"user_id": "two", "email": "X@Example.com"})).await.refused(409, "auth0_idp_error");
    let users = api.get("/api/v2/users").await.expect(200);
    assert_eq!(users.as_array().unwrap().len(), 1, "{users}");
}

#[tokio::test]
async fn fields_are_picked_and_left_out() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let keys = |user: Value| user.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let picked = api.get(&format!("{path}?fields=user_id,email")).await.expect(200);
    assert_eq!(keys(picked), ["user_id", "email"]);
    let picked = api.get(&format!("{path}?fields=user_id&include_fields=true")).await.expect(200);
    assert_eq!(keys(picked), ["user_id"]);
    let rest = api.get(&format!("{path}?fields=identities,picture&include_fields=false")).await.expect(200);
    assert!(rest.get("identities").is_none() && rest["email"] == "ann@example.com", "{rest}");
}

/// What a sequence of patches leaves of one kind of metadata; `null` is absent.
#[track_caller]
fn assert_metadata(user: &Value, kind: &str, want: &Value) {
    assert_eq!(user.get(kind).unwrap_or(&Value::Null), want, "{user}");
}

#[tokio::test]
async fn metadata_is_merged_at_the_first_level() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    for (patch, want) in [
        (json!({"a": 1, "b": {"c": 1, "d": 2}}), json!({"a": 1, "b": {"c": 1, "d": 2}})),
        // Nested objects are replaced whole.
        (json!({"b": {"c": 9}}), json!({"a": 1, "b": {"c": 9}})),
        (json!({"a": null, "e": [1]}), json!({"b": {"c": 9}, "e": [1]})),
        // A nested null is a value.
        (json!({"b": {"c": null}}), json!({"b": {"c": null}, "e": [1]})),
        // Removing what is not there changes nothing.
        (json!({"zzz": null}), json!({"b": {"c": null}, "e": [1]})),
    ] {
        for kind in ["user_metadata", "app_metadata"] {
            let user = api.patch(&path, json!({kind: patch})).await.expect(200);
            assert_metadata(&user, kind, &want);
            assert_eq!(api.get(&path).await.expect(200), user);
        }
    }
    // Empty objects remove all; Auth0 then shows one of the two and not the other.
    let user = api.patch(&path, json!({"user_metadata": {}, "app_metadata": {}})).await.expect(200);
    assert_metadata(&user, "user_metadata", &json!({}));
    assert_metadata(&user, "app_metadata", &Value::Null);
}

#[tokio::test]
async fn root_fields_are_replaced() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let body = json!({"name": "Ann", "nickname": "A", "blocked": true, "given_name": "Ann"});
    let user = api.patch(&path, body).await.expect(200);
    assert_eq!((&user["name"], &user["blocked"]), (&json!("Ann"), &json!(true)));
    assert_eq!(user["email"], "ann@example.com");
    let user = api.patch(&path, json!({"email_verified": true})).await.expect(200);
    assert_eq!(user["email_verified"], true);
    // A new address has yet to be confirmed.
    let user = api.patch(&path, json!({"email": "New@Example.com"})).await.expect(200);
    assert_eq!((&user["email"], &user["email_verified"]), (&json!("new@example.com"), &json!(false)));
    let user = api.patch(&path, json!({"password": "another good password 7"})).await.expect(200);
    assert_date(&user["last_password_reset"]);
    let user = api.patch(&path, json!({})).await.expect(200);
    assert_eq!(user["name"], "Ann");
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_changes_nothing() {
    let server = Server::start().await;
    let api = &server.api;
    api.user("bob").await;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let before = api.get(&path).await.expect(200);
    let large = "x".repeat(900_000);
    for body in [
        json!({"email": "c@example.com", "password": PASSWORD}),
        json!({"email": "c@example.com", "username": "c"}),
        json!({"username": "c", "password": PASSWORD}),
        json!({"user_id": "auth0|other"}),
        json!({"email": "nothing"}),
        json!({"password": "short"}),
        json!({"name": "Changed", "app_metadata": {"_id": 1}}),
        json!({"name": "Changed", "user_metadata": {"$where": 1}}),
        json!({"name": "Changed", "user_metadata": 7}),
        json!({"name": "Changed", "identities": []}),
        json!({"name": "Changed", "logins_count": 7}),
    ] {
        let answer = api.patch(&path, body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.body);
    }
    api.patch(&path, json!({"email": "bob@example.com"})).await.refused(409, "auth0_idp_error");
    // The limit is the whole object's, so the second of two legal patches breaks it.
    api.patch(&path, json!({"user_metadata": {"first": large}})).await.expect(200);
    api.patch(&path, json!({"name": "Changed", "user_metadata": {"second": large}})).await.refused(400, "invalid_body");
    api.patch(&path, json!({"user_metadata": {"first": null}})).await.expect(200);
    let after = api.get(&path).await.expect(200);
    assert_eq!((&after["name"], &after["email"]), (&before["name"], &before["email"]));
    assert_metadata(&after, "user_metadata", &json!({}));
}

#[tokio::test]
async fn deleting_is_final_and_may_be_repeated() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    api.patch(&path, json!({"app_metadata": {"plan": "pro"}})).await.expect(200);
    for _ in 0..2 {
        assert_eq!(api.delete(&path).await.expect(204), Value::Null);
    }
    api.get(&path).await.refused(404, "inexistent_user");
    api.patch(&path, json!({"name": "x"})).await.refused(404, "inexistent_user");
    assert_eq!(api.get("/api/v2/users-by-email?email=ann@example.com").await.expect(200), json!([]));
    // The name is free again, and the new user starts without a past.
    api.user("ann").await;
    assert_eq!(history(api, &path, "").await.0, Vec::<Value>::new());
}

async fn history(api: &Api, path: &str, query: &str) -> (Vec<Value>, Option<String>) {
    let answer = api.get(&format!("{path}/history{query}")).await.expect(200);
    let rows = answer["history"].as_array().unwrap_or_else(|| panic!("no rows: {answer}")).clone();
    (rows, answer["next"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn every_metadata_change_is_in_the_history_newest_first() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    for n in 1..=3 {
        api.patch(&path, json!({"app_metadata": {"n": n}})).await.expect(200);
    }
    api.patch(&path, json!({"app_metadata": {"n": null}})).await.expect(200);
    // No change, no entry.
    api.patch(&path, json!({"app_metadata": {"n": null}, "name": "Ann"})).await.expect(200);
    let (rows, next) = history(api, &path, "").await;
    assert_eq!(next, None);
    let changes: Vec<_> = rows.iter().map(|row| (row["from"].clone(), row["to"].clone())).collect();
    let null = Value::Null;
    assert_eq!(changes, [(json!(3), null.clone()), (json!(2), json!(3)), (json!(1), json!(2)), (null, json!(1))]);
    for row in &rows {
        assert_eq!(row["key"], "n", "{row}");
        assert_eq!(row["actor"]["client_id"], json!(api.client_id), "{row}");
        assert_date(&row["at"]);
    }
    let (first, next) = history(api, &path, "?take=3").await;
    let (rest, end) = history(api, &path, &format!("?take=3&from={}", next.unwrap())).await;
    assert_eq!([first, rest].concat(), rows);
    assert_eq!(end, None);
}

#[tokio::test]
async fn parallel_patches_of_different_keys_are_all_kept() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let patches: Vec<_> = (0..24)
        .map(|n| {
            let (api, path) = (api.clone(), path.clone());
            tokio::spawn(
                async move { api.patch(&path, json!({"app_metadata": {format!("k{n}"): n}})).await.expect(200) },
            )
        })
        .collect();
    for patch in patches {
        patch.await.unwrap();
    }
    let user = api.get(&path).await.expect(200);
    assert_eq!(user["app_metadata"].as_object().unwrap().len(), 24, "{user}");
    assert_eq!(history(api, &path, "?take=100").await.0.len(), 24);
}

#[tokio::test]
async fn each_right_opens_its_own_door_only() {
    let server = Server::start().await;
    let api = &server.api;
    let path = user_path(api.user("ann").await["user_id"].as_str().unwrap());
    let reader = api.with_scope("read:users").await;
    reader.get(&path).await.expect(200);
    let message = reader.patch(&path, json!({"name": "x"})).await.refused(403, "insufficient_scope");
    assert!(message.starts_with("Insufficient scope, expected any of: update:users"), "{message}");
    reader.delete(&path).await.refused(403, "insufficient_scope");
    create(&reader, json!({})).await.refused(403, "insufficient_scope");
    // The narrower right reaches `app_metadata` and nothing else.
    let narrow = api.with_scope("update:users_app_metadata").await;
    narrow.patch(&path, json!({"app_metadata": {"plan": "pro"}})).await.expect(200);
    narrow.patch(&path, json!({"app_metadata": {"plan": "max"}, "name": "x"})).await.refused(403, "insufficient_scope");
    narrow.patch(&path, json!({"user_metadata": {"a": 1}})).await.refused(403, "insufficient_scope");
    let user = api.get(&path).await.expect(200);
    assert_metadata(&user, "app_metadata", &json!({"plan": "pro"}));
    assert_eq!(user["name"], "ann@example.com");
}
