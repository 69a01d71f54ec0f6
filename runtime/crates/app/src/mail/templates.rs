//! E-mail templates (Auth0 Management API: /email-templates).

mod defaults;

use postern_model::TenantId;
use postern_store::{CommitError, Setting, WriteSet};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::liquid::{self, TEMPLATE_BYTES};
use super::provider::check_address;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::{App, logs};

/// Every template there is (Auth0 Management API: POST /email-templates).
pub const NAMES: [&str; 14] = [
    "verify_email",
    "verify_email_by_code",
    "auth_email_by_code",
    "reset_email",
    "reset_email_by_code",
    "welcome_email",
    "blocked_account",
    "stolen_credentials",
    "enrollment_email",
    "mfa_oob_code",
    "user_invitation",
    "change_password",
    "password_reset",
    "async_approval",
];
/// How long a link may be followed when the template does not say, seconds (Auth0: five days).
pub(crate) const URL_LIFETIME_S: u32 = 432_000;
/// How long at most, seconds.
const URL_LIFETIME_MAX_S: u32 = 31_536_000;
/// Characters of `from`, `subject` and `resultUrl`.
const LINE_CHARS: usize = 2048;

/// A template, as a tenant wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// One of [`NAMES`].
    pub template: String,
    /// HTML with Liquid in it, as the other texts.
    pub body: Option<String>,
    /// The provider's default when absent.
    pub from: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub subject: Option<String>,
    /// `liquid`
    pub syntax: Option<String>,
    /// Where who followed the link is sent.
    pub result_url: Option<String>,
    /// How long the link may be followed.
    pub url_lifetime_in_seconds: Option<u32>,
    /// Whether `result_url` is told the address.
    pub include_email_in_redirect: Option<bool>,
    /// Whether mails are made of it.
    pub enabled: bool,
}

/// What a request may set; absent leaves it as it is, `Some(None)` is `null`.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names are those of `Template`")]
pub struct TemplateInput {
    pub template: Option<String>,
    pub body: Option<Option<String>>,
    pub from: Option<Option<String>>,
    pub subject: Option<Option<String>>,
    pub syntax: Option<Option<String>>,
    pub result_url: Option<Option<String>>,
    pub url_lifetime_in_seconds: Option<Option<u32>>,
    pub include_email_in_redirect: Option<Option<bool>>,
    pub enabled: Option<bool>,
}

fn absent() -> AppError {
    AppError::new(Code::InexistentEmailTemplate, "The template does not exist.")
}

fn known(name: &str) -> Result<&'static str, AppError> {
    NAMES.into_iter().find(|known| *known == name).ok_or_else(absent)
}

fn setting(name: &str) -> String {
    format!("email_template:{name}")
}

async fn row(app: &App, tenant: &TenantId, name: &str) -> Result<Option<(Setting, Template)>, AppError> {
    let Some(row) = app.store().fetch::<Setting>(tenant, &setting(name)).await? else { return Ok(None) };
    let template = Template::deserialize(&row.value)
        .map_err(|error| AppError::internal("read an e-mail template").with_source(error))?;
    Ok(Some((row, template)))
}

/// What a mail is made of.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The tenant's own, with what it leaves out filled in; or the built-in one.
    pub(super) template: Template,
    /// Whether it is the tenant's own.
    pub(super) own: bool,
}

/// The tenant's template of that name, or the built-in one.
pub(super) async fn choose(app: &App, tenant: &TenantId, name: &str) -> Result<Chosen, AppError> {
    let name = known(name)?;
    let built_in = defaults::template(name);
    match row(app, tenant, name).await? {
        Some((_, mut template)) => {
            template.body = template.body.filter(|text| !text.is_empty()).or(built_in.body);
            template.subject = template.subject.filter(|text| !text.is_empty()).or(built_in.subject);
            Ok(Chosen { template, own: true })
        }
        None => Ok(Chosen { template: built_in, own: false }),
    }
}

/// The built-in template of a name that is known.
pub(super) fn built_in(name: &str) -> Template {
    defaults::template(NAMES.into_iter().find(|known| *known == name).unwrap_or("verify_email"))
}

/// Reads a template.
///
/// # Errors
/// When the scope is missing, or the tenant has none of that name.
pub async fn email_template_fetch(app: &App, ctx: &OpCtx, name: &str) -> Result<Template, AppError> {
    ctx.require("read:email_templates")?;
    let found = row(app, &ctx.tenant.id, known(name)?).await?;
    found.map(|(_, template)| template).ok_or_else(absent)
}

