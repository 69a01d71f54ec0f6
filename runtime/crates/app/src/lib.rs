//! The use cases: what a tenant's operator, a client or a user can have done.
//!
//! One function a use case, named `resource_verb` like its route and its span; its first arguments are the [`App`] and
//! the [`OpCtx`], its first line checks the scope. What a login does next is decided by `postern-flow`, what is kept
//! by `postern-store`, what runs by `postern-engine`; here they are put together.

pub mod action_modules;
pub mod actions;
pub mod artifacts;
pub mod attack_protection;
pub mod authentication;
pub mod bindings;
pub mod browser;
pub mod clients;
pub mod connections;
pub mod ctx;
pub mod custom_database;
pub mod error;
pub mod executions;
pub mod export;
pub mod grants;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod login;
pub mod logs;
pub mod lucene;
pub mod mail;
pub mod mfa;
pub mod origins;
pub mod passwords;
pub mod rates;
pub mod resource_servers;
pub mod retention;
pub mod roles;
pub mod rules;
pub mod secrets;
pub mod sessions;
pub mod signed_in;
pub mod tenant_settings;
pub mod tenants;
pub mod tokens;
pub mod users;
pub mod versions;

use std::sync::Arc;
use std::time::Duration;

use postern_engine::{CompiledModule, Engine};
use postern_model::tenant::RateLimits;
use postern_packages::Packages;
use postern_store::{Health, Store};
use tokio::sync::OnceCell;

pub use ctx::{OpCtx, ScopeSet};
pub use error::{AppError, Code, Kind};
pub use postern_packages::PackagesConfig;
pub use secrets::MasterKey;

/// What the program is put together from.
#[derive(Debug)]
pub struct AppConfig {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What runs actions.
    pub engine: Engine,
    /// Seals secrets.
    pub master_key: MasterKey,
    /// Opens the operator's endpoints; compared in constant time.
    pub operator_token: String,
    /// Life time of management tokens (Auth0: 24 hours).
    pub token_for: Duration,
    /// How clients reach the program; part of every issuer.
    pub scheme: tenants::Scheme,
    /// Of tenants without their own.
    pub rate_limits: RateLimits,
    /// Where the npm packages of actions come from.
    pub packages: PackagesConfig,
}

/// The program without its front. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: AppConfig,
    tenants: tenants::Loaded,
    failed_exchanges: tokens::FailedExchanges,
    unknown_failures: authentication::UnknownFailures,
    logins: login::LoginState,
    outbox: mail::outbox::Outbox,
    jobs: jobs::JobState,
    packages: Packages,
    javascript: OnceCell<CompiledModule>,
}

impl App {
    /// Puts the program together.
    #[must_use]
    pub fn new(config: AppConfig) -> Self {
        Self(Arc::new(Inner {
            tenants: tenants::Loaded::default(),
            failed_exchanges: tokens::FailedExchanges::default(),
            unknown_failures: authentication::UnknownFailures::default(),
            logins: login::LoginState::default(),
            outbox: mail::outbox::Outbox::default(),
            jobs: jobs::JobState::default(),
            packages: Packages::new(config.packages.clone()),
            javascript: OnceCell::new(),
            config,
        }))
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.0.config.store
    }

    /// Whether the store can be written. When it cannot, the process must be restarted.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.store().health() == Health::Serving
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.config.engine
    }

    /// The JavaScript engine, compiled when it is first asked for.
    ///
    /// # Errors
    /// When it does not compile, which is our fault.
    pub async fn javascript(&self) -> Result<CompiledModule, AppError> {
        let compile = || async {
            let module = self.engine().module(&Arc::from(postern_javascript::ENGINE)).await;
            module.map_err(|error| AppError::internal("compile the JavaScript engine").with_source(error))
        };
        self.0.javascript.get_or_try_init(compile).await.cloned()
    }

    pub(crate) fn packages(&self) -> &Packages {
        &self.0.packages
    }

    /// What logins keep in memory: locks, bound programs, caches.
    #[must_use]
    pub fn logins(&self) -> &login::LoginState {
        &self.0.logins
    }

    /// How clients reach the program.
    #[must_use]
    pub fn scheme(&self) -> tenants::Scheme {
        self.0.config.scheme
    }

    /// The mails that wait.
    #[must_use]
    pub fn outbox(&self) -> &mail::outbox::Outbox {
        &self.0.outbox
    }

    pub(crate) fn jobs(&self) -> &jobs::JobState {
        &self.0.jobs
    }

    pub(crate) fn rate_limits(&self) -> RateLimits {
        self.0.config.rate_limits
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.0.config.master_key
    }

    pub(crate) fn operator_token(&self) -> &str {
        &self.0.config.operator_token
    }

    pub(crate) fn token_for(&self) -> Duration {
        self.0.config.token_for
    }

    pub(crate) fn failed_exchanges(&self) -> &tokens::FailedExchanges {
        &self.0.failed_exchanges
    }

    pub(crate) fn unknown_failures(&self) -> &authentication::UnknownFailures {
        &self.0.unknown_failures
    }

    pub(crate) fn loaded_tenants(&self) -> &tenants::Loaded {
        &self.0.tenants
    }
}
