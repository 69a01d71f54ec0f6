//! What `Mutation::check` takes and refuses, row by row.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests"
)]

use postern_contract::Mutation;
use serde_json::{Value, json};

fn decode(mutation: Value) -> Mutation {
    serde_json::from_value(mutation.clone()).unwrap_or_else(|error| panic!("{mutation}: {error}"))
}

#[track_caller]
fn legal(mutation: Value) {
    assert_eq!(decode(mutation.clone()).check(), Ok(()), "{mutation}");
}

/// `rule` is a part of the text.
#[track_caller]
fn refused(mutation: Value, rule: &str) {
    let kind = mutation["type"].as_str().unwrap().to_owned();
    let text = decode(mutation.clone()).check().expect_err(&mutation.to_string()).to_string();
    assert!(text.starts_with(&kind) && text.contains(rule), "{mutation}: {text}");
}

#[test]
fn claims_and_scopes() {
    for token in ["idToken", "accessToken"] {
        let kind = format!("{token}.setCustomClaim");
        legal(json!({"type": kind, "key": "https://example.com/a", "value": {"b": [1, null]}}));
        refused(json!({"type": kind, "key": "scope", "value": "x"}), "accessToken.addScope");
    }
    for kind in ["accessToken.addScope", "accessToken.removeScope"] {
        legal(json!({"type": kind, "scope": "read:a"}));
        legal(json!({"type": kind, "scope": "ü".repeat(280)}));
        for bad in ["", "a b", " a", "a\u{a0}b", &"x".repeat(281)] {
            refused(json!({"type": kind, "scope": bad}), "1 to 280");
        }
    }
}

#[test]
fn metadata_of_users() {
    for kind in ["user.setAppMetadata", "user.setUserMetadata"] {
        legal(json!({"type": kind, "key": "plan", "value": {"a": [1, "b"]}}));
        legal(json!({"type": kind, "key": "plan", "value": null}));
        legal(json!({"type": kind, "key": "plan"}));
        legal(json!({"type": kind, "key": "ü".repeat(255), "value": 1}));
        for bad in ["", "a.b", "$a", "a\0b", "a\n", &"x".repeat(256)] {
            refused(json!({"type": kind, "key": bad, "value": 1}), "1 to 255");
        }
    }
}

#[test]
fn metadata_of_transactions() {
    let set = |key: &str, value: Value| json!({"type": "transaction.setMetadata", "key": key, "value": value});
    for value in [json!("x".repeat(8192)), json!(9_007_199_254_740_991_i64), json!(-3), json!(true), json!(null)] {
        legal(set("k", value));
    }
    refused(set(&"k".repeat(65), json!(1)), "1 to 64");
    refused(set("", json!(1)), "1 to 64");
    refused(set("k", json!("x".repeat(8193))), "8192");
    for bad in [json!(1.5), json!(9_007_199_254_740_992_i64), json!(1e300)] {
        refused(set("k", bad), "2^53");
    }
    for bad in [json!([]), json!({})] {
        refused(set("k", bad), "a string, a number");
    }
}

