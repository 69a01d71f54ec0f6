//! The tenant's e-mail provider (Auth0 Management API: /emails/provider).

use std::net::IpAddr;

use lettre::message::Mailbox;
use postern_model::TenantId;
use postern_store::{CommitError, Expect, Setting, WriteSet};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, clients, logs, secrets};

/// Where it is kept; part of what its password is sealed for.
const SETTING: &str = "email_provider";
/// Characters of each text.
const TEXT_CHARS: usize = 512;
/// Bytes of `settings` as JSON text.
const SETTINGS_BYTES: usize = 16 * 1024;
/// Headers that `settings.headers` may hold (Auth0's SMTP settings).
pub(super) const HEADERS: [&str; 2] = ["X-MC-ViewContentLink", "X-SES-Configuration-Set"];

/// How the connection is protected; `settings.tls`, ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// TLS from the first byte on port 465; STARTTLS on all others: demanded when a password goes to a host that is
    /// not this one, taken when offered otherwise.
    #[default]
    Auto,
    /// STARTTLS, or no mail.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None.
    None,
}

/// A provider: an SMTP server.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// `smtp`
    pub name: String,
    /// Whether mails are sent at all.
    pub enabled: bool,
    /// From whom, when the template does not say.
    pub default_from_address: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub smtp_host: String,
    #[expect(missing_docs, reason = "says its name")]
    pub smtp_port: u16,
    #[expect(missing_docs, reason = "says its name")]
    pub smtp_user: Option<String>,
    /// Sealed; never given back.
    pub smtp_pass: Option<String>,
    /// As they came: `headers`, `tls`, ….
    pub settings: Option<Map<String, Value>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("smtp_host", &self.smtp_host).finish_non_exhaustive()
    }
}

impl Provider {
    /// How the connection is protected.
    pub(super) fn tls(&self) -> Tls {
        let given = self.settings.as_ref().and_then(|settings| settings.get("tls"));
        given.and_then(|tls| Tls::deserialize(tls).ok()).unwrap_or_default()
    }

    /// Headers that every mail gets.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let given = self.settings.as_ref().and_then(|settings| settings.get("headers")?.as_object());
        HEADERS.into_iter().filter_map(move |name| Some((name, given?.get(name)?.as_str()?)))
    }

    /// Opens the password.
    pub(super) fn password(&self, app: &App, tenant: &TenantId) -> Result<Option<String>, AppError> {
        let Some(sealed) = &self.smtp_pass else { return Ok(None) };
        let bytes = secrets::open(app, tenant, SETTING, sealed)?;
        String::from_utf8(bytes).map(Some).map_err(|_bad| AppError::internal("read the password of the SMTP server"))
    }
}

/// What a request may set; absent leaves it as it is, `Some(None)` is `null`.
#[derive(Debug, Clone, Default)]
pub struct ProviderInput {
    #[expect(missing_docs, reason = "says its name")]
    pub name: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub enabled: Option<bool>,
    #[expect(missing_docs, reason = "says its name")]
    pub default_from_address: Option<Option<String>>,
    /// `smtp_host`, `smtp_port`, `smtp_user`, `smtp_pass`.
    pub credentials: Option<Map<String, Value>>,
    #[expect(missing_docs, reason = "says its name")]
    pub settings: Option<Option<Map<String, Value>>>,
}

fn absent() -> AppError {
    AppError::new(Code::InexistentEmailProvider, "There is not a configured email provider.")
}

async fn row(app: &App, tenant: &TenantId) -> Result<Option<(Setting, Provider)>, AppError> {
    let Some(setting) = app.store().fetch::<Setting>(tenant, SETTING).await? else { return Ok(None) };
    let provider = Provider::deserialize(&setting.value)
        .map_err(|error| AppError::internal("read the e-mail provider").with_source(error))?;
    Ok(Some((setting, provider)))
}

/// The provider, whatever the scopes: for the other use cases.
pub(super) async fn load(app: &App, tenant: &TenantId) -> Result<Option<Provider>, AppError> {
    Ok(row(app, tenant).await?.map(|(_, provider)| provider))
}

