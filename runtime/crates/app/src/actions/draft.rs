//! The rules of a draft: what a create or an update may ask for, and what becomes of the draft.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use jiff::Timestamp;
use postern_model::action::{ArtifactKind, Dependency};
use postern_model::{
    Action, ActionId, ActionVersion, Artifact, Draft, ModuleReference, Runtime, SealedSecret, TenantId, Trigger,
    VersionStatus, limits,
};
use serde::Serialize;

use crate::action_modules::ModuleChoice;
use crate::bindings::trigger_known;
use crate::error::AppError;
use crate::{App, secrets};

/// A secret as given: without a value the stored one is kept.
#[derive(Clone)]
pub struct SecretInput {
    /// Unique in the action.
    pub name: String,
    /// Never given back.
    pub value: Option<String>,
}

impl std::fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretInput").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a create or an update says of an action. `None` leaves a field as it is; a list replaces the list.
#[derive(Debug, Clone, Default)]
pub struct ActionInput {
    /// Unique in the tenant.
    pub name: Option<String>,
    /// The one trigger it is for.
    pub trigger: Option<Trigger>,
    /// How its code is given.
    pub runtime: Option<Runtime>,
    /// JavaScript source.
    pub code: Option<String>,
    /// Npm packages of the source.
    pub dependencies: Option<Vec<Dependency>>,
    #[expect(missing_docs, reason = "says its name")]
    pub secrets: Option<Vec<SecretInput>>,
    /// Versions of Actions Modules its source may require.
    pub modules: Option<Vec<ModuleChoice>>,
}

/// Characters of an action's name (ours; Auth0 names no limit).
const NAME_CHARS: usize = 255;
/// Npm dependencies of an action (Auth0: 10).
const DEPENDENCIES: usize = 10;

/// Checks everything that can be checked without the action as it stands.
pub(super) fn check(input: &ActionInput) -> Result<(), AppError> {
    if let Some(name) = &input.name {
        check_name(name)?;
    }
    if let Some(trigger) = &input.trigger
        && !trigger_known(trigger)
    {
        return Err(AppError::invalid_body(format!("there is no trigger '{}' {}", trigger.id, trigger.version)));
    }
    if input.code.as_ref().is_some_and(|code| code.len() > limits::CODE_BYTES) {
        return Err(AppError::invalid_body(format!("'code' is longer than {} bytes", limits::CODE_BYTES)));
    }
    if let Some(dependencies) = &input.dependencies {
        check_dependencies(dependencies)?;
    }
    input.secrets.as_deref().map_or(Ok(()), check_secrets)
}

/// Checks the name of an action or a module.
pub(crate) fn check_name(name: &str) -> Result<(), AppError> {
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARS || name.chars().any(char::is_control) || name.trim() != name {
        return Err(AppError::invalid_body(format!(
            "'name' must have 1 to {NAME_CHARS} characters, none of them a control character, and no space at either end"
        )));
    }
    Ok(())
}

pub(crate) fn check_dependencies(dependencies: &[Dependency]) -> Result<(), AppError> {
    if dependencies.len() > DEPENDENCIES {
        return Err(AppError::invalid_body(format!("an action may have at most {DEPENDENCIES} dependencies")));
    }
    let mut names = BTreeSet::new();
    for Dependency { name, version } in dependencies {
        if name.is_empty() || version.is_empty() || name.len() > NAME_CHARS || version.len() > NAME_CHARS {
            return Err(AppError::invalid_body("a dependency needs a name and a version"));
        }
        if !names.insert(name) {
            return Err(AppError::invalid_body(format!("dependency '{name}' is given twice")));
        }
    }
    Ok(())
}

