//! `/api/v2/emails/provider`.

pub(crate) mod wire;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::mail::provider;
use serde_json::Value;

use self::wire::{FieldsQuery, ProviderBody};
use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::permission::Caller;

const PATH: &str = "/api/v2/emails/provider";
const FIELDS: Parameter = Parameter { name: "fields", kind: "string", summary: "Only these, comma-separated" };
const INCLUDE_FIELDS: Parameter =
    Parameter { name: "include_fields", kind: "boolean", summary: "false: all but those in `fields`" };

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let response = Some(Content::json(wire::schema));
    let operation = |id, summary, scope| Operation { response, ..Operation::new(id, summary, Access::Scopes(scope)) };
    let request = Some(Content::json(wire::body_schema));
    Routes::new()
        .add(
            Method::GET,
            PATH,
            Operation {
                query: &[FIELDS, INCLUDE_FIELDS],
                failures: &[404],
                ..operation("email_provider_fetch", "Get the email provider", &["read:email_provider"])
            },
            email_provider_fetch,
        )
        .add(
            Method::POST,
            PATH,
            Operation {
                request,
                failures: &[409, 413],
                ..operation("email_provider_create", "Configure the email provider: SMTP", &["create:email_provider"])
            },
            email_provider_create,
        )
        .add(
            Method::PATCH,
            PATH,
            Operation {
                request,
                failures: &[404, 409, 413],
                ..operation("email_provider_update", "Change the email provider", &["update:email_provider"])
            },
            email_provider_update,
        )
        .add(
            Method::DELETE,
            PATH,
            Operation {
                success: 204,
                response: None,
                ..operation("email_provider_delete", "Remove the email provider", &["delete:email_provider"])
            },
            email_provider_delete,
        )
}

async fn email_provider_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(fields.select(wire::provider(&provider::email_provider_fetch(&app, &ctx).await?))))
}

async fn email_provider_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ProviderBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::provider(&provider::email_provider_create(&app, &ctx, body.input()).await?)))
}

async fn email_provider_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ProviderBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::provider(&provider::email_provider_update(&app, &ctx, body.input()).await?)))
}

async fn email_provider_delete(State(app): State<App>, Caller(ctx): Caller) -> Result<StatusCode, ApiError> {
    provider::email_provider_delete(&app, &ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}
