//! Clients as Auth0 sends and takes them.

use std::collections::BTreeMap;

use postern_app::OpCtx;
use postern_app::clients::ClientInput;
use postern_app::error::AppError;
use postern_model::Client;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::settings;

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
    let mut object: Map<String, Value> = settings::with_defaults(&client.settings);
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

/// The client that stands for all of them. Auth0's tools look for its login page; it can neither log in nor be changed.
pub(crate) fn global(ctx: &OpCtx) -> Value {
    let mut object = settings::with_defaults(&Map::new());
    for (name, value) in [
        ("tenant", json!(ctx.tenant.id)),
        ("global", json!(true)),
        ("name", json!("All Applications")),
        ("client_id", json!(GLOBAL_CLIENT_ID)),
        ("grant_types", json!([])),
        ("custom_login_page_on", json!(false)),
    ] {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

/// The id of the global client, in every tenant.
pub(crate) const GLOBAL_CLIENT_ID: &str = "AllApplications00000000000000000";

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

impl ClientBody {
    pub(crate) fn input(self) -> Result<ClientInput, AppError> {
        settings::check(&self.settings)?;
        if self.grant_types.iter().flatten().any(|grant| grant.is_empty() || grant.len() > 255) {
            return Err(AppError::invalid_body("'grant_types' must be names of grant types"));
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
            "callbacks": { "type": ["array", "null"], "items": { "type": "string" } },
            "allowed_logout_urls": { "type": ["array", "null"], "items": { "type": "string" } },
            "web_origins": { "type": ["array", "null"], "items": { "type": "string" } },
            "app_type": { "type": ["string", "null"] },
            "token_endpoint_auth_method": { "type": ["string", "null"] },
            "jwt_configuration": { "type": ["object", "null"] },
            "refresh_token": { "type": ["object", "null"] },
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