pub(crate) fn check_secrets(secrets: &[SecretInput]) -> Result<(), AppError> {
    if secrets.len() > limits::SECRETS_PER_ACTION {
        return Err(AppError::invalid_body(format!(
            "an action may have at most {} secrets",
            limits::SECRETS_PER_ACTION
        )));
    }
    let mut names = BTreeSet::new();
    for SecretInput { name, value } in secrets {
        let length = name.chars().count();
        if length == 0 || length > limits::SECRET_NAME_CHARS || name.chars().any(char::is_control) {
            return Err(AppError::invalid_body(format!(
                "a secret's name must have 1 to {} characters, none of them a control character",
                limits::SECRET_NAME_CHARS
            )));
        }
        if value.as_ref().is_some_and(|value| value.chars().count() > limits::SECRET_VALUE_CHARS) {
            return Err(AppError::invalid_body(format!(
                "the value of secret '{name}' is longer than {} characters",
                limits::SECRET_VALUE_CHARS
            )));
        }
        if !names.insert(name) {
            return Err(AppError::invalid_body(format!("secret '{name}' is given twice")));
        }
    }
    Ok(())
}

/// A draft with nothing in it.
pub(super) fn empty(runtime: Runtime) -> Draft {
    Draft {
        runtime,
        code: String::new(),
        dependencies: Vec::new(),
        secrets: Vec::new(),
        modules: Vec::new(),
        artifact: None,
        status: VersionStatus::Pending,
        errors: Vec::new(),
        built_at: None,
    }
}

/// The draft after `input`. A source that changed has no artifact until it is built; a secret is not part of that.
pub(super) fn apply(
    app: &App,
    owner: (&TenantId, &ActionId),
    draft: &Draft,
    input: &ActionInput,
    modules: Option<Vec<ModuleReference>>,
    now: Timestamp,
) -> Result<Draft, AppError> {
    let mut next = draft.clone();
    if let Some(runtime) = input.runtime {
        next.runtime = runtime;
    }
    if let Some(code) = &input.code {
        next.code.clone_from(code);
    }
    if let Some(dependencies) = &input.dependencies {
        next.dependencies.clone_from(dependencies);
    }
    if let Some(modules) = modules {
        next.modules = modules;
    }
    if next.runtime == Runtime::Wasm {
        next.modules.clear();
        if input.code.as_ref().is_some_and(|code| !code.is_empty())
            || input.dependencies.as_ref().is_some_and(|dependencies| !dependencies.is_empty())
        {
            return Err(AppError::invalid_body(
                "'code' and 'dependencies' are for JavaScript: a compiled action's module is uploaded as its artifact",
            ));
        }
        next.code.clear();
        next.dependencies.clear();
        next.artifact.take_if(|artifact| artifact.kind != ArtifactKind::Module);
    } else if (next.runtime, &next.code, &next.dependencies, &next.modules)
        != (draft.runtime, &draft.code, &draft.dependencies, &draft.modules)
    {
        next.artifact = None;
    }
    if let Some(secrets) = &input.secrets {
        let (tenant, action) = owner;
        next.secrets = seal(app, tenant, |name| row_key(action, name), (&draft.secrets, secrets), now)?;
    }
    settle(&mut next);
    Ok(next)
}

/// Sets what the draft's content implies. A module was built when it was uploaded; a source is built next.
fn settle(draft: &mut Draft) {
    if draft.artifact.is_some() {
        draft.status = VersionStatus::Built;
    } else {
        draft.status = VersionStatus::Pending;
        draft.errors.clear();
        draft.built_at = None;
    }
}

/// Makes an uploaded module the draft's.
pub(crate) fn set_artifact(draft: &mut Draft, artifact: Artifact, now: Timestamp) {
    draft.runtime = Runtime::Wasm;
    draft.code.clear();
    draft.dependencies.clear();
    draft.artifact = Some(artifact);
    draft.errors.clear();
    draft.built_at = Some(now);
    settle(draft);
}

/// Makes a version's content the draft's.
pub(crate) fn restore(draft: &mut Draft, version: &ActionVersion) {
    draft.runtime = version.runtime;
    draft.code.clone_from(&version.code);
    draft.dependencies.clone_from(&version.dependencies);
    draft.secrets.clone_from(&version.secrets);
    draft.modules.clone_from(&version.modules);
    draft.artifact.clone_from(&version.artifact);
    draft.errors.clear();
    draft.built_at = Some(version.created_at);
    settle(draft);
}

