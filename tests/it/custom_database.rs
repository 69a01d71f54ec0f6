//! Custom databases: users who are kept by a service of the tenant's own, behind a real HTTPS server.

use postern_e2e::{Answer, Api, Asked, JsonServer, Server, ServerOptions};
use serde_json::{Value, json};

use crate::tokens::app_create;

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const PASSWORD: &str = "their own Passw0rd!";

/// What the service answers.
fn service(asked: &Asked) -> (u16, Value) {
    let name = asked.body["username"].as_str().or_else(|| asked.body["email"].as_str()).unwrap_or_default();
    let profile = json!({
        "user_id": "ext-7", "email": "ann@example.com", "email_verified": true, "name": "Ann External",
        "given_name": "Ann", "department": "sales", "secret_note": "not kept",
        "user_metadata": {"from": "outside"}, "app_metadata": {"plan": "stolen"}, "blocked": true, "roles": ["admin"],
    });
    match (&*asked.path, name) {
        ("/login", "ann@example.com") if asked.body["password"] == PASSWORD => (200, profile),
        ("/login", "ann@example.com") => (401, json!({"error": "wrong"})),
        ("/login", "thief@example.com") => (200, json!({"user_id": "taken", "email": "thief@example.com"})),
        ("/login", "odd@example.com") => (200, json!(["no", "profile"])),
        ("/login", "broken@example.com") => (503, Value::Null),
        ("/get_user", "known@example.com") => (200, json!({"user_id": "k", "email": "known@example.com"})),
        ("/create", "new@example.com") => (201, json!({"user_id": "made-1"})),
        ("/create", "unwanted@example.com") => (400, json!({"message": "We do not like you."})),
        _ => (404, Value::Null),
    }
}

struct World {
    server: Server,
    json: JsonServer,
    client: (String, String),
    connection_id: String,
    _folder: tempfile::TempDir,
}

async fn world(extra: Value, more_options: Value) -> World {
    let folder = tempfile::tempdir().unwrap();
    let json = JsonServer::start(folder.path(), service).await;
    let options = ServerOptions {
        arguments: vec![
            "--egress-allow".to_owned(),
            "127.0.0.0/8,::1,localhost".to_owned(),
            "--egress-ca-file".to_owned(),
            json.ca().display().to_string(),
        ],
        ..ServerOptions::default()
    };
    let server = Server::start_with(options).await;
    let client = app_create(&server.api, json!({})).await;
    let mut custom = json!({
        "login_url": json.url("/login"), "get_user_url": json.url("/get_user"), "create_url": json.url("/create"),
        "headers": {"X-Api-Key": "key-of-the-service"},
    });
    for (name, value) in extra.as_object().unwrap() {
        custom[name] = value.clone();
    }
    let mut options = json!({"custom_database": custom});
    for (name, value) in more_options.as_object().unwrap() {
        options[name] = value.clone();
    }
    let body = json!({"name": "legacy", "strategy": "auth0", "options": options, "enabled_clients": [client.0]});
    let made = server.api.post("/api/v2/connections", &body).await.expect(201);
    assert!(!made.to_string().contains("key-of-the-service"), "{made}");
    let connection_id = made["id"].as_str().unwrap().to_owned();
    World { server, json, client, connection_id, _folder: folder }
}

async fn login(world: &World, username: &str, password: &str) -> Answer {
    let body = json!({
        "grant_type": REALM, "realm": "legacy", "client_id": world.client.0, "client_secret": world.client.1,
        "scope": "openid profile", "username": username, "password": password,
    });
    world.server.api.with_token(None).post("/oauth/token", &body).await
}

