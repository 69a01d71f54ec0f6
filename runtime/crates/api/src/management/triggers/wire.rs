//! Triggers and bindings as Auth0's Management API writes them; `on_failure` and `egress_hosts` are ours.

use jiff::Timestamp;
use postern_app::bindings::{BindingInput, BindingRef, BindingView, Setting, TriggerVersion};
use postern_app::error::AppError;
use postern_model::OnFailure;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::management::actions::wire::{ActionHead, head};

/// Body of a replacement of the bindings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindingsBody {
    bindings: Vec<BindingBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BindingBody {
    #[serde(rename = "ref")]
    target: RefBody,
    display_name: Option<String>,
    secrets: Option<Vec<Value>>,
    on_failure: Option<OnFailure>,
    #[serde(default, deserialize_with = "given")]
    egress_hosts: Setting<Option<Vec<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefBody {
    #[serde(rename = "type")]
    kind: RefKind,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefKind {
    BindingId,
    ActionId,
    ActionName,
}

/// A field that is there, be it null, is a setting.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Setting<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Setting::Set)
}

impl BindingsBody {
    /// The items.
    pub(crate) fn items(self) -> Result<Vec<BindingInput>, AppError> {
        self.bindings
            .into_iter()
            .map(|body| {
                if body.secrets.is_some_and(|secrets| !secrets.is_empty()) {
                    return Err(AppError::invalid_body(
                        "a binding has no 'secrets' of its own: give them to the action",
                    ));
                }
                let RefBody { kind, value } = body.target;
                Ok(BindingInput {
                    target: match kind {
                        RefKind::BindingId => BindingRef::Binding(value),
                        RefKind::ActionId => BindingRef::Action(value),
                        RefKind::ActionName => BindingRef::ActionName(value),
                    },
                    display_name: body.display_name,
                    on_failure: body.on_failure.map_or(Setting::Keep, Setting::Set),
                    egress_hosts: body.egress_hosts,
                })
            })
            .collect()
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct BindingWire<'a> {
    id: &'a str,
    trigger_id: &'a str,
    action: ActionHead<'a>,
    created_at: Timestamp,
    updated_at: Timestamp,
    display_name: &'a str,
    on_failure: OnFailure,
    egress_hosts: Option<&'a [String]>,
}

/// A binding of a trigger.
pub(crate) fn binding<'a>(item: &'a BindingView, trigger_id: &'a str) -> BindingWire<'a> {
    let BindingView { binding, view } = item;
    BindingWire {
        id: binding.id.as_str(),
        trigger_id,
        action: head(&view.action, view.deployed.as_ref()),
        created_at: binding.created_at,
        updated_at: binding.created_at,
        display_name: &binding.display_name,
        on_failure: binding.on_failure,
        egress_hosts: binding.egress_hosts.as_deref(),
    }
}

/// A version of a trigger.
pub(crate) fn trigger(trigger: &TriggerVersion) -> Value {
    let compatible: Vec<Value> =
        trigger.compatible.iter().map(|version| json!({ "id": trigger.id, "version": version })).collect();
    json!({
        "id": trigger.id,
        "version": trigger.version,
        "status": if trigger.current { "CURRENT" } else { "DEPRECATED" },
        "runtimes": trigger.runtimes.iter().chain(&["wasm"]).collect::<Vec<_>>(),
        "default_runtime": trigger.default_runtime,
        "binding_policy": if trigger.entity_bound { "entity-bound" } else { "trigger-bound" },
        "compatible_triggers": compatible,
    })
}
