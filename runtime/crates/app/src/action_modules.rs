//! Actions Modules: source that several actions require as `actions:name`. A module has a draft, which is published as
//! immutable numbered versions; an action names the version it uses.

use std::collections::BTreeMap;

use postern_model::action::Dependency;
use postern_model::{
    Action, ActionModule, ActionModuleId, ActionModuleVersion, ActionModuleVersionId, ModuleReference, SealedSecret,
    TenantId, limits,
};
use postern_store::{CommitError, Entity as _, Expect, Index, Query, WriteSet};
use serde_json::Value;

use crate::actions::{self, SecretInput, Slice, check_dependencies, check_name, check_secrets, writes};
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::logs::audit;
use crate::{App, ids, secrets, versions};

/// What a create or an update says of a module. `None` leaves a field as it is; a list replaces the list.
#[derive(Debug, Clone, Default)]
pub struct ModuleInput {
    /// Only when it is made.
    pub name: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub code: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub dependencies: Option<Vec<Dependency>>,
    #[expect(missing_docs, reason = "says its name")]
    pub secrets: Option<Vec<SecretInput>>,
}

/// A module with what is known of it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleView {
    #[expect(missing_docs, reason = "says its name")]
    pub module: ActionModule,
    /// The newest version.
    pub latest: Option<ActionModuleVersion>,
    /// Deployed actions that use a version of it.
    pub used_by: usize,
}

impl ModuleView {
    /// Whether the draft is what was published last.
    #[must_use]
    pub fn all_published(&self) -> bool {
        self.latest.as_ref().is_some_and(|latest| same(&self.module, latest))
    }
}

/// An action that uses a module, and the version it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleUse {
    #[expect(missing_docs, reason = "says its name")]
    pub action: Action,
    #[expect(missing_docs, reason = "says its name")]
    pub reference: ModuleReference,
}

/// A version of a module that an action is to use.
#[derive(Debug, Clone)]
pub struct ModuleChoice {
    #[expect(missing_docs, reason = "says its name")]
    pub module_id: String,
    #[expect(missing_docs, reason = "says its name")]
    pub version_id: String,
}

fn same(module: &ActionModule, version: &ActionModuleVersion) -> bool {
    (&module.code, &module.dependencies, &module.secrets) == (&version.code, &version.dependencies, &version.secrets)
}

fn absent() -> AppError {
    AppError::not_found("That module does not exist.")
}

fn check(input: &ModuleInput) -> Result<(), AppError> {
    if let Some(name) = &input.name {
        check_name(name)?;
    }
    if input.code.as_ref().is_some_and(|code| code.chars().count() > limits::MODULE_CODE_CHARS) {
        return Err(AppError::invalid_body(format!("'code' is longer than {} characters", limits::MODULE_CODE_CHARS)));
    }
    input.dependencies.as_deref().map_or(Ok(()), check_dependencies)?;
    input.secrets.as_deref().map_or(Ok(()), check_secrets)
}

fn row_key(id: &ActionModuleId, name: &str) -> String {
    format!("action_module/{id}/secret/{name}")
}

fn apply(app: &App, ctx: &OpCtx, module: &mut ActionModule, input: &ModuleInput) -> Result<(), AppError> {
    if let Some(code) = &input.code {
        module.code.clone_from(code);
    }
    if let Some(dependencies) = &input.dependencies {
        module.dependencies.clone_from(dependencies);
    }
    if let Some(given) = &input.secrets {
        let key = |name: &str| row_key(&module.id, name);
        module.secrets = actions::seal(app, &ctx.tenant.id, key, (&module.secrets, given), ctx.now)?;
    }
    module.updated_at = ctx.now;
    Ok(())
}

/// The modules of the tenant, oldest first, and how many there are in all.
///
/// # Errors
/// When the scope is missing.
pub async fn module_list(app: &App, ctx: &OpCtx, slice: Slice) -> Result<(Vec<ModuleView>, usize), AppError> {
    ctx.require("read:actions")?;
    let mut modules = all(app, ctx).await?;
    modules.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let total = modules.len();
    let mut views = Vec::new();
    for module in slice.of(modules) {
        views.push(view(app, ctx, module).await?);
    }
    Ok((views, total))
}

async fn all(app: &App, ctx: &OpCtx) -> Result<Vec<ActionModule>, AppError> {
    let query = Query::all().limit(limits::MODULES_PER_TENANT * 2);
    Ok(app.store().list::<ActionModule>(&ctx.tenant.id, query).await?.rows)
}

