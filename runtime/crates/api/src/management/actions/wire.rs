//! Actions, versions and runs as Auth0's Management API writes them. Where a field is ours (`artifact`,
//! `content_sha256`, `rolled_back_from`) it stands beside Auth0's, which its clients ignore.

use jiff::Timestamp;
use postern_app::action_modules::ModuleChoice;
use postern_app::actions::{ActionInput, ActionView, SecretInput, TestRun};
use postern_app::error::AppError;
use postern_model::action::{ArtifactKind, BuildError, Dependency};
use postern_model::{
    Action, ActionRun, ActionVersion, Artifact, ModuleReference, Runtime, SealedSecret, Trigger, VersionStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Body of a create or an update.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionBody {
    name: Option<String>,
    supported_triggers: Option<Vec<TriggerWire>>,
    runtime: Option<Runtime>,
    code: Option<String>,
    dependencies: Option<Vec<DependencyBody>>,
    secrets: Option<Vec<SecretBody>>,
    modules: Option<Vec<ModuleBody>>,
    /// Only when an action is created.
    pub(crate) deploy: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriggerWire {
    id: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DependencyBody {
    name: String,
    version: String,
    /// Only the public registry, so it says nothing.
    #[serde(rename = "registry_url")]
    _registry_url: Option<String>,
}

/// A version of an Actions Module. What else a client read of it may come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleBody {
    module_id: String,
    module_version_id: String,
    #[serde(rename = "module_name")]
    _module_name: Option<String>,
    #[serde(rename = "module_version_number")]
    _module_version_number: Option<u32>,
}

impl ModuleBody {
    fn choice(self) -> ModuleChoice {
        ModuleChoice { module_id: self.module_id, version_id: self.module_version_id }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    name: String,
    value: Option<String>,
    /// Given back by a client that sends what it read.
    #[serde(rename = "updated_at")]
    _updated_at: Option<String>,
}

impl std::fmt::Debug for SecretBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretBody").field("name", &self.name).finish_non_exhaustive()
    }
}

impl DependencyBody {
    /// What is meant.
    pub(crate) fn dependency(self) -> Dependency {
        Dependency { name: self.name, version: self.version }
    }
}

impl SecretBody {
    /// What is meant.
    pub(crate) fn input(self) -> SecretInput {
        SecretInput { name: self.name, value: self.value }
    }
}

impl ActionBody {
    /// The input of an update.
    pub(crate) fn update(self) -> Result<ActionInput, AppError> {
        if self.deploy.is_some() {
            return Err(AppError::invalid_body("'deploy' is only for the creation of an action"));
        }
        self.input()
    }

    /// The input.
    pub(crate) fn input(self) -> Result<ActionInput, AppError> {
        let trigger = match self.supported_triggers {
            None => None,
            Some(triggers) => match <[TriggerWire; 1]>::try_from(triggers) {
                Ok([TriggerWire { id, version }]) => Some(Trigger { id, version }),
                Err(_) => return Err(AppError::invalid_body("'supported_triggers' must have exactly one trigger")),
            },
        };
        let dependencies = self.dependencies.map(|list| list.into_iter().map(DependencyBody::dependency).collect());
        let secrets = self.secrets.map(|list| list.into_iter().map(SecretBody::input).collect());
        let modules = self.modules.map(|list| list.into_iter().map(ModuleBody::choice).collect());
        let Self { name, runtime, code, .. } = self;
        Ok(ActionInput { name, trigger, runtime, code, dependencies, secrets, modules })
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct SecretWire<'a> {
    name: &'a str,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct ErrorWire<'a> {
    id: &'a str,
    msg: &'a str,
    url: &'a str,
}

/// What an action is called by the rows that hang on it.
#[derive(Debug, Serialize)]
pub(crate) struct ActionHead<'a> {
    id: &'a str,
    name: &'a str,
    supported_triggers: [TriggerWire; 1],
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<CurrentVersion<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed_version: Option<VersionWire<'a>>,
    all_changes_deployed: bool,
}

/// Undocumented in Auth0's API and given by it all the same.
#[derive(Debug, Serialize)]
struct CurrentVersion<'a> {
    id: &'a str,
    code: &'a str,
    runtime: Runtime,
    status: &'static str,
    number: u32,
    build_time: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize)]
pub(crate) struct ActionWire<'a> {
    #[serde(flatten)]
    head: ActionHead<'a>,
    code: &'a str,
    dependencies: &'a [Dependency],
    runtime: Runtime,
    status: VersionStatus,
    secrets: Vec<SecretWire<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    modules: &'a [ModuleReference],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    built_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact: Option<&'a Artifact>,
}

#[derive(Debug, Serialize)]
pub(crate) struct VersionWire<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<&'a str>,
    code: &'a str,
    dependencies: &'a [Dependency],
    deployed: bool,
    number: u32,
    secrets: Vec<SecretWire<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    modules: &'a [ModuleReference],
    status: VersionStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    built_at: Option<Timestamp>,
    runtime: Runtime,
    supported_triggers: [TriggerWire; 1],
    content_sha256: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rolled_back_from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact: Option<&'a Artifact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Box<ActionHead<'a>>>,
}

pub(crate) fn triggers(trigger: &Trigger) -> [TriggerWire; 1] {
    [TriggerWire { id: trigger.id.clone(), version: trigger.version.clone() }]
}

