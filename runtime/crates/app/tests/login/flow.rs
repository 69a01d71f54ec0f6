//! Order, visibility, denial, failure, claims, versions.

use postern_app::actions::{self, ActionInput, CreateMode};
use postern_app::{Kind, artifacts};
use postern_model::{Execution, ExecutionStatus, LogEntry, OnFailure, Outcome, RunStatus, User};
use serde_json::{Map, Value, json};

use crate::bench::{Bench, app_metadata, asks, count, count_after_call, returning, sees, user};

fn error_guest() -> Vec<u8> {
    returning(r#"{"error":{"name":"Error","message":"broken"}}"#)
}

fn sets(key: &str, value: &Value) -> Vec<u8> {
    asks(&json!([{"type": "user.setAppMetadata", "key": key, "value": value}]))
}

#[tokio::test]
async fn actions_run_in_order_and_later_ones_see_earlier_writes() {
    let bench = Bench::new().await;
    bench.install(&[("one", count()), ("two", count()), ("three", count())]).await;
    let report = bench.login("ann").await;
    assert_eq!(report.outcome, Outcome::Allow);
    let names: Vec<&str> = report.runs.iter().map(|run| run.action_name.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert_eq!(app_metadata(&report.user), json!({"count": 3}));
    let user = bench.user("ann").await;
    assert_eq!((user.logins_count, app_metadata(&user)), (1, json!({"count": 3})));
    assert!(user.last_login.is_some());
    assert_eq!(user.revision, report.revision);
    let execution = bench.execution(&report).await;
    assert_eq!((execution.status, execution.runs.len()), (ExecutionStatus::Final, 3));
    assert_eq!(execution.outcome, Outcome::Allow);
    assert_eq!(execution.runs[1].journal.reads, [("/user/app_metadata/count".to_owned(), Some(json!(1)))]);
    assert_eq!(bench.log_kinds().await, ["s"]);
    let logs = bench.all::<LogEntry>().await;
    let entry = logs.iter().find(|entry| entry.kind.code() == "s").unwrap();
    assert_eq!(entry.fields["details"]["actions"]["executions"], json!([report.execution_id]));
    assert_eq!(bench.login("ann").await.user.logins_count, 2);
}

#[tokio::test]
async fn a_denial_keeps_metadata_and_ends_the_login() {
    let bench = Bench::new().await;
    let deny = asks(&json!([
        {"type": "access.deny", "reason": "not today"},
        {"type": "user.setAppMetadata", "key": "denied", "value": true},
        {"type": "idToken.setCustomClaim", "key": "plan", "value": 1},
    ]));
    bench.install(&[("before", sets("before", &json!(1))), ("deny", deny), ("after", count())]).await;
    let report = bench.login("ann").await;
    assert_eq!(report.outcome, Outcome::Deny { code: "access_denied".into(), reason: "not today".into() });
    assert_eq!(report.runs.len(), 2);
    assert!(report.claims.id_token.is_empty());
    let user = bench.user("ann").await;
    assert_eq!(app_metadata(&user), json!({"before": 1, "denied": true}));
    assert_eq!((user.logins_count, user.last_login), (0, None));
    assert_eq!(bench.log_kinds().await, ["f"]);
}

#[tokio::test]
async fn a_validation_error_denies_with_its_own_code() {
    let bench = Bench::new().await;
    let refuse = asks(&json!([{"type": "validation.error", "code": "too_young", "message": "come back later"}]));
    bench.install(&[("refuse", refuse)]).await;
    let report = bench.login("ann").await;
    assert_eq!(report.outcome, Outcome::Deny { code: "too_young".into(), reason: "come back later".into() });
}

#[tokio::test]
async fn a_failing_action_ends_the_login_unless_its_binding_skips_it() {
    let bench = Bench::new().await;
    let failing = bench.action("failing", &error_guest()).await;
    let after = bench.action("after", &count()).await;
    bench.bind(&[(&failing, OnFailure::Deny), (&after, OnFailure::Deny)]).await;
    let report = bench.login("ann").await;
    let Outcome::Error { code, message } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(code, "access_denied");
    assert!(!message.contains("broken"), "the browser sees none of the author's text: {message}");
    assert_eq!(report.runs.len(), 1);
    assert_eq!(report.runs[0].status, RunStatus::GuestError);
    assert_eq!(report.runs[0].error.as_ref().unwrap().message, "broken");
    assert_eq!((bench.user("ann").await.logins_count, bench.user("ann").await.revision), (0, 1));
    assert_eq!(bench.log_kinds().await, ["f", "actions_execution_failed"]);

    bench.bind(&[(&failing, OnFailure::Skip), (&after, OnFailure::Deny)]).await;
    let report = bench.login("ann").await;
    assert_eq!(report.outcome, Outcome::Allow);
    assert_eq!(app_metadata(&report.user), json!({"count": 1}));
    assert_eq!(bench.execution(&report).await.status, ExecutionStatus::Partial);
}

#[tokio::test]
async fn an_illegal_list_is_refused_whole() {
    let bench = Bench::new().await;
    let illegal = asks(&json!([
        {"type": "user.setUserMetadata", "key": "fine", "value": 1},
        {"type": "user.setAppMetadata", "key": "email", "value": "x"},
    ]));
    bench.install(&[("illegal", illegal)]).await;
    let report = bench.login("ann").await;
    assert!(matches!(report.outcome, Outcome::Error { .. }));
    let run = &report.runs[0];
    assert_eq!(run.status, RunStatus::BadResult);
    assert!(run.error.as_ref().unwrap().message.contains("email"), "{:?}", run.error);
    assert!(run.mutations.iter().all(|mutation| !mutation.applied && mutation.reason.is_some()));
    let user = bench.user("ann").await;
    assert_eq!((user.revision, user.user_metadata), (1, None));
}

#[tokio::test]
async fn claims_and_scopes_come_back() {
    let bench = Bench::new().await;
    let claims = asks(&json!([
        {"type": "idToken.setCustomClaim", "key": "plan", "value": {"a": 1}},
        {"type": "accessToken.setCustomClaim", "key": "https://example.com/x", "value": 2},
        {"type": "idToken.setCustomClaim", "key": "iss", "value": "forged"},
        {"type": "accessToken.addScope", "scope": "read:all"},
        {"type": "accessToken.removeScope", "scope": "email"},
        {"type": "session.setCookieMode", "mode": "persistent"},
    ]));
    bench.install(&[("claims", claims)]).await;
    let input =
        json!({"client_id": "app", "user_id": "auth0|ann", "transaction": {"requested_scopes": ["openid", "email"]}});
    let report = bench.try_login(input.clone()).await.unwrap();
    assert_eq!(Value::Object(report.claims.id_token), json!({"plan": {"a": 1}}));
    assert_eq!(Value::Object(report.claims.access_token), json!({"https://example.com/x": 2}));
    assert_eq!(report.scope, "openid read:all");
    let applied: Vec<bool> = report.runs[0].mutations.iter().map(|mutation| mutation.applied).collect();
    assert_eq!(applied, [true, true, false, true, true, false]);
    assert_eq!(report.warnings, ["claims: 'iss' is a restricted claim"]);
    assert_eq!(bench.log_kinds().await, ["s", "w"]);
    let mut management = input;
    management["audience"] = json!("https://default.example.test/api/v2/");
    let report = bench.try_login(management).await.unwrap();
    assert!(report.claims.access_token.is_empty());
    assert!(!report.claims.id_token.is_empty());
}

#[tokio::test]
async fn the_login_after_a_deploy_runs_the_new_version() {
    let bench = Bench::new().await;
    let action = bench.install(&[("plan", sets("plan", &json!("first")))]).await.remove(0);
    assert_eq!(app_metadata(&bench.login("ann").await.user), json!({"plan": "first"}));
    bench.upload(&action, &sets("plan", &json!("second"))).await;
    assert_eq!(app_metadata(&bench.login("ann").await.user), json!({"plan": "first"}));
    bench.deploy(&action, &sets("plan", &json!("second"))).await;
    let report = bench.login("ann").await;
    assert_eq!((app_metadata(&report.user), report.runs[0].version), (json!({"plan": "second"}), 2));
    bench.bind(&[]).await;
    assert!(bench.login("ann").await.runs.is_empty());
}

#[tokio::test]
async fn an_action_sees_its_own_secrets_and_no_other() {
    let bench = Bench::new().await;
    let actions = bench.install(&[("mine", sees("/secrets")), ("other", sees("/secrets"))]).await;
    bench.secret(&actions[0], "KEY", "hush").await;
    let report = bench.login("ann").await;
    assert_eq!(report.runs[0].mutations[0].mutation["value"], json!({"KEY": "hush"}));
    assert_eq!(report.runs[1].mutations[0].mutation["value"], json!({}));
    assert!(report.runs[0].journal.reads.iter().all(|(pointer, value)| pointer != "/secrets" || value.is_none()));
}

#[tokio::test]
async fn what_cannot_ask_the_user_ends_where_the_user_would_be_asked() {
    let bench = Bench::new().await;
    let ask = asks(&json!([
        {"type": "user.setAppMetadata", "key": "asked", "value": true},
        {"type": "redirect.sendUserTo", "url": "https://example.com/form"},
    ]));
    bench.install(&[("ask", ask)]).await;
    for (part, value) in [
        ("transaction", json!({"protocol": "oauth2-password"})),
        ("transaction", json!({"prompt": ["none"]})),
        ("request", json!({"query": {"prompt": "none"}})),
    ] {
        let mut input = json!({"client_id": "app", "user_id": "auth0|ann"});
        input[part] = value;
        let report = bench.try_login(input).await.unwrap();
        let Outcome::Error { code, .. } = report.outcome else { panic!("{:?}", report.outcome) };
        assert_eq!(code, "interaction_required", "{part}");
    }
    assert!(bench.suspended().await.is_empty());
    assert_eq!(bench.user("ann").await.logins_count, 0);
}

#[tokio::test]
async fn a_dry_run_commits_nothing() {
    let bench = Bench::new().await;
    let action = bench.install(&[("count", count())]).await.remove(0);
    bench.deploy(&action, &sets("plan", &json!("second"))).await;
    bench.upload(&action, &sees("/user/app_metadata/plan")).await;
    let before = (bench.all::<User>().await, bench.log_kinds().await);
    let dry = |more: Value| {
        let mut input = json!({"client_id": "app", "user_id": "auth0|ann", "dry_run": true});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let id = action.id.as_str();
    let report = bench.try_login(dry(json!({}))).await.unwrap();
    assert_eq!((app_metadata(&report.user), report.runs[0].version), (json!({"plan": "second"}), 2));
    let report = bench.try_login(dry(json!({"versions": {id: 1}}))).await.unwrap();
    assert_eq!((app_metadata(&report.user), report.runs[0].version), (json!({"count": 1}), 1));
    let draft = json!({"versions": {id: "draft"}, "event": {"user": {"app_metadata": {"plan": "laid over"}}}});
    let report = bench.try_login(dry(draft)).await.unwrap();
    assert_eq!((app_metadata(&report.user), report.runs[0].version), (json!({"seen": "laid over"}), 0));
    let report = bench.try_login(dry(json!({"now": 1234}))).await.unwrap();
    assert_eq!(report.runs[0].journal.now_ms, 1234);

    let fresh = json!({"client_id": "app", "user": {"email": "new@example.com"}, "dry_run": true});
    assert_eq!(bench.try_login(fresh).await.unwrap().user.email.as_deref(), Some("new@example.com"));
    for illegal in [json!({"versions": {id: 9}}), json!({"versions": {"no-such": 1}})] {
        assert_eq!(bench.try_login(dry(illegal)).await.unwrap_err().code.kind(), Kind::BadRequest);
    }
    for only_dry in [json!({"versions": {id: 1}}), json!({"event": {}}), json!({"now": 1})] {
        let mut input = dry(only_dry);
        input["dry_run"] = json!(false);
        assert_eq!(bench.try_login(input).await.unwrap_err().code.kind(), Kind::BadRequest);
    }
    assert_eq!((bench.all::<User>().await, bench.log_kinds().await), before);
    assert!(bench.all::<Execution>().await.is_empty());
}

#[tokio::test]
async fn a_journal_that_is_too_large_to_keep_does_not_cost_the_login() {
    let bench = Bench::new().await;
    let reads_all = bench.action("reads all", &sees("")).await;
    let counts = bench.action("counts", &count()).await;
    let mut bound = vec![(&reads_all, OnFailure::Skip); 12];
    bound.push((&counts, OnFailure::Deny));
    bench.bind(&bound).await;
    let body = json!({"large": "x".repeat(900_000)});
    let input = json!({"client_id": "app", "user_id": "auth0|ann", "request": {"body": body}});
    let report = bench.try_login(input).await.unwrap();
    assert_eq!(report.outcome, Outcome::Allow);
    assert_eq!(app_metadata(&bench.user("ann").await), json!({"count": 1}));
    let execution = bench.execution(&report).await;
    assert_eq!(execution.runs.len(), 13);
    assert!(execution.runs.iter().all(|run| run.journal.reads.is_empty() && run.usage.fuel > 0));
    assert!(serde_json::to_string(&bench.all::<LogEntry>().await).unwrap().len() < 20_000, "no event in the log");
}

#[tokio::test]
async fn whatever_is_nested_how_deep_the_execution_can_be_read_again() {
    let bench = Bench::new().await;
    let deep = |levels: u32| (0..levels).fold(json!(1), |value, _| json!([value]));
    let mut deep_user = user("deep");
    deep_user.app_metadata = Some(Map::from_iter([("count".to_owned(), deep(120))]));
    bench.insert(&deep_user).await;
    let call = bench.action("call", &count_after_call(&json!({"type": "none", "a": deep(120)}).to_string())).await;
    let result = bench.action("result", &sets("k", &deep(120))).await;
    let reads = bench.action("reads", &sees("/user/app_metadata/count")).await;
    bench.bind(&[(&call, OnFailure::Skip), (&result, OnFailure::Skip), (&reads, OnFailure::Skip)]).await;
    for who in ["ann", "deep"] {
        let report = bench.login(who).await;
        assert_eq!(report.outcome, Outcome::Allow);
        assert_eq!(bench.execution(&report).await.runs, report.runs);
        assert_eq!(report.runs[1].status, RunStatus::BadResult);
    }
}

#[tokio::test]
async fn an_action_cannot_be_run_before_its_first_deploy_even_when_it_exists() {
    let bench = Bench::new().await;
    let input = ActionInput {
        name: Some("idle".to_owned()),
        trigger: Some(postern_model::Trigger { id: "post-login".to_owned(), version: "v3".to_owned() }),
        runtime: Some(postern_model::Runtime::Wasm),
        ..ActionInput::default()
    };
    let action = actions::action_create(&bench.app, &bench.ctx(), input, CreateMode::Draft).await.unwrap().action;
    artifacts::artifact_replace(&bench.app, &bench.ctx(), action.id.as_str(), count().into()).await.unwrap();
    assert!(bench.login("ann").await.runs.is_empty());
}
