//! Natively: no WebAssembly.

use deny_by_country::on_execute;
use postern_sdk::Harness;
use postern_sdk::serde_json::{Value, json};

#[track_caller]
fn check(country: &Value, want: &Value) {
    let event = json!({"request": {"geoip": {"countryCode": country}}, "secrets": {"ALLOWED_COUNTRIES": "IS, NO"}});
    assert_eq!(&Harness::new(event).run(on_execute).json(), want, "{country}");
}

#[test]
fn only_the_list_may_come_in() {
    let denied = json!([{"type": "access.deny", "reason": "You cannot log in from this country."}]);
    check(&json!("IS"), &json!([]));
    check(&json!("NO"), &json!([]));
    check(&json!("SE"), &denied);
    check(&Value::Null, &denied);
}

#[test]
fn without_the_list_nobody_comes_in() {
    let error = Harness::new(json!({})).run(on_execute).error.unwrap();
    assert_eq!(error.message, "the action has no secret `ALLOWED_COUNTRIES`");
}
