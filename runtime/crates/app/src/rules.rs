//! Rules and their configuration (Auth0 Management API: /rules, /rules-configs). A rule is built when it is created or
//! its script changes; the enabled ones run before the actions of every login.

mod build;

use postern_model::rule::RuleConfig;
use postern_model::{Rule, RuleId, TenantId, limits};
use postern_store::{CommitError, Expect, Index, Query, WriteSet};
use serde_json::{Map, Value};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, ids, logs, secrets};

/// Rules of a tenant, and entries of their configuration (ours).
const PER_TENANT: usize = 200;
/// Characters of a rule's name.
const NAME_CHARS: usize = 255;
/// Characters of a configuration's key (Auth0: 127), and bytes of its value (ours).
const KEY_CHARS: usize = 127;
/// See [`KEY_CHARS`].
const VALUE_BYTES: usize = 16 * 1024;
/// The stage of every rule that is made today.
const STAGE: &str = "login_success";

/// What a request may set; absent leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct RuleInput {
    #[expect(missing_docs, reason = "says its name")]
    pub name: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub script: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub order: Option<i64>,
    #[expect(missing_docs, reason = "says its name")]
    pub enabled: Option<bool>,
    /// Only when it is made.
    pub stage: Option<String>,
}

fn absent() -> AppError {
    AppError::new(Code::InexistentRule, "The rule does not exist")
}

fn apply(rule: &mut Rule, input: RuleInput) -> Result<(), AppError> {
    if let Some(name) = input.name {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ' ';
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if name.len() > NAME_CHARS
            || !name.chars().all(plain)
            || !edge(name.chars().next())
            || !edge(name.chars().next_back())
        {
            return Err(AppError::invalid_body(format!(
                "'name' must have 1 to {NAME_CHARS} letters, digits, inner spaces and inner hyphens"
            )));
        }
        rule.name = name;
    }
    if let Some(script) = input.script {
        if script.is_empty() || script.len() > limits::CODE_BYTES {
            return Err(AppError::invalid_body(format!("'script' must have 1 to {} bytes", limits::CODE_BYTES)));
        }
        rule.script = script;
    }
    rule.order = input.order.unwrap_or(rule.order);
    rule.enabled = input.enabled.unwrap_or(rule.enabled);
    Ok(())
}

/// Every rule in its order.
///
/// # Errors
/// When the scope is missing.
pub async fn rule_list(app: &App, ctx: &OpCtx) -> Result<Vec<Rule>, AppError> {
    ctx.require("read:rules")?;
    all(app, ctx).await
}

async fn all(app: &App, ctx: &OpCtx) -> Result<Vec<Rule>, AppError> {
    let query = Query::by(Index::RuleByOrder).limit(PER_TENANT * 2);
    Ok(app.store().list::<Rule>(&ctx.tenant.id, query).await?.rows)
}

async fn load(app: &App, ctx: &OpCtx, id: &str) -> Result<Rule, AppError> {
    let id: RuleId = id.parse().map_err(|_bad| absent())?;
    app.store().fetch::<Rule>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)
}

/// Reads a rule.
///
/// # Errors
/// When the scope is missing or there is no such rule.
pub async fn rule_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Rule, AppError> {
    ctx.require("read:rules")?;
    load(app, ctx, id).await
}

/// Creates a rule, last in the order when it names no place.
///
/// # Errors
/// When the scope is missing, the input is not legal, or name or place are taken.
pub async fn rule_create(app: &App, ctx: &OpCtx, input: RuleInput) -> Result<Rule, AppError> {
    ctx.require("create:rules")?;
    for (name, given) in [("name", input.name.is_some()), ("script", input.script.is_some())] {
        if !given {
            return Err(AppError::invalid_body(format!("Missing required property: {name}")));
        }
    }
    let stages = [STAGE, "login_failure", "pre_authorize"];
    let stage = input.stage.clone().unwrap_or_else(|| STAGE.to_owned());
    if !stages.contains(&stage.as_str()) {
        return Err(AppError::invalid_body(format!("'stage' must be one of {}", stages.join(", "))));
    }
    let rules = all(app, ctx).await?;
    if rules.len() >= PER_TENANT {
        return Err(AppError::bad_request(format!("A tenant may have at most {PER_TENANT} rules.")));
    }
    let mut rule = Rule {
        id: ids::rule()?,
        revision: 0,
        name: String::new(),
        script: String::new(),
        order: rules.last().map_or(1, |last| last.order.saturating_add(1)),
        enabled: true,
        stage,
        artifact: None,
        created_at: ctx.now,
    };
    apply(&mut rule, input)?;
    let rows = build::build(app, ctx, &mut rule).await?;
    let set = rows.iter().fold(WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&rule), WriteSet::put);
    write(app, ctx, set, &rule, "Create a rule").await
}

async fn write(app: &App, ctx: &OpCtx, set: WriteSet, rule: &Rule, operation: &str) -> Result<Rule, AppError> {
    let set = set.insert(&logs::audit(ctx, operation, rule.id.as_str())?);
    match app.store().commit(set).await {
        Ok(_) => {
            app.logins().forget(&ctx.tenant.id);
            load(app, ctx, rule.id.as_str()).await
        }
        Err(CommitError::Duplicate { index: Index::RuleByName, .. }) => {
            Err(AppError::conflict("A rule with the same name already exists"))
        }
        Err(CommitError::Duplicate { .. }) => Err(AppError::conflict("A rule with the same order already exists")),
        Err(other) => Err(other.into()),
    }
}

