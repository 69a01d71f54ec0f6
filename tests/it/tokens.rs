//! The token endpoint, `/userinfo` and revocation, as applications use them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use postern_app::authentication::{Authorized, Challenge, Code, code_create};
use postern_app::tenants::Scheme;
use postern_app::{App, AppConfig, MasterKey};
use postern_e2e::{Answer, Api, Server, encode, module, returning};
use postern_store::{SledConfig, SledStore};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const DATABASE: &str = "Username-Password-Authentication";
/// The one that [`Api::user_create`] gives.
pub(crate) const PASSWORD: &str = "correct horse battery staple 7!";
const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

/// An application with every grant; `extra` is laid over.
pub(crate) async fn app_create(api: &Api, extra: Value) -> (String, String) {
    let mut body = json!({
        "name": "app", "app_type": "regular_web", "callbacks": ["https://app.example.com/cb"],
        "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials", "password", REALM],
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    let client = api.post("/api/v2/clients", &body).await.expect(201);
    (client["client_id"].as_str().unwrap().to_owned(), client["client_secret"].as_str().unwrap().to_owned())
}

/// The claims of a token, not checked.
pub(crate) fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Sends a form.
pub(crate) async fn form(request: reqwest::RequestBuilder, pairs: &[(&str, &str)]) -> u16 {
    let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"));
    request.send().await.unwrap().status().as_u16()
}

pub(crate) async fn exchange(api: &Api, body: &Value) -> Answer {
    api.with_token(None).post("/oauth/token", body).await
}

pub(crate) fn login(client: &(String, String), scope: &str) -> Value {
    json!({
        "grant_type": REALM, "realm": DATABASE, "client_id": client.0, "client_secret": client.1, "scope": scope,
        "username": "ann@example.com", "password": PASSWORD,
    })
}

pub(crate) fn refresh(client: &(String, String), token: &Value) -> Value {
    json!({"grant_type": "refresh_token", "client_id": client.0, "client_secret": client.1, "refresh_token": token})
}

/// Asserts an OAuth error.
#[track_caller]
pub(crate) fn refused(answer: Answer, status: u16, error: &str, description: &str) {
    let answer = answer.expect(status);
    assert_eq!((&answer["error"], &answer["error_description"]), (&json!(error), &json!(description)));
}

/// The types of the newest entries of the tenant log.
pub(crate) async fn logged(api: &Api) -> Vec<String> {
    let logs = api.get("/api/v2/logs?per_page=20").await.expect(200);
    logs.as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap().to_owned()).collect()
}

async fn userinfo(api: &Api, token: &Value) -> Answer {
    api.with_token(token.as_str()).get("/userinfo").await
}

