//! `/api/v2/email-templates`.

mod wire;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::mail::{compose, templates};
use serde_json::Value;

use self::wire::{PreviewBody, TemplateBody, TestBody};
use crate::error::ApiError;
use crate::extract::{Json, OptionalJson, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

const LIST: &str = "/api/v2/email-templates";
const ONE: &str = "/api/v2/email-templates/{templateName}";

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let response = Some(Content::json(wire::schema));
    let operation = |id, summary, scope| Operation { response, ..Operation::new(id, summary, Access::Scopes(scope)) };
    let request = Some(Content::json(wire::body_schema));
    let update: &[&str] = &["update:email_templates"];
    Routes::new()
        .add(
            Method::POST,
            LIST,
            Operation {
                request,
                failures: &[409, 413],
                ..operation("email_template_create", "Create an email template", &["create:email_templates"])
            },
            email_template_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                failures: &[404],
                ..operation("email_template_fetch", "Get an email template", &["read:email_templates"])
            },
            email_template_fetch,
        )
        .add(
            Method::PUT,
            ONE,
            Operation {
                request,
                failures: &[404, 409, 413],
                ..operation("email_template_replace", "Write an email template anew", update)
            },
            email_template_replace,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request,
                failures: &[404, 409, 413],
                ..operation("email_template_update", "Change an email template", update)
            },
            email_template_update,
        )
        .merge(trying())
}

/// What Auth0's API has not: looking at a mail before it is sent.
fn trying() -> Routes<App> {
    Routes::new()
        .add(
            Method::POST,
            "/api/v2/email-templates/{templateName}/preview",
            Operation {
                request: Some(Content::json(wire::preview_schema)),
                response: Some(Content::json(wire::composed_schema)),
                failures: &[404, 413],
                ..Operation::new(
                    "email_template_preview",
                    "Show the mail that a template makes for a user and a client",
                    Access::Scopes(&["read:email_templates"]),
                )
            },
            email_template_preview,
        )
        .add(
            Method::POST,
            "/api/v2/email-templates/{templateName}/send-test",
            Operation {
                request: Some(Content::json(wire::test_schema)),
                success: 202,
                failures: &[404, 413],
                ..Operation::new(
                    "email_template_test",
                    "Send the mail that a template makes to an address",
                    Access::Scopes(&["update:email_templates"]),
                )
            },
            email_template_test,
        )
}

async fn email_template_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<TemplateBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::template(&templates::email_template_create(&app, &ctx, body.input()).await?)))
}

async fn email_template_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::template(&templates::email_template_fetch(&app, &ctx, &name).await?)))
}

async fn email_template_replace(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    Json(body): Json<TemplateBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::template(&templates::email_template_update(&app, &ctx, &name, body.input(), true).await?)))
}

async fn email_template_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    Json(body): Json<TemplateBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::template(&templates::email_template_update(&app, &ctx, &name, body.input(), false).await?)))
}

async fn email_template_preview(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    OptionalJson(body): OptionalJson<PreviewBody>,
) -> Result<Json<Value>, ApiError> {
    let input = body.unwrap_or_default().input();
    Ok(Json(wire::composed(&compose::email_template_preview(&app, &ctx, &name, input).await?)))
}

async fn email_template_test(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    Json(body): Json<TestBody>,
) -> Result<StatusCode, ApiError> {
    let (to, input) = body.input();
    compose::email_template_test(&app, &ctx, &name, &to, input).await?;
    Ok(StatusCode::ACCEPTED)
}
