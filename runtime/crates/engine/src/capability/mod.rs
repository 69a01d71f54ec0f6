//! What a run may ask of the outside: one module per group of host calls, on types of our own.
//! `abi` only translates.

pub(crate) mod cache;
pub(crate) mod directory;
pub(crate) mod egress;