#[test]
fn metadata_of_sessions_and_refresh_tokens() {
    for kind in ["session.setMetadata", "refreshToken.setMetadata"] {
        legal(json!({"type": kind, "key": "a-Z_9", "value": "x".repeat(255)}));
        legal(json!({"type": kind, "key": "a", "value": null}));
        for bad in ["", "a b", "ü", "a.b", &"x".repeat(256)] {
            refused(json!({"type": kind, "key": bad, "value": "v"}), "letters, digits");
        }
        for bad in ["a\0b", &"x".repeat(256)] {
            refused(json!({"type": kind, "key": "a", "value": bad}), "255 characters");
        }
    }
    for (kind, key) in [("setExpiresAt", "absolute"), ("setIdleExpiresAt", "inactivity")] {
        for object in ["session", "refreshToken"] {
            let set = |at: f64| json!({"type": format!("{object}.{kind}"), key: at});
            legal(set(1.7e12));
            refused(set(0.0), "other than 0");
        }
    }
    assert!(Mutation::SessionSetExpiresAt { absolute: f64::INFINITY }.check().is_err());
    assert!(Mutation::SessionSetExpiresAt { absolute: f64::NAN }.check().is_err());
    legal(json!({"type": "refreshToken.revoke", "reason": "x".repeat(1024)}));
    refused(json!({"type": "refreshToken.revoke", "reason": "x".repeat(1025)}), "1024");
    legal(json!({"type": "session.revoke", "reason": "r", "options": {"preserveRefreshTokens": true}}));
    refused(json!({"type": "session.revoke", "reason": "r", "options": {"preserveRefreshTokens": 1}}), "boolean");
    legal(json!({"type": "session.setCookieMode", "mode": "non-persistent"}));
    refused(json!({"type": "session.setCookieMode", "mode": "forever"}), "persistent");
}

#[test]
fn addresses() {
    let send = |url: &str| json!({"type": "redirect.sendUserTo", "url": url});
    for good in
        ["https://a.example", "HTTP://a.example:8080/x?y#z", "http://u@a/", "myapp://done", "mailto:a@b.example"]
    {
        legal(send(good));
    }
    let bad =
        ["", "a.example", "/path", "//a.example", "https:/a", "https://", "https://:1/", "https:///x", "1a:b", "a b:c"];
    for bad in bad.into_iter().chain(["https://a.example/ x", "https://a.example/\r\nx: y", "myapp:"]) {
        refused(send(bad), "absolute URL");
    }
    legal(json!({"type": "authentication.recordMethod", "providerUrl": "https://a.example/m"}));
    refused(json!({"type": "authentication.recordMethod", "providerUrl": "myapp://m"}), "http or https");
    legal(json!({"type": "authentication.setPrimaryUser", "primaryUserId": "auth0|1"}));
    refused(json!({"type": "authentication.setPrimaryUser", "primaryUserId": ""}), "1 to 128");
    refused(json!({"type": "authentication.setPrimaryUser", "primaryUserId": "x".repeat(129)}), "1 to 128");
}

#[test]
fn factors() {
    for name in ["challenge", "enroll"] {
        let with = |factor: Value| json!({"type": format!("authentication.{name}With"), "factor": factor});
        for kind in
            ["otp", "phone", "push-notification", "push", "webauthn-platform", "webauthn-roaming", "recovery-code"]
        {
            legal(with(json!({"type": kind})));
        }
        legal(with(json!({"type": "phone", "options": {"preferredMethod": "voice"}})));
        refused(with(json!({"type": "phone", "options": {"preferredMethod": "fax"}})), "preferredMethod");
        refused(with(json!({"type": "push", "options": {"otpFallback": "yes"}})), "otpFallback");
        refused(with(json!({"type": "pigeon"})), "a factor is");
        let mut more = with(json!({"type": "otp"}));
        more["additionalFactors"] = json!([{"type": "pigeon"}]);
        refused(more, "a factor is");
        let any = |factors: Value| json!({"type": format!("authentication.{name}WithAny"), "factors": factors});
        legal(any(json!([{"type": "otp"}])));
        refused(any(json!([])), "at least one");
    }
    legal(json!({"type": "authentication.challengeWith", "factor": {"type": "email"}}));
    refused(json!({"type": "authentication.enrollWith", "factor": {"type": "email"}}), "cannot be enrolled");
    let enable = |provider: &str, options: Value| json!({"type": "multifactor.enable", "provider": provider, "options": options});
    for provider in ["any", "none", "guardian", "google-authenticator", "duo"] {
        legal(enable(provider, json!({"allowRememberBrowser": false})));
    }
    refused(enable("sms", json!({})), "a provider is");
    legal(enable("duo", json!({"providerOptions": {"host": "h", "ikey": "i", "skey": "s"}})));
    refused(enable("duo", json!({"providerOptions": {"host": "h"}})), "host, ikey, skey");
}

