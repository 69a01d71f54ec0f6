//! For whom, with which rights and when an operation is carried out.

use std::sync::Arc;

use jiff::Timestamp;
use postern_model::{Actor, Tenant, UserId};
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

    /// The user whose own token it is, if it is one.
    #[must_use]
    pub fn own_user(&self) -> Option<&UserId> {
        match &self.actor {
            Actor::User { user_id, .. } => Some(user_id),
            Actor::Client { .. } | Actor::Action { .. } | Actor::System => None,
        }
    }

    /// The first line of a use case that a user may have done for themselves: one of `scopes`, or the `own` scope in
    /// that user's own token. Says which of the two it is.
    ///
    /// # Errors
    /// When neither is there; another user's row is refused like a missing scope.
    pub fn require_own(&self, scopes: &[&str], own: &[&str], user_id: &str) -> Result<Rights, AppError> {
        if scopes.iter().any(|scope| self.scopes.has(scope)) {
            return Ok(Rights::Any);
        }
        let is_own = self.own_user().is_some_and(|user| user.as_str() == user_id);
        if is_own && own.iter().any(|scope| self.scopes.has(scope)) {
            return Ok(Rights::Own);
        }
        self.require_any(&[scopes, if is_own { own } else { &[] }].concat())?;
        Ok(Rights::Any)
    }
}

/// What lets a use case on a user be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// A management scope.
    Any,
    /// The user's own token.
    Own,
}
