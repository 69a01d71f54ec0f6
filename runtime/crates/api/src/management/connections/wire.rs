//! Connections as Auth0 sends and takes them.

use postern_app::connections::{ConnectionInput, Options};
use postern_app::custom_database::options_show;
use postern_model::{Connection, RootAttributes};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A connection.
pub(crate) fn connection(connection: &Connection) -> Value {
    let mut options = options_show(&connection.options);
    options.insert("set_user_root_attributes".to_owned(), json!(connection.set_user_root_attributes));
    if !connection.non_persistent_attrs.is_empty() {
        options.insert("non_persistent_attrs".to_owned(), json!(connection.non_persistent_attrs));
    }
    let mut object = json!({
        "id": connection.id,
        "name": connection.name,
        "strategy": connection.strategy.0,
        "options": options,
        "realms": [connection.name],
        "is_domain_connection": false,
    });
    if let (false, Value::Object(object)) = (connection.metadata.is_empty(), &mut object) {
        object.insert("metadata".to_owned(), json!(connection.metadata));
    }
    object
}

/// Body of POST and PATCH.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionBody {
    name: Option<String>,
    strategy: Option<String>,
    options: Option<OptionsBody>,
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
struct OptionsBody {
    #[serde(default)]
    set_user_root_attributes: RootAttributes,
    #[serde(default)]
    non_persistent_attrs: Vec<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl ConnectionBody {
    pub(crate) fn input(self) -> ConnectionInput {
        ConnectionInput {
            name: self.name,
            strategy: self.strategy,
            options: self.options.map(|options| Options {
                set_user_root_attributes: options.set_user_root_attributes,
                non_persistent_attrs: options.non_persistent_attrs,
                other: options.other,
            }),
            metadata: self.metadata,
        }
    }
}

pub(crate) fn update_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "options": { "type": "object", "properties": {
                "set_user_root_attributes": {
                    "type": "string", "enum": ["on_each_login", "on_first_login", "never_on_login"],
                },
                "non_persistent_attrs": { "type": "array", "items": { "type": "string" } },
            } },
            "metadata": { "type": "object", "maxProperties": 10, "additionalProperties": { "type": "string" } },
        },
        "additionalProperties": false,
    })
}

pub(crate) fn create_schema() -> Value {
    let mut schema = update_schema();
    if let Value::Object(object) = &mut schema {
        object.insert("required".to_owned(), json!(["name", "strategy"]));
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.insert("name".to_owned(), json!({ "type": "string", "maxLength": 128 }));
            properties.insert("strategy".to_owned(), json!({ "type": "string" }));
        }
    }
    schema
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string" }, "name": { "type": "string" }, "strategy": { "type": "string" },
            "options": { "type": "object" }, "metadata": { "type": "object" },
            "realms": { "type": "array", "items": { "type": "string" } },
        },
    })
}

pub(crate) fn list_schema() -> Value {
    json!({ "oneOf": [
        { "type": "array", "items": schema() },
        { "type": "object", "properties": {
            "connections": { "type": "array", "items": schema() }, "next": { "type": "string" },
            "start": { "type": "integer" }, "limit": { "type": "integer" }, "total": { "type": "integer" },
        } },
    ] })
}
