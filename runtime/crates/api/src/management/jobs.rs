//! `/api/v2/jobs`: imports and exports of users, mails to confirm an address.

mod wire;

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use postern_app::error::{AppError, Code};
use postern_app::jobs::{self, ExportInput, IMPORT_BYTES, ImportInput};
use postern_app::{App, OpCtx};
use postern_model::{ExportField, ExportFormat, Job, JobKind, JobStatus};
use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::extract::{Json, Path, Query, body};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::permission::{Caller, Host};

const READ: Access = Access::Scopes(&["create:users", "read:users"]);
/// What a form has beside the file: other fields and the lines between them.
const FORM_BYTES: usize = 64 * 1024;

/// The routes of this module.
pub(super) fn routes() -> Routes<App> {
    let job = Some(Content::json(wire::schema));
    Routes::new()
        .add(
            Method::POST,
            "/api/v2/jobs/users-imports",
            Operation {
                request: Some(Content { media_type: "multipart/form-data", schema: wire::import_schema }),
                success: 202,
                response: job,
                failures: &[404, 413],
                ..Operation::new("job_import_create", "Import users", Access::Scopes(&["create:users"]))
            },
            job_import_create,
        )
        .add(
            Method::POST,
            "/api/v2/jobs/users-exports",
            Operation {
                request: Some(Content::json(wire::export_schema)),
                response: job,
                failures: &[404, 413],
                ..Operation::new("job_export_create", "Export users", Access::Scopes(&["read:users"]))
            },
            job_export_create,
        )
        .add(
            Method::POST,
            "/api/v2/jobs/verification-email",
            Operation {
                request: Some(Content::json(wire::verification_schema)),
                success: 201,
                response: job,
                failures: &[404, 413],
                ..Operation::new(
                    "job_verification_create",
                    "Send a mail to confirm a user's address",
                    Access::Scopes(&["update:users"]),
                )
            },
            job_verification_create,
        )
        .merge(one_routes())
}

fn one_routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/jobs/{id}",
            Operation {
                response: Some(Content::json(wire::schema)),
                failures: &[404],
                ..Operation::new("job_fetch", "Get a job", READ)
            },
            job_fetch,
        )
        .add(
            Method::GET,
            "/api/v2/jobs/{id}/errors",
            Operation {
                response: Some(Content::json(wire::errors_schema)),
                failures: &[404],
                ..Operation::new("job_errors_list", "The rows of an import that were refused; 204 when none", READ)
            },
            job_errors_list,
        )
        .add(
            Method::GET,
            "/api/v2/jobs/{id}/file",
            Operation {
                query: const { &[TOKEN] },
                response: Some(Content { media_type: "application/gzip", schema: wire::file_schema }),
                failures: &[401, 404],
                ..Operation::new("job_file_fetch", "The file of an export, by the job's 'location'", Access::Public)
            },
            job_file_fetch,
        )
}

const TOKEN: Parameter = Parameter { name: "token", kind: "string", summary: "Part of the job's 'location'" };

/// Reads the form of an import.
async fn form(request: Request) -> Result<ImportInput, ApiError> {
    let bad = |text: &str| ApiError::from(AppError::invalid_body(text));
    let (parts, whole) = request.into_parts();
    let limit = IMPORT_BYTES + FORM_BYTES;
    let bytes = body(Request::new(whole), limit).await.map_err(|error| {
        let (status, message) = error.into_parts();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            let text = format!("Payload content length greater than maximum allowed: {IMPORT_BYTES}");
            return ApiError::from(AppError::new(Code::TooLarge, text));
        }
        ApiError::new(status, message)
    })?;
    let request = Request::from_parts(parts, Body::from(bytes));
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_bad| bad("the body must be multipart/form-data"))?;
    let (mut input, mut file) = (ImportInput::default(), None);
    while let Some(field) = form.next_field().await.map_err(|_bad| bad("the form is not well-formed"))? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(|_bad| bad("the form is not well-formed"))?;
        if name == "users" {
            file = Some(value.to_vec());
            continue;
        }
        let text = std::str::from_utf8(&value).map_err(|_bad| bad("a field of the form is no text"))?.trim();
        let flag = || match text {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            _ => Err(ApiError::from(AppError::invalid_body(format!("'{name}' must be true or false")))),
        };
        match name.as_str() {
            "connection_id" => input.connection_id = text.to_owned(),
            "external_id" => input.external_id = Some(text.to_owned()),
            "upsert" => input.upsert = flag()?,
            "send_completion_email" => input.send_completion_email = flag()?,
            _ => return Err(bad("the form has a field that is not known")),
        }
    }
    input.file = file.ok_or_else(|| bad("Missing required property: users"))?;
    if input.connection_id.is_empty() {
        return Err(bad("Missing required property: connection_id"));
    }
    Ok(input)
}

