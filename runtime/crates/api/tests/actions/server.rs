//! A real server on a loopback port over a store of its own, and a client of one of its tenants.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_app::tenants::{Scheme, tenant_create};
use postern_app::{App, AppConfig, MasterKey};
use postern_engine::{Engine, EngineConfig};
use postern_model::tenant::RateLimits;
use postern_store::{SledConfig, SledStore};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// A server. It ends with the test.
pub(crate) struct Server {
    address: SocketAddr,
    app: App,
    _folder: tempfile::TempDir,
}

/// A client of one tenant.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    domain: String,
    credentials: (String, String),
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The body, when the status is the wanted one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// The message of an error in Auth0's shape.
    #[track_caller]
    pub(crate) fn refused(self, what: &str, status: u16) -> String {
        let body = self.json();
        assert_eq!(self.status, status, "{what}: {}", String::from_utf8_lossy(&self.bytes));
        assert_eq!(body["statusCode"], json!(status), "{what}: {body}");
        assert!(body["error"].is_string(), "{what}: {body}");
        body["message"].as_str().unwrap_or_else(|| panic!("{what}: {body}")).to_owned()
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::new(AppConfig {
            store: Arc::new(SledStore::open(folder.path(), SledConfig::default()).unwrap()),
            engine: Engine::new(EngineConfig { concurrent_runs: 4, ..EngineConfig::default() }).unwrap(),
            master_key: MasterKey::new(&[7; 32]).unwrap(),
            operator_token: "operator".to_owned(),
            token_for: Duration::from_secs(600),
            scheme: Scheme::Https,
            rate_limits: RateLimits::default(),
            packages: postern_app::PackagesConfig {
                offline: true,
                ..postern_app::PackagesConfig::new(folder.path().join("packages"))
            },
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = postern_api::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, app, _folder: folder }
    }

    /// A new tenant, and a client of it with all rights.
    pub(crate) async fn tenant(&self, name: &str) -> Client {
        let domain = format!("{name}.example.test");
        let made = tenant_create(&self.app, name, &domain, Timestamp::now()).await.unwrap();
        let client = Client {
            http: reqwest::Client::new(),
            base: format!("http://{}", self.address),
            domain,
            credentials: (made.client_id, made.client_secret),
            token: String::new(),
        };
        client.scoped(None).await
    }
}

impl Client {
    /// The same client with a token for these scopes only.
    pub(crate) async fn scoped(&self, scope: Option<&str>) -> Self {
        let (client_id, client_secret) = &self.credentials;
        let mut body = json!({
            "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
            "audience": format!("https://{}/api/v2/", self.domain),
        });
        if let Some(scope) = scope {
            body["scope"] = json!(scope);
        }
        let answer = self.post("/oauth/token", &body).await.expect(200);
        Self { token: answer["access_token"].as_str().unwrap().to_owned(), ..self.clone() }
    }

    pub(crate) fn without_token(&self) -> Self {
        Self { token: String::new(), ..self.clone() }
    }

    pub(crate) fn credentials(&self) -> (&str, &str) {
        (&self.credentials.0, &self.credentials.1)
    }

    pub(crate) fn domain(&self) -> &str {
        &self.domain
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.credentials.0
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).header("host", &self.domain);
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.raw(Method::POST, path, body.to_string().into_bytes()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.raw(Method::PATCH, path, body.to_string().into_bytes()).await
    }

    /// Bytes that say they are JSON.
    pub(crate) async fn raw(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        self.send(self.request(method, path).header("content-type", "application/json").body(body)).await
    }

    pub(crate) async fn upload(&self, action: &str, wasm: &[u8]) -> Answer {
        let request = self.request(Method::PUT, &format!("/api/v2/actions/actions/{action}/artifact"));
        self.send(request.header("content-type", "application/wasm").body(wasm.to_vec())).await
    }

    /// Creates a compiled action with this module; returns its id.
    pub(crate) async fn action(&self, name: &str, wasm: &[u8]) -> String {
        self.action_for("post-login", "v3", name, wasm).await
    }

    /// The same for a trigger.
    pub(crate) async fn action_for(&self, trigger: &str, version: &str, name: &str, wasm: &[u8]) -> String {
        let body = json!({
            "name": name, "runtime": "wasm", "supported_triggers": [{"id": trigger, "version": version}],
        });
        let made = self.post("/api/v2/actions/actions", &body).await.expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        self.upload(&id, wasm).await.expect(200);
        id
    }

    pub(crate) async fn deploy(&self, action: &str) -> Value {
        self.send(self.request(Method::POST, &format!("/api/v2/actions/actions/{action}/deploy"))).await.expect(200)
    }

    pub(crate) async fn bind(&self, actions: &[&str]) -> Value {
        self.bind_to("post-login", actions).await
    }

    pub(crate) async fn bind_to(&self, trigger: &str, actions: &[&str]) -> Value {
        let items: Vec<Value> =
            actions.iter().map(|id| json!({"ref": {"type": "action_id", "value": id}, "display_name": id})).collect();
        let path = format!("/api/v2/actions/triggers/{trigger}/bindings");
        self.patch(&path, &json!({"bindings": items})).await.expect(200)
    }

    pub(crate) async fn user(&self, name: &str) -> String {
        let body = json!({
            "connection": "Username-Password-Authentication", "email": format!("{name}@example.com"),
            "password": "correct horse battery staple 7!",
        });
        self.post("/api/v2/users", &body).await.expect(201)["user_id"].as_str().unwrap().to_owned()
    }
}

/// A guest that hands back `result` whatever the event is.
pub(crate) fn returning(result: &str) -> Vec<u8> {
    returning_from("on_execute_post_login", result)
}

/// The same from another of its functions.
pub(crate) fn returning_from(function: &str, result: &str) -> Vec<u8> {
    let data: String = result.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (16_u64 << 32) | result.len() as u64;
    wat::parse_str(format!(
        "(module (memory (export \"memory\") 1) (data (i32.const 16) \"{data}\")
           (func (export \"{function}\") (result i64) (i64.const {packed})))"
    ))
    .unwrap()
}

/// A guest that sets `app_metadata.plan`.
pub(crate) fn sets(plan: &str) -> Vec<u8> {
    returning(&json!({"mutations": [{"type": "user.setAppMetadata", "key": "plan", "value": plan}]}).to_string())
}
