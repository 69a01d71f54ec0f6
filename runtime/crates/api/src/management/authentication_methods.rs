//! `/api/v2/users/{id}/authentication-methods`.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::error::AppError;
use postern_app::mfa::manage::{self, MethodInput};
use postern_model::Authenticator;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

const LIST: &str = "/api/v2/users/{id}/authentication-methods";
const ONE: &str = "/api/v2/users/{id}/authentication-methods/{methodId}";
const READ: Access = Access::Scopes(&["read:authentication_methods"]);
const UPDATE: Access = Access::Scopes(&["update:authentication_methods"]);
const DELETE: Access = Access::Scopes(&["delete:authentication_methods"]);

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let created = Some(Content::json(schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &PARAMETERS,
                response: Some(Content::json(list_schema)),
                failures: &[404],
                ..Operation::new("authentication_method_list", "A user's authentication methods", READ)
            },
            authentication_method_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(create_schema)),
                success: 201,
                response: created,
                failures: &[404, 409, 413],
                ..Operation::new(
                    "authentication_method_create",
                    "Enter an authentication method of a user",
                    Access::Scopes(&["create:authentication_methods"]),
                )
            },
            authentication_method_create,
        )
        .add(
            Method::PUT,
            LIST,
            Operation {
                request: Some(Content::json(|| json!({ "type": "array", "minItems": 1, "items": create_schema() }))),
                response: Some(Content::json(list_schema)),
                failures: &[404, 409, 413],
                ..Operation::new("authentication_method_replace", "Replace a user's authentication methods", UPDATE)
            },
            authentication_method_replace,
        )
        .add(
            Method::DELETE,
            LIST,
            Operation {
                success: 204,
                failures: &[404],
                ..Operation::new("authentication_method_delete_all", "Delete a user's authentication methods", DELETE)
            },
            authentication_method_delete_all,
        )
        .merge(one_routes())
}

fn one_routes() -> Routes<App> {
    let method = Some(Content::json(schema));
    Routes::new()
        .add(
            Method::GET,
            ONE,
            Operation {
                response: method,
                failures: &[404],
                ..Operation::new("authentication_method_fetch", "Get an authentication method", READ)
            },
            authentication_method_fetch,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(|| {
                    json!({
                        "type": "object", "properties": { "name": { "type": "string" } },
                    })
                })),
                response: method,
                failures: &[404, 409, 413],
                ..Operation::new("authentication_method_update", "Name an authentication method", UPDATE)
            },
            authentication_method_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                failures: &[404],
                ..Operation::new("authentication_method_delete", "Delete an authentication method", DELETE)
            },
            authentication_method_delete,
        )
}

fn schema() -> Value {
    json!({ "type": "object", "properties": {
        "id": { "type": "string" }, "type": { "type": "string" }, "name": { "type": "string" },
        "confirmed": { "type": "boolean" }, "totp_secret": { "type": "string" }, "created_at": { "type": "string" },
        "enrolled_at": { "type": "string" }, "last_auth_at": { "type": "string" },
    } })
}

fn list_schema() -> Value {
    json!({ "anyOf": [
        { "type": "array", "items": schema() },
        { "type": "object", "properties": { "authenticators": { "type": "array", "items": schema() } } },
    ] })
}

fn create_schema() -> Value {
    json!({ "type": "object", "required": ["type"], "properties": {
        "type": { "type": "string", "description": "totp" }, "name": { "type": "string" },
        "totp_secret": { "type": "string", "description": "16 to 64 bytes in base32; made when left out" },
    } })
}

fn method(row: &Authenticator) -> Map<String, Value> {
    let mut object = Map::from_iter([
        ("id".to_owned(), json!(row.id)),
        ("type".to_owned(), json!(row.kind.method())),
        ("confirmed".to_owned(), json!(row.confirmed)),
        ("created_at".to_owned(), json!(row.created_at)),
    ]);
    object.extend(row.name.as_ref().map(|name| ("name".to_owned(), json!(name))));
    object.extend(row.enrolled_at.map(|at| ("enrolled_at".to_owned(), json!(at))));
    object.extend(row.last_auth_at.map(|at| ("last_auth_at".to_owned(), json!(at))));
    object
}

/// What Auth0 clients send of a method; the fields of kinds that are not served are let by.
#[derive(Deserialize)]
struct MethodBody {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    totp_secret: Option<String>,
}

impl MethodBody {
    fn input(self) -> Result<MethodInput, AppError> {
        let kind = self.kind.ok_or_else(|| AppError::invalid_body("Missing required property: type"))?;
        Ok(MethodInput { kind, name: self.name, totp_secret: self.totp_secret })
    }
}

async fn authentication_method_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Value>, ApiError> {
    let rows = manage::authentication_method_list(&app, &ctx, &id).await?;
    let rows = rows.iter().map(|row| Value::Object(method(row))).collect();
    Ok(Json(page.paging()?.answer_all("authenticators", rows)?))
}

async fn authentication_method_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<MethodBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let made = manage::authentication_method_create(&app, &ctx, &id, &body.input()?).await?;
    let mut object = method(&made.row);
    object.insert("totp_secret".to_owned(), json!(made.totp_secret));
    Ok((StatusCode::CREATED, Json(Value::Object(object))))
}

async fn authentication_method_replace(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<Vec<MethodBody>>,
) -> Result<Json<Value>, ApiError> {
    if body.is_empty() {
        return Err(AppError::invalid_body("Array is too short (0), minimum 1").into());
    }
    let inputs = body.into_iter().map(MethodBody::input).collect::<Result<Vec<_>, _>>()?;
    let rows = manage::authentication_method_replace(&app, &ctx, &id, &inputs).await?;
    Ok(Json(rows.iter().map(|row| Value::Object(method(row))).collect()))
}

async fn authentication_method_delete_all(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    manage::authentication_method_delete_all(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn authentication_method_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, one)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let row = manage::authentication_method_fetch(&app, &ctx, &id, &one).await?;
    Ok(Json(Value::Object(method(&row))))
}

#[derive(Debug, Deserialize)]
struct NameBody {
    name: Option<String>,
}

async fn authentication_method_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, one)): Path<(String, String)>,
    Json(body): Json<NameBody>,
) -> Result<Json<Value>, ApiError> {
    let row = manage::authentication_method_update(&app, &ctx, &id, &one, body.name).await?;
    Ok(Json(Value::Object(method(&row))))
}

async fn authentication_method_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path((id, one)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    manage::authentication_method_delete(&app, &ctx, &id, &one).await?;
    Ok(StatusCode::NO_CONTENT)
}
