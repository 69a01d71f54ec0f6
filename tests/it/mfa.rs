//! Second factors: enrolling, giving and losing them, and what the tenant's administrators see and do of them.

use postern_e2e::{Api, Server, encode, module};
use serde_json::{Value, json};

/// Base32 of the secret of RFC 6238's examples.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// What an app shows for a base32 secret, `steps` of half a minute from now.
pub(crate) fn code(secret: &str, steps: i64) -> String {
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let second = jiff::Timestamp::now().as_second() + 30 * steps;
    totp.generate(second.cast_unsigned()).to_string()
}

fn methods(user: &str) -> String {
    format!("/api/v2/users/{}/authentication-methods", encode(user))
}

async fn enter_app(api: &Api, user: &str) -> Value {
    let body = json!({"type": "totp", "name": "phone app", "totp_secret": SECRET});
    api.post(&methods(user), &body).await.expect(201)
}

#[tokio::test]
async fn administrators_enter_name_and_take_away_an_app() {
    let server = Server::start().await;
    let api = &server.api;
    let user = api.user_create("ann").await;
    let list = methods(&user);
    assert_eq!(api.get(&list).await.expect(200), json!([]));

    let made = enter_app(api, &user).await;
    assert_eq!(
        (&made["type"], &made["confirmed"], &made["totp_secret"]),
        (&json!("totp"), &json!(true), &json!(SECRET))
    );
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("totp|dev_"), "{id}");
    assert_eq!(api.user(&user).await["multifactor"], json!(["guardian"]));
    let _code = api.post(&list, &json!({"type": "totp"})).await.refused(409);
    for kind in ["phone", "webauthn-roaming", "passkey"] {
        let answer = api.post(&list, &json!({"type": kind, "phone_number": "+15555550100"})).await;
        assert!(answer.body["message"].as_str().unwrap().contains("provider"), "{}", answer.body);
        let _code = answer.refused(400);
    }
    let _code = api.post(&list, &json!({"type": "totp", "totp_secret": "short"})).await.refused(400);

    let one = format!("{list}/{}", encode(id));
    let named = api.patch(&one, &json!({"name": "new phone"})).await.expect(200);
    assert_eq!(named["name"], "new phone");
    let shown = api.get(&one).await.expect(200);
    assert_eq!(shown["name"], "new phone");
    assert!(shown.get("totp_secret").is_none(), "shown once: {shown}");
    let totals = api.get(&format!("{list}?include_totals=true")).await.expect(200);
    assert_eq!((&totals["total"], &totals["authenticators"][0]["id"]), (&json!(1), &json!(id)));

    let device = id.strip_prefix("totp|").unwrap();
    let enrollments = format!("/api/v2/users/{}/enrollments", encode(&user));
    let enrolled = api.get(&enrollments).await.expect(200);
    assert_eq!((&enrolled[0]["id"], &enrolled[0]["status"]), (&json!(device), &json!("confirmed")));
    let enrollment = format!("/api/v2/guardian/enrollments/{device}");
    assert_eq!(api.get(&enrollment).await.expect(200)["auth_method"], "authenticator");
    let _none = api.delete(&enrollment).await.expect(204);
    let _code = api.get(&enrollment).await.refused(404);
    assert_eq!(api.user(&user).await.get("multifactor"), None);
    assert_eq!(api.get(&list).await.expect(200), json!([]));
    let log = api.get("/api/v2/logs").await.expect(200);
    assert!(log.as_array().unwrap().iter().any(|entry| entry["type"] == "gd_unenroll"), "{log}");
}

