//! OpenID Connect discovery and the public keys.

use axum::http::Method;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use postern_app::App;
use postern_app::keys::jwks;
use serde_json::json;

use crate::extract::Json;
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Host;

pub(crate) fn routes() -> Routes<App> {
    let object = Content::json(|| json!({ "type": "object" }));
    Routes::new()
        .add(
            Method::GET,
            "/.well-known/openid-configuration",
            Operation {
                response: Some(object),
                ..Operation::new("discovery_fetch", "OpenID Connect discovery", Access::Public)
            },
            discovery_fetch,
        )
        .add(
            Method::GET,
            "/.well-known/jwks.json",
            Operation {
                response: Some(object),
                ..Operation::new("keys_list", "The keys that sign the tenant's tokens", Access::Public)
            },
            keys_list,
        )
}

/// How long the answers may be kept (Auth0: the same).
const KEPT: &str = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400";

async fn discovery_fetch(Host(tenant): Host) -> impl IntoResponse {
    let issuer = tenant.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("oauth/token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at(".well-known/jwks.json"),
        "revocation_endpoint": at("oauth/revoke"),
        "end_session_endpoint": at("oidc/logout"),
        "mfa_challenge_endpoint": at("mfa/challenge"),
        "scopes_supported": [
            "openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname", "email",
            "email_verified", "picture", "created_at", "identities", "phone", "address",
        ],
        "response_types_supported": [
            "code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token",
        ],
        "response_modes_supported": ["query", "fragment", "form_post", "web_message"],
        "grant_types_supported": [
            "authorization_code", "implicit", "refresh_token", "client_credentials", "password",
            "http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/mfa-otp",
            "http://auth0.com/oauth/grant-type/mfa-recovery-code",
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name", "iat",
            "identities", "iss", "name", "nickname", "phone_number", "picture", "sub",
        ],
        "request_uri_parameter_supported": false,
        "request_parameter_supported": false,
    });
    ([(CACHE_CONTROL, KEPT)], Json(document))
}

async fn keys_list(Host(tenant): Host) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEPT)], Json(jwks(&tenant.tenant)))
}