/// Whether deploying the draft would change nothing.
pub(crate) fn same_content(action: &Action, version: &ActionVersion) -> Result<bool, AppError> {
    // The address covers the names of secrets only.
    let same_secrets = action.draft.secrets == version.secrets;
    Ok(same_secrets && content_sha256(action, &action.draft)? == version.content_sha256)
}

/// The row key a secret's box is bound to. It names the action, not the version, so that a version's copy opens too.
fn row_key(action: &ActionId, name: &str) -> String {
    format!("action/{action}/secret/{name}")
}

/// What is kept of the secrets that are `given`: those without a value stay as they are `stored`.
pub(crate) fn seal(
    app: &App,
    tenant: &TenantId,
    row_key: impl Fn(&str) -> String,
    (stored, given): (&[SealedSecret], &[SecretInput]),
    now: Timestamp,
) -> Result<Vec<SealedSecret>, AppError> {
    let mut sealed = Vec::with_capacity(given.len());
    for SecretInput { name, value } in given {
        match value {
            Some(value) => sealed.push(SealedSecret {
                name: name.clone(),
                sealed_value: secrets::seal(app, tenant, &row_key(name), value.as_bytes())?,
                updated_at: now,
            }),
            None => match stored.iter().find(|secret| secret.name == *name) {
                Some(secret) => sealed.push(secret.clone()),
                None => return Err(AppError::invalid_body(format!("secret '{name}' is new and needs a value"))),
            },
        }
    }
    Ok(sealed)
}

/// Opens an action's secrets for a run.
///
/// # Errors
/// When a box does not open under the master key: an internal error that names the secret, not its value.
pub fn secrets_open(
    app: &App,
    tenant: &TenantId,
    action: &ActionId,
    sealed: &[SealedSecret],
) -> Result<BTreeMap<String, String>, AppError> {
    let mut values = BTreeMap::new();
    for secret in sealed {
        let opened = secrets::open(app, tenant, &row_key(action, &secret.name), &secret.sealed_value)?;
        // Not passed on: the error would hold the value.
        let Ok(value) = String::from_utf8(opened) else {
            return Err(AppError::internal(format!("secret '{}' of action {action} is not text", secret.name)));
        };
        values.insert(secret.name.clone(), value);
    }
    Ok(values)
}

/// What a version's content address covers, in this order.
#[derive(Serialize)]
struct Content<'a> {
    trigger: &'a Trigger,
    runtime: Runtime,
    artifact_sha256: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_sha256: Option<&'a str>,
    abi: Option<u32>,
    sdk: Option<&'a str>,
    code: &'a str,
    dependencies: &'a [Dependency],
    secrets: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    modules: &'a [ModuleReference],
}

/// The content address of what would be deployed: lower-case hex of a SHA-256.
pub(crate) fn content_sha256(action: &Action, draft: &Draft) -> Result<String, AppError> {
    let artifact = draft.artifact.as_ref();
    let content = Content {
        trigger: &action.trigger,
        runtime: draft.runtime,
        // What is made of the same source with the same packages is the same, whenever it is made.
        artifact_sha256: artifact.filter(|a| a.kind == ArtifactKind::Module).map(|artifact| artifact.sha256.as_str()),
        lock_sha256: artifact.and_then(|artifact| artifact.lock_sha256.as_deref()),
        abi: artifact.map(|artifact| artifact.abi),
        sdk: artifact.and_then(|artifact| artifact.sdk.as_deref()),
        code: &draft.code,
        dependencies: &draft.dependencies,
        secrets: draft.secrets.iter().map(|secret| secret.name.as_str()).collect(),
        modules: &draft.modules,
    };
    let text = serde_json::to_vec(&content).map_err(|error| AppError::internal(format!("write content: {error}")))?;
    Ok(sha256_hex(&text))
}

/// Lower-case hex of the SHA-256 of `bytes`.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    digest::digest(&digest::SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
