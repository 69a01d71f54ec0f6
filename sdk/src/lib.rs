#![doc = include_str!("../README.md")]

#[cfg(all(target_family = "wasm", not(all(target_arch = "wasm32", target_os = "unknown"))))]
compile_error!(
    "actions are built for wasm32-unknown-unknown: `cargo build --release --target wasm32-unknown-unknown`. \
     A host offers no other system's functions"
);

#[cfg(target_arch = "wasm32")]
mod alloc;
mod api;
mod call;
mod error;
mod event;
#[cfg(target_arch = "wasm32")]
mod failure;
#[cfg(not(target_arch = "wasm32"))]
mod harness;
mod host;
pub mod http;
mod json;
pub mod log;
mod run;
mod sections;
#[cfg(target_arch = "wasm32")]
mod stamp;
mod value;

pub use postern_contract::{Factor, MultifactorOptions, Mutation};
#[doc = include_str!("../macros/README.md")]
pub use postern_sdk_macros::post_login;
pub use serde_json;

pub use crate::api::*;
pub use crate::error::Error;
pub use crate::event::Event;
#[cfg(not(target_arch = "wasm32"))]
pub use crate::harness::{Harness, Run};
pub use crate::sections::*;

/// The time when the run began, ms since the epoch. It stands still during a run.
#[must_use]
pub fn now() -> i64 {
    host::now()
}

/// Fills a buffer with random bytes, fit for keys and tokens.
pub fn random(buffer: &mut [u8]) {
    host::random(buffer);
}

/// What the macros' expansions call; nothing of it is for authors.
#[doc(hidden)]
pub mod __private {
    use std::fmt;

    pub use crate::run::Action;
    #[cfg(target_arch = "wasm32")]
    pub use crate::run::export;

    /// Formats a log line.
    #[cold]
    #[must_use]
    pub fn format(args: fmt::Arguments<'_>) -> String {
        fmt::format(args)
    }
}
