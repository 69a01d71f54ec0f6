//! Roles as Auth0 sends and takes them.

use postern_model::Role;
use serde::Deserialize;
use serde_json::{Value, json};

/// A role.
pub(crate) fn role(role: &Role) -> Value {
    json!({ "id": role.id, "name": role.name, "description": role.description })
}

/// Body of POST and PATCH.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleBody {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
}

/// Body of a change of a user's roles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignBody {
    pub(crate) roles: Vec<String>,
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" }, "name": { "type": "string" }, "description": { "type": "string" },
        },
    })
}

pub(crate) fn body_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "maxLength": 255 }, "description": { "type": "string", "maxLength": 255 },
        },
        "additionalProperties": false,
    })
}

pub(crate) fn assign_schema() -> Value {
    json!({
        "type": "object", "required": ["roles"],
        "properties": { "roles": { "type": "array", "items": { "type": "string" } } },
        "additionalProperties": false,
    })
}

pub(crate) fn list_schema() -> Value {
    json!({ "oneOf": [
        { "type": "array", "items": schema() },
        { "type": "object", "properties": {
            "start": { "type": "integer" }, "limit": { "type": "integer" }, "total": { "type": "integer" },
            "next": { "type": "string" }, "roles": { "type": "array", "items": schema() },
        } },
    ] })
}
