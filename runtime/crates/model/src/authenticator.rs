//! A user's second factors.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AuthenticatorId, UserId};

/// What a factor is proven with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthenticatorKind {
    /// An authenticator app: one-time passwords by RFC 6238.
    Totp,
    /// A code that is used once, when the app is lost.
    RecoveryCode,
}

impl AuthenticatorKind {
    /// Its name in actions and in the MFA API.
    #[must_use]
    pub fn factor(self) -> &'static str {
        match self {
            Self::Totp => "otp",
            Self::RecoveryCode => "recovery-code",
        }
    }

    /// Its name among the authentication methods of the Management API, and the start of its ids.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery-code",
        }
    }
}

/// One second factor of a user.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Authenticator {
    /// `totp|dev_…` or `recovery-code|dev_…`
    pub id: AuthenticatorId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    #[expect(missing_docs, reason = "says its name")]
    pub kind: AuthenticatorKind,
    /// A name the tenant gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether a code of it was seen: before that it proves nothing.
    pub confirmed: bool,
    /// The shared secret of an app, sealed under the master key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_secret: Option<String>,
    /// SHA-256 of the recovery code, hex. The code has 120 random bits, so that it needs no slow hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_sha256: Option<String>,
    /// The time step of the last code taken: that code and earlier ones are not taken again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<u64>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<Timestamp>,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_auth_at: Option<Timestamp>,
}

// Neither the sealed secret nor the hash is for logs.
impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator")
            .field("id", &self.id)
            .field("confirmed", &self.confirmed)
            .finish_non_exhaustive()
    }
}

impl Authenticator {
    /// The id of the device, `dev_…`, by which the Guardian endpoints name it.
    #[must_use]
    pub fn device(&self) -> &str {
        self.id.as_str().split_once('|').map_or(self.id.as_str(), |(_, device)| device)
    }
}

/// What is kept of a user's attempts to give a factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactorAttempts {
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    /// Set by the store.
    pub revision: u64,
    /// Codes tried since the last right one, oldest first; those of long ago are dropped.
    #[serde(default)]
    pub tried: Vec<Timestamp>,
    /// Browsers in which a factor was given and that may be remembered, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browsers: Vec<RememberedBrowser>,
}

/// A browser in which a user gave a factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedBrowser {
    /// SHA-256 of what the browser's own cookie holds, hex.
    pub browser_sha256: String,
    /// When.
    pub at: Timestamp,
}