#[tokio::test]
async fn a_password_is_exchanged_for_tokens_with_the_actions_claims() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let user = api.user_create("ann").await;
    let mutations = json!({"mutations": [
        {"type": "idToken.setCustomClaim", "key": "https://example.com/plan", "value": "gold"},
        {"type": "accessToken.setCustomClaim", "key": "https://example.com/roles", "value": ["editor"]},
        {"type": "user.setAppMetadata", "key": "plan", "value": "gold"},
    ]});
    let _action = api.install("claims", &returning(&mutations.to_string())).await;
    let tokens = exchange(api, &login(&client, "openid profile email offline_access")).await.expect(200);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(86400)), "{tokens}");
    assert_eq!(tokens["scope"], "openid profile email offline_access", "{tokens}");
    let id = claims(&tokens["id_token"]);
    let issuer = api.get("/.well-known/openid-configuration").await.expect(200)["issuer"].clone();
    assert_eq!((&id["iss"], &id["aud"], &id["sub"]), (&issuer, &json!(client.0), &json!(user)), "{id}");
    assert_eq!(id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(), 36000, "{id}");
    assert_eq!(
        (&id["email"], &id["email_verified"], &id["nickname"]),
        (&json!("ann@example.com"), &json!(false), &json!("ann"))
    );
    assert_eq!(id["https://example.com/plan"], "gold", "{id}");
    for absent in ["nonce", "sid", "at_hash", "https://example.com/roles", "given_name"] {
        assert_eq!(id.get(absent), None, "{id}");
    }
    let access = claims(&tokens["access_token"]);
    assert_eq!((&access["sub"], &access["azp"]), (&json!(user), &json!(client.0)), "{access}");
    assert_eq!(access["https://example.com/roles"], json!(["editor"]), "{access}");
    assert_eq!(access.get("permissions"), None, "{access}");
    let stored = api.user(&user).await;
    assert_eq!((&stored["app_metadata"], &stored["logins_count"]), (&json!({"plan": "gold"}), &json!(1)), "{stored}");

    let info = userinfo(api, &tokens["access_token"]).await.expect(200);
    assert_eq!((&info["sub"], &info["email"]), (&json!(user), &json!("ann@example.com")), "{info}");
    assert_eq!(info["https://example.com/plan"], "gold", "{info}");
    // The newest values, by POST too.
    let _user = api.patch(&format!("/api/v2/users/{}", encode(&user)), &json!({"nickname": "annie"})).await.expect(200);
    let info = api.with_token(tokens["access_token"].as_str()).post("/userinfo", &json!({})).await.expect(200);
    assert_eq!(info["nickname"], "annie", "{info}");
    // The log has the exchange with its execution.
    let logs = api.get("/api/v2/logs?q=type%3A%22sepft%22").await.expect(200);
    assert!(logs[0]["details"]["actions"]["executions"][0].is_string(), "{logs}");
}

