//! The fuel of each example action, to 2 % either way: less is a gain to be written down, more is a loss to be noticed.
//!
//! `budgets.json` holds the cases with their fuel; `POSTERN_BUDGETS=write` writes what is measured into it.

use std::collections::BTreeSet;
use std::path::Path;

use postern_e2e::{example, report};
use postern_engine::Entry;
use postern_model::{JournalCall, RunStatus};
use serde_json::{Value, json};

use crate::in_process::{Case, engine, run};

const EVENT: &str = include_str!("event.json");
const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/it/budgets.json");
/// Per cent.
const TOLERANCE: u64 = 2;

/// JSON Merge Patch.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let object = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
        } else {
            merge(object.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

fn case_of(budget: &Value) -> Case {
    let mut event: Value = serde_json::from_str(EVENT).unwrap();
    merge(&mut event, &budget["event"]);
    let entry = match budget["entry"].as_str() {
        Some("execute") => Entry::Execute,
        Some("continue") => Entry::Continue,
        other => panic!("no entry {other:?}"),
    };
    Case { entry, ..Case::execute(event) }
}

/// Runs a case; its host calls get the case's answers, in order.
async fn fuel(engine: &postern_engine::Engine, budget: &Value) -> u64 {
    let name = format!("{}: {}", budget["example"], budget["case"]);
    let wasm = example(budget["example"].as_str().unwrap());
    let mut case = case_of(budget);
    let answers = budget["answers"].as_array().unwrap();
    if !answers.is_empty() {
        // What the calls are is learned from a run without a way out.
        let asked = run(engine, &wasm, case.clone()).await.journal.calls;
        assert_eq!(asked.len(), answers.len(), "{name}: {asked:?}");
        let answered = asked.into_iter().zip(answers);
        case.calls = answered.map(|(asked, answer)| JournalCall { answer: answer.clone(), ..asked }).collect();
    }
    let first = run(engine, &wasm, case.clone()).await;
    assert_eq!(first.status, RunStatus::Ok, "{name}: {:?}", first.error);
    let again = run(engine, &wasm, case).await;
    assert_eq!(again.usage.fuel, first.usage.fuel, "{name}: the same run takes the same fuel");
    first.usage.fuel
}

#[tokio::test]
async fn every_example_keeps_its_fuel_budget() {
    let mut budgets: Vec<Value> = serde_json::from_slice(&std::fs::read(BUDGETS).unwrap()).unwrap();
    let engine = engine();
    let mut off = Vec::new();
    for budget in &mut budgets {
        let measured = fuel(&engine, budget).await;
        let wanted = budget["fuel"].as_u64().unwrap();
        report(&format!("{measured:>8} fuel (budget {wanted}): {}, {}", budget["example"], budget["case"]));
        if measured.abs_diff(wanted) * 100 > wanted * TOLERANCE {
            off.push(format!("{}, {}: {measured} fuel, the budget is {wanted}", budget["example"], budget["case"]));
        }
        budget["fuel"] = json!(measured);
    }
    if std::env::var("POSTERN_BUDGETS").is_ok_and(|mode| mode == "write") {
        std::fs::write(BUDGETS, format!("{:#}\n", json!(budgets))).unwrap();
        return;
    }
    assert!(off.is_empty(), "set POSTERN_BUDGETS=write when this is meant:\n{}", off.join("\n"));
}

#[test]
fn every_example_has_a_budget() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("actions-examples");
    let examples: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let budgets: Vec<Value> = serde_json::from_slice(&std::fs::read(BUDGETS).unwrap()).unwrap();
    let budgeted = budgets.iter().map(|budget| budget["example"].as_str().unwrap().to_owned()).collect();
    assert_eq!(examples, budgeted);
}
