//! A run can be made again from its journal: the same mutations, the same fuel.

use std::time::{Duration, Instant};

use postern_engine::RunInput;
use postern_model::{Journal, RunStatus};
use serde_json::{Value, json};

use crate::harness::{build, engine, guest, input, input_with, run, value};

const OUTSIDE: &str = include_str!("../guests/outside.wat");

fn event() -> Value {
    json!({"user": {"email": "ann@example.com"}, "secrets": {"KEY": "hunter22"}, "other": [1, 2, 3]})
}

#[tokio::test]
async fn a_replay_is_exact() {
    let engine = engine();
    let program = build(&engine, OUTSIDE).await.unwrap();
    let first = engine.run(&program, input_with(event())).await.unwrap();
    let seen = value(&first);
    assert_eq!(seen[0], 1_764_000_000_000_i64);
    assert_eq!(seen[3], "ann@example.com");
    assert_eq!(seen[4], 0);
    assert_eq!(seen[5], json!({"type": "success", "record": {"value": "v", "expires_at": 1_764_000_900_000_i64}}));
    assert_eq!(seen[6], json!({}));
    assert_eq!(first.journal.waits, [0, 1]);
    assert_eq!(
        first.journal.reads,
        [
            ("/user/email".to_owned(), Some(json!("ann@example.com"))),
            ("/user/nothing".to_owned(), None),
            ("/secrets/KEY".to_owned(), None),
        ]
    );
    // A secret is in neither the log nor the journal.
    assert_eq!(first.logs[0].message, "\"[secret KEY]\"");
    assert!(!serde_json::to_string(&first.journal).unwrap().contains("hunter22"));

    // Everything else is different now, and only the secrets are as they were.
    let stored: Journal = serde_json::from_str(&serde_json::to_string(&first.journal).unwrap()).unwrap();
    let again = RunInput {
        now_ms: 5,
        seed: [1; 32],
        replay: Some(stored),
        ..input_with(json!({"secrets": {"KEY": "hunter22"}}))
    };
    let second = engine.run(&program, again).await.unwrap();
    assert_eq!(second.divergence, None);
    assert_eq!(second.mutations, first.mutations);
    assert_eq!(second.usage.fuel, first.usage.fuel);
    assert_eq!(second.logs, first.logs);
    assert_eq!(second.journal, first.journal);
}

#[tokio::test]
async fn a_whole_event_can_be_replayed() {
    let engine = engine();
    let wat = guest(
        r#"(func (export "on_execute_post_login") (result i64) (local $n i32)
             (local.set $n (call $event_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4096)))
             (loop $next
               (local.set $n (i32.sub (local.get $n) (i32.const 1)))
               (br_if $next (i32.and (i32.gt_s (local.get $n) (i32.const 0)) (i32.ne (i32.load8_u (local.get $n)) (i32.const 50)))))
             (call $empty))"#,
    );
    let first = run(&engine, &wat, input_with(event())).await;
    assert_eq!(first.journal.reads[0].1.as_ref().unwrap()["secrets"], Value::Null);
    let again = RunInput { replay: Some(first.journal.clone()), ..input_with(json!({"secrets": {"KEY": "hunter22"}})) };
    let second = run(&engine, &wat, again).await;
    assert_eq!((second.divergence.as_deref(), second.usage.fuel), (None, first.usage.fuel));
}

#[tokio::test]
async fn a_divergence_is_reported() {
    let engine = engine();
    let program = build(&engine, OUTSIDE).await.unwrap();
    let journal = engine.run(&program, input_with(event())).await.unwrap().journal;
    let edit = |change: fn(&mut Journal)| {
        let mut journal = journal.clone();
        change(&mut journal);
        journal
    };
    for (journal, status, part) in [
        (edit(|j| j.reads.truncate(1)), RunStatus::HostFault, "/user/nothing"),
        (edit(|j| j.calls.truncate(1)), RunStatus::HostFault, "host call 1 is not in"),
        (edit(|j| j.calls.swap(0, 1)), RunStatus::HostFault, "host call 0 is another"),
        (edit(|j| j.waits.truncate(1)), RunStatus::HostFault, "waits more often"),
        (edit(|j| j.waits = vec![7]), RunStatus::HostFault, "call 7"),
        (edit(|j| j.seed.truncate(3)), RunStatus::Ok, "seed"),
        (edit(|j| j.reads.push(("/x".into(), None))), RunStatus::Ok, "other parts"),
        (edit(|j| j.calls.push(j.calls[0].clone())), RunStatus::Ok, "fewer host calls"),
        (edit(|j| j.waits.push(-1)), RunStatus::Ok, "less often"),
    ] {
        let report = engine.run(&program, RunInput { replay: Some(journal), ..input_with(event()) }).await.unwrap();
        assert_eq!(report.status, status, "{part}: {:?}", report.error);
        let divergence = report.divergence.unwrap();
        assert!(divergence.contains(part), "{divergence}");
    }
}

#[tokio::test]
async fn earlier_answers_are_given_again() {
    let engine = engine();
    let program = build(&engine, OUTSIDE).await.unwrap();
    let first = engine.run(&program, input_with(event())).await.unwrap();
    let mut earlier = first.journal.calls.clone();
    earlier[0].answer = json!({"type": "error", "code": "from the attempt before"});
    let second = engine.run(&program, RunInput { earlier, ..input_with(event()) }).await.unwrap();
    assert_eq!(value(&second)[5]["code"], "from the attempt before");
    assert_eq!(second.divergence, None);
    // A call that had no answer yet is made again.
    let mut earlier = first.journal.calls.clone();
    earlier[1].answer = Value::Null;
    let third = engine.run(&program, RunInput { earlier, ..input_with(event()) }).await.unwrap();
    assert_eq!(value(&third)[6], json!({}));
}

#[tokio::test]
async fn fuel_is_the_same_every_time() {
    let engine = engine();
    let program = build(&engine, OUTSIDE).await.unwrap();
    let fuel = engine.run(&program, input_with(event())).await.unwrap().usage.fuel;
    assert!(fuel > 0);
    for _ in 0..100 {
        assert_eq!(engine.run(&program, input_with(event())).await.unwrap().usage.fuel, fuel);
    }
    // Another engine, and another limit, count the same.
    let mut other = input_with(event());
    other.limits.fuel = fuel;
    let report = run(&crate::harness::engine(), OUTSIDE, other).await;
    assert_eq!((report.status, report.usage.fuel), (RunStatus::Ok, fuel));
    // The limit is looked at where code can repeat, so a run may end just before it is found out.
    let mut short = input_with(event());
    short.limits.fuel = fuel / 2;
    let report = run(&engine, OUTSIDE, short).await;
    assert_eq!((report.status, report.usage.fuel), (RunStatus::OutOfFuel, fuel / 2));
}

#[tokio::test]
async fn waiting_is_not_work() {
    let report = run(&engine(), include_str!("../guests/calls.wat"), {
        RunInput {
            deadline: Instant::now() + Duration::from_secs(10),
            ..input_with(json!({"calls": [{"type": "timer", "ms": 300}]}))
        }
    })
    .await;
    value(&report);
    assert!(report.usage.duration_us >= 300_000);
    assert!(report.usage.cpu_us < 200_000, "{}", report.usage.cpu_us);
    let idle = run(&engine(), &crate::harness::body(""), input()).await;
    assert!(idle.journal.reads.is_empty() && idle.journal.calls.is_empty());
}
