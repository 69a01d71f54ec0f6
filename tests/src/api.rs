//! An HTTP client of one tenant, and the steps that most tests take.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::Bootstrap;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The request, for messages.
    pub request: String,
    /// The status.
    pub status: StatusCode,
    /// The body; `null` when it was empty, a string when it was not JSON.
    pub body: Value,
}

impl Answer {
    /// The body, when the status is the wanted one.
    ///
    /// # Panics
    /// On another status.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, self.body);
        self.body
    }

    /// The body of an answer of the 200 kind.
    ///
    /// # Panics
    /// On another status.
    #[track_caller]
    #[must_use]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {} {}", self.request, self.status, self.body);
        self.body
    }

    /// Asserts that this is an error in Auth0's shape and returns its `errorCode`.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    #[must_use]
    pub fn refused(self, status: u16) -> String {
        let shape = "an error has statusCode, error, message and errorCode";
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, self.body);
        assert_eq!(self.body["statusCode"], json!(status), "{}: {}: {shape}", self.request, self.body);
        for key in ["error", "message"] {
            assert!(
                self.body[key].as_str().is_some_and(|text| !text.is_empty()),
                "{}: {}: {shape}",
                self.request,
                self.body
            );
        }
        self.body["errorCode"].as_str().unwrap_or_default().to_owned()
    }
}

/// A client of one tenant with one token, or none.
#[derive(Debug, Clone)]
pub struct Api {
    /// Keep-alive connections.
    pub http: reqwest::Client,
    /// `http://address:port`
    pub base: String,
    /// The tenant's domain, sent as `Host`.
    pub domain: String,
    /// Sent as bearer token.
    pub token: Option<String>,
}

