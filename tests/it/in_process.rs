//! Runs a module in an engine of this process, with everything it depends on fixed: its fuel is then exact.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_engine::{
    Directory, EgressPolicy, Engine, EngineConfig, Entry, RoleRow, RunInput, RunReport, TriggerCache,
};
use postern_model::{ExecutionLimits, JournalCall};
use serde_json::Value;

/// What a run is given.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) entry: Entry,
    pub(crate) event: Value,
    /// Host calls with the answers they get.
    pub(crate) calls: Vec<JournalCall>,
}

impl Case {
    pub(crate) fn execute(event: Value) -> Self {
        Self { entry: Entry::Execute, event, calls: Vec::new() }
    }
}

/// Builds and runs a module.
pub(crate) async fn run(engine: &Engine, wasm: &[u8], case: Case) -> RunReport {
    let program = engine.build(&Arc::from(wasm), b"").await.expect("the module builds");
    let roles = Arc::from([RoleRow { id: "rol_1".to_owned(), name: "editor".to_owned() }]);
    let input = RunInput {
        tenant: "default".parse().expect("a tenant id"),
        entry: case.entry,
        event: Arc::new(case.event),
        limits: ExecutionLimits::default(),
        deadline: Instant::now() + Duration::from_secs(20),
        now_ms: 1_760_000_000_000,
        seed: [7; 32],
        egress: EgressPolicy::None,
        cache: Arc::new(TriggerCache::default()),
        directory: Directory { roles, groups: Arc::from([]) },
        earlier: case.calls,
        replay: None,
    };
    engine.run(&program, input).await.expect("there is room")
}

pub(crate) fn engine() -> Engine {
    let config = EngineConfig { concurrent_runs: 8, runs_per_tenant: 8, ..EngineConfig::default() };
    Engine::new(config).expect("the configuration is legal")
}
