//! Logins in a browser: from `/authorize`, over our pages and those of actions, back to the client.
//!
//! A browser is known by a cookie of its own, which is not the session's: what it began on one page goes on only in the
//! same browser. Each call here ends in a [`Step`], what the browser does next, or a [`Refused`].

mod answer;
mod issue;
mod lock;
mod logout;
mod mfa;
mod request;
mod sign_in;
mod ticket;
mod transaction;
mod urls;

use std::sync::Arc;

use postern_model::{Client, Connection, Outcome, Session};
use postern_store::Index;
use serde_json::{Value, json};

pub use self::answer::{AuthorizeAnswer, PageError, Refused};
pub use self::lock::lock_settings_fetch;
pub use self::logout::{EndSession, oidc_logout, v2_logout};
pub use self::mfa::{MfaForm, MfaGiven, mfa_enrollment, mfa_form, mfa_proceed, mfa_submit};
pub use self::request::{AuthorizeRequest, CodeChallenge, Parameters, ResponseMode, ResponseTypes};
pub use self::sign_in::{
    Form, FormError, SignIn, SignUp, login_form, login_submit, reset_request_submit, signup_submit,
};
pub use self::ticket::{CrossOrigin, CrossOriginRefused, ticket_create};
pub use self::transaction::{PendingLogin, Transaction, browser_create, form_check, form_token, transaction_fetch};
use crate::App;
use crate::ctx::OpCtx;
use crate::error::{AppError, Kind};
use crate::login::{ContinueLogin, LoginReport, LoginStart, RequestFacts, Who, login_begin_remembered, login_resume};
use crate::mfa::remember::browser_is_remembered;
use crate::tenants::TenantKeys;

/// A request of a browser.
#[derive(Debug, Clone)]
pub struct Visit {
    #[expect(missing_docs, reason = "says its name")]
    pub app: App,
    #[expect(missing_docs, reason = "says its name")]
    pub tenant: Arc<TenantKeys>,
    #[expect(missing_docs, reason = "says its name")]
    pub ctx: OpCtx,
    /// What its own cookie holds.
    pub browser: String,
    /// What it is signed in as.
    pub session: Option<Session>,
    /// `event.request` without query and body.
    pub request: RequestFacts,
}

/// Which page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Screen {
    Login,
    Signup,
    /// A second factor is asked for.
    Mfa,
}

/// What the browser does next.
#[derive(Debug, Clone)]
pub enum Step {
    /// It shows a page of ours.
    Page {
        #[expect(missing_docs, reason = "says its name")]
        screen: Screen,
        /// Names the transaction in the page's address.
        state: String,
    },
    /// It goes to an address that an action gave.
    Leave {
        #[expect(missing_docs, reason = "says its name")]
        url: String,
    },
    /// It takes an answer to the client.
    Answer {
        #[expect(missing_docs, reason = "says its name")]
        answer: AuthorizeAnswer,
        /// What it is signed in as from now on; `None` leaves that as it is.
        session: Option<Box<Session>>,
    },
}

impl Step {
    fn answer(answer: AuthorizeAnswer) -> Self {
        Self::Answer { answer, session: None }
    }
}

/// Begins a login, or answers at once when the browser is signed in (Auth0 Authentication API: GET /authorize).
///
/// # Errors
/// See [`Refused`].
pub async fn authorize(visit: &Visit, mut parameters: Parameters) -> Result<Step, Refused> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let ticket = parameters.take("login_ticket");
    let target = request::target(app, ctx, &parameters).await?;
    let mut request = request::check(&target, &parameters).map_err(Refused::Client)?;
    issue::scopes_check(visit, &mut request, &target.client).await?;
    let client = Arc::new(target.client);
    if let Some(ticket) = ticket {
        let (who, pending) = ticket::ticket_redeem(visit, &request, &ticket).await?;
        return begin(visit, &request, client, who, pending).await;
    }
    if let Some(session) = usable(visit, &request, &client).await? {
        let session = session.clone();
        let who = Who::Known(session.user_id.clone());
        return begin(visit, &request, client, who, PendingLogin { session, known: true, challenge: false }).await;
    }
    if request.silent() {
        issue::silent_log(visit, &request, "Login required").await?;
        return Ok(Step::answer(request.refuse("login_required", "Login required")));
    }
    let state = transaction::create(app, ctx, &visit.browser, &request).await?;
    let screen = if request.signup { Screen::Signup } else { Screen::Login };
    Ok(Step::Page { screen, state })
}

/// The browser's session, when this request may be answered by it.
async fn usable<'a>(
    visit: &'a Visit,
    request: &AuthorizeRequest,
    client: &Client,
) -> Result<Option<&'a Session>, AppError> {
    let Some(session) = &visit.session else { return Ok(None) };
    let stale = request.max_age.is_some_and(|age| !session.is_fresh(age, visit.ctx.now));
    let other = request.connection.as_ref().is_some_and(|wanted| *wanted != session.connection);
    if request.login_wanted() || stale || other {
        return Ok(None);
    }
    let enabled = sign_in::connections_of(&visit.app, &visit.ctx, client)
        .await?
        .iter()
        .any(|held| held.name == session.connection);
    Ok(enabled.then_some(session))
}

/// The connection of that name.
async fn connection_named(visit: &Visit, name: &str) -> Result<Option<Connection>, AppError> {
    Ok(visit.app.store().find::<Connection>(&visit.ctx.tenant.id, Index::ConnectionByName, &[name]).await?)
}

