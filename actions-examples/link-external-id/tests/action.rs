//! Natively: no WebAssembly.

use link_external_id::on_execute;
use postern_sdk::http::Response;
use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Harness, Run};

const URL: &str = "https://customers.example/find";

fn run(parts: Value, answer: Response) -> Run {
    let secrets = json!({"secrets": {"CUSTOMERS_URL": URL, "CUSTOMERS_TOKEN": "t0ken"}});
    Harness::new(secrets).with(parts).answer_fetch(URL, answer).run(on_execute)
}

fn linked() -> Value {
    json!([
        {"type": "user.setAppMetadata", "key": "customer_id", "value": "c-7"},
        {"type": "accessToken.setCustomClaim", "key": "https://example.com/customer_id", "value": "c-7"},
    ])
}

#[test]
fn the_id_is_found_and_kept() {
    let run = run(json!({}), Response::json_body(200, &json!({"id": "c-7"})));
    assert_eq!(run.json(), linked());
    assert_eq!(
        run.calls[0]["headers"],
        json!([["authorization", "Bearer t0ken"], ["content-type", "application/json"]])
    );
    assert_eq!(run.calls[0]["body"], json!({"text": r#"{"email":"user@example.com"}"#}));
}

#[test]
fn a_known_user_is_not_looked_up() {
    let run = run(json!({"user": {"app_metadata": {"customer_id": "c-7"}}}), Response::text_body(500, ""));
    assert_eq!((run.json(), run.calls.len()), (linked(), 0));
}

#[test]
fn a_stranger_comes_in_without_an_id() {
    assert_eq!(run(json!({}), Response::text_body(404, "")).json(), json!([]));
    let unproven = run(json!({"user": {"email_verified": false}}), Response::text_body(500, ""));
    assert_eq!((unproven.json(), unproven.calls.len()), (json!([]), 0));
}

#[test]
fn a_failing_service_fails_the_action() {
    let error = run(json!({}), Response::text_body(500, "")).error.unwrap();
    assert_eq!(error.message, "the answer of https://customers.example/find has the status 500");
}
