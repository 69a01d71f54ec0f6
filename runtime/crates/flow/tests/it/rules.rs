//! What becomes of lists of mutations.

use std::sync::Arc;

use postern_flow::{Entry, Given, LoginRequest, Pipeline, RunEnd, SavedLogin, Step, Suspension};
use postern_model::{OnFailure, Outcome, RunStatus, User};
use serde_json::{Map, Value, json};

use crate::driver::{action, actions, begin, event, facts, finish, request, user, wanted};

/// Which mutations of a list took effect.
#[track_caller]
fn check(list: &Value, status: RunStatus, applied: &[bool]) {
    let run = finish(&mut begin(1), list.clone());
    let got: Vec<bool> = run.mutations.iter().map(|mutation| mutation.applied).collect();
    assert_eq!((run.status, got.as_slice()), (status, applied), "{list} {run:?}");
    assert!(run.mutations.iter().all(|mutation| mutation.applied == mutation.reason.is_none()), "{run:?}");
    assert_eq!(run.error.is_some(), status != RunStatus::Ok);
}

fn set(key: &str, value: &Value) -> Value {
    json!({"type": "user.setAppMetadata", "key": key, "value": value})
}

#[test]
fn lists_are_applied_whole_or_refused_whole() {
    let fine = set("fine", &json!(1));
    let deep = (0..65).fold(json!(1), |value, _| json!([value]));
    for illegal in [
        set("user_id", &json!(1)),
        set("email", &Value::Null),
        set("a.b", &json!(1)),
        set("", &json!(1)),
        set("large", &json!("x".repeat(33 * 1024))),
        set("deep", &deep.clone()),
        json!({"type": "idToken.setCustomClaim", "key": "scope", "value": "all"}),
        json!({"type": "idToken.setCustomClaim", "key": "deep", "value": deep}),
        json!({"type": "accessToken.addScope", "scope": "two words"}),
        json!({"type": "transaction.setMetadata", "key": "k", "value": []}),
        json!({"type": "redirect.sendUserTo", "url": "/relative"}),
        json!({"type": "multifactor.enable", "provider": "carrier-pigeon"}),
        json!({"type": "prompt.render", "promptId": ""}),
    ] {
        check(&json!([fine, illegal]), RunStatus::BadResult, &[false, false]);
        check(&json!([illegal, fine]), RunStatus::BadResult, &[false, false]);
    }
    let render = json!({"type": "prompt.render", "promptId": "p"});
    let redirect = json!({"type": "redirect.sendUserTo", "url": "https://example.com"});
    check(&json!([render, render]), RunStatus::BadResult, &[false, false]);
    check(&json!([render, redirect]), RunStatus::BadResult, &[false, false]);
    check(&json!([fine, render]), RunStatus::Ok, &[true, false]);
}

#[test]
fn what_has_no_effect_says_why() {
    for none in [
        json!({"type": "session.setCookieMode", "mode": "persistent"}),
        json!({"type": "session.revoke", "reason": "risk"}),
        json!({"type": "refreshToken.evictMetadata"}),
        json!({"type": "samlResponse.setAudience", "audience": "a"}),
        json!({"type": "authentication.setPrimaryUser", "primaryUserId": "auth0|bob"}),
        json!({"type": "authentication.recordMethod", "providerUrl": "https://example.com"}),
        json!({"type": "idToken.setCustomClaim", "key": "https://x.auth0.com/a", "value": 1}),
    ] {
        check(&json!([none]), RunStatus::Ok, &[false]);
    }
}

#[test]
fn of_calls_that_exclude_each_other_one_counts() {
    let deny = |reason: &str| json!({"type": "access.deny", "reason": reason});
    let to = |url: &str| json!({"type": "redirect.sendUserTo", "url": url});
    let otp = json!({"type": "authentication.challengeWith", "factor": {"type": "otp"}});
    check(&json!([deny("first"), deny("second")]), RunStatus::Ok, &[true, false]);
    check(&json!([to("https://a.example"), deny("no"), otp]), RunStatus::Ok, &[false, true, false]);
    check(&json!([otp, to("https://a.example")]), RunStatus::Ok, &[false, true]);
    check(&json!([otp, otp]), RunStatus::Ok, &[false, true]);
    let mut pipeline = begin(2);
    finish(&mut pipeline, json!([to("https://a.example"), to("https://b.example")]));
    assert_eq!(pipeline.step(), Step::Suspend(Suspension::Redirect { url: "https://b.example".to_owned() }));
}

#[test]
fn later_actions_see_writes_removals_and_what_was_taken_back() {
    let mut pipeline = begin(4);
    finish(
        &mut pipeline,
        json!([
            set("plan", &json!({"name": "gold"})), set("old", &Value::Null), set("transient", &json!(1)),
            {"type": "transaction.setMetadata", "key": "t", "value": 1},
            {"type": "transaction.setMetadata", "key": "u", "value": 2},
        ]),
    );
    let seen = event(&mut pipeline);
    assert_eq!(seen["user"]["app_metadata"], json!({"plan": {"name": "gold"}, "transient": 1}));
    assert_eq!(seen["transaction"]["metadata"], json!({"t": 1, "u": 2}));
    finish(
        &mut pipeline,
        json!([
            set("plan", &json!("silver")), {"type": "transaction.setMetadata", "key": "t", "value": null},
        ]),
    );
    assert_eq!(event(&mut pipeline)["transaction"]["metadata"], json!({"u": 2}));
    // `undefined` leaves the stored value as it is, whatever was written before in this login.
    finish(
        &mut pipeline,
        json!([
            {"type": "user.setAppMetadata", "key": "plan"}, {"type": "user.setAppMetadata", "key": "transient"},
        ]),
    );
    assert_eq!(event(&mut pipeline)["user"]["app_metadata"], json!({"plan": "free"}));
    finish(&mut pipeline, json!([]));
    assert_eq!(pipeline.step(), Step::Done(Outcome::Allow));
    let changes: Vec<_> = pipeline.changes().iter().map(|change| (&*change.key, change.value.clone())).collect();
    assert_eq!(changes, [("old", None)]);
    assert_eq!(pipeline.changed(user()).app_metadata, Some(Map::from_iter([("plan".to_owned(), json!("free"))])));
}

