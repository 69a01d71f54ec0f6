//! Connections as Auth0 sends and takes them.

use postern_app::connections::{ConnectionInput, Options};
use postern_app::custom_database::options_show;
use postern_app::error::AppError;
use postern_model::{Connection, RootAttributes};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A connection.
pub(crate) fn connection(connection: &Connection) -> Value {
    let mut options = options_show(&connection.options);
    // Rows from before the options were kept whole have these two beside them.
    if connection.set_user_root_attributes != RootAttributes::OnEachLogin {
        options.insert(ROOT_ATTRIBUTES.to_owned(), json!(connection.set_user_root_attributes));
    }
    if !connection.non_persistent_attrs.is_empty() {
        options.insert(NON_PERSISTENT.to_owned(), json!(connection.non_persistent_attrs));
    }
    let mut object = json!({
        "id": connection.id,
        "options": options,
        "strategy": connection.strategy.0,
        "name": connection.name,
        "is_domain_connection": false,
        "authentication": { "active": true },
        "connected_accounts": { "active": false },
        "enabled_clients": connection.enabled_clients.iter().flatten().collect::<Vec<_>>(),
        "realms": [connection.name],
    });
    if let Value::Object(object) = &mut object {
        object.extend(connection.settings.clone());
        if !connection.metadata.is_empty() {
            object.insert("metadata".to_owned(), json!(connection.metadata));
        }
    }
    object
}

const ROOT_ATTRIBUTES: &str = "set_user_root_attributes";
const NON_PERSISTENT: &str = "non_persistent_attrs";

/// Body of POST and PATCH.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionBody {
    name: Option<String>,
    strategy: Option<String>,
    options: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
    enabled_clients: Option<Vec<String>>,
    display_name: Option<String>,
    is_domain_connection: Option<bool>,
    show_as_button: Option<bool>,
    realms: Option<Vec<String>>,
    authentication: Option<Map<String, Value>>,
    connected_accounts: Option<Map<String, Value>>,
    cross_app_access_requesting_app: Option<Map<String, Value>>,
    cross_app_access_resource_app: Option<Map<String, Value>>,
}

/// Options that are used, with the types they must have.
const FLAGS: &[&str] = &[
    "disable_signup",
    "requires_username",
    "brute_force_protection",
    "import_mode",
    "enabledDatabaseCustomization",
    "disable_self_service_change_password",
];
const OBJECTS: &[&str] = &[
    "customScripts",
    "configuration",
    "validation",
    "password_history",
    "password_no_personal_info",
    "password_dictionary",
    "password_complexity_options",
    "authentication_methods",
    "mfa",
    "upstream_params",
];
/// Characters of a display name (Auth0: 128), and of a realm.
const NAME_CHARS: usize = 128;

fn options(options: Map<String, Value>) -> Result<Options, AppError> {
    let wrong =
        |name: &str, kind: &str| AppError::invalid_body(format!("Expected type {kind} on property options.{name}"));
    for (name, value) in options.iter().filter(|(_, value)| !value.is_null()) {
        let name = name.as_str();
        if FLAGS.contains(&name) && !value.is_boolean() {
            return Err(wrong(name, "boolean"));
        }
        if OBJECTS.contains(&name) && !value.is_object() {
            return Err(wrong(name, "object"));
        }
    }
    let policies = ["none", "low", "fair", "good", "excellent"];
    if let Some(policy) = options.get("passwordPolicy").filter(|policy| !policy.is_null())
        && !policy.as_str().is_some_and(|policy| policies.contains(&policy))
    {
        return Err(AppError::invalid_body(format!("'options.passwordPolicy' must be one of {}", policies.join(", "))));
    }
    let set_user_root_attributes = match options.get(ROOT_ATTRIBUTES) {
        None | Some(Value::Null) => RootAttributes::default(),
        Some(value) => RootAttributes::deserialize(value).map_err(|_bad| {
            AppError::invalid_body(format!(
                "'options.{ROOT_ATTRIBUTES}' must be one of on_each_login, on_first_login, never_on_login"
            ))
        })?,
    };
    let non_persistent_attrs = match options.get(NON_PERSISTENT) {
        None | Some(Value::Null) => Vec::new(),
        Some(value) => Vec::deserialize(value).map_err(|_bad| wrong(NON_PERSISTENT, "array of strings"))?,
    };
    Ok(Options { set_user_root_attributes, non_persistent_attrs, all: options })
}

impl ConnectionBody {
    pub(crate) fn input(self) -> Result<ConnectionInput, AppError> {
        let long = |text: &String| text.is_empty() || text.chars().count() > NAME_CHARS;
        if self.display_name.iter().chain(self.realms.iter().flatten()).any(long) {
            return Err(AppError::invalid_body(format!(
                "'display_name' and 'realms' must have 1 to {NAME_CHARS} characters"
            )));
        }
        let mut settings = Map::new();
        let given = [
            ("display_name", self.display_name.map(|it| json!(it))),
            ("is_domain_connection", self.is_domain_connection.map(|it| json!(it))),
            ("show_as_button", self.show_as_button.map(|it| json!(it))),
            ("realms", self.realms.map(|it| json!(it))),
            ("authentication", self.authentication.map(Value::Object)),
            ("connected_accounts", self.connected_accounts.map(Value::Object)),
            ("cross_app_access_requesting_app", self.cross_app_access_requesting_app.map(Value::Object)),
            ("cross_app_access_resource_app", self.cross_app_access_resource_app.map(Value::Object)),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                settings.insert(name.to_owned(), value);
            }
        }
        Ok(ConnectionInput {
            name: self.name,
            strategy: self.strategy,
            options: self.options.map(options).transpose()?,
            metadata: self.metadata,
            enabled_clients: self.enabled_clients,
            settings,
        })
    }
}

/// An item of the body of PATCH /connections/{id}/clients.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientStatus {
    pub(crate) client_id: String,
    pub(crate) status: bool,
}

pub(crate) fn clients_schema() -> Value {
    json!({
        "type": "array", "minItems": 1, "maxItems": 50,
        "items": {
            "type": "object", "required": ["client_id", "status"], "additionalProperties": false,
            "properties": { "client_id": { "type": "string" }, "status": { "type": "boolean" } },
        },
    })
}

pub(crate) fn client_list_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "clients": {
                "type": "array",
                "items": { "type": "object", "properties": { "client_id": { "type": "string" } } },
            },
            "next": { "type": "string" },
        },
    })
}

pub(crate) fn update_schema() -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "properties": {
            "options": { "type": "object", "properties": {
                "set_user_root_attributes": {
                    "type": "string", "enum": ["on_each_login", "on_first_login", "never_on_login"],
                },
                "non_persistent_attrs": texts,
                "passwordPolicy": { "type": "string", "enum": ["none", "low", "fair", "good", "excellent"] },
                "disable_signup": { "type": "boolean" }, "requires_username": { "type": "boolean" },
                "brute_force_protection": { "type": "boolean" },
            } },
            "metadata": { "type": "object", "maxProperties": 10, "additionalProperties": { "type": "string" } },
            "enabled_clients": texts,
            "realms": texts,
            "display_name": { "type": "string", "maxLength": 128 },
            "is_domain_connection": { "type": "boolean" },
            "show_as_button": { "type": "boolean" },
            "authentication": { "type": "object" },
            "connected_accounts": { "type": "object" },
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
            "enabled_clients": { "type": "array", "items": { "type": "string" } },
            "is_domain_connection": { "type": "boolean" },
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
