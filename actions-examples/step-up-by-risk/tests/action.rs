//! Natively: no WebAssembly.

use postern_sdk::Harness;
use postern_sdk::serde_json::{Value, json};
use step_up_by_risk::{on_continue, on_execute};

fn challenge() -> Value {
    json!([{
        "type": "authentication.challengeWith", "factor": {"type": "otp"}, "additionalFactors": [{"type": "email"}],
    }])
}

fn remembered(country: &str) -> Value {
    json!([{"type": "user.setAppMetadata", "key": "last_country", "value": country}])
}

#[track_caller]
fn check(event: Value, want: &Value) {
    assert_eq!(&Harness::new(event).run(on_execute).json(), want);
}

#[test]
fn the_assessment_decides_when_there_is_one() {
    check(json!({"authentication": {"riskAssessment": {"confidence": "low"}}}), &challenge());
    check(json!({"authentication": {"riskAssessment": {"confidence": "high"}}}), &json!([]));
}

#[test]
fn otherwise_a_new_country_is_a_risk() {
    let from = |country: &str| {
        json!({
            "request": {"geoip": {"countryCode": country}}, "user": {"app_metadata": {"last_country": "IS"}},
        })
    };
    check(from("IS"), &remembered("IS"));
    check(from("NO"), &challenge());
}

#[test]
fn a_proven_factor_is_not_asked_for_again() {
    let methods = json!([{"name": "pwd"}, {"name": "mfa", "type": "otp"}]);
    check(json!({"authentication": {"riskAssessment": {"confidence": "low"}, "methods": methods}}), &json!([]));
    let event = json!({"request": {"geoip": {"countryCode": "NO"}}});
    assert_eq!(Harness::new(event).run(on_continue).json(), remembered("NO"));
}
