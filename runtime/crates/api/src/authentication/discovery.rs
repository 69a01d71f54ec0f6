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
    Ok(Json(json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}oauth/token"),
        "jwks_uri": format!("{issuer}.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
    })))
}

async fn keys_list(Host(tenant): Host) -> Json<Value> {
    Json(jwks(&tenant.tenant))
}