#[tokio::test]
async fn actions_see_the_grant_they_run_in() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let _user = api.user_create("ann").await;
    let action = api.install("deny", &returning(r#"{"mutations":[{"type":"access.deny","reason":"go away"}]}"#)).await;
    refused(exchange(api, &login(&client, "openid")).await, 403, "access_denied", "go away");
    assert!(logged(api).await.contains(&"fepft".to_owned()));
    let _draft = api.artifact_replace(&action, &module("hostile/error")).await.ok();
    let _version = api.deploy(&action).await;
    refused(exchange(api, &login(&client, "openid")).await, 403, "access_denied", "The login could not be completed.");
    let _draft = api.artifact_replace(&action, &module("redirect")).await.ok();
    let _version = api.deploy(&action).await;
    refused(exchange(api, &login(&client, "openid")).await, 403, "interaction_required", "Interaction required");
}

#[tokio::test]
async fn requests_come_in_each_of_their_forms() {
    let server = Server::start().await;
    let api = &server.api.with_token(None);
    let client = app_create(&server.api, json!({})).await;
    let _user = server.api.user_create("ann").await;
    let pairs = [("grant_type", REALM), ("realm", DATABASE), ("username", "ann@example.com"), ("password", PASSWORD)];
    let by_body = [("client_id", client.0.as_str()), ("client_secret", client.1.as_str())];
    let post = || api.request(Method::POST, "/oauth/token");
    assert_eq!(form(post(), &[pairs.as_slice(), &by_body].concat()).await, 200);
    let basic = BASE64_STANDARD.encode(format!("{}:{}", client.0, client.1));
    assert_eq!(form(post().header("authorization", format!("Basic {basic}")), &pairs).await, 200);
    let mut nulls = login(&client, "openid");
    for name in ["audience", "organization", "scope"] {
        nulls[name] = Value::Null;
    }
    let tokens = exchange(api, &nulls).await.expect(200);
    assert_eq!(tokens.get("id_token"), None, "{tokens}");
    assert_eq!(form(post(), &[("client_id", "a"), ("client_id", "b")]).await, 400);
    // A public application has no secret; a wrong one is refused all the same.
    let public = app_create(&server.api, json!({"app_type": "spa"})).await;
    let mut body = login(&public, "openid");
    body["client_secret"] = Value::Null;
    let _tokens = exchange(api, &body).await.expect(200);
    body["client_secret"] = json!("wrong");
    refused(exchange(api, &body).await, 401, "access_denied", "Unauthorized");
}

#[tokio::test]
async fn bad_exchanges_are_refused_in_auth0s_words() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let _user = api.user_create("ann").await;
    let changed = |name: &str, value: Value| {
        let mut body = login(&client, "openid");
        body[name] = value;
        body
    };
    let wrong = "Wrong email or password.";
    for (body, status, error, description) in [
        (changed("password", json!("wrong")), 403, "invalid_grant", wrong),
        (changed("username", json!("nobody@example.com")), 403, "invalid_grant", wrong),
        (changed("username", json!("x".repeat(5000))), 403, "invalid_grant", wrong),
        (changed("password", json!("x".repeat(5000))), 403, "invalid_grant", wrong),
        (changed("username", Value::Null), 400, "invalid_request", "Missing required parameter: username"),
        (changed("password", Value::Null), 400, "invalid_request", "Missing required parameter: password"),
        (changed("realm", Value::Null), 400, "invalid_request", "Missing required parameter: realm"),
        (changed("client_secret", json!("wrong")), 401, "access_denied", "Unauthorized"),
        (changed("client_secret", Value::Null), 401, "access_denied", "Unauthorized"),
        (changed("client_id", json!("nobody")), 401, "access_denied", "Unauthorized"),
        (
            changed("refresh_token", json!(["x"])),
            400,
            "invalid_request",
            "Expected type string on property refresh_token",
        ),
        (changed("grant_type", json!("magic")), 403, "unsupported_grant_type", "Unsupported grant type: magic"),
    ] {
        let answer = exchange(api, &body).await;
        refused(answer, status, error, description);
    }
    let logged = logged(api).await;
    for kind in ["fp", "fu", "fepft"] {
        assert!(logged.iter().any(|entry| entry == kind), "{kind}: {logged:?}");
    }
    let narrow = app_create(api, json!({"grant_types": ["client_credentials"]})).await;
    let description = format!("Grant type '{REALM}' not allowed for the client.");
    refused(exchange(api, &login(&narrow, "openid")).await, 403, "unauthorized_client", &description);
    let body = json!({
        "grant_type": "authorization_code", "client_id": narrow.0, "client_secret": narrow.1, "code": "x",
    });
    let description = "Grant type 'authorization_code' not allowed for the client.";
    refused(exchange(api, &body).await, 403, "unauthorized_client", description);
}

#[tokio::test]
async fn a_blocked_user_gets_nothing() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let user = api.user_create("ann").await;
    let tokens = exchange(api, &login(&client, "openid offline_access")).await.expect(200);
    let path = format!("/api/v2/users/{}", encode(&user));
    let _user = api.patch(&path, &json!({"blocked": true})).await.expect(200);
    refused(exchange(api, &login(&client, "openid")).await, 403, "unauthorized", "user is blocked");
    let wrong = {
        let mut body = login(&client, "openid");
        body["password"] = json!("wrong");
        body
    };
    refused(exchange(api, &wrong).await, 403, "invalid_grant", "Wrong email or password.");
    let answer = exchange(api, &refresh(&client, &tokens["refresh_token"])).await;
    refused(answer, 403, "unauthorized", "user is blocked");
    let _body = userinfo(api, &tokens["access_token"]).await.expect(401);
    let _user = api.patch(&path, &json!({"blocked": false})).await.expect(200);
    let _tokens = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(200);
    // A deleted user's tokens are not those of another who gets the same id.
    assert_eq!(api.delete(&path).await.status, 204);
    let unknown = "Unknown or invalid refresh token.";
    refused(exchange(api, &refresh(&client, &tokens["refresh_token"])).await, 403, "invalid_grant", unknown);
    assert_eq!(api.user_create("ann").await, user);
    refused(exchange(api, &refresh(&client, &tokens["refresh_token"])).await, 403, "invalid_grant", unknown);
}

