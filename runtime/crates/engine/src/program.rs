//! A program: a module with what its payload made of it, ready to be run.

use std::sync::Arc;

use postern_contract::Stamp;
use postern_model::action::CREDENTIALS_EXCHANGE;

use crate::module::Linked;
use crate::snapshot::Snapshot;

/// A compiled module with its snapshot, ready to be run.
pub struct Program {
    pub(crate) key: Arc<str>,
    pub(crate) module: Arc<Linked>,
    pub(crate) snapshot: Option<Snapshot>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Program {
    /// What it is cached under: SHA-256 of the module in lower-case hex; with a payload, `+` and that of the payload.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the module says of itself.
    #[must_use]
    pub fn stamp(&self) -> Option<&Stamp> {
        self.module.report.stamp.as_ref()
    }

    /// Whether it has `on_continue_post_login`.
    #[must_use]
    pub fn continues(&self) -> bool {
        self.module.report.continues
    }

    /// Whether it can be run at this trigger.
    #[must_use]
    pub fn serves(&self, trigger_id: &str) -> bool {
        match trigger_id {
            CREDENTIALS_EXCHANGE => self.module.report.exchanges,
            _ => self.module.report.executes,
        }
    }

    /// Memory held, bytes: the snapshot, and the compiled code if no other payload shares it.
    #[must_use]
    pub fn size(&self) -> usize {
        let code = if self.has_payload() { 0 } else { self.module.code_bytes() };
        code + self.snapshot.as_ref().map_or(0, Snapshot::size)
    }

    /// Whether a payload made it, so that its module is shared.
    pub(crate) fn has_payload(&self) -> bool {
        self.key.len() > self.module.sha256.len()
    }
}
