//! Links by which users prove that an address is theirs: to confirm it, or to choose a new password.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use postern_model::{Client, Connection, LogType, Tenant, User, UserId};
use postern_store::Index;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::compose::{LinkRules, MailOrder, is_on, link_rules, mail_enqueue};
use super::provider;
use super::templates::result_url;
use crate::authentication::one_time_create;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::tenants::TenantKeys;
use crate::{App, clients, custom_database, logs, users};

/// One-time secrets of password links.
pub(super) const PASSWORD: &str = "password_ticket";
/// One-time secrets of confirmation links.
pub(super) const VERIFICATION: &str = "verification_ticket";
/// How long a ticket may live, seconds.
const LIFETIME_MAX_S: u32 = 31_536_000;
/// Mails of one user that may wait to be sent before further ones are left out.
const WAITING: usize = 5;

/// What a password link stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PasswordTicket {
    pub(super) user_id: UserId,
    /// The address it was sent to.
    pub(super) email: Option<String>,
    /// The last change of the password before it: a link is void once the password was changed by another.
    pub(super) last_password_reset: Option<Timestamp>,
    pub(super) result_url: Option<String>,
    pub(super) include_email: bool,
    /// Whether following it proves the address.
    pub(super) verifies: bool,
    pub(super) client_id: Option<String>,
}

/// What a confirmation link stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VerificationTicket {
    pub(super) user_id: UserId,
    pub(super) email: String,
    pub(super) result_url: Option<String>,
    pub(super) include_email: bool,
    pub(super) client_id: Option<String>,
}

/// What both kinds of ticket are asked with (Auth0 Management API: POST /tickets/…).
#[derive(Debug, Clone, Default)]
pub struct TicketInput {
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: Option<String>,
    /// With `connection_id`, in place of `user_id`; password tickets only.
    pub email: Option<String>,
    /// See `email`.
    pub connection_id: Option<String>,
    /// Where who followed the link is sent.
    pub result_url: Option<String>,
    /// For whose sake.
    pub client_id: Option<String>,
    /// How long it may be followed.
    pub ttl_sec: Option<u32>,
    /// Whether a new password proves the address.
    pub mark_email_as_verified: bool,
    /// Whether `result_url` is told the address.
    pub include_email_in_redirect: bool,
}

fn no_user() -> AppError {
    AppError::new(Code::InexistentUser, "The user does not exist.")
}

async fn rules(
    app: &App,
    ctx: &OpCtx,
    input: &TicketInput,
    user: &Arc<User>,
    template: &'static str,
) -> Result<LinkRules, AppError> {
    if input.result_url.is_some() && input.client_id.is_some() {
        return Err(AppError::invalid_body("'client_id' and 'result_url' cannot be given together"));
    }
    if input.ttl_sec.is_some_and(|seconds| seconds > LIFETIME_MAX_S) {
        return Err(AppError::invalid_body(format!("'ttl_sec' must be 0 to {LIFETIME_MAX_S}")));
    }
    let given = match &input.result_url {
        Some(url) => Some(result_url(url).ok_or_else(|| {
            AppError::invalid_body("Object didn't pass validation for format absolute-uri: result_url")
        })?),
        None => None,
    };
    let client = match &input.client_id {
        Some(id) => Some(Arc::new(clients::load(app, ctx, id).await?)),
        None => None,
    };
    let order = order(template, user, client, None, None);
    let mut rules = link_rules(app, &ctx.tenant, &order).await?;
    rules.result_url = given.map(String::from).or(rules.result_url);
    rules.include_email = input.include_email_in_redirect;
    if let Some(seconds) = input.ttl_sec.filter(|seconds| *seconds > 0) {
        rules.lifetime_s = seconds;
    }
    Ok(rules)
}

fn order(
    template: &'static str,
    user: &Arc<User>,
    client: Option<Arc<Client>>,
    ip: Option<String>,
    language: Option<String>,
) -> MailOrder {
    let connection = user.identities.first().map(|first| first.connection.clone());
    MailOrder { template, user: Arc::clone(user), client, connection, language, ip, extra: Map::new() }
}

