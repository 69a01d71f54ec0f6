//! `postern_init` runs once; what it did is where every run starts.

use postern_engine::BuildError;
use postern_model::RunStatus;

use crate::harness::{IMPORTS, build, engine, input, value};

/// Keeps the payload's bytes, their number in a global, and a mark in a page it grows by; a run reports all three.
fn initialized(init: &str) -> String {
    format!(
        r#"(module {IMPORTS}
          (memory (export "memory") 1)
          (global $len (export "len") (mut i32) (i32.const 0))
          (data (i32.const 1024) "{{\"mutations\":[{{\"type\":\"user.setAppMetadata\",\"key\":\"k\",\"value\":")
          (func (export "postern_alloc") (param i32) (result i32) (i32.const 1086))
          (func (export "postern_init") (param $ptr i32) (param $len i32) {init})
          (func (export "on_execute_post_login") (result i64) (local $end i32)
            (if (i32.ne (memory.size) (i32.const 3)) (then unreachable))
            (if (i32.ne (i32.load (i32.const 131072)) (i32.const 42)) (then unreachable))
            ;; Marks of this run, which no other run may see.
            (i32.store (i32.const 131072) (i32.const 43))
            (if (i32.load (i32.const 512)) (then unreachable))
            (i32.store (i32.const 512) (i32.const 1))
            (local.set $end (i32.add (i32.const 1086) (global.get $len)))
            (global.set $len (i32.const 0))
            (i32.store8 (local.get $end) (i32.const 125))
            (i32.store8 offset=1 (local.get $end) (i32.const 93))
            (i32.store8 offset=2 (local.get $end) (i32.const 125))
            (i64.or (i64.const 4398046511104) (i64.extend_i32_u (i32.sub (local.get $end) (i32.const 1021))))))"#
    )
}

const KEEP: &str = "(global.set $len (local.get $len))
    (call $log (i32.const 2) (local.get $ptr) (local.get $len))
    (drop (memory.grow (i32.const 2)))
    (i32.store (i32.const 131072) (i32.const 42))";

#[tokio::test]
async fn every_run_starts_from_the_snapshot() {
    let engine = engine();
    let wasm: std::sync::Arc<[u8]> = wat::parse_str(initialized(KEEP)).unwrap().into();
    assert!(engine.check(&wasm).unwrap().initializes);
    for payload in ["12345", "[true]"] {
        let program = engine.build(&wasm, payload.as_bytes()).await.unwrap();
        for _ in 0..3 {
            let report = engine.run(&program, input()).await.unwrap();
            assert_eq!(value(&report), serde_json::from_str::<serde_json::Value>(payload).unwrap());
            assert!(report.logs.is_empty());
        }
        // One program for each payload.
        assert_eq!(engine.build(&wasm, payload.as_bytes()).await.unwrap().key(), program.key());
        assert!(engine.cached(program.key()).is_some());
    }
}

#[tokio::test]
async fn a_failing_init_is_a_failed_build() {
    let engine = engine();
    for (init, status) in [
        ("unreachable", RunStatus::Trap),
        ("(loop $again (br $again))", RunStatus::OutOfFuel),
        ("(drop (call $now))", RunStatus::Trap),
        ("(drop (call $event_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))", RunStatus::Trap),
        ("(call $random (i32.const 0) (i32.const 1))", RunStatus::Trap),
        ("(drop (call $call_start (i32.const 0) (i32.const 0)))", RunStatus::Trap),
        ("(drop (call $call_wait))", RunStatus::Trap),
        ("(drop (call $call_take (i32.const 0) (i32.const 0) (i32.const 0)))", RunStatus::Trap),
    ] {
        match build(&engine, &initialized(init)).await {
            Err(BuildError::Init { status: got, message }) => {
                assert_eq!(got, status, "{init}");
                assert!(!message.is_empty());
            }
            other => panic!("{init}: {other:?}"),
        }
    }
    let outside = initialized("").replace(
        "(i32.const 1086))\n          (func (export \"postern_init",
        "(i32.const -4))\n          (func (export \"postern_init",
    );
    let wasm = wat::parse_str(outside).unwrap();
    assert!(matches!(engine.build(&wasm.into(), b"payload").await, Err(BuildError::Init { .. })));
}
