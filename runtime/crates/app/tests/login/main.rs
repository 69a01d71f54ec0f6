//! Logins over a real store, a real engine and guests in WebAssembly text.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "the helpers of tests are tests"
)]

mod bench;
mod concurrency;
mod flow;
mod people;
mod suspension;
