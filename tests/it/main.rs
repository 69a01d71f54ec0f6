//! The whole program over real HTTP: every test has a `postern serve` process of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reports by panicking"
)]

mod action_modules;
mod api_table;
mod authorize;
mod budget;
mod concurrency;
mod configuration;
mod coverage;
mod custom_database;
mod differential;
mod durability;
mod examples;
mod fetch;
mod front;
mod guests;
mod hostile;
mod in_process;
mod isolation;
mod javascript;
mod javascript_examples;
mod jobs;
mod keys;
mod local_loop;
mod logout;
mod mail;
mod mail_links;
mod mfa;
mod mfa_browser;
mod mfa_grants;
mod openapi;
mod protection;
mod rules;
mod secrets;
mod sessions;
mod signup;
mod tenant_configuration;
mod tls;
mod tokens;
mod unauthorized;
mod users;
mod whole_path;
mod world;
