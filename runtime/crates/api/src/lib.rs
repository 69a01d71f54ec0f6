//! The HTTP front: routes, wire types, rights.
//!
//! Every module has a `routes()` that adds its operations with [`openapi::Routes::add`], which takes the handler
//! together with what the API's description says of it, so that the two cannot differ. A handler names what it needs
//! in its arguments: `Caller` (a management token with the operation's scopes), `Operator`, `Host`. Wire shapes follow
//! Auth0 and are known only here.

mod authentication;
pub mod error;
mod extract;
mod health;
mod management;
pub mod openapi;
mod operator;
mod page;
mod permission;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt as _;
use postern_app::{App, ids};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{ApiError, not_served};
use crate::openapi::{Access, Content, Operation, Routes, document};

/// The header that names a request in answers and in the program's log.
const REQUEST_ID: &str = "x-request-id";

/// Serves until `stop` ends, then finishes the requests under way.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener.tap_io(no_delay), service).with_graceful_shutdown(stop).await
}

/// An answer is one write: waiting for more of it only delays it.
fn no_delay(stream: &mut tokio::net::TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
}

/// Everything that is served.
#[must_use]
pub fn router(app: App) -> Router {
    let described = Routes::new()
        .merge(management::routes())
        .merge(authentication::routes())
        .merge(operator::routes())
        .merge(health::routes())
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
    let document = axum::Extension(std::sync::Arc::new(document(&routes)));
    router
        .layer(document)
        .fallback(|| async { not_served() })
        .method_not_allowed_fallback(|| async { not_served() })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(name_request))
        .with_state(app)
}

async fn openapi_fetch(
    axum::Extension(document): axum::Extension<std::sync::Arc<serde_json::Value>>,
) -> extract::Json<std::sync::Arc<serde_json::Value>> {
    extract::Json(document)
}

fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "An internal error occurred.").into_response()
}

/// Names the request, and writes one line about it. The query is left out: it may hold tokens.
async fn name_request(request: Request, next: Next) -> Response {
    let id = ids::request().map(|id| id.to_string()).unwrap_or_default();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = std::time::Instant::now();
    let mut response = next.run(request).await;
    let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::debug!(request.id = id, %method, path, status = response.status().as_u16(), duration_us, "answered");
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
