//! JSON Schemas of actions, versions, bindings and executions for the OpenAPI document.

use serde_json::{Value, json};

fn triggers() -> Value {
    json!({
        "type": "array", "minItems": 1, "maxItems": 1,
        "items": {
            "type": "object", "required": ["id", "version"],
            "properties": { "id": { "type": "string" }, "version": { "type": "string" } },
        },
    })
}

fn runtime() -> Value {
    json!({ "type": "string", "enum": ["wasm", "node22", "node18-actions"] })
}

fn dependencies() -> Value {
    json!({
        "type": "array", "maxItems": 10,
        "items": {
            "type": "object", "required": ["name", "version"],
            "properties": { "name": { "type": "string" }, "version": { "type": "string" } },
        },
    })
}

fn secrets_given() -> Value {
    json!({
        "type": "array", "maxItems": 30,
        "items": {
            "type": "object", "required": ["name"],
            "properties": {
                "name": { "type": "string", "maxLength": 128 },
                "value": { "type": "string", "maxLength": 4096, "writeOnly": true,
                    "description": "Left out, the stored value is kept" },
            },
        },
    })
}

fn secrets_kept() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "name": { "type": "string" }, "updated_at": { "type": "string", "format": "date-time" } },
        },
    })
}

fn artifact() -> Value {
    json!({
        "type": "object",
        "description": "The compiled module",
        "properties": {
            "sha256": { "type": "string" }, "size": { "type": "integer" }, "abi": { "type": "integer" },
            "sdk": { "type": "string" }, "egress": { "type": "array", "items": { "type": "string" } },
        },
    })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn page(name: &str, item: &Value) -> Value {
    json!({
        "type": "object",
        "description": "Numbers that are zero are left out",
        "properties": {
            name: { "type": "array", "items": item },
            "total": { "type": "integer" }, "page": { "type": "integer" }, "per_page": { "type": "integer" },
        },
    })
}

pub(crate) fn action_update() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "maxLength": 255 },
            "supported_triggers": triggers(),
            "runtime": runtime(),
            "code": { "type": "string" },
            "dependencies": dependencies(),
            "secrets": secrets_given(),
        },
    })
}

pub(crate) fn action_create() -> Value {
    let mut schema = action_update();
    if let Value::Object(object) = &mut schema {
        object.insert("required".to_owned(), json!(["name", "supported_triggers"]));
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.insert("deploy".to_owned(), json!({ "type": "boolean", "default": false }));
        }
    }
    schema
}

pub(crate) fn action() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" }, "name": { "type": "string" },
            "supported_triggers": triggers(), "created_at": time(), "updated_at": time(),
            "code": { "type": "string" }, "dependencies": dependencies(), "runtime": runtime(),
            "status": { "type": "string", "enum": ["pending", "built", "failed"] },
            "errors": { "type": "array", "items": { "type": "object", "properties": {
                "id": { "type": "string" }, "msg": { "type": "string" }, "url": { "type": "string" },
            } } },
            "secrets": secrets_kept(), "all_changes_deployed": { "type": "boolean" }, "built_at": time(),
            "artifact": artifact(),
            "current_version": { "type": "object" }, "deployed_version": version(),
        },
    })
}

pub(crate) fn action_list() -> Value {
    page("actions", &action())
}

pub(crate) fn version() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" }, "action_id": { "type": "string", "format": "uuid" },
            "number": { "type": "integer" }, "deployed": { "type": "boolean" },
            "status": { "type": "string", "enum": ["built"] },
            "code": { "type": "string" }, "dependencies": dependencies(), "runtime": runtime(),
            "secrets": secrets_kept(), "supported_triggers": triggers(),
            "created_at": time(), "updated_at": time(), "built_at": time(),
            "content_sha256": { "type": "string" }, "rolled_back_from": { "type": "string" },
            "artifact": artifact(), "action": { "type": "object" },
        },
    })
}

pub(crate) fn version_list() -> Value {
    page("versions", &version())
}

pub(crate) fn rollback() -> Value {
    json!({ "type": "object", "properties": { "update_draft": { "type": "boolean", "default": false } } })
}

