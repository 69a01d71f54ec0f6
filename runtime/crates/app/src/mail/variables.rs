//! The variables of a template (Auth0: "Supported Liquid syntax in email templates").

use postern_model::{Client, Tenant, User};
use serde_json::{Map, Value, json};

use crate::error::AppError;
use crate::{App, tenant_settings};

/// Whom a mail is to, and for whose sake.
#[derive(Debug, Clone, Default)]
pub(super) struct About<'a> {
    pub(super) user: Option<&'a User>,
    pub(super) client: Option<&'a Client>,
    /// Name of the connection.
    pub(super) connection: Option<&'a str>,
    /// Of the request.
    pub(super) language: Option<&'a str>,
}

/// All that every template has.
pub(super) async fn variables(app: &App, tenant: &Tenant, about: &About<'_>) -> Result<Map<String, Value>, AppError> {
    let texts = tenant_settings::load(app, &tenant.id).await?;
    let user = about.user.map(user_of).unwrap_or_default();
    let mut variables = Map::new();
    let mut set = |name: &str, value: Value| {
        variables.insert(name.to_owned(), value);
    };
    set("application", about.client.map_or(Value::Null, application_of));
    set("tenant", json!(tenant.id));
    set("friendly_name", json!(texts.friendly_name().unwrap_or(tenant.id.as_str())));
    set("support_email", json!(texts.support_email()));
    set("support_url", json!(texts.support_url()));
    set("request_language", json!(about.language));
    set("connection", json!({ "name": about.connection }));
    set("custom_domain", json!({ "domain": tenant.domain, "domain_metadata": {} }));
    // Auth0's documents use these bare in an example.
    set("user_metadata", user.get("user_metadata").cloned().unwrap_or(Value::Null));
    set("app_metadata", user.get("app_metadata").cloned().unwrap_or(Value::Null));
    set("email", json!(about.user.and_then(|user| user.email.as_deref())));
    set("user", Value::Object(user));
    Ok(variables)
}

fn user_of(user: &User) -> Map<String, Value> {
    let mut object = Map::new();
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    for (name, text) in [
        ("email", &user.email),
        ("username", &user.username),
        ("phone_number", &user.phone_number),
        ("name", &user.name),
        ("given_name", &user.given_name),
        ("family_name", &user.family_name),
        ("nickname", &user.nickname),
        ("picture", &user.picture),
    ] {
        set(name, json!(text));
    }
    set("user_id", json!(user.user_id));
    set("email_verified", json!(user.email_verified));
    set("user_metadata", json!(user.user_metadata));
    set("app_metadata", json!(user.app_metadata));
    set("source_ip", json!(user.last_ip));
    object
}

fn application_of(client: &Client) -> Value {
    json!({
        "name": client.name,
        "clientID": client.client_id,
        "client_id": client.client_id,
        "client_metadata": client.client_metadata.clone().unwrap_or_default(),
        "callback_domain": callback_domain(client),
        "logo_uri": client.settings.get("logo_uri"),
    })
}

/// Scheme, host and port of the first callback (Auth0: `application.callback_domain`).
fn callback_domain(client: &Client) -> Option<String> {
    let callbacks = client.settings.get("callbacks")?.as_array()?;
    let first = callbacks.iter().filter_map(Value::as_str).find_map(super::templates::result_url)?;
    Some(first.origin().ascii_serialization())
}

/// The only variables of `resultUrl` (Auth0: "Redirect To").
pub(super) fn redirect_variables(variables: &Map<String, Value>) -> Map<String, Value> {
    let application = variables.get("application").and_then(Value::as_object);
    let kept: Map<String, Value> = ["name", "clientID", "callback_domain"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), application?.get(name)?.clone())))
        .collect();
    Map::from_iter([("application".to_owned(), Value::Object(kept))])
}
