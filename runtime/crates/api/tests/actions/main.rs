//! Actions, simulated logins and the API's description over real HTTP: one server with a store of its own a test.

mod management;
mod openapi;
mod server;
mod simulated;
