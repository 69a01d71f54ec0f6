//! Calls from the pages of other origins (Fetch standard, CORS protocol).
//!
//! What needs no cookie may be read by any page: whoever calls it brings the credentials in the request itself. An
//! origin that one of the tenant's clients lists may send cookies too; it is then named in the answer, never `*`.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::origins::origin_is_known;

use crate::permission::tenant_of;

/// What a page of another origin may do with a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Read it without cookies.
    Anyone,
    /// The same, and with cookies from the origins of the tenant's clients.
    Clients,
    /// Only the origins of the tenant's clients: nothing of it makes sense without cookies.
    ClientsOnly,
}

fn reach(path: &str) -> Option<Reach> {
    let first = path.strip_prefix('/')?.split('/').next()?;
    match first {
        ".well-known" | "client" | "api" => Some(Reach::Anyone),
        "co" => Some(Reach::ClientsOnly),
        "oauth" | "userinfo" | "dbconnections" | "mfa" | "usernamepassword" | "passwordless" => Some(Reach::Clients),
        _ => None,
    }
}

const ALLOWED_METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
/// `auth0-client` is what Auth0's SDKs call themselves.
const ALLOWED_HEADERS: &str =
    "auth0-client, authorization, content-type, x-correlation-id, x-requested-with, x-request-language";
const EXPOSED_HEADERS: &str = "retry-after, x-correlation-id, x-ratelimit-limit, x-ratelimit-remaining, \
                               x-ratelimit-reset, x-request-id";
/// How long a browser may remember a preflight, s.
const REMEMBERED_FOR: &str = "600";

/// Answers preflights, and says in other answers who may read them.
pub(crate) async fn cors(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(reach) = reach(request.uri().path()) else { return next.run(request).await };
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let allowed = match request.headers().get(ORIGIN).cloned() {
        Some(origin) => allow(&app, (request.headers(), request.uri()), reach, origin).await,
        None => HeaderMap::new(),
    };
    let mut response = if asks { preflight(&allowed) } else { next.run(request).await };
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    response.headers_mut().extend(allowed);
    response
}

fn preflight(allowed: &HeaderMap) -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, REMEMBERED_FOR),
    ];
    if allowed.is_empty() {
        StatusCode::NO_CONTENT.into_response()
    } else {
        (StatusCode::NO_CONTENT, headers).into_response()
    }
}

/// The headers that let `origin` read the answer; none when it may not.
async fn allow(app: &App, request: (&HeaderMap, &Uri), reach: Reach, origin: HeaderValue) -> HeaderMap {
    let known = match reach {
        Reach::Anyone => false,
        Reach::Clients | Reach::ClientsOnly => is_known(app, request, &origin).await,
    };
    let mut headers = HeaderMap::new();
    if known {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    } else if reach == Reach::ClientsOnly {
        return headers;
    } else {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    headers
}

async fn is_known(app: &App, (headers, uri): (&HeaderMap, &Uri), origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    // `null` is what every sandboxed page sends.
    if !origin.contains("://") {
        return false;
    }
    let Ok(tenant) = tenant_of(app, headers, uri).await else { return false };
    match origin_is_known(app, &tenant.tenant.id, &origin.to_ascii_lowercase()).await {
        Ok(known) => known,
        Err(error) => {
            crate::error::log_fault(&error);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_reach_what_browsers_call_and_nothing_else() {
        for (path, expected) in [
            ("/oauth/token", Some(Reach::Clients)),
            ("/userinfo", Some(Reach::Clients)),
            ("/dbconnections/signup", Some(Reach::Clients)),
            ("/mfa/challenge", Some(Reach::Clients)),
            ("/co/authenticate", Some(Reach::ClientsOnly)),
            ("/.well-known/jwks.json", Some(Reach::Anyone)),
            ("/api/v2/users/x", Some(Reach::Anyone)),
            ("/authorize", None),
            ("/u/login", None),
            ("/operator/v1/tenants", None),
            ("/metrics", None),
            ("/", None),
        ] {
            assert_eq!(reach(path), expected, "{path}");
        }
    }
}
