//! What comes of a request: an answer for the client, or an error that only the user sees.

use serde_json::{Value, json};

use super::request::ResponseMode;
use super::urls;
use crate::error::AppError;

/// What goes to the client, by way of the browser.
#[derive(Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AuthorizeAnswer {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub fields: Vec<(&'static str, Value)>,
}

impl std::fmt::Debug for AuthorizeAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizeAnswer").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl AuthorizeAnswer {
    pub(super) fn new(
        redirect_uri: &str,
        mode: ResponseMode,
        mut fields: Vec<(&'static str, Value)>,
        state: Option<&str>,
    ) -> Self {
        if let Some(state) = state {
            fields.push(("state", json!(state)));
        }
        Self { redirect_uri: redirect_uri.to_owned(), mode, fields }
    }

    /// `error` of the fields.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.fields.iter().find(|(name, _)| *name == "error").and_then(|(_, value)| value.as_str())
    }

    /// The fields as text.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.fields.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (*name, text)
        })
    }

    /// The address with the fields in its query or fragment; `None` for the other modes.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        let mut url = urls::parse(&self.redirect_uri)?;
        match self.mode {
            ResponseMode::Query => {
                url.query_pairs_mut().extend_pairs(self.pairs());
            }
            ResponseMode::Fragment => {
                let mut text = url::form_urlencoded::Serializer::new(String::new());
                url.set_fragment(Some(&text.extend_pairs(self.pairs()).finish()));
            }
            ResponseMode::FormPost | ResponseMode::WebMessage => return None,
        }
        Some(url.into())
    }

    /// `scheme://host[:port]` of the redirect address.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        urls::origin(&self.redirect_uri)
    }
}

/// An error that is shown on a page of ours: the client or the address to send it to is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PageError {
    pub status: u16,
    pub error: &'static str,
    pub description: String,
}

impl PageError {
    /// A 400.
    #[must_use]
    pub fn bad_request(description: impl Into<String>) -> Self {
        Self { status: 400, error: "invalid_request", description: description.into() }
    }
}

/// Why a request is not served.
#[derive(Debug)]
pub enum Refused {
    /// To be shown.
    Page(PageError),
    /// To be sent to the client.
    Client(AuthorizeAnswer),
    /// To be sent to the client, for a reason that the program's own log is told.
    Fault {
        #[expect(missing_docs, reason = "says its name")]
        answer: AuthorizeAnswer,
        #[expect(missing_docs, reason = "says its name")]
        error: AppError,
    },
    /// A fault of ours.
    App(AppError),
}

impl From<PageError> for Refused {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}
