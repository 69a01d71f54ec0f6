//! Authorization codes (RFC 6749 § 4.1, RFC 7636): made by the browser flow, exchanged once.

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use postern_model::{OneTime, TenantId};
use postern_store::{Expect, WriteSet};
use serde::{Deserialize, Serialize};

use super::issue::Authorized;
use super::one_time;
use crate::App;
use crate::error::AppError;

/// How long a code is good (RFC 6749: ten minutes at most).
pub const CODE_FOR: Duration = Duration::from_secs(300);
/// Kind of a code.
const KIND: &str = "code";

/// A proof key (RFC 7636).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Challenge {
    /// SHA-256 of the verifier, base64url.
    S256(String),
    /// The verifier itself.
    Plain(String),
}

impl Challenge {
    /// Whether this verifier was challenged.
    fn is_met(&self, verifier: &str) -> bool {
        let (want, got) = match self {
            Self::S256(hash) => (hash, URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))),
            Self::Plain(text) => (text, verifier.to_owned()),
        };
        verify_slices_are_equal(want.as_bytes(), got.as_bytes()).is_ok()
    }
}

/// What a code stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Code {
    #[expect(missing_docs, reason = "says its name")]
    pub authorized: Authorized,
    /// As it was asked for; `None` when it was not.
    pub redirect_uri: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub challenge: Option<Challenge>,
}

/// Makes a code.
///
/// # Errors
/// A fault of the store or the generator.
pub async fn code_create(app: &App, tenant: &TenantId, code: &Code, now: Timestamp) -> Result<String, AppError> {
    one_time::one_time_create(app, tenant, KIND, code, CODE_FOR, now).await
}

/// A code that was presented.
#[derive(Debug)]
pub(super) struct Presented {
    row: OneTime,
    pub(super) code: Code,
}

/// Why a code is refused, in Auth0's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadCode {
    Unknown,
    Client,
    RedirectUri,
    Verifier,
}

impl BadCode {
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Unknown => "Invalid authorization code",
            Self::Client => "The authorization code was not issued to this client",
            Self::RedirectUri => {
                "The redirect URI is wrong. You sent another one than was used to get the authorization code"
            }
            Self::Verifier => "Failed to verify code verifier",
        }
    }
}

/// What a client sends with a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: Option<&'a str>,
    pub(super) verifier: Option<&'a str>,
}

/// Finds a code and checks what came with it. It stays good until [`used`] is committed: a client that makes a
/// mistake, or someone else's client, does not take it away.
pub(super) async fn code_present(
    app: &App,
    tenant: &TenantId,
    secret: &str,
    sent: Sent<'_>,
    now: Timestamp,
) -> Result<Result<Presented, BadCode>, AppError> {
    let Some(row) = one_time::find(app, tenant, KIND, secret, now).await? else {
        return Ok(Err(BadCode::Unknown));
    };
    let code: Code = one_time::payload(row.clone())?;
    let authorized = &code.authorized;
    if authorized.client_id.as_str() != sent.client_id {
        return Ok(Err(BadCode::Client));
    }
    if code.redirect_uri.is_some() && code.redirect_uri.as_deref() != sent.redirect_uri {
        return Ok(Err(BadCode::RedirectUri));
    }
    let proved = match (&code.challenge, sent.verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => challenge.is_met(verifier),
        // A verifier without a challenge: the code was not asked for by who sends it (RFC 9700 § 2.1.1).
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !proved {
        return Ok(Err(BadCode::Verifier));
    }
    Ok(Ok(Presented { row, code }))
}

/// Adds the end of a code to the write set that keeps what it gives. A conflict of it is a replay, which is refused and
/// changes nothing: what the first exchange gave stays, for it took the client's secret or the proof key, too.
pub(super) fn used(set: WriteSet, presented: &Presented) -> WriteSet {
    set.delete::<OneTime>(&presented.row.secret_sha256, Expect::Revision(presented.row.revision))
}
