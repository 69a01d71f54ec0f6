//! Versions: immutable numbered snapshots of a draft. A rollback is a new version with an old one's content.

use jiff::Timestamp;
use postern_model::{Action, ActionId, ActionVersion, ActionVersionId, Draft, TenantId, VersionStatus, limits};
use postern_store::{Entity, Expect, Index, Query, WriteSet};

use crate::actions::{self, Slice, writes};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::logs::audit;
use crate::{App, ids};

/// What a rollback does to the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollbackMode {
    /// It stays as it is.
    KeepDraft,
    /// It becomes the version's content.
    UpdateDraft,
}

/// The versions of an action, newest first, and how many there are in all.
///
/// # Errors
/// When the scope is missing or there is no such action.
pub async fn version_list(
    app: &App,
    ctx: &OpCtx,
    action_id: &str,
    slice: Slice,
) -> Result<(Action, Vec<ActionVersion>, usize), AppError> {
    ctx.require("read:actions")?;
    let action = actions::action_load(app, ctx, action_id).await?;
    let versions = version_all(app, &ctx.tenant.id, &action.id).await?;
    let total = versions.len();
    Ok((action, slice.of(versions), total))
}

/// One version, with its action.
///
/// # Errors
/// When the scope is missing or there is no such action or version.
pub async fn version_fetch(
    app: &App,
    ctx: &OpCtx,
    action_id: &str,
    id: &str,
) -> Result<(ActionVersion, Action), AppError> {
    ctx.require("read:actions")?;
    let action = actions::action_load(app, ctx, action_id).await?;
    let version = version_load(app, &ctx.tenant.id, &action.id, id).await?.ok_or_else(absent)?;
    Ok((version, action))
}

/// Deploys a new version with the content of an old one, secrets included.
///
/// # Errors
/// When the scope is missing or there is no such action or version.
pub async fn version_rollback(
    app: &App,
    ctx: &OpCtx,
    action_id: &str,
    id: &str,
    mode: RollbackMode,
) -> Result<(ActionVersion, Action), AppError> {
    ctx.require("create:actions")?;
    for _ in 0..writes::ATTEMPTS {
        let mut action = actions::action_load(app, ctx, action_id).await?;
        let old = version_load(app, &ctx.tenant.id, &action.id, id).await?.ok_or_else(absent)?;
        let version = ActionVersion {
            id: ids::action_version()?,
            revision: 0,
            number: action.last_number.saturating_add(1),
            rolled_back_from: Some(old.id.clone()),
            created_at: ctx.now,
            ..old
        };
        if mode == RollbackMode::UpdateDraft {
            actions::restore(&mut action.draft, &version);
        }
        set_current(&mut action, &version, ctx.now)?;
        if let Some(done) = deploy(app, ctx, action, version, "version_rollback").await? {
            return Ok(done);
        }
    }
    Err(writes::stale())
}

/// Whether the draft can be deployed. Auth0's deploy tool asks again for two minutes when it reads that a draft `must be
/// in the 'built' state`: what has failed will not get there, so that is told otherwise, with the reason.
fn check_built(draft: &Draft) -> Result<(), AppError> {
    match draft.status {
        VersionStatus::Built => Ok(()),
        VersionStatus::Failed => {
            let reasons: Vec<&str> = draft.errors.iter().map(|error| error.msg.as_str()).collect();
            Err(AppError::bad_request(format!("The draft's build failed: {}", reasons.join("; "))))
        }
        VersionStatus::Pending => {
            Err(AppError::bad_request("A draft must be in the 'built' state before it can be deployed."))
        }
    }
}

/// The next version of `action`, made from its draft and current in it.
pub(crate) fn next(action: &mut Action, now: Timestamp) -> Result<ActionVersion, AppError> {
    check_built(&action.draft)?;
    let draft = &action.draft;
    let version = ActionVersion {
        id: ids::action_version()?,
        revision: 0,
        action_id: action.id.clone(),
        number: action.last_number.saturating_add(1),
        content_sha256: actions::content_sha256(action, draft)?,
        runtime: draft.runtime,
        code: draft.code.clone(),
        dependencies: draft.dependencies.clone(),
        secrets: draft.secrets.clone(),
        modules: draft.modules.clone(),
        artifact: draft.artifact.clone(),
        rolled_back_from: None,
        created_at: now,
    };
    set_current(action, &version, now)?;
    Ok(version)
}

fn set_current(action: &mut Action, version: &ActionVersion, now: Timestamp) -> Result<(), AppError> {
    action.deployed = Some(version.id.clone());
    action.last_number = version.number;
    action.all_changes_deployed = actions::same_content(action, version)?;
    action.updated_at = now;
    Ok(())
}

/// Writes a new version and its action, and drops the oldest versions above the limit. `None` when the action
/// changed meanwhile. The next login runs the new version.
pub(crate) async fn deploy(
    app: &App,
    ctx: &OpCtx,
    action: Action,
    version: ActionVersion,
    operation: &str,
) -> Result<Option<(ActionVersion, Action)>, AppError> {
    let tenant = &ctx.tenant.id;
    let resource = format!("{}/{}", action.id, version.number);
    let entry = audit(ctx, operation, &resource)?;
    let mut set = WriteSet::new(tenant, ctx.request_id).replace(&action).insert(&version).insert(&entry);
    // Newest first. The new version is the deployed one, so every row above the limit may go.
    for old in version_all(app, tenant, &action.id).await?.iter().skip(limits::VERSIONS_PER_ACTION - 1) {
        set = set.delete::<ActionVersion>(&old.id(), Expect::Any);
    }
    if writes::commit(app, set).await?.is_none() {
        return Ok(None);
    }
    app.logins().forget(tenant);
    Ok(Some((version, action)))
}

/// Every version of an action, newest first: there are at most [`limits::VERSIONS_PER_ACTION`].
pub(crate) async fn version_all(
    app: &App,
    tenant: &TenantId,
    action: &ActionId,
) -> Result<Vec<ActionVersion>, AppError> {
    let query = Query::by(Index::VersionByAction).under(action.as_str()).limit(limits::VERSIONS_PER_ACTION + 1);
    Ok(app.store().list::<ActionVersion>(tenant, query).await?.rows)
}

pub(crate) async fn version_load(
    app: &App,
    tenant: &TenantId,
    action: &ActionId,
    id: &str,
) -> Result<Option<ActionVersion>, AppError> {
    let Ok(id) = id.parse::<ActionVersionId>() else { return Ok(None) };
    let version = app.store().fetch::<ActionVersion>(tenant, id.as_str()).await?;
    // A version of another action is not found under this one.
    Ok(version.filter(|version| version.action_id == *action))
}

fn absent() -> AppError {
    AppError::not_found("That version does not exist.")
}
