//! The nouns of Postern and the rules that are about one of them alone.
//!
//! No input or output, no async, no clock, no randomness: times and ids come in as values.
//! The types derive serde and are what the store keeps, inside a versioned envelope;
//! the wire has types of its own in `postern-api`.

pub mod action;
pub mod action_module;
pub mod authentication;
pub mod authenticator;
pub mod client;
pub mod connection;
pub mod execution;
pub mod id;
pub mod job;
pub mod limits;
pub mod log;
pub mod mail;
pub mod metadata;
pub mod resource_server;
pub mod role;
pub mod rule;
pub mod session;
pub mod tenant;
pub mod tenant_settings;
pub mod user;

pub use action::{
    Action, ActionVersion, Artifact, Binding, Draft, OnFailure, Runtime, SealedSecret, Trigger, VersionStatus,
};
pub use action_module::{ActionModule, ActionModuleVersion, ModuleReference};
pub use authentication::{FailureCount, LoginClaims, LoginFailures, OneTime, RefreshToken};
pub use authenticator::{Authenticator, AuthenticatorKind, FactorAttempts, RememberedBrowser};
pub use client::Client;
pub use connection::{Connection, RootAttributes, Strategy};
pub use execution::{
    ActionRun, AppliedMutation, Execution, ExecutionStatus, Journal, JournalCall, LogLevel, LogLine, Outcome,
    RunStatus, SuspendedLogin, Usage,
};
pub use id::{
    ActionId, ActionModuleId, ActionModuleVersionId, ActionVersionId, AuthenticatorId, BadId, BindingId, ClientGrantId,
    ClientId, ConnectionId, ExecutionId, JobId, LogId, LoginId, MailId, RefreshTokenId, ResourceServerId, RoleId,
    RuleId, SessionId, TenantId, UserId,
};
pub use job::{ExportField, ExportFormat, Job, JobFailure, JobKind, JobStatus, JobSummary};
pub use limits::ExecutionLimits;
pub use log::{LogEntry, LogType};
pub use mail::Mail;
pub use metadata::{Metadata, MetadataKind};
pub use resource_server::{ClientGrant, ResourceServer, ScopeInfo};
pub use role::Role;
pub use rule::Rule;
pub use session::{BrowserTransaction, Device, Session};
pub use tenant::{SigningKey, Tenant};
pub use tenant_settings::TenantSettings;
pub use user::{Actor, HistoryEntry, Identity, User};
