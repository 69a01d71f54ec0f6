//! Rotation of the keys that sign tokens: what was signed before still checks, until its key is revoked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern_e2e::{Api, Server};
use serde_json::{Value, json};

/// `kid`s that are published, the current one first.
async fn published(api: &Api) -> Vec<String> {
    let keys = api.with_token(None).get("/.well-known/jwks.json").await.expect(200);
    let keys = keys["keys"].as_array().unwrap();
    for key in keys {
        let text = |name: &str| key[name].as_str().unwrap_or_else(|| panic!("{name}: {key}"));
        assert_eq!((text("kty"), text("use"), text("alg"), text("e")), ("RSA", "sig", "RS256", "AQAB"));
        let der = base64::engine::general_purpose::STANDARD.decode(key["x5c"][0].as_str().unwrap()).unwrap();
        let modulus = URL_SAFE_NO_PAD.decode(text("n")).unwrap();
        assert!(der.windows(modulus.len()).any(|part| part == modulus), "the certificate is the key's own");
        assert_eq!(URL_SAFE_NO_PAD.decode(text("x5t")).unwrap().len(), 20);
    }
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_rotation_breaks_no_token_and_a_revocation_does() {
    let mut server = Server::start().await;
    let api = server.api.clone();
    let old = api.token.clone().unwrap();
    let before = published(&api).await;
    assert_eq!(before.len(), 2, "the current and the next key");
    assert_eq!(kid(&old), before[0]);

    let out = server.postern(&["--bootstrap", "bootstrap.json", "--json", "keys", "rotate"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let rotated: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(rotated["kid"], before[1].as_str(), "the next key is the current one now");
    assert!(rotated["cert"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"), "{rotated}");
    let after = published(&api).await;
    assert_eq!((after.len(), &after[0], &after[2]), (3, &before[1], &before[0]));
    assert!(!before.contains(&after[1]), "the next key is a new one");

    // The old token is good, a new one is signed by the new key.
    let _clients = api.get("/api/v2/clients").await.expect(200);
    let bootstrap = server.bootstrap.clone();
    let new = api.token(&bootstrap.client_id, &bootstrap.client_secret, None).await;
    assert_eq!(kid(&new), before[1]);
    assert!(server.stop().success());
    server.restart().await;
    assert_eq!(published(&api).await, after, "a restart changes nothing");

    let api = api.with_token(Some(&new));
    let listed = api.get("/api/v2/keys/signing").await.expect(200);
    assert_eq!(
        (&listed[0]["current"], &listed[1]["next"], &listed[2]["previous"]),
        (&json!(true), &json!(true), &json!(true))
    );
    let current = format!("/api/v2/keys/signing/{}/revoke", after[0]);
    let answer = api.send(reqwest::Method::PUT, &current, None).await;
    let _code = answer.refused(400);
    let out = server.postern(&["--bootstrap", "bootstrap.json", "keys", "revoke", &before[0]]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(published(&api).await, after[..2]);
    let _code = api.with_token(Some(&old)).get("/api/v2/clients").await.refused(401);
    let _clients = api.get("/api/v2/clients").await.expect(200);
    let one = api.get(&format!("/api/v2/keys/signing/{}", before[0])).await.expect(200);
    assert_eq!(one["revoked"], true, "{one}");
    let logs = api.get("/api/v2/logs?q=type:sapi").await.expect(200);
    assert_eq!(logs[0]["description"], "Revoke a signing key", "{}", logs[0]);
    assert!(!logs.to_string().contains("sealed"), "{logs}");
}

#[tokio::test]
async fn keys_do_not_pile_up() {
    let server = Server::start().await;
    let api = &server.api;
    for _ in 0..8 {
        let _key = api.post("/api/v2/keys/signing/rotate", &json!(null)).await.expect(201);
    }
    let _code = api.post("/api/v2/keys/signing/rotate", &json!(null)).await.refused(400);
    assert_eq!(published(api).await.len(), 10);
}

#[tokio::test]
async fn the_discovery_document_says_all_that_clients_look_for() {
    let server = Server::start().await;
    let api = server.api.with_token(None);
    let answer = api.request(reqwest::Method::GET, "/.well-known/openid-configuration").send().await.unwrap();
    assert!(answer.headers()["cache-control"].to_str().unwrap().contains("max-age"));
    let found: Value = answer.json().await.unwrap();
    let issuer = &server.bootstrap.issuer;
    assert_eq!(found["issuer"], issuer.as_str());
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "end_session_endpoint",
        "mfa_challenge_endpoint",
    ] {
        assert!(found[name].as_str().is_some_and(|url| url.starts_with(issuer)), "{name}: {found}");
    }
    for (name, one) in [
        ("scopes_supported", "openid"),
        ("response_types_supported", "code"),
        ("response_modes_supported", "web_message"),
        ("code_challenge_methods_supported", "S256"),
        ("claims_supported", "sub"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("token_endpoint_auth_methods_supported", "none"),
        ("subject_types_supported", "public"),
    ] {
        assert!(found[name].as_array().is_some_and(|list| list.contains(&json!(one))), "{name}: {found}");
    }
    assert!(found.get("device_authorization_endpoint").is_none());
}
