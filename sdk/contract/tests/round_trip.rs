//! Whatever is written is read back the same, whichever the order of the keys.

use postern_contract::{
    Body, CacheWrite, CryptoCurve, CryptoHash, CryptoPbkdf2, CryptoRsa, CryptoVerify, Factor, GuestError, HostCall,
    HttpRedirect, MultifactorOptions, Mutation, PssSalt, RsaPadding, RunResult, SignatureScheme, Stamp,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Every mutation once, as the reference writes it.
#[expect(clippy::too_many_lines, reason = "a table: one line a mutation")]
fn examples() -> Vec<Value> {
    let mut all = vec![
        json!({"type": "access.deny", "reason": "r"}),
        json!({"type": "access.deny", "reason": "r", "code": "invalid_scope"}),
        json!({"type": "accessToken.setCustomClaim", "key": "k", "value": {"a": [1, null, "x"]}}),
        json!({"type": "idToken.setCustomClaim", "key": "k", "value": 1.5}),
        json!({"type": "accessToken.addScope", "scope": "read:a"}),
        json!({"type": "accessToken.removeScope", "scope": "read:a"}),
        json!({"type": "authentication.challengeWith", "factor": {"type": "otp"}, "additionalFactors": [{"type": "email"}]}),
        json!({"type": "authentication.enrollWith", "factor": {"type": "phone", "options": {"preferredMethod": "sms"}}}),
        json!({"type": "authentication.challengeWithAny", "factors": [{"type": "otp"}, {"type": "email"}]}),
        json!({"type": "authentication.enrollWithAny", "factors": [{"type": "otp"}]}),
        json!({"type": "authentication.recordMethod", "providerUrl": "https://example.com/m"}),
        json!({"type": "authentication.setPrimaryUser", "primaryUserId": "auth0|1"}),
        json!({"type": "multifactor.enable", "provider": "any", "options": {"allowRememberBrowser": true}}),
        json!({"type": "prompt.render", "promptId": "p", "fields": {"a": 1}, "vars": {"b": "c"}}),
        json!({"type": "redirect.sendUserTo", "url": "https://example.com/?a=b"}),
        json!({"type": "refreshToken.revoke", "reason": "r"}),
        json!({"type": "refreshToken.evictMetadata"}),
        json!({"type": "session.evictMetadata"}),
        json!({"type": "samlResponse.setAttribute", "attribute": "a", "value": ["x", 1]}),
        json!({"type": "session.revoke", "reason": "r", "options": {"preserveRefreshTokens": true}}),
        json!({"type": "session.setCookieMode", "mode": "persistent"}),
        json!({"type": "transaction.setMetadata", "key": "k", "value": null}),
        json!({"type": "user.setAppMetadata", "key": "k", "value": null}),
        json!({"type": "user.setUserMetadata", "key": "k"}),
        json!({"type": "validation.error", "code": "c", "message": "m"}),
    ];
    for object in ["session", "refreshToken"] {
        all.push(json!({"type": format!("{object}.setExpiresAt"), "absolute": 1.5}));
        all.push(json!({"type": format!("{object}.setIdleExpiresAt"), "inactivity": 1e12}));
        all.push(json!({"type": format!("{object}.setMetadata"), "key": "k", "value": null}));
        all.push(json!({"type": format!("{object}.deleteMetadata"), "key": "k"}));
    }
    let texts = [
        "audience",
        "recipient",
        "destination",
        "issuer",
        "relayState",
        "nameIdentifierFormat",
        "authnContextClassRef",
        "signingCert",
        "encryptionCert",
        "encryptionPublicKey",
        "cert",
        "key",
    ];
    let mut saml = |key: &str, value: Value| {
        let (first, rest) = key.split_at(1);
        all.push(json!({"type": format!("samlResponse.set{}{rest}", first.to_uppercase()), key: value}));
    };
    texts.into_iter().for_each(|key| saml(key, json!("t")));
    saml("nameIdentifierProbes", json!(["a", "b"]));
    saml("signatureAlgorithm", json!("rsa-sha256"));
    saml("digestAlgorithm", json!("sha256"));
    saml("encryptionAlgorithm", json!("aes256-cbc"));
    saml("lifetimeInSeconds", json!(60.0));
    let flags = [
        "signResponse",
        "createUpnClaim",
        "passthroughClaimsWithNoMapping",
        "mapUnknownClaimsAsIs",
        "mapIdentities",
        "includeAttributeNameFormat",
        "typedAttributes",
    ];
    flags.into_iter().for_each(|key| saml(key, json!(true)));
    all
}

#[test]
fn every_mutation_of_the_reference_is_read_and_written_as_it_is() {
    let examples = examples();
    let mut seen: Vec<_> = examples.iter().map(|example| example["type"].as_str().unwrap()).collect();
    let mut all = Mutation::TYPES.to_vec();
    seen.sort_unstable();
    seen.dedup();
    all.sort_unstable();
    assert_eq!(seen, all);
    for example in &examples {
        let mutation: Mutation = serde_json::from_value(example.clone()).unwrap_or_else(|e| panic!("{example}: {e}"));
        assert_eq!(mutation.type_name(), example["type"]);
        assert_eq!(&json!(mutation), example);
        assert_eq!(mutation.check(), Ok(()), "{example}");
        // `type` may stand anywhere, though first is fastest.
        let text = serde_json::to_string(&mutation).unwrap();
        let members: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let last: Vec<_> = members.iter().rev().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
        assert_eq!(serde_json::from_str::<Mutation>(&format!("{{{}}}", last.join(","))).unwrap(), mutation);
    }
}

#[test]
fn surplus_keys_are_refused() {
    for mut example in examples() {
        example["surplus"] = json!(1);
        assert!(serde_json::from_value::<Mutation>(example.clone()).is_err(), "{example}");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e15..1e15).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(any::<String>(), value(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn factor() -> impl Strategy<Value = Factor> {
    (any::<String>(), option::of(object())).prop_map(|(kind, options)| Factor { kind, options })
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let text = any::<String>;
    prop_oneof![
        (text(), proptest::option::of(text()))
            .prop_map(|(reason, code)| Mutation::AccessDeny { reason: reason.into(), code }),
        (text(), option::of(value()))
            .prop_map(|(key, value)| Mutation::IdTokenSetCustomClaim { key: key.into(), value }),
        (text(), option::of(value())).prop_map(|(key, value)| Mutation::UserSetAppMetadata { key: key.into(), value }),
        (text(), option::of(text())).prop_map(|(key, value)| Mutation::SessionSetMetadata { key, value }),
        (factor(), option::of(vec(factor(), 0..3))).prop_map(|(factor, additional_factors)| {
            Mutation::AuthenticationChallengeWith { factor, additional_factors }
        }),
        (text(), option::of(object()), option::of(object()))
            .prop_map(|(prompt_id, fields, vars)| Mutation::PromptRender { prompt_id, fields, vars }),
        (text(), option::of(any::<bool>()), option::of(object())).prop_map(|(provider, allow, provider_options)| {
            let options = MultifactorOptions { allow_remember_browser: allow, provider_options };
            Mutation::MultifactorEnable { provider, options: Some(options) }
        }),
        (-1e15..1e15).prop_map(|absolute| Mutation::SessionSetExpiresAt { absolute }),
        vec(text(), 0..4).prop_map(|name_identifier_probes| Mutation::SamlResponseSetNameIdentifierProbes {
            name_identifier_probes
        }),
        Just(Mutation::SessionEvictMetadata {}),
    ]
}

fn run_result() -> impl Strategy<Value = RunResult> {
    let error = (any::<String>(), any::<String>(), option::of(any::<String>()));
    prop_oneof![
        vec(mutation(), 0..6).prop_map(RunResult::Mutations),
        error.prop_map(|(name, message, stack)| RunResult::Error(GuestError { name, message, stack })),
    ]
}

fn host_call() -> impl Strategy<Value = HostCall> {
    let text = any::<String>;
    let body = prop_oneof![text().prop_map(Body::Text), text().prop_map(Body::Base64)];
    let redirect = prop_oneof![Just(HttpRedirect::Follow), Just(HttpRedirect::Manual), Just(HttpRedirect::Error)];
    let headers = vec((text(), text()), 0..3);
    prop_oneof![
        text().prop_map(|key| HostCall::CacheGet { key }),
        (text(), text(), option::of(0.0..1e15), option::of(0.0..1e15))
            .prop_map(|(key, value, ttl, expires_at)| HostCall::CacheSet(CacheWrite { key, value, ttl, expires_at })),
        text().prop_map(|key| HostCall::CacheDelete { key }),
        (text(), text(), headers, option::of(body), option::of(any::<u64>()), redirect).prop_map(
            |(method, url, headers, body, timeout_ms, redirect)| HostCall::HttpFetch {
                method,
                url,
                headers,
                body,
                timeout_ms,
                redirect
            }
        ),
        any::<u64>().prop_map(|ms| HostCall::Timer { ms }),
        (option::of(any::<u32>()), option::of(text()))
            .prop_map(|(take, from)| HostCall::RolesGetUserEffectiveRoles { take, from }),
        vec(text(), 0..3).prop_map(|groups| HostCall::GroupsHasGroupMembership { groups }),
        crypto_call(),
    ]
}

fn crypto_call() -> impl Strategy<Value = HostCall> {
    let text = any::<String>;
    let hash = || prop_oneof![Just(CryptoHash::Sha1), Just(CryptoHash::Sha512)];
    let salt = prop_oneof![
        Just(PssSalt::Auto),
        Just(PssSalt::Digest),
        Just(PssSalt::Max),
        any::<u16>().prop_map(PssSalt::Bytes)
    ];
    let scheme = prop_oneof![
        hash().prop_map(|hash| SignatureScheme::RsaPkcs1 { hash }),
        (hash(), salt).prop_map(|(hash, salt)| SignatureScheme::RsaPss { hash, salt }),
        hash().prop_map(|hash| SignatureScheme::Ecdsa { hash, curve: CryptoCurve::Secp256k1 }),
        Just(SignatureScheme::Ed25519 {}),
    ];
    let padding = prop_oneof![
        (hash(), text()).prop_map(|(hash, label)| RsaPadding::Oaep { hash, label }),
        Just(RsaPadding::Pkcs1 {}),
    ];
    prop_oneof![
        (scheme, text(), text(), text()).prop_map(|(scheme, key, data, signature)| {
            HostCall::CryptoVerify(CryptoVerify { scheme, key, data, signature })
        }),
        (padding, text(), text()).prop_map(|(padding, key, data)| HostCall::CryptoDecrypt(CryptoRsa {
            padding,
            key,
            data
        })),
        (hash(), text(), text(), any::<u32>(), any::<u32>()).prop_map(|(hash, password, salt, iterations, length)| {
            HostCall::CryptoPbkdf2(CryptoPbkdf2 { hash, password, salt, iterations, length })
        }),
        any::<u32>().prop_map(|bits| HostCall::CryptoGenerateRsa { bits }),
    ]
}

proptest! {
    #[test]
    fn results_are_read_back_the_same(result in run_result()) {
        let text = serde_json::to_string(&result).unwrap();
        prop_assert_eq!(serde_json::from_str::<RunResult>(&text).unwrap(), result);
    }

    #[test]
    fn calls_are_read_back_the_same(call in host_call()) {
        let text = serde_json::to_string(&call).unwrap();
        prop_assert_eq!(serde_json::from_str::<HostCall>(&text).unwrap(), call);
    }

    #[test]
    fn no_text_breaks_the_decoder_and_no_mutation_the_check(value in value(), mutation in mutation()) {
        drop(serde_json::from_value::<RunResult>(value));
        drop(mutation.check());
    }
}

#[test]
fn a_stamp_needs_only_its_abi() {
    let stamp: Stamp = serde_json::from_value(json!({"abi": 1, "new": "key"})).unwrap();
    assert_eq!(stamp, Stamp { abi: 1, ..Stamp::default() });
}
