//! What a guest may try, and the exact end of each. After every one a neighbor still runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{Blame, Engine, Program, RunInput, RunReport, StatusBlame};
use postern_model::{LogLevel, RunStatus};

use crate::harness::{body, build, engine, guest, input, input_with, pack, returning, run};

async fn neighbor(engine: &Engine) -> Arc<Program> {
    build(engine, &body("")).await.unwrap()
}

/// Runs a guest, checks its end, and that a neighbor of another tenant still runs.
async fn check_with(engine: &Engine, wat: &str, input: RunInput, want: RunStatus, name: &str) -> RunReport {
    let report = run(engine, wat, input).await;
    assert_eq!(report.status, want, "{:?}\n{wat}", report.error);
    assert_eq!(report.error.as_ref().map_or("", |error| &error.name), name, "{:?}\n{wat}", report.error);
    if want != RunStatus::Ok {
        assert!(report.mutations.is_empty());
        assert_eq!(report.status.blame(), Some(Blame::Guest));
    }
    let other = RunInput { tenant: "neighbor".parse().unwrap(), ..crate::harness::input() };
    let next = engine.run(&neighbor(engine).await, other).await.unwrap();
    assert_eq!(next.status, RunStatus::Ok);
    report
}

async fn check(engine: &Engine, wat: &str, want: RunStatus, name: &str) -> RunReport {
    check_with(engine, wat, input(), want, name).await
}

const LOOP: &str = "(loop $again (br $again))";

#[tokio::test]
async fn endless_loops() {
    let engine = engine();
    let mut short = input();
    short.limits.fuel = 100_000;
    let report = check_with(&engine, &body(LOOP), short, RunStatus::OutOfFuel, "OutOfFuel").await;
    assert_eq!(report.usage.fuel, 100_000);

    let mut endless = input();
    endless.limits.fuel = u64::MAX / 2;
    endless.deadline = Instant::now() + Duration::from_millis(150);
    let started = Instant::now();
    check_with(&engine, &body(LOOP), endless, RunStatus::Deadline, "Deadline").await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());

    let mut late = input();
    late.deadline = Instant::now();
    let report = check_with(&engine, &body(""), late, RunStatus::Deadline, "Deadline").await;
    assert_eq!(report.usage.fuel, 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_busy_guest_yields_its_thread() {
    let engine = engine();
    let busy = build(&engine, &body(LOOP)).await.unwrap();
    let mut endless = input();
    endless.limits.fuel = u64::MAX / 2;
    endless.deadline = Instant::now() + Duration::from_millis(400);
    let quick = neighbor(&engine).await;
    let hog = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run(&busy, endless).await.unwrap() }
    });
    tokio::task::yield_now().await;
    // One thread for both: the neighbor can only be done because the busy one gives way.
    let report = engine.run(&quick, input()).await.unwrap();
    assert_eq!(report.status, RunStatus::Ok);
    assert!(!hog.is_finished());
    assert_eq!(hog.await.unwrap().status, RunStatus::Deadline);
}

