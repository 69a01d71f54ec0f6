//! `/api/v2/actions/modules`: source that several actions require.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::action_modules::{self, ModuleCreateMode, ModuleInput, ModuleUse, ModuleView};
use postern_model::ActionModuleVersion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::paging::{PAGE, PER_PAGE, Paging};
use super::actions::wire::{self, DependencyBody, SecretBody};
use super::actions::{CREATE, READ, UPDATE};
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

const LIST: &str = "/api/v2/actions/modules";
const ONE: &str = "/api/v2/actions/modules/{id}";
const VERSIONS: &str = "/api/v2/actions/modules/{id}/versions";

fn object() -> Value {
    json!({ "type": "object" })
}

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let response = Some(Content::json(object));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: const { &[PAGE, PER_PAGE] },
                response,
                ..Operation::new("action_module_list", "List Actions Modules, oldest first", READ)
            },
            module_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: response,
                success: 201,
                response,
                failures: &[409],
                ..Operation::new("action_module_create", "Make an Actions Module", CREATE)
            },
            module_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                response,
                failures: &[404],
                ..Operation::new("action_module_fetch", "Get an Actions Module", READ)
            },
            module_fetch,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: response,
                response,
                failures: &[404, 409],
                ..Operation::new("action_module_update", "Change the draft of an Actions Module", UPDATE)
            },
            module_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                failures: &[404, 412],
                ..Operation::new(
                    "action_module_delete",
                    "Delete an Actions Module that no action uses",
                    Access::Scopes(&["delete:actions"]),
                )
            },
            module_delete,
        )
        .merge(version_routes())
}

fn version_routes() -> Routes<App> {
    let response = Some(Content::json(object));
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/actions/modules/{id}/actions",
            Operation {
                query: const { &[PAGE, PER_PAGE] },
                response,
                failures: &[404],
                ..Operation::new("action_module_action_list", "List the deployed actions that use a module", READ)
            },
            module_actions,
        )
        .add(
            Method::GET,
            VERSIONS,
            Operation {
                query: const { &[PAGE, PER_PAGE] },
                response,
                failures: &[404],
                ..Operation::new("action_module_version_list", "List the versions of a module, newest first", READ)
            },
            version_list,
        )
        .add(
            Method::POST,
            VERSIONS,
            Operation {
                success: 201,
                response,
                failures: &[404, 409, 412],
                ..Operation::new("action_module_version_create", "Publish the draft of a module", CREATE)
            },
            version_create,
        )
        .add(
            Method::GET,
            "/api/v2/actions/modules/{id}/versions/{version_id}",
            Operation {
                response,
                failures: &[404],
                ..Operation::new("action_module_version_fetch", "Get a version of a module", READ)
            },
            version_fetch,
        )
        .add(
            Method::POST,
            "/api/v2/actions/modules/{id}/rollback",
            Operation {
                request: response,
                response,
                failures: &[404, 409],
                ..Operation::new("action_module_rollback", "Make a version's content the draft's", CREATE)
            },
            rollback,
        )
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    page: Option<u32>,
    per_page: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleBody {
    name: Option<String>,
    code: Option<String>,
    dependencies: Option<Vec<DependencyBody>>,
    secrets: Option<Vec<SecretBody>>,
    /// There is one.
    #[serde(rename = "api_version")]
    _api_version: Option<String>,
    /// Only when it is made.
    publish: Option<bool>,
}

impl ModuleBody {
    fn input(self) -> ModuleInput {
        ModuleInput {
            name: self.name,
            code: self.code,
            dependencies: self.dependencies.map(|list| list.into_iter().map(DependencyBody::dependency).collect()),
            secrets: self.secrets.map(|list| list.into_iter().map(SecretBody::input).collect()),
        }
    }
}

fn module(view: &ModuleView) -> Value {
    let ModuleView { module, latest, used_by } = view;
    let mut object = json!({
        "id": module.id,
        "name": module.name,
        "code": module.code,
        "dependencies": module.dependencies,
        "secrets": wire::secrets(&module.secrets),
        "actions_using_module_total": used_by,
        "all_changes_published": view.all_published(),
        "created_at": module.created_at,
        "updated_at": module.updated_at,
    });
    if let (Some(latest), Value::Object(object)) = (latest, &mut object) {
        let mut reference = version(latest);
        if let Value::Object(reference) = &mut reference {
            reference.remove("module_id");
        }
        object.insert("latest_version_number".to_owned(), json!(latest.number));
        object.insert("latest_version".to_owned(), reference);
    }
    object
}

fn version(version: &ActionModuleVersion) -> Value {
    json!({
        "id": version.id,
        "module_id": version.module_id,
        "version_number": version.number,
        "code": version.code,
        "dependencies": version.dependencies,
        "secrets": wire::secrets(&version.secrets),
        "created_at": version.created_at,
    })
}

fn user(found: &ModuleUse) -> Value {
    let ModuleUse { action, reference } = found;
    json!({
        "action_id": action.id,
        "action_name": action.name,
        "module_version_id": reference.module_version_id,
        "module_version_number": reference.module_version_number,
        "supported_triggers": wire::triggers(&action.trigger),
    })
}

async fn module_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::of(query.page, query.per_page)?;
    let (views, total) = action_modules::module_list(&app, &ctx, paging.slice()).await?;
    let rows: Vec<Value> = views.iter().map(module).collect();
    Ok(Json(whole("modules", &rows, (&query, total))))
}

/// A page with all its numbers, also those that are zero.
fn whole(name: &str, rows: &[Value], (query, total): (&ListQuery, usize)) -> Value {
    json!({
        name: rows, "total": total, "page": query.page.unwrap_or(0), "per_page": query.per_page.unwrap_or(50),
    })
}

async fn module_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ModuleBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mode = if body.publish == Some(true) { ModuleCreateMode::Publish } else { ModuleCreateMode::Draft };
    let view = action_modules::module_create(&app, &ctx, &body.input(), mode).await?;
    Ok((StatusCode::CREATED, Json(module(&view))))
}

async fn module_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(module(&action_modules::module_fetch(&app, &ctx, &id).await?)))
}

async fn module_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ModuleBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(module(&action_modules::module_update(&app, &ctx, &id, &body.input()).await?)))
}

async fn module_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    action_modules::module_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn module_actions(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::of(query.page, query.per_page)?;
    let (found, total) = action_modules::module_actions(&app, &ctx, &id, paging.slice()).await?;
    let rows: Vec<Value> = found.iter().map(user).collect();
    Ok(Json(whole("actions", &rows, (&query, total))))
}

async fn version_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::of(query.page, query.per_page)?;
    let (versions, total) = action_modules::module_version_list(&app, &ctx, &id, paging.slice()).await?;
    let rows: Vec<Value> = versions.iter().map(version).collect();
    Ok(Json(whole("versions", &rows, (&query, total))))
}

async fn version_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let made = action_modules::module_version_create(&app, &ctx, &id).await?;
    Ok((StatusCode::CREATED, Json(version(&made))))
}

async fn version_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, version_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(version(&action_modules::module_version_fetch(&app, &ctx, &id, &version_id).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackBody {
    module_version_id: String,
}

async fn rollback(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<RollbackBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(module(&action_modules::module_rollback(&app, &ctx, &id, &body.module_version_id).await?)))
}
