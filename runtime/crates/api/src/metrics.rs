//! `/operator/v1/metrics`: numbers about the program for its operator, in Prometheus' text form.
//!
//! Bounded by construction: a series is a route, a known method and a status, so that no caller can add more.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use postern_app::App;
use serde_json::json;

use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Operator;

/// The media type of the text form.
const TEXT: &str = "text/plain; version=0.0.4";

pub(crate) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::GET,
        "/operator/v1/metrics",
        Operation {
            response: Some(Content { media_type: "text/plain", schema: || json!({ "type": "string" }) }),
            ..Operation::new("metrics_fetch", "Numbers about the program, for Prometheus", Access::Operator)
        },
        metrics_fetch,
    )
}

/// A route, a method and a status.
type Series = (String, &'static str, u16);

/// Requests by route, with the time they took.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<BTreeMap<Series, (u64, Duration)>>);

impl Meter {
    /// Counts an answered request. `route` is the path as routed, `None` for what is not served.
    pub(crate) fn count(&self, method: &Method, route: Option<String>, status: u16, took: Duration) {
        let route = route.unwrap_or_else(|| "unmatched".to_owned());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, total) = counts.entry((route, known(method), status)).or_default();
        *requests = requests.saturating_add(1);
        *total = total.saturating_add(took);
    }

    fn text(&self, serving: bool) -> String {
        let serving = u8::from(serving);
        let mut text = format!("# TYPE postern_store_serving gauge\npostern_store_serving {serving}\n");
        text.push_str("# TYPE postern_http_request_duration_seconds summary\n");
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((route, method, status), (requests, total)) in &*counts {
            let labels = format!("{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}");
            let total = total.as_secs_f64();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "postern_http_request_duration_seconds_count{labels} {requests}");
            let _ = writeln!(text, "postern_http_request_duration_seconds_sum{labels} {total}");
        }
        text
    }
}

/// Methods are whatever a caller writes; only those that are served get a series of their own.
fn known(method: &Method) -> &'static str {
    let served = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let names = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    served.iter().zip(names).find(|(served, _)| *served == method).map_or("other", |(_, name)| name)
}

async fn metrics_fetch(
    State(app): State<App>,
    _operator: Operator,
    Extension(meter): Extension<Arc<Meter>>,
) -> Response {
    ([(CONTENT_TYPE, TEXT)], meter.text(app.is_serving())).into_response()
}
