//! What the targets that run guests share: an engine, and a run's input.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use postern_engine::{
    Directory, EgressPolicy, Engine, EngineConfig, Entry, Program, RunInput, RunReport, TriggerCache,
};
use postern_model::ExecutionLimits;
use serde_json::Value;
use tokio::runtime::Runtime;

/// One engine for all inputs, as in the server.
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let config =
        EngineConfig { concurrent_runs: 4, runs_per_tenant: 4, program_bytes: 1 << 20, ..EngineConfig::default() };
    Engine::new(config).expect("the configuration is legal")
});

/// One runtime for all inputs.
pub static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));

/// An input with limits small enough for many runs a second, no way out, and a time that stands still.
pub fn input(event: Value) -> RunInput {
    RunInput {
        tenant: "default".parse().expect("a tenant id"),
        entry: Entry::Execute,
        event: Arc::new(event),
        limits: ExecutionLimits { fuel: 2_000_000, execution_ms: 500, ..ExecutionLimits::default() },
        deadline: Instant::now() + Duration::from_millis(500),
        now_ms: 1_700_000_000_000,
        seed: [7; 32],
        egress: EgressPolicy::None,
        cache: Arc::new(TriggerCache::default()),
        directory: Directory::default(),
        earlier: Vec::new(),
        replay: None,
    }
}

/// Runs a program to its end.
pub fn run(program: &Arc<Program>, input: RunInput) -> RunReport {
    RUNTIME.block_on(ENGINE.run(program, input)).expect("nobody else runs anything")
}
