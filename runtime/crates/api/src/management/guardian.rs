//! `/api/v2/guardian`, and what else is asked of a user's second factors beside their authentication methods.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::mfa::{factors, manage};
use postern_model::Authenticator;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

const UPDATE_USERS: Access = Access::Scopes(&["update:users"]);
const DELETE_ENROLLMENTS: Access = Access::Scopes(&["delete:guardian_enrollments"]);

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    tenant_routes().merge(enrollment_routes()).merge(user_routes())
}

fn tenant_routes() -> Routes<App> {
    let policies = Some(Content::json(policies_schema));
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/guardian/factors",
            Operation {
                response: Some(Content::json(factors_schema)),
                ..Operation::new("guardian_factor_list", "List factors", Access::Scopes(&["read:guardian_factors"]))
            },
            guardian_factor_list,
        )
        .add(
            Method::PUT,
            "/api/v2/guardian/factors/{name}",
            Operation {
                request: Some(Content::json(factor_schema)),
                response: Some(Content::json(factor_schema)),
                failures: &[404, 409, 413],
                ..Operation::new(
                    "guardian_factor_update",
                    "Enable or disable a factor",
                    Access::Scopes(&["update:guardian_factors"]),
                )
            },
            guardian_factor_update,
        )
        .add(
            Method::GET,
            "/api/v2/guardian/policies",
            Operation {
                response: policies,
                ..Operation::new(
                    "guardian_policy_list",
                    "When a factor is asked for whatever the actions say",
                    Access::Scopes(&["read:mfa_policies"]),
                )
            },
            guardian_policy_list,
        )
        .add(
            Method::PUT,
            "/api/v2/guardian/policies",
            Operation {
                request: policies,
                response: policies,
                failures: &[413],
                ..Operation::new(
                    "guardian_policy_replace",
                    "Ask for a factor at every login, or leave it to the actions",
                    Access::Scopes(&["update:mfa_policies"]),
                )
            },
            guardian_policy_replace,
        )
}

fn enrollment_routes() -> Routes<App> {
    let path = "/api/v2/guardian/enrollments/{id}";
    Routes::new()
        .add(
            Method::GET,
            path,
            Operation {
                response: Some(Content::json(enrollment_schema)),
                failures: &[404],
                ..Operation::new(
                    "guardian_enrollment_fetch",
                    "Get an enrolment",
                    Access::Scopes(&["read:guardian_enrollments"]),
                )
            },
            guardian_enrollment_fetch,
        )
        .add(
            Method::DELETE,
            path,
            Operation {
                success: 204,
                failures: &[404],
                ..Operation::new("guardian_enrollment_delete", "Take an enrolment from its user", DELETE_ENROLLMENTS)
            },
            guardian_enrollment_delete,
        )
}

fn user_routes() -> Routes<App> {
    let deletion = Operation { success: 204, failures: &[404], ..Operation::new("", "", UPDATE_USERS) };
    Routes::new()
        .add(
            Method::DELETE,
            "/api/v2/users/{id}/multifactor/{provider}",
            Operation { id: "user_multifactor_delete", summary: "Take a provider's factors from a user", ..deletion },
            user_multifactor_delete,
        )
        .add(
            Method::POST,
            "/api/v2/users/{id}/multifactor/actions/invalidate-remember-browser",
            Operation { id: "user_browsers_forget", summary: "Forget a user's remembered browsers", ..deletion },
            user_browsers_forget,
        )
        .add(
            Method::DELETE,
            "/api/v2/users/{id}/authenticators",
            Operation {
                id: "user_authenticators_delete",
                summary: "Take every factor from a user",
                access: DELETE_ENROLLMENTS,
                ..deletion
            },
            user_authenticators_delete,
        )
        .add(
            Method::GET,
            "/api/v2/users/{id}/enrollments",
            Operation {
                response: Some(Content::json(enrollments_schema)),
                failures: &[404],
                ..Operation::new(
                    "user_enrollments_list",
                    "The enrolments of a user",
                    Access::Scopes(&["read:users", "read:guardian_enrollments"]),
                )
            },
            user_enrollments_list,
        )
        .add(
            Method::POST,
            "/api/v2/users/{id}/recovery-code-regeneration",
            Operation {
                response: Some(Content::json(|| {
                    json!({
                        "type": "object", "properties": { "recovery_code": { "type": "string" } },
                    })
                })),
                failures: &[404, 409],
                ..Operation::new(
                    "recovery_code_regenerate",
                    "Make a new recovery code in the place of the old one",
                    Access::Scopes(&["update:guardian_enrollments"]),
                )
            },
            recovery_code_regenerate,
        )
}

