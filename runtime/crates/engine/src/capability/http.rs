//! `http.fetch`: requests to the outside, checked by name before and by address after resolution, at every redirect.
//!
//! All runs share one connection pool. That is safe because it holds only connections to addresses that passed the
//! operator's rules when they were made, and the run's own policy is about names, checked before the pool is asked.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_contract::{Body, HttpErrorCode, HttpRedirect};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Request, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use url::Url;

use crate::capability::Room;
use crate::capability::egress::{AllowList, EgressPolicy, EgressRefusal, check_url};
use crate::{EgressConfig, EngineError};

/// Redirects followed, as browsers do about.
const REDIRECTS: usize = 10;
/// How long one call may take when it does not say.
const TIMEOUT_MS: u64 = 10_000;
/// How long making a connection may take.
const CONNECT_FOR: Duration = Duration::from_secs(5);
/// How long an unused connection is kept.
const IDLE_FOR: Duration = Duration::from_secs(60);
/// Unused connections kept to one host.
const IDLE_CONNECTIONS: usize = 32;
/// Names looked up at the same time: each holds a thread that others need too.
const LOOKUPS: usize = 64;
/// Headers of a request.
const HEADERS: usize = 100;
/// Length of a URL, bytes.
const URL_BYTES: usize = 8 * 1024;

/// The HTTP client that all runs share.
#[derive(Debug)]
pub(crate) struct HttpClient {
    client: reqwest::Client,
    allow: Arc<AllowList>,
    /// Certificates that are trusted beside the system's, PEM.
    pub(crate) extra_ca_pem: Option<Vec<u8>>,
}

/// A request whose shape is legal.
#[derive(Debug)]
pub(crate) struct Fetch {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    timeout: Duration,
    redirect: HttpRedirect,
}

/// Why there is no answer.
struct Failure {
    code: HttpErrorCode,
    message: String,
}

impl Failure {
    fn new(code: HttpErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<EgressRefusal> for Failure {
    fn from(refusal: EgressRefusal) -> Self {
        Self::new(HttpErrorCode::EgressDenied, refusal.to_string())
    }
}

impl Fetch {
    /// Checks the arguments of a call; the error is for the guest's author.
    pub(crate) fn check(
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<Body>,
        timeout_ms: Option<u64>,
        redirect: HttpRedirect,
    ) -> Result<Self, String> {
        let method = method.to_ascii_uppercase();
        if !matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") {
            return Err(format!("the method `{}` cannot be sent", method.escape_debug()));
        }
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        if url.len() > URL_BYTES {
            return Err(format!("the URL is {} bytes, at most {URL_BYTES} are allowed", url.len()));
        }
        let url = Url::parse(url).map_err(|error| format!("the URL is not legal: {error}"))?;
        let body = match body {
            None => None,
            Some(Body::Text(text)) => Some(text.into_bytes()),
            Some(Body::Base64(text)) => {
                Some(STANDARD.decode(text).map_err(|error| format!("the body is not base64: {error}"))?)
            }
        };
        let timeout = Duration::from_millis(timeout_ms.unwrap_or(TIMEOUT_MS));
        Ok(Self { method, url, headers: check_headers(headers)?, body, timeout, redirect })
    }

    /// The request after a redirect with that status.
    fn redirected(mut self, status: StatusCode, to: Url) -> Self {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            self.headers.remove(CONTENT_TYPE);
            self.headers.remove(CONTENT_ENCODING);
        }
        if to.origin() != self.url.origin() {
            let credentials: Vec<HeaderName> =
                self.headers.keys().filter(|name| is_credential(name.as_str())).cloned().collect();
            for name in credentials {
                self.headers.remove(name);
            }
        }
        self.url = to;
        self
    }
}

fn check_headers(headers: &[(String, String)]) -> Result<HeaderMap, String> {
    if headers.len() > HEADERS {
        return Err(format!("{} headers are given, at most {HEADERS} are allowed", headers.len()));
    }
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_bad| format!("`{}` is no header name", name.escape_debug()))?;
        if is_ours(name.as_str()) {
            return Err(format!("the header `{name}` cannot be set"));
        }
        let value = header_value(value).ok_or_else(|| format!("the value of header `{name}` is not legal"))?;
        map.append(name, value);
    }
    Ok(map)
}

/// A value on the wire: a byte a character, as Node and browsers send it; UTF-8 where that cannot be.
fn header_value(value: &str) -> Option<HeaderValue> {
    let latin: Option<Vec<u8>> = value.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    HeaderValue::from_bytes(latin.as_deref().unwrap_or(value.as_bytes())).ok()
}

/// Headers that the host alone sets: they steer the connection.
fn is_ours(name: &str) -> bool {
    name.starts_with("proxy-")
        || matches!(
            name,
            "host"
                | "content-length"
                | "transfer-encoding"
                | "connection"
                | "keep-alive"
                | "te"
                | "trailer"
                | "upgrade"
                | "expect"
                | "http2-settings"
        )
}