/// Changes a rule.
///
/// # Errors
/// When the scope is missing, the input is not legal, there is no such rule, or name or place are taken.
pub async fn rule_update(app: &App, ctx: &OpCtx, id: &str, input: RuleInput) -> Result<Rule, AppError> {
    ctx.require("update:rules")?;
    if input.stage.is_some() {
        return Err(AppError::invalid_body("Additional properties not allowed: stage"));
    }
    let mut rule = load(app, ctx, id).await?;
    if input.script.as_ref().is_some_and(|script| *script != rule.script) {
        rule.artifact = None;
    }
    apply(&mut rule, input)?;
    let rows = build::build(app, ctx, &mut rule).await?;
    let set = rows.iter().fold(WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&rule), WriteSet::put);
    write(app, ctx, set, &rule, "Update a rule").await
}

/// Deletes a rule; none is no error.
///
/// # Errors
/// When the scope is missing.
pub async fn rule_delete(app: &App, ctx: &OpCtx, id: &str) -> Result<(), AppError> {
    ctx.require("delete:rules")?;
    let rule = match load(app, ctx, id).await {
        Ok(rule) => rule,
        Err(error) if error.code == Code::InexistentRule => return Ok(()),
        Err(error) => return Err(error),
    };
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id)
        .delete::<Rule>(rule.id.as_str(), Expect::Any)
        .insert(&logs::audit(ctx, "Delete a rule", id)?);
    app.store().commit(set).await?;
    app.logins().forget(&ctx.tenant.id);
    Ok(())
}

/// The keys of the configuration that rules can read.
///
/// # Errors
/// When the scope is missing.
pub async fn rule_config_list(app: &App, ctx: &OpCtx) -> Result<Vec<String>, AppError> {
    ctx.require("read:rules_configs")?;
    let query = Query::all().limit(PER_TENANT * 2);
    let page = app.store().list::<RuleConfig>(&ctx.tenant.id, query).await?;
    Ok(page.rows.into_iter().map(|config| config.key).collect())
}

fn check_key(key: &str) -> Result<(), AppError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-*@+:".contains(c);
    if (1..=KEY_CHARS).contains(&key.len()) && key.chars().all(plain) {
        return Ok(());
    }
    Err(AppError::new(
        Code::InvalidUri,
        format!("Path validation error: 'key' must have 1 to {KEY_CHARS} letters, digits and _-*@+:."),
    ))
}

/// Sets an entry of the configuration.
///
/// # Errors
/// When the scope is missing, the key or the value is not legal, or there are too many.
pub async fn rule_config_replace(app: &App, ctx: &OpCtx, key: &str, value: &str) -> Result<(), AppError> {
    ctx.require("update:rules_configs")?;
    check_key(key)?;
    if value.is_empty() || value.len() > VALUE_BYTES {
        return Err(AppError::invalid_body(format!("'value' must have 1 to {VALUE_BYTES} bytes")));
    }
    let tenant = &ctx.tenant.id;
    if app.store().count::<RuleConfig>(tenant, Query::all()).await? >= PER_TENANT as u64 {
        return Err(AppError::bad_request(format!("A tenant may have at most {PER_TENANT} rules configs.")));
    }
    let sealed_value = secrets::seal(app, tenant, &format!("rules_config/{key}"), value.as_bytes())?;
    let row = RuleConfig { key: key.to_owned(), revision: 0, sealed_value };
    let entry = logs::audit(ctx, "Set a rules config", key)?;
    app.store().commit(WriteSet::new(tenant, ctx.request_id).put(&row).insert(&entry)).await?;
    app.logins().forget(tenant);
    Ok(())
}

/// Removes an entry of the configuration; none is no error.
///
/// # Errors
/// When the scope is missing.
pub async fn rule_config_delete(app: &App, ctx: &OpCtx, key: &str) -> Result<(), AppError> {
    ctx.require("delete:rules_configs")?;
    check_key(key)?;
    if app.store().fetch::<RuleConfig>(&ctx.tenant.id, key).await?.is_none() {
        return Ok(());
    }
    let entry = logs::audit(ctx, "Delete a rules config", key)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).delete::<RuleConfig>(key, Expect::Any).insert(&entry);
    app.store().commit(set).await?;
    app.logins().forget(&ctx.tenant.id);
    Ok(())
}

/// What runs in a login, in its order.
pub(crate) async fn rules_enabled(app: &App, tenant: &TenantId) -> Result<Vec<Rule>, AppError> {
    let query = Query::by(Index::RuleByOrder).limit(PER_TENANT * 2);
    let rules = app.store().list::<Rule>(tenant, query).await?.rows;
    let mut enabled = Vec::new();
    for rule in rules.into_iter().filter(|rule| rule.enabled && rule.stage == STAGE) {
        enabled.push(build::built(app, tenant, rule).await?);
    }
    Ok(enabled)
}

/// `configuration` of every rule.
pub(crate) async fn rule_configuration(app: &App, tenant: &TenantId) -> Result<Map<String, Value>, AppError> {
    let rows = app.store().list::<RuleConfig>(tenant, Query::all().limit(PER_TENANT * 2)).await?.rows;
    rows.into_iter()
        .map(|RuleConfig { key, sealed_value, .. }| {
            let plain = secrets::open(app, tenant, &format!("rules_config/{key}"), &sealed_value)?;
            Ok((key, Value::String(String::from_utf8_lossy(&plain).into_owned())))
        })
        .collect()
}
