//! Jobs as Auth0 sends them.

use postern_model::{Job, JobFailure, JobKind};
use serde_json::{Map, Value, json};

use crate::management::users::wire::time;

/// A job that was just made.
pub(super) fn created(job: &Job) -> Value {
    Value::Object(base(job))
}

fn base(job: &Job) -> Map<String, Value> {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    set("id", json!(job.id));
    set("type", json!(job.kind.name()));
    set("status", json!(job.status.name()));
    set("created_at", time(job.created_at));
    match &job.kind {
        JobKind::UsersImport { connection_id, connection, upsert, external_id, send_completion_email } => {
            set("connection_id", json!(connection_id));
            set("connection", json!(connection));
            set("upsert", json!(upsert));
            set("send_completion_email", json!(send_completion_email));
            if let Some(id) = external_id {
                set("external_id", json!(id));
            }
        }
        JobKind::UsersExport { connection_id, connection, format, limit, fields } => {
            set("format", json!(format));
            let optional = [
                ("connection_id", connection_id.as_ref().map(|id| json!(id))),
                ("connection", connection.as_ref().map(|name| json!(name))),
                ("limit", limit.map(|limit| json!(limit))),
                ("fields", (!fields.is_empty()).then(|| json!(fields))),
            ];
            for (name, value) in optional {
                if let Some(value) = value {
                    set(name, value);
                }
            }
        }
        JobKind::VerificationEmail { user_id, client_id } => {
            set("user_id", json!(user_id));
            if let Some(id) = client_id {
                set("client_id", json!(id));
            }
        }
    }
    object
}

/// A job as it is now.
pub(super) fn job(job: &Job, location: Option<String>) -> Value {
    let mut object = base(job);
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    if let Some(details) = &job.status_details {
        set("status_details", json!(details));
    }
    if let Some(location) = location {
        set("location", json!(location));
    }
    match &job.kind {
        JobKind::UsersImport { .. } => {
            let summary = job.summary;
            set(
                "summary",
                json!({
                    "failed": summary.failed, "updated": summary.updated, "inserted": summary.inserted,
                    "total": summary.total,
                }),
            );
            set("percentage_done", json!(percentage(job)));
        }
        JobKind::UsersExport { .. } => set("percentage_done", json!(percentage(job))),
        JobKind::VerificationEmail { .. } => {}
    }
    Value::Object(object)
}

fn percentage(job: &Job) -> u64 {
    if job.status.is_open() {
        job.summary.total.saturating_mul(100).checked_div(job.rows).unwrap_or_default().min(99)
    } else {
        100
    }
}

/// A row that was refused.
pub(super) fn failure(failure: &JobFailure) -> Value {
    json!({ "user": failure.user, "errors": failure.errors })
}

pub(super) fn import_schema() -> Value {
    json!({
        "type": "object",
        "required": ["users", "connection_id"],
        "properties": {
            "users": { "type": "string", "format": "binary", "description": "A JSON array, at most 512,000 bytes" },
            "connection_id": { "type": "string" }, "upsert": { "type": "boolean" },
            "external_id": { "type": "string" }, "send_completion_email": { "type": "boolean" },
        },
    })
}

pub(super) fn export_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "connection_id": { "type": "string" }, "format": { "type": "string", "enum": ["json", "csv"] },
            "limit": { "type": "integer", "minimum": 1 },
            "fields": { "type": "array", "items": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string" }, "export_as": { "type": "string" },
            }, "additionalProperties": false } },
        },
        "additionalProperties": false,
    })
}

pub(super) fn verification_schema() -> Value {
    json!({
        "type": "object",
        "required": ["user_id"],
        "properties": {
            "user_id": { "type": "string" }, "client_id": { "type": "string" },
            "organization_id": { "type": "string" },
        },
        "additionalProperties": false,
    })
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "type": { "type": "string", "enum": ["users_import", "users_export", "verification_email"] },
            "status": { "type": "string", "enum": ["pending", "processing", "completed", "failed"] },
            "status_details": { "type": "string", "description": "Why it failed" },
            "created_at": { "type": "string", "format": "date-time" },
            "connection_id": { "type": "string" }, "connection": { "type": "string" },
            "external_id": { "type": "string" }, "percentage_done": { "type": "integer" },
            "location": { "type": "string", "description": "Where the file of a finished export is, for a minute" },
            "summary": { "type": "object", "properties": {
                "failed": { "type": "integer" }, "updated": { "type": "integer" }, "inserted": { "type": "integer" },
                "total": { "type": "integer" },
            } },
        },
    })
}

pub(super) fn errors_schema() -> Value {
    json!({ "oneOf": [
        { "type": "array", "items": { "type": "object", "properties": {
            "user": { "type": "object" }, "errors": { "type": "array", "items": { "type": "object" } },
        } } },
        schema(),
    ] })
}

pub(super) fn file_schema() -> Value {
    json!({ "type": "string", "format": "binary" })
}
