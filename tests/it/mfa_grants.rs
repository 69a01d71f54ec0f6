//! Second factors in the grants of the token endpoint: `mfa_required`, `/mfa/*`, and what goes on from there.

use jiff::{SignedDuration, Timestamp};
use postern_app::authentication::mfa_login_fetch;
use postern_app::tenants::tenant_by_domain;
use postern_app::{OpCtx, ids};
use postern_e2e::{Answer, Api, Server, encode, module, returning};
use serde_json::{Value, json};

use crate::mfa::code;
use crate::tokens::{app_create, claims, exchange, in_process, logged, login, refresh, refused};

const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
const RECOVERY: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";
const SCOPE: &str = "openid offline_access";

type Client = (String, String);

/// Logs in with the password, which is not enough: what the user is asked for, and the token to go on with.
async fn challenged(api: &Api, client: &Client) -> (Value, String) {
    let answer = exchange(api, &login(client, SCOPE)).await.expect(403);
    let words = (&answer["error"], &answer["error_description"]);
    assert_eq!(words, (&json!("mfa_required"), &json!("Multifactor authentication required")), "{answer}");
    (answer["mfa_requirements"].clone(), answer["mfa_token"].as_str().unwrap().to_owned())
}

async fn otp(api: &Api, client: &Client, token: &str, code: &str) -> Answer {
    let body = json!({
        "grant_type": OTP, "client_id": client.0, "client_secret": client.1, "mfa_token": token, "otp": code,
    });
    exchange(api, &body).await
}

async fn associate(api: &Api, token: &str) -> Answer {
    api.with_token(Some(token)).post("/mfa/associate", &json!({"authenticator_types": ["otp"]})).await
}

/// Enrolls a user by their first login; the secret and the recovery code.
async fn enroll(api: &Api, client: &Client) -> (String, String) {
    let (wanted, token) = challenged(api, client).await;
    assert_eq!(wanted, json!({"enroll": [{"type": "otp"}]}));
    let made = associate(api, &token).await.expect(200);
    assert_eq!(made["authenticator_type"], "otp");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let uri = made["barcode_uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(&format!("secret={secret}")), "{uri}");
    let recovery = made["recovery_codes"][0].as_str().unwrap().to_owned();
    assert_eq!(recovery.len(), 24);
    let tokens = otp(api, client, &token, &code(&secret, -1)).await.expect(200);
    assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string(), "{tokens}");
    (secret, recovery)
}

fn enable() -> Vec<u8> {
    returning(r#"{"mutations":[{"type":"multifactor.enable","provider":"any"}]}"#)
}

#[tokio::test]
async fn a_password_grant_enrolls_challenges_and_recovers() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (app_create(api, json!({})).await, api.user_create("ann").await);
    let _action = api.install("factor", &module("factor")).await;
    let (secret, recovery) = enroll(api, &client).await;
    let stored = api.user(&user).await;
    assert_eq!(stored["multifactor"], json!(["guardian"]));
    let factor = &stored["app_metadata"]["factor"];
    assert_eq!((&factor["name"], &factor["type"]), (&json!("mfa"), &json!("otp")), "onContinue saw it: {stored}");
    assert_eq!(stored["logins_count"], 1);

    let (wanted, token) = challenged(api, &client).await;
    assert_eq!(wanted, json!({"challenge": [{"type": "otp"}]}));
    let held = api.with_token(Some(&token)).get("/mfa/authenticators").await.expect(200);
    let mut kinds: Vec<&str> =
        held.as_array().unwrap().iter().map(|held| held["authenticator_type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["otp", "recovery-code"], "{held}");
    let asked = json!({"mfa_token": token, "client_id": client.0, "client_secret": client.1, "challenge_type": "otp"});
    let anyone = api.with_token(None);
    assert_eq!(anyone.post("/mfa/challenge", &asked).await.expect(200), json!({"challenge_type": "otp"}));
    refused(associate(api, &token).await, 403, "access_denied", "User is already enrolled.");
    // The code that enrolled the app is not taken again, and neither is a made-up one.
    for wrong in [code(&secret, -1).as_str(), "000000", "12345", "x"] {
        refused(otp(api, &client, &token, wrong).await, 403, "invalid_grant", "Invalid otp_code.");
    }
    let tokens = otp(api, &client, &token, &code(&secret, 0)).await.expect(200);
    assert_eq!(claims(&tokens["id_token"])["sub"], json!(user));
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
    refused(otp(api, &client, &token, &code(&secret, 1)).await, 403, "expired_token", "mfa_token is expired");

    let (_, token) = challenged(api, &client).await;
    let mut body = json!({
        "grant_type": RECOVERY, "client_id": client.0, "client_secret": client.1, "mfa_token": token,
        "recovery_code": "AAAAAAAAAAAAAAAAAAAAAAAA",
    });
    refused(exchange(api, &body).await, 403, "invalid_grant", "MFA Authorization rejected.");
    body["recovery_code"] = json!(recovery);
    let tokens = exchange(api, &body).await.expect(200);
    let next = tokens["recovery_code"].as_str().unwrap().to_owned();
    assert_ne!(next, recovery);
    let (_, token) = challenged(api, &client).await;
    body["mfa_token"] = json!(token);
    refused(exchange(api, &body).await, 403, "invalid_grant", "MFA Authorization rejected.");
    body["recovery_code"] = json!(next);
    assert_eq!(exchange(api, &body).await.expect(200)["recovery_code"].as_str().unwrap().len(), 24);
    let types = logged(api).await;
    for kind in ["gd_auth_failed", "gd_auth_succeed", "gd_recovery_succeed", "gd_recovery_failed"] {
        assert!(types.iter().any(|logged| logged == kind), "{kind}: {types:?}");
    }
}

#[tokio::test]
async fn wrong_codes_are_bounded() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, _user) = (app_create(api, json!({})).await, api.user_create("ann").await);
    let _action = api.install("enable", &enable()).await;
    let (secret, _) = enroll(api, &client).await;
    let (_, token) = challenged(api, &client).await;
    // All at the same time: none is looked at beside the count.
    let tries = (0..14).map(|n| {
        let wrong = format!("{:06}", n * 7919);
        let (client, token) = (&client, &token);
        async move { otp(api, client, token, &wrong).await.status.as_u16() }
    });
    let tries = futures_util::future::join_all(tries).await;
    assert_eq!(tries.iter().filter(|status| **status == 403).count(), 10, "{tries:?}");
    assert_eq!(tries.iter().filter(|status| **status == 429).count(), 4, "{tries:?}");
    let answer = otp(api, &client, &token, &code(&secret, 0)).await.expect(429);
    assert_eq!(answer["error"], "too_many_attempts", "{answer}");
    // A new login does not help.
    let (_, token) = challenged(api, &client).await;
    assert_eq!(otp(api, &client, &token, &code(&secret, 0)).await.status, 429);
    assert!(logged(api).await.iter().any(|kind| kind == "gd_otp_rate_limit_exceed"));
}

