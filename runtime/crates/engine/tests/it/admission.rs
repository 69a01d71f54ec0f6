//! Room for runs: a full tenant waits and is refused clearly, a neighbor does not notice.

use std::time::{Duration, Instant};

use postern_engine::{Engine, EngineConfig, RunInput};
use postern_model::RunStatus;
use serde_json::json;

use crate::harness::{body, build, engine_with, input, input_with};

const CALLS: &str = include_str!("../guests/calls.wat");

/// Starts runs that hold their places until their deadline.
async fn occupy(engine: &Engine, runs: usize, hold: Duration) -> Vec<tokio::task::JoinHandle<RunStatus>> {
    let program = build(engine, CALLS).await.unwrap();
    let started = (0..runs).map(|_| {
        let (engine, program) = (engine.clone(), program.clone());
        let event = json!({"calls": [{"type": "timer", "ms": 3_600_000}]});
        let input = RunInput { deadline: Instant::now() + hold, ..input_with(event) };
        tokio::spawn(async move { engine.run(&program, input).await.unwrap().status })
    });
    let started = started.collect();
    // On the one thread of this test: each has its place when it first gives way.
    tokio::task::yield_now().await;
    started
}

#[tokio::test]
async fn a_full_tenant_is_refused_and_a_neighbor_runs() {
    let config = EngineConfig {
        concurrent_runs: 8,
        runs_per_tenant: 2,
        admission_wait: Duration::from_millis(50),
        ..EngineConfig::default()
    };
    let engine = engine_with(&config);
    let quick = build(&engine, &body("")).await.unwrap();
    let held = occupy(&engine, 2, Duration::from_millis(1500)).await;
    let busy = engine.run(&quick, input()).await.unwrap_err();
    assert!(busy.tenant && busy.limit == 2, "{busy:?}");
    assert!(busy.to_string().starts_with("rate_limited"));
    let neighbor = RunInput { tenant: "neighbor".parse().unwrap(), ..input() };
    assert_eq!(engine.run(&quick, neighbor).await.unwrap().status, RunStatus::Ok);
    // The places are given back.
    for run in held {
        assert_eq!(run.await.unwrap(), RunStatus::Deadline);
    }
    assert_eq!(engine.run(&quick, input()).await.unwrap().status, RunStatus::Ok);
}

#[tokio::test]
async fn a_full_process_makes_runs_wait_for_their_turn() {
    let config = EngineConfig {
        concurrent_runs: 2,
        runs_per_tenant: 2,
        admission_wait: Duration::from_secs(10),
        ..EngineConfig::default()
    };
    let engine = engine_with(&config);
    let quick = build(&engine, &body("")).await.unwrap();
    let held = occupy(&engine, 2, Duration::from_millis(200)).await;
    let neighbor = RunInput { tenant: "neighbor".parse().unwrap(), ..input() };
    assert_eq!(engine.run(&quick, neighbor).await.unwrap().status, RunStatus::Ok);
    drop(held);
}

#[tokio::test]
async fn a_dropped_run_gives_its_place_back() {
    let config = EngineConfig {
        concurrent_runs: 1,
        runs_per_tenant: 1,
        admission_wait: Duration::from_millis(20),
        ..EngineConfig::default()
    };
    let engine = engine_with(&config);
    let quick = build(&engine, &body("")).await.unwrap();
    for run in occupy(&engine, 1, Duration::from_secs(20)).await {
        assert!(engine.run(&quick, input()).await.is_err());
        run.abort();
        assert!(run.await.unwrap_err().is_cancelled());
    }
    assert_eq!(engine.run(&quick, input()).await.unwrap().status, RunStatus::Ok);
}
