//! The pages of second factors: a code, the enrolment of an app, a new recovery code.

use askama::Template;
use axum::extract::{RawQuery, Request};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use postern_app::browser::{FormError, MfaForm, MfaGiven, mfa_enrollment, mfa_form, mfa_proceed, mfa_submit};
use postern_app::mfa::{Enrollment, FactorCode};
use postern_app::{App, AppError};
use qrcode::QrCode;
use qrcode::render::svg;

use super::page::{self, Framed, Leads, Page};
use super::sign_in::{Posted, again, state_of, token};
use super::visitor::{BrowserRequest, found};
use super::{query_pairs, value_of};
use crate::openapi::Routes;

/// What names the way of a recovery code in an address and a form.
const RECOVERY: &str = "recovery-code";
/// Side of the picture, pixels.
const PICTURE: u32 = 240;

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(Method::GET, "/u/mfa", page::shown("mfa_page", "The page that asks for a second factor"), mfa_page)
        .add(Method::POST, "/u/mfa", page::posted("mfa_submit", "Give a second factor", 302), mfa_post)
        .add(
            Method::GET,
            "/u/mfa-enroll",
            page::shown("mfa_enroll_page", "The page that sets up an authenticator app"),
            enroll_page,
        )
        .add(
            Method::POST,
            "/u/mfa-enroll",
            page::posted("mfa_enroll_submit", "Confirm an authenticator app by its first code", 302),
            enroll_post,
        )
        .add(
            Method::POST,
            "/u/mfa-recovery-code",
            page::posted("mfa_recovery_code_submit", "Go on when the recovery code was written down", 302),
            recovery_code_post,
        )
}

#[derive(Template)]
#[template(path = "mfa.html")]
struct MfaPage<'a> {
    page: &'a Page,
    form: &'a MfaForm,
    state: &'a str,
    token: &'a str,
    /// Whether a recovery code is asked for.
    recovery: bool,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mfa_enroll.html")]
struct EnrollPage<'a> {
    page: &'a Page,
    form: &'a MfaForm,
    state: &'a str,
    token: &'a str,
    device: &'a str,
    secret: &'a str,
    /// SVG.
    picture: &'a str,
    error: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mfa_recovery_code.html")]
struct RecoveryCodePage<'a> {
    page: &'a Page,
    state: &'a str,
    token: &'a str,
    recovery_code: &'a str,
    proof: &'a str,
}

/// What a page is shown with.
struct Shown<'a> {
    state: &'a str,
    form: &'a MfaForm,
    status: StatusCode,
    error: Option<&'a str>,
}

async fn mfa_page(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    let query = query_pairs(query.as_deref());
    let state = match state_of(&query) {
        Ok(state) => state,
        Err(error) => return page::error(&error),
    };
    match mfa_form(&visitor.visit, state).await {
        Ok(form) if form.enrolls => found(&format!("/u/mfa-enroll?state={state}")),
        Ok(form) => {
            let recovery = form.recovery && (!form.otp || value_of(&query, "method") == Some(RECOVERY));
            let shown = Shown { state, form: &form, status: StatusCode::OK, error: None };
            challenge(&visitor, &shown, recovery)
        }
        Err(refused) => visitor.answer(Err(refused)),
    }
}

fn challenge(visitor: &BrowserRequest, shown: &Shown<'_>, recovery: bool) -> Response {
    let Shown { state, form, status, error } = *shown;
    let token = match token(visitor, state) {
        Ok(token) => token,
        Err(response) => return response,
    };
    page::with_page(|it| {
        let template = MfaPage { page: it, form, state, token: &token, recovery, error };
        page::page(status, it, (Framed::Nowhere, Leads::Web(form.scheme.as_deref())), &template)
    })
}

async fn mfa_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    let posted = match Posted::read(visitor, query, request).await {
        Ok(posted) => posted,
        Err(response) => return response,
    };
    let recovery = posted.typed("method") == RECOVERY;
    let typed = posted.typed("code");
    let code = if recovery { FactorCode::Recovery(typed) } else { FactorCode::Otp(typed) };
    let remember = posted.typed("remember") == "true";
    match mfa_submit(&posted.visitor.visit, &posted.state, code, remember).await {
        Ok(given) => given_answer(posted, given).await,
        Err(FormError::Refused(refused)) => posted.visitor.answer(Err(refused)),
        Err(FormError::Again(code, text)) => match mfa_form(&posted.visitor.visit, &posted.state).await {
            Ok(form) => {
                let shown = Shown { state: &posted.state, form: &form, status: again(code), error: Some(&text) };
                challenge(&posted.visitor, &shown, recovery)
            }
            Err(refused) => posted.visitor.answer(Err(refused)),
        },
    }
}

