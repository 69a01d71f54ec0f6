//! Actions, simulated logins and the API's description over real HTTP: one server with a store of its own a test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that meets something else than it expects fails; tables of rows are long"
)]

mod exchange;
mod management;
mod openapi;
mod server;
mod simulated;
