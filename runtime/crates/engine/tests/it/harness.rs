//! An engine with defaults, and guests in a line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_contract::Mutation;
use postern_engine::{
    BuildError, Directory, EgressPolicy, Engine, EngineConfig, Entry, Program, RunInput, RunReport, TriggerCache,
};
use postern_model::{ExecutionLimits, RunStatus};
use serde_json::{Value, json};

/// Every import there is.
pub(crate) const IMPORTS: &str = r#"
  (import "postern_v1" "event_read" (func $event_read (param i32 i32 i32 i32) (result i32)))
  (import "postern_v1" "log" (func $log (param i32 i32 i32)))
  (import "postern_v1" "now" (func $now (result i64)))
  (import "postern_v1" "random" (func $random (param i32 i32)))
  (import "postern_v1" "call_start" (func $call_start (param i32 i32) (result i32)))
  (import "postern_v1" "call_wait" (func $call_wait (result i32)))
  (import "postern_v1" "call_take" (func $call_take (param i32 i32 i32) (result i32)))
"#;

/// Address of the empty result in modules of [`guest`].
const RESULT: u64 = 60_000;
const EMPTY: &str = r#"{"mutations":[]}"#;

/// `ptr << 32 | len`, as text of a constant.
pub(crate) fn pack(ptr: u64, len: u64) -> String {
    format!("(i64.const {})", (ptr << 32 | len).cast_signed())
}

/// A module with all imports, one page of memory and the given fields; `$empty` returns a result without mutations.
pub(crate) fn guest(fields: &str) -> String {
    let packed = pack(RESULT, EMPTY.len() as u64);
    let text = EMPTY.replace('"', "\\\"");
    format!(
        r#"(module {IMPORTS}
             (memory (export "memory") 1)
             (data (i32.const {RESULT}) "{text}")
             (func $empty (result i64) {packed})
             {fields})"#
    )
}

/// A guest whose `on_execute_post_login` has this body, and leaves nothing on the stack: its result is empty.
pub(crate) fn body(body: &str) -> String {
    guest(&format!(r#"(func (export "on_execute_post_login") (result i64) (local $n i32) {body} (call $empty))"#))
}

/// A guest that returns this text.
pub(crate) fn returning(text: &[u8]) -> String {
    let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = pack(1024, text.len() as u64);
    guest(&format!(
        r#"(data (i32.const 1024) "{escaped}") (func (export "on_execute_post_login") (result i64) {packed})"#
    ))
}

pub(crate) fn engine() -> Engine {
    engine_with(&EngineConfig::default())
}

pub(crate) fn engine_with(config: &EngineConfig) -> Engine {
    Engine::new(config.clone()).unwrap()
}

pub(crate) async fn build(engine: &Engine, wat: &str) -> Result<Arc<Program>, BuildError> {
    let wasm = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    engine.build(&wasm.into(), &[]).await
}

/// Input with generous limits and nothing in the event.
pub(crate) fn input() -> RunInput {
    input_with(json!({}))
}

pub(crate) fn input_with(event: Value) -> RunInput {
    RunInput {
        tenant: "default".parse().unwrap(),
        entry: Entry::Execute,
        event: Arc::new(event),
        limits: ExecutionLimits::default(),
        deadline: Instant::now() + Duration::from_secs(20),
        now_ms: 1_764_000_000_000,
        seed: [7; 32],
        egress: EgressPolicy::Public,
        cache: Arc::new(TriggerCache::new()),
        directory: Directory::default(),
        earlier: Vec::new(),
        replay: None,
    }
}

/// Builds and runs.
pub(crate) async fn run(engine: &Engine, wat: &str, input: RunInput) -> RunReport {
    let program = build(engine, wat).await.unwrap_or_else(|error| panic!("{error:?}\n{wat}"));
    engine.run(&program, input).await.unwrap()
}

/// The value that the only mutation of the run sets.
#[track_caller]
pub(crate) fn value(report: &RunReport) -> Value {
    assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
    match report.mutations.as_slice() {
        [Mutation::UserSetAppMetadata { value: Some(value), .. }] => value.clone(),
        other => panic!("{other:?}"),
    }
}
