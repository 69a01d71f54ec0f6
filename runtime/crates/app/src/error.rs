//! The one error of every use case: a code, and a text that its caller may see.

use postern_engine::{BuildError, Busy, InvalidModule};
use postern_store::{CommitError, StoreError};

/// What went wrong, as Auth0 names it. Its [`Kind`] decides the status; its text is the `errorCode` of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Auth0's codes")]
pub enum Code {
    InvalidBody,
    InvalidUri,
    InvalidQuery,
    InvalidPaging,
    InvalidToken,
    InsufficientScope,
    InexistentUser,
    InexistentIdentity,
    InexistentJob,
    InexistentClient,
    InexistentConnection,
    InexistentRole,
    InexistentGrant,
    InexistentResourceServer,
    InexistentRule,
    InexistentRuleConfig,
    InexistentLogin,
    InexistentTenant,
    InexistentEmailProvider,
    InexistentEmailTemplate,
    NotFound,
    UserExists,
    Conflict,
    PreconditionFailed,
    TooLarge,
    BadRequest,
    RateLimited,
    Unavailable,
    Internal,
}

/// What a status stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    PreconditionFailed,
    TooLarge,
    RateLimited,
    Unavailable,
    Internal,
}

impl Code {
    /// What it stands for.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::InvalidBody | Self::InvalidUri | Self::InvalidQuery | Self::InvalidPaging | Self::BadRequest => {
                Kind::BadRequest
            }
            Self::InvalidToken => Kind::Unauthorized,
            Self::InsufficientScope => Kind::Forbidden,
            Self::InexistentUser
            | Self::InexistentIdentity
            | Self::InexistentJob
            | Self::InexistentClient
            | Self::InexistentConnection
            | Self::InexistentRole
            | Self::InexistentGrant
            | Self::InexistentResourceServer
            | Self::InexistentRule
            | Self::InexistentRuleConfig
            | Self::InexistentLogin
            | Self::InexistentTenant
            | Self::InexistentEmailProvider
            | Self::InexistentEmailTemplate
            | Self::NotFound => Kind::NotFound,
            Self::UserExists | Self::Conflict => Kind::Conflict,
            Self::PreconditionFailed => Kind::PreconditionFailed,
            Self::TooLarge => Kind::TooLarge,
            Self::RateLimited => Kind::RateLimited,
            Self::Unavailable => Kind::Unavailable,
            Self::Internal => Kind::Internal,
        }
    }

    /// `errorCode` of the body; `None` where Auth0 sends none.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidBody => "invalid_body",
            Self::InvalidUri => "invalid_uri",
            Self::InvalidQuery => "invalid_query_string",
            Self::InvalidPaging => "invalid_paging",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InexistentUser => "inexistent_user",
            Self::InexistentIdentity => "inexistent_identity",
            Self::InexistentJob => "inexistent_job",
            Self::InexistentClient => "inexistent_client",
            Self::InexistentConnection => "inexistent_connection",
            Self::InexistentRole => "inexistent_role",
            Self::InexistentGrant => "inexistent_grant",
            Self::InexistentResourceServer => "inexistent_resource_server",
            Self::InexistentRule => "inexistent_rule",
            Self::InexistentRuleConfig => "inexistent_rules_config",
            Self::InexistentLogin => "inexistent_login",
            Self::InexistentTenant => "inexistent_tenant",
            Self::InexistentEmailProvider => "inexistent_email_provider",
            Self::InexistentEmailTemplate => "inexistent_email_template",
            Self::UserExists => "auth0_idp_error",
            Self::TooLarge => "too_large",
            Self::RateLimited => "too_many_requests",
            Self::NotFound
            | Self::Conflict
            | Self::PreconditionFailed
            | Self::BadRequest
            | Self::Unavailable
            | Self::Internal => return None,
        })
    }
}

/// Why a use case was not carried out; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct AppError {
    #[expect(missing_docs, reason = "says its name")]
    pub code: Code,
    /// For the caller. Of an internal error the caller sees another text; this one is for the program's own log.
    pub message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AppError {
    /// An error with its text.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), source: None }
    }

    /// Keeps what it comes from, for the program's own log.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// A body that breaks a rule.
    pub fn invalid_body(rule: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidBody, format!("Payload validation error: {rule}."))
    }

    /// A query parameter that breaks a rule.
    pub fn invalid_query(rule: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidQuery, format!("Query validation error: {rule}."))
    }

    /// A request that cannot be carried out as things stand.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// A row that is not there, or not this tenant's.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// A row that is there already, or changed meanwhile.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// Whether the fault is ours.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.code.kind() == Kind::Internal
    }
}

/// Writes a fault that no caller is told of into the program's log, with all its causes.
pub(crate) fn log_fault(what: &str, error: &AppError) {
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        causes.push_str(": ");
        causes.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::error!(%error, causes, "{what}");
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Cursor => Self::invalid_query("'from' is not a cursor of this list"),
            StoreError::Fatal => Self::new(Code::Unavailable, "The store has stopped.").with_source(error),
            StoreError::Record(_) | StoreError::Engine(_) => Self::internal("read the store").with_source(error),
        }
    }
}

impl From<CommitError> for AppError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => {
                Self::conflict("The row was changed at the same time by others; send the request again.")
            }
            CommitError::Duplicate { .. } => Self::conflict("A row with the same key already exists."),
            CommitError::Refused(refusal) => Self::invalid_body(refusal),
            CommitError::Record(_) => Self::internal("write the store").with_source(error),
            CommitError::UnknownOutcome => {
                Self::new(Code::Unavailable, "The outcome of the write is not known; read before you send it again.")
                    .with_source(error)
            }
            CommitError::Fatal => Self::new(Code::Unavailable, "The store has stopped.").with_source(error),
        }
    }
}

impl From<InvalidModule> for AppError {
    fn from(error: InvalidModule) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<BuildError> for AppError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Invalid(invalid) => invalid.into(),
            BuildError::Compile(_) | BuildError::Init { .. } => Self::bad_request(error.to_string()),
            BuildError::Interrupted(_) => Self::internal("build the module").with_source(error),
        }
    }
}

impl From<Busy> for AppError {
    fn from(error: Busy) -> Self {
        Self::new(Code::RateLimited, error.to_string())
    }
}
