//! `/api/v2/users`: users, their metadata and its history.

mod access;
mod identities;
pub(crate) mod wire;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::error::AppError;
use postern_app::roles::{self, RoleChange};
use postern_app::users::{self, UserQuery, UserWindow};
use serde::Deserialize;
use serde_json::{Value, json};

use self::wire::UserBody;
use super::logs::wire as log_wire;
use super::roles::wire as role_wire;
use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{FIELDS, PARAMETERS, PageQuery, Paging, project};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:users"]);
const UPDATE: Access = Access::Scopes(&["update:users"]);
const LIST: &str = "/api/v2/users";
const ONE: &str = "/api/v2/users/{id}";

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let user = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: const {
                    &[
                        PARAMETERS[0],
                        PARAMETERS[1],
                        PARAMETERS[2],
                        PARAMETERS[3],
                        PARAMETERS[4],
                        Q,
                        ENGINE,
                        SORT,
                        CONNECTION,
                        FIELDS[0],
                        FIELDS[1],
                    ]
                },
                response: Some(Content::json(wire::list_schema)),
                ..Operation::new("user_list", "List or search users", READ)
            },
            user_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(wire::create_schema)),
                success: 201,
                response: user,
                failures: &[409, 413],
                ..Operation::new("user_create", "Create a user", Access::Scopes(&["create:users"]))
            },
            user_create,
        )
        .add(
            Method::GET,
            "/api/v2/users-by-email",
            Operation {
                query: const { &[EMAIL, FIELDS[0], FIELDS[1]] },
                response: Some(Content::json(wire::list_schema)),
                ..Operation::new("user_list_by_email", "Find users by address", READ)
            },
            user_list_by_email,
        )
        .merge(one_routes())
        .merge(record_routes())
        .merge(role_routes())
        .merge(identities::routes())
        .merge(access::routes())
}

fn one_routes() -> Routes<App> {
    let user = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::GET,
            ONE,
            Operation {
                query: &FIELDS,
                response: user,
                failures: &[404],
                ..Operation::new("user_fetch", "Get a user", Access::Scopes(&["read:users", "read:current_user"]))
            },
            user_fetch,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(wire::update_schema)),
                response: user,
                failures: &[404, 409, 413],
                ..Operation::new(
                    "user_update",
                    "Change a user; metadata is merged at the first level",
                    Access::Scopes(&[
                        "update:users",
                        "update:users_app_metadata",
                        "update:current_user_metadata",
                        "create:current_user_metadata",
                    ]),
                )
            },
            user_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                ..Operation::new(
                    "user_delete",
                    "Delete a user",
                    Access::Scopes(&["delete:users", "delete:current_user"]),
                )
            },
            user_delete,
        )
}

fn record_routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/users/{id}/history",
            Operation {
                query: const { &[PARAMETERS[3], PARAMETERS[4]] },
                response: Some(Content::json(wire::history_schema)),
                failures: &[404],
                ..Operation::new("user_history_list", "Who changed which metadata key when, newest first", READ)
            },
            user_history_list,
        )
        .add(
            Method::GET,
            "/api/v2/users/{id}/logs",
            Operation {
                query: const { &[PARAMETERS[0], PARAMETERS[1], PARAMETERS[2], LOG_SORT] },
                response: Some(Content::json(log_wire::list_schema)),
                failures: &[404],
                ..Operation::new(
                    "user_logs_list",
                    "A user's entries of the tenant log, newest first",
                    Access::Scopes(&["read:logs", "read:logs_users"]),
                )
            },
            user_logs_list,
        )
}

fn role_routes() -> Routes<App> {
    let path = "/api/v2/users/{id}/roles";
    let role_list = Some(Content::json(role_wire::list_schema));
    Routes::new()
        .add(
            Method::GET,
            path,
            Operation {
                query: const { &[PARAMETERS[0], PARAMETERS[1], PARAMETERS[2]] },
                response: role_list,
                failures: &[404],
                ..Operation::new("user_roles_list", "The roles of a user", READ)
            },
            user_roles_list,
        )
        .add(
            Method::POST,
            path,
            Operation {
                request: Some(Content::json(role_wire::assign_schema)),
                success: 204,
                failures: &[404],
                ..Operation::new("user_roles_assign", "Give a user roles", UPDATE)
            },
            user_roles_assign,
        )
        .add(
            Method::DELETE,
            path,
            Operation {
                request: Some(Content::json(role_wire::assign_schema)),
                success: 204,
                failures: &[404],
                ..Operation::new("user_roles_remove", "Take roles from a user", UPDATE)
            },
            user_roles_remove,
        )
}

const Q: Parameter = Parameter { name: "q", kind: "string", summary: "A query in the Lucene syntax" };
const ENGINE: Parameter = Parameter { name: "search_engine", kind: "string", summary: "v3, the only one there is" };
const SORT: Parameter = Parameter { name: "sort", kind: "string", summary: "field:1 or field:-1" };
const LOG_SORT: Parameter = Parameter { name: "sort", kind: "string", summary: "date:-1 (default) or date:1" };
const CONNECTION: Parameter =
    Parameter { name: "connection", kind: "string", summary: "Only users of this connection" };
