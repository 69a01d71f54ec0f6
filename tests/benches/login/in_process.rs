//! Durable simulated logins in process (app, engine and store, no HTTP) beside bare group-committed store writes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_app::actions::{ActionInput, CreateMode, action_create, action_deploy};
use postern_app::artifacts::artifact_replace;
use postern_app::bindings::{BindingInput, BindingRef, Setting, binding_replace};
use postern_app::login::{SimulatedLogin, simulated_login};
use postern_app::tenants::{Scheme, bootstrap, tenant_by_domain};
use postern_app::{App, AppConfig, MasterKey, OpCtx, ScopeSet, grants, ids};
use postern_e2e::module;
use postern_engine::{Engine, EngineConfig};
use postern_model::tenant::RateLimits;
use postern_model::{Actor, Outcome, Runtime, Trigger};
use postern_store::bench::{self, Workload};
use postern_store::{ExportScope, SledConfig, SledStore, Store};
use serde_json::json;

use crate::load::{Rate, Settings, measure, report};
use crate::recorder::{Recorder, TASK, replay};

const DOMAIN: &str = "bench.example.test";
const USERS: usize = 512;
/// Most logins at once.
const LANES: usize = 64;

fn open(folder: &Path) -> Arc<dyn Store> {
    Arc::new(SledStore::open(folder, SledConfig::default()).expect("an empty folder"))
}

/// The program without its front, and a context with every right.
async fn assemble(store: Arc<dyn Store>) -> (App, OpCtx, String) {
    let app = App::new(AppConfig {
        store,
        engine: Engine::new(EngineConfig::default()).expect("the configuration is legal"),
        master_key: MasterKey::new(&[7; 32]).expect("a key"),
        operator_token: "operator".to_owned(),
        token_for: Duration::from_secs(3600),
        scheme: Scheme::Https,
        rate_limits: RateLimits::default(),
        packages: postern_app::PackagesConfig::new(std::env::temp_dir().join("postern-packages")),
    });
    let made = bootstrap(&app, DOMAIN, Timestamp::now()).await.expect("an empty store");
    let tenant = tenant_by_domain(&app, DOMAIN).await.expect("the tenant");
    let ctx = OpCtx {
        tenant: Arc::clone(&tenant.tenant),
        actor: Actor::System,
        scopes: ScopeSet::parse(&grants::MANAGEMENT_SCOPES.join(" ")),
        now: Timestamp::now(),
        request_id: ids::request().expect("an id"),
        correlation_id: None,
        ip: None,
        user_agent: None,
    };
    (app, ctx, made.client_id)
}

/// The same context for another operation.
fn fresh(ctx: &OpCtx) -> OpCtx {
    OpCtx { now: Timestamp::now(), request_id: ids::request().expect("an id"), ..ctx.clone() }
}

/// Makes, deploys and binds three counting actions.
async fn prepare(app: &App, ctx: &OpCtx) {
    let mut bindings = Vec::new();
    for name in ["one", "two", "three"] {
        let input = ActionInput {
            name: Some(name.to_owned()),
            trigger: Some(Trigger { id: "post-login".to_owned(), version: "v3".to_owned() }),
            runtime: Some(Runtime::Wasm),
            ..ActionInput::default()
        };
        let made = action_create(app, &fresh(ctx), input, CreateMode::Draft).await.expect("an action");
        let id = made.action.id.as_str().to_owned();
        let _draft = artifact_replace(app, &fresh(ctx), &id, Arc::from(module("count"))).await.expect("a module");
        let _version = action_deploy(app, &fresh(ctx), &id).await.expect("a version");
        bindings.push(BindingInput {
            target: BindingRef::Action(id),
            display_name: None,
            on_failure: Setting::Keep,
            egress_hosts: Setting::Keep,
        });
    }
    binding_replace(app, &fresh(ctx), "post-login", bindings).await.expect("three bindings");
}

fn login_of(client: &str, user: usize) -> SimulatedLogin {
    serde_json::from_value(json!({
        "client_id": client,
        "user": {"user_id": format!("user-{user}"), "email": format!("user-{user}@example.com"), "name": "Ann"},
        "request": {"ip": "203.0.113.7", "user_agent": "bench"},
    }))
    .expect("a legal login")
}

async fn login(app: &App, ctx: &OpCtx, client: &str, user: usize) {
    let report = simulated_login(app, &fresh(ctx), login_of(client, user)).await.expect("a login");
    assert_eq!(report.outcome, Outcome::Allow);
}

/// A store of its own that holds what the other holds now.
async fn copy(store: &Arc<dyn Store>, folder: &Path) -> Arc<dyn Store> {
    let path = folder.join("export");
    let to = std::fs::File::create(&path).expect("a file");
    store.export(ExportScope::All, Box::new(to)).await.expect("an export");
    let made = open(&folder.join("store"));
    made.import(Box::new(std::fs::File::open(&path).expect("the file"))).await.expect("an import");
    made
}

async fn bare(store: &Arc<dyn Store>, tasks: usize, lasting: Duration) -> Rate {
    let measured = bench::run(store, Workload::Put, tasks as u64, lasting).await.expect("no commit failed");
    Rate { per_second: measured.commits_per_second, p50: measured.p50, p99: measured.p99 }
}

/// Measures and prints.
pub(crate) fn run(settings: &Settings) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let recorder = Arc::new(Recorder::new(open(&folder.path().join("store")), LANES));
        let (app, ctx, client) = assemble(Arc::clone(&recorder) as Arc<dyn Store>).await;
        prepare(&app, &ctx).await;
        for user in 0..USERS {
            login(&app, &ctx, &client, user).await;
        }
        println!("durable simulated login in process, three actions, beside bare group-committed store writes:");
        for tasks in [1, 8, LANES] {
            let (mut same, mut puts) = (Vec::new(), Vec::new());
            for _ in 0..settings.rounds {
                let (app, ctx, client) = (app.clone(), ctx.clone(), client.clone());
                let work = move |task: usize, turn: u64| {
                    let (app, ctx, client) = (app.clone(), ctx.clone(), client.clone());
                    // Each task logs in users of its own.
                    let users = USERS / LANES;
                    #[expect(clippy::cast_possible_truncation, reason = "a remainder below eight")]
                    let user = task * users + (turn % users as u64) as usize;
                    async move { TASK.scope(task, login(&app, &ctx, &client, user)).await }
                };
                let other = tempfile::tempdir().expect("a folder");
                let copied = copy(&(Arc::clone(&recorder) as Arc<dyn Store>), other.path()).await;
                recorder.begin();
                let rate = measure(tasks, settings.duration, work).await;
                same.push((rate, replay(&copied, recorder.take()).await));
                puts.push((rate, bare(&copied, tasks, settings.duration).await));
            }
            report("login / bare write of the same rows", tasks, &same, ("login", "write"));
            report("login / bare write of one 2 KB row", tasks, &puts, ("login", "write"));
        }
    });
}