impl Api {
    /// The same tenant with another token.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// The start of a request, for what the other methods do not cover.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).header("host", &self.domain);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; an error is one of the connection, such as a server that died.
    ///
    /// # Errors
    /// When no whole answer came back.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<&Value>) -> reqwest::Result<Answer> {
        let mut request = self.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()))
        };
        Ok(Answer { request: format!("{method} {path}"), status, body })
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When no whole answer comes back.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = format!("{method} {path}");
        self.try_send(method, path, body).await.unwrap_or_else(|error| panic!("{request}: {error:?}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// A management token of the client, for the scopes, or for all it may have.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn token(&self, client_id: &str, client_secret: &str, scope: Option<&str>) -> String {
        let mut body = json!({
            "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
            "audience": format!("https://{}/api/v2/", self.domain),
        });
        if let Some(scope) = scope {
            body["scope"] = json!(scope);
        }
        let answer = self.with_token(None).post("/oauth/token", &body).await.expect(200);
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Makes a tenant with the operator's token and returns a client with all rights in it.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn tenant_create(&self, operator_token: &str, name: &str) -> (Self, Value) {
        let domain = format!("{name}.example.test");
        let operator = self.with_token(Some(operator_token));
        let made = operator.post("/operator/v1/tenants", &json!({"name": name, "domain": domain})).await.ok();
        let mut tenant = Self { domain, token: None, ..self.clone() };
        let bootstrap = Bootstrap::parse(&made);
        tenant.token = Some(tenant.token(&bootstrap.client_id, &bootstrap.client_secret, None).await);
        (tenant, made)
    }

    /// Makes an action for post-login and uploads `wasm` as its draft's artifact; returns its id.
    ///
    /// # Panics
    /// When either is refused.
    pub async fn action_create(&self, name: &str, wasm: &[u8], secrets: &Value) -> String {
        let body = json!({
            "name": name, "supported_triggers": [{"id": "post-login", "version": "v3"}],
            "runtime": "wasm", "secrets": secrets,
        });
        let action = self.post("/api/v2/actions/actions", &body).await.expect(201);
        let id = action["id"].as_str().expect("an id").to_owned();
        let _draft = self.artifact_replace(&id, wasm).await.ok();
        id
    }

    /// Uploads a module as the draft's artifact.
    ///
    /// # Panics
    /// When no whole answer comes back.
    pub async fn artifact_replace(&self, action: &str, wasm: &[u8]) -> Answer {
        let path = format!("/api/v2/actions/actions/{action}/artifact");
        let request = self.request(Method::PUT, &path).header("content-type", "application/wasm").body(wasm.to_vec());
        let response = request.send().await.unwrap_or_else(|error| panic!("PUT {path}: {error:?}"));
        let status = response.status();
        let text = response.text().await.unwrap_or_else(|error| panic!("PUT {path}: {error:?}"));
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { request: format!("PUT {path}"), status, body }
    }

    /// Deploys the draft as the next version.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn deploy(&self, action: &str) -> Value {
        self.post(&format!("/api/v2/actions/actions/{action}/deploy"), &json!({})).await.ok()
    }

    /// Binds the actions to post-login, in this order and no others.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn bind(&self, actions: &[&str]) -> Value {
        let bindings: Vec<Value> = actions.iter().map(|id| binding(id)).collect();
        self.bind_as(&bindings).await
    }

    /// Replaces the bindings of post-login with items as the API wants them.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn bind_as(&self, bindings: &[Value]) -> Value {
        self.patch("/api/v2/actions/triggers/post-login/bindings", &json!({"bindings": bindings})).await.ok()
    }

    /// Makes, deploys and binds one action, and no other; returns its id.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn install(&self, name: &str, wasm: &[u8]) -> String {
        let id = self.action_create(name, wasm, &json!([])).await;
        let _version = self.deploy(&id).await;
        let _bindings = self.bind(&[&id]).await;
        id
    }

    /// Makes a user in the default database; returns the `user_id`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn user_create(&self, name: &str) -> String {
        let body = json!({
            "connection": "Username-Password-Authentication", "user_id": name,
            "email": format!("{name}@example.com"), "password": "correct horse battery staple 7!",
        });
        let user = self.post("/api/v2/users", &body).await.expect(201);
        user["user_id"].as_str().expect("a user_id").to_owned()
    }

    /// The user as stored.
    ///
    /// # Panics
    /// When there is none.
    pub async fn user(&self, user_id: &str) -> Value {
        self.get(&format!("/api/v2/users/{}", encode(user_id))).await.expect(200)
    }

    /// The job once it is finished.
    ///
    /// # Panics
    /// When it does not finish in time.
    pub async fn job_wait(&self, id: &str) -> Value {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let job = self.get(&format!("/api/v2/jobs/{id}")).await.expect(200);
            if !matches!(job["status"].as_str(), Some("pending" | "processing")) {
                return job;
            }
            assert!(std::time::Instant::now() < until, "{job}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// The id of the client that this tenant was made with, used as the application that asks for logins.
    ///
    /// # Panics
    /// When there is no client.
    pub async fn client_id(&self) -> String {
        let clients = self.get("/api/v2/clients").await.expect(200);
        let list = clients.as_array().or_else(|| clients["clients"].as_array()).expect("a list of clients");
        list[0]["client_id"].as_str().expect("a client_id").to_owned()
    }

    /// The body of a simulated login of an existing user.
    #[must_use]
    pub fn login_body(client_id: &str, user_id: &str) -> Value {
        json!({
            "client_id": client_id, "connection": "Username-Password-Authentication", "user_id": user_id,
            "request": {"ip": "203.0.113.7", "user_agent": "harness"},
        })
    }

    /// A simulated login.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn login(&self, client_id: &str, user_id: &str) -> Value {
        self.post("/api/v2/simulated-logins", &Self::login_body(client_id, user_id)).await.expect(200)
    }
}

/// An item of a list of bindings, by the action's id.
#[must_use]
pub fn binding(action: &str) -> Value {
    json!({"ref": {"type": "action_id", "value": action}, "display_name": action})
}

/// A path segment: `|` and the like percent-encoded.
#[must_use]
pub fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
