//! `postern_init` runs once; what it did is where every run starts.

use std::sync::Arc;

use postern_engine::{BuildError, EngineConfig};
use postern_model::RunStatus;

use crate::harness::{IMPORTS, build, engine, engine_with, input, pack, value};

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
            Err(BuildError::Init { status: got, error }) => {
                assert_eq!(got, status, "{init}");
                assert!(!error.message.is_empty());
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

/// Like [`initialized`], and compiles a payload by putting a `1` before it. One that begins with `!` is refused: the
/// rest of it is the failure.
fn compiling() -> String {
    let compile = format!(
        r#"(global (export "postern_failure") i32 (i32.const 16))
          (func (export "postern_compile") (param $ptr i32) (param $len i32) (result i64)
            (if (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 33)) (then
              (i64.store (i32.const 16) (i64.or
                (i64.shl (i64.extend_i32_u (i32.add (local.get $ptr) (i32.const 1))) (i64.const 32))
                (i64.extend_i32_u (i32.sub (local.get $len) (i32.const 1)))))
              unreachable))
            (if (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 63)) (then (return {outside})))
            ;; Left behind here, and not in what runs start from.
            (i32.store (i32.const 512) (i32.const 1))
            (i32.store8 (i32.const 2048) (i32.const 49))
            (memory.copy (i32.const 2049) (local.get $ptr) (local.get $len))
            (i64.or (i64.shl (i64.const 2048) (i64.const 32))
              (i64.extend_i32_u (i32.add (local.get $len) (i32.const 1)))))
          (func (export "postern_alloc")"#,
        outside = pack(65_000, 4096),
    );
    initialized(KEEP).replace("(func (export \"postern_alloc\")", &compile)
}

#[tokio::test]
async fn a_payload_is_compiled_in_an_instance_of_its_own() {
    let engine = engine();
    let wasm: Arc<[u8]> = wat::parse_str(compiling()).unwrap().into();
    assert!(engine.check(&wasm).unwrap().compiles);
    let program = engine.build(&wasm, b"2345").await.unwrap();
    assert_eq!(value(&engine.run(&program, input()).await.unwrap()), serde_json::json!(12345));

    let told = br#"!{"name":"SyntaxError","message":"Unexpected token '}'","stack":"    at action.js:3:7"}"#;
    match engine.build(&wasm, told).await {
        Err(BuildError::Init { status: RunStatus::GuestError, error }) => {
            assert_eq!((&*error.name, &*error.message), ("SyntaxError", "Unexpected token '}'"));
            assert_eq!(error.stack.as_deref(), Some("    at action.js:3:7"));
        }
        other => panic!("{other:?}"),
    }
    match engine.build(&wasm, b"?").await {
        Err(BuildError::Init { status: RunStatus::Trap, error }) => assert_eq!(error.name, "BadPointer"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn programs_of_one_module_share_it() {
    let engine = engine();
    let wasm: Arc<[u8]> = wat::parse_str(compiling()).unwrap().into();
    let module = engine.module(&wasm).await.unwrap();
    let size = engine.program(&module, b"1").await.unwrap().size();
    // A page that it grew by, its mark, the payload: nothing of the code.
    assert!(size < 1024, "{size}");
    assert_eq!(engine.build(&wasm, b"1").await.unwrap().key(), engine.program(&module, b"1").await.unwrap().key());
}

/// Runs the programs of these payloads, which are numbers.
async fn run_all(engine: &postern_engine::Engine, wasm: &Arc<[u8]>, payloads: std::ops::Range<u32>) {
    for payload in payloads {
        let program = engine.build(wasm, payload.to_string().as_bytes()).await.unwrap();
        let report = engine.run(&program, input()).await.unwrap();
        assert_eq!(value(&report), serde_json::from_str::<serde_json::Value>(&format!("1{payload}")).unwrap());
    }
}

#[tokio::test]
async fn a_snapshot_that_made_room_is_the_same_again() {
    let engine = engine_with(&EngineConfig { program_bytes: 1, cold_bytes: 700, ..EngineConfig::default() });
    let wasm: Arc<[u8]> = wat::parse_str(compiling()).unwrap().into();
    let module = engine.module(&wasm).await.unwrap();
    for _ in 0..3 {
        run_all(&engine, &wasm, 100..110).await;
    }
    // Some are cold, some had to go; none is lost.
    assert!(engine.program_kept(&module, "of none").await.is_none());
}

#[tokio::test]
async fn snapshots_are_kept_on_disk_and_made_again_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let config = EngineConfig { cache_dir: Some(folder.path().to_owned()), ..EngineConfig::default() };
    let wasm: Arc<[u8]> = wat::parse_str(compiling()).unwrap().into();
    run_all(&engine_with(&config), &wasm, 0..3).await;
    let mut files: Vec<_> =
        std::fs::read_dir(folder.path().join("snapshots")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 3);

    let kept = |file: &std::path::Path| {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        name.split_once('+').unwrap().1.to_owned()
    };
    let engine = engine_with(&config);
    let module = engine.module(&wasm).await.unwrap();
    for file in &files {
        assert!(engine.program_kept(&module, &kept(file)).await.is_some());
    }
    run_all(&engine, &wasm, 0..3).await;

    // One cut, one changed, one of another program.
    let bytes = std::fs::read(&files[0]).unwrap();
    std::fs::write(&files[0], &bytes[..bytes.len() - 1]).unwrap();
    let mut bytes = std::fs::read(&files[1]).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&files[1], &bytes).unwrap();
    std::fs::write(&files[2], &bytes).unwrap();
    let engine = engine_with(&config);
    let module = engine.module(&wasm).await.unwrap();
    for file in &files {
        assert!(engine.program_kept(&module, &kept(file)).await.is_none(), "{}", file.display());
    }
    run_all(&engine, &wasm, 0..3).await;
    let engine = engine_with(&config);
    let module = engine.module(&wasm).await.unwrap();
    for file in &files {
        assert!(engine.program_kept(&module, &kept(file)).await.is_some(), "{}", file.display());
    }
}
