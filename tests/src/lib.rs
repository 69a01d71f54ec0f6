//! The harness of the end-to-end tests: a real `postern serve` process on a loopback port with a data folder
//! of its own, an HTTP client for it, guests in WebAssembly text, and an HTTPS server for them to fetch from.
//!
//! A test fails by a panic that says what was asked and what came back.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test harness reports by panicking, and prints what it measured"
)]

mod api;
mod browser;
mod guest;
mod https;
mod server;
mod smtp;

pub use api::{Answer, Api, binding, encode};
pub use browser::{Browser, Form, PASSWORD, Visit, form_decode, form_encode};
pub use guest::{example, examples_folder, module, returning};
pub use https::{Asked, HttpsServer, JsonServer};
pub use server::{Bootstrap, Server, ServerOptions, postern_path};
pub use smtp::{Received, SmtpSink};

/// Prints a figure of a run, for people: nextest shows it with `--no-capture` and on failure.
pub fn report(line: &str) {
    eprintln!("{line}");
}
