//! Attack protection as a tenant sets it, and what an operator sees and ends of logins.

use postern_e2e::{Answer, Api, Server, encode};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple 7!";

/// A client that may log in with passwords and get refresh tokens: id and secret.
async fn client(api: &Api) -> (String, String) {
    let body = json!({"name": "app", "grant_types": ["password", "refresh_token"], "app_type": "regular_web"});
    let client = api.post("/api/v2/clients", &body).await.expect(201);
    (client["client_id"].as_str().unwrap().to_owned(), client["client_secret"].as_str().unwrap().to_owned())
}

async fn login(api: &Api, (id, secret): &(String, String), password: &str) -> Answer {
    let body = json!({
        "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "username": "ann@example.com",
        "password": password, "realm": "Username-Password-Authentication", "scope": "openid offline_access",
        "client_id": id, "client_secret": secret,
    });
    api.with_token(None).post("/oauth/token", &body).await
}

#[tokio::test]
async fn wrong_passwords_are_counted_as_the_tenant_says() {
    let server = Server::start().await;
    let api = &server.api;
    let client = client(api).await;
    let _user = api.user_create("ann").await;
    let path = "/api/v2/attack-protection/brute-force-protection";
    assert_eq!(api.get(path).await.expect(200)["max_attempts"], 10);
    assert_eq!(api.patch(path, &json!({"max_attempts": 2})).await.expect(200)["enabled"], true);
    for bad in [json!({"max_attempts": 0}), json!({"max_attempts": "3"}), json!({"enabled": 1}), json!({"mode": "x"})] {
        let _code = api.patch(path, &bad).await.refused(400);
    }
    for _ in 0..2 {
        assert_eq!(login(api, &client, "wrong").await.body["error"], "invalid_grant");
    }
    let blocked = login(api, &client, PASSWORD).await;
    assert_eq!(blocked.body["error"], "too_many_attempts", "{}", blocked.body);
    let _settings = api.patch(path, &json!({"allowlist": ["127.0.0.0/8"]})).await.expect(200);
    let tokens = login(api, &client, PASSWORD).await.expect(200);
    assert!(tokens["access_token"].is_string());
    let _settings = api.patch(path, &json!({"enabled": false, "allowlist": []})).await.expect(200);
    for _ in 0..4 {
        assert_eq!(login(api, &client, "wrong").await.body["error"], "invalid_grant");
    }
    for kind in ["breached-password-detection", "suspicious-ip-throttling", "bot-detection", "captcha"] {
        let path = format!("/api/v2/attack-protection/{kind}");
        let before = api.get(&path).await.expect(200);
        assert_eq!(api.patch(&path, &before).await.expect(200), before, "{kind}");
    }
}

#[tokio::test]
async fn refresh_tokens_are_listed_and_ended() {
    let server = Server::start().await;
    let api = &server.api;
    let client = client(api).await;
    let user = api.user_create("ann").await;
    let mut secrets = Vec::new();
    for _ in 0..3 {
        let tokens = login(api, &client, PASSWORD).await.expect(200);
        secrets.push(tokens["refresh_token"].as_str().expect("a refresh token").to_owned());
    }
    let list = format!("/api/v2/users/{}/refresh-tokens", encode(&user));
    let first = api.get(&format!("{list}?take=2")).await.expect(200);
    let second = api.get(&format!("{list}?take=2&from={}", first["next"].as_str().unwrap())).await.expect(200);
    let ids: Vec<&Value> = [&first, &second].iter().flat_map(|page| page["tokens"].as_array().unwrap()).collect();
    assert_eq!((ids.len(), second.get("next")), (3, None));
    assert!(secrets.iter().all(|secret| !first.to_string().contains(secret)), "the tokens are not shown");
    // The newest first.
    let newest = ids[0]["id"].as_str().unwrap();
    let one = format!("/api/v2/refresh-tokens/{newest}");
    let found = api.get(&one).await.expect(200);
    assert_eq!((&found["user_id"], &found["client_id"]), (&json!(user), &json!(client.0)));
    let _gone = api.delete(&one).await.expect(202);
    let _code = api.get(&one).await.refused(404);
    let refresh = async |token: &str| {
        let body = json!({
            "grant_type": "refresh_token", "refresh_token": token, "client_id": client.0, "client_secret": client.1,
        });
        api.with_token(None).post("/oauth/token", &body).await
    };
    assert_eq!(refresh(&secrets[2]).await.body["error"], "invalid_grant");
    let _tokens = refresh(&secrets[1]).await.expect(200);
    let _gone = api.delete(&list).await.expect(202);
    assert_eq!(api.get(&list).await.expect(200)["tokens"], json!([]));
    assert_eq!(refresh(&secrets[0]).await.body["error"], "invalid_grant");
    let sessions = format!("/api/v2/users/{}/sessions", encode(&user));
    assert_eq!(api.get(&sessions).await.expect(200)["sessions"], json!([]));
    let _code = api.send(Method::POST, "/api/v2/sessions/nothing/revoke", None).await.refused(404);
}