/// Makes a link to choose a new password.
///
/// # Errors
/// When the scope is missing, the input is not legal, or there is no such user of a database.
pub async fn ticket_password_create(app: &App, ctx: &OpCtx, input: TicketInput) -> Result<String, AppError> {
    ctx.require("create:user_tickets")?;
    let user = match (&input.user_id, &input.email, &input.connection_id) {
        (Some(id), None, _) => users::load(app, ctx, id).await?,
        (None, Some(email), Some(connection)) => {
            let connection = app.store().fetch::<Connection>(&ctx.tenant.id, connection).await?;
            let connection =
                connection.ok_or_else(|| AppError::new(Code::InexistentConnection, "The connection does not exist"))?;
            find_user(app, &ctx.tenant, &connection, email).await?.ok_or_else(no_user)?
        }
        (None, None, _) => return Err(AppError::invalid_body("Missing required property: user_id")),
        (None, Some(_), None) => return Err(AppError::invalid_body("Missing required property: connection_id")),
        (Some(_), Some(_), _) => {
            return Err(AppError::invalid_body("'user_id' and 'email' cannot be given together"));
        }
    };
    if user.identities.first().is_none_or(|first| first.provider != "auth0") {
        return Err(AppError::bad_request("The user's main connection does not support this operation"));
    }
    let user = Arc::new(user);
    let rules = rules(app, ctx, &input, &user, "reset_email").await?;
    let client_id = input.client_id.clone();
    password_link(app, &ctx.tenant, &user, rules, input.mark_email_as_verified, client_id, ctx.now).await
}

async fn password_link(
    app: &App,
    tenant: &Tenant,
    user: &User,
    rules: LinkRules,
    verifies: bool,
    client_id: Option<String>,
    now: Timestamp,
) -> Result<String, AppError> {
    let ticket = PasswordTicket {
        user_id: user.user_id.clone(),
        email: user.email.clone(),
        last_password_reset: user.last_password_reset,
        result_url: rules.result_url,
        include_email: rules.include_email,
        verifies,
        client_id,
    };
    let lives = Duration::from_secs(rules.lifetime_s.into());
    let secret = one_time_create(app, &tenant.id, PASSWORD, &ticket, lives, now).await?;
    Ok(format!("{}u/reset-verify?ticket={secret}", app.scheme().issuer(&tenant.domain)))
}

/// Makes a link that confirms a user's address.
///
/// # Errors
/// When the scope is missing, the input is not legal, or there is no such user.
pub async fn ticket_verification_create(app: &App, ctx: &OpCtx, input: TicketInput) -> Result<String, AppError> {
    ctx.require("create:user_tickets")?;
    let id = input.user_id.as_deref();
    let id = id.ok_or_else(|| AppError::invalid_body("Missing required property: user_id"))?;
    let user = Arc::new(users::load(app, ctx, id).await?);
    let rules = rules(app, ctx, &input, &user, "verify_email").await?;
    verification_link(app, &ctx.tenant, &user, rules, input.client_id.clone(), ctx.now).await
}

async fn verification_link(
    app: &App,
    tenant: &Tenant,
    user: &User,
    rules: LinkRules,
    client_id: Option<String>,
    now: Timestamp,
) -> Result<String, AppError> {
    let email = user.email.clone();
    let ticket = VerificationTicket {
        user_id: user.user_id.clone(),
        email: email.ok_or_else(|| AppError::bad_request("The user does not have an email address."))?,
        result_url: rules.result_url,
        include_email: rules.include_email,
        client_id,
    };
    let lives = Duration::from_secs(rules.lifetime_s.into());
    let secret = one_time_create(app, &tenant.id, VERIFICATION, &ticket, lives, now).await?;
    Ok(format!("{}u/email-verification?ticket={secret}", app.scheme().issuer(&tenant.domain)))
}

/// For whose sake, and from where, a mail is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The client that asks.
    pub client: Option<Arc<Client>>,
    #[expect(missing_docs, reason = "says its name")]
    pub ip: Option<String>,
    /// `request_language`
    pub language: Option<String>,
}

/// Sends the mail that asks a user to confirm the address.
///
/// # Errors
/// A fault of the store.
pub(crate) async fn verification_mail(
    app: &App,
    tenant: &Tenant,
    user: &Arc<User>,
    asked: Asked,
    now: Timestamp,
) -> Result<(), AppError> {
    let Asked { client, ip, language } = asked;
    let client_id = client.as_ref().map(|client| client.client_id.as_str().to_owned());
    let mut order = order("verify_email", user, client, ip, language);
    if user.email.is_some() {
        let rules = link_rules(app, tenant, &order).await?;
        let url = verification_link(app, tenant, user, rules, client_id, now).await?;
        order.extra.insert("url".to_owned(), json!(url));
        order.extra.insert("link".to_owned(), json!(url));
    }
    mail_enqueue(app, tenant, order, now).await
}