/// Whether mails can be sent.
pub(crate) async fn is_ready(app: &App, tenant: &TenantId) -> Result<bool, AppError> {
    Ok(load(app, tenant).await?.is_some_and(|provider| provider.enabled))
}

/// Reads the provider.
///
/// # Errors
/// When the scope is missing or there is none.
pub async fn email_provider_fetch(app: &App, ctx: &OpCtx) -> Result<Provider, AppError> {
    ctx.require("read:email_provider")?;
    load(app, &ctx.tenant.id).await?.ok_or_else(absent)
}

/// Sets the provider of a tenant without one.
///
/// # Errors
/// When the scope is missing, the input is not legal or there is one.
pub async fn email_provider_create(app: &App, ctx: &OpCtx, input: ProviderInput) -> Result<Provider, AppError> {
    ctx.require("create:email_provider")?;
    for (name, given) in [("name", input.name.is_some()), ("credentials", input.credentials.is_some())] {
        if !given {
            return Err(AppError::invalid_body(format!("Missing required property: {name}")));
        }
    }
    let blank = Provider {
        name: "smtp".to_owned(),
        enabled: true,
        default_from_address: None,
        smtp_host: String::new(),
        smtp_port: 0,
        smtp_user: None,
        smtp_pass: None,
        settings: None,
    };
    let provider = changed(app, ctx, blank, input)?;
    let setting = Setting { name: SETTING.to_owned(), revision: 0, value: json!(provider) };
    let audit = logs::audit(ctx, "Configure the email provider", SETTING)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&setting).insert(&audit);
    match app.store().commit(set).await {
        Ok(_) => Ok(provider),
        Err(CommitError::Conflict { .. }) => Err(AppError::conflict("Email provider is already configured.")),
        Err(other) => Err(other.into()),
    }
}

/// Changes the provider.
///
/// # Errors
/// When the scope is missing, the input is not legal or there is none.
pub async fn email_provider_update(app: &App, ctx: &OpCtx, input: ProviderInput) -> Result<Provider, AppError> {
    ctx.require("update:email_provider")?;
    let (mut setting, old) = row(app, &ctx.tenant.id).await?.ok_or_else(absent)?;
    let provider = changed(app, ctx, old, input)?;
    setting.value = json!(provider);
    let audit = logs::audit(ctx, "Update the email provider", SETTING)?;
    app.store().commit(WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&setting).insert(&audit)).await?;
    // What waits may go now.
    app.outbox().look_again(&ctx.tenant.id);
    Ok(provider)
}

/// Removes the provider; none is no error. Mails that wait are given up in time.
///
/// # Errors
/// When the scope is missing.
pub async fn email_provider_delete(app: &App, ctx: &OpCtx) -> Result<(), AppError> {
    ctx.require("delete:email_provider")?;
    if row(app, &ctx.tenant.id).await?.is_none() {
        return Ok(());
    }
    let audit = logs::audit(ctx, "Delete the email provider", SETTING)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).delete::<Setting>(SETTING, Expect::Any).insert(&audit);
    app.store().commit(set).await?;
    Ok(())
}

fn changed(app: &App, ctx: &OpCtx, mut provider: Provider, input: ProviderInput) -> Result<Provider, AppError> {
    if let Some(name) = input.name
        && name != "smtp"
    {
        let name: String = name.chars().take(100).collect();
        return Err(AppError::invalid_body(format!(
            "'name' must be smtp: mails are sent by SMTP only, which '{name}' offers too"
        )));
    }
    provider.enabled = input.enabled.unwrap_or(provider.enabled);
    if let Some(from) = input.default_from_address {
        if let Some(from) = &from {
            check_address("default_from_address", from)?;
        }
        provider.default_from_address = from;
    }
    if let Some(credentials) = input.credentials {
        take_credentials(app, ctx, &mut provider, &credentials)?;
    }
    if let Some(settings) = input.settings {
        if let Some(settings) = &settings {
            check_settings(settings)?;
        }
        provider.settings = settings;
    }
    if provider.smtp_host.is_empty() || provider.smtp_port == 0 {
        return Err(AppError::invalid_body("Missing required property: credentials.smtp_host and smtp_port"));
    }
    Ok(provider)
}

