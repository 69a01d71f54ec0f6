//! Log entries as Auth0 sends them.

use postern_model::LogEntry;
use serde_json::{Map, Value, json};

use crate::management::users::wire::time;

/// An entry.
pub(crate) fn entry(entry: &LogEntry) -> Value {
    let mut object: Map<String, Value> = entry.fields.clone();
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    set("_id", json!(entry.log_id));
    set("log_id", json!(entry.log_id));
    set("date", time(entry.date));
    set("type", json!(entry.kind.code()));
    set("description", json!(entry.description));
    Value::Object(object)
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "log_id": { "type": "string" }, "date": { "type": "string", "format": "date-time" },
            "type": { "type": "string" }, "description": { "type": "string" },
            "client_id": { "type": "string" }, "user_id": { "type": "string" }, "ip": { "type": "string" },
            "details": { "type": "object" },
        },
    })
}

pub(crate) fn list_schema() -> Value {
    json!({ "oneOf": [
        { "type": "array", "items": schema() },
        { "type": "object", "properties": {
            "start": { "type": "integer" }, "limit": { "type": "integer" }, "length": { "type": "integer" },
            "total": { "type": "integer" }, "logs": { "type": "array", "items": schema() },
        } },
    ] })
}
