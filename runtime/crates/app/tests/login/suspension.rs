//! Logins that wait for their user.

use jiff::{SignedDuration, Timestamp};
use postern_app::Kind;
use postern_model::{Action, ExecutionStatus, Outcome, limits};
use serde_json::{Value, json};

use crate::bench::{Bench, app_metadata, asks, count, redirect, sees, state};

#[tokio::test]
async fn a_redirect_comes_back_once_to_the_same_action() {
    let bench = Bench::new().await;
    bench.install(&[("before", count()), ("ask", redirect()), ("after", sees("/transaction/metadata"))]).await;
    let first = bench.login("ann").await;
    let Outcome::Redirect { url, state } = &first.outcome else { panic!("{:?}", first.outcome) };
    assert_eq!(*url, format!("https://forms.example.com/ask?from=postern&state={state}"));
    let user = bench.user("ann").await;
    assert_eq!(app_metadata(&user), json!({"asked": true, "count": 1}), "committed before the user is sent away");
    assert_eq!(user.logins_count, 0);
    let kept = serde_json::to_string(&(bench.execution(&first).await, bench.suspended().await)).unwrap();
    assert!(!kept.contains(state.as_str()), "the token itself is not kept");
    assert!(bench.log_kinds().await.is_empty());

    for wrong in [json!({}), json!({"state": "wrong"}), json!({"state": 1})] {
        let refused = bench.resume(&first, wrong.clone()).await.unwrap_err();
        assert_eq!(refused.code.kind(), Kind::BadRequest, "{wrong}");
    }
    // What a management client changed meanwhile is seen, and kept.
    bench.patch_app_metadata("ann", json!({"meanwhile": 1})).await;
    let back = json!({"state": state, "answer": "blue"});
    let report = bench.resume(&first, back.clone()).await.unwrap();
    assert_eq!(report.outcome, Outcome::Allow);
    assert_eq!((report.login_id, report.execution_id.clone()), (first.login_id.clone(), first.execution_id.clone()));
    let ran: Vec<(&str, bool)> = report.runs.iter().map(|run| (run.action_name.as_str(), run.resumed)).collect();
    assert_eq!(ran, [("ask", true), ("after", false)]);
    let user = bench.user("ann").await;
    assert_eq!(app_metadata(&user), json!({"asked": true, "count": 1, "meanwhile": 1, "seen": {"t": "kept"}}));
    assert_eq!(Value::Object(user.user_metadata.unwrap()), json!({"answer": "blue"}));
    assert_eq!(user.logins_count, 1);
    let execution = bench.execution(&first).await;
    assert_eq!((execution.status, execution.runs.len()), (ExecutionStatus::Final, 4));
    assert_eq!(bench.log_kinds().await, ["s"]);
    assert!(bench.suspended().await.is_empty());
    assert_eq!(bench.resume(&first, back).await.unwrap_err().code.kind(), Kind::NotFound);
}

#[tokio::test]
async fn of_two_that_come_back_at_once_one_goes_on() {
    let bench = Bench::new().await;
    bench.install(&[("ask", redirect()), ("count", count())]).await;
    let first = bench.login("ann").await;
    let back = json!({"state": state(&first), "answer": 1});
    let (one, other) = tokio::join!(bench.resume(&first, back.clone()), bench.resume(&first, back));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
    let user = bench.user("ann").await;
    assert_eq!((user.logins_count, app_metadata(&user)["count"].clone()), (1, json!(1)));
}

#[tokio::test]
async fn a_login_that_waited_too_long_is_over() {
    let bench = Bench::new().await;
    bench.install(&[("ask", redirect())]).await;
    let first = bench.login("ann").await;
    let later = |seconds: u64| {
        let wait = limits::SUSPENSION_FOR.as_secs() + seconds;
        Timestamp::now().checked_add(SignedDuration::from_secs(wait.cast_signed())).unwrap()
    };
    let back = json!({"state": state(&first), "answer": 1});
    let refused = bench.resume_at(&first, back, later(1)).await.unwrap_err();
    assert_eq!(refused.code.kind(), Kind::BadRequest);
    assert_eq!(bench.user("ann").await.user_metadata, None);
}

#[tokio::test]
async fn a_challenge_waits_and_later_actions_follow() {
    let bench = Bench::new().await;
    let challenge = asks(&json!([
        {"type": "authentication.challengeWith", "factor": {"type": "otp"}, "additionalFactors": [{"type": "email"}]},
    ]));
    bench
        .install(&[("challenge", challenge), ("count", count()), ("sees", sees("/authentication/methods/1/name"))])
        .await;
    let first = bench.login("ann").await;
    let Outcome::Challenge { factors, state } = &first.outcome else { panic!("{:?}", first.outcome) };
    assert_eq!(*factors, [json!({"type": "otp"}), json!({"type": "email"})]);
    assert_eq!(first.runs.len(), 1);
    let report = bench.resume(&first, json!({"state": state})).await.unwrap();
    assert_eq!(report.outcome, Outcome::Allow);
    assert_eq!(app_metadata(&report.user), json!({"count": 1, "seen": "mfa"}));
}

#[tokio::test]
async fn enable_asks_at_the_end_and_only_when_no_factor_was_given() {
    let bench = Bench::new().await;
    let enable =
        asks(&json!([{"type": "multifactor.enable", "provider": "any", "options": {"allowRememberBrowser": false}}]));
    let action = bench.install(&[("enable", enable.clone()), ("count", count())]).await;
    let first = bench.login("ann").await;
    let Outcome::Challenge { factors, .. } = &first.outcome else { panic!("{:?}", first.outcome) };
    assert_eq!(*factors, [json!({"type": "any", "options": {"allowRememberBrowser": false}})]);
    assert_eq!(first.runs.len(), 2, "the challenge is at the end of the flow");
    let report = bench.resume(&first, json!({"state": state(&first)})).await.unwrap();
    assert_eq!((report.outcome, report.runs.len()), (Outcome::Allow, 0));

    let none = bench.action("none", &asks(&json!([{"type": "multifactor.enable", "provider": "none"}]))).await;
    let skip = postern_model::OnFailure::Deny;
    bench.bind(&[(&action[0], skip), (&none, skip)]).await;
    assert_eq!(bench.login("ann").await.outcome, Outcome::Allow);
}

#[tokio::test]
async fn a_login_goes_on_with_the_versions_it_started_with() {
    let bench = Bench::new().await;
    let actions = bench.install(&[("ask", redirect()), ("after", count())]).await;
    let first = bench.login("ann").await;
    let second = bench.login("ann").await;
    bench.deploy(&actions[1], &asks(&json!([{"type": "access.deny", "reason": "new version"}]))).await;
    bench.bind(&[]).await;
    let report = bench.resume(&first, json!({"state": state(&first), "answer": 1})).await.unwrap();
    assert_eq!(report.outcome, Outcome::Allow);
    assert_eq!(report.runs.iter().map(|run| run.version).collect::<Vec<_>>(), [1, 1]);
    bench.delete::<Action>(actions[1].id.as_str()).await;
    let refused = bench.resume(&second, json!({"state": state(&second), "answer": 1})).await.unwrap_err();
    assert_eq!(refused.code.kind(), Kind::Conflict);
}
