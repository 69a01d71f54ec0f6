//! Writing a mail: a template, its variables, and the outbox.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::connection::DEFAULT_DATABASE;
use postern_model::{Client, LogType, Tenant, User};
use serde_json::{Map, Value, json};

use super::liquid::{self, LiquidError};
pub use super::message::Composed;
use super::message::line;
use super::templates::{Chosen, Template, choose, result_url};
use super::variables::{About, redirect_variables, variables};
use super::{outbox, provider};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, clients, logs, users};

/// Bytes of the variables that a preview brings.
const PREVIEW_BYTES: usize = 256 * 1024;

/// A mail that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct MailOrder {
    /// Name of the template.
    pub(crate) template: &'static str,
    pub(crate) user: Arc<User>,
    pub(crate) client: Option<Arc<Client>>,
    /// Name of the user's connection.
    pub(crate) connection: Option<String>,
    /// Language of the request.
    pub(crate) language: Option<String>,
    /// Who asked for it.
    pub(crate) ip: Option<String>,
    /// `url`, `code`, ….
    pub(crate) extra: Map<String, Value>,
}

impl MailOrder {
    fn about(&self) -> About<'_> {
        About {
            user: Some(&self.user),
            client: self.client.as_deref(),
            connection: self.connection.as_deref(),
            language: self.language.as_deref(),
        }
    }
}

/// What a template says of the link in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct LinkRules {
    /// Where who followed it is sent.
    pub(crate) result_url: Option<String>,
    /// How long it may be followed, seconds.
    pub(crate) lifetime_s: u32,
    /// Whether `result_url` is told the address.
    pub(crate) include_email: bool,
}

/// Whether mails of this template are made at all: its switch. The built-in ones are on, but the welcome: whoever wants
/// one writes it.
pub(crate) async fn is_on(app: &App, tenant: &Tenant, template: &str) -> Result<bool, AppError> {
    let Chosen { template: chosen, own } = choose(app, &tenant.id, template).await?;
    Ok(if own { chosen.enabled } else { template != "welcome_email" })
}

/// The rules of a template's link; `resultUrl` is rendered, and dropped when it is no address then.
pub(crate) async fn link_rules(app: &App, tenant: &Tenant, order: &MailOrder) -> Result<LinkRules, AppError> {
    let template = usable(choose(app, &tenant.id, order.template).await?);
    let lifetime_s = template.url_lifetime_in_seconds.filter(|seconds| *seconds > 0);
    let given = template.result_url.filter(|url| !url.is_empty());
    let rendered = match given {
        Some(url) => {
            let all = variables(app, tenant, &order.about()).await?;
            liquid::render(url, redirect_variables(&all)).await.ok()
        }
        None => None,
    };
    Ok(LinkRules {
        result_url: rendered.and_then(|url| result_url(&url)).map(String::from),
        lifetime_s: lifetime_s.unwrap_or(super::templates::URL_LIFETIME_S),
        include_email: template.include_email_in_redirect.unwrap_or(true),
    })
}

/// A template that is switched off says nothing: what is asked for all the same is written as built in.
fn usable(chosen: Chosen) -> Template {
    if chosen.own && !chosen.template.enabled {
        super::templates::built_in(&chosen.template.template)
    } else {
        chosen.template
    }
}

/// Writes a mail and puts it into the outbox. What goes wrong with the mail itself is for the tenant log, not for the
/// one who asked.
///
/// # Errors
/// A fault of the store.
pub(crate) async fn mail_enqueue(app: &App, tenant: &Tenant, order: MailOrder, now: Timestamp) -> Result<(), AppError> {
    let failed = outbox::log_types(order.template).1;
    let Some(to) = order.user.email.clone() else {
        return refuse(app, tenant, &order, failed, "the user has no email address", now).await;
    };
    if !provider::is_ready(app, &tenant.id).await? {
        return refuse(app, tenant, &order, failed, "no email provider is configured and enabled", now).await;
    }
    let mut all = variables(app, tenant, &order.about()).await?;
    all.extend(order.extra.clone());
    let template = usable(choose(app, &tenant.id, order.template).await?);
    match compose(template, all, to).await {
        Ok(composed) => outbox::put(app, tenant, &order, &composed, now).await,
        Err(error) => {
            let reason = format!("the template '{}' cannot be rendered: {error}", order.template);
            refuse(app, tenant, &order, failed, &reason, now).await
        }
    }
}