#[tokio::test]
async fn too_many_wrong_passwords_block_the_address_and_no_other() {
    let mut server = Server::start().await;
    let trusted = json!({"is_token_endpoint_ip_header_trusted": true});
    let client = app_create(&server.api, trusted).await;
    let _user = server.api.user_create("ann").await;
    let from = |api: &Api, ip: &str, username: &str, password: &str| {
        let mut body = login(&client, "openid");
        (body["username"], body["password"]) = (json!(username), json!(password));
        let request = api.request(Method::POST, "/oauth/token").header("auth0-forwarded-for", ip).json(&body);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"].clone())
        }
    };
    let first = "203.0.113.1";
    let wrong = (403, json!("invalid_grant"));
    // A success begins the count anew.
    for _ in 0..9 {
        assert_eq!(from(&server.api, first, "ann@example.com", "wrong").await, wrong);
    }
    assert_eq!(from(&server.api, first, "ann@example.com", PASSWORD).await.0, 200);
    for _ in 0..10 {
        assert_eq!(from(&server.api, first, "ann@example.com", "wrong").await, wrong);
        assert_eq!(from(&server.api, first, "nobody@example.com", "wrong").await, wrong);
    }
    let blocked = (429, json!("too_many_attempts"));
    assert_eq!(from(&server.api, first, "ANN@example.com", PASSWORD).await, blocked);
    // A name that nobody has is answered alike.
    assert_eq!(from(&server.api, first, "nobody@example.com", "wrong").await, blocked);
    assert_eq!(from(&server.api, "203.0.113.2", "ann@example.com", PASSWORD).await.0, 200);
    assert!(logged(&server.api).await.contains(&"limit_wc".to_owned()));
    // The block outlives the process.
    let _status = server.stop();
    server.restart().await;
    assert_eq!(from(&server.api, first, "ann@example.com", PASSWORD).await, blocked);
}

#[tokio::test]
async fn a_refresh_token_gives_tokens_again_and_again_until_it_is_revoked() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let user = api.user_create("ann").await;
    let _action = api.install("count", &module("count")).await;
    let tokens = exchange(api, &login(&client, "openid email offline_access")).await.expect(200);
    for _ in 0..2 {
        let again = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(200);
        assert_eq!(claims(&again["id_token"])["sub"], json!(user), "{again}");
        assert_eq!(again.get("refresh_token"), None, "not rotating: {again}");
        assert_eq!(again["scope"], "openid email offline_access", "{again}");
    }
    // Actions ran each time; it is no login that counts.
    let stored = api.user(&user).await;
    assert_eq!((&stored["app_metadata"]["logins"], &stored["logins_count"]), (&json!(3), &json!(1)), "{stored}");
    let mut narrow = refresh(&client, &tokens["refresh_token"]);
    for (scope, want) in [("openid", "openid"), ("", "openid email offline_access"), ("openid read:users", "openid")] {
        narrow["scope"] = json!(scope);
        assert_eq!(exchange(api, &narrow).await.expect(200)["scope"], want, "{scope}");
    }
    let unknown = "Unknown or invalid refresh token.";
    let other = app_create(api, json!({})).await;
    refused(exchange(api, &refresh(&other, &tokens["refresh_token"])).await, 403, "invalid_grant", unknown);
    for bad in ["", "x", "v1.", "v1.AAAA", tokens["access_token"].as_str().unwrap()] {
        let answer = exchange(api, &refresh(&client, &json!(bad))).await;
        assert_eq!(answer.body["error"], if bad.is_empty() { "invalid_request" } else { "invalid_grant" }, "{bad}");
    }
    // A tenant's token says nothing to another tenant.
    let (second, _) = api.tenant_create(&server.bootstrap.operator_token, "second").await;
    let elsewhere = app_create(&second, json!({})).await;
    refused(exchange(&second, &refresh(&elsewhere, &tokens["refresh_token"])).await, 403, "invalid_grant", unknown);

    let revoke = |client: &(String, String), token: &Value| json!({"client_id": client.0, "client_secret": client.1, "token": token});
    let anonymous = api.with_token(None);
    let foreign = anonymous.post("/oauth/revoke", &revoke(&other, &tokens["refresh_token"])).await;
    assert_eq!(foreign.expect(400)["error"], "invalid_request");
    assert_eq!(anonymous.post("/oauth/revoke", &revoke(&client, &json!("unknown"))).await.expect(200), Value::Null);
    let wrong = (client.0.clone(), "wrong".to_owned());
    let _body = anonymous.post("/oauth/revoke", &revoke(&wrong, &tokens["refresh_token"])).await.expect(401);
    let _tokens = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(200);
    for _ in 0..2 {
        let answer = anonymous.post("/oauth/revoke", &revoke(&client, &tokens["refresh_token"])).await;
        assert_eq!(answer.expect(200), Value::Null);
    }
    refused(exchange(api, &refresh(&client, &tokens["refresh_token"])).await, 403, "invalid_grant", unknown);
}