/// An address, or a text with Liquid in it, whose result is checked when it is there.
pub(super) fn check_address(field: &str, text: &str) -> Result<(), AppError> {
    let legal = text.contains("{{") || text.parse::<Mailbox>().is_ok();
    if text.chars().count() > TEXT_CHARS || text.chars().any(char::is_control) || !legal {
        return Err(AppError::invalid_body(format!("'{field}' must be an address, such as Name <name@example.com>")));
    }
    Ok(())
}

fn take_credentials(
    app: &App,
    ctx: &OpCtx,
    provider: &mut Provider,
    given: &Map<String, Value>,
) -> Result<(), AppError> {
    const KNOWN: [&str; 4] = ["smtp_host", "smtp_port", "smtp_user", "smtp_pass"];
    if let Some(name) = given.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(AppError::invalid_body(format!("Additional properties not allowed: credentials.{name}")));
    }
    let text = |name: &str| match given.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) if text.chars().count() <= TEXT_CHARS && !text.chars().any(char::is_control) => {
            Ok(Some(Some(text.clone())))
        }
        Some(_) => {
            Err(AppError::invalid_body(format!("'credentials.{name}' must be a text of {TEXT_CHARS} characters")))
        }
    };
    let before = (provider.smtp_host.clone(), provider.smtp_port);
    if let Some(host) = text("smtp_host")? {
        provider.smtp_host = host.unwrap_or_default();
        check_host(&provider.smtp_host)?;
    }
    if let Some(port) = given.get("smtp_port") {
        let port = port.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        provider.smtp_port =
            port.ok_or_else(|| AppError::invalid_body("'credentials.smtp_port' must be 1 to 65535"))?;
    }
    if let Some(user) = text("smtp_user")? {
        provider.smtp_user = user.filter(|user| !user.is_empty());
    }
    match text("smtp_pass")? {
        Some(password) => {
            let password = password.filter(|password| !password.is_empty());
            let seal = |password: String| secrets::seal(app, &ctx.tenant.id, SETTING, password.as_bytes());
            provider.smtp_pass = password.map(seal).transpose()?;
        }
        // It was given for that server, and is nobody else's to see.
        None if provider.smtp_pass.is_some() && before != (provider.smtp_host.clone(), provider.smtp_port) => {
            return Err(AppError::invalid_body("'credentials.smtp_pass' must be given with another host or port"));
        }
        None => {}
    }
    Ok(())
}

fn check_host(host: &str) -> Result<(), AppError> {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let name = host.len() <= 253 && matches!(url::Host::parse(host), Ok(url::Host::Domain(_)));
    if address || name {
        Ok(())
    } else {
        Err(AppError::invalid_body("'credentials.smtp_host' must be a host name or an address"))
    }
}

fn check_settings(settings: &Map<String, Value>) -> Result<(), AppError> {
    clients::check_depth("'settings'", settings.values())?;
    if json!(settings).to_string().len() > SETTINGS_BYTES {
        return Err(AppError::invalid_body(format!("'settings' is larger than {SETTINGS_BYTES} bytes")));
    }
    if let Some(tls) = settings.get("tls")
        && Tls::deserialize(tls).is_err()
    {
        return Err(AppError::invalid_body("'settings.tls' must be auto, starttls, implicit or none"));
    }
    match settings.get("headers") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(headers)) => {
            let plain = |value: &Value| {
                let text = value.as_str();
                text.is_some_and(|text| {
                    text.len() <= TEXT_CHARS && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
                })
            };
            match headers.iter().find(|(name, value)| !HEADERS.contains(&name.as_str()) || !plain(value)) {
                Some((name, _)) => Err(AppError::invalid_body(format!(
                    "'settings.headers.{name}' cannot be set: {} can, to plain text",
                    HEADERS.join(" and ")
                ))),
                None => Ok(()),
            }
        }
        Some(_) => Err(AppError::invalid_body("'settings.headers' must be an object")),
    }
}
