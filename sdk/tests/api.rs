//! Every method of the api as an author calls it, and the mutation that a host gets.
#![expect(clippy::expect_used, clippy::needless_pass_by_value, reason = "helpers of tests")]

use std::time::Duration;

use postern_sdk::serde_json::{Map, Value, json};
use postern_sdk::{
    Api, CookieMode, Error, Event, Factor, Harness, MultifactorOptions, Mutation, Run, error, info, now, random, trace,
};

/// A login with everything that some methods need.
fn login() -> Harness {
    Harness::new(json!({
        "session": {"id": "ses_1", "metadata": {"old": "1"}},
        "refresh_token": {"id": "rt_1", "metadata": {"old": "1"}},
    }))
}

#[track_caller]
fn check(action: fn(&Event, &mut Api) -> Result<(), Error>, want: Value) {
    let run = login().run(action);
    assert_eq!(run.error, None);
    assert_eq!(run.json(), want);
}

/// `rule` is a part of the text.
#[track_caller]
fn refused(run: &Run, rule: &str) {
    let error = run.error.as_ref().expect("the call is refused");
    assert!(error.message.contains(rule), "{}", error.message);
    assert!(run.mutations.is_empty());
}

fn factor(kind: &str) -> Factor {
    Factor { kind: kind.to_owned(), options: None }
}

#[test]
fn user_and_tokens() {
    fn action(_: &Event, api: &mut Api) -> Result<(), Error> {
        api.user().set_app_metadata("a", json!({"b": [1, null]}))?;
        api.user().set_app_metadata("a", None::<()>)?;
        api.user().keep_app_metadata("a")?;
        api.user().set_user_metadata("t\"x", "grüße\n")?;
        api.user().keep_user_metadata("u")?;
        api.id_token().set_custom_claim("https://example.com/n", 1.5)?;
        api.access_token().set_custom_claim("c", ["x"])?;
        api.access_token().add_scope(" read:a ")?;
        api.access_token().remove_scope("read:b")?;
        api.validation().error("code", "message")?;
        assert!(!api.rules().was_executed("rul_1"));
        api.access().deny("no")
    }
    check(
        action,
        json!([
            {"type": "user.setAppMetadata", "key": "a", "value": {"b": [1, null]}},
            {"type": "user.setAppMetadata", "key": "a", "value": null},
            {"type": "user.setAppMetadata", "key": "a"},
            {"type": "user.setUserMetadata", "key": "t\"x", "value": "grüße\n"},
            {"type": "user.setUserMetadata", "key": "u"},
            {"type": "idToken.setCustomClaim", "key": "https://example.com/n", "value": 1.5},
            {"type": "accessToken.setCustomClaim", "key": "c", "value": ["x"]},
            {"type": "accessToken.addScope", "scope": "read:a"},
            {"type": "accessToken.removeScope", "scope": "read:b"},
            {"type": "validation.error", "code": "code", "message": "message"},
            {"type": "access.deny", "reason": "no"},
        ]),
    );
}

#[test]
fn factors() {
    fn action(_: &Event, api: &mut Api) -> Result<(), Error> {
        api.authentication().challenge_with(factor("otp"), &[])?;
        api.authentication().challenge_with_any(&[factor("otp"), factor("email")])?;
        api.authentication().enroll_with(factor("otp"), &[factor("phone")])?;
        api.authentication().enroll_with_any(&[factor("otp")])?;
        api.authentication().record_method("https://example.com/m")?;
        api.authentication().set_primary_user("auth0|2")?;
        api.multifactor().enable("any", &MultifactorOptions::default())?;
        let options = MultifactorOptions { allow_remember_browser: Some(false), provider_options: None };
        api.multifactor().enable("guardian", &options)
    }
    check(
        action,
        json!([
            {"type": "authentication.challengeWith", "factor": {"type": "otp"}},
            {"type": "authentication.challengeWithAny", "factors": [{"type": "otp"}, {"type": "email"}]},
            {"type": "authentication.enrollWith", "factor": {"type": "otp"}, "additionalFactors": [{"type": "phone"}]},
            {"type": "authentication.enrollWithAny", "factors": [{"type": "otp"}]},
            {"type": "authentication.recordMethod", "providerUrl": "https://example.com/m"},
            {"type": "authentication.setPrimaryUser", "primaryUserId": "auth0|2"},
            {"type": "multifactor.enable", "provider": "any"},
            {"type": "multifactor.enable", "provider": "guardian", "options": {"allowRememberBrowser": false}},
        ]),
    );
}