#[tokio::test]
async fn a_rotated_token_that_comes_again_ends_its_family() {
    let server = Server::start().await;
    let api = &server.api;
    let rotating = json!({"refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring"}});
    let client = app_create(api, rotating).await;
    let _user = api.user_create("ann").await;
    let first = exchange(api, &login(&client, "openid offline_access")).await.expect(200)["refresh_token"].clone();
    let second = exchange(api, &refresh(&client, &first)).await.expect(200)["refresh_token"].clone();
    assert!(second.is_string() && second != first);
    let third = exchange(api, &refresh(&client, &second)).await.expect(200)["refresh_token"].clone();
    let unknown = "Unknown or invalid refresh token.";
    refused(exchange(api, &refresh(&client, &first)).await, 403, "invalid_grant", unknown);
    refused(exchange(api, &refresh(&client, &third)).await, 403, "invalid_grant", unknown);
    assert!(logged(api).await.contains(&"ferrt".to_owned()));

    // Within the leeway the one before is good as well.
    let lenient = json!({"refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 30}});
    let client = app_create(api, lenient).await;
    let first = exchange(api, &login(&client, "openid offline_access")).await.expect(200)["refresh_token"].clone();
    let second = exchange(api, &refresh(&client, &first)).await.expect(200)["refresh_token"].clone();
    let again = exchange(api, &refresh(&client, &first)).await.expect(200)["refresh_token"].clone();
    let _third = exchange(api, &refresh(&client, &again)).await.expect(200);
    let _third = exchange(api, &refresh(&client, &second)).await.expect(200);
    refused(exchange(api, &refresh(&client, &first)).await, 403, "invalid_grant", unknown);
    // At the same time only one of them is the current one.
    let client = app_create(api, json!({"refresh_token": {"rotation_type": "rotating"}})).await;
    let first = exchange(api, &login(&client, "openid offline_access")).await.expect(200)["refresh_token"].clone();
    let body = refresh(&client, &first);
    let answers = futures_util::future::join_all((0..8).map(|_| exchange(api, &body))).await;
    assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1, "{answers:?}");
}