pub(crate) fn secrets(sealed: &[SealedSecret]) -> Vec<SecretWire<'_>> {
    sealed.iter().map(|secret| SecretWire { name: &secret.name, updated_at: secret.updated_at }).collect()
}

fn errors(errors: &[BuildError]) -> Vec<ErrorWire<'_>> {
    errors.iter().map(|error| ErrorWire { id: &error.id, msg: &error.msg, url: "" }).collect()
}

/// An action for a version or a binding to name.
pub(crate) fn head<'a>(action: &'a Action, deployed: Option<&'a ActionVersion>) -> ActionHead<'a> {
    ActionHead {
        id: action.id.as_str(),
        name: &action.name,
        supported_triggers: triggers(&action.trigger),
        created_at: action.created_at,
        updated_at: action.updated_at,
        current_version: deployed.map(|version| CurrentVersion {
            id: version.id.as_str(),
            code: &version.code,
            runtime: version.runtime,
            status: "BUILT",
            number: version.number,
            build_time: version.created_at,
            created_at: version.created_at,
            updated_at: version.created_at,
        }),
        deployed_version: deployed.map(|version| VersionWire { action: None, ..self::version(version, action) }),
        all_changes_deployed: action.all_changes_deployed,
    }
}

/// An action.
pub(crate) fn action(view: &ActionView) -> ActionWire<'_> {
    let draft = &view.action.draft;
    ActionWire {
        head: head(&view.action, view.deployed.as_ref()),
        code: &draft.code,
        dependencies: &draft.dependencies,
        runtime: draft.runtime,
        status: draft.status,
        secrets: secrets(&draft.secrets),
        modules: &draft.modules,
        errors: errors(&draft.errors),
        built_at: draft.built_at,
        artifact: draft.artifact.as_ref().filter(|artifact| artifact.kind == ArtifactKind::Module),
    }
}

/// An action that was just made or changed. Auth0 builds source after its answer, and then says how that went; so what
/// became of it is told from the next answer on. A compiled action's module was built before it was kept.
pub(crate) fn changed(view: &ActionView) -> ActionWire<'_> {
    let wire = action(view);
    match view.action.draft.runtime {
        Runtime::Wasm => wire,
        Runtime::Node22 | Runtime::Node18 => {
            ActionWire { status: VersionStatus::Pending, errors: Vec::new(), built_at: None, ..wire }
        }
    }
}

/// A version as the answer to its deploy has it: as it was before it took the old one's place.
pub(crate) fn deploying<'a>(version: &'a ActionVersion, action: &'a Action) -> VersionWire<'a> {
    let head = ActionHead { all_changes_deployed: false, ..head(action, None) };
    VersionWire {
        action_id: None,
        built_at: None,
        deployed: false,
        action: Some(Box::new(head)),
        ..self::version(version, action)
    }
}

/// A version of an action.
pub(crate) fn version<'a>(version: &'a ActionVersion, action: &'a Action) -> VersionWire<'a> {
    VersionWire {
        id: version.id.as_str(),
        action_id: Some(version.action_id.as_str()),
        code: &version.code,
        dependencies: &version.dependencies,
        deployed: action.deployed.as_ref() == Some(&version.id),
        number: version.number,
        secrets: secrets(&version.secrets),
        modules: &version.modules,
        // Only what was built becomes a version.
        status: VersionStatus::Built,
        created_at: version.created_at,
        updated_at: version.created_at,
        built_at: Some(version.created_at),
        runtime: version.runtime,
        supported_triggers: triggers(&action.trigger),
        content_sha256: &version.content_sha256,
        rolled_back_from: version.rolled_back_from.as_ref().map(|id| id.as_str()),
        artifact: version.artifact.as_ref().filter(|artifact| artifact.kind == ArtifactKind::Module),
        action: Some(Box::new(head(action, None))),
    }
}

/// A run, as a simulated login's answer and an execution give it.
pub(crate) fn run(run: &ActionRun) -> Value {
    let mut object = json!({
        "action": run.action_name,
        "action_id": run.action_id,
        "version_id": run.version_id,
        "version": run.version,
        "resumed": run.resumed,
        "status": run.status,
        "mutations": run.mutations,
        "logs": run.logs,
        "fuel": run.usage.fuel,
        "memory_bytes": run.usage.memory_bytes,
        "cpu_us": run.usage.cpu_us,
        "duration_us": run.usage.duration_us,
        "host_calls": run.usage.host_calls,
        "host_bytes": run.usage.host_bytes,
    });
    if let (Some(error), Value::Object(object)) = (&run.error, &mut object) {
        object.insert("error".to_owned(), json!(error));
    }
    object
}

/// A test's payload. The names with `_ms` are Auth0's.
pub(crate) fn test_run(run: &TestRun) -> Value {
    let TestRun { report, request_us } = run;
    let mut object = json!({
        "status": report.status,
        "mutations": report.mutations,
        "logs": report.logs,
        "stats": {
            "total_request_duration_ms": request_us / 1000,
            "action_duration_ms": report.usage.duration_us / 1000,
            "action_duration_us": report.usage.duration_us,
            "cpu_us": report.usage.cpu_us,
            "fuel": report.usage.fuel,
            "memory_bytes": report.usage.memory_bytes,
            "host_calls": report.usage.host_calls,
            "host_bytes": report.usage.host_bytes,
        },
    });
    if let (Some(error), Value::Object(object)) = (&report.error, &mut object) {
        object.insert("error".to_owned(), json!(error));
    }
    object
}
