//! An app on a store of its own with a client, a database connection and a user.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_app::actions::{self, ActionInput, CreateMode, SecretInput};
use postern_app::bindings::{self, BindingInput, BindingRef, Setting};
use postern_app::login::{self, ContinueLogin, LoginReport, SimulatedLogin};
use postern_app::tenants::Scheme;
use postern_app::users::{self, UserInput};
use postern_app::{App, AppConfig, AppError, MasterKey, OpCtx, ScopeSet, artifacts, ids};
use postern_engine::{EgressConfig, Engine, EngineConfig};
use postern_model::connection::DEFAULT_DATABASE;
use postern_model::tenant::RateLimits;
use postern_model::{
    Action, Actor, Client, Connection, Execution, Identity, LogEntry, OnFailure, Outcome, RootAttributes, Runtime,
    Strategy, SuspendedLogin, Tenant, Trigger, User,
};
use postern_store::{Entity, Expect, Query, SledConfig, SledStore, Store, WriteSet};
use serde_json::{Map, Value, json};

const SCOPES: &str = "read:actions create:actions update:actions delete:actions read:users update:users \
    create:simulated_logins";

/// An app, and what logins need.
pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) tenant: Arc<Tenant>,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), SledConfig::default()).unwrap());
        let egress = EgressConfig { allow: vec!["127.0.0.1".to_owned()], ..EgressConfig::default() };
        let engine = EngineConfig {
            concurrent_runs: 64,
            runs_per_tenant: 64,
            admission_wait: Duration::from_secs(60),
            egress,
            ..EngineConfig::default()
        };
        let app = App::new(AppConfig {
            store,
            engine: Engine::new(engine).unwrap(),
            master_key: MasterKey::new(&[7; 32]).unwrap(),
            operator_token: "operator".to_owned(),
            token_for: Duration::from_secs(60),
            scheme: Scheme::Https,
            rate_limits: RateLimits::default(),
            packages: postern_app::PackagesConfig::new(folder.path().join("packages")),
        });
        let tenant = Arc::new(Tenant {
            id: "default".parse().unwrap(),
            revision: 1,
            domain: "default.example.test".to_owned(),
            signing_keys: Vec::new(),
            limits: None,
            egress: postern_model::tenant::Egress::Public,
            rate_limits: None,
            created_at: Timestamp::UNIX_EPOCH,
        });
        let bench = Self { app, tenant, _folder: folder };
        bench.insert(&client()).await;
        bench.insert(&connection("con_db", DEFAULT_DATABASE, "auth0")).await;
        bench.insert(&user("ann")).await;
        bench
    }

    pub(crate) async fn insert<T: Entity>(&self, row: &T) {
        let set = WriteSet::new(&self.tenant.id, ids::request().unwrap()).insert(row);
        self.app.store().commit(set).await.unwrap();
    }

    pub(crate) fn ctx(&self) -> OpCtx {
        OpCtx {
            tenant: Arc::clone(&self.tenant),
            actor: Actor::System,
            scopes: ScopeSet::parse(SCOPES),
            now: Timestamp::now(),
            request_id: ids::request().unwrap(),
            correlation_id: None,
            ip: None,
            user_agent: None,
        }
    }

    /// A deployed action, not bound yet.
    pub(crate) async fn action(&self, name: &str, wasm: &[u8]) -> Action {
        let input = ActionInput {
            name: Some(name.to_owned()),
            trigger: Some(Trigger { id: "post-login".to_owned(), version: "v3".to_owned() }),
            runtime: Some(Runtime::Wasm),
            ..ActionInput::default()
        };
        let action = actions::action_create(&self.app, &self.ctx(), input, CreateMode::Draft).await.unwrap().action;
        self.deploy(&action, wasm).await;
        action
    }

    pub(crate) async fn upload(&self, action: &Action, wasm: &[u8]) {
        artifacts::artifact_replace(&self.app, &self.ctx(), action.id.as_str(), wasm.into()).await.unwrap();
    }

    pub(crate) async fn deploy(&self, action: &Action, wasm: &[u8]) {
        self.upload(action, wasm).await;
        actions::action_deploy(&self.app, &self.ctx(), action.id.as_str()).await.unwrap();
    }

    pub(crate) async fn secret(&self, action: &Action, name: &str, value: &str) {
        let secret = SecretInput { name: name.to_owned(), value: Some(value.to_owned()) };
        let input = ActionInput { secrets: Some(vec![secret]), ..ActionInput::default() };
        actions::action_update(&self.app, &self.ctx(), action.id.as_str(), &input).await.unwrap();
        actions::action_deploy(&self.app, &self.ctx(), action.id.as_str()).await.unwrap();
    }

    pub(crate) async fn bind(&self, actions: &[(&Action, OnFailure)]) {
        let item = |(action, on_failure): &(&Action, OnFailure)| BindingInput {
            target: BindingRef::Action(action.id.to_string()),
            display_name: None,
            on_failure: Setting::Set(*on_failure),
            egress_hosts: Setting::Keep,
        };
        let items = actions.iter().map(item).collect();
        bindings::binding_replace(&self.app, &self.ctx(), "post-login", items).await.unwrap();
    }

    /// Deploys and binds actions, in this order.
    pub(crate) async fn install(&self, modules: &[(&str, Vec<u8>)]) -> Vec<Action> {
        let mut actions = Vec::new();
        for (name, wasm) in modules {
            actions.push(self.action(name, wasm).await);
        }
        let bound: Vec<_> = actions.iter().map(|action| (action, OnFailure::Deny)).collect();
        self.bind(&bound).await;
        actions
    }

    pub(crate) async fn try_login(&self, input: Value) -> Result<LoginReport, AppError> {
        let input: SimulatedLogin = serde_json::from_value(input).unwrap();
        login::simulated_login(&self.app, &self.ctx(), input).await
    }

    pub(crate) async fn login(&self, user: &str) -> LoginReport {
        self.try_login(json!({"client_id": "app", "user_id": format!("auth0|{user}")})).await.unwrap()
    }

    pub(crate) async fn resume(&self, report: &LoginReport, query: Value) -> Result<LoginReport, AppError> {
        self.resume_at(report, query, Timestamp::now()).await
    }

    pub(crate) async fn resume_at(
        &self,
        report: &LoginReport,
        query: Value,
        now: Timestamp,
    ) -> Result<LoginReport, AppError> {
        let Value::Object(query) = query else { panic!("a query is an object") };
        let back = ContinueLogin { query, body: Map::new() };
        let ctx = OpCtx { now, ..self.ctx() };
        login::simulated_login_continue(&self.app, &ctx, report.login_id.as_str(), back).await
    }

    pub(crate) async fn user(&self, id: &str) -> User {
        self.app.store().fetch::<User>(&self.tenant.id, &format!("auth0|{id}")).await.unwrap().unwrap()
    }

    pub(crate) async fn patch_app_metadata(&self, user: &str, metadata: Value) -> User {
        let Value::Object(metadata) = metadata else { panic!("metadata is an object") };
        let input = UserInput { app_metadata: Some(metadata), ..UserInput::default() };
        users::user_update(&self.app, &self.ctx(), &format!("auth0|{user}"), input).await.unwrap()
    }

    pub(crate) async fn all<T: Entity>(&self) -> Vec<T> {
        self.app.store().list::<T>(&self.tenant.id, Query::all().limit(1000)).await.unwrap().rows
    }

    pub(crate) async fn execution(&self, report: &LoginReport) -> Execution {
        self.app.store().fetch(&self.tenant.id, report.execution_id.as_str()).await.unwrap().unwrap()
    }

    pub(crate) async fn log_kinds(&self) -> Vec<&'static str> {
        let mut entries = self.all::<LogEntry>().await;
        entries.retain(|entry| entry.kind != postern_model::LogType::ManagementWrite);
        entries.iter().map(|entry| entry.kind.code()).collect()
    }

    pub(crate) async fn suspended(&self) -> Vec<SuspendedLogin> {
        self.all().await
    }

    pub(crate) async fn delete<T: Entity>(&self, id: &str) {
        let set = WriteSet::new(&self.tenant.id, ids::request().unwrap()).delete::<T>(id, Expect::Any);
        self.app.store().commit(set).await.unwrap();
    }
}

