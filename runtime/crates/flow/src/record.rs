//! What is recorded of a run: its mutations as the guest sent them, and what became of each.

use postern_contract::Mutation;
use postern_model::execution::RunErrorText;
use postern_model::{AppliedMutation, RunStatus};
use serde_json::{Map, Value, json};

use crate::event::{MAX_DEPTH, depth_within};
use crate::pipeline::FinishedRun;
use crate::state::Verdict;

/// Arguments that are kept out of the record: keys that open something.
fn redact(mutation: &Mutation, object: &mut Map<String, Value>) {
    const HIDDEN: &str = "[redacted]";
    if matches!(mutation, Mutation::SamlResponseSetKey { .. }) {
        object.insert("key".to_owned(), json!(HIDDEN));
    }
    if matches!(mutation, Mutation::MultifactorEnable { .. })
        && let Some(options) = object.get_mut("options").and_then(|options| options.get_mut("providerOptions"))
        && let Some(key) = options.get_mut("skey")
    {
        *key = json!(HIDDEN);
    }
}

/// The mutation as the guest sent it.
pub(crate) fn object(mutation: &Mutation) -> Map<String, Value> {
    let mut object = match serde_json::to_value(mutation) {
        Ok(Value::Object(object)) => object,
        Ok(_) | Err(_) => Map::from_iter([("type".to_owned(), json!(mutation.type_name()))]),
    };
    redact(mutation, &mut object);
    // What is recorded must be readable again, a refused list too.
    for value in object.values_mut().filter(|value| !depth_within(value, MAX_DEPTH)) {
        *value = json!("[nested too deep]");
    }
    object
}

pub(crate) fn finished(sent: Vec<Map<String, Value>>, verdicts: Vec<Verdict>) -> FinishedRun {
    let mut warnings = Vec::new();
    let mutations = sent
        .into_iter()
        .zip(verdicts)
        .map(|(mutation, verdict)| match verdict {
            Verdict::Applied => AppliedMutation { mutation, applied: true, reason: None },
            Verdict::NotHere(reason) => AppliedMutation { mutation, applied: false, reason: Some(reason.to_owned()) },
            Verdict::Refused(reason) => AppliedMutation { mutation, applied: false, reason: Some(reason) },
            Verdict::Partly(left_out) => {
                warnings.push(left_out);
                AppliedMutation { mutation, applied: true, reason: None }
            }
            Verdict::Dropped(reason) => {
                warnings.push(reason.clone());
                AppliedMutation { mutation, applied: false, reason: Some(reason) }
            }
        })
        .collect();
    FinishedRun { status: RunStatus::Ok, error: None, mutations, warnings }
}

pub(crate) fn refused(sent: Vec<Map<String, Value>>, rule: String) -> FinishedRun {
    let reason = format!("the list was refused: {rule}");
    let mutations = sent
        .into_iter()
        .map(|mutation| AppliedMutation { mutation, applied: false, reason: Some(reason.clone()) })
        .collect();
    let error = RunErrorText { name: "BadResult".to_owned(), message: rule, stack: None };
    FinishedRun { status: RunStatus::BadResult, error: Some(error), mutations, warnings: Vec::new() }
}
