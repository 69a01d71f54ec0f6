//! The error of an action.

use std::borrow::Cow;
use std::fmt;

use crate::json;

/// Why an action failed. The run then has no mutations, and the login ends as the binding says.
///
/// Every error of the standard kind turns into one by `?`. To refuse a login on purpose use
/// [`api.access().deny`](crate::Access::deny): that is not a failure.
///
/// ```
/// # use postern_sdk::Error;
/// fn parse(text: &str) -> Result<u32, Error> {
///     if text.is_empty() {
///         return Err(Error::new("the plan has no number"));
///     }
///     Ok(text.parse()?)
/// }
/// assert_eq!(parse("").unwrap_err().message(), "the plan has no number");
/// assert_eq!(parse("x").unwrap_err().message(), "invalid digit found in string");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: Cow<'static, str>,
}

impl Error {
    /// An error with a text for the action's author. Users never see it.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into() }
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// A method's name and the rule that its argument breaks.
    pub(crate) fn broken(method: &'static str, rule: &'static str) -> Self {
        Self { message: Cow::Owned([method, ": ", rule].concat()) }
    }

    /// As the text of a run's result.
    pub(crate) fn into_result(self) -> Vec<u8> {
        let mut out = b"{\"error\":{\"name\":\"Error\",\"message\":".to_vec();
        json::text(&mut out, &self.message);
        out.extend_from_slice(b"}}");
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

// `Error` itself is not a `std::error::Error`, so that this is possible.
impl<E: std::error::Error> From<E> for Error {
    #[cold]
    fn from(error: E) -> Self {
        Self { message: Cow::Owned(error.to_string()) }
    }
}
