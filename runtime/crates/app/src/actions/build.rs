//! Builds a draft's source: packages and types are dealt with, the engine compiles it and runs its top level once. What
//! can be wrong with it is found here, and not in a login.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_engine::BuildError as EngineError;
use postern_javascript::{Kind, Module, Payload};
use postern_model::action::{ArtifactKind, BuildError, CREDENTIALS_EXCHANGE, Dependency, POST_LOGIN};
use postern_model::execution::RunErrorText;
use postern_model::{ActionModuleVersion, Artifact, Draft, Runtime, Trigger, VersionStatus};
use postern_packages::{PackagesError, Prepared};
use postern_store::ArtifactBytes;

use super::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, action_modules, ids};

/// What stacks call the source.
const FILE: &str = "action.js";
/// Bits of a seed that JavaScript can read as a number.
const SEED_BITS: u32 = 53;

/// What is built.
pub(crate) struct Source<'a> {
    pub(crate) kind: Kind,
    /// One that the engine knows.
    pub(crate) trigger: &'static str,
    pub(crate) code: &'a str,
    /// Names and versions.
    pub(crate) dependencies: &'a [(&'a str, &'a str)],
    /// Actions Modules by the name they are required by.
    pub(crate) modules: BTreeMap<String, &'a str>,
}

/// Why there is no artifact.
pub(crate) enum Failure {
    /// The source is to blame, or what is around it: the draft says it.
    Build(BuildError),
    /// We are.
    Own(AppError),
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::Own(error)
    }
}

/// Builds the draft if it is a source that is not built. Answers the rows that its artifact consists of.
pub(super) async fn build(
    app: &App,
    ctx: &OpCtx,
    trigger: &Trigger,
    draft: &mut Draft,
) -> Result<Vec<ArtifactBytes>, AppError> {
    if draft.runtime == Runtime::Wasm || draft.artifact.is_some() {
        return Ok(Vec::new());
    }
    let used = action_modules::referenced(app, &ctx.tenant.id, &draft.modules).await?;
    let trigger = if trigger.id == CREDENTIALS_EXCHANGE { CREDENTIALS_EXCHANGE } else { POST_LOGIN };
    let built = match dependencies(draft, &used) {
        Ok(dependencies) => {
            let modules = used.iter().map(|(name, module)| (name.clone(), module.code.as_str())).collect();
            let source =
                Source { kind: Kind::Action, trigger, code: &draft.code, dependencies: &dependencies, modules };
            artifact(app, ctx.now, source).await
        }
        Err(failure) => Err(failure),
    };
    match built {
        Ok((artifact, rows)) => {
            draft.artifact = Some(artifact);
            draft.status = VersionStatus::Built;
            draft.errors.clear();
            draft.built_at = Some(ctx.now);
            Ok(rows)
        }
        Err(Failure::Build(error)) => {
            draft.status = VersionStatus::Failed;
            draft.errors = vec![error];
            draft.built_at = None;
            Ok(Vec::new())
        }
        Err(Failure::Own(error)) => Err(error),
    }
}

/// Builds a source. Answers the rows that its artifact consists of as well.
pub(crate) async fn artifact(
    app: &App,
    now: Timestamp,
    Source { kind, trigger, code, dependencies, modules }: Source<'_>,
) -> Result<(Artifact, Vec<ArtifactBytes>), Failure> {
    if code.trim().is_empty() {
        let msg = "the action has no code".to_owned();
        return Err(Failure::Build(BuildError { id: "no_code".to_owned(), msg }));
    }
    let prepared = match kind {
        // An expression: nothing that a transpiler could read.
        Kind::Rule if dependencies.is_empty() => {
            let (modules, preload) = (Vec::new(), Vec::new());
            Prepared { source: code.to_owned(), modules, bundle: None, preload, lock: None }
        }
        Kind::Action | Kind::Rule => {
            let sources: Vec<&str> = modules.values().copied().collect();
            app.packages().prepare_with(code, &sources, dependencies).await.map_err(not_prepared)?
        }
    };
    let Prepared { source, modules: plain, bundle, preload, lock } = prepared;
    let modules = modules.keys().cloned().zip(plain.into_iter().map(|source| Module { source })).collect();
    let payload = Payload {
        kind,
        trigger: trigger.to_owned(),
        file: FILE.to_owned(),
        source,
        bundle,
        preload,
        modules,
        now: now.as_millisecond(),
        seed: seed()?,
    };
    let payload =
        serde_json::to_vec(&payload).map_err(|error| AppError::internal("write a payload").with_source(error))?;
    let module = app.javascript().await?;
    app.engine().program(&module, &payload).await.map_err(not_built)?;
    let mut rows = vec![ArtifactBytes { sha256: sha256_hex(&payload), bytes: payload.into() }];
    rows.extend(
        lock.map(|lock| ArtifactBytes { sha256: sha256_hex(lock.as_bytes()), bytes: lock.into_bytes().into() }),
    );
    let [first, rest @ ..] = rows.as_slice() else { return Err(AppError::internal("name an artifact").into()) };
    let artifact = Artifact {
        kind: ArtifactKind::Payload,
        sha256: first.sha256.clone(),
        size: first.bytes.len() as u64,
        abi: postern_contract::ABI_VERSION,
        sdk: None,
        egress: Vec::new(),
        lock_sha256: rest.first().map(|lock| lock.sha256.clone()),
    };
    Ok((artifact, rows))
}

