//! Rules in a login: they are bound before the actions, in their order, and their configuration is the secrets of each.

use aws_lc_rs::digest;
use postern_flow::{BoundAction, PinnedAction};
use postern_model::{Artifact, OnFailure, Rule, TenantId};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::App;
use crate::error::AppError;
use crate::rules::{rule_configuration, rules_enabled};

/// The enabled rules and what runs of each.
pub(super) async fn rules_bound(
    app: &App,
    tenant: &TenantId,
) -> Result<Vec<(BoundAction, Option<Artifact>)>, AppError> {
    let rules = rules_enabled(app, tenant).await?;
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let configuration = rule_configuration(app, tenant).await?;
    rules.into_iter().map(|rule| bind(rule, &configuration)).collect()
}

/// The rule of a suspended login, as it is now: what changed meanwhile is not kept. `None` when it no longer runs.
pub(super) async fn rule_pinned(
    app: &App,
    tenant: &TenantId,
    pin: &PinnedAction,
) -> Result<Option<(BoundAction, Option<Artifact>)>, AppError> {
    let rules = rules_bound(app, tenant).await?;
    Ok(rules.into_iter().find(|(bound, _)| bound.action_id == pin.action_id).map(|(bound, artifact)| {
        (BoundAction { binding_id: pin.binding_id.clone(), version_id: pin.version_id.clone(), ..bound }, artifact)
    }))
}

fn bind(rule: Rule, configuration: &Map<String, Value>) -> Result<(BoundAction, Option<Artifact>), AppError> {
    let id = uuid_of(&["rule", rule.id.as_str()]);
    let version = uuid_of(&["rule", rule.id.as_str(), &rule.script]);
    let unnamed = |error| AppError::internal("name a rule").with_source(error);
    let bound = BoundAction {
        binding_id: id.parse().map_err(unnamed)?,
        action_id: id.parse().map_err(unnamed)?,
        action_name: rule.name,
        version_id: version.parse().map_err(unnamed)?,
        version: u32::try_from(rule.revision).unwrap_or(u32::MAX),
        on_failure: OnFailure::Deny,
        egress_hosts: None,
        // A rule that sent the user away is called again when they come back.
        continues: true,
        secrets: configuration.clone(),
        rule: Some(rule.id.as_str().to_owned()),
    };
    Ok((bound, rule.artifact))
}

/// An id that records of runs can have: rules have none of that form.
fn uuid_of(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let bytes = context.finish();
    let first = bytes.as_ref().first_chunk::<16>().copied().unwrap_or_default();
    Uuid::from_bytes(first).to_string()
}
