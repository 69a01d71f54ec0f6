//! The flow as its caller drives it, without engine and store.

mod driver;
mod event;
mod laws;
mod rules;