async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<ActionModule, AppError> {
    let Ok(id) = id.parse::<ActionModuleId>() else { return Err(absent()) };
    app.store().fetch::<ActionModule>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)
}

async fn view(app: &App, ctx: &OpCtx, module: ActionModule) -> Result<ModuleView, AppError> {
    let latest = match &module.latest {
        Some(id) => app.store().fetch::<ActionModuleVersion>(&ctx.tenant.id, id.as_str()).await?,
        None => None,
    };
    let used_by = uses(app, ctx, &module.id).await?.deployed.len();
    Ok(ModuleView { module, latest, used_by })
}

/// Who uses a module.
struct Uses {
    deployed: Vec<ModuleUse>,
    in_drafts: usize,
}

async fn uses(app: &App, ctx: &OpCtx, id: &ActionModuleId) -> Result<Uses, AppError> {
    let mut uses = Uses { deployed: Vec::new(), in_drafts: 0 };
    let find = |list: &[ModuleReference]| list.iter().find(|reference| reference.module_id == *id).cloned();
    for action in actions::action_all(app, ctx).await? {
        uses.in_drafts += usize::from(find(&action.draft.modules).is_some());
        let Some(version) = &action.deployed else { continue };
        let version = versions::version_load(app, &ctx.tenant.id, &action.id, version.as_str()).await?;
        if let Some(reference) = version.and_then(|version| find(&version.modules)) {
            uses.deployed.push(ModuleUse { action, reference });
        }
    }
    Ok(uses)
}

/// One module.
///
/// # Errors
/// When the scope is missing or there is no such module.
pub async fn module_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<ModuleView, AppError> {
    ctx.require("read:actions")?;
    let module = load(app, ctx, id).await?;
    view(app, ctx, module).await
}

/// The deployed actions that use a module.
///
/// # Errors
/// When the scope is missing or there is no such module.
pub async fn module_actions(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    slice: Slice,
) -> Result<(Vec<ModuleUse>, usize), AppError> {
    ctx.require("read:actions")?;
    let module = load(app, ctx, id).await?;
    let found = uses(app, ctx, &module.id).await?.deployed;
    let total = found.len();
    Ok((slice.of(found), total))
}

/// Whether a new module is published at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleCreateMode {
    /// The draft waits.
    Draft,
    /// It becomes version 1.
    Publish,
}

/// Makes a module.
///
/// # Errors
/// When the scope is missing, the input is not legal, the name is taken or the tenant has its most modules.
pub async fn module_create(
    app: &App,
    ctx: &OpCtx,
    input: &ModuleInput,
    mode: ModuleCreateMode,
) -> Result<ModuleView, AppError> {
    ctx.require("create:actions")?;
    check(input)?;
    let name = input.name.clone().ok_or_else(|| AppError::invalid_body("'name' is missing"))?;
    if input.code.is_none() {
        return Err(AppError::invalid_body("'code' is missing"));
    }
    let count = app.store().count::<ActionModule>(&ctx.tenant.id, Query::all()).await?;
    if count >= limits::MODULES_PER_TENANT as u64 {
        let limit = limits::MODULES_PER_TENANT;
        return Err(AppError::invalid_body(format!("a tenant may have at most {limit} modules")));
    }
    let mut module = ActionModule {
        id: ids::action_module()?,
        revision: 0,
        name,
        code: String::new(),
        dependencies: Vec::new(),
        secrets: Vec::new(),
        latest: None,
        last_number: 0,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    apply(app, ctx, &mut module, input)?;
    let version = match mode {
        ModuleCreateMode::Draft => None,
        ModuleCreateMode::Publish => Some(next(ctx, &mut module)?),
    };
    let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&module);
    if let Some(version) = &version {
        set = set.insert(version);
    }
    let id = module.id.clone();
    commit(app, ctx, set, ("action_module_create", id.as_str())).await?.ok_or_else(writes::stale)?;
    let module = load(app, ctx, id.as_str()).await?;
    view(app, ctx, module).await
}

/// Commits with the entry of the audit log; `None` when a row is not as `set` expects it.
async fn commit(
    app: &App,
    ctx: &OpCtx,
    set: WriteSet,
    (operation, resource): (&str, &str),
) -> Result<Option<()>, AppError> {
    match app.store().commit(set.insert(&audit(ctx, operation, resource)?)).await {
        Ok(_) => Ok(Some(())),
        Err(CommitError::Conflict { .. }) => Ok(None),
        Err(CommitError::Duplicate { index: Index::ActionModuleByName, .. }) => {
            Err(AppError::conflict("A module with the same name already exists."))
        }
        Err(other) => Err(other.into()),
    }
}

