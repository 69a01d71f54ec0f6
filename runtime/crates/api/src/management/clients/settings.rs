//! What a client may be made of: types and rules of the settings that we use, and the defaults that a new Auth0
//! client has. Settings we have no use for are kept and given back.

use postern_app::error::AppError;
use serde_json::{Map, Value, json};
use url::Url;

/// Names that the answer has and no request may set.
const READ_ONLY: &[&str] = &["tenant", "global", "signing_keys"];
/// Settings of a known type.
const LISTS: &[&str] =
    &["callbacks", "allowed_logout_urls", "web_origins", "allowed_origins", "client_aliases", "allowed_clients"];
const TEXTS: &[&str] = &[
    "app_type",
    "description",
    "logo_uri",
    "initiate_login_uri",
    "token_endpoint_auth_method",
    "organization_usage",
    "organization_require_behavior",
    "custom_login_page",
    "custom_login_page_preview",
    "form_template",
    "compliance_level",
];
const FLAGS: &[&str] = &[
    "oidc_conformant",
    "is_first_party",
    "sso",
    "sso_disabled",
    "cross_origin_authentication",
    "cross_origin_auth",
    "custom_login_page_on",
    "is_token_endpoint_ip_header_trusted",
    "callback_url_template",
    "require_proof_of_possession",
    "require_pushed_authorization_requests",
];
const OBJECTS: &[&str] =
    &["jwt_configuration", "refresh_token", "native_social_login", "mobile", "addons", "encryption_key", "oidc_logout"];
/// Entries of one list of addresses, and characters of each (ours; Auth0: 100 callbacks).
const LIST_ENTRIES: usize = 100;
/// See [`LIST_ENTRIES`].
const URL_CHARS: usize = 2000;
/// Longest life of an ID token, s (Auth0: 30 days).
const ID_TOKEN_SECONDS: i64 = 2_592_000;
/// Longest life of a refresh token, s (Auth0: five years).
const REFRESH_TOKEN_SECONDS: i64 = 157_788_000;
/// Longest leeway of a rotation, s (Auth0: 60).
const LEEWAY_SECONDS: i64 = 60;

fn wrong_type(name: &str, kind: &str) -> AppError {
    AppError::invalid_body(format!("Expected type {kind} on property {name}"))
}

fn one_of(name: &str, value: &Value, legal: &[&str]) -> Result<(), AppError> {
    if value.is_null() || value.as_str().is_some_and(|text| legal.contains(&text)) {
        return Ok(());
    }
    Err(AppError::invalid_body(format!("'{name}' must be one of {}", legal.join(", "))))
}

fn whole(name: &str, value: Option<&Value>, least: i64, most: i64) -> Result<(), AppError> {
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_i64().is_some_and(|number| (least..=most).contains(&number)) => Ok(()),
        Some(_) => Err(AppError::invalid_body(format!("'{name}' must be an integer from {least} to {most}"))),
    }
}

