//! The HTTP front: routes, wire types, rights.
//!
//! Every module has a `routes()` that adds its operations with [`openapi::Routes::add`], which takes the handler
//! together with what the API's description says of it, so that the two cannot differ. A handler names what it needs
//! in its arguments: `Caller` (a management token with the operation's scopes), `Operator`, `Host`. Wire shapes follow
//! Auth0 and are known only here.

mod authentication;
mod cors;
pub mod error;
mod extract;
mod health;
mod management;
mod metrics;
pub mod openapi;
mod operator;
mod page;
mod permission;
mod rates;
mod server;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use postern_app::{App, ids};
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{ApiError, not_served};
use crate::metrics::Meter;
use crate::openapi::{Access, Content, Operation, Routes, document};
use crate::permission::{CorrelationId, RequestId};
pub use crate::server::{Front, serve};

/// The header that names a request in answers and in the program's log.
const REQUEST_ID: &str = "x-request-id";

/// Everything that is served.
pub fn router(app: App) -> Router {
    let described = Routes::new()
        .merge(management::routes())
        .merge(authentication::routes())
        .merge(operator::routes())
        .merge(health::routes())
        .merge(metrics::routes())
        .add(
            Method::GET,
            "/api/v2/openapi.json",
            Operation {
                response: Some(Content::json(|| serde_json::json!({ "type": "object" }))),
                ..Operation::new("openapi_fetch", "This description", Access::Public)
            },
            openapi_fetch,
        );
    let (router, routes) = described.into_parts();
    let document = axum::Extension(Arc::new(document(&routes)));
    let meter = Arc::new(Meter::default());
    router
        .layer(document)
        .layer(axum::Extension(Arc::clone(&meter)))
        .fallback(|| async { not_served() })
        .method_not_allowed_fallback(|| async { not_served() })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), rates::limit))
        .layer(from_fn(extract::gather))
        .layer(from_fn_with_state(app.clone(), cors::cors))
        .layer(from_fn_with_state(meter, name_request))
        .with_state(app)
}

async fn openapi_fetch(
    axum::Extension(document): axum::Extension<Arc<serde_json::Value>>,
) -> extract::Json<Arc<serde_json::Value>> {
    extract::Json(document)
}

fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "An internal error occurred.").into_response()
}

/// Names the request, counts it, and writes one line about it. The query is left out: it may hold tokens.
async fn name_request(State(meter): State<Arc<Meter>>, mut request: Request, next: Next) -> Response {
    // Without a name the request is served all the same; a use case that needs one says so.
    let id = ids::request().ok();
    if let Some(id) = id {
        request.extensions_mut().insert(RequestId(id));
    }
    let correlation = CorrelationId::of(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let begun = std::time::Instant::now();
    let mut response = next.run(request).await;
    let took = begun.elapsed();
    let status = response.status().as_u16();
    meter.count(&method, route, status, took);
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::debug!(request.id = ?id, %method, path, status, duration_us, "answered");
    if let Some(value) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(CorrelationId(value)) = correlation {
        response.headers_mut().insert(CorrelationId::HEADER, value);
    }
    describe(&mut response);
    response
}

/// No answer is without a media type: some clients refuse those. One without a body is text, of no length.
fn describe(response: &mut Response) {
    let no_body = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !no_body && !response.headers().contains_key(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
}
