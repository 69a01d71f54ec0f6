//! `/api/v2/resource-servers`: APIs that tokens are for.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::resource_servers::{self, ResourceServerInput, ResourceServerView};
use postern_app::{App, AppError};
use postern_model::ScopeInfo;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{FIELDS, PARAMETERS, PageQuery, project};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:resource_servers"]);
const LIST: &str = "/api/v2/resource-servers";
const ONE: &str = "/api/v2/resource-servers/{id}";
const LIST_QUERY: [Parameter; 6] = [
    PARAMETERS[0],
    PARAMETERS[1],
    PARAMETERS[2],
    PARAMETERS[3],
    PARAMETERS[4],
    Parameter { name: "identifiers", kind: "string", summary: "Only these identifiers, separated by commas" },
];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let one = Some(Content::json(schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &LIST_QUERY,
                response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
                ..Operation::new("resource_server_list", "List APIs, the management API first", READ)
            },
            resource_server_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(create_schema)),
                success: 201,
                response: one,
                failures: &[409, 413],
                ..Operation::new(
                    "resource_server_create",
                    "Create an API",
                    Access::Scopes(&["create:resource_servers"]),
                )
            },
            resource_server_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                query: const { &[FIELDS[1]] },
                response: one,
                failures: &[404],
                ..Operation::new("resource_server_fetch", "Get an API by id or identifier", READ)
            },
            resource_server_fetch,
        )
        .merge(change_routes())
}

fn change_routes() -> Routes<App> {
    let one = Some(Content::json(schema));
    Routes::new()
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(update_schema)),
                response: one,
                failures: &[404, 409, 413],
                ..Operation::new(
                    "resource_server_update",
                    "Change an API; its scopes are replaced whole",
                    Access::Scopes(&["update:resource_servers"]),
                )
            },
            resource_server_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                ..Operation::new(
                    "resource_server_delete",
                    "Delete an API with what was granted on it",
                    Access::Scopes(&["delete:resource_servers"]),
                )
            },
            resource_server_delete,
        )
}

fn update_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "maxLength": 200 },
            "scopes": { "type": "array", "items": {
                "type": "object", "required": ["value"],
                "properties": { "value": { "type": "string" }, "description": { "type": "string" } },
            } },
            "signing_alg": { "type": "string", "enum": ["RS256"] },
            "token_lifetime": { "type": "integer" },
            "token_lifetime_for_web": { "type": "integer" },
            "allow_offline_access": { "type": "boolean" },
            "skip_consent_for_verifiable_first_party_clients": { "type": ["boolean", "null"] },
            "enforce_policies": { "type": ["boolean", "null"] },
            "token_dialect": { "type": ["string", "null"] },
            "subject_type_authorization": { "type": ["object", "null"] },
        },
    })
}

fn create_schema() -> Value {
    let mut schema = update_schema();
    if let Value::Object(object) = &mut schema {
        object.insert("required".to_owned(), json!(["identifier"]));
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.insert("identifier".to_owned(), json!({ "type": "string", "maxLength": 600 }));
        }
    }
    schema
}

fn schema() -> Value {
    let mut schema = create_schema();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("id".to_owned(), json!({ "type": "string" }));
        properties.insert("is_system".to_owned(), json!({ "type": "boolean" }));
    }
    schema
}

fn resource_server(ResourceServerView { row, is_system }: &ResourceServerView) -> Value {
    let mut object = Map::new();
    for (name, value) in [
        ("id", json!(row.id)),
        ("identifier", json!(row.identifier)),
        ("allow_offline_access", json!(row.allow_offline_access)),
        ("skip_consent_for_verifiable_first_party_clients", json!(false)),
        (
            "subject_type_authorization",
            json!({ "client": { "policy": "require_client_grant" }, "user": { "policy": "allow_all" } }),
        ),
        ("token_lifetime", json!(row.token_lifetime)),
        ("token_lifetime_for_web", json!(row.token_lifetime_for_web)),
        ("signing_alg", json!("RS256")),
    ] {
        object.insert(name.to_owned(), value);
    }
    if let Some(name) = &row.name {
        object.insert("name".to_owned(), json!(name));
    }
    if let Some(scopes) = &row.scopes {
        object.insert("scopes".to_owned(), json!(scopes));
    }
    if *is_system {
        object.insert("is_system".to_owned(), json!(true));
    }
    object.extend(row.settings.clone());
    Value::Object(object)
}

