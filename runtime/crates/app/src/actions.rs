//! Actions: create, read, change the draft, delete, deploy, test.
//!
//! An action has one draft and immutable numbered versions (`versions`), its module is an artifact (`artifacts`),
//! and its place in a trigger is a binding (`bindings`).

pub(crate) mod build;
mod draft;
mod run;
pub(crate) mod writes;

use postern_model::{Action, ActionId, ActionVersion, ModuleReference, Runtime, limits};
use postern_store::{Entity, Expect, Query, WriteSet};

pub use self::draft::{ActionInput, SecretInput, secrets_open};
pub(crate) use self::draft::{
    check_dependencies, check_name, check_secrets, content_sha256, restore, same_content, seal, set_artifact,
    sha256_hex,
};
pub use self::run::{TestRun, action_test};
use crate::bindings::bindings_of;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::logs::audit;
use crate::{App, action_modules, ids, versions};

/// A part of a list that is short enough to be loaded whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Rows before it.
    pub offset: usize,
    /// Its rows, at most.
    pub limit: usize,
}

impl Slice {
    pub(crate) fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// An action with the version that new logins run.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionView {
    #[expect(missing_docs, reason = "says its name")]
    pub action: Action,
    /// The deployed version.
    pub deployed: Option<ActionVersion>,
}

/// Which actions a list has.
#[derive(Debug, Clone, Default)]
pub struct ActionFilter {
    /// Those for this trigger.
    pub trigger_id: Option<String>,
    /// The one of this name.
    pub name: Option<String>,
    /// Those with, or without, a deployed version.
    pub deployed: Option<bool>,
}

/// Whether a bound action may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteMode {
    /// Only an action that no trigger binds.
    Unbound,
    /// Its bindings go with it.
    Force,
}

/// When an action is deployed that was just created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateMode {
    /// The draft waits.
    Draft,
    /// At once; refused when the draft is not built.
    Deploy,
}

/// Creates an action.
///
/// # Errors
/// When the scope is missing, the input is not legal, the name is taken or the tenant has its most actions.
pub async fn action_create(
    app: &App,
    ctx: &OpCtx,
    input: ActionInput,
    mode: CreateMode,
) -> Result<ActionView, AppError> {
    ctx.require("create:actions")?;
    draft::check(&input)?;
    let name = input.name.clone().ok_or_else(|| AppError::invalid_body("'name' is missing"))?;
    let trigger = input.trigger.clone().ok_or_else(|| AppError::invalid_body("'supported_triggers' is missing"))?;
    let tenant = &ctx.tenant.id;
    if app.store().count::<Action>(tenant, Query::all()).await? >= limits::ACTIONS_PER_TENANT as u64 {
        return Err(AppError::invalid_body(format!(
            "a tenant may have at most {} actions",
            limits::ACTIONS_PER_TENANT
        )));
    }
    let id = ids::action()?;
    let blank = draft::empty(input.runtime.unwrap_or(Runtime::Node22));
    let modules = modules(app, ctx, &input).await?;
    let mut draft = draft::apply(app, (tenant, &id), &blank, &input, modules, ctx.now)?;
    let rows = build::build(app, ctx, &trigger, &mut draft).await?;
    let mut action = Action {
        id,
        revision: 0,
        name,
        trigger,
        draft,
        deployed: None,
        last_number: 0,
        all_changes_deployed: false,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    let mut set = WriteSet::new(tenant, ctx.request_id).insert(&audit(ctx, "action_create", action.id.as_str())?);
    let deployed = match mode {
        CreateMode::Draft => None,
        CreateMode::Deploy => Some(versions::next(&mut action, ctx.now)?),
    };
    set = rows.iter().fold(set.insert(&action), WriteSet::put);
    if let Some(version) = &deployed {
        set = set.insert(version);
    }
    match writes::commit(app, set).await? {
        Some(_) => action_view(app, ctx, action.id.as_str()).await,
        None => Err(writes::stale()),
    }
}

async fn modules(app: &App, ctx: &OpCtx, input: &ActionInput) -> Result<Option<Vec<ModuleReference>>, AppError> {
    match &input.modules {
        Some(choices) => action_modules::resolve(app, ctx, choices).await.map(Some),
        None => Ok(None),
    }
}

/// One action.
///
/// # Errors
/// When the scope is missing or there is no such action.
pub async fn action_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<ActionView, AppError> {
    ctx.require("read:actions")?;
    action_view(app, ctx, id).await
}

/// The actions that match, oldest first, and how many there are in all.
///
/// # Errors
/// When the scope is missing.
pub async fn action_list(
    app: &App,
    ctx: &OpCtx,
    filter: &ActionFilter,
    slice: Slice,
) -> Result<(Vec<ActionView>, usize), AppError> {
    ctx.require("read:actions")?;
    let mut actions = action_all(app, ctx).await?;
    actions.retain(|action| {
        filter.trigger_id.as_ref().is_none_or(|id| action.trigger.id == *id)
            && filter.name.as_ref().is_none_or(|name| action.name == *name)
            && filter.deployed.is_none_or(|deployed| action.deployed.is_some() == deployed)
    });
    actions.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let total = actions.len();
    let mut views = Vec::new();
    for action in slice.of(actions) {
        views.push(with_version(app, ctx, action).await?);
    }
    Ok((views, total))
}

/// Changes the draft, or the name.
///
/// # Errors
/// When the scope is missing, there is no such action, the input is not legal or the name is taken.
pub async fn action_update(app: &App, ctx: &OpCtx, id: &str, input: &ActionInput) -> Result<ActionView, AppError> {
    ctx.require("update:actions")?;
    draft::check(input)?;
    for _ in 0..writes::ATTEMPTS {
        let mut action = action_load(app, ctx, id).await?;
        let modules = modules(app, ctx, input).await?;
        let mut next = draft::apply(app, (&ctx.tenant.id, &action.id), &action.draft, input, modules, ctx.now)?;
        if let Some(trigger) = &input.trigger
            && trigger.id != action.trigger.id
        {
            return Err(AppError::invalid_body("the trigger of an action cannot be changed to another"));
        }
        if let Some(name) = &input.name {
            action.name.clone_from(name);
        }
        if let Some(trigger) = &input.trigger {
            action.trigger.clone_from(trigger);
        }
        let rows = build::build(app, ctx, &action.trigger, &mut next).await?;
        action.draft = next;
        touch(app, ctx, &mut action).await?;
        let set =
            WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&action).insert(&audit(ctx, "action_update", id)?);
        let set = rows.iter().fold(set, WriteSet::put);
        if writes::commit(app, set).await?.is_some() {
            app.logins().forget(&ctx.tenant.id);
            return action_view(app, ctx, id).await;
        }
    }
    Err(writes::stale())
}

