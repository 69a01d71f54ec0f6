//! Host calls: they overlap, answer in the form of the contract, and end with the run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{Directory, GroupRow, RoleRow, RunInput};
use postern_model::RunStatus;
use serde_json::{Value, json};

use crate::harness::{body, engine, input, input_with, run, value};

const CALLS: &str = include_str!("../guests/calls.wat");

/// The answers in the order of the calls.
async fn answers(calls: Value, input: RunInput) -> Vec<Value> {
    let report = run(&engine(), CALLS, RunInput { event: Arc::new(json!({"calls": calls})), ..input }).await;
    let mut answers: Vec<Value> = value(&report).as_array().unwrap().clone();
    answers.sort_by_key(|answer| answer[0].as_i64());
    answers.into_iter().map(|answer| answer[1].clone()).collect()
}

#[tokio::test]
async fn calls_overlap() {
    let calls = json!([{"type": "timer", "ms": 400}, {"type": "timer", "ms": 200}, {"type": "cache.get", "key": "k"}, {"type": "timer", "ms": 300}]);
    let report = run(&engine(), CALLS, input_with(json!({"calls": calls}))).await;
    let order: Vec<i64> = value(&report).as_array().unwrap().iter().map(|answer| answer[0].as_i64().unwrap()).collect();
    // Done in order of time, and together no longer than the longest.
    assert_eq!(order, [2, 1, 3, 0]);
    assert!(report.usage.duration_us < 800_000, "{}", report.usage.duration_us);
    assert_eq!(report.usage.host_calls, 4);
}

#[tokio::test]
async fn bad_calls_are_answered() {
    let bad = answers(json!([
        {"type": "teleport"}, {"type": "cache.get"}, 7, {"type": "timer", "ms": -1}, {"type": "cache.get", "key": "k", "extra": 1},
        {"type": "http.fetch", "method": "GET", "url": "nowhere"}, {"type": "roles.getUserEffectiveRolesByNames", "names": []}
    ]), input()).await;
    assert_eq!(bad.len(), 7);
    for answer in bad {
        assert_eq!(answer["error"]["code"], "bad_call", "{answer}");
        assert!(answer["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn cache_roles_and_groups() {
    let directory = Directory {
        roles: [RoleRow { id: "rol_1".into(), name: "admin".into() }].into(),
        groups: [GroupRow { id: "g1".into(), name: "staff".into() }].into(),
    };
    let input = RunInput { directory, ..input() };
    let got = answers(
        json!([
            {"type": "cache.set", "key": "k", "value": "v", "ttl": 1000},
            {"type": "cache.get", "key": "k"},
            {"type": "cache.delete", "key": "k"},
            {"type": "cache.get", "key": "k"},
            {"type": "roles.getUserEffectiveRoles"},
            {"type": "roles.getUserEffectiveRolesByNames", "names": ["admin", "x"]},
            {"type": "groups.getUserGroups", "take": 10},
            {"type": "groups.hasGroupMembership", "groups": ["staff"]},
        ]),
        input.clone(),
    )
    .await;
    let expires_at = input.now_ms + 1000;
    let roles = json!({"roles": [{"id": "rol_1", "name": "admin", "type": "tenant"}]});
    assert_eq!(
        got,
        [
            json!({"type": "success", "record": {"value": "v", "expires_at": expires_at}}),
            json!({"value": "v", "expires_at": expires_at}),
            json!({"type": "success"}),
            Value::Null,
            roles.clone(),
            roles,
            json!({"groups": [{"id": "g1", "name": "staff"}]}),
            json!({"memberships": {"staff": {"is_member": true}}}),
        ]
    );
    // The next run of the same trigger sees the same cache.
    answers(json!([{"type": "cache.set", "key": "kept", "value": "v"}]), input.clone()).await;
    assert_eq!(answers(json!([{"type": "cache.get", "key": "kept"}]), input).await[0]["value"], "v");
}

#[tokio::test]
async fn a_wait_ends_with_the_run() {
    let event = json!({"calls": [{"type": "timer", "ms": 3_600_000}]});
    let input = RunInput { deadline: Instant::now() + Duration::from_millis(200), ..input_with(event) };
    let started = Instant::now();
    let report = run(&engine(), CALLS, input).await;
    assert_eq!(report.status, RunStatus::Deadline);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(report.journal.calls[0].answer, Value::Null);
}

#[tokio::test]
async fn an_answer_is_there_only_after_its_wait() {
    // Neither an unknown call nor one that is not awaited has an answer, and waiting for nothing is -1.
    let wat = body(
        r#"(if (i32.ne (call $call_take (i32.const 0) (i32.const 0) (i32.const 100)) (i32.const -1)) (then unreachable))
           (if (i32.ne (call $call_wait) (i32.const -1)) (then unreachable))
           (if (call $call_start (i32.const 0) (i32.const 2)) (then unreachable))
           (if (i32.ne (call $call_take (i32.const 0) (i32.const 0) (i32.const 100)) (i32.const -1)) (then unreachable))
           (if (call $call_wait) (then unreachable))
           ;; Too small a buffer: the length, and nothing written.
           (local.set $n (call $call_take (i32.const 0) (i32.const 100) (i32.const 3)))
           (if (i32.or (i32.le_s (local.get $n) (i32.const 3)) (i32.load (i32.const 100))) (then unreachable))
           (if (i32.ne (call $call_take (i32.const 0) (i32.const 100) (local.get $n)) (local.get $n)) (then unreachable))
           (if (i32.ne (i32.load8_u (i32.const 100)) (i32.const 123)) (then unreachable))
           (if (i32.ne (call $call_wait) (i32.const -1)) (then unreachable))"#,
    );
    let report = run(&engine(), &wat, input()).await;
    assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
    assert_eq!(report.journal.waits, [-1, 0, -1]);
}