#[test]
fn sessions_and_refresh_tokens() {
    fn action(event: &Event, api: &mut Api) -> Result<(), Error> {
        api.session().set_expires_at(1.5e12)?;
        api.session().set_idle_expires_at(1.5e12)?;
        api.session().set_cookie_mode(CookieMode::NonPersistent)?;
        api.session().set_metadata("k", Some("v"))?;
        api.session().delete_metadata("absent");
        api.session().delete_metadata("old");
        assert_eq!(event.session().cookie_mode().as_deref(), Some("non-persistent"));
        assert_eq!((event.session().metadata("k").as_deref(), event.session().metadata("old")), (Some("v"), None));
        api.session().evict_metadata();
        api.session().evict_metadata();
        assert_eq!(event.session().metadata("k"), None);
        api.refresh_token().set_expires_at(1.5e12)?;
        api.refresh_token().set_idle_expires_at(1.5e12)?;
        api.refresh_token().set_metadata("k", None)?;
        api.refresh_token().delete_metadata("old")?;
        api.refresh_token().evict_metadata()?;
        api.refresh_token().revoke("r")?;
        api.session().revoke("r", false)?;
        api.session().revoke("r", true)
    }
    check(
        action,
        json!([
            {"type": "session.setExpiresAt", "absolute": 1.5e12},
            {"type": "session.setIdleExpiresAt", "inactivity": 1.5e12},
            {"type": "session.setCookieMode", "mode": "non-persistent"},
            {"type": "session.setMetadata", "key": "k", "value": "v"},
            {"type": "session.deleteMetadata", "key": "old"},
            {"type": "session.evictMetadata"},
            {"type": "refreshToken.setExpiresAt", "absolute": 1.5e12},
            {"type": "refreshToken.setIdleExpiresAt", "inactivity": 1.5e12},
            {"type": "refreshToken.setMetadata", "key": "k", "value": null},
            {"type": "refreshToken.deleteMetadata", "key": "old"},
            {"type": "refreshToken.revoke", "reason": "r"},
            {"type": "session.revoke", "reason": "r"},
            {"type": "session.revoke", "reason": "r", "options": {"preserveRefreshTokens": true}},
        ]),
    );
}

#[test]
fn saml_responses() {
    fn action(_: &Event, api: &mut Api) -> Result<(), Error> {
        api.saml_response().set_attribute("a", ["x", "y"])?;
        api.saml_response().set_attribute("a", None::<()>)?;
        api.saml_response().set_relay_state("s")?;
        api.saml_response().set_signature_algorithm("rsa-sha256")?;
        api.saml_response().set_name_identifier_probes(&["p".to_owned()])?;
        api.saml_response().set_lifetime_in_seconds(60.0)?;
        api.saml_response().set_sign_response(true)
    }
    check(
        action,
        json!([
            {"type": "samlResponse.setAttribute", "attribute": "a", "value": ["x", "y"]},
            {"type": "samlResponse.setAttribute", "attribute": "a", "value": null},
            {"type": "samlResponse.setRelayState", "relayState": "s"},
            {"type": "samlResponse.setSignatureAlgorithm", "signatureAlgorithm": "rsa-sha256"},
            {"type": "samlResponse.setNameIdentifierProbes", "nameIdentifierProbes": ["p"]},
            {"type": "samlResponse.setLifetimeInSeconds", "lifetimeInSeconds": 60.0},
            {"type": "samlResponse.setSignResponse", "signResponse": true},
        ]),
    );
}

#[test]
fn transaction_metadata_is_seen_at_once_and_user_metadata_is_not() {
    fn action(event: &Event, api: &mut Api) -> Result<(), Error> {
        api.transaction().set_metadata("text", "a")?;
        api.transaction().set_metadata("number", 7)?;
        api.transaction().set_metadata("a/b~c", true)?;
        let whole = event.get::<Value>("/transaction/metadata")?;
        assert_eq!(whole, Some(json!({"text": "a", "number": 7, "a/b~c": true})));
        assert_eq!(event.transaction().metadata::<String>("text")?.as_deref(), Some("a"));
        assert_eq!(event.transaction().metadata::<i64>("number")?, Some(7));
        assert_eq!(event.get::<Value>("/transaction")?.unwrap()["metadata"]["a/b~c"], json!(true));
        assert_eq!(event.get::<Value>("")?.unwrap()["transaction"]["metadata"]["text"], json!("a"));
        assert_eq!(event.transaction().protocol().as_deref(), Some("oidc-basic-profile"));
        api.transaction().set_metadata("text", None::<&str>)?;
        assert_eq!(event.transaction().metadata::<String>("text")?, None);
        api.user().set_app_metadata("k", 1)?;
        assert_eq!(event.user().app_metadata::<u32>("k")?, None);
        Ok(())
    }
    let run = login().run(action);
    assert_eq!((run.error, run.mutations.len()), (None, 5));
}

