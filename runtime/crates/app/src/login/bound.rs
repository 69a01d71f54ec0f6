//! Which actions a login runs: the bound ones with their deployed versions, kept in memory until something changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_flow::{BoundAction, PinnedAction};
use postern_model::{Action, ActionVersion, Artifact, Binding, SealedSecret, TenantId, VersionStatus};
use serde_json::Value;

use super::input::VersionChoice;
use super::rules;
use super::state::Runs;
use crate::actions::secrets_open;
use crate::artifacts::program_load;
use crate::bindings::bindings_of;
use crate::error::AppError;
use crate::{App, action_modules, versions};

/// The actions of a login, in order, and the module of each.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) actions: Arc<[BoundAction]>,
    /// `None` for an action whose code this program cannot run.
    pub(super) artifacts: Vec<Option<Artifact>>,
}

impl Default for Bound {
    fn default() -> Self {
        Self { actions: Arc::from([]), artifacts: Vec::new() }
    }
}

impl FromIterator<(BoundAction, Option<Artifact>)> for Bound {
    fn from_iter<T: IntoIterator<Item = (BoundAction, Option<Artifact>)>>(rows: T) -> Self {
        let (actions, artifacts): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        Self { actions: actions.into(), artifacts }
    }
}

/// What is bound now. A login that starts after the answer to a deploy gets the new version.
pub(super) async fn bound_load(app: &App, tenant: &TenantId, runs: Runs) -> Result<Arc<Bound>, AppError> {
    let (kept, generation) = app.logins().kept(tenant, runs);
    if let Some(bound) = kept {
        return Ok(bound);
    }
    let bound = Arc::new(bound_read(app, tenant, runs, &BTreeMap::new()).await?);
    app.logins().keep(tenant, runs, &bound, generation);
    Ok(bound)
}

/// What is bound now, with other versions of some actions.
pub(super) async fn bound_read(
    app: &App,
    tenant: &TenantId,
    runs: Runs,
    choices: &BTreeMap<String, VersionChoice>,
) -> Result<Bound, AppError> {
    let list = bindings_of(app, tenant, runs.trigger_id()).await?;
    if let Some(id) = choices.keys().find(|id| !list.bindings.iter().any(|b| b.action_id.as_str() == *id)) {
        return Err(AppError::invalid_body(format!("'versions' names the action '{id}', which is not bound")));
    }
    let mut rows = match runs {
        Runs::PostLogin => rules::rules_bound(app, tenant).await?,
        Runs::CredentialsExchange => Vec::new(),
    };
    for binding in list.bindings {
        // An action that went in this moment took its bindings along.
        let Some(action) = app.store().fetch::<Action>(tenant, binding.action_id.as_str()).await? else { continue };
        let chosen = match choices.get(action.id.as_str()) {
            Some(VersionChoice::Draft) => Some(draft(&action)?),
            Some(VersionChoice::Number(number)) => Some(numbered(app, tenant, &action, *number).await?),
            None => deployed(app, tenant, &action).await?,
        };
        if let Some(chosen) = chosen {
            rows.push(bind(app, tenant, binding, action, chosen).await?);
        }
    }
    Ok(rows.into_iter().collect())
}

/// The actions of a suspended login: the versions it started with.
pub(super) async fn bound_pinned(app: &App, tenant: &TenantId, pinned: &[PinnedAction]) -> Result<Bound, AppError> {
    let mut rows = Vec::with_capacity(pinned.len());
    for pin in pinned {
        let gone = || AppError::conflict("The login cannot go on: an action it started with no longer exists.");
        let Some(action) = app.store().fetch::<Action>(tenant, pin.action_id.as_str()).await? else {
            rows.push(rules::rule_pinned(app, tenant, pin).await?.ok_or_else(gone)?);
            continue;
        };
        let version =
            versions::version_load(app, tenant, &action.id, pin.version_id.as_str()).await?.ok_or_else(gone)?;
        let binding = Binding {
            id: pin.binding_id.clone(),
            action_id: pin.action_id.clone(),
            display_name: String::new(),
            on_failure: pin.on_failure,
            egress_hosts: pin.egress_hosts.clone(),
            created_at: version.created_at,
        };
        rows.push(bind(app, tenant, binding, action, version).await?);
    }
    Ok(rows.into_iter().collect())
}

async fn deployed(app: &App, tenant: &TenantId, action: &Action) -> Result<Option<ActionVersion>, AppError> {
    match &action.deployed {
        Some(id) => versions::version_load(app, tenant, &action.id, id.as_str()).await,
        None => Ok(None),
    }
}

async fn numbered(app: &App, tenant: &TenantId, action: &Action, number: u32) -> Result<ActionVersion, AppError> {
    let all = versions::version_all(app, tenant, &action.id).await?;
    all.into_iter()
        .find(|version| version.number == number)
        .ok_or_else(|| AppError::invalid_body(format!("the action '{}' has no version {number}", action.name)))
}

/// The draft as if it were a version, numbered 0.
fn draft(action: &Action) -> Result<ActionVersion, AppError> {
    let draft = &action.draft;
    if draft.status != VersionStatus::Built {
        return Err(AppError::invalid_body(format!("the draft of the action '{}' is not built", action.name)));
    }
    Ok(ActionVersion {
        // There is no version yet; both kinds of id are UUIDs.
        id: action.id.as_str().parse().map_err(|error| AppError::internal("name a draft").with_source(error))?,
        revision: 0,
        action_id: action.id.clone(),
        number: 0,
        content_sha256: String::new(),
        runtime: draft.runtime,
        code: String::new(),
        dependencies: Vec::new(),
        secrets: draft.secrets.clone(),
        modules: draft.modules.clone(),
        artifact: draft.artifact.clone(),
        rolled_back_from: None,
        created_at: action.updated_at,
    })
}

async fn bind(
    app: &App,
    tenant: &TenantId,
    binding: Binding,
    action: Action,
    version: ActionVersion,
) -> Result<(BoundAction, Option<Artifact>), AppError> {
    let continues = match &version.artifact {
        Some(artifact) => program_load(app, tenant, artifact).await?.continues(),
        None => false,
    };
    let mut secrets = secrets(app, tenant, &action, &version.secrets)?;
    secrets.extend(action_modules::secrets_of(app, tenant, &version.modules).await?);
    let bound = BoundAction {
        binding_id: binding.id,
        action_id: action.id,
        action_name: action.name,
        version_id: version.id,
        version: version.number,
        on_failure: binding.on_failure,
        egress_hosts: binding.egress_hosts,
        continues,
        secrets,
        rule: None,
    };
    Ok((bound, version.artifact))
}

fn secrets(
    app: &App,
    tenant: &TenantId,
    action: &Action,
    sealed: &[SealedSecret],
) -> Result<serde_json::Map<String, Value>, AppError> {
    let opened = secrets_open(app, tenant, &action.id, sealed)?;
    Ok(opened.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}