/// Marks a change of the draft: says whether it is still, or again, what is deployed.
pub(crate) async fn touch(app: &App, ctx: &OpCtx, action: &mut Action) -> Result<(), AppError> {
    let deployed = match &action.deployed {
        Some(id) => versions::version_load(app, &ctx.tenant.id, &action.id, id.as_str()).await?,
        None => None,
    };
    action.all_changes_deployed = match &deployed {
        Some(version) => same_content(action, version)?,
        None => false,
    };
    action.updated_at = ctx.now;
    Ok(())
}

/// Deletes an action with its versions.
///
/// # Errors
/// When the scope is missing, there is no such action, or it is bound and `mode` does not allow it.
pub async fn action_delete(app: &App, ctx: &OpCtx, id: &str, mode: DeleteMode) -> Result<(), AppError> {
    ctx.require("delete:actions")?;
    for _ in 0..writes::ATTEMPTS {
        let action = action_load(app, ctx, id).await?;
        let mut list = bindings_of(app, &ctx.tenant.id, &action.trigger.id).await?;
        let bound = list.bindings.iter().any(|binding| binding.action_id == action.id);
        if bound && mode == DeleteMode::Unbound {
            return Err(AppError::conflict("Unable to delete an action bound to a trigger."));
        }
        let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
            .delete::<Action>(action.id.as_str(), Expect::Revision(action.revision))
            .insert(&audit(ctx, "action_delete", id)?);
        // The list is named even when it stays as it is: a binding made meanwhile makes this write start again.
        set = if bound {
            list.bindings.retain(|binding| binding.action_id != action.id);
            set.replace(&list)
        } else {
            writes::expect_list(set, &list)
        };
        for version in versions::version_all(app, &ctx.tenant.id, &action.id).await? {
            set = set.delete::<ActionVersion>(&version.id(), Expect::Any);
        }
        if writes::commit(app, set).await?.is_some() {
            app.logins().forget(&ctx.tenant.id);
            return Ok(());
        }
    }
    Err(writes::stale())
}

/// Makes the next version from the draft and makes it the one that new logins run.
///
/// # Errors
/// When the scope is missing, there is no such action, or its draft is not built.
pub async fn action_deploy(app: &App, ctx: &OpCtx, id: &str) -> Result<(ActionVersion, Action), AppError> {
    ctx.require("create:actions")?;
    for _ in 0..writes::ATTEMPTS {
        let mut action = action_load(app, ctx, id).await?;
        let version = versions::next(&mut action, ctx.now)?;
        if let Some(done) = versions::deploy(app, ctx, action, version, "action_deploy").await? {
            return Ok(done);
        }
    }
    Err(writes::stale())
}

/// The action of that id, if there is one. An id that is not well formed is one of none.
pub(crate) async fn action_find(app: &App, ctx: &OpCtx, id: &str) -> Result<Option<Action>, AppError> {
    let Ok(id) = id.parse::<ActionId>() else { return Ok(None) };
    Ok(app.store().fetch::<Action>(&ctx.tenant.id, id.as_str()).await?)
}

pub(crate) async fn action_load(app: &App, ctx: &OpCtx, id: &str) -> Result<Action, AppError> {
    action_find(app, ctx, id).await?.ok_or_else(|| AppError::not_found("That action does not exist."))
}

/// Every action of the tenant. Creates that ran at the same time may have passed the limit by a few.
pub(crate) async fn action_all(app: &App, ctx: &OpCtx) -> Result<Vec<Action>, AppError> {
    let query = Query::all().limit(limits::ACTIONS_PER_TENANT * 2);
    Ok(app.store().list::<Action>(&ctx.tenant.id, query).await?.rows)
}

async fn action_view(app: &App, ctx: &OpCtx, id: &str) -> Result<ActionView, AppError> {
    let action = action_load(app, ctx, id).await?;
    with_version(app, ctx, action).await
}

pub(crate) async fn with_version(app: &App, ctx: &OpCtx, action: Action) -> Result<ActionView, AppError> {
    let deployed = match &action.deployed {
        Some(id) => versions::version_load(app, &ctx.tenant.id, &action.id, id.as_str()).await?,
        None => None,
    };
    Ok(ActionView { action, deployed })
}