#[test]
fn what_a_host_would_refuse_is_refused_at_the_call() {
    refused(&login().run(|_, api| api.id_token().set_custom_claim("scope", "x")), "`scope` is not a custom claim");
    refused(&login().run(|_, api| api.access_token().add_scope("a b")), "accessToken.addScope: a scope has");
    refused(&login().run(|_, api| api.user().set_app_metadata("a.b", 1)), "a metadata key has");
    refused(&login().run(|_, api| api.transaction().set_metadata("k", i64::MAX)), "an integer between");
    refused(&login().run(|_, api| api.redirect().send_user_to("/form", &[])), "an absolute URL");
    refused(&login().run(|_, api| api.validation().error(&"c".repeat(101), "m")), "at most 100");
    refused(&login().run(|_, api| api.session().set_expires_at(f64::NAN)), "a finite number");
    refused(&login().run(|_, api| api.authentication().challenge_with(factor("pigeon"), &[])), "a factor is");
    refused(&Harness::new(json!({})).run(|_, api| api.session().set_metadata("k", Some("v"))), "there is no session");
    let online = Harness::new(json!({"refresh_token": {"id": "rt_1", "access": "online"}}));
    refused(&online.run(|_, api| api.refresh_token().set_metadata("k", None)), "an online one");
    let twice = |_: &Event, api: &mut Api| {
        api.authentication().set_primary_user("auth0|1")?;
        api.authentication().set_primary_user("auth0|2")
    };
    refused(&login().run(twice), "already set");
    let both = |_: &Event, api: &mut Api| {
        api.prompt().render("ap_1", Some(&Map::new()), None)?;
        api.redirect().send_user_to("https://example.com", &[])
    };
    refused(&login().run(both), "not both");
}

#[test]
fn a_call_that_is_refused_leaves_the_others_alone() {
    fn action(_: &Event, api: &mut Api) -> Result<(), Error> {
        api.user().set_app_metadata("a", 1)?;
        assert!(api.access_token().add_scope("a b").is_err());
        assert!(api.user().set_app_metadata("b", std::collections::BTreeMap::from([(vec![1], 1)])).is_err());
        api.user().set_app_metadata("c", 3)
    }
    let keys: Vec<_> = login().run(action).mutations.iter().map(|mutation| json!(mutation)["key"].clone()).collect();
    assert_eq!(keys, [json!("a"), json!("c")]);
}

#[test]
fn the_cache_answers_with_codes() {
    fn action(_: &Event, api: &mut Api) -> Result<(), Error> {
        assert_eq!(api.cache().get("there").map(|record| record.value).as_deref(), Some("1"));
        assert_eq!(api.cache().get("absent"), None);
        api.cache().set_for("k", "v", Duration::from_secs(60))?;
        assert_eq!(api.cache().get("k").map(|record| record.expires_at), Some(now() + 60_000));
        assert_eq!(api.cache().set_until("k", "v", 1).unwrap_err().code(), "ItemAlreadyExpired");
        api.cache().set("k", "w")?;
        api.cache().delete("k")?;
        assert_eq!(api.cache().delete("k").unwrap_err().code(), "CacheKeyDoesNotExist");
        assert_eq!(api.cache().set(&"k".repeat(65), "v").unwrap_err().code(), "CacheKeySizeExceeded");
        Ok(())
    }
    assert_eq!(login().cached("there", "1").run(action).error, None);
}

