//! Requests that the host itself sends for a tenant, under the rules that hold for its actions' requests.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_contract::{Body, HttpRedirect};
use serde::Deserialize;
use serde_json::Value;

use crate::capability::Room;
use crate::capability::egress::EgressPolicy;
use crate::capability::http::{Fetch, HttpClient};

/// A request to the outside. Redirects are not followed: what is in it is for that address only.
#[derive(Clone)]
pub struct OutsideRequest {
    #[expect(missing_docs, reason = "says its name")]
    pub method: &'static str,
    #[expect(missing_docs, reason = "says its name")]
    pub url: String,
    #[expect(missing_docs, reason = "says its name")]
    pub headers: Vec<(String, String)>,
    #[expect(missing_docs, reason = "says its name")]
    pub body: Option<String>,
    /// How long it may take in all.
    pub takes_at_most: Duration,
    /// Bytes of the answer's body.
    pub answer_bytes: usize,
}

impl std::fmt::Debug for OutsideRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutsideRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub struct OutsideAnswer {
    #[expect(missing_docs, reason = "says its name")]
    pub status: u16,
    #[expect(missing_docs, reason = "says its name")]
    pub body: Vec<u8>,
}

impl std::fmt::Debug for OutsideAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutsideAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OutsideError {
    /// As `http.fetch` names it, such as `timeout` or `egress_denied`.
    pub code: String,
    #[expect(missing_docs, reason = "says its name")]
    pub message: String,
}

impl OutsideError {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

pub(crate) async fn fetch(http: &HttpClient, request: OutsideRequest) -> Result<OutsideAnswer, OutsideError> {
    let OutsideRequest { method, url, headers, body, takes_at_most, answer_bytes } = request;
    let timeout_ms = u64::try_from(takes_at_most.as_millis()).ok();
    let body = body.map(Body::Text);
    let fetch = Fetch::check(method, &url, &headers, body, timeout_ms, HttpRedirect::Error)
        .map_err(|message| OutsideError::new("bad_request", message))?;
    let now = Instant::now();
    let room = Room {
        deadline: now.checked_add(takes_at_most).unwrap_or(now),
        body_bytes: answer_bytes,
        budget: Arc::new(AtomicUsize::new(answer_bytes)),
    };
    let answer = http.fetch(fetch, &EgressPolicy::Public, &room).await;
    if let Some(error) = answer.get("error") {
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        return Err(OutsideError::new(text("code"), text("message")));
    }
    let odd = || OutsideError::new("protocol", "the answer is not readable");
    let status = answer.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let body = answer.get("body").and_then(|body| Body::deserialize(body).ok()).ok_or_else(odd)?;
    let body = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Base64(text) => STANDARD.decode(text).map_err(|_bad| odd())?,
    };
    Ok(OutsideAnswer { status: status.ok_or_else(odd)?, body })
}
