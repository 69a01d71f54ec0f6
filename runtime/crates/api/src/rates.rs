//! Rate limits on the wire: `x-ratelimit-*` and the refusal, as Auth0 has them.
//!
//! A management request is counted once its token is checked, so that strangers do not use up what a tenant's own
//! programs may send; one of the authentication API is counted as it comes.

use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use postern_app::rates::Rate;
use postern_app::tenants::TenantKeys;
use postern_app::{App, AppError, Code};
use serde_json::json;

use crate::error::ApiError;
use crate::permission::tenant_of;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const REFUSED: &str = "Global limit has been reached";

/// Where the extractor of the management API's rights leaves what it counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted(Arc<OnceLock<Rate>>);

impl Counted {
    /// Counts a management request.
    ///
    /// # Errors
    /// When the tenant has sent too many.
    pub(crate) fn count(&self, tenant: &TenantKeys, now: Timestamp) -> Result<(), ApiError> {
        // A second extractor of rights in one handler asks for the same request.
        if self.0.get().is_some() {
            return Ok(());
        }
        let rate = tenant.rates.management.take(now);
        match self.0.set(rate) {
            Ok(()) if rate.retry_after.is_some() => Err(AppError::new(Code::RateLimited, REFUSED).into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Counts what is to be counted, and says so in the answer.
pub(crate) async fn limit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") {
        let counted = Counted::default();
        request.extensions_mut().insert(counted.clone());
        let mut response = next.run(request).await;
        if let Some(rate) = counted.0.get() {
            tell(&mut response, *rate);
        }
        return response;
    }
    // The operator's doors and those of the machine's own monitoring belong to no tenant.
    if path.starts_with("/operator/") || path == "/health" || path == "/metrics" {
        return next.run(request).await;
    }
    let Ok(tenant) = tenant_of(&app, request.headers(), request.uri()).await else { return next.run(request).await };
    let rate = tenant.rates.authentication.take(Timestamp::now());
    if rate.retry_after.is_none() {
        return next.run(request).await;
    }
    let body = json!({ "error": "too_many_requests", "error_description": REFUSED });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response();
    tell(&mut response, rate);
    response
}

fn tell(response: &mut Response, rate: Rate) {
    let headers = response.headers_mut();
    headers.insert(LIMIT, rate.limit.into());
    headers.insert(REMAINING, rate.remaining.into());
    headers.insert(RESET, HeaderValue::from(rate.reset_at));
    if let Some(seconds) = rate.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
}
