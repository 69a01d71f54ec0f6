//! What happens when a user follows the link of a mail.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::{Client, Connection, LogEntry, LogType, RefreshToken, Tenant, TenantId, User, UserId};
use postern_store::{Expect, Index, Query, UserPatch, WriteSet};
use serde_json::{Map, Value, json};
use url::Url;

use super::templates::result_url;
use super::tickets::{Asked, PASSWORD, PasswordTicket, VERIFICATION, VerificationTicket, welcome_mail};
use crate::authentication::{
    BadPassword, Personal, login_failures_forget, one_time_fetch, one_time_take, password_policy_check,
};
use crate::error::AppError;
use crate::tenants::TenantKeys;
use crate::{App, ids, passwords};

/// What the browser is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    #[expect(missing_docs, reason = "says its name")]
    pub success: bool,
    /// One of Auth0's messages.
    pub message: &'static str,
    /// Where the browser is sent; the message is in the address.
    pub redirect: Option<Url>,
}

/// Auth0's messages (Auth0: "Verification Email", Redirect To results).
const VERIFIED: &str = "Your email was verified. You can continue using the application.";
const USED: &str = "This URL can be used only once";
const NO_USER: &str = "User account does not exist or verification code is invalid.";
const ALREADY: &str = "This account is already verified.";
const CHANGED: &str = "You can now login to the application with the new password.";

fn answer(success: bool, message: &'static str, to: Option<&str>, email: Option<&str>) -> Followed {
    let redirect = to.and_then(result_url).map(|mut url| {
        {
            let mut query = url.query_pairs_mut();
            if let Some(email) = email {
                query.append_pair("email", email);
            }
            query.append_pair("success", if success { "true" } else { "false" });
            query.append_pair("message", message);
            if success {
                query.append_pair("code", "success");
            }
        }
        url
    });
    Followed { success, message, redirect }
}

async fn client_of(app: &App, tenant: &Tenant, id: Option<&str>) -> Result<Option<Arc<Client>>, AppError> {
    match id {
        Some(id) => Ok(app.store().fetch::<Client>(&tenant.id, id).await?.map(Arc::new)),
        None => Ok(None),
    }
}

fn entry(
    kind: LogType,
    description: &str,
    user: &User,
    client_id: Option<&str>,
    ip: Option<&str>,
    now: Timestamp,
) -> Result<LogEntry, AppError> {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    set("user_id", json!(user.user_id));
    set("user_name", json!(user.email.as_deref().or(user.username.as_deref())));
    set("connection", json!(user.identities.first().map(|first| &first.connection)));
    set("client_id", json!(client_id));
    set("ip", json!(ip));
    Ok(LogEntry { log_id: ids::log(now)?, date: now, kind, description: description.to_owned(), fields })
}

/// Confirms an address.
///
/// # Errors
/// A fault of the store.
pub async fn verification_follow(
    app: &App,
    tenant: &TenantKeys,
    secret: &str,
    ip: Option<&str>,
    now: Timestamp,
) -> Result<Followed, AppError> {
    let tenant = &tenant.tenant;
    let ticket = one_time_take::<VerificationTicket>(app, &tenant.id, VERIFICATION, secret, now).await?;
    let Some(ticket) = ticket else { return Ok(answer(false, USED, None, None)) };
    let to = ticket.result_url.as_deref();
    let email = ticket.include_email.then_some(&*ticket.email);
    let user = app.store().fetch::<User>(&tenant.id, ticket.user_id.as_str()).await?;
    let Some(user) = user.filter(|user| user.email.as_deref() == Some(&*ticket.email)) else {
        return Ok(answer(false, NO_USER, to, email));
    };
    if user.email_verified {
        return Ok(answer(false, ALREADY, to, email));
    }
    let mut patch = UserPatch::new(user.user_id.clone(), now);
    // What was read is what is confirmed: another address in between is not.
    patch.expect = Expect::Revision(user.revision);
    patch.set.insert("email_verified".to_owned(), json!(true));
    let client_id = ticket.client_id.as_deref();
    let entry = entry(LogType::SuccessVerification, VERIFIED, &user, client_id, ip, now)?;
    let set = WriteSet::new(&tenant.id, ids::request()?).patch_user(patch).insert(&entry);
    let user = app.store().commit(set).await?.user.unwrap_or(user);
    let asked = Asked { client: client_of(app, tenant, client_id).await?, ip: ip.map(str::to_owned), language: None };
    welcome_mail(app, tenant, &Arc::new(user), asked, now).await?;
    Ok(answer(true, VERIFIED, to, email))
}