#[tokio::test]
async fn deep_recursion() {
    let wat = guest(r#"(func $f (export "on_execute_post_login") (result i64) (i64.add (call $f) (i64.const 1)))"#);
    let report = check(&engine(), &wat, RunStatus::Trap, "Trap").await;
    assert!(report.error.unwrap().message.contains("stack"));
}

#[tokio::test]
async fn bombs() {
    let engine = engine();
    let memory = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let report = check(&engine, &body(memory), RunStatus::OutOfMemory, "OutOfMemory").await;
    assert_eq!(report.usage.memory_bytes, 64 * 1024 * 1024 - 15 * 65_536);

    // Taking no for an answer is no fault.
    let polite = "(drop (memory.grow (i32.const 65535)))";
    let report = check(&engine, &body(polite), RunStatus::Ok, "").await;
    assert_eq!(report.usage.memory_bytes, 65_536);

    let table = guest(
        r#"(table $t 1 funcref)
           (func (export "on_execute_post_login") (result i64)
             (loop $again (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
             unreachable)"#,
    );
    check(&engine, &table, RunStatus::OutOfMemory, "OutOfMemory").await;

    let mut small = input();
    small.limits.memory_bytes = 65_536;
    let two_pages = body("").replace(r#"(memory (export "memory") 1)"#, r#"(memory (export "memory") 2)"#);
    check_with(&engine, &two_pages, small, RunStatus::OutOfMemory, "OutOfMemory").await;
}

#[tokio::test]
async fn pointers() {
    let engine = engine();
    for call in [
        "(drop (call $event_read (i32.const 65530) (i32.const 100) (i32.const 0) (i32.const 16)))",
        "(drop (call $event_read (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 16)))",
        "(drop (call $event_read (i32.const -8) (i32.const 8) (i32.const 0) (i32.const 16)))",
        "(drop (call $event_read (i32.const -8) (i32.const 64) (i32.const 0) (i32.const 16)))",
        "(drop (call $event_read (i32.const 0) (i32.const 0) (i32.const 65530) (i32.const 16)))",
        "(drop (call $event_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))",
        "(drop (call $event_read (i32.const 0) (i32.const 0) (i32.const 2147483647) (i32.const 2147483647)))",
        "(call $log (i32.const 2) (i32.const 65536) (i32.const 1))",
        "(call $log (i32.const 2) (i32.const 0) (i32.const 65537))",
        "(call $random (i32.const 65535) (i32.const 2))",
        "(drop (call $call_start (i32.const 65535) (i32.const 2)))",
        "(drop (call $call_take (i32.const 0) (i32.const 65535) (i32.const 2)))",
        "(i32.store8 (i32.const 2000) (i32.const 255)) (drop (call $event_read (i32.const 2000) (i32.const 1) (i32.const 0) (i32.const 1)))",
    ] {
        check(&engine, &body(call), RunStatus::Trap, "BadPointer").await;
    }
    check(&engine, &body("(drop (i32.load (i32.const 65536)))"), RunStatus::Trap, "Trap").await;
    check(&engine, &body("(i32.store (i32.const -1) (i32.const 0))"), RunStatus::Trap, "Trap").await;
    // The very end of the memory is inside.
    check(&engine, &body("(call $log (i32.const 2) (i32.const 65536) (i32.const 0))"), RunStatus::Ok, "").await;
    check(&engine, &body("(call $random (i32.const 65535) (i32.const 1))"), RunStatus::Ok, "").await;
}

#[tokio::test]
async fn a_pointer_may_overlap_its_buffer() {
    // The text of the pointer is overwritten by the value it points to, and read no more after that.
    let wat = guest(
        r#"(data (i32.const 0) "/mutations")
           (func (export "on_execute_post_login") (result i64)
             (i64.or (i64.shl (i64.const 0) (i64.const 32))
               (i64.extend_i32_u (call $event_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024)))))"#,
    );
    let event = serde_json::json!({"mutations": [{"type": "access.deny", "reason": "overlap"}]});
    let report = check_with(&engine(), &wat, input_with(event), RunStatus::Ok, "").await;
    assert_eq!(report.mutations.len(), 1);
}

#[tokio::test]
async fn results() {
    let engine = engine();
    let bad = |wat: String| {
        let engine = engine.clone();
        async move { check(&engine, &wat, RunStatus::BadResult, "BadResult").await }
    };
    let constant =
        |ptr, len| guest(&format!(r#"(func (export "on_execute_post_login") (result i64) {})"#, pack(ptr, len)));
    bad(constant(0, 1 << 30)).await;
    bad(constant(0, u64::from(u32::MAX))).await;
    bad(constant(u64::from(u32::MAX), 16)).await;
    bad(constant(65_530, 16)).await;
    bad(constant(0, 0)).await;
    bad(returning(b"\xff\xfe{}")).await;
    bad(returning(br#"{"mutations":["#)).await;
    bad(returning(br#"{"mutations":[]} trailing"#)).await;
    bad(returning(br#"[]"#)).await;
    bad(returning(br#"{"mutations":[],"other":1}"#)).await;
    bad(returning(br#"{"mutations":[{"type":"user.explode"}]}"#)).await;
    bad(returning(br#"{"mutations":[{"type":"accessToken.addScope"}]}"#)).await;
    bad(returning(br#"{"mutations":[{"type":"access.deny","reason":"x"},{"type":"nothing"}]}"#)).await;
    bad(returning(format!(r#"{{"mutations":[{}]}}"#, "[".repeat(50_000)).as_bytes())).await;

    let one = r#"{"type":"session.evictMetadata"}"#;
    let many = |count: usize| format!(r#"{{"mutations":[{}]}}"#, vec![one; count].join(","));
    assert_eq!(check(&engine, &returning(many(512).as_bytes()), RunStatus::Ok, "").await.mutations.len(), 512);
    let report = bad(returning(many(513).as_bytes())).await;
    assert!(report.error.unwrap().message.contains("513 mutations"));

    let report = check(
        &engine,
        &returning(br#"{"error":{"name":"TypeError","message":"no","stack":"at x"}}"#),
        RunStatus::GuestError,
        "TypeError",
    )
    .await;
    assert_eq!(report.error.unwrap().stack.as_deref(), Some("at x"));
}

#[tokio::test]
async fn a_million_mutations() {
    // Written by the guest itself: 33 bytes each, far over the limit of a result.
    let item = r#"{"type":"session.evictMetadata"},"#;
    let head = r#"{"mutations":["#;
    let wat = format!(
        r#"(module (memory (export "memory") 600)
             (data (i32.const 0) "{}") (data (i32.const 1024) "{}")
             (func (export "on_execute_post_login") (result i64) (local $at i32) (local $n i32)
               (memory.copy (i32.const 4096) (i32.const 0) (i32.const {}))
               (local.set $at (i32.const {}))
               (loop $next
                 (memory.copy (local.get $at) (i32.const 1024) (i32.const {item_len}))
                 (local.set $at (i32.add (local.get $at) (i32.const {item_len})))
                 (local.set $n (i32.add (local.get $n) (i32.const 1)))
                 (br_if $next (i32.lt_u (local.get $n) (i32.const 1000000))))
               (i32.store16 (i32.sub (local.get $at) (i32.const 1)) (i32.const 0x7d5d))
               (i64.or (i64.const {}) (i64.extend_i32_u (i32.sub (local.get $at) (i32.const 4095))))))"#,
        head.replace('"', "\\\""),
        item.replace('"', "\\\""),
        head.len(),
        4096 + head.len(),
        4096_u64 << 32,
        item_len = item.len(),
    );
    let report = check(&engine(), &wat, RunStatus::BadResult, "BadResult").await;
    assert!(report.error.unwrap().message.contains("33000015 bytes"));
}

#[tokio::test]
async fn floods() {
    let engine = engine();
    let again = |call: &str, times: u32| {
        body(&format!(
            "(loop $again {call} (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $n) (i32.const {times}))))"
        ))
    };
    let log = "(call $log (i32.const 2) (i32.const 59000) (i32.const 1000))";
    let report = check(&engine, &again(log, 10_000), RunStatus::Ok, "").await;
    let kept: usize = report.logs.iter().map(|line| line.message.len()).sum();
    assert!(kept <= 65 * 1024, "{kept}");
    let last = report.logs.last().unwrap();
    assert_eq!(last.level, LogLevel::Warn);
    assert!(last.message.contains("cut or dropped"), "{last:?}");
    // Empty lines end too.
    let report =
        check(&engine, &again("(call $log (i32.const 0) (i32.const 0) (i32.const 0))", 100_000), RunStatus::Ok, "")
            .await;
    assert!(report.logs.len() < 5_000);

    let call = "(drop (call $call_start (i32.const 0) (i32.const 0)))";
    check(&engine, &again(call, 64), RunStatus::Ok, "").await;
    let report = check(&engine, &again(call, 65), RunStatus::Trap, "LimitExceeded").await;
    assert_eq!(report.usage.host_calls, 64);

    // With nothing under way a wait is answered at once, and is still noted.
    let report = check(&engine, &again("(drop (call $call_wait))", 1_000_000), RunStatus::Trap, "LimitExceeded").await;
    assert!(report.journal.waits.len() <= 130, "{}", report.journal.waits.len());
    // What is no call is not kept, however large its tree would be.
    let call = "(memory.fill (i32.const 0) (i32.const 91) (i32.const 100))
        (drop (call $call_start (i32.const 0) (i32.const 100)))";
    let report = check(&engine, &again(call, 64), RunStatus::Ok, "").await;
    assert!(report.journal.calls.iter().all(|call| call.call.is_null()));

    // Another pointer each time, made of the counter; none is there, and the journal would grow with each.
    let read = "(i32.store (i32.const 1) (i32.or (local.get $n) (i32.const 0x20202020)))
        (i32.store8 (i32.const 0) (i32.const 47)) (i32.store8 (i32.const 1) (i32.and (local.get $n) (i32.const 127)))
        (i32.store8 (i32.const 2) (i32.and (i32.shr_u (local.get $n) (i32.const 7)) (i32.const 127)))
        (drop (call $event_read (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 0)))";
    check(&engine, &again(read, 10_000), RunStatus::Trap, "LimitExceeded").await;

    // Reading a large value over and over is paid for by its length.
    let event = serde_json::json!({"big": "x".repeat(500_000)});
    let read = "(drop (call $event_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    let mut input = input_with(event);
    input.limits.fuel = 10_000_000;
    check_with(&engine, &again(read, 1_000_000), input, RunStatus::OutOfFuel, "OutOfFuel").await;
    let mut input = crate::harness::input();
    input.limits.fuel = 10_000_000;
    let random = "(call $random (i32.const 0) (i32.const 65536))";
    check_with(&engine, &again(random, 1_000_000), input, RunStatus::OutOfFuel, "OutOfFuel").await;
}

#[tokio::test]
async fn bulk_work_costs_by_length() {
    let engine = engine();
    let fill = |bytes: u32| body(&format!("(memory.fill (i32.const 0) (i32.const 1) (i32.const {bytes}))"));
    let small = run(&engine, &fill(1), input()).await.usage.fuel;
    let large = run(&engine, &fill(50_001), input()).await.usage.fuel;
    assert_eq!(large - small, 50_000);
}

#[tokio::test]
async fn traps_name_their_place() {
    let wat = guest(
        r#"(func $divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
           (func (export "on_execute_post_login") (result i64) (drop (call $divide (i32.const 0))) (call $empty))"#,
    );
    let report = check(&engine(), &wat, RunStatus::Trap, "Trap").await;
    let error = report.error.unwrap();
    assert!(error.message.contains("divide by zero"), "{error:?}");
    assert!(error.stack.unwrap().contains("divide"));
}

#[tokio::test]
async fn a_failure_cell_explains_a_trap() {
    let engine = engine();
    let text = br#"{"name":"panic","message":"index out of bounds","stack":"src/lib.rs:7"}"#;
    let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let panicking = |store: &str| {
        guest(&format!(
            r#"(data (i32.const 2000) "{escaped}") (global (export "postern_failure") i32 (i32.const 4096))
               (func (export "on_execute_post_login") (result i64) {store} unreachable)"#
        ))
    };
    let cell = (2000_u64 << 32) | text.len() as u64;
    let report = check(
        &engine,
        &panicking(&format!("(i64.store (i32.const 4096) (i64.const {cell}))")),
        RunStatus::GuestError,
        "panic",
    )
    .await;
    let error = report.error.unwrap();
    assert_eq!((error.message.as_str(), error.stack.as_deref()), ("index out of bounds", Some("src/lib.rs:7")));
    // A secret in the text is named, not told.
    let mut input = input_with(serde_json::json!({"secrets": {"KEY": "out of bounds"}}));
    input.limits.fuel = 10_000_000;
    let wat = panicking(&format!("(i64.store (i32.const 4096) (i64.const {cell}))"));
    let report = check_with(&engine, &wat, input, RunStatus::GuestError, "panic").await;
    assert_eq!(report.error.unwrap().message, "index [secret KEY]");
    // Empty, outside of the memory, or no error object: a plain trap.
    for store in
        ["", "(i64.store (i32.const 4096) (i64.const -1))", "(i64.store (i32.const 4096) (i64.const 8589934594000))"]
    {
        check(&engine, &panicking(store), RunStatus::Trap, "Trap").await;
    }
}
