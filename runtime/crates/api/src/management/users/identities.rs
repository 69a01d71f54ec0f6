//! `/api/v2/users/{id}/identities`: account linking.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::error::AppError;
use postern_app::users::identities::{self, Secondary};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire;
use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::{Caller, Host};

const LINK: Access = Access::Scopes(&["update:users", "update:current_user_identities"]);

/// The routes of this module.
pub(super) fn routes() -> Routes<App> {
    let list = Some(Content::json(list_schema));
    Routes::new()
        .add(
            Method::POST,
            "/api/v2/users/{id}/identities",
            Operation {
                request: Some(Content::json(link_schema)),
                success: 201,
                response: list,
                failures: &[404, 409],
                ..Operation::new("identity_link", "Link another user's identities to this one", LINK)
            },
            identity_link,
        )
        .add(
            Method::DELETE,
            "/api/v2/users/{id}/identities/{provider}/{user_id}",
            Operation {
                response: list,
                failures: &[404],
                ..Operation::new("identity_unlink", "Take a secondary identity away", LINK)
            },
            identity_unlink,
        )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkBody {
    provider: Option<String>,
    user_id: Option<UserIdThere>,
    connection_id: Option<String>,
    link_with: Option<String>,
}

/// Some providers number their users, and clients send the number.
#[derive(Deserialize)]
#[serde(untagged)]
enum UserIdThere {
    Text(String),
    Number(u64),
}

impl LinkBody {
    fn secondary(self) -> Result<Secondary, AppError> {
        match (self.link_with, self.provider, self.user_id) {
            (Some(token), None, None) if self.connection_id.is_none() => Ok(Secondary::Token(token)),
            (None, Some(provider), Some(user_id)) => {
                let user_id = match user_id {
                    UserIdThere::Text(text) => text,
                    UserIdThere::Number(number) => number.to_string(),
                };
                Ok(Secondary::Named { provider, user_id, connection_id: self.connection_id })
            }
            _ => Err(AppError::invalid_body("either 'link_with' or 'provider' and 'user_id' are needed, not both")),
        }
    }
}

async fn identity_link(
    State(app): State<App>,
    Caller(ctx): Caller,
    Host(tenant): Host,
    Path(id): Path<String>,
    Json(body): Json<LinkBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let identities = identities::identity_link(&app, &ctx, &tenant, &id, &body.secondary()?).await?;
    Ok((StatusCode::CREATED, Json(identities.iter().map(wire::identity).collect())))
}

async fn identity_unlink(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, provider, user_id)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let identities = identities::identity_unlink(&app, &ctx, &id, &provider, &user_id).await?;
    Ok(Json(identities.iter().map(wire::identity).collect()))
}

fn link_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "provider": { "type": "string" },
            "user_id": { "type": ["string", "integer"] },
            "connection_id": { "type": "string" },
            "link_with": { "type": "string", "description": "An ID token of the other user, instead of the rest" },
        },
        "additionalProperties": false,
    })
}

fn list_schema() -> Value {
    json!({ "type": "array", "items": { "type": "object", "properties": {
        "connection": { "type": "string" }, "provider": { "type": "string" }, "user_id": { "type": "string" },
        "isSocial": { "type": "boolean" }, "profileData": { "type": "object" },
    } } })
}
