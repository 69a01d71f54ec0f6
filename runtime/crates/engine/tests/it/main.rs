//! The engine as its callers meet it: modules in, reports out. Guests are WebAssembly text, so no toolchain is needed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "the helpers of tests are tests"
)]

mod admission;
mod calls;
mod crypto;
mod harness;
mod hostile;
mod http;
mod isolation;
mod programs;
mod replay;
mod snapshot;
mod validation;
