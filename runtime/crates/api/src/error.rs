//! How a failed request is answered: Auth0's body, one table from code to status.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use postern_app::{AppError, Code, Kind};
use serde_json::{Map, Value, json};

/// A failed request of the management or operator API.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    message: String,
    code: Option<&'static str>,
}

impl ApiError {
    /// An error of the transport, before any use case.
    #[must_use]
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code: None }
    }

    /// The status and the text, for an answer in another shape.
    pub(crate) fn into_parts(self) -> (StatusCode, String) {
        (self.status, self.message)
    }

    /// Adds the `errorCode`.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

/// The status of a kind of error.
#[must_use]
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::BadRequest => StatusCode::BAD_REQUEST,
        Kind::Unauthorized => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let kind = error.code.kind();
        let message = match kind {
            Kind::Internal => {
                log_fault(&error);
                "An internal error occurred.".to_owned()
            }
            Kind::Unavailable => {
                log_fault(&error);
                error.message
            }
            Kind::BadRequest
            | Kind::Unauthorized
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::Conflict
            | Kind::PreconditionFailed
            | Kind::TooLarge
            | Kind::RateLimited => error.message,
        };
        Self { status: status(kind), message, code: error.code.text() }
    }
}

/// Writes a fault of ours with all its causes into the program's log; the caller sees none of it.
pub(crate) fn log_fault(error: &AppError) {
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        causes.push_str(": ");
        causes.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::error!(error = %error, causes, "request failed");
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = Map::new();
        body.insert("statusCode".to_owned(), json!(self.status.as_u16()));
        body.insert("error".to_owned(), json!(self.status.canonical_reason().unwrap_or("Error")));
        body.insert("message".to_owned(), json!(self.message));
        if let Some(code) = self.code {
            body.insert("errorCode".to_owned(), json!(code));
        }
        (self.status, axum::Json(Value::Object(body))).into_response()
    }
}

/// What is not served, whatever the method: 404, as Auth0 answers.
pub(crate) fn not_served() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "Not Found")
}

/// The token is missing.
pub(crate) fn unauthenticated(message: &str) -> ApiError {
    ApiError::from(AppError::new(Code::InvalidToken, message))
}
