//! Natively: no WebAssembly.

use count_logins::on_execute;
use postern_sdk::http::Response;
use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Harness, Run};

const URL: &str = "https://scores.example";
const NOW: i64 = 1_767_225_600_000;
const DAY: i64 = 24 * 3_600_000;

fn run(app_metadata: &Value, answer: Response) -> Run {
    let event = json!({"user": {"app_metadata": app_metadata}, "secrets": {"SCORE_URL": URL}});
    Harness::new(event).now(NOW).answer_fetch(URL, answer).run(on_execute)
}

fn set(key: &str, value: &Value) -> Value {
    json!({"type": "user.setAppMetadata", "key": key, "value": value})
}

#[test]
fn counts_and_keeps_the_score() {
    let first = run(&json!({}), Response::json_body(200, &json!(7)));
    assert_eq!(first.json(), json!([set("logins", &json!(1)), set("score", &json!({"value": 7, "at": NOW}))]));
    let known = json!({"logins": 41, "score": {"value": 7, "at": NOW - DAY + 1}});
    let later = run(&known, Response::text_body(500, ""));
    assert_eq!((later.json(), later.calls.len()), (json!([set("logins", &json!(42))]), 0));
}

#[test]
fn an_old_score_is_asked_for_again() {
    let old = json!({"score": {"value": 7, "at": NOW - DAY}});
    assert_eq!(run(&old, Response::json_body(200, &json!(8))).json()[1], set("score", &json!({"value": 8, "at": NOW})));
}

#[test]
fn the_login_goes_on_when_the_service_fails() {
    let run = run(&json!({"logins": 1}), Response::text_body(503, ""));
    assert_eq!(run.json(), json!([set("logins", &json!(2))]));
    assert_eq!(run.logs.last().unwrap().0, 3);
}
