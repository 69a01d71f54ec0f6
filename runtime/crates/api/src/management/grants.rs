//! `/api/v2/client-grants`: which scopes of which API a client's own tokens may hold.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::grants::{self, GrantFilter, GrantInput};
use postern_app::{App, AppError, OpCtx};
use postern_model::ClientGrant;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

const LIST: &str = "/api/v2/client-grants";
const ONE: &str = "/api/v2/client-grants/{id}";
const LIST_QUERY: [Parameter; 8] = [
    PARAMETERS[0],
    PARAMETERS[1],
    PARAMETERS[2],
    PARAMETERS[3],
    PARAMETERS[4],
    Parameter { name: "client_id", kind: "string", summary: "Only this client's" },
    Parameter { name: "audience", kind: "string", summary: "Only those on this API" },
    Parameter { name: "subject_type", kind: "string", summary: "client or user: about whose tokens" },
];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let grant = Some(Content::json(schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &LIST_QUERY,
                response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
                ..Operation::new("grant_list", "List client grants", Access::Scopes(&["read:client_grants"]))
            },
            grant_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(schema)),
                success: 201,
                response: grant,
                failures: &[404, 409],
                ..Operation::new("grant_create", "Grant a client scopes", Access::Scopes(&["create:client_grants"]))
            },
            grant_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                response: grant,
                failures: &[404],
                ..Operation::new("grant_fetch", "Get a grant", Access::Scopes(&["read:client_grants"]))
            },
            grant_fetch,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(update_schema)),
                response: grant,
                failures: &[404, 409],
                ..Operation::new("grant_update", "Change a grant", Access::Scopes(&["update:client_grants"]))
            },
            grant_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                ..Operation::new("grant_delete", "Remove a grant", Access::Scopes(&["delete:client_grants"]))
            },
            grant_delete,
        )
}

fn update_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "scope": { "type": "array", "items": { "type": "string" } },
            "organization_usage": { "type": ["string", "null"] },
            "allow_any_organization": { "type": ["boolean", "null"] },
            "allow_all_scopes": { "type": ["boolean", "null"] },
            "authorization_details_types": { "type": ["array", "null"], "items": { "type": "string" } },
        },
        "additionalProperties": false,
    })
}

fn schema() -> Value {
    let mut schema = update_schema();
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for name in ["client_id", "audience"] {
            properties.insert(name.to_owned(), json!({ "type": "string" }));
        }
        properties
            .insert("subject_type".to_owned(), json!({ "type": ["string", "null"], "enum": ["client", "user", null] }));
    }
    if let Value::Object(object) = &mut schema {
        object.insert("required".to_owned(), json!(["client_id", "audience", "scope"]));
    }
    schema
}

fn grant(ctx: &OpCtx, grant: &ClientGrant) -> Value {
    let mut object = Map::new();
    for (name, value) in [
        ("id", json!(grant.id)),
        ("client_id", json!(grant.client_id)),
        ("audience", json!(grants::audience_of(&ctx.tenant, grant))),
        ("scope", json!(grant.scope)),
    ] {
        object.insert(name.to_owned(), value);
    }
    object.extend(grant.settings.clone());
    Value::Object(object)
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    client_id: Option<String>,
    audience: Option<String>,
    subject_type: Option<String>,
}

async fn grant_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let filter = GrantFilter { client_id: query.client_id, audience: query.audience, subject_type: query.subject_type };
    let found = grants::grant_list(&app, &ctx, &filter).await?;
    Ok(Json(page.paging()?.answer_all("client_grants", found.iter().map(|row| grant(&ctx, row)).collect())?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    client_id: String,
    audience: String,
    scope: Option<Vec<String>>,
    subject_type: Option<String>,
    organization_usage: Option<String>,
    allow_any_organization: Option<bool>,
    allow_all_scopes: Option<bool>,
    authorization_details_types: Option<Vec<String>>,
}

fn settings<const N: usize>(given: [(&str, Option<Value>); N]) -> Map<String, Value> {
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

async fn grant_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<CreateBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    if body.scope.is_none() && body.allow_all_scopes != Some(true) {
        return Err(AppError::invalid_body("Missing required property: scope").into());
    }
    if body.subject_type.as_deref().is_some_and(|kind| !["client", "user"].contains(&kind)) {
        return Err(AppError::invalid_body("'subject_type' must be client or user").into());
    }
    let input = GrantInput {
        scope: body.scope,
        settings: settings([
            ("subject_type", body.subject_type.map(|it| json!(it))),
            ("organization_usage", body.organization_usage.map(|it| json!(it))),
            ("allow_any_organization", body.allow_any_organization.map(|it| json!(it))),
            ("allow_all_scopes", body.allow_all_scopes.map(|it| json!(it))),
            ("authorization_details_types", body.authorization_details_types.map(|it| json!(it))),
        ]),
    };
    let created = grants::grant_create(&app, &ctx, &body.client_id, &body.audience, input).await?;
    Ok((StatusCode::CREATED, Json(grant(&ctx, &created))))
}

async fn grant_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(grant(&ctx, &grants::grant_fetch(&app, &ctx, &id).await?)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateBody {
    scope: Option<Vec<String>>,
    organization_usage: Option<String>,
    allow_any_organization: Option<bool>,
    allow_all_scopes: Option<bool>,
    authorization_details_types: Option<Vec<String>>,
}

async fn grant_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<UpdateBody>,
) -> Result<Json<Value>, ApiError> {
    let input = GrantInput {
        scope: body.scope,
        settings: settings([
            ("organization_usage", body.organization_usage.map(|it| json!(it))),
            ("allow_any_organization", body.allow_any_organization.map(|it| json!(it))),
            ("allow_all_scopes", body.allow_all_scopes.map(|it| json!(it))),
            ("authorization_details_types", body.authorization_details_types.map(|it| json!(it))),
        ]),
    };
    Ok(Json(grant(&ctx, &grants::grant_update(&app, &ctx, &id, input).await?)))
}

async fn grant_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    grants::grant_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
