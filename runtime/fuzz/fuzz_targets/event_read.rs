//! Whatever address, length, buffer and JSON Pointer a guest passes to `event_read`: the run ends `ok`, by a trap
//! or with its own result overwritten, nothing is written behind a buffer, and the run can be made again from its journal.
//!
//! The first sixteen bytes are the four arguments; the rest is put at address 4096 and is a pointer of a second call.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use postern_engine::Program;
use postern_fuzz::{ENGINE, RUNTIME, input, run};
use postern_model::RunStatus;
use serde_json::{Value, json};

/// Takes its instructions from the event: `/raw` is a string with a letter from `a` to `p` for each half byte.
const GUEST: &str = r#"(module
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "/raw")
  (data (i32.const 16) "{\"mutations\":[]}")
  (func $nibble (param $at i32) (result i32) (i32.sub (i32.load8_u (local.get $at)) (i32.const 97)))
  (func (export "on_execute_post_login") (result i64) (local $len i32) (local $n i32) (local $at i32)
    ;; The text lands at 65536 with its opening quote; the decoded bytes go to 4080, so that the text is at 4096.
    (local.set $len (call $event_read (i32.const 0) (i32.const 4) (i32.const 65536) (i32.const 60000)))
    (if (i32.lt_s (local.get $len) (i32.const 34)) (then unreachable))
    (local.set $len (i32.div_u (i32.sub (local.get $len) (i32.const 2)) (i32.const 2)))
    (loop $next
      (local.set $at (i32.add (i32.const 65537) (i32.mul (local.get $n) (i32.const 2))))
      (i32.store8 (i32.add (i32.const 4080) (local.get $n))
        (i32.or
          (i32.shl (call $nibble (local.get $at)) (i32.const 4))
          (call $nibble (i32.add (local.get $at) (i32.const 1)))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $n) (local.get $len))))
    ;; The pointer text with honest arguments: nothing is written behind the buffer. If it were, the fuel would run out.
    (i32.store8 (i32.const 131071) (i32.const 42))
    (drop
      (call $event_read (i32.const 4096) (i32.sub (local.get $len) (i32.const 16)) (i32.const 131055) (i32.const 16)))
    (if (i32.ne (i32.load8_u (i32.const 131071)) (i32.const 42))
      (then (loop $overrun (br $overrun))))
    ;; Whatever the four arguments are.
    (drop (call $event_read
      (i32.load (i32.const 4080)) (i32.load (i32.const 4084)) (i32.load (i32.const 4088)) (i32.load (i32.const 4092))))
    (i64.const 68719476752)))"#;

static PROGRAM: LazyLock<Arc<Program>> = LazyLock::new(|| {
    let wasm: Arc<[u8]> = Arc::from(wat::parse_str(GUEST).expect("the guest is well-formed"));
    RUNTIME.block_on(ENGINE.build(&wasm, b"")).expect("the guest builds")
});

fn event(bytes: &[u8]) -> Value {
    let letter = |half: u8| char::from(b'a' + half);
    let raw: String = bytes.iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect();
    json!({
        "raw": raw, "": {"": [null, true]}, "~": {"/": "x"}, "n": [0, 1.5, "é\u{0}\n", {"a b": {}}],
        "user": {"user_id": "auth0|1", "app_metadata": {"plan": "gold"}}, "secrets": {"key": "hidden"},
    })
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() < 16 || bytes.len() > 20_000 {
        return;
    }
    let event = event(bytes);
    let report = run(&PROGRAM, input(event.clone()));
    // The wild call may write over the result.
    let legal = matches!(report.status, RunStatus::Ok | RunStatus::Trap | RunStatus::BadResult);
    assert!(legal, "{:?}: {:?}", report.status, report.error);
    let secret = report.journal.reads.iter().any(|(_, value)| value.as_ref().is_some_and(|value| value == "hidden"));
    assert!(!secret, "the journal holds a secret");
    let mut again = input(event);
    again.replay = Some(report.journal.clone());
    let again = run(&PROGRAM, again);
    assert_eq!(again.divergence, None);
    assert_eq!((again.status, again.usage.fuel), (report.status, report.usage.fuel));
});
