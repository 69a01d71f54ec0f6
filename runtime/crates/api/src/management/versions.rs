//! `/api/v2/actions/actions/{id}/versions`: the versions of an action, and rollback.

use axum::extract::State;
use axum::http::Method;
use postern_app::App;
use postern_app::versions::{self, RollbackMode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::paging::{PAGE, PER_PAGE, Paging};
use super::actions::{CREATE, READ, schema, wire};
use crate::error::ApiError;
use crate::extract::{Json, OptionalJson, Path, Query};
use crate::openapi::{Content, Operation, Routes};
use crate::permission::Caller;

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/actions/actions/{id}/versions",
            Operation {
                query: &[PAGE, PER_PAGE],
                response: Some(Content::json(schema::version_list)),
                failures: &[404],
                ..Operation::new("version_list", "List the versions of an action, newest first", READ)
            },
            version_list,
        )
        .add(
            Method::GET,
            "/api/v2/actions/actions/{id}/versions/{version_id}",
            Operation {
                response: Some(Content::json(schema::version)),
                failures: &[404],
                ..Operation::new("version_fetch", "Get a version", READ)
            },
            version_fetch,
        )
        .add(
            Method::POST,
            "/api/v2/actions/actions/{id}/versions/{version_id}/deploy",
            Operation {
                request: Some(Content::json(schema::rollback)),
                response: Some(Content::json(schema::version)),
                failures: &[404, 409],
                ..Operation::new(
                    "version_rollback",
                    "Roll back: deploy a new version with the content of this one",
                    CREATE,
                )
            },
            version_rollback,
        )
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    page: Option<u32>,
    per_page: Option<u32>,
}

async fn version_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = Paging::of(query.page, query.per_page)?;
    let (action, versions, total) = versions::version_list(&app, &ctx, &id, paging.slice()).await?;
    let rows: Vec<_> = versions.iter().map(|version| wire::version(version, &action)).collect();
    Ok(Json(paging.list("versions", json!(rows), total)))
}

async fn version_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, version_id)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let (version, action) = versions::version_fetch(&app, &ctx, &id, &version_id).await?;
    Ok(Json(json!(wire::version(&version, &action))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackBody {
    update_draft: Option<bool>,
}

async fn version_rollback(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, version_id)): Path<(String, String)>,
    OptionalJson(body): OptionalJson<RollbackBody>,
) -> Result<Json<Value>, ApiError> {
    let update = body.unwrap_or_default().update_draft.unwrap_or(false);
    let mode = if update { RollbackMode::UpdateDraft } else { RollbackMode::KeepDraft };
    let (version, action) = versions::version_rollback(&app, &ctx, &id, &version_id, mode).await?;
    Ok(Json(json!(wire::deploying(&version, &action))))
}
