//! E-mails: who sends them, what they say, and the way there.
//!
//! A mail is written when it is asked for and put into the tenant's outbox, in the store; a task of the process
//! ([`outbox::run`]) sends it, again and again when the provider does not answer, and says in the tenant log how it went.

pub mod compose;
pub mod follow;
mod liquid;
mod message;
pub mod outbox;
pub mod provider;
mod smtp;
pub mod templates;
pub mod tickets;
mod variables;
