//! What a client's login form outside of our pages has to know (Auth0 Lock: `/client/{id}.js`). Public, like the form.

use postern_model::{Client, Connection, Strategy};
use serde_json::{Map, Value, json};

use super::sign_in::connections_of;
use super::urls;
use crate::App;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};

/// The settings of a client as Lock reads them: `Auth0.setClient(…)`.
///
/// # Errors
/// When there is no such client.
pub async fn lock_settings_fetch(app: &App, ctx: &OpCtx, client_id: &str) -> Result<Value, AppError> {
    let client = app.store().fetch::<Client>(&ctx.tenant.id, client_id).await?;
    let client = client.ok_or_else(|| AppError::new(Code::InexistentClient, "The client does not exist"))?;
    let connections = connections_of(app, ctx, &client).await?;
    let mut names: Vec<&Strategy> = Vec::new();
    for connection in &connections {
        if !names.contains(&&connection.strategy) {
            names.push(&connection.strategy);
        }
    }
    let strategies: Vec<Value> = names
        .into_iter()
        .map(|strategy| {
            let of = connections.iter().filter(|connection| connection.strategy == *strategy);
            json!({ "name": strategy.0, "connections": of.map(connection_settings).collect::<Vec<_>>() })
        })
        .collect();
    Ok(json!({
        "id": client.client_id,
        "tenant": ctx.tenant.id,
        "allowed": true,
        "hasAllowedOrigins": urls::registered(&client, "allowed_origins").next().is_some(),
        "callback": urls::registered(&client, "callbacks").next(),
        "strategies": strategies,
    }))
}

fn connection_settings(connection: &Connection) -> Value {
    let mut settings = Map::from_iter([("name".to_owned(), json!(connection.name))]);
    if connection.strategy.is_database() {
        let disabled = |name: &str| connection.options.get(name) == Some(&Value::Bool(true));
        settings.insert("passwordPolicy".to_owned(), json!(connection.password_policy().name()));
        settings.insert("showSignup".to_owned(), json!(!connection.disables_signup()));
        settings.insert("showForgot".to_owned(), json!(!disabled("disable_self_service_change_password")));
        settings.insert("requires_username".to_owned(), json!(connection.requires_username()));
        if let Some(validation) = connection.options.get("validation").filter(|validation| validation.is_object()) {
            settings.insert("validation".to_owned(), validation.clone());
        }
    }
    Value::Object(settings)
}
