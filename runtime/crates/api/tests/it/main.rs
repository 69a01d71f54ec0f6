//! The HTTP API over real sockets, a real store and a real engine.

#[path = "../common/mod.rs"]
mod common;

mod users;
mod users_list;
