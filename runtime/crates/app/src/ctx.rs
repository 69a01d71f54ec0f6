//! For whom, with which rights and when an operation is carried out.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::{Actor, Tenant};
use uuid::Uuid;

use crate::error::{AppError, Code};

/// The scopes of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeSet(Vec<String>);

impl ScopeSet {
    /// The scopes of a space-separated list.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(text.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// Whether it holds this one.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|held| held == scope)
    }
}

/// The first argument of every use case.
#[derive(Debug, Clone)]
pub struct OpCtx {
    /// Whose rows.
    pub tenant: Arc<Tenant>,
    /// Who asks.
    pub actor: Actor,
    /// With which rights.
    pub scopes: ScopeSet,
    /// When; read once.
    pub now: Timestamp,
    /// Makes a write idempotent.
    pub request_id: Uuid,
    /// The client's own name for the request, at most [`CORRELATION_CHARS`](postern_model::limits::CORRELATION_CHARS);
    /// shown in the tenant log.
    pub correlation_id: Option<String>,
    /// From where.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
}

impl OpCtx {
    /// The context of a request to an endpoint of people and their applications: it has no rights of its own.
    #[must_use]
    pub fn visitor(tenant: Arc<Tenant>, now: Timestamp, request_id: Uuid) -> Self {
        let (actor, scopes, ip, user_agent) = (Actor::System, ScopeSet::default(), None, None);
        Self { tenant, actor, scopes, now, request_id, correlation_id: None, ip, user_agent }
    }

    /// The first line of a use case.
    ///
    /// # Errors
    /// When the scope is missing.
    pub fn require(&self, scope: &str) -> Result<(), AppError> {
        self.require_any(&[scope])
    }

    /// Like [`require`](Self::require), with several scopes of which one is enough.
    ///
    /// # Errors
    /// When all are missing.
    pub fn require_any(&self, scopes: &[&str]) -> Result<(), AppError> {
        if scopes.iter().any(|scope| self.scopes.has(scope)) {
            return Ok(());
        }
        let expected = scopes.join(",");
        Err(AppError::new(Code::InsufficientScope, format!("Insufficient scope, expected any of: {expected}")))
    }
}
