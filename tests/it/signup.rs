//! Signup: who may make themselves a user, what of, and what is refused in which words.

use postern_e2e::{Answer, Api, Server};
use serde_json::{Value, json};

use crate::tokens::{DATABASE, PASSWORD, app_create, form};

async fn signup(api: &Api, body: &Value) -> Answer {
    api.with_token(None).post("/dbconnections/signup", body).await
}

fn ann(client: &str) -> Value {
    json!({"client_id": client, "connection": DATABASE, "email": "Ann@Example.com", "password": PASSWORD})
}

/// The body with one field changed; `null` takes it away.
fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

#[tokio::test]
async fn a_person_signs_up_with_metadata_and_logs_in() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, secret) = app_create(api, json!({})).await;
    let mut body = ann(&client);
    body["user_metadata"] = json!({"address": "1 Main St", "plan": "gold"});
    body["given_name"] = json!("Ann");
    body["nickname"] = Value::Null;
    let made = signup(api, &body).await.expect(200);
    let id = made["_id"].as_str().unwrap();
    assert_eq!(
        made,
        json!({
            "_id": id, "email": "ann@example.com", "email_verified": false, "given_name": "Ann",
            "user_metadata": {"address": "1 Main St", "plan": "gold"},
        })
    );
    let user = api.user(&format!("auth0|{id}")).await;
    assert_eq!(user["user_metadata"], json!({"address": "1 Main St", "plan": "gold"}), "{user}");
    assert_eq!((&user["given_name"], &user["nickname"]), (&json!("Ann"), &json!("ann")), "{user}");
    assert_eq!((&user["logins_count"], user.get("app_metadata")), (&Value::Null, None), "{user}");
    let login = json!({
        "grant_type": "password", "client_id": client, "client_secret": secret, "scope": "openid",
        "username": "ann@example.com", "password": PASSWORD,
    });
    let _tokens = api.with_token(None).post("/oauth/token", &login).await.expect(200);

    // A form is a body too.
    let pairs =
        [("client_id", &*client), ("connection", DATABASE), ("email", "bob@example.com"), ("password", PASSWORD)];
    let request = api.with_token(None).request(reqwest::Method::POST, "/dbconnections/signup");
    assert_eq!(form(request, &pairs).await, 200);
    let logs = api.get("/api/v2/logs?q=type%3A%22ss%22").await.expect(200);
    assert_eq!(logs.as_array().unwrap().len(), 2, "{logs}");
}