/// The action's dependencies and those of its modules. They are one installation, so that each package has one version.
fn dependencies<'a>(
    draft: &'a Draft,
    used: &'a [(String, ActionModuleVersion)],
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    let mut all: Vec<(&str, &str)> = Vec::new();
    let of_modules = used.iter().flat_map(|(_, module)| &module.dependencies);
    for Dependency { name, version } in draft.dependencies.iter().chain(of_modules) {
        match all.iter().find(|(known, _)| known == name) {
            None => all.push((name, version)),
            Some((_, known)) if known == version => {}
            Some((_, known)) => {
                let msg = format!("dependency '{name}': the action and a module of it ask for {known} and {version}");
                return Err(Failure::Build(BuildError { id: "dependencies".to_owned(), msg }));
            }
        }
    }
    Ok(all)
}

/// What is random while the top level is loaded is so once, and the same in every login.
fn seed() -> Result<u64, AppError> {
    let [a, b, c, d, e, f, g, h, ..] = ids::seed()?;
    Ok(u64::from_le_bytes([a, b, c, d, e, f, g, h]) >> (u64::BITS - SEED_BITS))
}

fn not_prepared(error: PackagesError) -> Failure {
    let id = match &error {
        PackagesError::Syntax { .. } => "syntax_error",
        PackagesError::Io(_) => return AppError::internal("prepare packages").with_source(error).into(),
        PackagesError::Dependency { .. }
        | PackagesError::Install(_)
        | PackagesError::Bundle { .. }
        | PackagesError::TooLarge { .. }
        | PackagesError::Offline { .. }
        | PackagesError::Program { .. }
        | PackagesError::TimedOut { .. }
        | PackagesError::Registry(_)
        | PackagesError::Tool { .. } => "dependencies",
    };
    if !error.is_authors() {
        tracing::warn!(error = &error as &dyn std::error::Error, "packages cannot be prepared");
    }
    Failure::Build(BuildError { id: id.to_owned(), msg: error.to_string() })
}

fn not_built(error: EngineError) -> Failure {
    match error {
        EngineError::Init { error, .. } => Failure::Build(told(&error)),
        EngineError::Invalid(_) | EngineError::Compile(_) | EngineError::Interrupted(_) => {
            Failure::Own(AppError::internal("load a source").with_source(error))
        }
    }
}

/// What the author reads: what was thrown, and where.
fn told(error: &RunErrorText) -> BuildError {
    let RunErrorText { name, message, stack } = error;
    let id = if name == "SyntaxError" { "syntax_error" } else { "load_failed" };
    let place = stack.as_deref().and_then(place).map_or_else(String::new, |place| format!(" ({place})"));
    BuildError { id: id.to_owned(), msg: format!("{name}: {message}{place}") }
}

/// The first place in the source that a stack names, as `action.js:3:7`.
fn place(stack: &str) -> Option<&str> {
    let at = stack.match_indices(FILE).find_map(|(at, _)| {
        let rest = stack.get(at + FILE.len()..)?.strip_prefix(':')?;
        let length = rest.find(|letter: char| !letter.is_ascii_digit() && letter != ':').unwrap_or(rest.len());
        (length > 0).then_some((at, at + FILE.len() + 1 + length))
    });
    at.and_then(|(start, end)| stack.get(start..end)).map(|place| place.trim_end_matches(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_place_in_a_stack() {
        let thrown = "Error: action.js is wrong\n    at f (node.js:1:1)\n    at <anonymous> (action.js:12:9)\n";
        assert_eq!(place(thrown), Some("action.js:12:9"));
        assert_eq!(place("action.js:3\nvar = 1\n    ^\nSyntaxError: Unexpected token"), Some("action.js:3"));
        assert_eq!(place("nothing"), None);
    }
}
