//! How a user proves who they are to us: the login and signup forms, and tickets for forms elsewhere.

use std::sync::Arc;
use std::time::Duration;

use postern_model::connection::DEFAULT_DATABASE;
use postern_model::{Client, ClientId, Connection, LogType, Session, UserId};
use postern_store::{Index, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::request::{AuthorizeRequest, PageError, Refused};
use super::transaction::{self, PendingLogin, Transaction, transaction_fetch};
use super::{Step, Visit, lock, method, urls};
use crate::App;
use crate::authentication::{LoginRefused, one_time_create, one_time_take, password_check};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::login::Who;
use crate::{logs, sessions};

/// Kind of a login ticket.
const TICKET: &str = "login_ticket";
/// How long a ticket is good: the browser goes on at once.
const TICKET_FOR: Duration = Duration::from_secs(120);
/// Grant types that `/co/authenticate` takes as `credential_type`.
const PASSWORD_REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

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
pub(super) async fn connections_of(app: &App, ctx: &OpCtx, _client: &Client) -> Result<Vec<Connection>, AppError> {
    let mut connections: Vec<Connection> = Vec::new();
    let mut after = None;
    loop {
        let query = Query::by(Index::ConnectionByName).limit(100).after(after);
        let page = app.store().list::<Connection>(&ctx.tenant.id, query).await?;
        connections.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    connections.sort_by_key(|connection| connection.name != DEFAULT_DATABASE);
    Ok(connections)
}

/// The database that a login page is for: the one asked for, or the client's first.
async fn database_of(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    wanted: Option<&str>,
) -> Result<Option<Connection>, AppError> {
    let enabled = connections_of(app, ctx, client).await?;
    let mut databases = enabled.into_iter().filter(|connection| connection.strategy.is_database());
    Ok(match wanted {
        Some(wanted) => databases.find(|connection| connection.name == wanted),
        None => databases.next(),
    })
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
    let flag = |name: &str| connection.options.get(name) == Some(&Value::Bool(true));
    let request = &transaction.request;
    let scheme = urls::parse(&request.redirect_uri).map(|url| url.scheme().to_owned());
    Form {
        client_name: client.name.clone(),
        login_hint: request.login_hint.clone(),
        signup: !flag("disable_signup"),
        requires_username: flag("requires_username"),
        password_hint: match lock::policy(connection) {
            "none" => "Any password will do; a long one is better.",
            "low" => "At least 6 characters.",
            "fair" => "At least 8 characters, with lower case, upper case and a digit.",
            "excellent" => {
                "At least 10 characters, never three equal ones in a row, with at least three of: lower case, \
                 upper case, digits, special characters."
            }
            _ => "At least 8 characters, with at least three of: lower case, upper case, digits, special characters.",
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
async fn draft(visit: &Visit, connection: &Connection, who: &Who) -> Result<Session, AppError> {
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

/// What a ticket stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ticket {
    client_id: ClientId,
    session: Session,
    /// A profile that is synced by the login, when the connection keeps its users elsewhere.
    profile: Option<Map<String, Value>>,
}

/// What `/co/authenticate` is asked with.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "Auth0's names")]
pub struct CrossOrigin {
    pub client_id: String,
    pub credential_type: String,
    pub username: String,
    pub password: String,
    pub realm: Option<String>,
}

impl std::fmt::Debug for CrossOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrossOrigin").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Why `/co/authenticate` refuses.
#[derive(Debug)]
pub enum CrossOriginRefused {
    /// Status, `error`, `error_description`.
    Refused(u16, &'static str, String),
    /// A fault of ours.
    App(AppError),
}

impl From<AppError> for CrossOriginRefused {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

/// Checks a user's password for a login form that is not ours; the ticket is for `/authorize`, for once
/// (Auth0: cross-origin authentication).
///
/// # Errors
/// In Auth0's words.
pub async fn ticket_create(visit: &Visit, asked: &CrossOrigin) -> Result<String, CrossOriginRefused> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let refused = |status, error, text: &str| CrossOriginRefused::Refused(status, error, text.to_owned());
    let unknown = || refused(401, "unauthorized_client", "Unknown or invalid client.");
    let id: ClientId = asked.client_id.parse().map_err(|_bad| unknown())?;
    let client = app.store().fetch::<Client>(&ctx.tenant.id, id.as_str()).await.map_err(AppError::from)?;
    let client = client.ok_or_else(unknown)?;
    let realm = match asked.credential_type.as_str() {
        PASSWORD_REALM => Some(
            asked
                .realm
                .as_deref()
                .ok_or_else(|| refused(400, "invalid_request", "Missing required parameter: realm"))?,
        ),
        "password" => asked.realm.as_deref(),
        _ => return Err(refused(400, "unsupported_credential_type", "Unknown credential type.")),
    };
    let Some(connection) = database_of(app, ctx, &client, realm).await? else {
        return Err(refused(400, "invalid_request", "The connection is not enabled for the client."));
    };
    let credentials = (asked.username.as_str(), asked.password.as_str());
    let who = match password_check(app, ctx, &client, &connection, credentials).await {
        Ok(who) => who,
        Err(LoginRefused::App(error)) => return Err(error.into()),
        Err(LoginRefused::Wrong) => return Err(refused(403, "access_denied", "Wrong email or password.")),
        Err(LoginRefused::Blocked) => return Err(refused(403, "blocked_user", "user is blocked")),
        Err(other) => {
            let (status, error, text) = other.words();
            return Err(refused(status, error, text));
        }
    };
    let session = draft(visit, &connection, &who).await?;
    let profile = match who {
        Who::Known(_) => None,
        Who::Profile(profile) => Some(profile),
    };
    let ticket = Ticket { client_id: client.client_id.clone(), session, profile };
    let secret = one_time_create(app, &ctx.tenant.id, TICKET, &ticket, TICKET_FOR, ctx.now).await?;
    let fields = Map::from_iter([
        ("client_id".to_owned(), json!(client.client_id)),
        ("connection".to_owned(), json!(connection.name)),
        ("user_id".to_owned(), json!(ticket.session.user_id)),
    ]);
    logs::log_write(app, &ctx.tenant.id, LogType::SuccessCrossOrigin, "", fields, ctx.now).await?;
    Ok(secret)
}

/// What a ticket stands for, when it is this client's.
pub(super) async fn ticket_redeem(
    visit: &Visit,
    request: &AuthorizeRequest,
    secret: &str,
) -> Result<(Who, PendingLogin), Refused> {
    let bad = || Refused::Client(request.refuse("access_denied", "Invalid or expired login ticket"));
    let now = visit.ctx.now;
    let ticket = one_time_take::<Ticket>(&visit.app, &visit.ctx.tenant.id, TICKET, secret, now).await?;
    let ticket = ticket.filter(|ticket| ticket.client_id == request.client_id).ok_or_else(bad)?;
    let who = match ticket.profile {
        Some(profile) => Who::Profile(profile),
        None => Who::Known(ticket.session.user_id.clone()),
    };
    Ok((who, PendingLogin { session: ticket.session, known: false, challenge: false }))
}
