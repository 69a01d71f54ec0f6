//! HTTP requests through the host, as the tenant's and the binding's egress rules allow.
//!
//! ```
//! # use postern_sdk::{Api, Error, Event, Harness, http, serde_json::{Value, json}};
//! # fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
//! let url = event.secret("SCORES_URL")?;
//! let answer = http::post(&url).bearer(&event.secret("SCORES_KEY")?).json(&json!({"ip": event.request().ip()}))?.send()?;
//! let score: Value = answer.error_for_status()?.json()?;
//! # assert_eq!(score, json!(7));
//! # Ok(())
//! # }
//! # let run = Harness::new(json!({"secrets": {"SCORES_URL": "https://s.example", "SCORES_KEY": "k"}}))
//! #     .answer_fetch("https://s.example", http::Response::json_body(200, &json!(7))).run(on_execute);
//! # assert_eq!(run.error, None);
//! ```
//!
//! Requests overlap when they are started before they are waited for:
//!
//! ```
//! # use postern_sdk::{Api, Error, Event, Harness, http, serde_json::json};
//! # fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
//! let (a, b) = (http::get("https://a.example").start()?, http::get("https://b.example").start()?);
//! let (a, b) = (a.wait()?, b.wait()?);
//! # assert_eq!((a.status, b.status), (200, 404));
//! # Ok(())
//! # }
//! # let run = Harness::new(json!({})).answer_fetch("https://a.example", http::Response::text_body(200, "a"))
//! #     .answer_fetch("https://b.example", http::Response::text_body(404, "b")).run(on_execute);
//! # assert_eq!(run.error, None);
//! ```

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use postern_contract::{HttpErrorCode, HttpRedirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::json::Object;
use crate::{call, host};

/// A `GET` request.
#[must_use]
pub fn get(url: &str) -> Request<'_> {
    Request::new("GET", url)
}

/// A `POST` request.
#[must_use]
pub fn post(url: &str) -> Request<'_> {
    Request::new("POST", url)
}

/// A `PUT` request.
#[must_use]
pub fn put(url: &str) -> Request<'_> {
    Request::new("PUT", url)
}

/// A `PATCH` request.
#[must_use]
pub fn patch(url: &str) -> Request<'_> {
    Request::new("PATCH", url)
}

/// A `DELETE` request.
#[must_use]
pub fn delete(url: &str) -> Request<'_> {
    Request::new("DELETE", url)
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError {
    /// The cause, if it is a known one; `None` when the request itself is malformed.
    pub code: Option<HttpErrorCode>,
    /// A text for the action's author.
    pub message: String,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FetchError {}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Request<'r> {
    method: &'r str,
    url: &'r str,
    headers: Vec<(Cow<'r, str>, Cow<'r, str>)>,
    body: Option<Content>,
    timeout: Option<Duration>,
    redirect: HttpRedirect,
}

#[derive(Debug, Clone)]
enum Content {
    Text(String),
    Base64(String),
}

impl<'r> Request<'r> {
    /// A request of any method.
    #[must_use]
    pub fn new(method: &'r str, url: &'r str) -> Self {
        Self { method, url, headers: Vec::new(), body: None, timeout: None, redirect: HttpRedirect::default() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'r, str>>, value: impl Into<Cow<'r, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", ["Bearer ", token].concat())
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, FetchError> {
        self.body = Some(Content::Text(serde_json::to_string(value).map_err(|error| malformed(&error))?));
        Ok(self.header("content-type", "application/json"))
    }

    /// Sends text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.body = Some(Content::Text(text.into()));
        self
    }

    /// Sends bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.body = Some(Content::Base64(STANDARD.encode(bytes)));
        self
    }

    /// How long to wait for the whole answer; the login waits too.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What a redirect does; they are followed unless told otherwise.
    #[must_use]
    pub fn redirect(mut self, redirect: HttpRedirect) -> Self {
        self.redirect = redirect;
        self
    }

    /// Sends the request and waits for the answer.
    ///
    /// # Errors
    /// When there is no answer. One with a status such as 500 is an answer.
    pub fn send(self) -> Result<Response, FetchError> {
        self.start()?.wait()
    }

