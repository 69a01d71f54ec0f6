//! Extractors that refuse in Auth0's words.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postern_model::limits::REQUEST_BODY_BYTES;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, not_served};

/// A JSON body, in or out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let bytes = body(request, REQUEST_BODY_BYTES).await?;
        if !json {
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json."));
        }
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let bytes = body(request, REQUEST_BODY_BYTES).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(None));
        }
        parse(&bytes).map(|body| Self(Some(body)))
    }
}

/// How long a body may take to arrive.
const BODY_FOR: Duration = Duration::from_secs(30);
/// Bytes of an oversize body that are read off before the answer: a client that is still sending would not see it.
const DRAINED_BYTES: usize = 16 * 1024 * 1024;

/// A body up to this size is read before anything is decided about its request, bytes.
const GATHERED_BYTES: usize = 64 * 1024;

/// Reads a small body before its request goes on. A connection whose request is answered before its body has come is
/// closed, and a client that has sent its next request on it by then gets no answer.
pub(crate) async fn gather(request: Request, next: Next) -> Response {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if !length.is_some_and(|length| (1..=GATHERED_BYTES).contains(&length)) {
        return next.run(request).await;
    }
    let (parts, stream) = request.into_parts();
    match body(Request::new(stream), GATHERED_BYTES).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(error) => error.into_response(),
    }
}

/// Reads a body up to `limit` bytes.
pub(crate) async fn body(request: Request, limit: usize) -> Result<Vec<u8>, ApiError> {
    match tokio::time::timeout(BODY_FOR, read(request.into_body(), limit)).await {
        Ok(read) => read,
        Err(_late) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.")),
    }
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_gone| ApiError::new(StatusCode::BAD_REQUEST, "The body was cut short."))?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= limit {
            bytes.extend_from_slice(data);
        } else if length > limit.saturating_add(DRAINED_BYTES) {
            break;
        }
    }
    if length > limit {
        let text = format!("The body is larger than {limit} bytes.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text).with_code("too_large"));
    }
    Ok(bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = if error.is_data() {
            format!("Payload validation error: {error}.")
        } else {
            format!("Invalid request payload JSON format: {error}.")
        };
        ApiError::new(StatusCode::BAD_REQUEST, text).with_code("invalid_body")
    })
}

/// The query string.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| {
                ApiError::new(StatusCode::BAD_REQUEST, format!("Query validation error: {error}."))
                    .with_code("invalid_query_string")
            })
    }
}

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A path that is no UTF-8 names nothing we have.
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_bad| not_served())
    }
}
