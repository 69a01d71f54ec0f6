//! The event as actions read it.

use postern_flow::{LoginFacts, LoginRequest, Pipeline, Step};
use postern_model::{Outcome, User};
use serde_json::{Map, Value, json};

use crate::driver::{actions, begin, event, facts, finish, request, user};

#[test]
fn has_every_part_of_the_reference() {
    let got = event(&mut begin(1));
    let want = json!({
        "authentication": {"methods": [{"name": "pwd", "timestamp": "1970-01-01T00:00:00Z"}]},
        "authorization": {"roles": ["admin"]},
        "client": {"client_id": "app", "name": "App", "metadata": {"tier": "gold"}},
        "configuration": {},
        "connection": {"id": "con_db", "name": "db", "strategy": "auth0", "metadata": {}},
        "experiment": null,
        "request": {
            "ip": "203.0.113.7", "method": "GET", "hostname": "default.example.test",
            "query": {"ui": "new"}, "body": {}, "geoip": {},
        },
        "secrets": {"place": "0"},
        "stats": {"logins_count": 5},
        "tenant": {"id": "default"},
        "transaction": {
            "protocol": "oidc-basic-profile", "requested_scopes": ["openid", "email"], "metadata": {},
        },
        "user": {
            "user_id": "auth0|ann", "email": "ann@example.com", "email_verified": true, "name": "Ann", "team": "blue",
            "created_at": "1970-01-01T00:00:00Z", "updated_at": "1970-01-01T00:00:00Z",
            "identities": [
                {"connection": "db", "provider": "auth0", "user_id": "ann", "userId": "ann", "isSocial": false},
            ],
            "app_metadata": {"plan": "free", "old": 1}, "user_metadata": {}, "enrolledFactors": [],
        },
    });
    assert_eq!(got, want);
    let text = got.to_string();
    assert!(!text.contains("argon2") && !text.contains("hush"), "{text}");
}

#[test]
fn optional_parts_appear_when_there_is_something_to_say() {
    let asked = LoginRequest {
        audience: Some("https://api.example.com".to_owned()),
        organization: Some(Map::from_iter([("id".to_owned(), json!("org_1"))])),
        risk_assessment: Some(Map::from_iter([("confidence".to_owned(), json!("low"))])),
        ..request()
    };
    let who = User { multifactor: vec!["guardian".to_owned()], phone_verified: Some(false), ..user() };
    let got = event(&mut Pipeline::begin(facts(), asked, actions(1), who.into()));
    assert_eq!(got["resource_server"], json!({"identifier": "https://api.example.com"}));
    assert_eq!(got["organization"], json!({"id": "org_1"}));
    assert_eq!(got["authentication"]["riskAssessment"], json!({"confidence": "low"}));
    assert_eq!(got["user"]["multifactor"], json!(["guardian"]));
    assert_eq!(got["user"]["phone_verified"], json!(false));
}

#[test]
fn each_action_gets_its_own_secrets() {
    let mut pipeline = begin(2);
    assert_eq!(event(&mut pipeline)["secrets"], json!({"place": "0"}));
    finish(&mut pipeline, json!([]));
    assert_eq!(event(&mut pipeline)["secrets"], json!({"place": "1"}));
}

#[test]
fn a_laid_over_event_still_has_its_objects() {
    let overlay = json!({
        "user": {"app_metadata": 7, "email": null}, "secrets": {"extra": "x"}, "transaction": null, "geo": {"a": 1},
    });
    let Value::Object(overlay) = overlay else { panic!() };
    let facts = LoginFacts { overlay: Some(overlay), ..facts() };
    let mut pipeline = Pipeline::begin(facts, request(), actions(2), user().into());
    let got = event(&mut pipeline);
    assert_eq!(got["user"]["app_metadata"], json!({}));
    assert_eq!(got["user"].get("email"), None);
    assert_eq!(got["secrets"], json!({"place": "0", "extra": "x"}));
    assert_eq!(got["transaction"], json!({"metadata": {}}));
    assert_eq!(got["geo"], json!({"a": 1}));
    finish(&mut pipeline, json!([{"type": "user.setAppMetadata", "key": "a", "value": 1}]));
    assert_eq!(event(&mut pipeline)["user"]["app_metadata"], json!({"a": 1}));
}

#[test]
fn an_event_that_is_too_large_ends_the_login() {
    let large = User { attributes: Map::from_iter([("x".to_owned(), json!("x".repeat(1 << 20)))]), ..user() };
    let mut pipeline = Pipeline::begin(facts(), request(), actions(1), large.into());
    let Step::Done(Outcome::Error { code, .. }) = pipeline.step() else { panic!("{:?}", pipeline.step()) };
    assert_eq!(code, "access_denied");
}
