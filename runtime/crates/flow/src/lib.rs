//! The login as a state machine: what is done next, and what the mutations of a run change.
//!
//! No input or output, no clock, no randomness: [`Pipeline`] says what to run, its caller runs it and hands back the
//! end. What a run asks for is checked whole before any of it is applied; applying cannot fail.

mod claims;
mod event;
mod exchange;
mod factors;
mod facts;
mod pending;
mod pipeline;
mod record;
mod rules;
mod scopes;
mod state;

pub use claims::Claims;
pub use event::MAX_DEPTH;
pub use event::depth_within;
pub use exchange::{Exchange, ExchangeFacts};
pub use factors::{OTP, RECOVERY_CODE};
pub use facts::{BoundAction, FactorFacts, Given, LoginFacts, LoginRequest, RequestFacts};
pub use pending::PendingChange;
pub use pipeline::{BadSavedLogin, Entry, FinishedRun, PinnedAction, Pipeline, RunEnd, SavedLogin, Step, Suspension};