const EMAIL: Parameter = Parameter { name: "email", kind: "string", summary: "The address" };

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    q: Option<String>,
    search_engine: Option<String>,
    sort: Option<String>,
    connection: Option<String>,
}

impl ListQuery {
    fn of(self, paging: &Paging) -> Result<UserQuery, AppError> {
        if self.search_engine.is_some_and(|engine| engine != "v3") {
            return Err(AppError::invalid_query("'search_engine' must be v3"));
        }
        let window = match paging {
            Paging::Offset { per_page, totals, .. } => {
                UserWindow::Offset { offset: paging.offset()?, limit: *per_page, totals: *totals }
            }
            Paging::Checkpoint { from, take } => UserWindow::After { from: from.clone(), take: *take },
        };
        Ok(UserQuery { q: self.q, sort: self.sort, connection: self.connection, window })
    }
}

#[derive(Debug, Default, Deserialize)]
struct FieldsQuery {
    fields: Option<String>,
    include_fields: Option<bool>,
}

impl FieldsQuery {
    fn of(&self, user: &postern_model::User) -> Value {
        project(wire::user(user), self.fields.as_deref(), self.include_fields)
    }
}

async fn user_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = page.paging()?;
    let found = users::user_list(&app, &ctx, &query.of(&paging)?).await?;
    let rows: Vec<Value> = found.rows.iter().map(|user| fields.of(user)).collect();
    if let Paging::Checkpoint { .. } = paging {
        let mut answer = json!({ "users": rows });
        if let (Some(next), Value::Object(answer)) = (found.next, &mut answer) {
            answer.insert("next".to_owned(), json!(next));
        }
        return Ok(Json(answer));
    }
    Ok(Json(paging.answer("users", rows, found.total)?))
}

async fn user_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<UserBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let user = users::user_create(&app, &ctx, body.create()?).await?;
    Ok((StatusCode::CREATED, Json(wire::user(&user))))
}

#[derive(Debug, Deserialize)]
struct EmailQuery {
    email: String,
}

async fn user_list_by_email(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(query): Query<EmailQuery>,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = users::user_list_by_email(&app, &ctx, &query.email).await?;
    Ok(Json(found.iter().map(|user| fields.of(user)).collect()))
}

async fn user_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    let user = users::user_fetch(&app, &ctx, &id).await?;
    Ok(Json(fields.of(&user)))
}

async fn user_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<UserBody>,
) -> Result<Json<Value>, ApiError> {
    let user = users::user_update(&app, &ctx, &id, body.update()?).await?;
    Ok(Json(wire::user(&user)))
}

async fn user_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    users::user_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user_history_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = page.paging()?;
    let from = match &paging {
        Paging::Checkpoint { from, .. } => from.clone(),
        Paging::Offset { .. } => None,
    };
    let page = users::user_history_list(&app, &ctx, &id, from, paging.limit().max(1)).await?;
    let mut answer = json!({ "history": page.rows.iter().map(wire::history).collect::<Vec<_>>() });
    if let (Some(next), Value::Object(answer)) = (page.next, &mut answer) {
        answer.insert("next".to_owned(), json!(next));
    }
    Ok(Json(answer))
}

#[derive(Debug, Default, Deserialize)]
struct LogOrder {
    sort: Option<String>,
}

impl LogOrder {
    fn is_ascending(&self) -> Result<bool, AppError> {
        match self.sort.as_deref() {
            None | Some("date:-1") => Ok(false),
            Some("date:1") => Ok(true),
            Some(_) => Err(AppError::invalid_query("'sort' must be date:1 or date:-1")),
        }
    }
}

async fn user_logs_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
    Query(order): Query<LogOrder>,
) -> Result<Json<Value>, ApiError> {
    let paging = page.paging()?;
    let window = (paging.offset()?, paging.limit());
    let (entries, total) = users::user_logs_list(&app, &ctx, &id, order.is_ascending()?, window).await?;
    Ok(Json(paging.answer("logs", entries.iter().map(log_wire::entry).collect(), total)?))
}

async fn user_roles_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = roles::user_roles_list(&app, &ctx, &id).await?;
    Ok(Json(page.paging()?.answer_all("roles", found.iter().map(role_wire::role).collect())?))
}

async fn user_roles_assign(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<role_wire::AssignBody>,
) -> Result<StatusCode, ApiError> {
    roles::user_roles_update(&app, &ctx, &id, &body.roles, RoleChange::Assign).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn user_roles_remove(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<role_wire::AssignBody>,
) -> Result<StatusCode, ApiError> {
    roles::user_roles_update(&app, &ctx, &id, &body.roles, RoleChange::Remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