/// Headers that must not follow a redirect to another origin, nor be kept in a journal. The name in lower case.
pub(crate) fn is_credential(name: &str) -> bool {
    ["auth", "cookie", "token", "secret", "api-key", "apikey", "password", "signature"]
        .iter()
        .any(|part| name.contains(part))
}

/// Resolves names, and gives only addresses that the operator's rules let through.
struct GuardedResolver {
    allow: Arc<AllowList>,
    /// The proxy's own name, which may be anywhere.
    proxy: Option<String>,
    lookups: Arc<Semaphore>,
}

#[derive(Debug, thiserror::Error)]
#[error("the name `{host}` does not resolve")]
struct Unresolved {
    host: String,
    #[source]
    source: Option<io::Error>,
}

/// Resolves a name. A lookup cannot be cut off, so it keeps its place until it ends, whoever has stopped waiting.
async fn look_up(host: &str, lookups: Arc<Semaphore>) -> io::Result<Vec<SocketAddr>> {
    let place = lookups.acquire_owned().await.map_err(io::Error::other)?;
    let host = host.to_owned();
    let lookup = async move {
        let found = tokio::net::lookup_host((host.as_str(), 0)).await.map(Iterator::collect);
        drop(place);
        found
    };
    tokio::spawn(lookup).await.map_err(io::Error::other)?
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = Arc::clone(&self.allow);
        let host = name.as_str().to_owned();
        let is_proxy = self.proxy.as_ref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(&host));
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let found = look_up(&host, lookups)
                .await
                .map_err(|error| Unresolved { host: host.clone(), source: Some(error) })?;
            if found.is_empty() {
                return Err(Unresolved { host, source: None }.into());
            }
            let permitted: Vec<SocketAddr> =
                found.into_iter().filter(|address| is_proxy || allow.permits(&host, address.ip())).collect();
            if permitted.is_empty() {
                return Err(EgressRefusal::Address { host }.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

impl HttpClient {
    pub(crate) fn new(config: &EgressConfig) -> Result<Self, EngineError> {
        let allow = Arc::new(AllowList::parse(&config.allow)?);
        let proxy = config.proxy.as_ref().and_then(|proxy| proxy.host_str().map(str::to_owned));
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("postern/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_FOR)
            .pool_idle_timeout(IDLE_FOR)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .dns_resolver(GuardedResolver {
                allow: Arc::clone(&allow),
                proxy,
                lookups: Arc::new(Semaphore::new(LOOKUPS)),
            });
        if let Some(proxy) = &config.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone()).map_err(EngineError::Http)?);
        }
        if let Some(pem) = &config.extra_ca_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(EngineError::Http)?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(EngineError::Http)?;
        Ok(Self { client, allow, extra_ca_pem: config.extra_ca_pem.clone() })
    }

    /// The answer, or `{"error":{"code","message"}}`.
    pub(crate) async fn fetch(&self, fetch: Fetch, policy: &EgressPolicy, room: &Room) -> Value {
        let now = Instant::now();
        let until = now.checked_add(fetch.timeout).unwrap_or(room.deadline).min(room.deadline);
        let answer = match tokio::time::timeout_at(until.into(), self.follow(fetch, policy, room)).await {
            Ok(answer) => answer,
            Err(_elapsed) => {
                let waited = until.saturating_duration_since(now);
                Err(Failure::new(HttpErrorCode::Timeout, format!("no answer within {} ms", waited.as_millis())))
            }
        };
        answer.unwrap_or_else(|Failure { code, message }| json!({"error": {"code": code, "message": message}}))
    }

    async fn follow(&self, mut fetch: Fetch, policy: &EgressPolicy, room: &Room) -> Result<Value, Failure> {
        for _hop in 0..=REDIRECTS {
            check_url(&fetch.url, policy, &self.allow)?;
            let mut request = Request::new(fetch.method.clone(), fetch.url.clone());
            *request.headers_mut() = fetch.headers.clone();
            *request.body_mut() = fetch.body.clone().map(Into::into);
            let response = self.client.execute(request).await.map_err(|error| failure_of(&error))?;
            let to = match fetch.redirect {
                HttpRedirect::Manual => None,
                HttpRedirect::Follow | HttpRedirect::Error => target(&fetch.url, &response)?,
            };
            let Some(to) = to else { return answer(response, &fetch.url, room).await };
            if fetch.redirect == HttpRedirect::Error {
                return Err(Failure::new(HttpErrorCode::Protocol, "the answer is a redirect"));
            }
            fetch = fetch.redirected(response.status(), to);
        }
        Err(Failure::new(HttpErrorCode::Protocol, format!("more than {REDIRECTS} redirects")))
    }
}

/// Where a redirect leads to, if the answer is one.
fn target(from: &Url, response: &Response) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let bad = || Failure::new(HttpErrorCode::Protocol, "the answer redirects to what is no URL");
    let text = location.to_str().map_err(|_bad| bad())?;
    from.join(text).map(Some).map_err(|_bad| bad())
}