/// A user of a database was made: asks for the confirmation of the address, when there is one to confirm and a way to
/// ask. Without that question the welcome goes out at once (Auth0: welcome mail). `asks` is the request's own word on it.
///
/// # Errors
/// A fault of the store.
pub(crate) async fn user_created(
    app: &App,
    tenant: &Tenant,
    user: &User,
    asked: Asked,
    asks: Option<bool>,
    now: Timestamp,
) -> Result<(), AppError> {
    let database = user.identities.first().is_some_and(|first| first.provider == "auth0");
    if user.email.is_none() || !database || !provider::is_ready(app, &tenant.id).await? {
        return Ok(());
    }
    let user = Arc::new(user.clone());
    let on = is_on(app, tenant, "verify_email").await?;
    if asks.unwrap_or(!user.email_verified && on) {
        return verification_mail(app, tenant, &user, asked, now).await;
    }
    if !on {
        return welcome_mail(app, tenant, &user, asked, now).await;
    }
    Ok(())
}

/// Sends the welcome, when the tenant wrote one.
pub(super) async fn welcome_mail(
    app: &App,
    tenant: &Tenant,
    user: &Arc<User>,
    asked: Asked,
    now: Timestamp,
) -> Result<(), AppError> {
    if !is_on(app, tenant, "welcome_email").await? {
        return Ok(());
    }
    let Asked { client, ip, language } = asked;
    mail_enqueue(app, tenant, order("welcome_email", user, client, ip, language), now).await
}

/// What `POST /dbconnections/change_password` asks.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: Option<String>,
    /// Or the username.
    pub email: String,
    /// Name of the database.
    pub connection: String,
    #[expect(missing_docs, reason = "says its name")]
    pub ip: Option<String>,
    /// `request_language`
    pub language: Option<String>,
}

/// Sends a link to choose a new password, if there is such a user; the caller is not told.
///
/// # Errors
/// When there is no such database or client.
pub async fn password_mail_send(
    app: &App,
    tenant: &TenantKeys,
    asked: ChangePassword,
    now: Timestamp,
) -> Result<(), AppError> {
    let tenant = &tenant.tenant;
    let connection = app.store().find::<Connection>(&tenant.id, Index::ConnectionByName, &[&asked.connection]).await?;
    let connection = connection.filter(|connection| connection.strategy.is_database());
    let connection = connection.ok_or_else(|| AppError::bad_request("The connection does not exist"))?;
    let client = match &asked.client_id {
        Some(id) => {
            let client = app.store().fetch::<Client>(&tenant.id, id).await?;
            Some(Arc::new(client.ok_or_else(|| AppError::bad_request("The client does not exist"))?))
        }
        None => None,
    };
    let Some(user) = find_user(app, tenant, &connection, &asked.email).await? else {
        let mut fields = Map::new();
        fields.insert("connection".to_owned(), json!(connection.name));
        fields.insert("client_id".to_owned(), json!(asked.client_id));
        fields.insert("ip".to_owned(), json!(asked.ip));
        let kind = LogType::FailedPasswordMail;
        return logs::log_write(app, &tenant.id, kind, "The user does not exist.", fields, now).await;
    };
    if custom_database::is_custom(&connection) && user.password_hash.is_none() {
        // The password is the tenant's own database's to change.
        let mut fields: Map<String, Value> = Map::new();
        fields.insert("user_id".to_owned(), json!(user.user_id));
        fields.insert("connection".to_owned(), json!(connection.name));
        let kind = LogType::FailedPasswordMail;
        let text = "The password is kept in the custom database, which has no endpoint to change it.";
        return logs::log_write(app, &tenant.id, kind, text, fields, now).await;
    }
    if super::outbox::waiting(app, &tenant.id, &user.user_id, WAITING).await? {
        return Ok(());
    }
    let user = Arc::new(user);
    let client_id = client.as_ref().map(|client| client.client_id.as_str().to_owned());
    let mut order = order("reset_email", &user, client, asked.ip, asked.language);
    order.connection = Some(connection.name);
    if user.email.is_some() {
        let rules = link_rules(app, tenant, &order).await?;
        let url = password_link(app, tenant, &user, rules, true, client_id, now).await?;
        order.extra.insert("url".to_owned(), json!(url));
        order.extra.insert("link".to_owned(), json!(url));
    }
    mail_enqueue(app, tenant, order, now).await
}

/// The user of a database with that address or name.
async fn find_user(app: &App, tenant: &Tenant, connection: &Connection, name: &str) -> Result<Option<User>, AppError> {
    let name = name.trim().to_lowercase();
    for kind in ["email", "username"] {
        let key = [&*connection.name, kind, &name];
        if let Some(user) = app.store().find::<User>(&tenant.id, Index::UserByDatabaseName, &key).await? {
            return Ok(Some(user));
        }
    }
    Ok(None)
}
