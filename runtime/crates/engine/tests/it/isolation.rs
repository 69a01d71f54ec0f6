//! Every run starts from the same state, whatever ran before it in the same slot.

use postern_model::RunStatus;

use crate::harness::{body, build, engine_with, guest, input, run, value};
use postern_engine::EngineConfig;

/// One slot for runs, so that each run gets the slot of the one before it.
fn one_slot() -> postern_engine::Engine {
    engine_with(&EngineConfig { concurrent_runs: 1, runs_per_tenant: 1, ..EngineConfig::default() })
}

const MARKS: &str = include_str!("../../../../../tests/guests/mark.wat");

#[tokio::test]
async fn marks_are_never_seen() {
    let engine = one_slot();
    let program = build(&engine, MARKS).await.unwrap();
    for _ in 0..50 {
        let report = engine.run(&program, input()).await.unwrap();
        assert_eq!(value(&report), 0);
    }
}

/// Traps unless all its memory, grown to the limit, is zero but for its own data; then fills it.
fn sweeper(fill: bool) -> String {
    let fill = if fill {
        "(memory.fill (i32.const 0) (i32.const 255) (i32.const 59904))
        (memory.fill (i32.const 65536) (i32.const 255) (i32.mul (i32.const 65536) (i32.const 199)))"
    } else {
        ""
    };
    body(&format!(
        r#"(if (i32.eq (memory.grow (i32.const 199)) (i32.const -1)) (then unreachable))
           (loop $next
             (if (i64.ne (i64.load (local.get $n)) (i64.const 0)) (then unreachable))
             (local.set $n (i32.add (local.get $n) (i32.const 8)))
             (if (i32.eq (local.get $n) (i32.const 60000)) (then (local.set $n (i32.const 60016))))
             (br_if $next (i32.lt_u (local.get $n) (i32.mul (i32.const 65536) (i32.const 200)))))
           {fill}"#
    ))
}

#[tokio::test]
async fn memory_is_zero_after_another_module_filled_it() {
    let engine = one_slot();
    for _ in 0..12 {
        for fill in [true, false] {
            // A module with an image and one without take turns in the slot.
            let report = run(&engine, &sweeper(fill), input()).await;
            assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
            assert_eq!(report.usage.memory_bytes, 200 * 65_536);
        }
    }
}

#[tokio::test]
async fn tables_are_fresh() {
    let engine = one_slot();
    let wat = guest(
        r#"(table $t 100 funcref)
           (elem declare func $empty)
           (func (export "on_execute_post_login") (result i64) (local $n i32)
             (loop $next
               (if (i32.eqz (ref.is_null (table.get $t (local.get $n)))) (then unreachable))
               (table.set $t (local.get $n) (ref.func $empty))
               (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if $next (i32.lt_u (local.get $n) (i32.const 100))))
             (drop (table.grow $t (ref.func $empty) (i32.const 19000)))
             (call $empty))"#,
    );
    for _ in 0..20 {
        assert_eq!(run(&engine, &wat, input()).await.status, RunStatus::Ok);
    }
}
