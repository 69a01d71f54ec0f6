//! A real server on a loopback port over a real store and engine, and a client for it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_app::tenants::{Scheme, bootstrap};
use postern_app::{App, AppConfig, MasterKey};
use postern_engine::{Engine, EngineConfig};
use postern_model::tenant::RateLimits;
use postern_store::{SledConfig, SledStore, Store};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The domain of the first tenant.
pub(crate) const DOMAIN: &str = "login.example.test";
/// The connection every tenant starts with.
pub(crate) const DATABASE: &str = "Username-Password-Authentication";
/// A password that every policy allows.
pub(crate) const PASSWORD: &str = "correct horse battery staple 7!";
/// Opens the operator's endpoints.
pub(crate) const OPERATOR_TOKEN: &str = "operator-token-of-the-tests";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    request: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `null` when it was empty.
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body, when the status is the wanted one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, self.body);
        self.body
    }

    /// Asserts an error in Auth0's shape with this status and `errorCode`; `""` is none. Returns its message.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> String {
        let Self { request, headers, body, .. } = &self;
        assert_eq!(self.status.as_u16(), status, "{request}: {body}");
        assert_eq!(headers["content-type"], "application/json", "{request}: {body}");
        assert_eq!(body["statusCode"], json!(status), "{request}: {body}");
        assert_eq!(body["error"], json!(self.status.canonical_reason()), "{request}: {body}");
        assert_eq!(body["errorCode"].as_str().unwrap_or_default(), code, "{request}: {body}");
        let message = body["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{request}: {body}");
        message.to_owned()
    }
}

/// A caller of one tenant.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) domain: String,
    pub(crate) token: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl Api {
    /// The same caller with another token, or none.
    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// The same caller with these scopes only.
    pub(crate) async fn with_scope(&self, scope: &str) -> Self {
        Self { token: Some(self.token(Some(scope)).await), ..self.clone() }
    }

    /// The start of a request that the other methods do not cover.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).header("host", &self.domain);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let name = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_else(|error| panic!("{name}: {error:?}")).to_vec();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { request: name, status, headers, body, bytes }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path);
        self.answer(match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends a body as it is.
    pub(crate) async fn raw(&self, method: Method, path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        self.answer(self.request(method, path).header("content-type", media_type).body(body.into())).await
    }

    /// A token of the tenant's management client, with all its scopes or with these.
    pub(crate) async fn token(&self, scope: Option<&str>) -> String {
        let body = json!({
            "grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret,
            "audience": format!("https://{}/api/v2/", self.domain), "scope": scope,
        });
        let answer = self.with_token(None).post("/oauth/token", body).await.expect(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Makes a user of the default database and returns the whole answer.
    pub(crate) async fn user(&self, name: &str) -> Value {
        let body = json!({
            "connection": DATABASE, "user_id": name, "email": format!("{name}@example.com"), "password": PASSWORD,
        });
        self.post("/api/v2/users", body).await.expect(201)
    }
}

/// The path of a user.
pub(crate) fn user_path(user_id: &str) -> String {
    format!("/api/v2/users/{}", user_id.replace('|', "%7C"))
}

/// A running server with one tenant.
#[derive(Debug)]
pub(crate) struct Server {
    /// All management rights in the first tenant.
    pub(crate) api: Api,
    pub(crate) app: App,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_on(|path| SledStore::open(path, SledConfig::default()).unwrap()).await
    }

    /// A server on a store that is opened in a special way.
    pub(crate) async fn start_on(open: impl FnOnce(&Path) -> SledStore) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(open(&folder.path().join("store")));
        let app = App::new(AppConfig {
            store,
            engine: Engine::new(EngineConfig { concurrent_runs: 4, ..EngineConfig::default() }).unwrap(),
            master_key: MasterKey::new(&[7; 32]).unwrap(),
            operator_token: OPERATOR_TOKEN.to_owned(),
            token_for: Duration::from_secs(3600),
            scheme: Scheme::Https,
            rate_limits: RateLimits::default(),
            packages: postern_app::PackagesConfig {
                offline: true,
                ..postern_app::PackagesConfig::new(folder.path().join("packages"))
            },
        });
        let first = bootstrap(&app, DOMAIN, Timestamp::now()).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let service = postern_api::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let mut api = Api {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            base,
            domain: first.domain,
            token: None,
            client_id: first.client_id,
            client_secret: first.client_secret,
        };
        api.token = Some(api.token(None).await);
        Self { api, app, _folder: folder }
    }

    /// The operator.
    pub(crate) fn operator(&self) -> Api {
        self.api.with_token(Some(OPERATOR_TOKEN))
    }

    /// Makes another tenant and returns a caller with all rights in it.
    pub(crate) async fn tenant(&self, name: &str) -> Api {
        let domain = format!("{name}.example.test");
        let made =
            self.operator().post("/operator/v1/tenants", json!({"name": name, "domain": domain})).await.expect(201);
        let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        let mut api = Api {
            domain,
            token: None,
            client_id: text("/management/client_id"),
            client_secret: text("/management/client_secret"),
            ..self.api.clone()
        };
        api.token = Some(api.token(None).await);
        api
    }
}