    /// Sends the request; the answer is waited for later.
    ///
    /// # Errors
    /// When a part of the request has no JSON form.
    pub fn start(self) -> Result<Pending, FetchError> {
        #[derive(Serialize)]
        #[serde(rename_all = "lowercase")]
        enum Body<'b> {
            Text(&'b str),
            Base64(&'b str),
        }
        let body = self.body.as_ref().map(|body| match body {
            Content::Text(text) => Body::Text(text),
            Content::Base64(text) => Body::Base64(text),
        });
        let timeout_ms = self.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        let redirect = (self.redirect != HttpRedirect::Follow).then_some(&self.redirect);
        let mut call = Vec::new();
        Object::begin(&mut call, "http.fetch")
            .text("method", self.method)
            .text("url", self.url)
            .value("headers", &self.headers)
            .and_then(|object| object.option("body", body.as_ref()))
            .and_then(|object| object.option("timeout_ms", timeout_ms.as_ref()))
            .and_then(|object| object.option("redirect", redirect))
            .map_err(|error| FetchError { code: None, message: error.message().to_owned() })?
            .end();
        Ok(Pending { id: host::call_start(&call) })
    }
}

fn malformed(error: &serde_json::Error) -> FetchError {
    FetchError { code: None, message: error.to_string() }
}

/// A request that is under way.
#[derive(Debug)]
#[must_use = "the answer is there once it is waited for"]
pub struct Pending {
    id: i32,
}

impl Pending {
    /// Waits for the answer; other requests go on meanwhile.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn wait(self) -> Result<Response, FetchError> {
        host::call_finish(self.id, |text| match call::refused(text) {
            Some(call::Refused { error }) => Err(FetchError {
                code: serde_json::from_value(serde_json::Value::String(error.code)).ok(),
                message: error.message,
            }),
            None => serde_json::from_slice(text).map_err(|error| malformed(&error)),
        })
        .unwrap_or_else(|| Err(FetchError { code: None, message: "the host does not know the request".to_owned() }))
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// The text beside it.
    #[serde(default)]
    pub status_text: String,
    /// Where the answer came from, after redirects.
    #[serde(default)]
    pub url: String,
    /// Headers, their names in small letters.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    body: postern_contract::Body,
}

impl Response {
    /// An answer with a text, for [`Harness::answer_fetch`](crate::Harness::answer_fetch).
    #[must_use]
    pub fn text_body(status: u16, text: &str) -> Self {
        let body = postern_contract::Body::Text(text.to_owned());
        Self { status, status_text: String::new(), url: String::new(), headers: Vec::new(), body }
    }

    /// An answer with a JSON value, for [`Harness::answer_fetch`](crate::Harness::answer_fetch).
    #[must_use]
    pub fn json_body(status: u16, value: &serde_json::Value) -> Self {
        let mut response = Self::text_body(status, &value.to_string());
        response.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        response
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer itself, if its status is one of success.
    ///
    /// # Errors
    /// When it is not.
    pub fn error_for_status(self) -> Result<Self, FetchError> {
        if self.ok() {
            return Ok(self);
        }
        let message = ["the answer of ", &self.url, " has the status ", &self.status.to_string()].concat();
        Err(FetchError { code: None, message })
    }

    /// A header's value; letter case does not count.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as bytes.
    ///
    /// # Errors
    /// When the host's coding of it is broken.
    pub fn bytes(&self) -> Result<Vec<u8>, FetchError> {
        match &self.body {
            postern_contract::Body::Text(text) => Ok(text.as_bytes().to_vec()),
            postern_contract::Body::Base64(text) => {
                STANDARD.decode(text).map_err(|error| FetchError { code: None, message: error.to_string() })
            }
        }
    }

    /// The body as text; `None` when it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.body {
            postern_contract::Body::Text(text) => Some(Cow::Borrowed(text)),
            postern_contract::Body::Base64(_) => String::from_utf8(self.bytes().ok()?).ok().map(Cow::Owned),
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, FetchError> {
        let value = match &self.body {
            postern_contract::Body::Text(text) => serde_json::from_str(text),
            postern_contract::Body::Base64(_) => serde_json::from_slice(&self.bytes()?),
        };
        value.map_err(|error| malformed(&error))
    }
}
