//! OpenID Connect discovery and the public keys.

use axum::http::Method;
use postern_app::App;
use postern_app::tokens::jwks;
use serde_json::{Value, json};

use crate::error::ApiError;
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

async fn discovery_fetch(Host(tenant): Host) -> Result<Json<Value>, ApiError> {
    let issuer = tenant.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("oauth/token"),
        "userinfo_endpoint": at("userinfo"),
        "mfa_challenge_endpoint": at("mfa/challenge"),
        "jwks_uri": at(".well-known/jwks.json"),
        "revocation_endpoint": at("oauth/revoke"),
        "end_session_endpoint": at("oidc/logout"),
        "scopes_supported": [
            "openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname", "email",
            "email_verified", "picture", "created_at", "identities", "phone", "address",
        ],
        "response_types_supported": [
            "code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token",
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "client_credentials", "authorization_code", "refresh_token", "implicit", "password",
            "http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/mfa-otp",
            "http://auth0.com/oauth/grant-type/mfa-recovery-code",
        ],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": [
            "aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name", "iat",
            "identities", "iss", "name", "nickname", "phone_number", "picture", "sub",
        ],
        "request_uri_parameter_supported": false,
        "request_parameter_supported": false,
        "id_token_signing_alg_values_supported": ["RS256"],
    })))
}

async fn keys_list(Host(tenant): Host) -> Json<Value> {
    Json(jwks(&tenant.tenant))
}
