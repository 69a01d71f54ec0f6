//! Runs actions: compiles a module once, then every run gets a fresh sandbox that is dropped after it.
//!
//! An action is a pure function of its input: it has no clock, no randomness, no network and no files of its own.
//! Every outside answer passes through a host call and is written to the run's journal, so a run can be made again.
//!
//! [`Engine`] lives as long as the process, a [`Program`] as long as a version is in use, a sandbox for one run.

mod abi;
mod admission;
mod build;
mod capability;
mod code_cache;
mod config;
mod engine;
mod error;
mod invalid_module;
mod journal;
mod module;
mod outside;
mod private_folder;
mod program;
mod programs;
mod pulse;
mod run;
mod sandbox;
mod snapshot;
mod snapshot_files;
mod stop;
mod validate;

pub use capability::cache::TriggerCache;
pub use capability::directory::{Directory, GroupRow, RoleRow};
pub use capability::egress::EgressPolicy;
pub use config::{EgressConfig, EngineConfig};
pub use engine::Engine;
pub use error::{BuildError, Busy, EngineError};
pub use invalid_module::{Countable, InvalidModule};
pub use module::CompiledModule;
pub use outside::{OutsideAnswer, OutsideError, OutsideRequest};
pub use program::Program;
pub use run::{Blame, Entry, RunInput, RunReport, StatusBlame};
pub use validate::ModuleReport;
