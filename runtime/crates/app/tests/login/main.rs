//! Logins over a real store, a real engine and guests in WebAssembly text.

mod bench;
mod concurrency;
mod flow;
mod people;
mod suspension;
