//! The tenant log: what happened, in Auth0's type codes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::LogId;

macro_rules! log_types {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// Auth0's type codes that we write.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum LogType {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl LogType {
            /// The code on the wire.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

log_types! {
    /// A login succeeded.
    SuccessLogin = "s";
    /// A login failed.
    FailedLogin = "f";
    /// A login failed: the password is wrong.
    FailedLoginPassword = "fp";
    /// A login failed: there is no such user.
    FailedLoginUnknown = "fu";
    /// An action failed.
    ActionsExecutionFailed = "actions_execution_failed";
    /// Client credentials were exchanged for a token.
    SuccessExchange = "seccft";
    /// They were refused.
    FailedExchange = "feccft";
    /// An authorization code was exchanged for tokens.
    SuccessExchangeCode = "seacft";
    /// It was refused.
    FailedExchangeCode = "feacft";
    /// A password was exchanged for tokens.
    SuccessExchangePassword = "sepft";
    /// It was refused.
    FailedExchangePassword = "fepft";
    /// A refresh token was exchanged for tokens.
    SuccessExchangeRefresh = "sertft";
    /// It was refused.
    FailedExchangeRefresh = "fertft";
    /// A rotated refresh token came again.
    ReusedRefreshToken = "ferrt";
    /// A refresh token was revoked.
    SuccessRevocation = "srrt";
    /// A one-time password was exchanged for tokens.
    SuccessExchangeMfaOtp = "seotpft";
    /// It was refused.
    FailedExchangeMfaOtp = "feotpft";
    /// A silent authentication succeeded.
    SuccessSilent = "ssa";
    /// A silent authentication failed.
    FailedSilent = "fsa";
    /// A user logged out.
    SuccessLogout = "slo";
    /// A logout failed.
    FailedLogout = "flo";
    /// A cross-origin authentication succeeded.
    SuccessCrossOrigin = "scoa";
    /// A cross-origin authentication failed.
    FailedCrossOrigin = "fcoa";
    /// A management call changed something.
    ManagementWrite = "sapi";
    /// A user signed up.
    SuccessSignup = "ss";
    /// A signup failed.
    FailedSignup = "fs";
    /// An address was confirmed.
    SuccessVerification = "sv";
    /// It was not.
    FailedVerification = "fv";
    /// A confirmation was asked for.
    SuccessVerificationMail = "svr";
    /// It was not sent.
    FailedVerificationMail = "fvr";
    /// A change of the password was asked for.
    SuccessPasswordMail = "scpr";
    /// Its mail was not sent.
    FailedPasswordMail = "fcpr";
    /// A password was changed.
    SuccessPasswordChange = "scp";
    /// It was not.
    FailedPasswordChange = "fcp";
    /// A mail was not sent.
    FailedNotification = "fn";
    /// A user was deleted.
    DeletedUser = "sdu";
    /// A user is blocked for an address after wrong passwords.
    BlockedAccount = "limit_wc";
    /// An address is blocked after wrong passwords of many users.
    BlockedAddress = "limit_mu";
    /// A user logs in too often.
    LoginsTooFast = "limit_sul";
    /// Requests came too fast.
    ApiLimit = "api_limit";
    /// The enrolment of a factor began.
    MfaEnrollStart = "gd_start_enroll";
    /// A factor was enrolled.
    MfaEnrolled = "gd_enrollment_complete";
    /// A factor was removed.
    MfaUnenrolled = "gd_unenroll";
    /// A factor was asked for.
    MfaStart = "gd_start_auth";
    /// A factor was given.
    MfaSucceeded = "gd_auth_succeed";
    /// A wrong one was given.
    MfaFailed = "gd_auth_failed";
    /// Too many wrong ones were given.
    MfaTooMany = "gd_otp_rate_limit_exceed";
    /// A recovery code was used.
    MfaRecovered = "gd_recovery_succeed";
    /// A wrong recovery code was given.
    MfaRecoveryFailed = "gd_recovery_failed";
    /// Too many wrong recovery codes were given.
    MfaRecoveryTooMany = "gd_recovery_rate_limit_exceed";
    /// Something the operator should see.
    Warning = "w";
}

/// One line of the tenant log. Never holds a token, a secret or an event body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Greater for later entries.
    pub log_id: LogId,
    #[expect(missing_docs, reason = "says its name")]
    pub date: Timestamp,
    #[serde(rename = "type")]
    #[expect(missing_docs, reason = "says its name")]
    pub kind: LogType,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub description: String,
    /// The other fields of Auth0's log object that are known: `client_id`, `user_id`, `ip`, `details`, ….
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}
