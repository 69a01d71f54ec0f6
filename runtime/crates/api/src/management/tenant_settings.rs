//! `/api/v2/tenants/settings`.

use axum::extract::State;
use axum::http::Method;
use postern_app::{App, AppError, tenant_settings};
use postern_model::TenantSettings;
use postern_model::connection::DEFAULT_DATABASE;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::page::{FIELDS, project};
use crate::permission::Caller;

const PATH: &str = "/api/v2/tenants/settings";

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            PATH,
            Operation {
                query: &FIELDS,
                response: Some(Content::json(schema)),
                ..Operation::new(
                    "tenant_settings_fetch",
                    "Get the tenant's settings",
                    Access::Scopes(&["read:tenant_settings"]),
                )
            },
            tenant_settings_fetch,
        )
        .add(
            Method::PATCH,
            PATH,
            Operation {
                request: Some(Content::json(schema)),
                response: Some(Content::json(schema)),
                failures: &[409, 413],
                ..Operation::new(
                    "tenant_settings_update",
                    "Change the tenant's settings; flags are merged",
                    Access::Scopes(&["update:tenant_settings"]),
                )
            },
            tenant_settings_update,
        )
}

/// Settings and the JSON types they may have, `null` beside them.
const KNOWN: &[(&str, &str)] = &[
    ("friendly_name", "string"),
    ("picture_url", "string"),
    ("support_email", "string"),
    ("support_url", "string"),
    ("allowed_logout_urls", "array"),
    ("session_lifetime", "number"),
    ("idle_session_lifetime", "number"),
    ("ephemeral_session_lifetime", "number"),
    ("idle_ephemeral_session_lifetime", "number"),
    ("session_lifetime_in_minutes", "number"),
    ("idle_session_lifetime_in_minutes", "number"),
    ("ephemeral_session_lifetime_in_minutes", "number"),
    ("idle_ephemeral_session_lifetime_in_minutes", "number"),
    ("session_cookie", "object"),
    ("sessions", "object"),
    ("default_directory", "string"),
    ("default_audience", "string"),
    ("default_redirection_uri", "string"),
    ("enabled_locales", "array"),
    ("flags", "object"),
    ("error_page", "object"),
    ("change_password", "object"),
    ("guardian_mfa_page", "object"),
    ("device_flow", "object"),
    ("oidc_logout", "object"),
    ("universal_login", "object"),
    ("default_token_quota", "object"),
    ("mtls", "object"),
    ("acr_values_supported", "array"),
    ("sandbox_version", "string"),
    ("legacy_sandbox_version", "string"),
    ("resource_parameter_profile", "string"),
    ("dynamic_client_registration_security_mode", "string"),
    ("allow_organization_name_in_authentication_api", "boolean"),
    ("customize_mfa_in_postlogin_action", "boolean"),
    ("pushed_authorization_requests_supported", "boolean"),
    ("authorization_response_iss_parameter_supported", "boolean"),
    ("skip_non_verifiable_callback_uri_confirmation_prompt", "boolean"),
    ("phone_consolidated_experience", "boolean"),
    ("client_id_metadata_document_supported", "boolean"),
    ("enable_ai_guide", "boolean"),
];
/// Characters of a text that people see.
const TEXT_CHARS: usize = 512;
/// Logout addresses of a tenant (Auth0: 100).
const LOGOUT_URLS: usize = 100;
/// Longest life of a session, h (ours; Auth0: a year).
const SESSION_HOURS: f64 = 8760.0;

