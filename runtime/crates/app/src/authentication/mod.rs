//! The authentication endpoints' use cases: who may have tokens, and which.
//!
//! A use case here has no scope to check: its callers are people and their applications. Who they are is proved by a
//! password, a code or a token, and that is its first line.

mod audience;
mod client_auth;
mod code;
mod issue;
mod one_time;
mod password;
mod refresh;

pub use self::audience::{AskedFor, CURRENT_USER_SCOPES, WithoutScopes, asked_for};
pub use self::client_auth::{ClientProof, client_authenticate, grant_check, is_public};
pub use self::code::{CODE_FOR, Challenge, Code, code_create};
pub use self::issue::{Authorized, TokenSet, Wanted, authorize, tokens_issue};
pub use self::one_time::{one_time_create, one_time_fetch, one_time_take};
pub(crate) use self::password::UnknownFailures;
pub use self::password::{LoginRefused, login_failures_forget, password_check, user_by_login};
