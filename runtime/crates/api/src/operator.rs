//! `/operator/v1`: what stands above the tenants, for the one who runs the program.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use postern_app::tenants::{self, TenantSettings};
use postern_app::{App, export};
use postern_model::tenant::Egress;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::{Json, OptionalJson, Path};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Operator;

const TENANTS: &str = "/operator/v1/tenants";

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::POST,
            TENANTS,
            Operation {
                request: Some(Content::json(tenant_schema)),
                success: 201,
                response: Some(Content::json(new_tenant_schema)),
                failures: &[409],
                ..Operation::new("tenant_create", "Create a tenant with its management client", Access::Operator)
            },
            tenant_create,
        )
        .add(
            Method::GET,
            TENANTS,
            Operation {
                response: Some(Content::json(|| json!({ "type": "array", "items": tenant_schema() }))),
                ..Operation::new("tenant_list", "List the tenants", Access::Operator)
            },
            tenant_list,
        )
        .add(
            Method::PATCH,
            "/operator/v1/tenants/{name}",
            Operation {
                request: Some(Content::json(settings_schema)),
                response: Some(Content::json(settings_schema)),
                failures: &[404, 409],
                ..Operation::new("tenant_update", "Change a tenant's egress setting and limits", Access::Operator)
            },
            tenant_update,
        )
        .add(
            Method::POST,
            "/operator/v1/export",
            Operation {
                request: Some(Content::json(
                    || json!({ "type": "object", "properties": { "tenant": { "type": "string" } } }),
                )),
                response: Some(Content {
                    media_type: "application/zstd",
                    schema: || json!({ "type": "string", "format": "binary" }),
                }),
                ..Operation::new(
                    "export_create",
                    "Export everything, or one tenant, while logins go on",
                    Access::Operator,
                )
            },
            export_create,
        )
}

fn tenant_schema() -> Value {
    json!({
        "type": "object", "required": ["name", "domain"],
        "properties": { "name": { "type": "string" }, "domain": { "type": "string" } },
    })
}

fn settings_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "egress": { "type": "string", "enum": ["public", "none"] },
            "limits": { "type": ["object", "null"], "additionalProperties": { "type": "integer" } },
            "rate_limits": { "type": ["object", "null"], "additionalProperties": { "type": "object" } },
        },
    })
}

fn new_tenant_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" }, "domain": { "type": "string" }, "issuer": { "type": "string" },
            "management": {
                "type": "object",
                "properties": { "client_id": { "type": "string" }, "client_secret": { "type": "string" } },
            },
        },
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantBody {
    name: String,
    domain: String,
}

async fn tenant_create(
    State(app): State<App>,
    _operator: Operator,
    Json(body): Json<TenantBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let new = tenants::tenant_create(&app, &body.name, &body.domain, Timestamp::now()).await?;
    let answer = json!({
        "name": new.tenant.id,
        "domain": new.tenant.domain,
        "issuer": app.scheme().issuer(&new.tenant.domain),
        "management": { "client_id": new.client_id, "client_secret": new.client_secret },
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn tenant_list(State(app): State<App>, _operator: Operator) -> Result<Json<Value>, ApiError> {
    let tenants = tenants::tenant_list(&app).await?;
    let rows = tenants
        .iter()
        .map(|tenant| {
            let issuer = app.scheme().issuer(&tenant.domain);
            json!({ "name": tenant.id, "domain": tenant.domain, "issuer": issuer })
        })
        .collect();
    Ok(Json(rows))
}

/// `limits: null` is a wish of its own.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsBody {
    egress: Option<Egress>,
    #[serde(default, deserialize_with = "given")]
    limits: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    rate_limits: Option<Value>,
}

async fn tenant_update(
    State(app): State<App>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(body): Json<SettingsBody>,
) -> Result<Json<Value>, ApiError> {
    let settings = TenantSettings { egress: body.egress, limits: body.limits, rate_limits: body.rate_limits };
    let tenant = tenants::tenant_update(&app, &name, settings).await?;
    Ok(Json(json!({
        "name": tenant.id,
        "domain": tenant.domain,
        "egress": tenant.egress,
        "limits": tenant.limits.unwrap_or_default(),
        "rate_limits": tenant.rate_limits,
    })))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportBody {
    tenant: Option<String>,
}

async fn export_create(
    State(app): State<App>,
    _operator: Operator,
    OptionalJson(body): OptionalJson<ExportBody>,
) -> Result<Response, ApiError> {
    let file = export::export_create(&app, body.unwrap_or_default().tenant.as_deref()).await?;
    let body = Body::from_stream(tokio_util::io::ReaderStream::new(tokio::fs::File::from_std(file)));
    Ok(([(CONTENT_TYPE, "application/zstd")], body).into_response())
}
