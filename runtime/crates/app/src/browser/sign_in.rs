//! How a user proves who they are to us: the login and signup forms, and tickets for forms elsewhere.

use std::sync::Arc;

use postern_model::connection::{DEFAULT_DATABASE, PasswordPolicy};
use postern_model::{Client, Connection, Session, UserId};
use postern_store::{Index, Query};
use serde_json::{Map, Value};

use super::answer::{PageError, Refused};
use super::transaction::{self, PendingLogin, Transaction, transaction_fetch};
use super::{Step, Visit, method, urls};
use crate::App;
use crate::authentication::{LoginRefused, SignupRefused, SignupRequest, password_check, signup};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::login::{RequestFacts, Who};
use crate::mail::tickets::{ChangePassword, password_mail_send};
use crate::{sessions, tenant_settings};

/// What a login or signup page shows.
#[derive(Debug, Clone)]
pub struct Form {
    /// Name of the application.
    pub client_name: String,
    /// What the application knows of who logs in.
    pub login_hint: Option<String>,
    /// Whether one may sign up.
    pub signup: bool,
    /// Whether users have names beside addresses.
    pub requires_username: bool,
    /// What a password has to be.
    pub password_hint: &'static str,
    /// The scheme of the answer's address when it is not a web address.
    pub scheme: Option<String>,
}

/// What was typed.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SignIn {
    pub username: String,
    pub password: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

/// Why a form does not lead on.
#[derive(Debug)]
pub enum FormError {
    /// It is shown again with this status and text.
    Again(u16, String),
    /// It is over.
    Refused(Refused),
}

impl From<Refused> for FormError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<AppError> for FormError {
    fn from(error: AppError) -> Self {
        Self::Refused(Refused::App(error))
    }
}

impl From<PageError> for FormError {
    fn from(error: PageError) -> Self {
        Self::Refused(Refused::Page(error))
    }
}

/// The connections a client may log in by, the default database first, then by name.
pub(super) async fn connections_of(app: &App, ctx: &OpCtx, client: &Client) -> Result<Vec<Connection>, AppError> {
    let mut connections: Vec<Connection> = Vec::new();
    let mut after = None;
    loop {
        let query = Query::by(Index::ConnectionByName).limit(100).after(after);
        let page = app.store().list::<Connection>(&ctx.tenant.id, query).await?;
        connections.extend(page.rows.into_iter().filter(|connection| connection.is_enabled_for(&client.client_id)));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    connections.sort_by_key(|connection| connection.name != DEFAULT_DATABASE);
    Ok(connections)
}

/// The database that a login page is for: the one asked for, or the client's first.
pub(super) async fn database_of(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    wanted: Option<&str>,
) -> Result<Option<Connection>, AppError> {
    let enabled = connections_of(app, ctx, client).await?;
    let databases: Vec<Connection> =
        enabled.into_iter().filter(|connection| connection.strategy.is_database()).collect();
    let named = |name: &str| databases.iter().find(|connection| connection.name == name);
    let chosen = match wanted {
        Some(wanted) => named(wanted),
        None => {
            let settings = tenant_settings::load(app, &ctx.tenant.id).await?;
            settings.default_directory().and_then(named).or_else(|| databases.first())
        }
    };
    Ok(chosen.cloned())
}

/// The transaction of a form with its client and database.
async fn opened(visit: &Visit, state: &str) -> Result<(Transaction, Arc<Client>, Connection), Refused> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let transaction = transaction_fetch(app, ctx, Some(&visit.browser), state).await?;
    if transaction.pending.is_some() {
        return Err(PageError::bad_request("This login is past its first page.").into());
    }
    let request = &transaction.request;
    let client = app.store().fetch::<Client>(&ctx.tenant.id, request.client_id.as_str()).await;
    let client = client.map_err(AppError::from)?.ok_or_else(|| PageError::bad_request("Unknown client."))?;
    let Some(connection) = database_of(app, ctx, &client, request.connection.as_deref()).await? else {
        return Err(Refused::Client(request.refuse("invalid_request", "The connection is not enabled for the client")));
    };
    Ok((transaction, Arc::new(client), connection))
}

fn form_of(transaction: &Transaction, client: &Client, connection: &Connection) -> Form {
    let request = &transaction.request;
    let scheme = urls::parse(&request.redirect_uri).map(|url| url.scheme().to_owned());
    Form {
        client_name: client.name.clone(),
        login_hint: request.login_hint.clone(),
        signup: !connection.disables_signup(),
        requires_username: connection.requires_username(),
        password_hint: match connection.password_policy() {
            PasswordPolicy::None => "Any password will do; a long one is better.",
            PasswordPolicy::Low => "At least 6 characters.",
            PasswordPolicy::Fair => "At least 8 characters, with lower case, upper case and a digit.",
            PasswordPolicy::Good => {
                "At least 8 characters, with at least three of: lower case, upper case, digits, special characters."
            }
            PasswordPolicy::Excellent => {
                "At least 10 characters, never three equal ones in a row, with at least three of: lower case, \
                 upper case, digits, special characters."
            }
        },
        scheme: scheme.filter(|scheme| scheme != "https" && scheme != "http"),
    }
}

