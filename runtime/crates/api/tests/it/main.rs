//! The HTTP API over real sockets, a real store and a real engine.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod clients;
mod connections;
mod logs;
mod operator;
mod roles;
mod token;
mod users;
mod users_list;
