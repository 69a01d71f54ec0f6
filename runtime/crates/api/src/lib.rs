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
mod metrics;
pub mod openapi;
mod operator;
mod page;
mod permission;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use postern_app::{App, ids};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{ApiError, not_served};
use crate::metrics::Meter;
use crate::openapi::{Access, Content, Operation, Routes, document};
use crate::permission::RequestId;

/// Connections at the same time; further ones wait to be accepted. Below the usual limit of open files.
const CONNECTIONS: usize = 896;
/// How long the headers of a request may take, and how long a connection may wait for the next one.
const HEADERS_FOR: Duration = Duration::from_secs(30);
/// How long nothing is accepted after a failure.
const RETRY_AFTER: Duration = Duration::from_millis(50);

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
    let router = router(app);
    let under_way = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&places).acquire_owned() => place.map_err(std::io::Error::other)?,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = under_way.watch(connection(stream, address, router.clone()));
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    drop(place);
                });
            }
            // A peer that is gone already, or no descriptors left: the next one may fare better, a moment later.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
    drop(listener);
    under_way.shutdown().await;
    Ok(())
}

/// Serves one connection. One that does not send a request in time is closed.
fn connection(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
) -> impl GracefulConnection<Error = hyper::Error> + Send + 'static {
    // An answer is one write: waiting for more of it only delays it.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_FOR)
        .serve_connection(TokioIo::new(stream), service)
}

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
    response
}