/// Changes the draft.
///
/// # Errors
/// When the scope is missing, there is no such module or the input is not legal.
pub async fn module_update(app: &App, ctx: &OpCtx, id: &str, input: &ModuleInput) -> Result<ModuleView, AppError> {
    ctx.require("update:actions")?;
    check(input)?;
    if input.name.is_some() {
        return Err(AppError::invalid_body("the name of a module cannot be changed"));
    }
    for _ in 0..writes::ATTEMPTS {
        let mut module = load(app, ctx, id).await?;
        apply(app, ctx, &mut module, input)?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&module);
        if commit(app, ctx, set, ("action_module_update", id)).await?.is_some() {
            let module = load(app, ctx, id).await?;
            return view(app, ctx, module).await;
        }
    }
    Err(writes::stale())
}

/// Deletes a module with its versions.
///
/// # Errors
/// When the scope is missing, there is no such module or an action uses it.
pub async fn module_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:actions")?;
    for _ in 0..writes::ATTEMPTS {
        let module = load(app, ctx, id).await?;
        let uses = uses(app, ctx, &module.id).await?;
        if !uses.deployed.is_empty() || uses.in_drafts > 0 {
            return Err(AppError::new(Code::PreconditionFailed, "The module is used by actions."));
        }
        let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
            .delete::<ActionModule>(module.id.as_str(), Expect::Revision(module.revision));
        for version in version_all(app, ctx, &module.id).await? {
            set = set.delete::<ActionModuleVersion>(&version.id(), Expect::Any);
        }
        if commit(app, ctx, set, ("action_module_delete", id)).await?.is_some() {
            return Ok(());
        }
    }
    Err(writes::stale())
}

fn next(ctx: &OpCtx, module: &mut ActionModule) -> Result<ActionModuleVersion, AppError> {
    let version = ActionModuleVersion {
        id: ids::action_module_version()?,
        revision: 0,
        module_id: module.id.clone(),
        number: module.last_number.saturating_add(1),
        code: module.code.clone(),
        dependencies: module.dependencies.clone(),
        secrets: module.secrets.clone(),
        created_at: ctx.now,
    };
    module.latest = Some(version.id.clone());
    module.last_number = version.number;
    Ok(version)
}

/// Publishes the draft as the next version. Actions go on with the version they name.
///
/// # Errors
/// When the scope is missing, there is no such module, nothing changed, or it has its most versions.
pub async fn module_version_create(app: &App, ctx: &OpCtx, id: &str) -> Result<ActionModuleVersion, AppError> {
    ctx.require("create:actions")?;
    for _ in 0..writes::ATTEMPTS {
        let mut module = load(app, ctx, id).await?;
        let all = version_all(app, ctx, &module.id).await?;
        if all.first().is_some_and(|latest| same(&module, latest)) {
            return Err(AppError::conflict("There are no changes to publish."));
        }
        if all.len() >= limits::VERSIONS_PER_MODULE {
            let limit = limits::VERSIONS_PER_MODULE;
            let text = format!("A module may have at most {limit} versions.");
            return Err(AppError::new(Code::PreconditionFailed, text));
        }
        let version = next(ctx, &mut module)?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&module).insert(&version);
        if commit(app, ctx, set, ("action_module_version_create", id)).await?.is_some() {
            return Ok(version);
        }
    }
    Err(writes::stale())
}

async fn version_all(app: &App, ctx: &OpCtx, id: &ActionModuleId) -> Result<Vec<ActionModuleVersion>, AppError> {
    let query = Query::by(Index::ActionModuleVersionByModule).under(id.as_str()).limit(limits::VERSIONS_PER_MODULE + 1);
    Ok(app.store().list::<ActionModuleVersion>(&ctx.tenant.id, query).await?.rows)
}

/// The versions of a module, newest first, and how many there are in all.
///
/// # Errors
/// When the scope is missing or there is no such module.
pub async fn module_version_list(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    slice: Slice,
) -> Result<(Vec<ActionModuleVersion>, usize), AppError> {
    ctx.require("read:actions")?;
    let module = load(app, ctx, id).await?;
    let all = version_all(app, ctx, &module.id).await?;
    let total = all.len();
    Ok((slice.of(all), total))
}

