//! Natively: no WebAssembly.

use postern_sdk::Harness;
use postern_sdk::serde_json::{Value, json};
use record_consent::on_execute;

fn run(parts: Value) -> Value {
    let client = json!({"client": {"metadata": {"terms_version": "2026-01"}}});
    Harness::new(client).with(parts).now(1_767_225_600_000).run(on_execute).json()
}

#[test]
fn consent_is_recorded_once() {
    let consent = json!({"version": "2026-01", "at": 1_767_225_600_000_i64, "ip": "203.0.113.7"});
    assert_eq!(
        run(json!({"request": {"body": {"terms": "2026-01"}}})),
        json!([{"type": "user.setAppMetadata", "key": "consent", "value": consent}])
    );
    assert_eq!(run(json!({"user": {"app_metadata": {"consent": consent}}})), json!([]));
}

#[test]
fn nobody_comes_in_without_it() {
    let denied = json!([{"type": "access.deny", "reason": "Please agree to our terms."}]);
    assert_eq!(run(json!({})), denied);
    assert_eq!(run(json!({"request": {"query": {"terms": "2025-01"}}})), denied);
    assert_eq!(run(json!({"user": {"app_metadata": {"consent": {"version": "2025-01"}}}})), denied);
}

#[test]
fn a_client_without_terms_asks_for_nothing() {
    assert_eq!(run(json!({"client": {"metadata": {"terms_version": null}}})), json!([]));
}
