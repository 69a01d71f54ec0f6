//! What host and guest both say: mutations, host calls, the result of a run and
//! the names of ABI version 1. The ABI itself is in `ABI.md` and `abi.wat` beside this crate.
//!
//! This crate is below both sides: it knows neither the engine nor the SDK.

mod check;
mod crypto_call;
mod host_call;
mod mutation;
pub mod rules;
mod run_result;
mod stamp;

pub use check::BadMutation;
pub use crypto_call::{
    CryptoAgree, CryptoCurve, CryptoHash, CryptoPbkdf2, CryptoPublic, CryptoRsa, CryptoScrypt, CryptoSign,
    CryptoVerify, PssSalt, RsaPadding, SignatureScheme,
};
pub use host_call::{Body, CacheWrite, HostCall, HttpErrorCode, HttpRedirect};
pub use mutation::{Factor, Given, MultifactorOptions, Mutation};
pub use run_result::{GuestError, RunResult};
pub use stamp::Stamp;

/// Major version of the ABI. Released majors stay loadable for ever.
pub const ABI_VERSION: u32 = 1;
/// The module every host function is imported from.
pub const IMPORT_MODULE: &str = "postern_v1";
/// The custom section that holds a [`Stamp`] as JSON.
pub const STAMP_SECTION: &str = "postern";

/// The names a guest exports.
pub mod export {
    /// The linear memory.
    pub const MEMORY: &str = "memory";
    /// `() -> i64`: runs the action; `ptr << 32 | len` of a [`RunResult`](crate::RunResult) as UTF-8 JSON.
    pub const ON_EXECUTE: &str = "on_execute_post_login";
    /// `() -> i64`, optional: the same after a redirect or challenge.
    pub const ON_CONTINUE: &str = "on_continue_post_login";
    /// `() -> i64`: runs an action of the trigger `credentials-exchange`. A module has this, [`ON_EXECUTE`] or both.
    pub const ON_CREDENTIALS_EXCHANGE: &str = "on_execute_credentials_exchange";
    /// `(ptr: i32, len: i32)`, optional: runs once when a version is built, with the version's payload.
    pub const INIT: &str = "postern_init";
    /// `(ptr: i32, len: i32) -> i64`, optional: makes of a payload what [`INIT`] gets, `ptr << 32 | len`.
    pub const COMPILE: &str = "postern_compile";
    /// `(size: i32) -> i32`: where the host may write the payload; required beside [`INIT`].
    pub const ALLOC: &str = "postern_alloc";
    /// An immutable `i32` global, optional: the address of an 8-byte little-endian cell that holds
    /// `ptr << 32 | len` of a [`GuestError`](crate::GuestError) as UTF-8 JSON, 0 when there is none.
    /// The host reads it after a trap, so that a panic keeps its message.
    pub const FAILURE: &str = "postern_failure";
}

/// The names a guest may import from [`IMPORT_MODULE`].
pub mod import {
    /// `(ptr, len, buf, cap) -> i32`
    pub const EVENT_READ: &str = "event_read";
    /// `(level, ptr, len)`
    pub const LOG: &str = "log";
    /// `() -> i64`
    pub const NOW: &str = "now";
    /// `(ptr, len)`
    pub const RANDOM: &str = "random";
    /// `(ptr, len) -> i32`
    pub const CALL_START: &str = "call_start";
    /// `() -> i32`
    pub const CALL_WAIT: &str = "call_wait";
    /// `(id, buf, cap) -> i32`
    pub const CALL_TAKE: &str = "call_take";
}
