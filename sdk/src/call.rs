//! Host calls: one JSON object out, one back, any number under way at once.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Error, host};

/// What every call answers when it is refused.
#[derive(Debug, Deserialize)]
pub(crate) struct Refused {
    pub(crate) error: Refusal,
}

/// A code and a text.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
}

/// Makes a call and waits for its answer.
pub(crate) fn answer<T: DeserializeOwned>(call: &[u8]) -> Result<T, Error> {
    host::call_finish(host::call_start(call), |text| {
        if let Some(Refused { error }) = refused(text) {
            return Err(Error::new([error.code, error.message].join(": ")));
        }
        serde_json::from_slice(text).map_err(Error::from)
    })
    .unwrap_or_else(|| Err(Error::new("the host does not know the call")))
}

/// The refusal, if the answer is one.
pub(crate) fn refused(text: &[u8]) -> Option<Refused> {
    if text.starts_with(b"{\"error\":") { serde_json::from_slice(text).ok() } else { None }
}