/// Runs the actions for a user who is known to be who they say.
async fn begin(
    visit: &Visit,
    request: &AuthorizeRequest,
    client: Arc<Client>,
    who: Who,
    pending: PendingLogin,
) -> Result<Step, Refused> {
    let Some(connection) = connection_named(visit, &pending.session.connection).await? else {
        return Ok(Step::answer(request.refuse("access_denied", "The connection is not there any more")));
    };
    let start = LoginStart {
        client,
        connection: Arc::new(connection),
        who,
        methods: pending.session.methods.clone(),
        request: request_facts(visit, request),
        transaction: request.transaction(),
        audience: request.audience.clone(),
        session: Some(pending.session.event()),
        refresh_token: None,
    };
    let remembered = match &start.who {
        Who::Known(id) => browser_is_remembered(&visit.app, &visit.ctx, id, &visit.browser).await?,
        Who::Profile(_) => false,
    };
    let begun = login_begin_remembered(&visit.app, &visit.ctx, start, remembered).await;
    finish(visit, request, pending, begun.map_err(|error| fault(request, error))?).await
}

/// A failure of ours, told to the client in OAuth's words.
fn fault(request: &AuthorizeRequest, error: AppError) -> Refused {
    let answer = match error.code.kind() {
        Kind::RateLimited | Kind::Unavailable | Kind::Conflict | Kind::PreconditionFailed => {
            request.refuse("temporarily_unavailable", "The login cannot be carried out just now; try again.")
        }
        Kind::Internal => request.refuse("server_error", "An internal error occurred."),
        Kind::BadRequest | Kind::Unauthorized | Kind::Forbidden | Kind::NotFound | Kind::TooLarge => {
            request.refuse("access_denied", &error.message)
        }
    };
    Refused::Fault { answer, error }
}

/// `event.request`: what `/authorize` was asked with. What our own pages post is not for actions: it holds the password.
fn request_facts(visit: &Visit, request: &AuthorizeRequest) -> RequestFacts {
    RequestFacts { method: "GET".to_owned(), query: request.query.clone(), ..visit.request.clone() }
}

/// What the outcome of a login means for the browser.
async fn finish(
    visit: &Visit,
    request: &AuthorizeRequest,
    mut pending: PendingLogin,
    report: LoginReport,
) -> Result<Step, Refused> {
    let wait = |pending: PendingLogin, challenge: bool| PendingLogin { challenge, ..pending };
    match &report.outcome {
        Outcome::Allow => {
            pending.session.user_id = report.user.user_id.clone();
            issue::allow(visit, request, pending, report).await
        }
        Outcome::Deny { code, reason } => Ok(Step::answer(request.refuse(code, reason))),
        Outcome::Error { code, message } => Ok(Step::answer(request.refuse(code, message))),
        Outcome::Redirect { .. } if request.silent() => {
            issue::silent_log(visit, request, "Interaction required").await?;
            Ok(Step::answer(request.refuse("interaction_required", "Interaction required")))
        }
        Outcome::Challenge { .. } if request.silent() => {
            issue::silent_log(visit, request, "Multifactor authentication required").await?;
            Ok(Step::answer(request.refuse("mfa_required", "Multifactor authentication required")))
        }
        Outcome::Redirect { url, state } => {
            let at = (visit.browser.as_str(), state.as_str());
            transaction::suspend(&visit.app, &visit.ctx, at, request, &wait(pending, false)).await?;
            Ok(Step::Leave { url: url.clone() })
        }
        Outcome::Challenge { state, .. } => {
            let at = (visit.browser.as_str(), state.as_str());
            transaction::suspend(&visit.app, &visit.ctx, at, request, &wait(pending, true)).await?;
            Ok(Step::Page { screen: Screen::Mfa, state: state.clone() })
        }
    }
}

/// Goes on with a login whose browser comes back from an action's address (Auth0: /continue).
///
/// # Errors
/// [`Refused::Page`] when no login of this browser waits there, or a factor is what it waits for.
pub async fn login_continue(visit: &Visit, state: &str, back: ContinueLogin) -> Result<Step, Refused> {
    let transaction = transaction_fetch(&visit.app, &visit.ctx, Some(&visit.browser), state).await?;
    if transaction.pending.as_ref().is_none_or(|pending| pending.challenge) {
        return Err(PageError::bad_request("No login waits for this.").into());
    }
    let resumed = login_resume(&visit.app, &visit.ctx, state, back, Vec::new()).await;
    let report = resumed.map_err(|error| fault(&transaction.request, error))?;
    login_resumed(visit, &transaction, report, Vec::new()).await
}

/// Ends any login that went on: `methods` are the factors given meanwhile. The caller has had the transaction from
/// [`transaction_fetch`] and the report from `login_resume`.
///
/// # Errors
/// See [`Refused`].
pub async fn login_resumed(
    visit: &Visit,
    transaction: &Transaction,
    report: LoginReport,
    methods: Vec<Value>,
) -> Result<Step, Refused> {
    transaction::take(&visit.app, &visit.ctx, transaction).await?;
    let Some(mut pending) = transaction.pending.clone() else {
        return Err(PageError::bad_request("No login waits for this.").into());
    };
    pending.session.methods.extend(methods);
    finish(visit, &transaction.request, pending, report).await
}

/// An entry of `event.authentication.methods`.
#[must_use]
pub fn method(name: &str, visit: &Visit) -> Value {
    json!({ "name": name, "timestamp": visit.ctx.now })
}
