//! `/api/v2/users/{id}/revoke-access`: the end of sessions and refresh tokens.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::users::access::{self, Revocation};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::{OptionalJson, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

/// The routes of this module.
pub(super) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::POST,
        "/api/v2/users/{id}/revoke-access",
        Operation {
            request: Some(Content::json(schema)),
            success: 202,
            failures: &[404, 413],
            ..Operation::new(
                "user_access_revoke",
                "End a user's sessions and take back refresh tokens",
                Access::Scopes(&["delete:sessions", "delete:refresh_tokens"]),
            )
        },
        user_access_revoke,
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeBody {
    session_id: Option<String>,
    preserve_refresh_tokens: Option<bool>,
}

async fn user_access_revoke(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    OptionalJson(body): OptionalJson<RevokeBody>,
) -> Result<StatusCode, ApiError> {
    let body = body.unwrap_or_default();
    let what = Revocation {
        session_id: body.session_id,
        preserve_refresh_tokens: body.preserve_refresh_tokens.unwrap_or_default(),
    };
    access::user_access_revoke(&app, &ctx, &id, &what).await?;
    Ok(StatusCode::ACCEPTED)
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "session_id": { "type": "string", "description": "Only what this session gave" },
            "preserve_refresh_tokens": { "type": "boolean" },
        },
        "additionalProperties": false,
    })
}
