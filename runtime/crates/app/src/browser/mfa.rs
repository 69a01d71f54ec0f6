//! Second factors on our pages: a code is asked for, or an app is enrolled, and the login goes on.

use std::time::Duration;

use postern_model::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{FormError, PageError, Refused, Step, Transaction, Visit, fault, login_resumed, transaction_fetch, urls};
use crate::actions::sha256_hex;
use crate::authentication::{one_time_create, one_time_take};
use crate::error::AppError;
use crate::login::{ContinueLogin, login_resume};
use crate::mfa::{self, Enrollment, FactorCode, Recovery, Waiting, enroll, remember};

/// Kind of the proof that a factor was given, held while the user writes a recovery code down.
const KIND: &str = "mfa_given";
/// How long it is good.
const PROOF_FOR: Duration = Duration::from_secs(600);

/// What the pages of a factor show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MfaForm {
    #[expect(missing_docs, reason = "says its name")]
    pub client_name: String,
    /// The scheme of the answer's address when it is not a web address.
    pub scheme: Option<String>,
    /// Whether an app is enrolled.
    pub enrolls: bool,
    /// Whether a one-time password will do.
    pub otp: bool,
    /// Whether a recovery code will do.
    pub recovery: bool,
    /// Whether the browser may be remembered.
    pub remember: bool,
}

/// What a code came to.
#[derive(Debug)]
pub enum MfaGiven {
    /// The login went on.
    Done(Step),
    /// The user writes this recovery code down first; the proof goes on with the login then.
    Note {
        #[expect(missing_docs, reason = "says its name")]
        recovery_code: String,
        #[expect(missing_docs, reason = "says its name")]
        proof: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Proof {
    state_sha256: String,
    method: Value,
}

fn over() -> Refused {
    PageError::bad_request("No login waits for a second factor here. Go back to the application and log in again.")
        .into()
}

/// The transaction and the login that waits under a state, in this browser.
async fn opened(visit: &Visit, state: &str) -> Result<(Transaction, Waiting), Refused> {
    let transaction = transaction_fetch(&visit.app, &visit.ctx, Some(&visit.browser), state).await?;
    if transaction.pending.as_ref().is_none_or(|pending| !pending.challenge) {
        return Err(over());
    }
    let waiting = mfa::waiting_fetch(&visit.app, &visit.ctx, state).await?.ok_or_else(over)?;
    Ok((transaction, waiting))
}

/// What the page of a state shows.
///
/// # Errors
/// [`Refused::Page`] when no login of this browser waits for a factor there.
pub async fn mfa_form(visit: &Visit, state: &str) -> Result<MfaForm, Refused> {
    let (transaction, waiting) = opened(visit, state).await?;
    let client = visit.app.store().fetch::<Client>(&visit.ctx.tenant.id, waiting.client_id.as_str()).await;
    let client = client.map_err(AppError::from)?;
    let scheme = urls::parse(&transaction.request.redirect_uri).map(|url| url.scheme().to_owned());
    Ok(MfaForm {
        client_name: client.map_or_else(|| waiting.client_id.to_string(), |client| client.name),
        scheme: scheme.filter(|scheme| scheme != "https" && scheme != "http"),
        enrolls: waiting.enrolls(),
        otp: waiting.takes_otp(),
        recovery: waiting.takes_recovery(),
        remember: waiting.may_remember(),
    })
}

/// The secret that an enrolment page shows: the one it showed before, or a new one.
///
/// # Errors
/// [`Refused::Page`] when no login of this browser waits there, or the user is enrolled already.
pub async fn mfa_enrollment(visit: &Visit, state: &str, shown: Option<&str>) -> Result<Enrollment, Refused> {
    let (_, waiting) = opened(visit, state).await?;
    if let Some(id) = shown
        && let Some(again) = enroll::enroll_fetch(&visit.app, &visit.ctx, &waiting.user, id).await?
    {
        return Ok(again);
    }
    match mfa::enroll_begin(&visit.app, &visit.ctx, &waiting.who(), Recovery::Later).await {
        Ok(made) => Ok(made),
        Err(error) if enroll::is_enrolled(&error) => {
            Err(PageError::bad_request("You are enrolled already. Go back to the application and log in again.").into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes a code.
///
/// # Errors
/// See [`FormError`].
pub async fn mfa_submit(
    visit: &Visit,
    state: &str,
    code: FactorCode<'_>,
    remembered: bool,
) -> Result<MfaGiven, FormError> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let (transaction, waiting) = opened(visit, state).await?;
    let given = match mfa::factor_give(app, ctx, &waiting, code).await {
        Ok(given) => given,
        Err(mfa::Refused::Wrong) => {
            return Err(FormError::Again(400, "The code is wrong, too old, or was used already.".to_owned()));
        }
        Err(mfa::Refused::Limited) => {
            let text = "Too many wrong codes were given. Try again in a quarter of an hour.";
            return Err(FormError::Again(429, text.to_owned()));
        }
        Err(mfa::Refused::NotEnrolled) => return Err(FormError::Refused(over())),
        Err(mfa::Refused::App(error)) => return Err(error.into()),
    };
    if remembered && waiting.may_remember() {
        remember::browser_remember(app, ctx, &waiting.user.user_id, &visit.browser).await?;
    }
    let Some(recovery_code) = given.recovery_code else {
        return Ok(MfaGiven::Done(proceed(visit, state, &transaction, given.method).await?));
    };
    let proof = Proof { state_sha256: sha256_hex(state.as_bytes()), method: given.method };
    let proof = one_time_create(app, &ctx.tenant.id, KIND, &proof, PROOF_FOR, ctx.now).await?;
    Ok(MfaGiven::Note { recovery_code, proof })
}

/// Goes on when the recovery code was written down.
///
/// # Errors
/// [`Refused::Page`] when no factor was given for this login, or it is too long ago.
pub async fn mfa_proceed(visit: &Visit, state: &str, proof: &str) -> Result<Step, Refused> {
    let (transaction, _) = opened(visit, state).await?;
    let found = one_time_take::<Proof>(&visit.app, &visit.ctx.tenant.id, KIND, proof, visit.ctx.now).await?;
    let found = found.filter(|found| found.state_sha256 == sha256_hex(state.as_bytes())).ok_or_else(over)?;
    proceed(visit, state, &transaction, found.method).await
}

async fn proceed(visit: &Visit, state: &str, transaction: &Transaction, method: Value) -> Result<Step, Refused> {
    // What our own pages post is not for actions: it holds the code.
    let back = ContinueLogin { query: Map::new(), body: Map::new() };
    let resumed = login_resume(&visit.app, &visit.ctx, state, back, vec![method.clone()]).await;
    let report = resumed.map_err(|error| fault(&transaction.request, error))?;
    login_resumed(visit, transaction, report, vec![method]).await
}