#[test]
fn prompts_and_validation() {
    let render = |fields: Value| json!({"type": "prompt.render", "promptId": "ap_1", "fields": fields});
    let many = |count: usize| (0..count).map(|n| (format!("f{n}"), json!(n))).collect::<serde_json::Map<_, _>>();
    legal(json!({"type": "prompt.render", "promptId": "x".repeat(48)}));
    refused(json!({"type": "prompt.render", "promptId": "x".repeat(49)}), "48");
    refused(json!({"type": "prompt.render", "promptId": ""}), "48");
    legal(render(many(24).into()));
    refused(render(many(25).into()), "24 entries");
    legal(render(json!({"_a1": 1})));
    for bad in ["1a", "a-b", "", &"x".repeat(51)] {
        refused(render(json!({bad: 1})), "50 letters");
    }
    legal(json!({"type": "prompt.render", "promptId": "ap_1", "vars": {"a b": 1}}));
    refused(render(json!({"a": "x".repeat(24 * 1024)})), "24 KiB");
    legal(json!({"type": "validation.error", "code": "c".repeat(100), "message": "m"}));
    refused(json!({"type": "validation.error", "code": "c".repeat(101), "message": "m"}), "100");
    refused(json!({"type": "validation.error", "code": "c", "message": "m".repeat(101)}), "100");
}

#[test]
fn saml() {
    let attribute =
        |name: &str, value: Value| json!({"type": "samlResponse.setAttribute", "attribute": name, "value": value});
    for value in [json!("x".repeat(2048)), json!(1), json!(null), json!(["a", 1, true, null])] {
        legal(attribute("a", value));
    }
    refused(attribute(&"a".repeat(1025), json!(1)), "1024");
    refused(attribute("a", json!("x".repeat(2049))), "2048");
    for bad in [json!({}), json!([[1]]), json!([{}])] {
        refused(attribute("a", bad), "scalar");
    }
    for (kind, key, length) in [
        ("setAudience", "audience", 2048),
        ("setRecipient", "recipient", 2048),
        ("setDestination", "destination", 2048),
        ("setIssuer", "issuer", 512),
        ("setRelayState", "relayState", 512),
        ("setCert", "cert", 4096),
        ("setNameIdentifierFormat", "nameIdentifierFormat", 512),
        ("setKey", "key", 4096),
        ("setAuthnContextClassRef", "authnContextClassRef", 512),
        ("setSigningCert", "signingCert", 4096),
        ("setEncryptionCert", "encryptionCert", 4096),
        ("setEncryptionPublicKey", "encryptionPublicKey", 4096),
    ] {
        legal(json!({"type": format!("samlResponse.{kind}"), key: "x".repeat(length)}));
        refused(json!({"type": format!("samlResponse.{kind}"), key: "x".repeat(length + 1)}), &length.to_string());
    }
    for (kind, key, good) in [
        ("setSignatureAlgorithm", "signatureAlgorithm", "rsa-sha256"),
        ("setDigestAlgorithm", "digestAlgorithm", "sha1"),
        ("setEncryptionAlgorithm", "encryptionAlgorithm", "aes256-gcm"),
    ] {
        legal(json!({"type": format!("samlResponse.{kind}"), key: good}));
        refused(json!({"type": format!("samlResponse.{kind}"), key: "md5"}), "algorithm");
    }
    let probes = |count: usize| json!({"type": "samlResponse.setNameIdentifierProbes", "nameIdentifierProbes": vec!["p"; count]});
    legal(probes(10));
    refused(probes(11), "at most 10");
    let lifetime = |seconds: f64| json!({"type": "samlResponse.setLifetimeInSeconds", "lifetimeInSeconds": seconds});
    legal(lifetime(3600.0));
    refused(lifetime(0.0), "positive");
}
