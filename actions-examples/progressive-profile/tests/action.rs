//! Natively: no WebAssembly.

use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Api, Error, Event, Harness, Run};
use progressive_profile::{on_continue, on_execute};

fn event(parts: Value) -> Harness {
    let harness = Harness::new(json!({"secrets": {"FORM_SECRET": "s3cret", "FORM_URL": "https://forms.example/ask"}}));
    harness.with(parts)
}

#[test]
fn the_first_missing_field_is_asked_for() {
    let run = event(json!({"user": {"user_metadata": {"company": "Acme"}}})).run(on_execute);
    assert_eq!(run.error, None);
    assert_eq!(run.json()[0], json!({"type": "transaction.setMetadata", "key": "asked", "value": "job_title"}));
    assert_eq!(run.json()[1]["type"], "redirect.sendUserTo");
    let url = run.json()[1]["url"].as_str().unwrap().to_owned();
    let token = url.strip_prefix("https://forms.example/ask?session_token=").unwrap();
    assert_eq!(token.split('.').count(), 3);
}

#[test]
fn a_complete_profile_or_a_silent_login_is_left_alone() {
    let complete = json!({"user": {"user_metadata": {"company": "Acme", "job_title": "Smith"}}});
    assert_eq!(event(complete).run(on_execute).json(), json!([]));
    assert_eq!(event(json!({"request": {"query": {"prompt": "none"}}})).run(on_execute).json(), json!([]));
}

/// What the page does: it signs the answer with the secret it shares with the action.
fn page(answer: &Value) -> String {
    fn sign(event: &Event, api: &mut Api) -> Result<(), Error> {
        let payload = event.get::<Value>("/test/payload")?;
        let token = api.redirect().encode_token(&event.secret("FORM_SECRET")?, payload, None)?;
        api.access().deny(&token)
    }
    let run = event(json!({"test": {"payload": answer}})).run(sign);
    run.json().pointer("/0/reason").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[track_caller]
fn check(answer: &Value, state: &str) -> Run {
    let back = json!({
        "request": {"query": {"state": state, "session_token": page(answer)}},
        "transaction": {"metadata": {"asked": "company"}},
    });
    event(back).run(on_continue)
}

#[test]
fn the_signed_answer_is_saved() {
    let run = check(&json!({"state": "abc", "company": " Acme "}), "abc");
    assert_eq!(run.json(), json!([{"type": "user.setUserMetadata", "key": "company", "value": "Acme"}]));
    assert_eq!(check(&json!({"state": "abc", "company": ""}), "abc").json(), json!([]));
}

#[test]
fn an_answer_that_is_not_for_this_login_is_refused() {
    for (answer, reason) in [
        (json!({"state": "other", "company": "x"}), "its state is not the one of this login"),
        (json!({"state": "abc", "sub": "auth0|2"}), "it belongs to another user"),
        (json!({"state": "abc", "exp": 1}), "jwt expired"),
    ] {
        let error = check(&answer, "abc").error.unwrap();
        assert_eq!(error.message, format!("The session token is invalid: {reason}"));
    }
}
