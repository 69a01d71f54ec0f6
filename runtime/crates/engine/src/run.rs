//! One run: what goes in, what comes out, and the way between.

use std::sync::Arc;
use std::time::Instant;

use postern_contract::Mutation;
use postern_model::execution::RunErrorText;
use postern_model::{ExecutionLimits, Journal, JournalCall, LogLine, RunStatus, TenantId, Usage};
use serde_json::Value;

use crate::{Directory, EgressPolicy, TriggerCache};

/// Which of an action's functions is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `on_execute_post_login`
    Execute,
    /// `on_continue_post_login`, after a suspension.
    Continue,
}

/// Everything a run depends on.
#[derive(Debug, Clone)]
pub struct RunInput {
    /// Whose run it is.
    pub tenant: TenantId,
    /// Which function.
    pub entry: Entry,
    /// The event; what is under `/secrets` never enters the journal.
    pub event: Arc<Value>,
    /// What the run may use.
    pub limits: ExecutionLimits,
    /// When the whole trigger execution is out of time.
    pub deadline: Instant,
    /// What `now` answers, ms since the epoch.
    pub now_ms: i64,
    /// Seed of `random`.
    pub seed: [u8; 32],
    /// Which hosts the run may reach.
    pub egress: EgressPolicy,
    /// The cache of the tenant's trigger; a dry run gets one of its own.
    pub cache: Arc<TriggerCache>,
    /// Roles and groups of the user.
    pub directory: Directory,
    /// Answers of an earlier attempt of the same login, given again to equal calls.
    pub earlier: Vec<JournalCall>,
    /// Makes the run again from its journal: time, seed, event and answers come from there (`/secrets` from the event).
    pub replay: Option<Journal>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// How it ended.
    pub status: RunStatus,
    /// The changes asked for; empty unless the status is `ok`.
    pub mutations: Vec<Mutation>,
    /// Why it failed, for the author; `None` when the status is `ok`.
    pub error: Option<RunErrorText>,
    /// What it logged.
    pub logs: Vec<LogLine>,
    /// What it used.
    pub usage: Usage,
    /// Every outside answer it got.
    pub journal: Journal,
    /// In a replay: how the run differed from its journal, if it did.
    pub divergence: Option<String>,
}

/// Whose fault the end of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The action's.
    Guest,
    /// Ours.
    Host,
}

/// Says whose fault an end is.
pub trait StatusBlame {
    /// `None` when there is no fault.
    fn blame(&self) -> Option<Blame>;
}

impl StatusBlame for RunStatus {
    fn blame(&self) -> Option<Blame> {
        match self {
            Self::Ok => None,
            Self::HostFault => Some(Blame::Host),
            Self::Deadline
            | Self::OutOfFuel
            | Self::OutOfMemory
            | Self::Trap
            | Self::GuestError
            | Self::BadResult => Some(Blame::Guest),
        }
    }
}