#[tokio::test]
async fn one_code_is_good_for_one_of_many_at_the_same_time() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, _user) = (app_create(api, json!({})).await, api.user_create("ann").await);
    let _action = api.install("enable", &enable()).await;
    let (secret, _) = enroll(api, &client).await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(challenged(api, &client).await.1);
    }
    let now = code(&secret, 0);
    let tries = tokens.iter().map(|token| otp(api, &client, token, &now));
    let allowed = futures_util::future::join_all(tries).await.into_iter().filter(|answer| answer.status == 200);
    assert_eq!(allowed.count(), 1);
}

#[tokio::test]
async fn an_mfa_token_is_its_clients_and_has_its_time() {
    let mut server = Server::start().await;
    let api = server.api.clone();
    let (client, _user) = (app_create(&api, json!({})).await, api.user_create("ann").await);
    let other = app_create(&api, json!({"name": "other"})).await;
    let _action = api.install("enable", &enable()).await;
    let (secret, _) = enroll(&api, &client).await;
    let (_, token) = challenged(&api, &client).await;
    let foreign = "mfa_token not issued to this client";
    refused(otp(&api, &other, &token, &code(&secret, 0)).await, 400, "invalid_request", foreign);
    let wrong_secret = (client.0.clone(), "wrong".to_owned());
    assert_eq!(otp(&api, &wrong_secret, &token, &code(&secret, 0)).await.status, 401);
    refused(otp(&api, &client, "nonsense", &code(&secret, 0)).await, 403, "invalid_grant", "Malformed mfa_token");
    refused(associate(&api, "nonsense").await, 403, "invalid_grant", "Malformed mfa_token");
    let anyone = api.with_token(None);
    assert_eq!(anyone.get("/mfa/authenticators").await.status, 401);
    // Another tenant does not know it.
    let (second, _) = api.tenant_create(&server.bootstrap.operator_token, "second").await;
    refused(associate(&second, &token).await, 403, "invalid_grant", "Malformed mfa_token");
    // A page of ours does not take it either.
    assert_eq!(anyone.get(&format!("/u/mfa?state={}", encode(&token))).await.status, 400);
    assert_eq!(anyone.get(&format!("/continue?state={}", encode(&token))).await.status, 400);
    // What is missing is said before the token is looked at.
    let body = json!({"grant_type": OTP, "client_id": client.0, "client_secret": client.1, "mfa_token": token});
    refused(exchange(&api, &body).await, 400, "invalid_request", "Missing required parameter: otp");

    let status = server.stop();
    assert!(status.success(), "{status}");
    let app = in_process(&server);
    let tenant = tenant_by_domain(&app, &api.domain).await.unwrap();
    let at = |minutes: i64| Timestamp::now().checked_add(SignedDuration::from_mins(minutes)).unwrap();
    let ctx = |minutes| OpCtx::visitor(tenant.tenant.clone(), at(minutes), ids::request().unwrap());
    assert!(mfa_login_fetch(&app, &ctx(9), &token).await.is_ok());
    let late = mfa_login_fetch(&app, &ctx(11), &token).await.unwrap_err();
    assert!(format!("{late:?}").contains("expired_token"), "{late:?}");
}