/// One version.
///
/// # Errors
/// When the scope is missing or there is no such module or version.
pub async fn module_version_fetch(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    version: &str,
) -> Result<ActionModuleVersion, AppError> {
    ctx.require("read:actions")?;
    let module = load(app, ctx, id).await?;
    version_load(app, &ctx.tenant.id, &module.id, version)
        .await?
        .ok_or_else(|| AppError::not_found("That version does not exist."))
}

async fn version_load(
    app: &App,
    tenant: &TenantId,
    module: &ActionModuleId,
    id: &str,
) -> Result<Option<ActionModuleVersion>, AppError> {
    let Ok(id) = id.parse::<ActionModuleVersionId>() else { return Ok(None) };
    let version = app.store().fetch::<ActionModuleVersion>(tenant, id.as_str()).await?;
    Ok(version.filter(|version| version.module_id == *module))
}

/// Makes a version's content the draft's.
///
/// # Errors
/// When the scope is missing, there is no such module or version, or the draft has that content.
pub async fn module_rollback(app: &App, ctx: &OpCtx, id: &str, version: &str) -> Result<ModuleView, AppError> {
    ctx.require("create:actions")?;
    for _ in 0..writes::ATTEMPTS {
        let mut module = load(app, ctx, id).await?;
        let Some(old) = version_load(app, &ctx.tenant.id, &module.id, version).await? else {
            return Err(AppError::not_found("That version does not exist."));
        };
        if same(&module, &old) {
            return Err(AppError::conflict("The draft has the content of that version already."));
        }
        module.code = old.code;
        module.dependencies = old.dependencies;
        module.secrets = old.secrets;
        module.updated_at = ctx.now;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&module);
        if commit(app, ctx, set, ("action_module_rollback", id)).await?.is_some() {
            let module = load(app, ctx, id).await?;
            return view(app, ctx, module).await;
        }
    }
    Err(writes::stale())
}

/// What the choices of an action stand for.
pub(crate) async fn resolve(
    app: &App,
    ctx: &OpCtx,
    choices: &[ModuleChoice],
) -> Result<Vec<ModuleReference>, AppError> {
    if choices.len() > limits::MODULES_PER_ACTION {
        let limit = limits::MODULES_PER_ACTION;
        return Err(AppError::invalid_body(format!("an action may use at most {limit} modules")));
    }
    let mut references: Vec<ModuleReference> = Vec::new();
    for ModuleChoice { module_id, version_id } in choices {
        let unknown =
            || AppError::invalid_body(format!("there is no version '{version_id}' of a module '{module_id}'"));
        let load = load(app, ctx, module_id).await;
        let module = load.map_err(|error| if matches!(error.code, Code::NotFound) { unknown() } else { error })?;
        let version = version_load(app, &ctx.tenant.id, &module.id, version_id).await?.ok_or_else(unknown)?;
        if references.iter().any(|reference| reference.module_id == module.id) {
            return Err(AppError::invalid_body(format!("the module '{}' is named twice", module.name)));
        }
        references.push(ModuleReference {
            module_id: module.id,
            module_name: module.name,
            module_version_id: version.id,
            module_version_number: version.number,
        });
    }
    Ok(references)
}

/// The versions that references name. One that is gone is an error of ours: what is used is not deleted.
pub(crate) async fn referenced(
    app: &App,
    tenant: &TenantId,
    references: &[ModuleReference],
) -> Result<Vec<(String, ActionModuleVersion)>, AppError> {
    let mut found = Vec::new();
    for reference in references {
        let version = version_load(app, tenant, &reference.module_id, reference.module_version_id.as_str())
            .await?
            .ok_or_else(|| AppError::internal(format!("find version {}", reference.module_version_id)))?;
        found.push((format!("actions:{}", reference.module_name), version));
    }
    Ok(found)
}

/// The secrets of the modules that a version uses, by the name they are required by. They go to the run beside the
/// action's own; the engine shows each module its own only.
pub(crate) async fn secrets_of(
    app: &App,
    tenant: &TenantId,
    references: &[ModuleReference],
) -> Result<BTreeMap<String, Value>, AppError> {
    let mut all = BTreeMap::new();
    for (name, module) in referenced(app, tenant, references).await? {
        let mut values = serde_json::Map::new();
        for SealedSecret { name, sealed_value, updated_at: _ } in &module.secrets {
            let opened = secrets::open(app, tenant, &row_key(&module.module_id, name), sealed_value)?;
            let Ok(value) = String::from_utf8(opened) else {
                return Err(AppError::internal(format!("secret '{name}' of a module is not text")));
            };
            values.insert(name.clone(), Value::String(value));
        }
        all.insert(name, Value::Object(values));
    }
    Ok(all)
}
