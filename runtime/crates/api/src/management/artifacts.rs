//! `/api/v2/actions/actions/{id}/artifact`: the module of a compiled action, as raw bytes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::artifacts;
use postern_model::limits::MODULE_BYTES;
use serde_json::{Value, json};

use super::actions::{READ, UPDATE, schema, wire};
use crate::error::ApiError;
use crate::extract::{Json, Path, body};
use crate::openapi::{Content, Operation, Routes};
use crate::permission::Caller;

const WASM: &str = "application/wasm";

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let path = "/api/v2/actions/actions/{id}/artifact";
    Routes::new()
        .add(
            Method::PUT,
            path,
            Operation {
                request: Some(Content { media_type: WASM, schema: schema::module }),
                response: Some(Content::json(schema::action)),
                failures: &[404, 409, 413, 415],
                ..Operation::new("artifact_replace", "Check and build a module and make it the draft's", UPDATE)
            },
            artifact_replace,
        )
        .add(
            Method::GET,
            path,
            Operation {
                response: Some(Content { media_type: WASM, schema: schema::module }),
                failures: &[404],
                ..Operation::new("artifact_fetch", "Get the module of the draft", READ)
            },
            artifact_fetch,
        )
}

async fn artifact_replace(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    artifacts::artifact_check(&app, &ctx, &id).await?;
    if !is_wasm(request.headers()) {
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("The body must be {WASM}.")));
    }
    let view = artifacts::artifact_replace(&app, &ctx, &id, whole(request).await?).await?;
    Ok(Json(json!(wire::action(&view))))
}

/// Reads a body that is too large off to its end, too: the client must see the refusal.
async fn whole(request: Request) -> Result<Arc<[u8]>, ApiError> {
    // One byte more than is allowed: the use case refuses it by the rule's name.
    match body(request, MODULE_BYTES + 1).await {
        Ok(bytes) => Ok(Arc::from(bytes)),
        Err(error) => match error.into_parts() {
            (StatusCode::PAYLOAD_TOO_LARGE, _) => Err(artifacts::too_large().into()),
            (status, message) => Err(ApiError::new(status, message)),
        },
    }
}

fn is_wasm(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(WASM))
}

async fn artifact_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (artifact, bytes) = artifacts::artifact_fetch(&app, &ctx, &id).await?;
    let tag = format!("\"{}\"", artifact.sha256);
    let known =
        headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|tags| tags.contains(&tag));
    let etag = [(ETAG, HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("")))];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
    }
    let kind = [(CONTENT_TYPE, HeaderValue::from_static(WASM))];
    Ok((etag, kind, bytes.to_vec()).into_response())
}