fn factor_schema() -> Value {
    json!({ "type": "object", "required": ["enabled"], "properties": { "enabled": { "type": "boolean" } } })
}

fn factors_schema() -> Value {
    json!({ "type": "array", "items": { "type": "object", "properties": {
        "name": { "type": "string" }, "enabled": { "type": "boolean" }, "trial_expired": { "type": "boolean" },
    } } })
}

fn policies_schema() -> Value {
    json!({ "type": "array", "items": { "type": "string", "enum": ["all-applications"] } })
}

fn enrollment_schema() -> Value {
    json!({ "type": "object", "properties": {
        "id": { "type": "string" }, "status": { "type": "string", "enum": ["pending", "confirmed"] },
        "type": { "type": "string" }, "auth_method": { "type": "string" }, "name": { "type": "string" },
        "enrolled_at": { "type": "string" }, "last_auth": { "type": "string" },
    } })
}

fn enrollments_schema() -> Value {
    json!({ "type": "array", "items": enrollment_schema() })
}

fn enrollment(row: &Authenticator) -> Value {
    let mut object = Map::from_iter([
        ("id".to_owned(), json!(row.device())),
        ("status".to_owned(), json!(if row.confirmed { "confirmed" } else { "pending" })),
        ("type".to_owned(), json!("authenticator")),
        ("auth_method".to_owned(), json!("authenticator")),
    ]);
    object.extend(row.name.as_ref().map(|name| ("name".to_owned(), json!(name))));
    object.extend(row.enrolled_at.map(|at| ("enrolled_at".to_owned(), json!(at))));
    object.extend(row.last_auth_at.map(|at| ("last_auth".to_owned(), json!(at))));
    Value::Object(object)
}

async fn guardian_factor_list(State(app): State<App>, Caller(ctx): Caller) -> Result<Json<Value>, ApiError> {
    let found = factors::guardian_factor_list(&app, &ctx).await?;
    let row = |name: &str| json!({ "name": name, "enabled": found.get(name), "trial_expired": false });
    Ok(Json(factors::FACTOR_NAMES.into_iter().map(row).collect()))
}

#[derive(Debug, Deserialize)]
struct FactorBody {
    enabled: bool,
}

async fn guardian_factor_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(name): Path<String>,
    Json(body): Json<FactorBody>,
) -> Result<Json<Value>, ApiError> {
    factors::guardian_factor_update(&app, &ctx, &name, body.enabled).await?;
    Ok(Json(json!({ "enabled": body.enabled })))
}

async fn guardian_policy_list(State(app): State<App>, Caller(ctx): Caller) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(factors::guardian_policy_list(&app, &ctx).await?))
}

async fn guardian_policy_replace(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<Vec<String>>,
) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(factors::guardian_policy_replace(&app, &ctx, body).await?))
}

async fn guardian_enrollment_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(enrollment(&manage::guardian_enrollment_fetch(&app, &ctx, &id).await?)))
}

async fn guardian_enrollment_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    manage::guardian_enrollment_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user_multifactor_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, provider)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    manage::user_multifactor_delete(&app, &ctx, &id, &provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user_browsers_forget(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    manage::user_browsers_forget(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user_authenticators_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    manage::user_authenticators_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user_enrollments_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let rows = manage::user_enrollments_list(&app, &ctx, &id).await?;
    Ok(Json(rows.iter().map(enrollment).collect()))
}

async fn recovery_code_regenerate(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let code = manage::recovery_code_regenerate(&app, &ctx, &id).await?;
    Ok(Json(json!({ "recovery_code": code })))
}
