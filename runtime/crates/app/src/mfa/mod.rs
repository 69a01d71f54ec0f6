//! Second factors: which a tenant asks for, how a user enrolls one, how a code is checked.
//!
//! Two kinds can be verified here: one-time passwords of an authenticator app (RFC 6238) and recovery codes. What a
//! login does with them is decided by `postern-flow`.

pub mod enroll;
pub mod factors;
pub mod manage;
pub mod remember;
mod rows;
mod totp;
pub mod verify;
pub mod waiting;

pub use self::enroll::{Enrollment, Recovery, enroll_begin};
pub use self::verify::{Refused, Verified, Who, otp_verify, recovery_verify};
pub use self::waiting::{FactorCode, Waiting, factor_give, waiting_fetch};
