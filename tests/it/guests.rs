//! Guests written by hand from the ABI's text, without any SDK: that text suffices, and the guests of the other
//! tests are what they should be before a server sees them.

use std::path::Path;

use postern_e2e::{module, returning};
use postern_engine::{Engine, Entry};
use postern_model::RunStatus;
use serde_json::{Value, json};

use crate::hostile::RUNS;
use crate::in_process::{Case, engine, run};

#[test]
fn every_guest_assembles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    let mut count = 0;
    for prefix in ["", "hostile/"] {
        for entry in std::fs::read_dir(folder.join(prefix)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wat") {
                let name = format!("{prefix}{}", path.file_stem().unwrap().to_str().unwrap());
                assert!(module(&name).starts_with(b"\0asm"), "{name}");
                count += 1;
            }
        }
    }
    assert!(count >= 30, "{count} guests");
}

async fn check(engine: &Engine, guest: &str, case: Case, want: Value) {
    let report = run(engine, &module(guest), case).await;
    assert_eq!(report.status, RunStatus::Ok, "{guest}: {:?}", report.error);
    assert_eq!(serde_json::to_value(&report.mutations).unwrap(), want, "{guest}");
}

#[tokio::test]
async fn guests_written_from_the_text_of_the_abi_do_what_they_say() {
    let engine = engine();
    let user =
        |app_metadata: Value| Case::execute(json!({"user": {"user_id": "auth0|1", "app_metadata": app_metadata}}));
    let set = |key: &str, value: Value| json!([{"type": "user.setAppMetadata", "key": key, "value": value}]);
    for (before, after) in [(json!({}), 1), (json!({"logins": 1}), 2), (json!({"logins": 99}), 100), (json!(null), 1)] {
        check(&engine, "count", user(before), set("logins", json!(after))).await;
    }
    for _ in 0..3 {
        check(&engine, "mark", user(json!({})), set("marks", json!(0))).await;
    }
    let away = json!([{"type": "redirect.sendUserTo", "url": "https://forms.example.com/ask?from=postern"}]);
    check(&engine, "redirect", user(json!({})), away).await;
    let back =
        Case { entry: Entry::Continue, ..Case::execute(json!({"request": {"query": {"answer": "a \"b\" é"}}})) };
    let answer = json!([{"type": "user.setUserMetadata", "key": "answer", "value": "a \"b\" é"}]);
    check(&engine, "redirect", back, answer).await;
    let factor = json!([{"type": "authentication.challengeWith", "factor": {"type": "otp"}}]);
    check(&engine, "challenge", user(json!({})), factor).await;
    check(&engine, "wait", user(json!({})), json!([])).await;
    check(&engine, "wait", user(json!({"wait_ms": 5})), json!([])).await;
}

#[tokio::test]
async fn hostile_guests_end_as_designed() {
    let engine = engine();
    for (guest, status) in RUNS {
        let wasm = module(&format!("hostile/{guest}"));
        let report = run(&engine, &wasm, Case::execute(json!({"user": {"user_id": "auth0|1"}}))).await;
        assert_eq!(json!(report.status), json!(status), "{guest}: {:?}", report.error);
        assert!(report.status == RunStatus::Ok || report.mutations.is_empty(), "{guest}");
    }
}

#[test]
fn returning_escapes_its_text() {
    assert!(returning("{\"a\":\"ü\\n\"}").starts_with(b"\0asm"));
}