fn schema() -> Value {
    let properties: Map<String, Value> =
        KNOWN.iter().map(|(name, kind)| ((*name).to_owned(), json!({ "type": [kind, "null"] }))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// Times given in minutes, as the settings keep them: in hours, under the name without the unit.
fn in_hours(patch: Map<String, Value>) -> Map<String, Value> {
    let hours = |minutes: &Value| match minutes.as_u64() {
        Some(whole) if whole % 60 == 0 => json!(whole / 60),
        _ => minutes.as_f64().map_or(Value::Null, |minutes| json!(minutes / 60.0)),
    };
    let entry = |(name, value): (String, Value)| match name.strip_suffix("_in_minutes") {
        Some(short) => (short.to_owned(), hours(&value)),
        None => (name, value),
    };
    patch.into_iter().map(entry).collect()
}

fn check(patch: &Map<String, Value>) -> Result<(), AppError> {
    if patch.is_empty() {
        return Err(AppError::invalid_body("Too few properties defined (0), minimum 1"));
    }
    for (name, value) in patch {
        let Some((_, kind)) = KNOWN.iter().find(|(known, _)| known == name) else {
            return Err(AppError::invalid_body(format!("Additional properties not allowed: {name}")));
        };
        let legal = match *kind {
            "string" => value.is_string(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "boolean" => value.is_boolean(),
            _ => value.is_object(),
        };
        if !legal && !value.is_null() {
            return Err(AppError::invalid_body(format!("Expected type {kind} on property {name}")));
        }
        check_value(name, value)?;
    }
    Ok(())
}

fn check_value(name: &str, value: &Value) -> Result<(), AppError> {
    let long =
        value.as_str().is_some_and(|text| text.chars().count() > TEXT_CHARS || text.chars().any(char::is_control));
    if long {
        return Err(AppError::invalid_body(format!(
            "'{name}' may have {TEXT_CHARS} characters, none of them a control character"
        )));
    }
    match name {
        "session_lifetime" | "idle_session_lifetime"
            if value.as_f64().is_some_and(|hours| !(hours > 0.0 && hours <= SESSION_HOURS)) =>
        {
            Err(AppError::invalid_body(format!("'{name}' must be more than 0 and at most {SESSION_HOURS} hours")))
        }
        "flags" => match value.as_object().into_iter().flatten().find(|(_, flag)| !flag.is_boolean()) {
            Some((flag, _)) => Err(AppError::invalid_body(format!("Expected type boolean on property flags.{flag}"))),
            None => Ok(()),
        },
        "allowed_logout_urls" => {
            let urls = value.as_array().map(Vec::as_slice).unwrap_or_default();
            if urls.len() > LOGOUT_URLS || !urls.iter().all(|url| url.as_str().is_some_and(is_address)) {
                return Err(AppError::invalid_body(format!(
                    "'allowed_logout_urls' may have {LOGOUT_URLS} absolute addresses"
                )));
            }
            Ok(())
        }
        "default_redirection_uri" | "picture_url" | "support_url"
            if value.as_str().is_some_and(|url| !url.is_empty() && !is_web(url)) =>
        {
            Err(AppError::invalid_body(format!("'{name}' must be an absolute http or https address")))
        }
        _ => Ok(()),
    }
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Where a logout may send to; a host's first label may be `*`.
fn is_address(text: &str) -> bool {
    let url = Url::parse(&text.replacen("://*.", "://star.", 1));
    let runs = |url: &Url| matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file");
    text.chars().count() <= 2000 && url.is_ok_and(|url| !runs(&url))
}

/// The settings over the defaults of a new Auth0 tenant.
fn answer(settings: &TenantSettings) -> Value {
    let mut answer = json!({
        "change_password": { "enabled": false },
        "default_directory": DEFAULT_DATABASE,
        "enabled_locales": ["en"],
        "guardian_mfa_page": { "enabled": false },
        "session_lifetime": 168,
        "idle_session_lifetime": 72,
        "sandbox_version": "22",
        "oidc_logout": { "rp_logout_end_session_endpoint_discovery": true },
        "session_cookie": { "mode": "persistent" },
        "resource_parameter_profile": "audience",
        "flags": {
            "allow_changing_enable_sso": false,
            "allow_legacy_delegation_grant_types": false,
            "allow_legacy_ro_grant_types": false,
            "disable_impersonation": true,
            "disable_clickjack_protection_headers": false,
            "enable_client_connections": true,
            "enable_dynamic_client_registration": false,
            "enable_public_signup_user_exists_error": false,
            "enable_sso": true,
            "revoke_refresh_token_grant": false,
            "universal_login": true,
        },
    });
    if let Value::Object(answer) = &mut answer {
        for (name, value) in &settings.0 {
            match (answer.get_mut(name), value) {
                (Some(Value::Object(flags)), Value::Object(given)) if name == "flags" => flags.extend(given.clone()),
                _ => {
                    answer.insert(name.clone(), value.clone());
                }
            }
        }
    }
    answer
}

#[derive(Debug, Default, Deserialize)]
struct FieldsQuery {
    fields: Option<String>,
    include_fields: Option<bool>,
}

async fn tenant_settings_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(query): Query<FieldsQuery>,
) -> Result<Json<Value>, ApiError> {
    let mut found = answer(&tenant_settings::tenant_settings_fetch(&app, &ctx).await?);
    if let Value::Object(found) = &mut found {
        found.insert("sandbox_versions_available".to_owned(), json!(["22", "18"]));
    }
    Ok(Json(project(found, query.fields.as_deref(), query.include_fields)))
}

async fn tenant_settings_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(patch): Json<Map<String, Value>>,
) -> Result<Json<Value>, ApiError> {
    check(&patch)?;
    let patch = in_hours(patch);
    for (name, value) in &patch {
        check_value(name, value)?;
    }
    Ok(Json(answer(&tenant_settings::tenant_settings_update(&app, &ctx, patch).await?)))
}
