//! Builds a rule: what can be wrong with its script is found when it is written, and not in a login.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_javascript::{Kind, without_versions};
use postern_model::action::POST_LOGIN;
use postern_model::{Artifact, LogType, Rule, TenantId};
use postern_store::{ArtifactBytes, WriteSet};
use serde_json::{Map, json};

use crate::actions::build::{Failure, Source, artifact};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, ids, logs};

/// The version of a package that a rule names none for.
const ANY_VERSION: &str = "latest";
/// What the engine has for rules.
const REQUEST: &str = "request";
/// What a failure is called that the packages are to blame for.
const DEPENDENCIES: &str = "dependencies";

/// Builds a rule that is not built. Answers the rows that its artifact consists of.
///
/// # Errors
/// When the script does not load: the text says why and where. Packages that cannot be had are told in the tenant log;
/// the rule then fails where it requires them.
pub(super) async fn build(app: &App, ctx: &OpCtx, rule: &mut Rule) -> Result<Vec<ArtifactBytes>, AppError> {
    if rule.artifact.is_some() {
        return Ok(Vec::new());
    }
    let (made, without) = with_packages(app, ctx.now, &rule.script).await;
    if let Some(reason) = without {
        let fields = Map::from_iter([("details".to_owned(), json!({ "rule": rule.name, "reason": reason }))]);
        let text = format!("The packages of the rule '{}' cannot be had", rule.name);
        logs::log_write(app, &ctx.tenant.id, LogType::Warning, &text, fields, ctx.now).await?;
    }
    match made {
        Ok((artifact, rows)) => {
            rule.artifact = Some(artifact);
            Ok(rows)
        }
        Err(Failure::Build(error)) => Err(AppError::invalid_body(format!("'script' does not load: {}", error.msg))),
        Err(Failure::Own(error)) => Err(error),
    }
}

type Made = Result<(Artifact, Vec<ArtifactBytes>), Failure>;

/// Builds a script with the packages that it requires, or without them: then it says why.
async fn with_packages(app: &App, now: Timestamp, script: &str) -> (Made, Option<String>) {
    let (code, required) = without_versions(script);
    let required: Vec<(&str, &str)> = required
        .iter()
        .filter(|(name, _)| name != REQUEST)
        .map(|(name, version)| (name.as_str(), version.as_deref().unwrap_or(ANY_VERSION)))
        .collect();
    let source = |dependencies| Source {
        kind: Kind::Rule,
        trigger: POST_LOGIN,
        code: &code,
        dependencies,
        modules: BTreeMap::new(),
    };
    match artifact(app, now, source(&required)).await {
        Err(Failure::Build(error)) if error.id == DEPENDENCIES && !required.is_empty() => {
            (artifact(app, now, source(&[])).await, Some(error.msg))
        }
        made => (made, None),
    }
}

/// The rule, built if it was written by a program that ran no rules. One that does not load stays as it is, and fails
/// in the login.
pub(super) async fn built(app: &App, tenant: &TenantId, mut rule: Rule) -> Result<Rule, AppError> {
    if rule.artifact.is_some() {
        return Ok(rule);
    }
    match with_packages(app, rule.created_at, &rule.script).await.0 {
        Ok((artifact, rows)) => {
            rule.artifact = Some(artifact);
            let set = rows.iter().fold(WriteSet::new(tenant, ids::request()?).replace(&rule), WriteSet::put);
            app.store().commit(set).await?;
            rule.revision += 1;
        }
        Err(Failure::Build(error)) => tracing::warn!(rule.id = %rule.id, error.id, "a rule does not load"),
        Err(Failure::Own(error)) => return Err(error),
    }
    Ok(rule)
}
