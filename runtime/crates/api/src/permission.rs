//! Who asks, and for which tenant: a handler that names [`Caller`], [`Operator`] or [`Host`] in its arguments cannot be
//! called without.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use jiff::Timestamp;
use postern_app::login::{RequestFacts, host_of};
use postern_app::tenants::{TenantKeys, operator_check, tenant_by_domain};
use postern_app::tokens::management_token_check;
use postern_app::{App, OpCtx, ids};
use postern_model::limits::CORRELATION_CHARS;

use crate::error::{ApiError, unauthenticated};
use crate::openapi::Access;
use crate::rates::Counted;

/// The name of a request: in its answer, in the program's log and in the tenant log alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId(pub(crate) uuid::Uuid);

/// The tenant whose domain the request names.
#[derive(Debug, Clone)]
pub(crate) struct Host(pub(crate) Arc<TenantKeys>);

impl FromRequestParts<App> for Host {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self(tenant_of(app, &parts.headers, &parts.uri).await?))
    }
}

/// The tenant that a request's `Host` names.
pub(crate) async fn tenant_of(app: &App, headers: &HeaderMap, uri: &Uri) -> Result<Arc<TenantKeys>, ApiError> {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = header.or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let host = host.ok_or_else(|| ApiError::new(StatusCode::BAD_REQUEST, "The Host header is missing."))?;
    Ok(tenant_by_domain(app, host).await?)
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A management token of the tenant with the scopes that the operation asks for.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) OpCtx);

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Host(tenant) = Host::from_request_parts(parts, app).await?;
        let token = bearer(&parts.headers).ok_or_else(|| unauthenticated("Missing authentication"))?;
        let bearer = management_token_check(&tenant, token)?;
        if let Some(counted) = parts.extensions.get::<Counted>() {
            counted.count(&tenant, Timestamp::now())?;
        }
        let ctx = OpCtx {
            tenant: Arc::clone(&tenant.tenant),
            actor: bearer.actor,
            scopes: bearer.scopes,
            now: Timestamp::now(),
            request_id: match parts.extensions.get::<RequestId>() {
                Some(RequestId(id)) => *id,
                None => ids::request()?,
            },
            correlation_id: correlation_id(parts),
            ip: ip(parts),
            user_agent: parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned),
        };
        match parts.extensions.get::<Access>() {
            Some(Access::Scopes(any)) if !any.is_empty() => ctx.require_any(any)?,
            Some(Access::Scopes(_) | Access::Public | Access::Operator) | None => {}
        }
        Ok(Self(ctx))
    }
}

/// Anyone, at the endpoints of people and their applications.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) tenant: Arc<TenantKeys>,
    /// Without rights.
    pub(crate) ctx: OpCtx,
    /// `event.request` without query and body.
    pub(crate) request: RequestFacts,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Host(tenant) = Host::from_request_parts(parts, app).await?;
        let request_id = match parts.extensions.get::<RequestId>() {
            Some(RequestId(id)) => *id,
            None => ids::request()?,
        };
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let mut ctx = OpCtx::visitor(Arc::clone(&tenant.tenant), Timestamp::now(), request_id);
        ctx.correlation_id = correlation_id(parts);
        ctx.ip = ip(parts);
        ctx.user_agent = text(USER_AGENT).map(str::to_owned);
        let language = text(ACCEPT_LANGUAGE).and_then(|list| list.split([',', ';']).next()).map(str::trim);
        let request = RequestFacts {
            ip: ctx.ip.clone(),
            method: parts.method.as_str().to_owned(),
            user_agent: ctx.user_agent.clone(),
            language: language.filter(|language| !language.is_empty()).map(str::to_owned),
            hostname: Some(host_of(&tenant.tenant.domain).to_owned()),
            ..RequestFacts::default()
        };
        Ok(Self { tenant, ctx, request })
    }
}

/// The client's own name for a request. A longer one is no name that anybody could look for.
#[derive(Debug, Clone)]
pub(crate) struct CorrelationId(pub(crate) HeaderValue);

impl CorrelationId {
    pub(crate) const HEADER: &str = "x-correlation-id";

    /// The one that a request brings, if its length and characters are legal.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(Self::HEADER)?;
        let legal = value.to_str().is_ok_and(|text| (1..=CORRELATION_CHARS).contains(&text.len()));
        legal.then(|| Self(value.clone()))
    }
}

/// For the tenant log.
pub(crate) fn correlation_id(parts: &Parts) -> Option<String> {
    let CorrelationId(value) = CorrelationId::of(&parts.headers)?;
    value.to_str().ok().map(str::to_owned)
}

/// The address of the other end.
pub(crate) fn ip(parts: &Parts) -> Option<String> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string())
}

/// The operator's token. The operator is above the tenants: the `Host` says nothing here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator;

impl FromRequestParts<App> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match bearer(&parts.headers) {
            Some(token) if operator_check(app, token) => Ok(Self),
            Some(_) => Err(unauthenticated("Invalid token")),
            None => Err(unauthenticated("Missing authentication")),
        }
    }
}