/// Checks the settings of a request.
pub(super) fn check(settings: &Map<String, Value>) -> Result<(), AppError> {
    for (name, value) in settings {
        let name = name.as_str();
        if READ_ONLY.contains(&name) {
            return Err(AppError::invalid_body(format!("Additional properties not allowed: {name}")));
        }
        if value.is_null() {
            continue;
        }
        if LISTS.contains(&name) {
            check_list(name, value)?;
        } else if TEXTS.contains(&name) && !value.is_string() {
            return Err(wrong_type(name, "string"));
        } else if FLAGS.contains(&name) && !value.is_boolean() {
            return Err(wrong_type(name, "boolean"));
        } else if OBJECTS.contains(&name) && !value.is_object() {
            return Err(wrong_type(name, "object"));
        }
        match name {
            "token_endpoint_auth_method" => {
                one_of(name, value, &["none", "client_secret_post", "client_secret_basic"])?;
            }
            "jwt_configuration" => {
                one_of("jwt_configuration.alg", value.get("alg").unwrap_or(&Value::Null), &["RS256", "HS256"])?;
                let seconds = value.get("lifetime_in_seconds");
                whole("jwt_configuration.lifetime_in_seconds", seconds, 1, ID_TOKEN_SECONDS)?;
            }
            "refresh_token" => check_refresh_token(value)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_refresh_token(policy: &Value) -> Result<(), AppError> {
    let null = Value::Null;
    let get = |name: &str| policy.get(name).unwrap_or(&null);
    one_of("refresh_token.rotation_type", get("rotation_type"), &["rotating", "non-rotating"])?;
    one_of("refresh_token.expiration_type", get("expiration_type"), &["expiring", "non-expiring"])?;
    whole("refresh_token.leeway", policy.get("leeway"), 0, LEEWAY_SECONDS)?;
    for name in ["token_lifetime", "idle_token_lifetime"] {
        whole(&format!("refresh_token.{name}"), policy.get(name), 1, REFRESH_TOKEN_SECONDS)?;
    }
    for name in ["infinite_token_lifetime", "infinite_idle_token_lifetime"] {
        if !get(name).is_null() && !get(name).is_boolean() {
            return Err(wrong_type(&format!("refresh_token.{name}"), "boolean"));
        }
    }
    Ok(())
}

fn check_list(name: &str, value: &Value) -> Result<(), AppError> {
    let entries = value.as_array().ok_or_else(|| wrong_type(name, "array"))?;
    if entries.len() > LIST_ENTRIES {
        return Err(AppError::invalid_body(format!("'{name}' may have at most {LIST_ENTRIES} entries")));
    }
    for (place, entry) in entries.iter().enumerate() {
        let text = entry.as_str().ok_or_else(|| wrong_type(&format!("{name}[{place}]"), "string"))?;
        let legal = match name {
            "callbacks" | "allowed_logout_urls" => is_address(text),
            "web_origins" | "allowed_origins" => is_address(text) && is_origin(text),
            _ => true,
        };
        if !legal || text.chars().count() > URL_CHARS {
            return Err(AppError::invalid_body(format!(
                "'Object didn't pass validation for format absolute-uri-or-empty: {}' on property {name}[{place}]",
                text.chars().take(100).collect::<String>()
            )));
        }
    }
    Ok(())
}

/// An absolute address that a browser may be sent to; a host's first label may be `*`. Schemes of apps are fine,
/// those that run or hold what they name are not.
fn is_address(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return false;
    }
    // A star in a host is no URL; a name in its place makes it one.
    let Ok(url) = Url::parse(&text.replacen("://*.", "://star.", 1)) else { return false };
    !matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob" | "file") && url.fragment().is_none()
}

fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(&text.replacen("://*.", "://star.", 1)) else { return text.is_empty() };
    matches!(url.path(), "" | "/") && url.query().is_none()
}

/// What a new Auth0 client has, under what was set.
pub(super) fn with_defaults(set: &Map<String, Value>) -> Map<String, Value> {
    let first_party = set.get("is_first_party").and_then(Value::as_bool).unwrap_or(true);
    let mut settings = defaults(first_party);
    for (name, value) in set {
        match (settings.get_mut(name), value) {
            // The parts of these two that are left out have their defaults.
            (Some(Value::Object(default)), Value::Object(value))
                if name == "jwt_configuration" || name == "refresh_token" =>
            {
                default.extend(value.clone());
            }
            _ => {
                settings.insert(name.clone(), value.clone());
            }
        }
    }
    settings
}

fn defaults(first_party: bool) -> Map<String, Value> {
    let (rotation, expiration) = if first_party { ("non-rotating", "non-expiring") } else { ("rotating", "expiring") };
    let defaults = json!({
        "is_token_endpoint_ip_header_trusted": false,
        "is_first_party": true,
        "oidc_conformant": false,
        "sso_disabled": false,
        "cross_origin_auth": false,
        "cross_origin_authentication": false,
        "allowed_clients": [],
        "callbacks": [],
        "native_social_login": { "apple": { "enabled": false }, "facebook": { "enabled": false } },
        "callback_url_template": false,
        "client_aliases": [],
        "custom_login_page_on": true,
        "jwt_configuration": { "alg": "RS256", "lifetime_in_seconds": 36_000, "secret_encoded": false },
        "refresh_token": {
            "rotation_type": rotation, "expiration_type": expiration, "leeway": 0,
            "token_lifetime": 2_592_000, "idle_token_lifetime": 1_296_000,
            "infinite_token_lifetime": first_party, "infinite_idle_token_lifetime": first_party,
        },
    });
    serde_json::from_value(defaults).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(settings: &Value, want: bool) {
        let Value::Object(map) = settings else { panic!("{settings}") };
        assert_eq!(check(map).is_ok(), want, "{settings}");
    }

    #[test]
    fn settings_are_checked() {
        check_one(&json!({"callbacks": ["https://app.example.com/cb", "http://localhost:3000", "com.app://cb"]}), true);
        check_one(&json!({"callbacks": ["https://*.example.com/cb"]}), true);
        check_one(&json!({"callbacks": ["javascript:alert(1)"]}), false);
        check_one(&json!({"callbacks": ["/relative"]}), false);
        check_one(&json!({"callbacks": ["https://a.example/#x"]}), false);
        check_one(&json!({"callbacks": ["https://a.example/\r\nx: y"]}), false);
        check_one(&json!({"callbacks": "https://a.example"}), false);
        check_one(&json!({"callbacks": [7]}), false);
        check_one(&json!({"web_origins": ["https://a.example"]}), true);
        check_one(&json!({"web_origins": ["https://a.example/path"]}), false);
        check_one(&json!({"token_endpoint_auth_method": "none"}), true);
        check_one(&json!({"token_endpoint_auth_method": "magic"}), false);
        check_one(&json!({"jwt_configuration": {"alg": "RS512"}}), false);
        check_one(&json!({"jwt_configuration": {"lifetime_in_seconds": 0}}), false);
        check_one(&json!({"refresh_token": {"leeway": "x"}}), false);
        check_one(&json!({"refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring"}}), true);
        check_one(&json!({"tenant": "x"}), false);
        check_one(&json!({"something_new": {"a": 1}}), true);
        check_one(&json!({"callbacks": null}), true);
    }
}
