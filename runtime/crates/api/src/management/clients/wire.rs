//! Clients as Auth0 sends and takes them.

use std::collections::BTreeMap;

use postern_app::OpCtx;
use postern_app::clients::ClientInput;
use postern_app::error::AppError;
use postern_model::Client;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A client; its secret only with `read:client_keys`.
pub(crate) fn client(ctx: &OpCtx, client: &Client) -> Value {
    let mut object = with_secret(ctx, client);
    if let (false, Value::Object(object)) = (ctx.scopes.has("read:client_keys"), &mut object) {
        object.remove("client_secret");
    }
    object
}

/// A client with its secret.
pub(crate) fn with_secret(ctx: &OpCtx, client: &Client) -> Value {
    let mut object: Map<String, Value> = client.settings.clone();
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    set("tenant", json!(ctx.tenant.id));
    set("client_id", json!(client.client_id));
    set("client_secret", json!(client.client_secret));
    set("name", json!(client.name));
    set("global", json!(false));
    set("grant_types", json!(client.grant_types));
    if let Some(metadata) = &client.client_metadata {
        set("client_metadata", json!(metadata));
    }
    Value::Object(object)
}

/// Body of POST and PATCH. Settings of later use are kept as they come.
#[derive(Deserialize)]
pub(crate) struct ClientBody {
    name: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_metadata: Option<BTreeMap<String, Option<String>>>,
    grant_types: Option<Vec<String>>,
    #[serde(flatten)]
    settings: Map<String, Value>,
}

/// Names that the answer has and no request may set.
const READ_ONLY: &[&str] = &["tenant", "global", "signing_keys"];
/// Settings with a type that is checked although they are only kept.
const LISTS: &[&str] = &["callbacks", "allowed_logout_urls", "web_origins", "allowed_origins", "client_aliases"];
const TEXTS: &[&str] =
    &["app_type", "description", "logo_uri", "initiate_login_uri", "token_endpoint_auth_method", "organization_usage"];
const FLAGS: &[&str] = &["oidc_conformant", "is_first_party", "sso", "sso_disabled", "cross_origin_authentication"];

impl ClientBody {
    pub(crate) fn input(self) -> Result<ClientInput, AppError> {
        for (name, value) in &self.settings {
            let name = name.as_str();
            if READ_ONLY.contains(&name) {
                return Err(AppError::invalid_body(format!("Additional properties not allowed: {name}")));
            }
            let texts = |list: &Vec<Value>| list.iter().all(Value::is_string);
            let (kind, legal) = if LISTS.contains(&name) {
                ("array of strings", value.as_array().is_some_and(texts))
            } else if TEXTS.contains(&name) {
                ("string", value.is_string())
            } else if FLAGS.contains(&name) {
                ("boolean", value.is_boolean())
            } else {
                continue;
            };
            if !legal && !value.is_null() {
                return Err(AppError::invalid_body(format!("Expected type {kind} on property {name}")));
            }
        }
        Ok(ClientInput {
            name: self.name,
            client_id: self.client_id,
            client_secret: self.client_secret,
            client_metadata: self.client_metadata,
            grant_types: self.grant_types,
            settings: self.settings,
        })
    }
}

pub(crate) fn body_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "maxLength": 255 }, "client_secret": { "type": "string" },
            "grant_types": { "type": "array", "items": { "type": "string" } },
            "callbacks": { "type": "array", "items": { "type": "string" } },
            "app_type": { "type": "string" },
            "client_metadata": {
                "type": "object", "maxProperties": 10,
                "additionalProperties": { "type": ["string", "null"], "maxLength": 255 },
            },
        },
    })
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "client_id": { "type": "string" }, "name": { "type": "string" }, "tenant": { "type": "string" },
            "client_secret": { "type": "string", "description": "With read:client_keys only" },
            "grant_types": { "type": "array", "items": { "type": "string" } },
            "client_metadata": { "type": "object", "additionalProperties": { "type": "string" } },
        },
    })
}

pub(crate) fn list_schema() -> Value {
    json!({ "oneOf": [
        { "type": "array", "items": schema() },
        { "type": "object", "properties": {
            "start": { "type": "integer" }, "limit": { "type": "integer" }, "total": { "type": "integer" },
            "next": { "type": "string" }, "clients": { "type": "array", "items": schema() },
        } },
    ] })
}
