//! The e-mail provider as Auth0 sends and takes it.

use postern_app::mail::provider::{Provider, ProviderInput};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

/// A provider, without its password.
pub(crate) fn provider(provider: &Provider) -> Value {
    let mut credentials = json!({ "smtp_host": provider.smtp_host, "smtp_port": provider.smtp_port });
    if let (Some(user), Value::Object(credentials)) = (&provider.smtp_user, &mut credentials) {
        credentials.insert("smtp_user".to_owned(), json!(user));
    }
    let mut object = json!({ "name": provider.name, "enabled": provider.enabled, "credentials": credentials });
    if let Value::Object(object) = &mut object {
        let from = provider.default_from_address.as_ref().map(|from| json!(from));
        object.extend(from.map(|from| ("default_from_address".to_owned(), from)));
        let settings = provider.settings.as_ref().map(|settings| json!(settings));
        object.extend(settings.map(|settings| ("settings".to_owned(), settings)));
    }
    object
}

/// `null` is `Some(None)`.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Body of POST and PATCH.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderBody {
    name: Option<String>,
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    default_from_address: Option<Option<String>>,
    credentials: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "nullable")]
    settings: Option<Option<Map<String, Value>>>,
}

impl ProviderBody {
    pub(crate) fn input(self) -> ProviderInput {
        let Self { name, enabled, default_from_address, credentials, settings } = self;
        ProviderInput { name, enabled, default_from_address, credentials, settings }
    }
}

/// Which fields of an object are wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct FieldsQuery {
    fields: Option<String>,
    include_fields: Option<bool>,
}

impl FieldsQuery {
    pub(crate) fn select(&self, mut value: Value) -> Value {
        if let (Some(fields), Value::Object(object)) = (&self.fields, &mut value) {
            let include = self.include_fields.unwrap_or(true);
            object.retain(|name, _| fields.split(',').any(|field| field.trim() == name) == include);
        }
        value
    }
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" }, "enabled": { "type": "boolean" },
            "default_from_address": { "type": "string" },
            "credentials": { "type": "object", "properties": {
                "smtp_host": { "type": "string" }, "smtp_port": { "type": "integer" }, "smtp_user": { "type": "string" },
            } },
            "settings": { "type": "object" },
        },
    })
}

pub(crate) fn body_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "enum": ["smtp"] }, "enabled": { "type": "boolean" },
            "default_from_address": { "type": "string" },
            "credentials": { "type": "object", "properties": {
                "smtp_host": { "type": "string" }, "smtp_port": { "type": "integer", "minimum": 1, "maximum": 65535 },
                "smtp_user": { "type": "string" }, "smtp_pass": { "type": "string" },
            } },
            "settings": { "type": "object" },
        },
        "additionalProperties": false,
    })
}