#[test]
fn roles_and_groups_are_asked_for() {
    fn action(_: &Event, api: &mut Api) -> Result<(), Error> {
        let page = api.roles().get_user_effective_roles(Some(10), None)?;
        assert_eq!((page.roles.len(), page.next), (2, None));
        let among = api.roles().get_user_effective_roles_by_names(&["admin", "other"])?;
        assert_eq!(among.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(), ["admin"]);
        assert_eq!(api.groups().has_group_membership(&["staff"])?.get("staff"), Some(&true));
        assert_eq!(api.roles().get_user_effective_roles_by_ids(&[])?, []);
        api.groups().get_user_groups(None, None).map(drop)
    }
    let run = Harness::new(json!({}))
        .roles(&["admin", "editor"])
        .answer("groups.hasGroupMembership", json!({"memberships": {"staff": {"is_member": true, "matches": []}}}))
        .answer("groups.getUserGroups", json!({"error": {"code": "bad_call", "message": "no groups here"}}))
        .run(action);
    assert_eq!(run.error.unwrap().message, "bad_call: no groups here");
}

#[test]
fn logs_time_and_randomness_are_the_hosts() {
    fn action(_: &Event, _: &mut Api) -> Result<(), Error> {
        let mut bytes = [0; 16];
        random(&mut bytes);
        trace!("plain");
        info!("at {} with {bytes:?}", now());
        error!("{{}}");
        Ok(())
    }
    let run = |seed| login().now(5).seed(seed).run(action).logs;
    let logs = run(1);
    assert_eq!(logs.iter().map(|(level, _)| *level).collect::<Vec<_>>(), [0, 2, 4]);
    assert!(logs[1].1.starts_with("at 5 with ["), "{}", logs[1].1);
    assert_eq!((logs[0].1.as_str(), logs[2].1.as_str()), ("plain", "{}"));
    assert_eq!(run(1), logs);
    assert_ne!(run(2), logs);
}

#[test]
fn sections_read_the_event() {
    fn action(event: &Event, _: &mut Api) -> Result<(), Error> {
        assert_eq!(event.user().user_id(), "auth0|1");
        assert_eq!((event.user().email_verified(), event.user().phone_verified()), (Some(true), None));
        assert_eq!(event.stats().logins_count(), 1);
        assert_eq!(event.request().latitude(), Some(64.5));
        assert_eq!(event.request().query("a/b").as_deref(), Some("1"));
        assert_eq!(event.client().metadata("tier").as_deref(), Some("gold \"1\" ü"));
        assert_eq!(event.transaction().requested_scopes(), ["openid"]);
        assert_eq!(event.authentication().methods()?[0].name, "pwd");
        assert_eq!((event.organization().id(), event.has("/organization")), (None, false));
        assert_eq!(event.get::<u32>("/user/app_metadata/absent")?, None);
        assert_eq!(event.get::<Option<u32>>("/client/nothing")?, None);
        assert!(event.text("/user").is_none() && event.number("/user/email").is_none());
        assert_eq!(event.secrets().get("absent"), None);
        event.get::<u32>("/user/email").map(drop)
    }
    let parts = json!({
        "request": {"geoip": {"latitude": 64.5}, "query": {"a/b": "1"}},
        "client": {"metadata": {"tier": "gold \"1\" ü"}, "nothing": null},
    });
    let error = Harness::new(parts).run(action).error.unwrap();
    assert_eq!(error.message, "`/user/email` of the event: expected u32");
}

#[test]
fn a_long_value_is_read_whole() {
    let run = Harness::new(json!({"user": {"user_metadata": {"text": "x".repeat(10_000)}}})).run(|event, api| {
        let text = event.user().user_metadata::<String>("text")?.unwrap_or_default();
        api.user().set_user_metadata("copy", text)
    });
    assert_eq!(
        run.mutations,
        [Mutation::UserSetUserMetadata { key: "copy".into(), value: Some("x".repeat(10_000).into()) }]
    );
}

/// The attribute's expansion does not depend on what names mean in the author's module.
mod shadowed {
    #[expect(dead_code, reason = "the names are what is tested")]
    mod names {
        pub(super) struct Result;
        pub(super) struct String;
        pub(super) struct Option;
        pub(super) struct Vec;
    }
    #[expect(unused_imports, reason = "the names are what is tested")]
    use names::{Option, Result, String, Vec};

    #[postern_sdk::post_login]
    pub(super) fn on_execute(
        _event: &postern_sdk::Event,
        api: &mut postern_sdk::Api,
    ) -> ::core::result::Result<(), postern_sdk::Error> {
        postern_sdk::warn!("{}", 1);
        api.access().deny("x")
    }
}

#[test]
fn the_attribute_works_where_names_are_shadowed() {
    assert_eq!(login().run(shadowed::on_execute).mutations.len(), 1);
}