async fn job_import_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let job = jobs::job_import_create(&app, &ctx, form(request).await?).await?;
    Ok((StatusCode::ACCEPTED, Json(wire::created(&job))))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportBody {
    connection_id: Option<String>,
    format: Option<ExportFormat>,
    limit: Option<u64>,
    fields: Option<Vec<FieldBody>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldBody {
    name: String,
    export_as: Option<String>,
}

async fn job_export_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<ExportBody>,
) -> Result<Json<Value>, ApiError> {
    let fields = body.fields.unwrap_or_default();
    let input = ExportInput {
        connection_id: body.connection_id.filter(|id| !id.is_empty()),
        format: body.format.unwrap_or(ExportFormat::Json),
        limit: body.limit,
        fields: fields.into_iter().map(|field| ExportField { name: field.name, export_as: field.export_as }).collect(),
    };
    let job = jobs::job_export_create(&app, &ctx, input).await?;
    Ok(Json(wire::created(&job)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerificationBody {
    user_id: String,
    client_id: Option<String>,
    /// Which identity's address; the user's own is the one that is confirmed.
    #[serde(rename = "identity")]
    _identity: Option<Value>,
    /// Auth0 puts it into the link's target; taken so that clients need not be changed.
    #[serde(rename = "organization_id")]
    _organization_id: Option<String>,
}

async fn job_verification_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<VerificationBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let job = jobs::job_verification_create(&app, &ctx, &body.user_id, body.client_id.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(wire::created(&job))))
}

async fn job_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Host(tenant): Host,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let job = jobs::job_fetch(&app, &ctx, &id).await?;
    let location = location(&app, &ctx, &tenant.issuer(), &job)?;
    Ok(Json(wire::job(&job, location)))
}

/// Where the file of an export is, for a while.
fn location(app: &App, ctx: &OpCtx, issuer: &str, job: &Job) -> Result<Option<String>, AppError> {
    let token = jobs::job_file_token(app, ctx, job)?;
    Ok(token.map(|token| {
        let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        format!("{issuer}api/v2/jobs/{}/file?token={token}", job.id)
    }))
}

async fn job_errors_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (job, failures) = jobs::job_errors_list(&app, &ctx, &id).await?;
    if !failures.is_empty() {
        return Ok(Json(failures.iter().map(wire::failure).collect::<Value>()).into_response());
    }
    Ok(match job.status {
        JobStatus::Failed => Json(wire::job(&job, None)).into_response(),
        JobStatus::Pending | JobStatus::Processing | JobStatus::Completed => StatusCode::NO_CONTENT.into_response(),
    })
}

#[derive(Debug, Default, Deserialize)]
struct FileQuery {
    #[serde(default)]
    token: String,
}

async fn job_file_fetch(
    State(app): State<App>,
    Host(tenant): Host,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
) -> Result<Response, ApiError> {
    let tenant = std::sync::Arc::clone(&tenant.tenant);
    let (job, parts) = jobs::job_file_open(&app, &tenant, &id, &query.token, Timestamp::now()).await?;
    let csv = matches!(&job.kind, JobKind::UsersExport { format: ExportFormat::Csv, .. });
    let ending = if csv { "csv" } else { "json" };
    let name = format!("attachment; filename=\"{}.{ending}.gz\"", job.id);
    // One piece at a time: a file may be larger than what one wants in memory.
    let pieces = stream::unfold(0, move |part| {
        let (app, tenant, id) = (app.clone(), std::sync::Arc::clone(&tenant), job.id.clone());
        async move {
            if part == parts {
                return None;
            }
            let bytes = jobs::job_file_part(&app, &tenant, &id, part).await;
            Some((bytes.map(|bytes| axum::body::Bytes::copy_from_slice(&bytes)), part + 1))
        }
    });
    let headers = [(CONTENT_TYPE, "application/gzip".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