/// Whose password a link is about; `None` when it is void.
///
/// # Errors
/// A fault of the store.
pub async fn password_ticket_fetch(
    app: &App,
    tenant: &TenantKeys,
    secret: &str,
    now: Timestamp,
) -> Result<Option<Arc<User>>, AppError> {
    let tenant = &tenant.tenant.id;
    let ticket = one_time_fetch::<PasswordTicket>(app, tenant, PASSWORD, secret, now).await?;
    let Some(ticket) = ticket else { return Ok(None) };
    let user = app.store().fetch::<User>(tenant, ticket.user_id.as_str()).await?;
    Ok(user.filter(|user| is_current(&ticket, user)).map(Arc::new))
}

/// A link is void once the password or the address was changed by another way.
fn is_current(ticket: &PasswordTicket, user: &User) -> bool {
    user.last_password_reset == ticket.last_password_reset && user.email == ticket.email
}

/// Ends what was given out under the old password. Sessions end by themselves: they are older than the new one.
async fn tokens_forget(app: &App, tenant: &TenantId, user_id: &UserId) -> Result<(), AppError> {
    loop {
        let query = Query::by(Index::RefreshTokenByUser).under(user_id.as_str()).limit(100);
        let rows = app.store().list::<RefreshToken>(tenant, query).await?.rows;
        if rows.is_empty() {
            return Ok(());
        }
        let set = rows.iter().fold(WriteSet::new(tenant, ids::request()?), |set, row| {
            set.delete::<RefreshToken>(row.id.as_str(), Expect::Any)
        });
        app.store().commit(set).await?;
    }
}

/// What the connection's policy has against a password.
async fn check_password(app: &App, tenant: &Tenant, user: &User, password: &str) -> Result<Option<String>, AppError> {
    let name = user.identities.first().map(|first| first.connection.as_str()).unwrap_or_default();
    let connection = app.store().find::<Connection>(&tenant.id, Index::ConnectionByName, &[name]).await?;
    let connection = connection.ok_or_else(|| AppError::bad_request("The connection does not exist any more."))?;
    let names = [&user.name, &user.given_name, &user.family_name, &user.nickname].map(Option::as_deref);
    let person = Personal { email: user.email.as_deref(), username: user.username.as_deref(), names };
    Ok(match password_policy_check(&connection, password, person) {
        Ok(()) => None,
        Err(BadPassword::Strength { policy, .. }) => Some(format!("The password is too weak. It must have:\n{policy}")),
        Err(bad) => Some(format!("{}.", bad.message())),
    })
}

/// How a change of a password ended.
#[derive(Debug)]
pub enum PasswordUsed {
    /// It was changed, or the link is void.
    Followed(Followed),
    /// The password breaks the policy; the link is still good.
    Refused(String),
}

/// Changes a password by a link.
///
/// # Errors
/// A fault of the store.
pub async fn password_ticket_use(
    app: &App,
    tenant: &TenantKeys,
    secret: &str,
    password: String,
    ip: Option<&str>,
    now: Timestamp,
) -> Result<PasswordUsed, AppError> {
    let void = || PasswordUsed::Followed(answer(false, USED, None, None));
    let Some(user) = password_ticket_fetch(app, tenant, secret, now).await? else { return Ok(void()) };
    let tenant = &tenant.tenant;
    if let Some(refused) = check_password(app, tenant, &user, &password).await? {
        return Ok(PasswordUsed::Refused(refused));
    }
    let hash = passwords::hash(password).await?;
    let ticket = one_time_take::<PasswordTicket>(app, &tenant.id, PASSWORD, secret, now).await?;
    let Some(ticket) = ticket else { return Ok(void()) };
    let mut patch = UserPatch::new(user.user_id.clone(), now);
    patch.expect = Expect::Revision(user.revision);
    patch.set.insert("password_hash".to_owned(), json!(hash));
    patch.set.insert("last_password_reset".to_owned(), json!(now));
    if ticket.verifies {
        patch.set.insert("email_verified".to_owned(), json!(true));
    }
    let client_id = ticket.client_id.as_deref();
    let entry = entry(LogType::SuccessPasswordChange, "Password changed", &user, client_id, ip, now)?;
    let set = WriteSet::new(&tenant.id, ids::request()?).patch_user(patch).insert(&entry);
    app.store().commit(set).await?;
    login_failures_forget(app, &tenant.id, &user.user_id).await?;
    tokens_forget(app, &tenant.id, &user.user_id).await?;
    let email = ticket.email.as_deref().filter(|_| ticket.include_email);
    Ok(PasswordUsed::Followed(answer(true, CHANGED, ticket.result_url.as_deref(), email)))
}
