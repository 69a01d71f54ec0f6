//! The flow as its caller drives it, without engine and store.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "the helpers of tests are tests"
)]

mod driver;
mod event;
mod factors;
mod laws;
mod rules;