#[test]
fn sizes_are_counted_over_the_login() {
    let mut pipeline = begin(3);
    let half = json!("x".repeat(17 * 1024));
    assert_eq!(finish(&mut pipeline, json!([set("a", &half)])).status, RunStatus::Ok);
    assert_eq!(finish(&mut pipeline, json!([set("a", &half)])).status, RunStatus::Ok, "replaced, not added");
    assert_eq!(finish(&mut pipeline, json!([set("b", &half)])).status, RunStatus::BadResult);
    let other = json!([{"type": "user.setUserMetadata", "key": "b", "value": half}]);
    assert_eq!(finish(&mut begin(1), other).status, RunStatus::Ok, "each kind has its own");
    let full = Map::from_iter([("x".to_owned(), json!("x".repeat(1_048_560)))]);
    let mut pipeline = Pipeline::begin(
        facts(),
        request(),
        actions(1),
        User { user_metadata: Some(full), app_metadata: None, ..user() }.into(),
    );
    // The event of such a user is too large already; the list is judged all the same.
    let list = crate::driver::mutations(json!([{"type": "user.setUserMetadata", "key": "y", "value": 1234567890}]));
    let run = pipeline.finish_run(RunEnd { status: RunStatus::Ok, mutations: list });
    assert_eq!(run.status, RunStatus::BadResult);
}

#[test]
fn failures_follow_the_binding() {
    let bound = Arc::from([action(0, OnFailure::Skip), action(1, OnFailure::Deny), action(2, OnFailure::Deny)]);
    let mut pipeline = Pipeline::begin(facts(), request(), bound, user().into());
    let failed = |status| RunEnd { status, mutations: Vec::new() };
    pipeline.finish_run(failed(RunStatus::Trap));
    assert_eq!(wanted(&mut pipeline), (1, Entry::Execute));
    pipeline.finish_run(failed(RunStatus::OutOfFuel));
    assert!(matches!(pipeline.step(), Step::Done(Outcome::Error { .. })));
}

#[test]
fn a_flow_that_cannot_ask_ends() {
    let asked = LoginRequest {
        transaction: Map::from_iter([("protocol".to_owned(), json!("oauth2-refresh-token"))]),
        ..request()
    };
    for (list, want) in [
        (json!([{"type": "redirect.sendUserTo", "url": "https://example.com"}]), "interaction_required"),
        (json!([{"type": "authentication.enrollWith", "factor": {"type": "otp"}}]), "mfa_required"),
        (json!([{"type": "multifactor.enable", "provider": "any"}]), "mfa_required"),
    ] {
        let mut pipeline = Pipeline::begin(facts(), asked.clone(), actions(1), user().into());
        finish(&mut pipeline, list);
        let Step::Done(Outcome::Error { code, .. }) = pipeline.step() else { panic!("{:?}", pipeline.step()) };
        assert_eq!(code, want);
    }
}

#[test]
fn a_given_factor_is_not_asked_for_again() {
    let otp = json!([{"type": "authentication.challengeWith", "factor": {"type": "otp"}}]);
    let mut pipeline = begin(2);
    finish(&mut pipeline, otp.clone());
    let saved = SavedLogin::read(serde_json::to_value(pipeline.save().unwrap()).unwrap()).unwrap();
    let mut pipeline = Pipeline::resume(saved, facts(), actions(2), user().into(), Given::Simulated(None)).unwrap();
    assert_eq!(wanted(&mut pipeline), (0, Entry::Continue));
    assert!(!finish(&mut pipeline, otp).mutations[0].applied);
    finish(&mut pipeline, json!([{"type": "multifactor.enable", "provider": "any"}]));
    assert_eq!(pipeline.step(), Step::Done(Outcome::Allow));
}

#[test]
fn keys_that_open_something_are_not_recorded() {
    let duo = json!({"host": "h", "ikey": "i", "skey": "open sesame"});
    let run = finish(
        &mut begin(1),
        json!([
            {"type": "multifactor.enable", "provider": "duo", "options": {"providerOptions": duo}},
            {"type": "samlResponse.setKey", "key": "open sesame"},
        ]),
    );
    assert!(!serde_json::to_string(&run.mutations).unwrap().contains("sesame"));
}

#[test]
fn only_its_own_actions_resume_a_login() {
    let mut pipeline = begin(2);
    assert_eq!(pipeline.save(), None);
    finish(&mut pipeline, json!([{"type": "redirect.sendUserTo", "url": "https://example.com"}]));
    let saved = serde_json::to_value(pipeline.save().unwrap()).unwrap();
    let read = || SavedLogin::read(saved.clone()).unwrap();
    assert!(Pipeline::resume(read(), facts(), actions(1), user().into(), Given::Simulated(None)).is_err());
    assert!(Pipeline::resume(read(), facts(), actions(2), user().into(), Given::Simulated(None)).is_ok());
    let mut later = saved.clone();
    later["v"] = json!(2);
    assert!(SavedLogin::read(later).is_err());
    assert!(SavedLogin::read(json!({})).is_err());
    assert!(!saved.to_string().contains("\"place\""), "secrets are not saved");
}
