//! The example actions, as built by `cargo xtask guests`, through the whole path.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use postern_e2e::{Api, HttpsServer, Server, encode, example};
use serde_json::{Value, json};
use sha2::Sha256;

/// Deploys and binds one example with its secrets; returns a client with that metadata, and a user.
async fn install(api: &Api, name: &str, secrets: Value, client_metadata: Value) -> (String, String) {
    let secrets: Vec<Value> =
        secrets.as_object().unwrap().iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let action = api.action_create(name, &example(name), &json!(secrets)).await;
    let _version = api.deploy(&action).await;
    let _bindings = api.bind(&[&action]).await;
    let body = json!({"name": "portal", "client_metadata": client_metadata});
    let client = api.post("/api/v2/clients", &body).await.expect(201);
    let user = api.user_create("ann").await;
    (client["client_id"].as_str().unwrap().to_owned(), user)
}

/// A simulated login with parts of its own.
async fn login(api: &Api, (client, user): &(String, String), parts: Value) -> Value {
    let mut body = Api::login_body(client, user);
    for (key, value) in parts.as_object().unwrap() {
        body[key] = value.clone();
    }
    api.post("/api/v2/simulated-logins", &body).await.expect(200)
}

async fn resume(api: &Api, login: &Value, query: Value) -> Value {
    let path = format!("/api/v2/simulated-logins/{}/continue", login["login_id"].as_str().unwrap());
    api.post(&path, &json!({"query": query})).await.expect(200)
}

