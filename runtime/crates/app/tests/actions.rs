//! The life of an action over a real store and a real engine: draft, artifact, version, binding, rollback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets something else than it expects fails"
)]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_app::actions::{self, ActionFilter, ActionInput, CreateMode, DeleteMode, SecretInput, Slice};
use postern_app::bindings::{self, BindingInput, BindingRef, Setting};
use postern_app::tenants::Scheme;
use postern_app::versions::{self, RollbackMode};
use postern_app::{App, AppConfig, AppError, Kind, MasterKey, OpCtx, ScopeSet, artifacts, ids};
use postern_engine::{Engine, EngineConfig};
use postern_model::tenant::RateLimits;
use postern_model::{
    Action, ActionVersion, Actor, LogEntry, OnFailure, RunStatus, Runtime, Tenant, Trigger, VersionStatus, limits,
};
use postern_store::{Query, SledConfig, SledStore, Store};
use serde_json::{Map, Value, json};

const ALL: Slice = Slice { offset: 0, limit: 1000 };
const SCOPES: &str = "read:actions create:actions update:actions delete:actions";

/// An app on a store of its own, which goes with it.
struct Bench {
    app: App,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), SledConfig::default()).unwrap());
        let app = App::new(AppConfig {
            store,
            engine: Engine::new(EngineConfig { concurrent_runs: 4, ..EngineConfig::default() }).unwrap(),
            master_key: MasterKey::new(&[7; 32]).unwrap(),
            operator_token: "operator".to_owned(),
            token_for: Duration::from_secs(60),
            scheme: Scheme::Https,
            rate_limits: RateLimits::default(),
            packages: postern_app::PackagesConfig::new(folder.path().join("packages")),
        });
        Self { app, _folder: folder }
    }

    async fn create(&self, name: &str) -> Action {
        actions::action_create(&self.app, &ctx(), input(name), CreateMode::Draft).await.unwrap().action
    }

    async fn upload(&self, action: &Action, wasm: &[u8]) -> Action {
        artifacts::artifact_replace(&self.app, &ctx(), action.id.as_str(), wasm.into()).await.unwrap().action
    }

    async fn deploy(&self, action: &Action) -> ActionVersion {
        actions::action_deploy(&self.app, &ctx(), action.id.as_str()).await.unwrap().0
    }

    async fn fetch(&self, action: &Action) -> actions::ActionView {
        actions::action_fetch(&self.app, &ctx(), action.id.as_str()).await.unwrap()
    }

    async fn update(&self, action: &Action, input: ActionInput) -> Result<Action, AppError> {
        Ok(actions::action_update(&self.app, &ctx(), action.id.as_str(), &input).await?.action)
    }

    async fn test(&self, action: &Action, event: Value) -> actions::TestRun {
        let Value::Object(event) = event else { panic!("an event is an object") };
        actions::action_test(&self.app, &ctx(), action.id.as_str(), event).await.unwrap()
    }

    async fn bind(&self, items: Vec<BindingInput>) -> Result<Vec<bindings::BindingView>, AppError> {
        bindings::binding_replace(&self.app, &ctx(), "post-login", items).await
    }

    async fn rollback(
        &self,
        action: &Action,
        to: &ActionVersion,
        mode: RollbackMode,
    ) -> Result<ActionVersion, AppError> {
        let (action, to) = (action.id.as_str(), to.id.as_str());
        Ok(versions::version_rollback(&self.app, &ctx(), action, to, mode).await?.0)
    }

    /// An action that was deployed once.
    async fn deployed(&self, name: &str) -> Action {
        let action = self.create(name).await;
        self.upload(&action, &returning(r#"{"mutations":[]}"#)).await;
        self.deploy(&action).await;
        action
    }
}

/// A caller in a tenant; the tenant's row itself is not needed here.
fn caller(tenant: &str, scopes: &str) -> OpCtx {
    OpCtx {
        tenant: Arc::new(Tenant {
            id: tenant.parse().unwrap(),
            revision: 1,
            domain: format!("{tenant}.example.test"),
            signing_keys: Vec::new(),
            limits: None,
            rate_limits: None,
            egress: postern_model::tenant::Egress::Public,
            created_at: Timestamp::UNIX_EPOCH,
        }),
        actor: Actor::System,
        scopes: ScopeSet::parse(scopes),
        now: Timestamp::now(),
        request_id: ids::request().unwrap(),
        correlation_id: None,
        ip: None,
        user_agent: None,
    }
}

/// A caller with all rights on actions.
fn ctx() -> OpCtx {
    caller("default", SCOPES)
}

fn input(name: &str) -> ActionInput {
    ActionInput {
        name: Some(name.to_owned()),
        trigger: Some(post_login()),
        runtime: Some(Runtime::Wasm),
        ..ActionInput::default()
    }
}

fn post_login() -> Trigger {
    Trigger { id: "post-login".to_owned(), version: "v3".to_owned() }
}

fn secrets(given: &[(&str, Option<&str>)]) -> ActionInput {
    let secret = |(name, value): &(&str, Option<&str>)| SecretInput {
        name: (*name).to_owned(),
        value: value.map(str::to_owned),
    };
    ActionInput { secrets: Some(given.iter().map(secret).collect()), ..ActionInput::default() }
}

fn item(target: BindingRef) -> BindingInput {
    BindingInput { target, display_name: None, on_failure: Setting::Keep, egress_hosts: Setting::Keep }
}

fn by_id(action: &Action) -> BindingInput {
    item(BindingRef::Action(action.id.to_string()))
}

/// A guest that hands back `result` whatever the event is.
fn returning(result: &str) -> Vec<u8> {
    let data: String = result.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (16_u64 << 32) | result.len() as u64;
    wat::parse_str(format!(
        "(module (memory (export \"memory\") 1) (data (i32.const 16) \"{data}\")
           (func (export \"on_execute_post_login\") (result i64) (i64.const {packed})))"
    ))
    .unwrap()
}

/// A guest that hands back the event's value at `pointer` as the value of one metadata key.
fn echoing(pointer: &str) -> Vec<u8> {
    let start = r#"{"mutations":[{"type":"user.setAppMetadata","key":"echo","value":"#;
    let text = |text: &str| text.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    wat::parse_str(format!(
        "(module
           (import \"postern_v1\" \"event_read\" (func $read (param i32 i32 i32 i32) (result i32)))
           (memory (export \"memory\") 1)
           (data (i32.const 0) \"{pointer}\")
           (data (i32.const 512) \"{start}\")
           (func (export \"on_execute_post_login\") (result i64) (local $end i32)
             (local.set $end (i32.add (i32.const {value})
               (call $read (i32.const 0) (i32.const {length}) (i32.const {value}) (i32.const 1024))))
             (i32.store (local.get $end) (i32.const 0x7d5d7d))
             (i64.or (i64.shl (i64.const 512) (i64.const 32))
               (i64.extend_i32_u (i32.sub (local.get $end) (i32.const 509))))))",
        pointer = text(pointer),
        length = pointer.len(),
        start = text(start),
        value = 512 + start.len(),
    ))
    .unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(what: &str, result: Result<T, AppError>, kind: Kind, word: &str) {
    let error = result.expect_err(what);
    assert_eq!(error.code.kind(), kind, "{what}: {error}");
    assert!(error.message.contains(word), "{what}: {error}");
}

#[tokio::test]
async fn a_module_becomes_a_version_and_a_rollback_a_third_one() {
    let bench = Bench::new();
    let action = bench.create("plan").await;
    assert_eq!(action.draft.status, VersionStatus::Pending);
    let one = r#"{"mutations":[{"type":"access.deny","reason":"one"}]}"#;
    let two = r#"{"mutations":[{"type":"access.deny","reason":"two"}]}"#;

    let draft = bench.upload(&action, &returning(one)).await;
    assert_eq!(draft.draft.status, VersionStatus::Built);
    assert!(!draft.all_changes_deployed);
    let first = bench.deploy(&action).await;
    assert_eq!(first.number, 1);
    let view = bench.fetch(&action).await;
    assert_eq!(view.deployed.as_ref(), Some(&ActionVersion { revision: 1, ..first.clone() }));
    assert!(view.action.all_changes_deployed);

    // A new draft leaves the deployed version alone, and the same module again is no change.
    bench.upload(&action, &returning(two)).await;
    let view = bench.fetch(&action).await;
    assert!(!view.action.all_changes_deployed);
    assert_eq!(view.deployed.unwrap().id, first.id);
    let second = bench.deploy(&action).await;
    assert_eq!(second.number, 2);
    assert_ne!(second.content_sha256, first.content_sha256);
    bench.upload(&action, &returning(one)).await;
    assert!(!bench.fetch(&action).await.action.all_changes_deployed);
    bench.upload(&action, &returning(two)).await;
    assert!(bench.fetch(&action).await.action.all_changes_deployed, "it is again what is deployed");

    let third = bench.rollback(&action, &first, RollbackMode::KeepDraft).await.unwrap();
    assert_eq!((third.number, &third.content_sha256), (3, &first.content_sha256));
    assert_eq!(third.rolled_back_from.as_ref(), Some(&first.id));
    let view = bench.fetch(&action).await;
    assert!(!view.action.all_changes_deployed, "the draft is the second version's");
    assert_eq!(view.action.draft.artifact, second.artifact);

    let fourth = bench.rollback(&action, &first, RollbackMode::UpdateDraft).await.unwrap();
    assert_eq!(fourth.number, 4);
    let view = bench.fetch(&action).await;
    assert!(view.action.all_changes_deployed);
    assert_eq!(view.action.draft.artifact, first.artifact);
    let (_, bytes) = artifacts::artifact_fetch(&bench.app, &ctx(), action.id.as_str()).await.unwrap();
    assert_eq!(*bytes, *returning(one));

    let (_, versions, total) = versions::version_list(&bench.app, &ctx(), action.id.as_str(), ALL).await.unwrap();
    assert_eq!(versions.iter().map(|version| version.number).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert_eq!(total, 4);
}

#[tokio::test]
async fn only_a_built_draft_is_deployed_or_tested() {
    let bench = Bench::new();
    let ctx = ctx();
    let words = "A draft must be in the 'built' state before it can be deployed.";
    let empty = bench.create("empty").await;
    let script = ActionInput {
        runtime: Some(Runtime::Node22),
        code: Some("exports.onExecutePostLogin = async () => {\n  const a = ;\n};".to_owned()),
        ..input("script")
    };
    let script = actions::action_create(&bench.app, &ctx, script, CreateMode::Draft).await.unwrap().action;
    assert_eq!(script.draft.status, VersionStatus::Failed);
    assert_eq!(script.draft.errors[0].id, "syntax_error");
    assert!(script.draft.errors[0].msg.contains("(action.js:2:"), "{}", script.draft.errors[0].msg);
    // Auth0's deploy tool waits for a draft that is not built yet; for one that failed it must not.
    for (action, words) in [(&empty, words), (&script, "The draft's build failed: ")] {
        let deploy = actions::action_deploy(&bench.app, &ctx, action.id.as_str()).await;
        refused(&action.name, deploy, Kind::BadRequest, words);
        let test = actions::action_test(&bench.app, &ctx, action.id.as_str(), Map::new()).await;
        refused(&action.name, test, Kind::BadRequest, "'built' state");
        assert_eq!(bench.fetch(action).await.action.last_number, 0);
    }
    let at_once = actions::action_create(&bench.app, &ctx, input("at once"), CreateMode::Deploy).await;
    refused("deploy at creation", at_once, Kind::BadRequest, words);
    let (_, total) = actions::action_list(&bench.app, &ctx, &ActionFilter::default(), ALL).await.unwrap();
    assert_eq!(total, 2, "the refused creation left nothing");

    // An upload makes the script a compiled action, and source makes it a script again.
    let compiled = bench.upload(&script, &returning(r#"{"mutations":[]}"#)).await;
    assert_eq!((compiled.draft.runtime, compiled.draft.code.as_str()), (Runtime::Wasm, ""));
    bench.deploy(&script).await;
    let source = ActionInput { runtime: Some(Runtime::Node22), code: Some("x".to_owned()), ..ActionInput::default() };
    let again = bench.update(&script, source).await.unwrap();
    assert_eq!((again.draft.status, &again.draft.artifact), (VersionStatus::Failed, &None));
    assert!(again.draft.errors[0].msg.starts_with("ReferenceError: x is not defined"), "{:?}", again.draft.errors);
    assert!(bench.fetch(&script).await.deployed.is_some());
}

#[tokio::test]
async fn a_refused_module_leaves_the_draft_as_it_is() {
    let bench = Bench::new();
    let action = bench.create("plan").await;
    let good = returning(r#"{"mutations":[]}"#);
    let before = bench.upload(&action, &good).await;
    let rows: [(&str, Vec<u8>, &str); 4] = [
        ("empty", Vec::new(), ""),
        ("not a module", b"not wasm".to_vec(), ""),
        ("no entry", wat::parse_str("(module (memory (export \"memory\") 1))").unwrap(), "on_execute_post_login"),
        (
            "foreign import",
            wat::parse_str(
                "(module (import \"env\" \"f\" (func)) (memory (export \"memory\") 1) \
                 (func (export \"on_execute_post_login\") (result i64) (i64.const 0)))",
            )
            .unwrap(),
            "env",
        ),
    ];
    for (what, wasm, word) in rows {
        let result = artifacts::artifact_replace(&bench.app, &ctx(), action.id.as_str(), wasm.into()).await;
        refused(what, result, Kind::BadRequest, word);
    }
    let large = vec![0; limits::MODULE_BYTES + 1];
    let result = artifacts::artifact_replace(&bench.app, &ctx(), action.id.as_str(), large.into()).await;
    refused("too large", result, Kind::TooLarge, "module_size");
    assert_eq!(bench.fetch(&action).await.action, before);
}

#[tokio::test]
async fn a_secret_is_kept_sealed_and_reaches_the_run() {
    let bench = Bench::new();
    let action = bench.create("plan").await;
    bench.upload(&action, &echoing("/secrets/KEY")).await;
    bench.update(&action, secrets(&[("KEY", Some("s3cret")), ("OTHER", Some("x"))])).await.unwrap();
    let echo = async |event| {
        let run = bench.test(&action, event).await;
        assert_eq!(run.report.status, RunStatus::Ok, "{:?}", run.report.error);
        serde_json::to_value(&run.report.mutations).unwrap()[0]["value"].clone()
    };
    assert_eq!(echo(json!({})).await, json!("s3cret"));
    assert_eq!(echo(json!({"secrets": {"KEY": "mine"}})).await, json!("mine"));

    // The list is replaced; a secret without a value keeps the old one.
    let kept = bench.update(&action, secrets(&[("KEY", None)])).await.unwrap();
    assert_eq!(kept.draft.secrets.len(), 1);
    assert_eq!(echo(json!({})).await, json!("s3cret"));
    refused("new without a value", bench.update(&action, secrets(&[("NEW", None)])).await, Kind::BadRequest, "NEW");
    let text = serde_json::to_string(&bench.fetch(&action).await.action).unwrap();
    assert!(!text.contains("s3cret"), "the row holds the value");
    assert!(!format!("{:?}", secrets(&[("KEY", Some("s3cret"))])).contains("s3cret"), "Debug shows the value");

    // A version keeps the secrets it was made with, and a rollback brings them back.
    let first = bench.deploy(&action).await;
    bench.update(&action, secrets(&[("KEY", Some("changed"))])).await.unwrap();
    assert!(!bench.fetch(&action).await.action.all_changes_deployed);
    let second = bench.deploy(&action).await;
    assert_eq!(first.content_sha256, second.content_sha256, "the address covers names, not values");
    bench.rollback(&action, &first, RollbackMode::UpdateDraft).await.unwrap();
    assert_eq!(echo(json!({})).await, json!("s3cret"));
}

#[tokio::test]
async fn input_that_breaks_a_rule_changes_nothing() {
    let bench = Bench::new();
    let action = bench.create("plan").await;
    bench.create("taken").await;
    let before = bench.fetch(&action).await;
    let long = "x".repeat(5000);
    let many: Vec<(String, Option<&str>)> = (0..31).map(|n| (format!("S{n}"), Some("v"))).collect();
    let many: Vec<(&str, Option<&str>)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let named = |name: &str| ActionInput { name: Some(name.to_owned()), ..ActionInput::default() };
    let rows: Vec<(&str, ActionInput, Kind, &str)> = vec![
        ("empty name", named(""), Kind::BadRequest, "'name'"),
        ("long name", named(&long), Kind::BadRequest, "'name'"),
        ("name with a line end", named("a\nb"), Kind::BadRequest, "'name'"),
        ("name of another", named("taken"), Kind::Conflict, "same name"),
        ("31 secrets", secrets(&many), Kind::BadRequest, "30 secrets"),
        ("long secret", secrets(&[("A", Some(&long))]), Kind::BadRequest, "4096"),
        ("long secret name", secrets(&[(&long, Some("v"))]), Kind::BadRequest, "128"),
        ("secret twice", secrets(&[("A", Some("v")), ("A", Some("w"))]), Kind::BadRequest, "twice"),
        (
            "source for a compiled action",
            ActionInput { code: Some("x".to_owned()), ..ActionInput::default() },
            Kind::BadRequest,
            "artifact",
        ),
        (
            "long source",
            ActionInput { code: Some("x".repeat(100_001)), ..ActionInput::default() },
            Kind::BadRequest,
            "100000",
        ),
        (
            "another trigger",
            ActionInput {
                trigger: Some(Trigger { id: "credentials-exchange".to_owned(), version: "v2".to_owned() }),
                ..ActionInput::default()
            },
            Kind::BadRequest,
            "trigger",
        ),
        (
            "no such trigger",
            ActionInput {
                trigger: Some(Trigger { id: "post-login".to_owned(), version: "v9".to_owned() }),
                ..ActionInput::default()
            },
            Kind::BadRequest,
            "v9",
        ),
    ];
    for (what, input, kind, word) in rows {
        refused(what, bench.update(&action, input).await, kind, word);
        assert_eq!(bench.fetch(&action).await, before, "{what}");
    }
    refused(
        "creation under a taken name",
        actions::action_create(&bench.app, &ctx(), input("taken"), CreateMode::Draft).await,
        Kind::Conflict,
        "same name",
    );
}

#[tokio::test]
async fn a_tenant_has_its_most_actions_and_an_action_its_most_versions() {
    let bench = Bench::new();
    let action = bench.deployed("plan").await;
    let first = bench.fetch(&action).await.deployed.unwrap();
    let last = u32::try_from(limits::VERSIONS_PER_ACTION).unwrap() + 2;
    for number in 2..=last {
        assert_eq!(bench.deploy(&action).await.number, number);
    }
    let (_, versions, total) = versions::version_list(&bench.app, &ctx(), action.id.as_str(), ALL).await.unwrap();
    assert_eq!(total, limits::VERSIONS_PER_ACTION);
    assert_eq!((versions.first().unwrap().number, versions.last().unwrap().number), (last, 3));
    let gone = bench.rollback(&action, &first, RollbackMode::KeepDraft).await;
    refused("the first version", gone, Kind::NotFound, "version");

    for n in 1..limits::ACTIONS_PER_TENANT {
        bench.create(&format!("action {n}")).await;
    }
    let result = actions::action_create(&bench.app, &ctx(), input("one more"), CreateMode::Draft).await;
    refused("101 actions", result, Kind::BadRequest, "100 actions");
    let other = caller("other", SCOPES);
    actions::action_create(&bench.app, &other, input("one more"), CreateMode::Draft).await.unwrap();
}

#[tokio::test]
async fn bindings_are_replaced_whole_and_keep_their_settings() {
    let bench = Bench::new();
    let one = bench.deployed("one").await;
    bench.deployed("two").await;
    let idle = bench.create("idle").await;
    let strict = BindingInput {
        on_failure: Setting::Set(OnFailure::Skip),
        egress_hosts: Setting::Set(Some(vec!["api.example.com".to_owned(), "*.example.org".to_owned()])),
        ..by_id(&one)
    };
    let first = bench.bind(vec![strict, item(BindingRef::ActionName("two".to_owned()))]).await.unwrap();
    let names =
        |views: &[bindings::BindingView]| views.iter().map(|item| item.view.action.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&first), ["one", "two"]);

    // A client that knows nothing of our settings turns the order: ids are new, settings stay.
    let again = vec![item(BindingRef::Binding(first[1].binding.id.to_string())), by_id(&one)];
    let second = bench.bind(again).await.unwrap();
    assert_eq!(names(&second), ["two", "one"]);
    assert_eq!(second[1].binding.on_failure, OnFailure::Skip);
    assert_eq!(second[1].binding.egress_hosts.as_ref().unwrap().len(), 2);
    assert_eq!(second[0].binding.on_failure, OnFailure::Deny);
    assert!(second.iter().all(|new| first.iter().all(|old| old.binding.id != new.binding.id)));

    let host = |host: &str| BindingInput { egress_hosts: Setting::Set(Some(vec![host.to_owned()])), ..by_id(&one) };
    let never = "Trying to create a binding for an action that has not been deployed yet";
    let rows: Vec<(&str, Vec<BindingInput>, &str)> = vec![
        ("never deployed", vec![by_id(&one), by_id(&idle)], never),
        ("old binding", vec![item(BindingRef::Binding(first[0].binding.id.to_string()))], "no binding"),
        ("no such name", vec![item(BindingRef::ActionName("nobody".to_owned()))], "nobody"),
        ("no such id", vec![item(BindingRef::Action("7".to_owned()))], "'7'"),
        ("21 items", (0..21).map(|_| by_id(&one)).collect(), "20 bindings"),
        ("a host with a path", vec![host("example.com/path")], "host"),
        ("an empty host", vec![host("")], "host"),
        ("all hosts", vec![host("*")], "host"),
    ];
    for (what, items, word) in rows {
        refused(what, bench.bind(items).await, Kind::BadRequest, word);
        let (now, _) = bindings::binding_list(&bench.app, &ctx(), "post-login", ALL).await.unwrap();
        assert_eq!(now, second, "{what}");
    }
    let unknown = bindings::binding_list(&bench.app, &ctx(), "no-such-trigger", ALL).await;
    refused("unknown trigger", unknown, Kind::NotFound, "no-such-trigger");
    assert_eq!(bench.bind(Vec::new()).await.unwrap(), []);
}

#[tokio::test]
async fn a_bound_action_is_deleted_only_by_force_and_takes_its_rows_along() {
    let bench = Bench::new();
    let one = bench.deployed("one").await;
    let two = bench.deployed("two").await;
    bench.bind(vec![by_id(&one), by_id(&two)]).await.unwrap();
    let bound = actions::action_delete(&bench.app, &ctx(), one.id.as_str(), DeleteMode::Unbound).await;
    refused("bound", bound, Kind::Conflict, "Unable to delete an action bound to a trigger.");
    actions::action_delete(&bench.app, &ctx(), one.id.as_str(), DeleteMode::Force).await.unwrap();
    let gone = actions::action_fetch(&bench.app, &ctx(), one.id.as_str()).await;
    refused("deleted", gone, Kind::NotFound, "That action does not exist.");
    let (left, total) = bindings::binding_list(&bench.app, &ctx(), "post-login", ALL).await.unwrap();
    assert_eq!((left[0].view.action.name.as_str(), total), ("two", 1));
    let tenant = ctx().tenant.id.clone();
    assert_eq!(bench.app.store().count::<ActionVersion>(&tenant, Query::all()).await.unwrap(), 1);
    // Its name is free again.
    bench.create("one").await;
}

#[tokio::test]
async fn writes_at_the_same_time_are_all_kept_or_refused() {
    let bench = Arc::new(Bench::new());
    let action = bench.deployed("plan").await;
    let deploys: Vec<_> = (0..4)
        .map(|_| {
            let (bench, action) = (Arc::clone(&bench), action.clone());
            tokio::spawn(async move { bench.deploy(&action).await.number })
        })
        .collect();
    let mut numbers = Vec::new();
    for deploy in deploys {
        numbers.push(deploy.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3, 4, 5]);
    assert_eq!(bench.fetch(&action).await.deployed.unwrap().number, 5);
}

#[tokio::test]
async fn another_tenant_and_another_scope_see_nothing() {
    let bench = Bench::new();
    let action = bench.deployed("plan").await;
    let version = bench.fetch(&action).await.deployed.unwrap();
    let id = action.id.as_str();
    let before = bench.fetch(&action).await;
    let change = ActionInput { name: Some("stolen".to_owned()), ..ActionInput::default() };
    for (scopes, kind) in [(SCOPES, Kind::NotFound), ("read:users", Kind::Forbidden)] {
        let ctx = if kind == Kind::NotFound { caller("other", scopes) } else { caller("default", scopes) };
        let app = &bench.app;
        refused("fetch", actions::action_fetch(app, &ctx, id).await, kind, "");
        refused("update", actions::action_update(app, &ctx, id, &change).await, kind, "");
        refused("delete", actions::action_delete(app, &ctx, id, DeleteMode::Force).await, kind, "");
        refused("deploy", actions::action_deploy(app, &ctx, id).await, kind, "");
        refused("test", actions::action_test(app, &ctx, id, Map::new()).await, kind, "");
        refused("upload", artifacts::artifact_replace(app, &ctx, id, returning("{}").into()).await, kind, "");
        refused("module", artifacts::artifact_fetch(app, &ctx, id).await, kind, "");
        refused("versions", versions::version_list(app, &ctx, id, ALL).await, kind, "");
        let number = version.id.as_str();
        refused("version", versions::version_fetch(app, &ctx, id, number).await, kind, "");
        let mode = RollbackMode::UpdateDraft;
        refused("rollback", versions::version_rollback(app, &ctx, id, number, mode).await, kind, "");
    }
    let other = caller("other", SCOPES);
    let bind = bindings::binding_replace(&bench.app, &other, "post-login", vec![by_id(&action)]).await;
    refused("bind", bind, Kind::BadRequest, "no action");
    assert_eq!(bench.fetch(&action).await, before);
    // A version is found only under its own action.
    let sibling = bench.deployed("sibling").await;
    let strange = versions::version_fetch(&bench.app, &ctx(), sibling.id.as_str(), version.id.as_str()).await;
    refused("version of a sibling", strange, Kind::NotFound, "version");
}

#[tokio::test]
async fn a_test_reports_what_the_run_did_and_commits_nothing() {
    let bench = Bench::new();
    let action = bench.create("plan").await;
    bench.upload(&action, &echoing("/user/email")).await;
    let run = bench.test(&action, json!({"user": {"email": "ann@example.com"}})).await.report;
    assert_eq!(serde_json::to_value(&run.mutations).unwrap()[0]["value"], "ann@example.com");
    assert!(run.usage.fuel > 0 && run.usage.memory_bytes >= 65_536, "{:?}", run.usage);
    bench.upload(&action, &returning(r#"{"error":{"name":"Error","message":"no"}}"#)).await;
    let run = bench.test(&action, json!({})).await.report;
    assert_eq!((run.status, run.error.unwrap().message.as_str()), (RunStatus::GuestError, "no"));
    bench.upload(&action, &returning("not JSON")).await;
    assert_eq!(bench.test(&action, json!({})).await.report.status, RunStatus::BadResult);
    let wat = "(module (memory (export \"memory\") 1) \
               (func (export \"on_execute_post_login\") (result i64) unreachable))";
    bench.upload(&action, &wat::parse_str(wat).unwrap()).await;
    let run = bench.test(&action, json!({})).await.report;
    assert_eq!((run.status, run.mutations.len()), (RunStatus::Trap, 0));
    assert!(run.error.is_some());
}

#[tokio::test]
async fn every_write_leaves_an_entry_that_holds_no_value() {
    let bench = Bench::new();
    let action = bench.deployed("plan").await;
    bench.update(&action, secrets(&[("KEY", Some("s3cret"))])).await.unwrap();
    bench.bind(vec![by_id(&action)]).await.unwrap();
    let version = bench.fetch(&action).await.deployed.unwrap();
    bench.rollback(&action, &version, RollbackMode::KeepDraft).await.unwrap();
    actions::action_delete(&bench.app, &ctx(), action.id.as_str(), DeleteMode::Force).await.unwrap();
    let tenant = ctx().tenant.id.clone();
    let entries = bench.app.store().list::<LogEntry>(&tenant, Query::all()).await.unwrap().rows;
    let mut operations: Vec<&str> = entries.iter().map(|entry| entry.description.as_str()).collect();
    operations.sort_unstable();
    let all =
        "action_create action_delete action_deploy action_update artifact_replace binding_replace version_rollback";
    assert_eq!(operations, all.split(' ').collect::<Vec<_>>());
    let text = serde_json::to_string(&entries).unwrap();
    assert!(text.contains(action.id.as_str()) && !text.contains("s3cret"), "{text}");
    // A refused write leaves none.
    bench.update(&action, ActionInput::default()).await.unwrap_err();
    assert_eq!(bench.app.store().count::<LogEntry>(&tenant, Query::all()).await.unwrap(), 7);
}