/// The login's next step, or the recovery code first.
async fn given_answer(posted: Posted, given: MfaGiven) -> Response {
    let (recovery_code, proof) = match given {
        MfaGiven::Done(step) => return posted.visitor.answer(Ok(step)),
        MfaGiven::Note { recovery_code, proof } => (recovery_code, proof),
    };
    let form = match mfa_form(&posted.visitor.visit, &posted.state).await {
        Ok(form) => form,
        Err(refused) => return posted.visitor.answer(Err(refused)),
    };
    let token = match token(&posted.visitor, &posted.state) {
        Ok(token) => token,
        Err(response) => return response,
    };
    page::with_page(|it| {
        let template = RecoveryCodePage {
            page: it,
            state: &posted.state,
            token: &token,
            recovery_code: &recovery_code,
            proof: &proof,
        };
        page::page(StatusCode::OK, it, (Framed::Nowhere, Leads::Web(form.scheme.as_deref())), &template)
    })
}

async fn enroll_page(visitor: BrowserRequest, RawQuery(query): RawQuery) -> Response {
    let query = query_pairs(query.as_deref());
    let state = match state_of(&query) {
        Ok(state) => state,
        Err(error) => return page::error(&error),
    };
    match mfa_form(&visitor.visit, state).await {
        Ok(form) if !form.enrolls => found(&format!("/u/mfa?state={state}")),
        Ok(form) => enroll(visitor, &Shown { state, form: &form, status: StatusCode::OK, error: None }, None).await,
        Err(refused) => visitor.answer(Err(refused)),
    }
}

async fn enroll(visitor: BrowserRequest, shown: &Shown<'_>, device: Option<&str>) -> Response {
    let Shown { state, form, status, error } = *shown;
    let made = match mfa_enrollment(&visitor.visit, state, device).await {
        Ok(made) => made,
        Err(refused) => return visitor.answer(Err(refused)),
    };
    let token = match token(&visitor, state) {
        Ok(token) => token,
        Err(response) => return response,
    };
    let picture = match picture(&made) {
        Ok(picture) => picture,
        Err(error) => return page::fault(error),
    };
    page::with_page(|it| {
        let template = EnrollPage {
            page: it,
            form,
            state,
            token: &token,
            device: made.id.as_str(),
            secret: &made.secret,
            picture: &picture,
            error,
        };
        page::page(status, it, (Framed::Nowhere, Leads::Web(form.scheme.as_deref())), &template)
    })
}

/// The picture that an app scans, as an element of the page.
fn picture(made: &Enrollment) -> Result<String, AppError> {
    let code =
        QrCode::new(made.uri.as_bytes()).map_err(|error| AppError::internal("draw a QR code").with_source(error))?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(PICTURE, PICTURE).build();
    // The declaration is of a file of its own.
    Ok(image.split_once("?>").map_or(image.as_str(), |(_, element)| element).to_owned())
}

async fn enroll_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    let posted = match Posted::read(visitor, query, request).await {
        Ok(posted) => posted,
        Err(response) => return response,
    };
    let remember = posted.typed("remember") == "true";
    match mfa_submit(&posted.visitor.visit, &posted.state, FactorCode::Otp(posted.typed("code")), remember).await {
        Ok(given) => given_answer(posted, given).await,
        Err(FormError::Refused(refused)) => posted.visitor.answer(Err(refused)),
        Err(FormError::Again(code, text)) => match mfa_form(&posted.visitor.visit, &posted.state).await {
            Ok(form) => {
                let device = posted.typed("device").to_owned();
                let Posted { visitor, state, .. } = posted;
                let shown = Shown { state: &state, form: &form, status: again(code), error: Some(&text) };
                enroll(visitor, &shown, Some(&device)).await
            }
            Err(refused) => posted.visitor.answer(Err(refused)),
        },
    }
}

async fn recovery_code_post(visitor: BrowserRequest, RawQuery(query): RawQuery, request: Request) -> Response {
    match Posted::read(visitor, query, request).await {
        Ok(posted) => {
            let decided = mfa_proceed(&posted.visitor.visit, &posted.state, posted.typed("proof")).await;
            posted.visitor.answer(decided)
        }
        Err(response) => response,
    }
}