#[tokio::test]
async fn a_refresh_token_ends() {
    let server = Server::start().await;
    let api = &server.api;
    let brief = json!({"refresh_token": {
        "rotation_type": "non-rotating", "expiration_type": "expiring", "token_lifetime": 2, "idle_token_lifetime": 1,
    }});
    let client = app_create(api, brief).await;
    let _user = api.user_create("ann").await;
    let token = exchange(api, &login(&client, "openid offline_access")).await.expect(200)["refresh_token"].clone();
    let mut last = exchange(api, &refresh(&client, &token)).await;
    let begun = std::time::Instant::now();
    // Used all the time it is never idle, and ends for good all the same.
    while last.status == 200 && begun.elapsed() < Duration::from_secs(20) {
        last = exchange(api, &refresh(&client, &token)).await;
    }
    refused(last, 403, "invalid_grant", "Unknown or invalid refresh token.");
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn userinfo_takes_whole_tokens_of_its_own_only() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let _user = api.user_create("ann").await;
    let tokens = exchange(api, &login(&client, "openid")).await.expect(200);
    let good = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(api, &json!(good)).await.expect(200).as_object().unwrap().len(), 1, "no more than asked for");
    let without = exchange(api, &login(&client, "profile")).await.expect(200);
    let (second, _) = api.tenant_create(&server.bootstrap.operator_token, "second").await;
    let _body = second.with_token(Some(good)).get("/userinfo").await.expect(401);
    let parts: Vec<&str> = good.split('.').collect();
    let unsigned = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for bad in [
        "x".to_owned(),
        format!("{unsigned}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        api.token.clone().unwrap(),
        tokens["id_token"].as_str().unwrap().to_owned(),
        without["access_token"].as_str().unwrap().to_owned(),
    ] {
        let answer = api.with_token(Some(&bad)).request(Method::GET, "/userinfo").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{bad}");
        assert_eq!(answer.headers()["www-authenticate"], r#"Bearer error="invalid_token""#);
        assert_eq!(answer.headers()["content-type"], "application/json");
    }
    let answer = api.with_token(None).request(Method::GET, "/userinfo").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["www-authenticate"]), (401, &"Bearer".parse().unwrap()));
}

#[tokio::test]
async fn a_users_own_management_token_opens_no_more_than_that_user() {
    let server = Server::start().await;
    let api = &server.api;
    let client = app_create(api, json!({})).await;
    let user = api.user_create("ann").await;
    let widen = json!({"mutations": [{"type": "accessToken.addScope", "scope": "read:users"}]});
    let _action = api.install("widen", &returning(&widen.to_string())).await;
    let mut body = login(&client, "openid read:current_user update:current_user_metadata read:users create:clients");
    body["audience"] = json!(format!("https://{}/api/v2/", api.domain));
    let tokens = exchange(api, &body).await.expect(200);
    let own = api.with_token(tokens["access_token"].as_str());
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["sub"], json!(user), "{access}");
    assert!(!access["scope"].as_str().unwrap().contains("create:clients"), "{access}");
    assert_eq!(own.get("/api/v2/users").await.refused(403), "insufficient_scope");
    assert_eq!(own.get("/api/v2/clients").await.refused(403), "insufficient_scope");
    // With `openid` it is good for both.
    assert_eq!(userinfo(api, &tokens["access_token"]).await.expect(200)["sub"], json!(user));
}

/// The program on the store of a server that was stopped.
pub(crate) fn in_process(server: &Server) -> App {
    let data = server.folder().join("data");
    App::new(AppConfig {
        store: Arc::new(SledStore::open(data.join("store"), SledConfig::default()).unwrap()),
        engine: crate::in_process::engine(),
        master_key: MasterKey::parse(std::fs::read_to_string(data.join("master.key")).unwrap().trim()).unwrap(),
        operator_token: String::new(),
        token_for: Duration::from_secs(24 * 3600),
        scheme: Scheme::Http,
        rate_limits: postern_model::tenant::RateLimits::default(),
        packages: postern_app::PackagesConfig::new(data.join("build-tools")),
    })
}

/// Codes made in the server's own store, as its login page makes them.
async fn codes(server: &Server, codes: &[Code]) -> Vec<String> {
    let app = in_process(server);
    let tenant = "default".parse().unwrap();
    let mut made = Vec::new();
    for code in codes {
        made.push(code_create(&app, &tenant, code, Timestamp::now()).await.unwrap());
    }
    made
}