fn client() -> Client {
    Client {
        client_id: "app".parse().unwrap(),
        revision: 0,
        name: "App".to_owned(),
        client_secret: "hush".to_owned(),
        client_metadata: None,
        grant_types: Vec::new(),
        management_scopes: None,
        settings: Map::new(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn connection(id: &str, name: &str, strategy: &str) -> Connection {
    Connection {
        id: id.parse().unwrap(),
        revision: 0,
        name: name.to_owned(),
        strategy: Strategy(strategy.to_owned()),
        set_user_root_attributes: RootAttributes::OnEachLogin,
        non_persistent_attrs: Vec::new(),
        options: Map::new(),
        metadata: Map::new(),
        enabled_clients: None,
        settings: Map::new(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) fn user(id: &str) -> User {
    User {
        user_id: format!("auth0|{id}").parse().unwrap(),
        revision: 0,
        email: Some(format!("{id}@example.com")),
        email_verified: true,
        username: None,
        phone_number: None,
        phone_verified: None,
        name: Some(id.to_owned()),
        given_name: None,
        family_name: None,
        nickname: None,
        picture: None,
        blocked: None,
        attributes: Map::new(),
        identities: vec![Identity {
            connection: DEFAULT_DATABASE.to_owned(),
            provider: "auth0".to_owned(),
            user_id: id.to_owned(),
            is_social: false,
            profile_data: None,
            password_hash: None,
        }],
        user_metadata: None,
        app_metadata: None,
        roles: Vec::new(),
        multifactor: Vec::new(),
        password_hash: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        last_login: None,
        last_ip: None,
        last_password_reset: None,
        logins_count: 0,
    }
}

/// A guest that hands back `mutations` whatever the event is.
pub(crate) fn asks(mutations: &Value) -> Vec<u8> {
    returning(&json!({ "mutations": mutations }).to_string())
}

/// A guest that hands back `result` whatever the event is.
pub(crate) fn returning(result: &str) -> Vec<u8> {
    let data: String = result.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (16_u64 << 32) | result.len() as u64;
    wat::parse_str(format!(
        "(module (memory (export \"memory\") 2) (data (i32.const 16) \"{data}\")
           (func (export \"on_execute_post_login\") (result i64) (i64.const {packed})))"
    ))
    .unwrap()
}

/// Counts in `app_metadata.count`. With `first`, an instruction that runs between reading and answering.
pub(crate) fn counter(first: &str, imports: &str, data: &str) -> Vec<u8> {
    let text = include_str!("counter.wat").replace(";; IMPORTS", imports).replace(";; DATA", data);
    wat::parse_str(text.replace(";; BETWEEN", first)).unwrap()
}

pub(crate) fn count() -> Vec<u8> {
    counter("", "", "")
}

/// Fetches `url` between reading the count and answering.
pub(crate) fn count_after_fetch(url: &str) -> Vec<u8> {
    count_after_call(&json!({"type": "http.fetch", "method": "GET", "url": url, "headers": []}).to_string())
}

/// Makes a host call between reading the count and answering.
pub(crate) fn count_after_call(call: &str) -> Vec<u8> {
    let data: String = call.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    counter(
        &format!("(drop (call $call_start (i32.const 4096) (i32.const {}))) (drop (call $call_wait))", call.len()),
        "(import \"postern_v1\" \"call_start\" (func $call_start (param i32 i32) (result i32)))
         (import \"postern_v1\" \"call_wait\" (func $call_wait (result i32)))",
        &format!("(data (i32.const 4096) \"{data}\")"),
    )
}

/// Sends the user away; back again it keeps `/request/query/answer` in `user_metadata.answer`.
pub(crate) fn redirect() -> Vec<u8> {
    wat::parse_str(include_str!("redirect.wat")).unwrap()
}

/// Keeps the value at `pointer` in `app_metadata.seen`.
pub(crate) fn sees(pointer: &str) -> Vec<u8> {
    let text = include_str!("sees.wat").replace("POINTER", pointer).replace("LENGTH", &pointer.len().to_string());
    wat::parse_str(text).unwrap()
}

#[track_caller]
pub(crate) fn state(report: &LoginReport) -> String {
    match &report.outcome {
        Outcome::Redirect { state, .. } | Outcome::Challenge { state, .. } => state.clone(),
        other => panic!("not suspended: {other:?}"),
    }
}

pub(crate) fn app_metadata(user: &User) -> Value {
    Value::Object(user.app_metadata.clone().unwrap_or_default())
}