/// What the login or signup page of a transaction shows.
///
/// # Errors
/// See [`Refused`].
pub async fn login_form(visit: &Visit, state: &str) -> Result<Form, Refused> {
    let (transaction, client, connection) = opened(visit, state).await?;
    Ok(form_of(&transaction, &client, &connection))
}

/// Takes a login form.
///
/// # Errors
/// See [`FormError`]. Which of name and password is wrong is not said.
pub async fn login_submit(visit: &Visit, state: &str, typed: &SignIn) -> Result<Step, FormError> {
    let (transaction, client, connection) = opened(visit, state).await?;
    let credentials = (typed.username.as_str(), typed.password.as_str());
    let who = match password_check(&visit.app, &visit.ctx, &client, &connection, credentials).await {
        Ok(who) => who,
        Err(LoginRefused::App(error)) => return Err(error.into()),
        Err(refused) => {
            // A page that is shown again is a 400, whatever the token endpoint would say; but too many is too many.
            let (status, _, text) = refused.words();
            return Err(FormError::Again(if status == 429 { 429 } else { 400 }, text.to_owned()));
        }
    };
    Ok(signed_in(visit, &transaction, client, &connection, who).await?)
}

/// Goes on with a user who proved who they are.
async fn signed_in(
    visit: &Visit,
    transaction: &Transaction,
    client: Arc<Client>,
    connection: &Connection,
    who: Who,
) -> Result<Step, Refused> {
    // From here on the page is used up: whoever sends the form again begins anew.
    transaction::take(&visit.app, &visit.ctx, transaction).await?;
    let session = draft(visit, connection, &who).await?;
    let pending = PendingLogin { session, known: false, challenge: false };
    super::begin(visit, &transaction.request, client, who, pending).await
}

/// The session that a login will have.
pub(super) async fn draft(visit: &Visit, connection: &Connection, who: &Who) -> Result<Session, AppError> {
    let user_id = match who {
        Who::Known(id) => id.clone(),
        Who::Profile(profile) => profiled(connection, profile)?,
    };
    let methods = vec![method("pwd", visit)];
    sessions::session_draft(&visit.app, &visit.ctx, (user_id, &connection.name), methods).await
}

/// The id that a user of a profile will have; the login says in the end which one it is.
fn profiled(connection: &Connection, profile: &Map<String, Value>) -> Result<UserId, AppError> {
    let id = profile.get("user_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    let text = format!("{}|{}", connection.strategy.0, id.unwrap_or_else(|| "new".to_owned()));
    text.parse().map_err(|_bad| AppError::bad_request("The profile's user_id is not well-formed."))
}

/// What was typed into a signup form.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct SignUp {
    pub email: String,
    pub username: Option<String>,
    pub password: String,
    /// Inputs of the tenant's own, `ulp-…`: for registration actions.
    pub own: Map<String, Value>,
}

impl std::fmt::Debug for SignUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignUp").finish_non_exhaustive()
    }
}

/// Takes a signup form, and logs the new user in.
///
/// # Errors
/// See [`FormError`]. Whether an address is taken is said only where the tenant wants that.
pub async fn signup_submit(visit: &Visit, state: &str, typed: SignUp) -> Result<Step, FormError> {
    let (transaction, client, connection) = opened(visit, state).await?;
    let request = SignupRequest {
        client_id: client.client_id.as_str().to_owned(),
        connection: connection.name.clone(),
        password: typed.password,
        email: Some(typed.email).filter(|email| !email.is_empty()),
        username: typed.username.filter(|name| !name.is_empty()),
        request: RequestFacts { method: "POST".to_owned(), body: typed.own, ..visit.request.clone() },
        ..SignupRequest::default()
    };
    let again = |text: &str| FormError::Again(400, text.to_owned());
    let user = signup(&visit.app, &visit.ctx, request).await.map_err(|refused| match refused {
        SignupRefused::App(error) => error.into(),
        SignupRefused::Invalid(text) | SignupRefused::Denied(text) => again(&text),
        SignupRefused::Unknown(text) => again(text),
        SignupRefused::Disabled => again("Signing up is not possible here."),
        SignupRefused::Exists { open: false, .. } => {
            again("You cannot sign up with these details. If you have an account already, log in.")
        }
        SignupRefused::Exists { username: false, .. } => again("A user with this email address already exists."),
        SignupRefused::Exists { username: true, .. } => again("The username is taken."),
        SignupRefused::Password(bad) => again(bad.message()),
    })?;
    Ok(signed_in(visit, &transaction, client, &connection, Who::Known(user.user_id)).await?)
}

/// Sends the link to choose a new password to whoever has this address, if anyone has.
///
/// # Errors
/// See [`FormError`].
pub async fn reset_request_submit(visit: &Visit, state: &str, email: &str) -> Result<(), FormError> {
    let (_, client, connection) = opened(visit, state).await?;
    if email.trim().is_empty() || email.chars().count() > 320 {
        return Err(FormError::Again(400, "Enter your email address.".to_owned()));
    }
    let asked = ChangePassword {
        client_id: Some(client.client_id.as_str().to_owned()),
        email: email.to_owned(),
        connection: connection.name,
        ip: visit.ctx.ip.clone(),
        language: visit.request.language.clone(),
    };
    Ok(password_mail_send(&visit.app, &visit.tenant, asked, visit.ctx.now).await?)
}