#[tokio::test]
async fn bad_signups_are_refused_and_make_nobody() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, _) = app_create(api, json!({})).await;
    let _made = signup(api, &ann(&client)).await.expect(200);
    let taken = signup(api, &with(ann(&client), "email", json!("ann@example.COM"))).await.expect(400);
    let words = json!({
        "name": "BadRequestError", "code": "invalid_signup", "description": "Invalid sign up", "statusCode": 400,
    });
    assert_eq!(taken, words);
    let bob = || with(ann(&client), "email", json!("bob@example.com"));
    let eleven: Value = (0..11).map(|n| (format!("f{n}"), json!("x"))).collect::<serde_json::Map<_, _>>().into();
    for (body, code) in [
        (with(bob(), "password", json!("short")), "invalid_password"),
        (with(bob(), "password", Value::Null), "invalid_body"),
        (with(bob(), "password", json!("x".repeat(5000))), "invalid_password"),
        (with(bob(), "email", json!("no address")), "invalid_body"),
        (with(bob(), "email", json!("bob@example.com\r\nBcc: x@example.com")), "invalid_body"),
        (with(bob(), "email", Value::Null), "invalid_body"),
        (with(bob(), "connection", json!("nowhere")), "invalid_signup"),
        (with(bob(), "connection", Value::Null), "invalid_body"),
        (with(bob(), "client_id", json!("nobody")), "invalid_signup"),
        (with(bob(), "client_id", Value::Null), "invalid_body"),
        (with(bob(), "name", json!("x".repeat(301))), "invalid_body"),
        (with(bob(), "name", json!(7)), "invalid_body"),
        (with(bob(), "user_metadata", json!([])), "invalid_body"),
        (with(bob(), "user_metadata", json!({"n": 1})), "invalid_body"),
        (with(bob(), "user_metadata", json!({"n": {"deep": "x"}})), "invalid_body"),
        (with(bob(), "user_metadata", json!({"n": "x".repeat(501)})), "invalid_body"),
        (with(bob(), "user_metadata", json!({"n".repeat(101): "x"})), "invalid_body"),
        (with(bob(), "user_metadata", eleven), "invalid_body"),
    ] {
        let answer = signup(api, &body).await.expect(400);
        assert_eq!(answer["code"], code, "{body}: {answer}");
        assert_eq!(answer["statusCode"], 400, "{body}: {answer}");
        assert!(answer["name"].is_string(), "{body}: {answer}");
        assert_eq!(api.get("/api/v2/users-by-email?email=bob%40example.com").await.expect(200), json!([]), "{body}");
    }
    // At the limits it is fine, and `app_metadata` is nobody's to set.
    let most: Value = (0..10)
        .map(|n| ("n".repeat(99) + &n.to_string(), json!("x".repeat(500))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let body = with(with(bob(), "user_metadata", most), "app_metadata", json!({"admin": true}));
    let made = signup(api, &body).await.expect(200);
    let user = api.user(&format!("auth0|{}", made["_id"].as_str().unwrap())).await;
    assert_eq!(user.get("app_metadata"), None, "{user}");
    let logs = api.get("/api/v2/logs?q=type%3A%22fs%22").await.expect(200);
    assert!(!logs.as_array().unwrap().is_empty(), "{logs}");
}

#[tokio::test]
async fn a_weak_password_is_explained_rule_by_rule() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, _) = app_create(api, json!({})).await;
    let answer = signup(api, &with(ann(&client), "password", json!("abcdefghi"))).await.expect(400);
    assert_eq!(
        (&answer["name"], &answer["message"], &answer["code"]),
        (&json!("PasswordStrengthError"), &json!("Password is too weak"), &json!("invalid_password"))
    );
    assert_eq!(answer["description"]["verified"], false, "{answer}");
    assert_eq!(answer["description"]["rules"][0]["verified"], true, "{answer}");
    assert_eq!(answer["description"]["rules"][1]["code"], "containsAtLeast", "{answer}");
    assert!(answer["policy"].as_str().unwrap().starts_with("* At least 8 characters in length\n"), "{answer}");
}

#[tokio::test]
async fn a_connections_options_rule_signups() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, _) = app_create(api, json!({})).await;
    let connections = api.get("/api/v2/connections").await.expect(200);
    let id = crate::world::rows(&connections)[0]["id"].as_str().unwrap().to_owned();
    let options = |options: Value| async move {
        let path = format!("/api/v2/connections/{id}");
        let _connection = api.patch(&path, &json!({"options": options})).await.expect(200);
    };
    let rules = json!({
        "passwordPolicy": "low", "requires_username": true,
        "password_no_personal_info": {"enable": true},
        "password_dictionary": {"enable": true, "dictionary": ["postern"]},
    });
    options.clone()(rules).await;
    let body = with(ann(&client), "username", json!("annie"));
    for (body, name) in [
        (with(body.clone(), "password", json!("12345")), "PasswordStrengthError"),
        (with(body.clone(), "password", json!("xxannie")), "PasswordNoUserInfoError"),
        (with(body.clone(), "password", json!("Postern")), "PasswordDictionaryError"),
        (with(body.clone(), "password", json!("iloveyou")), "PasswordDictionaryError"),
        (with(body.clone(), "username", Value::Null), "BadRequestError"),
        (with(body.clone(), "username", json!("with space")), "BadRequestError"),
        (with(body.clone(), "username", json!("sixteenletters16")), "BadRequestError"),
    ] {
        assert_eq!(signup(api, &body).await.expect(400)["name"], name, "{body}");
    }
    let made = signup(api, &with(body, "password", json!("sesame"))).await.expect(200);
    assert_eq!(made["username"], "annie", "{made}");
    options(json!({"disable_signup": true})).await;
    let _answer = signup(api, &with(ann(&client), "email", json!("bob@example.com"))).await.expect(400);
    assert_eq!(api.get("/api/v2/users-by-email?email=bob%40example.com").await.expect(200), json!([]));
}
