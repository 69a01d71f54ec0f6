//! The server at the other end: where it is, who we are, one request.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;

/// Where the server is and who asks. A bootstrap file is enough: it names the domain and holds the credentials.
#[derive(Args)]
pub(crate) struct Target {
    /// Address of the server [default: the bootstrap file's issuer, else http:// and the domain]
    #[arg(long, global = true, env = "POSTERN_URL", value_name = "URL", help_heading = "Server")]
    url: Option<Url>,
    /// File that `postern serve --bootstrap-file` wrote
    #[arg(long = "bootstrap", global = true, env = "POSTERN_BOOTSTRAP", value_name = "FILE", help_heading = "Server")]
    bootstrap: Option<PathBuf>,
    /// The tenant's domain [default: the bootstrap file's, else the host of the URL]
    // An id of its own: `tenant create --domain` is something else.
    #[arg(
        id = "tenant_domain",
        long = "tenant-domain",
        global = true,
        env = "POSTERN_TENANT_DOMAIN",
        value_name = "HOST[:PORT]",
        help_heading = "Server"
    )]
    domain: Option<String>,
    /// Certificate authority, PEM, to trust beside the system's [default: the bootstrap file's]
    #[arg(long, global = true, env = "POSTERN_CA_FILE", value_name = "FILE", help_heading = "Server")]
    ca_file: Option<PathBuf>,
    /// Id of a client with management scopes
    #[arg(long, global = true, env = "POSTERN_CLIENT_ID", value_name = "ID", help_heading = "Server")]
    client_id: Option<String>,
    /// Its secret
    #[arg(
        long,
        global = true,
        env = "POSTERN_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        help_heading = "Server"
    )]
    client_secret: Option<String>,
    /// A management token; then no credentials are needed
    #[arg(
        long,
        global = true,
        env = "POSTERN_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Server"
    )]
    token: Option<String>,
    /// The operator's token, for `tenant` and `export`
    #[arg(
        long,
        global = true,
        env = "POSTERN_OPERATOR_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Server"
    )]
    operator_token: Option<String>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Target {
    /// The server, with a management token.
    pub(crate) async fn management(&self) -> anyhow::Result<Remote> {
        let file = self.file()?;
        let mut remote = self.remote(file.as_ref())?;
        remote.token = match &self.token {
            Some(token) => token.clone(),
            None => {
                let from = |given: &Option<String>, pointer: &str, name: &str| {
                    let held = || file.as_ref()?.pointer(pointer)?.as_str().map(str::to_owned);
                    given.clone().or_else(held).with_context(|| {
                        format!(
                            "no credentials: give --bootstrap FILE, --token TOKEN, or --{name} (see `postern --help`)"
                        )
                    })
                };
                let client_id = from(&self.client_id, "/management/client_id", "client-id")?;
                let client_secret = from(&self.client_secret, "/management/client_secret", "client-secret")?;
                remote.token(&client_id, &client_secret).await?
            }
        };
        Ok(remote)
    }

    /// The server, with the operator's token.
    pub(crate) fn operator(&self) -> anyhow::Result<Remote> {
        let file = self.file()?;
        let mut remote = self.remote(file.as_ref())?;
        let held = || file.as_ref()?.get("operator_token")?.as_str().map(str::to_owned);
        remote.token = self
            .operator_token
            .clone()
            .or_else(held)
            .context("no operator token: give --bootstrap FILE or --operator-token TOKEN")?;
        Ok(remote)
    }

    fn file(&self) -> anyhow::Result<Option<Value>> {
        let Some(path) = &self.bootstrap else { return Ok(None) };
        let text = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        let value =
            serde_json::from_slice(&text).with_context(|| format!("{} is not a bootstrap file", path.display()))?;
        Ok(Some(value))
    }

    fn remote(&self, file: Option<&Value>) -> anyhow::Result<Remote> {
        let from_file = |name: &str| file.and_then(|file| file.get(name)?.as_str());
        let held = from_file("domain");
        let domain = match (&self.domain, held, &self.url) {
            (Some(domain), _, _) => domain.clone(),
            (None, Some(domain), _) => domain.to_owned(),
            (None, None, Some(url)) => authority(url)?,
            (None, None, None) => bail!("no server: give --bootstrap FILE or --url URL (see `postern --help`)"),
        };
        let base = match (&self.url, from_file("issuer")) {
            (Some(url), _) => url.clone(),
            // Another tenant of the same server is reached where the first one is.
            (None, Some(issuer)) if held.is_some() => Url::parse(issuer).context("read the bootstrap file's issuer")?,
            (None, _) => {
                Url::parse(&format!("http://{domain}")).with_context(|| format!("'{domain}' is not a domain"))?
            }
        };
        let ca = self.ca_file.clone().or_else(|| from_file("ca_pem_file").map(PathBuf::from));
        let mut http = reqwest::Client::builder().no_proxy();
        if let Some(path) = ca {
            let pem = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .with_context(|| format!("{} is no certificate in PEM", path.display()))?;
            http = http.tls_certs_merge(certificates);
        }
        let http = http.build().context("set up the HTTP client")?;
        Ok(Remote { http, base, domain, token: String::new() })
    }
}

fn authority(url: &Url) -> anyhow::Result<String> {
    let host = url.host_str().with_context(|| format!("'{url}' names no host"))?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A server and a token for it.
pub(crate) struct Remote {
    http: reqwest::Client,
    base: Url,
    domain: String,
    token: String,
}

/// What is sent along.
pub(crate) enum Body {
    Nothing,
    Json(Value),
    Bytes(&'static str, Vec<u8>),
}

impl Remote {
    async fn token(&self, client_id: &str, client_secret: &str) -> anyhow::Result<String> {
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "audience": format!("https://{}/api/v2/", self.domain),
        });
        let answer =
            self.call(Method::POST, &["oauth", "token"], &[], Body::Json(body)).await.context("get a token")?;
        answer.get("access_token").and_then(Value::as_str).map(str::to_owned).context("the answer has no token")
    }

    /// Calls `/api/v2/…`; the parts of the path are percent-encoded.
    pub(crate) async fn api(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Value> {
        let path: Vec<&str> = ["api", "v2"].into_iter().chain(path.iter().copied()).collect();
        self.call(method, &path, query, body).await
    }

    /// Reads something of the management API.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.api(Method::GET, path, query, Body::Nothing).await
    }

    /// Calls and reads the JSON answer; `null` when there is none.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Value> {
        let answer = self.send(method, path, query, body).await?;
        let bytes = answer.bytes().await.context("read the answer")?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).context("the answer is not JSON: is this a Postern server?")
    }

    /// Calls; an answer that is no success is an error with the server's own words.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Response> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| anyhow!("'{}' cannot be a server", self.base))?.clear().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url).header(HOST, &self.domain).header(ACCEPT, "application/json");
        if !self.token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        request = match body {
            Body::Nothing => request,
            Body::Json(value) => request.header(CONTENT_TYPE, "application/json").body(value.to_string()),
            Body::Bytes(media_type, bytes) => request.header(CONTENT_TYPE, media_type).body(bytes),
        };
        let answer = request.send().await.with_context(|| format!("reach {}", self.base))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap_or_default();
        Err(refusal(status.as_u16(), &bytes))
    }
}

/// The server's own words: of the management API, else of the OAuth endpoints.
fn refusal(status: u16, body: &[u8]) -> anyhow::Error {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("error_description")).unwrap_or("the server gave no reason");
    match text("errorCode").or_else(|| text("error")) {
        Some(code) => anyhow!("{message} ({status} {code})"),
        None => anyhow!("{message} ({status})"),
    }
}
