//! The login as a state machine: what is done next, and what the mutations of a run change.
//!
//! No input or output, no clock, no randomness: [`Pipeline`] says what to run, its caller runs it and hands back the
//! end. What a run asks for is checked whole before any of it is applied; applying cannot fail.

mod claims;

pub use claims::Claims;
