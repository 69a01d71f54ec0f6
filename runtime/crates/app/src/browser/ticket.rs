//! Tickets for login forms that are not ours (Auth0: cross-origin authentication).

use std::time::Duration;

use postern_model::{Client, ClientId, LogType, Session};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Visit;
use super::answer::Refused;
use super::request::AuthorizeRequest;
use super::sign_in::{database_of, draft};
use super::transaction::PendingLogin;
use crate::authentication::{LoginRefused, PASSWORD_REALM, one_time_create, one_time_take, password_check};
use crate::error::AppError;
use crate::login::Who;
use crate::logs;

/// Kind of a login ticket.
const TICKET: &str = "login_ticket";
/// How long a ticket is good: the browser goes on at once.
const TICKET_FOR: Duration = Duration::from_secs(120);

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
