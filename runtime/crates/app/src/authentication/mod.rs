//! The authentication endpoints' use cases: who may have tokens, and which.
//!
//! A use case here has no scope to check: its callers are people and their applications. Who they are is proved by a
//! password, a code or a token, and that is its first line.

mod audience;
mod client_auth;
mod code;
mod connection;
mod custom;
mod forget;
mod grants;
mod issue;
mod mfa_grant;
mod one_time;
mod password;
mod policy;
mod refresh;
mod refresh_grant;
mod revoke;
mod signup;
mod userinfo;

pub use self::audience::{AskedFor, WithoutScopes, asked_for};
pub use self::client_auth::{ClientProof, client_authenticate, grant_check};
pub use self::code::{CODE_FOR, Challenge, Code, code_create};
pub use self::connection::connection_for;
pub(crate) use self::forget::user_forget;
pub use self::grants::{GrantContext, PASSWORD_REALM, TokenRequest, token_exchange};
pub use self::issue::{Authorized, TokenSet, Wanted, authorize, tokens_issue};
pub use self::mfa_grant::{
    FactorsOf, MFA_OTP, MFA_RECOVERY_CODE, MfaLogin, mfa_associate, mfa_authenticator_delete, mfa_authenticators_list,
    mfa_challenge, mfa_client_check, mfa_login_fetch, mfa_user_fetch,
};
pub use self::one_time::{one_time_create, one_time_fetch, one_time_take};
pub(crate) use self::password::UnknownFailures;
pub use self::password::{LoginRefused, login_failures_forget, password_check, user_by_login};
pub(crate) use self::policy::user_password_check;
pub use self::policy::{BadPassword, Personal, password_policy_check};
pub use self::revoke::token_revoke;
pub use self::signup::{SIGNUP_FIELDS, SignupRefused, SignupRequest, signup};
pub use self::userinfo::userinfo_fetch;
