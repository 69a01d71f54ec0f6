//! The HTTP API over real sockets, a real store and a real engine.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets something else than it expects fails"
)]

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod clients;
mod connections;
mod health;
mod identities;
mod logs;
mod operator;
mod roles;
mod token;
mod users;
mod users_list;