async fn answer(mut response: Response, url: &Url, room: &Room) -> Result<Value, Failure> {
    let status = response.status();
    let headers: Vec<(String, String)> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure_of(&error))? {
        if body.len() + chunk.len() > room.body_bytes {
            let message = format!("the answer is larger than {} bytes", room.body_bytes);
            return Err(Failure::new(HttpErrorCode::TooLarge, message));
        }
        take(&room.budget, chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    let body = match String::from_utf8(body) {
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Base64(STANDARD.encode(binary.as_bytes())),
    };
    Ok(json!({
        "status": status.as_u16(),
        "status_text": status.canonical_reason().unwrap_or_default(),
        "url": url.as_str(),
        "headers": headers,
        "body": body,
    }))
}

fn take(budget: &AtomicUsize, bytes: usize) -> Result<(), Failure> {
    let taken = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
    match taken {
        Ok(_left) => Ok(()),
        Err(_left) => Err(Failure::new(HttpErrorCode::TooLarge, "the answers of this run together are too large")),
    }
}

/// What an error of the client means to a guest: found in the chain of its causes, `io::Error` wraps some of them.
fn failure_of(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut broken_off = false;
    while let Some(current) = cause {
        let mut inner = current;
        while let Some(error) = inner.downcast_ref::<io::Error>() {
            broken_off |= error.kind() == io::ErrorKind::UnexpectedEof;
            let Some(wrapped) = error.get_ref() else { break };
            inner = wrapped;
        }
        if let Some(refusal) = inner.downcast_ref::<EgressRefusal>() {
            return refusal.clone().into();
        }
        if let Some(unresolved) = inner.downcast_ref::<Unresolved>() {
            return Failure::new(HttpErrorCode::Dns, unresolved.to_string());
        }
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Failure::new(HttpErrorCode::Tls, tls.to_string());
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        Failure::new(HttpErrorCode::Timeout, "connecting took too long")
    } else if error.is_connect() && broken_off {
        // Nothing is read while a connection is made but the handshake.
        Failure::new(HttpErrorCode::Tls, "the other side broke the TLS handshake off")
    } else if error.is_connect() {
        Failure::new(HttpErrorCode::Connect, "no connection could be made")
    } else {
        Failure::new(HttpErrorCode::Protocol, "the other side does not speak HTTP as it should")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, url: &str, header: (&str, &str), body: Option<Body>, want: Result<(), &str>) {
        let headers = [(header.0.to_owned(), header.1.to_owned())];
        let got = Fetch::check(method, url, &headers, body, None, HttpRedirect::Follow).map(drop);
        match (got, want) {
            (Ok(()), Ok(())) => {}
            (Err(text), Err(part)) if text.contains(part) => {}
            (got, want) => panic!("{got:?}, wanted {want:?}"),
        }
    }

    #[test]
    fn checks_arguments() {
        let url = "https://example.com/";
        let header = ("accept", "*/*");
        check("get", url, header, None, Ok(()));
        check("POST", url, header, Some(Body::Base64("AAAA".into())), Ok(()));
        check("CONNECT", url, header, None, Err("method"));
        check("G\nET", url, header, None, Err("method"));
        check("GET", "example.com", header, None, Err("URL"));
        // Not what the standard has in mind, but what some clients send and some servers want.
        check("GET", url, header, Some(Body::Text(String::new())), Ok(()));
        check("POST", url, header, Some(Body::Base64("?".into())), Err("base64"));
        for ours in
            ["Host", "Content-Length", "transfer-encoding", "Connection", "Proxy-Authorization", "Upgrade", "TE"]
        {
            check("GET", url, (ours, "x"), None, Err("cannot be set"));
        }
        check("GET", url, ("a b", "x"), None, Err("no header name"));
        check("GET", url, ("a", "x\r\nb: c"), None, Err("not legal"));
    }

    #[test]
    fn sends_a_byte_a_character() {
        let bytes = |value: &str| header_value(value).map(|value| value.as_bytes().to_vec());
        assert_eq!(bytes("é").as_deref(), Some(&b"\xe9"[..]));
        assert_eq!(bytes("€").as_deref(), Some("€".as_bytes()));
        assert_eq!(bytes("a\nb"), None);
    }

    #[test]
    fn redirects_drop_credentials_across_origins() {
        let headers =
            [("Authorization", "a"), ("X-Api-Key", "b"), ("Cookie", "c"), ("Accept", "d"), ("Content-Type", "e")];
        let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let body = Some(Body::Text("x".into()));
        let fetch = || {
            let url = "https://a.example/";
            Fetch::check("POST", url, &headers, body.clone(), None, HttpRedirect::Follow).unwrap()
        };
        let to = |url: &str| Url::parse(url).unwrap();
        let same = fetch().redirected(StatusCode::TEMPORARY_REDIRECT, to("https://a.example/next"));
        assert_eq!((same.headers.len(), same.method, same.body.is_some()), (5, Method::POST, true));
        let other = fetch().redirected(StatusCode::TEMPORARY_REDIRECT, to("https://b.example/"));
        assert_eq!(other.headers.len(), 2);
        let other = fetch().redirected(StatusCode::FOUND, to("http://a.example/"));
        assert_eq!((other.headers.len(), other.method, other.body), (1, Method::GET, None));
    }
}