fn country(code: &str) -> Value {
    json!({"request": {"ip": "203.0.113.7", "geoip": {"countryCode": code}}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn count_logins_counts_and_keeps_the_score() {
    let folder = tempfile::tempdir().unwrap();
    let https = HttpsServer::start(folder.path()).await;
    let server = crate::fetch::start(&https).await;
    let api = &server.api;
    let who = install(api, "count-logins", json!({"SCORE_URL": https.url("/score")}), json!({})).await;
    for count in 1..=3 {
        let login = login(api, &who, json!({})).await;
        assert_eq!(login["outcome"]["type"], "allow", "{login}");
        assert_eq!(login["user"]["app_metadata"]["logins"], count, "{login}");
        assert_eq!(login["user"]["app_metadata"]["score"]["value"]["method"], "POST", "{login}");
    }
    assert_eq!(https.requests(), 1, "the score is kept");
}

#[tokio::test]
async fn deny_by_country_lets_in_from_the_list_only() {
    let server = Server::start().await;
    let api = &server.api;
    let who = install(api, "deny-by-country", json!({"ALLOWED_COUNTRIES": "IS, NO"}), json!({})).await;
    assert_eq!(login(api, &who, country("IS")).await["outcome"]["type"], "allow");
    let denied = login(api, &who, country("SE")).await;
    let reason = "You cannot log in from this country.";
    assert_eq!(denied["outcome"], json!({"type": "deny", "code": "access_denied", "reason": reason}), "{denied}");
}

#[tokio::test]
async fn claims_from_client_puts_metadata_and_roles_into_the_tokens() {
    let server = Server::start().await;
    let api = &server.api;
    let who = install(api, "claims-from-client", json!({}), json!({"tier": "gold"})).await;
    let role = api.post("/api/v2/roles", &json!({"name": "admin"})).await.ok();
    let path = format!("/api/v2/users/{}/roles", encode(&who.1));
    let _roles = api.post(&path, &json!({"roles": [role["id"]]})).await.expect(204);
    let login = login(api, &who, json!({})).await;
    for token in ["id_token", "access_token"] {
        assert_eq!(login["claims"][token]["https://example.com/tier"], "gold", "{login}");
        assert_eq!(login["claims"][token]["https://example.com/roles"], json!(["admin"]), "{login}");
    }
    assert!(login["scope"].as_str().unwrap().split(' ').any(|scope| scope == "admin:all"), "{login}");
}

#[tokio::test]
async fn step_up_by_risk_challenges_and_resumes() {
    let server = Server::start().await;
    let api = &server.api;
    let who = install(api, "step-up-by-risk", json!({}), json!({})).await;
    let first = login(api, &who, country("IS")).await;
    assert_eq!(first["user"]["app_metadata"]["last_country"], "IS", "{first}");
    let risky = login(api, &who, country("NO")).await;
    assert_eq!(risky["outcome"]["type"], "challenge", "{risky}");
    let kinds: Vec<&Value> =
        risky["outcome"]["factors"].as_array().unwrap().iter().map(|factor| &factor["type"]).collect();
    assert_eq!(kinds, ["otp", "email"], "{risky}");
    let resumed = resume(api, &risky, json!({"state": risky["outcome"]["state"]})).await;
    assert_eq!(resumed["outcome"]["type"], "allow", "{resumed}");
    assert_eq!(api.user(&who.1).await["logins_count"], 2);
}

/// What the page of the progressive profile does: it signs the user's answer with the secret both sides share.
fn signed(secret: &str, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn progressive_profile_asks_on_a_page_and_saves_the_signed_answer() {
    let server = Server::start().await;
    let api = &server.api;
    let secrets = json!({"FORM_URL": "https://forms.example.com/ask", "FORM_SECRET": "s3cret"});
    let who = install(api, "progressive-profile", secrets, json!({})).await;
    for (field, answer) in [("company", "Acme"), ("job_title", "Smith")] {
        let away = login(api, &who, json!({})).await;
        let state = &away["outcome"]["state"];
        let url = away["outcome"]["url"].as_str().unwrap_or_else(|| panic!("{away}"));
        assert!(url.starts_with("https://forms.example.com/ask?session_token="), "{url}");
        assert!(url.contains("state="), "{url}");
        let expires_at = jiff::Timestamp::now().as_second() + 600;
        let claims = json!({"state": state, "sub": who.1, "exp": expires_at, field: answer});
        let query = json!({"state": state, "session_token": signed("s3cret", &claims)});
        let resumed = resume(api, &away, query).await;
        assert_eq!(resumed["outcome"]["type"], "allow", "{resumed}");
        assert_eq!(resumed["user"]["user_metadata"][field], answer, "{resumed}");
    }
    assert_eq!(login(api, &who, json!({})).await["outcome"]["type"], "allow");

    // A token of somebody else's making ends the login.
    let emptied = json!({"user_metadata": {"company": null}});
    let _user = api.patch(&format!("/api/v2/users/{}", encode(&who.1)), &emptied).await.expect(200);
    let away = login(api, &who, json!({})).await;
    let state = &away["outcome"]["state"];
    let claims = json!({"state": state, "sub": who.1, "exp": 4_102_444_800_u64, "company": "Evil"});
    let forged = resume(api, &away, json!({"state": state, "session_token": signed("guessed", &claims)})).await;
    assert_eq!(forged["outcome"]["type"], "error", "{forged}");
    assert_eq!(api.user(&who.1).await["user_metadata"], json!({"job_title": "Smith"}));
}

#[tokio::test]
async fn record_consent_denies_until_the_terms_are_agreed_to() {
    let server = Server::start().await;
    let api = &server.api;
    let who = install(api, "record-consent", json!({}), json!({"terms_version": "2026-01"})).await;
    assert_eq!(login(api, &who, json!({})).await["outcome"]["type"], "deny");
    let agreed = json!({"request": {"ip": "203.0.113.7", "body": {"terms": "2026-01"}}});
    let agreed = login(api, &who, agreed).await;
    assert_eq!(agreed["outcome"]["type"], "allow", "{agreed}");
    let consent = &agreed["user"]["app_metadata"]["consent"];
    assert_eq!((&consent["version"], &consent["ip"]), (&json!("2026-01"), &json!("203.0.113.7")), "{agreed}");
    assert_eq!(login(api, &who, json!({})).await["outcome"]["type"], "allow");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn link_external_id_looks_a_proven_address_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let https = HttpsServer::start(folder.path()).await;
    let server = crate::fetch::start(&https).await;
    let api = &server.api;
    let secrets = json!({"CUSTOMERS_URL": https.url("/find"), "CUSTOMERS_TOKEN": "t0ken-of-the-test"});
    let who = install(api, "link-external-id", secrets, json!({})).await;
    let stranger = login(api, &who, json!({})).await;
    assert_eq!((&stranger["outcome"]["type"], https.requests()), (&json!("allow"), 0), "{stranger}");
    let path = format!("/api/v2/users/{}", encode(&who.1));
    let _user = api.patch(&path, &json!({"email_verified": true})).await.expect(200);
    for _ in 0..2 {
        let login = login(api, &who, json!({})).await;
        assert_eq!(login["user"]["app_metadata"]["customer_id"], "customer-7", "{login}");
        assert_eq!(login["claims"]["access_token"]["https://example.com/customer_id"], "customer-7", "{login}");
    }
    assert_eq!(https.requests(), 1);
}
