//! `/api/v2/keys/signing`: the keys that sign the tenant's tokens.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::keys::{self, SigningKeyView};
use postern_model::tenant::KeyStatus;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let key = Some(Content::json(schema));
    let update = Access::Scopes(&["update:signing_keys"]);
    let read = Access::Scopes(&["read:signing_keys"]);
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/keys/signing",
            Operation {
                response: Some(Content::json(|| json!({ "type": "array", "items": schema() }))),
                ..Operation::new("signing_key_list", "List the signing keys", read)
            },
            signing_key_list,
        )
        .add(
            Method::GET,
            "/api/v2/keys/signing/{kid}",
            Operation {
                response: key,
                failures: &[404],
                ..Operation::new("signing_key_fetch", "Fetch a signing key", read)
            },
            signing_key_fetch,
        )
        .add(
            Method::POST,
            "/api/v2/keys/signing/rotate",
            Operation {
                success: 201,
                response: key,
                failures: &[409],
                ..Operation::new("signing_key_rotate", "Make the next signing key the current one", update)
            },
            signing_key_rotate,
        )
        .add(
            Method::PUT,
            "/api/v2/keys/signing/{kid}/revoke",
            Operation {
                response: key,
                failures: &[404, 409],
                ..Operation::new("signing_key_revoke", "Revoke a previous signing key", update)
            },
            signing_key_revoke,
        )
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "kid": { "type": "string" }, "cert": { "type": "string" },
            "current": { "type": "boolean" }, "next": { "type": "boolean" }, "previous": { "type": "boolean" },
            "revoked": { "type": "boolean" },
        },
    })
}

/// Auth0's object: a status that does not hold is left out.
fn wire(view: SigningKeyView) -> Value {
    let SigningKeyView { key, cert, thumbprint } = view;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    put("kid", json!(key.kid));
    put("cert", json!(cert));
    if !thumbprint.is_empty() {
        let pairs: Vec<&str> = (0..thumbprint.len()).step_by(2).filter_map(|at| thumbprint.get(at..at + 2)).collect();
        put("fingerprint", json!(pairs.join(":")));
        put("thumbprint", json!(thumbprint));
    }
    match key.status {
        KeyStatus::Current => put("current", json!(true)),
        KeyStatus::Next => put("next", json!(true)),
        KeyStatus::Previous => put("previous", json!(true)),
        KeyStatus::Revoked => put("revoked", json!(true)),
    }
    for (name, at) in
        [("current_since", key.current_since), ("current_until", key.current_until), ("revoked_at", key.revoked_at)]
    {
        if let Some(at) = at {
            put(name, json!(at));
        }
    }
    Value::Object(object)
}

async fn signing_key_list(State(app): State<App>, Caller(ctx): Caller) -> Result<Json<Value>, ApiError> {
    let keys = keys::signing_key_list(&app, &ctx).await?;
    Ok(Json(keys.into_iter().map(wire).collect()))
}

async fn signing_key_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(kid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire(keys::signing_key_fetch(&app, &ctx, &kid).await?)))
}

async fn signing_key_rotate(
    State(app): State<App>,
    Caller(ctx): Caller,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, Json(wire(keys::signing_key_rotate(&app, &ctx).await?))))
}

async fn signing_key_revoke(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(kid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire(keys::signing_key_revoke(&app, &ctx, &kid).await?)))
}