const CALLBACK: &str = "https://app.example.com/cb";
/// The verifier and challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const S256: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn code(client: &str, user: &str, challenge: Option<Challenge>) -> Code {
    let authorized: Authorized = serde_json::from_value(json!({
        "client_id": client, "user_id": user, "connection": DATABASE, "scope": "openid offline_access",
        "audience": null, "nonce": "n-1", "session_id": "ses_1", "auth_time": Timestamp::now(),
        "show_auth_time": true, "login_id": "lgn_1", "id_claims": {"https://example.com/plan": "gold"},
    }))
    .unwrap();
    Code { authorized, redirect_uri: Some(CALLBACK.to_owned()), challenge }
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_its_client_with_its_proof() {
    let mut server = Server::start().await;
    let client = app_create(&server.api, json!({})).await;
    let other = app_create(&server.api, json!({})).await;
    let public = app_create(&server.api, json!({"app_type": "native"})).await;
    let user = server.api.user_create("ann").await;
    let _status = server.stop();
    let made = codes(
        &server,
        &[
            code(&client.0, &user, None),
            code(&client.0, &user, Some(Challenge::S256(S256.to_owned()))),
            code(&public.0, &user, Some(Challenge::Plain(VERIFIER.to_owned()))),
            code(&public.0, &user, None),
        ],
    )
    .await;
    server.restart().await;
    let api = &server.api;
    let body = |client: &(String, String), code: &str, extra: Value| {
        let mut body = json!({
            "grant_type": "authorization_code", "client_id": client.0, "client_secret": client.1, "code": code,
            "redirect_uri": CALLBACK,
        });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let none = json!({"client_secret": null});
    let unknown = "Invalid authorization code";
    // Mistakes and strangers do not use the code up.
    for (request, description) in [
        (body(&other, &made[0], json!({})), None),
        (body(&client, &made[0], json!({"redirect_uri": "https://evil.example.com/cb"})), None),
        (body(&client, &made[0], json!({"redirect_uri": null})), None),
        (body(&client, &made[0], json!({"code_verifier": VERIFIER})), None),
        (body(&client, &made[1], json!({})), None),
        (body(&client, &made[1], json!({"code_verifier": S256})), Some("Failed to verify code verifier")),
        (body(&public, &made[3], none.clone()), None),
        (body(&client, "unknown", json!({})), Some(unknown)),
    ] {
        let answer = exchange(api, &request).await.expect(403);
        assert_eq!(answer["error"], "invalid_grant", "{request}: {answer}");
        assert!(description.is_none_or(|description| answer["error_description"] == description), "{answer}");
    }
    let tokens = exchange(api, &body(&client, &made[0], json!({}))).await.expect(200);
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["nonce"], &id["sid"], &id["sub"]), (&json!("n-1"), &json!("ses_1"), &json!(user)), "{id}");
    assert!(id["auth_time"].is_i64(), "{id}");
    assert_eq!(id["https://example.com/plan"], "gold", "{id}");
    let _tokens = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(200);
    // A replay is refused, and changes nothing.
    refused(exchange(api, &body(&client, &made[0], json!({}))).await, 403, "invalid_grant", unknown);
    let _tokens = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(200);
    let proof = json!({"code_verifier": VERIFIER});
    let _tokens = exchange(api, &body(&client, &made[1], proof.clone())).await.expect(200);
    let mut bare = body(&public, &made[2], proof);
    bare["client_secret"] = Value::Null;
    // Of many at the same time one gets tokens.
    let answers = futures_util::future::join_all((0..8).map(|_| exchange(api, &bare))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    let logged = logged(api).await;
    assert!(logged.contains(&"seacft".to_owned()) && logged.contains(&"feacft".to_owned()), "{logged:?}");
}