/// Body of POST and PATCH. Settings of later use are kept as they come.
#[derive(Debug, Deserialize)]
struct Body {
    identifier: Option<String>,
    name: Option<String>,
    scopes: Option<Vec<ScopeInfo>>,
    signing_alg: Option<String>,
    token_lifetime: Option<u64>,
    token_lifetime_for_web: Option<u64>,
    allow_offline_access: Option<bool>,
    #[serde(flatten)]
    settings: Map<String, Value>,
}

/// Settings with a type that is checked although they are only kept.
const FLAGS: &[&str] = &["skip_consent_for_verifiable_first_party_clients", "enforce_policies"];
/// Settings that are kept.
const OTHERS: &[&str] = &[
    "signing_secret",
    "token_dialect",
    "token_encryption",
    "consent_policy",
    "authorization_details",
    "proof_of_possession",
    "subject_type_authorization",
    "client_id",
    "allow_online_access",
    "authorization_policy",
    "verificationLocation",
];
const DIALECTS: &[&str] = &["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"];

impl Body {
    fn input(self) -> Result<ResourceServerInput, AppError> {
        // One key signs everything; another algorithm would be a promise.
        if self.signing_alg.is_some_and(|alg| alg != "RS256") {
            return Err(AppError::invalid_body("'signing_alg' must be RS256"));
        }
        for (name, value) in &self.settings {
            let name = name.as_str();
            if !FLAGS.contains(&name) && !OTHERS.contains(&name) {
                return Err(AppError::invalid_body(format!("Additional properties not allowed: {name}")));
            }
            if FLAGS.contains(&name) && !value.is_boolean() && !value.is_null() {
                return Err(AppError::invalid_body(format!("Expected type boolean on property {name}")));
            }
            if name == "subject_type_authorization" && !value.is_object() && !value.is_null() {
                return Err(AppError::invalid_body(format!("Expected type object on property {name}")));
            }
            let dialect = value.as_str().is_some_and(|dialect| DIALECTS.contains(&dialect));
            if name == "token_dialect" && !dialect && !value.is_null() {
                return Err(AppError::invalid_body(format!("'token_dialect' must be one of {}", DIALECTS.join(", "))));
            }
        }
        Ok(ResourceServerInput {
            identifier: self.identifier,
            name: self.name,
            scopes: self.scopes,
            token_lifetime: self.token_lifetime,
            token_lifetime_for_web: self.token_lifetime_for_web,
            allow_offline_access: self.allow_offline_access,
            settings: self.settings,
        })
    }
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    identifiers: Option<String>,
}

async fn resource_server_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = resource_servers::resource_server_list(&app, &ctx).await?;
    let wanted = |view: &&ResourceServerView| match &query.identifiers {
        Some(list) => list.split(',').any(|identifier| identifier.trim() == view.row.identifier),
        None => true,
    };
    let rows = found.iter().filter(wanted).map(resource_server).collect();
    Ok(Json(page.paging()?.answer_all("resource_servers", rows)?))
}

async fn resource_server_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<Body>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let made = resource_servers::resource_server_create(&app, &ctx, body.input()?).await?;
    Ok((StatusCode::CREATED, Json(resource_server(&made))))
}

#[derive(Debug, Default, Deserialize)]
struct FieldsQuery {
    fields: Option<String>,
    include_fields: Option<bool>,
}

async fn resource_server_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(fields): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = resource_servers::resource_server_fetch(&app, &ctx, &id).await?;
    Ok(Json(project(resource_server(&found), fields.fields.as_deref(), fields.include_fields)))
}

async fn resource_server_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(resource_server(&resource_servers::resource_server_update(&app, &ctx, &id, body.input()?).await?)))
}

async fn resource_server_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    resource_servers::resource_server_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