#[tokio::test]
async fn factors_that_cannot_be_asked_for_end_the_login() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (app_create(api, json!({})).await, api.user_create("ann").await);
    let push = r#"{"mutations":[{"type":"authentication.challengeWith","factor":{"type":"push-notification"}}]}"#;
    let _action = api.install("push", &returning(push)).await;
    assert_eq!(exchange(api, &login(&client, SCOPE)).await.expect(403)["error"], "access_denied");
    let logs = api.get(&format!("/api/v2/users/{}/logs", encode(&user))).await.expect(200);
    let execution = logs[0]["details"]["actions"]["executions"][0].as_str().unwrap();
    let record = api.get(&format!("/api/v2/actions/executions/{execution}")).await.expect(200);
    assert!(record.to_string().contains("'push-notification' needs a provider"), "{record}");
    assert_eq!(api.user(&user).await["logins_count"].as_u64().unwrap_or_default(), 0);
}

#[tokio::test]
async fn a_policy_asks_everyone_and_a_refresh_too_where_an_action_does() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (app_create(api, json!({})).await, api.user_create("ann").await);
    let policies = json!(["all-applications"]);
    let _set = api.send(reqwest::Method::PUT, "/api/v2/guardian/policies", Some(&policies)).await.expect(200);
    let (secret, _) = enroll(api, &client).await;
    let (_, token) = challenged(api, &client).await;
    let tokens = otp(api, &client, &token, &code(&secret, 0)).await.expect(200);
    // The login behind the refresh token had a factor.
    let again = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(200);
    assert!(again["access_token"].is_string());
    // An action asks at every exchange, as Auth0's does.
    let _action = api.install("enable", &enable()).await;
    let answer = exchange(api, &refresh(&client, &tokens["refresh_token"])).await.expect(403);
    assert_eq!((&answer["error"], answer["mfa_token"].is_string()), (&json!("mfa_required"), true), "{answer}");
    let token = answer["mfa_token"].as_str().unwrap();
    let tokens = otp(api, &client, token, &code(&secret, 1)).await.expect(200);
    assert_eq!(claims(&tokens["access_token"])["sub"], json!(user));

    // Without a factor that can be asked for nobody comes in.
    let _off = api
        .send(reqwest::Method::PUT, "/api/v2/guardian/factors/otp", Some(&json!({"enabled": false})))
        .await
        .expect(200);
    assert_eq!(exchange(api, &login(&client, SCOPE)).await.expect(403)["error"], "access_denied");
}

#[tokio::test]
async fn a_user_takes_their_own_factor_away_only_with_it() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (app_create(api, json!({})).await, api.user_create("ann").await);
    let action = api.install("enable", &enable()).await;
    let (secret, _) = enroll(api, &client).await;
    let _bound = api.bind(&[]).await;
    let _gone = api.delete(&format!("/api/v2/actions/actions/{action}?force=true")).await;
    // No action asks any more, but the API of factors is not for a password alone.
    let mut body = login(&client, "openid read:authenticators remove:authenticators");
    let plain = exchange(api, &body).await.expect(200);
    body["audience"] = json!(format!("https://{}/mfa/", api.domain));
    let answer = exchange(api, &body).await.expect(403);
    assert_eq!(answer["error"], "mfa_required", "{answer}");
    let token = answer["mfa_token"].as_str().unwrap();
    let tokens = otp(api, &client, token, &code(&secret, 0)).await.expect(200);
    let own = api.with_token(tokens["access_token"].as_str());
    let held = own.get("/mfa/authenticators").await.expect(200);
    let id = held.as_array().unwrap().iter().find(|held| held["authenticator_type"] == "otp").unwrap()["id"].clone();
    let path = format!("/mfa/authenticators/{}", encode(id.as_str().unwrap()));
    for other in [Some("nonsense"), plain["access_token"].as_str(), api.token.as_deref()] {
        assert_eq!(api.with_token(other).delete(&path).await.status, 401);
    }
    assert_eq!(own.delete("/mfa/authenticators/totp%7Cdev_nothing").await.status, 404);
    let _none = own.delete(&path).await.expect(204);
    assert_eq!(own.get("/mfa/authenticators").await.expect(200), json!([]));
    assert_eq!(api.user(&user).await.get("multifactor"), None);
}
