//! The browser that asks, by its cookies: one of its own, and that of its session. Both are signed with a key of the
//! tenant, so that what is in them was put there by us.

use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, Key, SameSite, SignedCookieJar};
use cookie::time;
use postern_app::browser::{AuthorizeAnswer, Refused, ResponseMode, Screen, Step, Visit, browser_create};
use postern_app::sessions::session_fetch_live;
use postern_app::tenants::Scheme;
use postern_app::{App, AppError, secrets};
use postern_model::Session;
use serde_json::{Map, Value, json};

use super::page::{self, FormPostPage, Framed, Leads, WebMessagePage, script_json};
use crate::error::{ApiError, log_fault};
use crate::permission::Visitor;

/// The cookie of the session (Auth0's name).
const SESSION: &str = "auth0";
/// The cookie of the browser itself (Auth0's name: device id).
const BROWSER: &str = "did";
/// Days the browser's own cookie lasts.
const BROWSER_DAYS: i64 = 365;

/// A request of a browser, with what its answer needs.
pub(crate) struct BrowserRequest {
    pub(crate) visit: Visit,
    jar: SignedCookieJar,
    /// Whether it came by https: its cookies are then for https only, and for frames of other sites too.
    secure: bool,
    new_browser: bool,
}

impl FromRequestParts<App> for BrowserRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Visitor { tenant, ctx, request } = Visitor::from_request_parts(parts, app).await?;
        let key = secrets::derive::<64>(app, &tenant.tenant.id, "cookie")?;
        let key =
            Key::try_from(&key[..]).map_err(|error| AppError::internal("make a cookie key").with_source(error))?;
        let jar = SignedCookieJar::from_headers(&parts.headers, key);
        // The prefix keeps what was signed for one cookie out of the other.
        let value = |name: &str, prefix: &str| {
            jar.get(name).and_then(|cookie| cookie.value().strip_prefix(prefix).map(str::to_owned))
        };
        let session = match value(SESSION, "s.") {
            Some(id) => session_fetch_live(app, &ctx, &id).await?,
            None => None,
        };
        let known = value(BROWSER, "d.");
        let new_browser = known.is_none();
        let browser = known.map_or_else(browser_create, Ok)?;
        let visit = Visit { app: app.clone(), tenant, ctx, browser, session, request };
        Ok(Self { visit, jar, secure: is_https(parts, app), new_browser })
    }
}

/// Whether the browser's side of the connection is encrypted, by us or by a proxy before us. Who lies about it gets
/// cookies that their own browser does not send.
fn is_https(parts: &Parts, app: &App) -> bool {
    let forwarded = parts.headers.get("x-forwarded-proto").and_then(|proto| proto.to_str().ok());
    app.scheme() == Scheme::Https || forwarded == Some("https")
}

impl BrowserRequest {
    fn cookie(&self, name: &'static str, value: String, lasts: time::Duration) -> Cookie<'static> {
        // A frame of another site may ask silently who is signed in; browsers let only secure cookies do that.
        let same_site = if self.secure { SameSite::None } else { SameSite::Lax };
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(same_site)
            .max_age(lasts)
            .build()
    }

    fn with_browser(mut self) -> Self {
        if self.new_browser {
            let value = format!("d.{}", self.visit.browser);
            let cookie = self.cookie(BROWSER, value, time::Duration::days(BROWSER_DAYS));
            self.jar = self.jar.add(cookie);
            self.new_browser = false;
        }
        self
    }

    fn with_session(mut self, session: &Session) -> Self {
        let lasts = session.expires_at.as_second().saturating_sub(self.visit.ctx.now.as_second());
        let cookie = self.cookie(SESSION, format!("s.{}", session.id), time::Duration::seconds(lasts.max(0)));
        self.jar = self.jar.add(cookie);
        self
    }

    /// The answer after a logout.
    pub(crate) fn signed_out(mut self, response: Response) -> Response {
        let gone = self.cookie(SESSION, String::new(), time::Duration::ZERO);
        self.jar = self.jar.remove(gone);
        (self.jar, response).into_response()
    }

    /// The answer for what a use case decided.
    pub(crate) fn answer(self, decided: Result<Step, Refused>) -> Response {
        match decided {
            Ok(Step::Page { screen, state }) => {
                let path = match screen {
                    Screen::Login => "login",
                    Screen::Signup => "signup",
                    Screen::Mfa => "mfa",
                };
                self.with_browser().found(&format!("/u/{path}?state={state}"))
            }
            Ok(Step::Leave { url }) => self.with_browser().found(&url),
            Ok(Step::Answer { answer, session: Some(session) }) => {
                self.with_browser().with_session(&session).deliver(&answer)
            }
            Ok(Step::Answer { answer, session: None }) | Err(Refused::Client(answer)) => self.deliver(&answer),
            Err(Refused::Fault { answer, error }) => {
                if error.is_internal() {
                    log_fault(&error);
                }
                self.deliver(&answer)
            }
            Err(Refused::Page(error)) => page::error(&error),
            Err(Refused::App(error)) => page::fault(error),
        }
    }

    fn found(self, location: &str) -> Response {
        (self.jar, found(location)).into_response()
    }

    fn deliver(self, answer: &AuthorizeAnswer) -> Response {
        let response = match (answer.mode, answer.location(), answer.origin()) {
            (ResponseMode::Query | ResponseMode::Fragment, Some(location), _) => found(&location),
            (ResponseMode::FormPost, _, Some(_)) => form_post(answer),
            (ResponseMode::WebMessage, _, Some(origin)) => web_message(answer, &origin),
            (
                ResponseMode::Query | ResponseMode::Fragment | ResponseMode::FormPost | ResponseMode::WebMessage,
                _,
                _,
            ) => page::fault(AppError::internal("send an answer to an address that was checked")),
        };
        (self.jar, response).into_response()
    }
}

/// A redirect that nobody keeps.
pub(crate) fn found(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => {
            (StatusCode::FOUND, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
                .into_response()
        }
        Err(error) => page::fault(AppError::internal("write a Location header").with_source(error)),
    }
}

fn form_post(answer: &AuthorizeAnswer) -> Response {
    page::with_page(|it| {
        let template = FormPostPage { page: it, action: &answer.redirect_uri, fields: answer.pairs().collect() };
        page::page(StatusCode::OK, it, (Framed::Nowhere, Leads::Web(None)), &template)
    })
}

fn web_message(answer: &AuthorizeAnswer, origin: &str) -> Response {
    let fields: Map<String, Value> =
        answer.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    page::with_page(|it| {
        let template = WebMessagePage {
            page: it,
            response: script_json(&Value::Object(fields)),
            origin: script_json(&json!(origin)),
        };
        page::page(StatusCode::OK, it, (Framed::By(origin), Leads::Nowhere), &template)
    })
}