pub(crate) fn test() -> Value {
    json!({
        "type": "object", "required": ["payload"],
        "properties": { "payload": { "type": "object", "properties": { "event": { "type": "object" } } } },
    })
}

pub(crate) fn test_run() -> Value {
    json!({
        "type": "object",
        "properties": { "payload": { "type": "object", "properties": {
            "status": status(), "mutations": { "type": "array" }, "logs": { "type": "array" },
            "stats": { "type": "object" }, "error": { "type": "object" },
        } } },
    })
}

fn status() -> Value {
    json!({
        "type": "string",
        "enum": ["ok", "deadline", "out_of_fuel", "out_of_memory", "trap", "guest_error", "bad_result", "host_fault"],
    })
}

pub(crate) fn module() -> Value {
    json!({ "type": "string", "format": "binary", "maxLength": postern_model::limits::MODULE_BYTES })
}

pub(crate) fn trigger_list() -> Value {
    json!({
        "type": "object",
        "properties": { "triggers": { "type": "array", "items": { "type": "object", "properties": {
            "id": { "type": "string" }, "version": { "type": "string" },
            "status": { "type": "string", "enum": ["CURRENT", "DEPRECATED"] },
            "runtimes": { "type": "array", "items": { "type": "string" } }, "default_runtime": { "type": "string" },
            "binding_policy": { "type": "string" }, "compatible_triggers": { "type": "array" },
        } } } },
    })
}

pub(crate) fn binding_replace() -> Value {
    json!({
        "type": "object", "required": ["bindings"],
        "properties": { "bindings": { "type": "array", "maxItems": 20, "items": {
            "type": "object", "required": ["ref"],
            "properties": {
                "ref": { "type": "object", "required": ["type", "value"], "properties": {
                    "type": { "type": "string", "enum": ["binding_id", "action_id", "action_name"] },
                    "value": { "type": "string" },
                } },
                "display_name": { "type": "string" },
                "on_failure": { "type": "string", "enum": ["deny", "skip"],
                    "description": "What a failing action does to the login. Left out, it stays as it is for this action" },
                "egress_hosts": { "type": ["array", "null"], "items": { "type": "string" },
                    "description": "Hosts the action may reach; null leaves it to the tenant. Left out, it stays as it is for this action" },
            },
        } } },
    })
}

pub(crate) fn binding_list() -> Value {
    page(
        "bindings",
        &json!({ "type": "object", "properties": {
            "id": { "type": "string" }, "trigger_id": { "type": "string" }, "display_name": { "type": "string" },
            "action": { "type": "object" }, "created_at": time(), "updated_at": time(),
            "on_failure": { "type": "string" }, "egress_hosts": { "type": ["array", "null"] },
        } }),
    )
}

pub(crate) fn run() -> Value {
    json!({
        "type": "object",
        "properties": {
            "action": { "type": "string" }, "action_id": { "type": "string" }, "version_id": { "type": "string" },
            "version": { "type": "integer" }, "resumed": { "type": "boolean" }, "status": status(),
            "mutations": { "type": "array" }, "logs": { "type": "array" }, "error": { "type": "object" },
            "fuel": { "type": "integer" }, "memory_bytes": { "type": "integer" }, "cpu_us": { "type": "integer" },
            "duration_us": { "type": "integer" }, "host_calls": { "type": "integer" },
            "host_bytes": { "type": "integer" },
        },
    })
}

pub(crate) fn execution() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" }, "trigger_id": { "type": "string" },
            "status": { "type": "string", "enum": ["final", "partial", "suspended"] },
            "results": { "type": "array", "items": { "type": "object", "properties": {
                "action_name": { "type": "string" }, "error": { "type": ["object", "null"] },
                "started_at": time(), "ended_at": time(),
            } } },
            "runs": { "type": "array", "items": run() },
            "login_id": { "type": "string" }, "user_id": { "type": "string" }, "client_id": { "type": "string" },
            "outcome": { "type": "object" },
            "created_at": time(), "updated_at": time(),
        },
    })
}

pub(crate) fn execution_list() -> Value {
    json!({
        "type": "object",
        "properties": {
            "executions": { "type": "array", "items": execution() },
            "next": { "type": "string", "description": "Give it as `from` for the next page" },
        },
    })
}