async fn logged(api: &Api, kind: &str) -> Vec<Value> {
    let log = api.get(&format!("/api/v2/logs?q=type:%22{kind}%22")).await.expect(200);
    log.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_profile_is_synced_and_its_metadata_ignored() {
    let world = world(json!({}), json!({"non_persistent_attrs": ["secret_note"]})).await;
    let api = &world.server.api;
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    let user = api.user("auth0|ext-7").await;
    assert_eq!(user["name"], "Ann External", "{user}");
    assert_eq!(user["department"], "sales", "{user}");
    assert_eq!(user["identities"][0]["connection"], "legacy", "{user}");
    for absent in ["secret_note", "user_metadata", "app_metadata", "blocked", "roles"] {
        assert_eq!(user.get(absent), None, "{user}");
    }
    let warning = logged(api, "w").await.first().cloned().unwrap();
    let text = warning["description"].as_str().unwrap();
    assert!(text.contains("user_metadata and app_metadata") && text.contains("legacy"), "{warning}");
    let asked = world.json.asked();
    assert_eq!(asked[0].body, json!({"username": "ann@example.com", "password": PASSWORD, "connection": "legacy"}));
    assert!(asked[0].headers.contains(&("x-api-key".to_owned(), "key-of-the-service".to_owned())), "{asked:?}");
    // Metadata that is kept here is not touched; the endpoint is asked each time.
    let patch = json!({"user_metadata": {"from": "here"}});
    let _patched = api.patch("/api/v2/users/auth0%7Cext-7", &patch).await.expect(200);
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    assert_eq!(world.json.asked().len(), 2);
    let user = api.user("auth0|ext-7").await;
    assert_eq!((&user["user_metadata"], &user["logins_count"]), (&json!({"from": "here"}), &json!(2)), "{user}");
    // A password that is wrong there is wrong here.
    let _wrong = login(&world, "ann@example.com", "something else").await.expect(403);
    let _unknown = login(&world, "nobody@example.com", PASSWORD).await.expect(403);
    assert_eq!(logged(api, "fp").await.len(), 1);
    assert_eq!(logged(api, "fu").await.len(), 1);
}

#[tokio::test]
async fn metadata_is_taken_over_when_the_connection_allows_it() {
    let world = world(json!({"allow_metadata": true}), json!({})).await;
    let api = &world.server.api;
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    let user = api.user("auth0|ext-7").await;
    assert_eq!(user["user_metadata"], json!({"from": "outside"}), "{user}");
    let patch = json!({"user_metadata": {"from": "here", "more": 1}});
    let _patched = api.patch("/api/v2/users/auth0%7Cext-7", &patch).await.expect(200);
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    let user = api.user("auth0|ext-7").await;
    assert_eq!(user["user_metadata"], json!({"from": "outside", "more": 1}), "{user}");
    assert!(logged(api, "w").await.is_empty());
}

#[tokio::test]
async fn an_imported_user_is_asked_for_once() {
    let world = world(json!({"import_mode": true}), json!({})).await;
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    let _wrong = login(&world, "ann@example.com", "something else").await.expect(403);
    assert_eq!(world.json.asked().len(), 1);
    let user = world.server.api.user("auth0|ext-7").await;
    assert_eq!((&user["name"], &user["logins_count"]), (&json!("Ann External"), &json!(2)), "{user}");
}

#[tokio::test]
async fn guesses_are_counted_before_the_service_is_asked() {
    let world = world(json!({}), json!({})).await;
    for _ in 0..10 {
        let _wrong = login(&world, "ann@example.com", "guess").await.expect(403);
    }
    let blocked = login(&world, "ann@example.com", PASSWORD).await.expect(429);
    assert_eq!(blocked["error"], "too_many_attempts", "{blocked}");
    assert_eq!(world.json.asked().len(), 10);
}

#[tokio::test]
async fn a_service_that_fails_is_told_of() {
    let world = world(json!({}), json!({})).await;
    let api = &world.server.api;
    for name in ["odd@example.com", "broken@example.com"] {
        let refused = login(&world, name, PASSWORD).await.expect(403);
        assert_eq!(refused["error"], "access_denied", "{refused}");
    }
    // Nobody becomes a user of another connection by its id.
    let taken = json!({
        "connection": "Username-Password-Authentication", "user_id": "taken", "email": "owner@example.com",
        "password": "correct horse battery staple 7!",
    });
    let _taken = api.post("/api/v2/users", &taken).await.expect(201);
    let _thief = login(&world, "thief@example.com", PASSWORD).await.expect(403);
    assert_eq!(api.user("auth0|taken").await["email"], "owner@example.com");
    let warnings = logged(api, "w").await;
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(!json!(warnings).to_string().contains(PASSWORD));
    // The service is gone.
    let World { server, json, client, connection_id, _folder } = world;
    drop(json);
    let body = json!({
        "grant_type": REALM, "realm": "legacy", "client_id": client.0, "client_secret": client.1,
        "username": "ann@example.com", "password": PASSWORD,
    });
    let down = server.api.with_token(None).post("/oauth/token", &body).await.expect(403);
    assert!(down["error_description"].as_str().unwrap().contains("cannot be asked"), "{down}");
    let _still = server.api.get(&format!("/api/v2/connections/{connection_id}")).await.expect(200);
}

#[tokio::test]
async fn a_signup_is_made_there_first() {
    let world = world(json!({}), json!({})).await;
    let api = &world.server.api;
    let signup = |email: &str| {
        let body = json!({
            "client_id": world.client.0, "connection": "legacy", "email": email, "password": PASSWORD,
            "user_metadata": {"plan": "gold"},
        });
        let api = api.with_token(None);
        async move { api.post("/dbconnections/signup", &body).await }
    };
    let made = signup("new@example.com").await.expect(200);
    assert_eq!(made["_id"], "made-1", "{made}");
    let create = world.json.asked().into_iter().find(|asked| asked.path == "/create").unwrap();
    assert_eq!(create.body["user_metadata"], json!({"plan": "gold"}), "{create:?}");
    assert_eq!(api.user("auth0|made-1").await["user_metadata"], json!({"plan": "gold"}));
    let unwanted = signup("unwanted@example.com").await.expect(400);
    assert_eq!(unwanted["description"], "We do not like you.", "{unwanted}");
    let known = signup("known@example.com").await.expect(400);
    assert_eq!(known["code"], "invalid_signup", "{known}");
    let users = api.get("/api/v2/users").await.expect(200);
    assert_eq!(users.as_array().unwrap().len(), 1, "{users}");
}

#[tokio::test]
async fn the_options_are_checked_and_headers_kept_secret() {
    let world = world(json!({}), json!({})).await;
    let api = &world.server.api;
    let path = format!("/api/v2/connections/{}", world.connection_id);
    let shown = api.get(&path).await.expect(200);
    let mut options = shown["options"].clone();
    assert_eq!(options["custom_database"]["headers"], json!({"X-Api-Key": null}), "{shown}");
    // Sent back as it was read, it keeps the header.
    options["custom_database"]["allow_metadata"] = json!(false);
    let _same = api.patch(&path, &json!({"options": options})).await.expect(200);
    let _tokens = login(&world, "ann@example.com", PASSWORD).await.expect(200);
    assert!(
        world.json.asked()[0].headers.iter().any(|(name, value)| name == "x-api-key" && value == "key-of-the-service")
    );
    // But not for another host.
    options["custom_database"]["login_url"] = json!("https://evil.example/login");
    let _moved = api.patch(&path, &json!({"options": options})).await.refused(400);
    for custom in [
        json!({}),
        json!("x"),
        json!({"login_url": "http://service.example/login"}),
        json!({"login_url": "ftp://service.example/login"}),
        json!({"login_url": "https://u:p@service.example/login"}),
        json!({"login_url": "https://service.example/login", "unknown": 1}),
        json!({"login_url": "https://service.example/login", "headers": {"Host": "x"}}),
        json!({"login_url": "https://service.example/login", "headers": {"X": "a\r\nB: c"}}),
        json!({"login_url": "https://service.example/login", "headers": {"X": null}}),
        json!({"login_url": "https://service.example/login", "import_mode": "yes"}),
    ] {
        let body = json!({"options": {"custom_database": custom}});
        let answer = api.patch(&path, &body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_private_address_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let json = JsonServer::start(folder.path(), service).await;
    let server = Server::start().await;
    let client = app_create(&server.api, json!({})).await;
    let options = json!({"custom_database": {"login_url": json.url("/login")}});
    let body = json!({"name": "legacy", "strategy": "auth0", "options": options, "enabled_clients": [client.0]});
    let made = server.api.post("/api/v2/connections", &body).await.expect(201);
    let connection_id = made["id"].as_str().unwrap().to_owned();
    let world = World { server, json, client, connection_id, _folder: folder };
    let _refused = login(&world, "ann@example.com", PASSWORD).await.expect(403);
    assert!(world.json.asked().is_empty());
    let warning = logged(&world.server.api, "w").await.first().cloned().unwrap();
    assert!(warning["description"].as_str().unwrap().contains("public address"), "{warning}");
}