/// Sets a template that the tenant does not have.
///
/// # Errors
/// When the scope is missing, the input is not legal, or the tenant has one of that name.
pub async fn email_template_create(app: &App, ctx: &OpCtx, input: TemplateInput) -> Result<Template, AppError> {
    ctx.require("create:email_templates")?;
    let given = [
        ("template", input.template.is_some()),
        ("body", input.body.is_some()),
        ("from", input.from.is_some()),
        ("subject", input.subject.is_some()),
        ("syntax", input.syntax.is_some()),
        ("enabled", input.enabled.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| !given) {
        return Err(AppError::invalid_body(format!("Missing required property: {name}")));
    }
    let name = input.template.clone().unwrap_or_default();
    let name = known(&name).map_err(|_unknown| bad_name())?;
    let template = changed(blank(name), input).await?;
    let row = Setting { name: setting(name), revision: 0, value: json!(template) };
    let audit = logs::audit(ctx, "Create an email template", name)?;
    let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&row).insert(&audit);
    match app.store().commit(set).await {
        Ok(_) => Ok(template),
        Err(CommitError::Conflict { .. }) => Err(AppError::conflict("The template already exists.")),
        Err(other) => Err(other.into()),
    }
}

fn bad_name() -> AppError {
    AppError::invalid_body(format!("'template' must be one of {}", NAMES.join(", ")))
}

fn blank(name: &str) -> Template {
    Template {
        template: name.to_owned(),
        body: None,
        from: None,
        subject: None,
        syntax: Some("liquid".to_owned()),
        result_url: None,
        url_lifetime_in_seconds: None,
        include_email_in_redirect: None,
        enabled: false,
    }
}

/// Changes a template, or (`whole`) writes it anew.
///
/// # Errors
/// When the scope is missing, the input is not legal, or the tenant has none of that name.
pub async fn email_template_update(
    app: &App,
    ctx: &OpCtx,
    name: &str,
    input: TemplateInput,
    whole: bool,
) -> Result<Template, AppError> {
    ctx.require("update:email_templates")?;
    let name = known(name)?;
    if input.template.as_deref().is_some_and(|given| given != name) {
        return Err(AppError::invalid_body("'template' is not the one in the path"));
    }
    let (mut row, old) = row(app, &ctx.tenant.id, name).await?.ok_or_else(absent)?;
    let template = changed(if whole { blank(name) } else { old }, input).await?;
    row.value = json!(template);
    let audit = logs::audit(ctx, "Update an email template", name)?;
    app.store().commit(WriteSet::new(&ctx.tenant.id, ctx.request_id).replace(&row).insert(&audit)).await?;
    Ok(template)
}

async fn changed(mut template: Template, input: TemplateInput) -> Result<Template, AppError> {
    let TemplateInput { template: _, body, from, subject, syntax, result_url, .. } = input;
    if let Some(Some(syntax)) = &syntax
        && syntax != "liquid"
    {
        return Err(AppError::invalid_body("'syntax' must be liquid"));
    }
    if let Some(Some(seconds)) = input.url_lifetime_in_seconds
        && seconds > URL_LIFETIME_MAX_S
    {
        return Err(AppError::invalid_body(format!("'urlLifetimeInSeconds' must be 0 to {URL_LIFETIME_MAX_S}")));
    }
    for (field, text, longest) in [
        ("body", &body, TEMPLATE_BYTES),
        ("from", &from, LINE_CHARS),
        ("subject", &subject, LINE_CHARS),
        ("resultUrl", &result_url, LINE_CHARS),
    ] {
        if let Some(Some(text)) = text {
            check_text(field, text, longest).await?;
        }
    }
    template.body = body.unwrap_or(template.body);
    template.from = from.unwrap_or(template.from);
    template.subject = subject.unwrap_or(template.subject);
    template.syntax = syntax.unwrap_or(template.syntax);
    template.result_url = result_url.unwrap_or(template.result_url);
    template.url_lifetime_in_seconds = input.url_lifetime_in_seconds.unwrap_or(template.url_lifetime_in_seconds);
    template.include_email_in_redirect = input.include_email_in_redirect.unwrap_or(template.include_email_in_redirect);
    template.enabled = input.enabled.unwrap_or(template.enabled);
    Ok(template)
}

async fn check_text(field: &str, text: &str, longest: usize) -> Result<(), AppError> {
    if text.len() > longest {
        return Err(AppError::invalid_body(format!("'{field}' is longer than {longest} bytes")));
    }
    let line = field != "body";
    if text.chars().any(|c| c == '\0' || line && c.is_control()) {
        return Err(AppError::invalid_body(format!("'{field}' holds a character that is not allowed")));
    }
    if let Err(error) = liquid::check(text.to_owned()).await {
        return Err(AppError::invalid_body(format!("'{field}' is not legal Liquid, {error}")));
    }
    match field {
        "from" if !text.is_empty() => check_address(field, text),
        "resultUrl" if !text.is_empty() && !text.contains("{{") && result_url(text).is_none() => {
            Err(AppError::invalid_body("'resultUrl' must be an absolute http or https address"))
        }
        _ => Ok(()),
    }
}

/// An address that a browser may be sent to.
pub(crate) fn result_url(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text.trim()).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.has_host();
    (plain && url.username().is_empty() && url.password().is_none()).then_some(url)
}