#[tokio::test]
async fn every_way_to_take_factors_away_takes_them_away() {
    let server = Server::start().await;
    let api = &server.api;
    let user = api.user_create("ann").await;
    let base = format!("/api/v2/users/{}", encode(&user));
    let regenerate = format!("{base}/recovery-code-regeneration");
    for path in ["multifactor/google-authenticator", "authenticators", "authentication-methods"] {
        let _code = api.post(&regenerate, &json!({})).await.refused(404);
        let _made = enter_app(api, &user).await;
        let code = api.post(&regenerate, &json!({})).await.expect(200);
        assert_eq!(code["recovery_code"].as_str().unwrap().len(), 24);
        assert_eq!(api.get(&methods(&user)).await.expect(200).as_array().unwrap().len(), 2);
        let _none = api.delete(&format!("{base}/{path}")).await.expect(204);
        assert_eq!(api.get(&methods(&user)).await.expect(200), json!([]), "{path}");
        assert_eq!(api.user(&user).await.get("multifactor"), None, "{path}");
    }
    let _made = enter_app(api, &user).await;
    let _none = api.delete(&format!("{base}/multifactor/duo")).await.expect(204);
    let _code = api.delete(&format!("{base}/multifactor/pigeon")).await.refused(400);
    assert_eq!(api.get(&methods(&user)).await.expect(200).as_array().unwrap().len(), 1);
    let replaced = api
        .send(reqwest::Method::PUT, &methods(&user), Some(&json!([{"type": "totp", "totp_secret": SECRET}])))
        .await
        .expect(200);
    assert_eq!(replaced.as_array().unwrap().len(), 1);
    let _none =
        api.post(&format!("{base}/multifactor/actions/invalidate-remember-browser"), &json!({})).await.expect(204);
}

#[tokio::test]
async fn factors_that_nobody_verifies_are_not_enabled() {
    let server = Server::start().await;
    let api = &server.api;
    let factors = || async { api.get("/api/v2/guardian/factors").await.expect(200) };
    let enabled = |list: &Value, name: &str| {
        list.as_array().unwrap().iter().find(|factor| factor["name"] == name).unwrap()["enabled"].clone()
    };
    let before = factors().await;
    assert_eq!((enabled(&before, "otp"), enabled(&before, "sms")), (json!(true), json!(false)));
    let put = |name: &str, on: bool| {
        let path = format!("/api/v2/guardian/factors/{name}");
        async move { api.send(reqwest::Method::PUT, &path, Some(&json!({"enabled": on}))).await }
    };
    for name in ["sms", "push-notification", "duo", "email", "webauthn-roaming", "webauthn-platform"] {
        let _code = put(name, true).await.refused(400);
        let _same = put(name, false).await.expect(200);
    }
    let _code = put("pigeon", true).await.refused(404);
    let _off = put("otp", false).await.expect(200);
    assert_eq!(enabled(&factors().await, "otp"), json!(false));
    let _on = put("otp", true).await.expect(200);
    assert_eq!(factors().await, before);

    let policies = "/api/v2/guardian/policies";
    assert_eq!(api.get(policies).await.expect(200), json!([]));
    let put = |body: Value| async move { api.send(reqwest::Method::PUT, policies, Some(&body)).await };
    let _code = put(json!(["confidence-score"])).await.refused(400);
    let _code = put(json!(["sometimes"])).await.refused(400);
    assert_eq!(put(json!(["all-applications"])).await.expect(200), json!(["all-applications"]));
    assert_eq!(api.get(policies).await.expect(200), json!(["all-applications"]));
    assert_eq!(put(json!([])).await.expect(200), json!([]));
}

#[tokio::test]
async fn an_action_sees_the_factor_that_a_simulated_user_gave() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (api.client_id().await, api.user_create("ann").await);
    let _action = api.install("factor", &module("factor")).await;
    let waiting = api.login(&client, &user).await;
    assert_eq!(waiting["outcome"]["type"], "challenge", "{waiting}");
    let path = format!("/api/v2/simulated-logins/{}/continue", waiting["login_id"].as_str().unwrap());
    let state = &waiting["outcome"]["state"];
    let _code = api.post(&path, &json!({"query": {"state": state}, "factor": "phone"})).await.refused(400);
    let resumed = api.post(&path, &json!({"query": {"state": state}, "factor": "otp"})).await.expect(200);
    assert_eq!(resumed["outcome"]["type"], "allow", "{resumed}");
    let factor = &resumed["user"]["app_metadata"]["factor"];
    assert_eq!((&factor["name"], &factor["type"]), (&json!("mfa"), &json!("otp")));
}