async fn refuse(
    app: &App,
    tenant: &Tenant,
    order: &MailOrder,
    kind: LogType,
    reason: &str,
    now: Timestamp,
) -> Result<(), AppError> {
    let mut fields = Map::new();
    fields.insert("user_id".to_owned(), json!(order.user.user_id));
    fields.insert("client_id".to_owned(), json!(order.client.as_ref().map(|client| &client.client_id)));
    fields.insert("connection".to_owned(), json!(order.connection));
    fields.insert("ip".to_owned(), json!(order.ip));
    fields.insert("details".to_owned(), json!({ "email_template": order.template, "error": reason }));
    logs::log_write(app, &tenant.id, kind, reason, fields, now).await
}

async fn compose(template: Template, variables: Map<String, Value>, to: String) -> Result<Composed, LiquidError> {
    let one_line = |text: Option<String>| {
        let variables = variables.clone();
        async move {
            match text {
                Some(text) => liquid::render(text, variables).await.map(|text| line(&text)),
                None => Ok(String::new()),
            }
        }
    };
    let from = one_line(template.from).await?;
    let subject = one_line(template.subject).await?;
    let body = liquid::render(template.body.unwrap_or_default(), variables).await?;
    Ok(Composed { from, to, subject, body })
}

/// What a preview is made with.
#[derive(Debug, Clone, Default)]
pub struct PreviewInput {
    /// A user of the tenant.
    pub user_id: Option<String>,
    /// A client of the tenant.
    pub client_id: Option<String>,
    /// `request_language`
    pub request_language: Option<String>,
    /// Laid over all others.
    pub variables: Map<String, Value>,
}

/// Shows what a mail would say.
///
/// # Errors
/// When a scope is missing, a row is unknown, or the template cannot be rendered.
pub async fn email_template_preview(
    app: &App,
    ctx: &OpCtx,
    name: &str,
    input: PreviewInput,
) -> Result<Composed, AppError> {
    ctx.require("read:email_templates")?;
    preview(app, ctx, name, input, None).await.map(|(composed, _)| composed)
}

/// Sends a mail made of a template to an address, whether or not the template is switched on.
///
/// # Errors
/// When a scope is missing, a row is unknown, the template cannot be rendered or there is no provider.
pub async fn email_template_test(
    app: &App,
    ctx: &OpCtx,
    name: &str,
    to: &str,
    input: PreviewInput,
) -> Result<(), AppError> {
    ctx.require("update:email_templates")?;
    provider::check_address("to", to)?;
    if !provider::is_ready(app, &ctx.tenant.id).await? {
        return Err(AppError::bad_request("There is not a configured and enabled email provider."));
    }
    let (composed, order) = preview(app, ctx, name, input, Some(to)).await?;
    outbox::put_test(app, &ctx.tenant, name, order, &composed, ctx.now).await
}

async fn preview(
    app: &App,
    ctx: &OpCtx,
    name: &str,
    input: PreviewInput,
    to: Option<&str>,
) -> Result<(Composed, Option<Arc<User>>), AppError> {
    if json!(input.variables).to_string().len() > PREVIEW_BYTES {
        return Err(AppError::invalid_body(format!("'variables' is larger than {PREVIEW_BYTES} bytes")));
    }
    clients::check_depth("'variables'", input.variables.values())?;
    let chosen = choose(app, &ctx.tenant.id, name).await?;
    let user = match &input.user_id {
        Some(id) => {
            ctx.require("read:users")?;
            Some(Arc::new(users::load(app, ctx, id).await?))
        }
        None => None,
    };
    let client = match &input.client_id {
        Some(id) => {
            ctx.require("read:clients")?;
            Some(clients::load(app, ctx, id).await?)
        }
        None => None,
    };
    let connection = user.as_ref().and_then(|user| user.identities.first()).map(|first| first.connection.clone());
    let connection = connection.or_else(|| Some(DEFAULT_DATABASE.to_owned()));
    let about = About {
        user: user.as_deref(),
        client: client.as_ref(),
        connection: connection.as_deref(),
        language: input.request_language.as_deref(),
    };
    let mut all = variables(app, &ctx.tenant, &about).await?;
    let url = format!("{}u/preview", app.scheme().issuer(&ctx.tenant.domain));
    all.insert("url".to_owned(), json!(url));
    all.insert("link".to_owned(), json!(url));
    all.insert("code".to_owned(), json!("123456"));
    all.extend(input.variables);
    let to = to.map(str::to_owned).or_else(|| user.as_ref()?.email.clone()).unwrap_or_default();
    let composed = compose(chosen.template, all, to).await;
    let composed =
        composed.map_err(|error| AppError::bad_request(format!("The template cannot be rendered: {error}")))?;
    Ok((composed, user))
}
