//! Every limit with its unit and its reason. Enforced where the resource is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Signing keys of a tenant that were current and are not revoked.
pub const PREVIOUS_SIGNING_KEYS: usize = 8;
/// Revoked signing keys that are still listed.
pub const REVOKED_SIGNING_KEYS: usize = 8;

/// A client's own name for its request (`X-Correlation-ID`), characters (Auth0: 64).
pub const CORRELATION_CHARS: usize = 64;

/// Fuel to load an action's source once, packages included. Reading takes far more than running: a bundle of 200 KB
/// takes about a tenth of this.
pub const LOAD_FUEL: u64 = 4_000_000_000;

/// What one run, or one execution, may use. Defaults; a tenant record may hold its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExecutionLimits {
    /// Fuel of one run: about one WebAssembly instruction each. Counted, so the same everywhere.
    pub fuel: u64,
    /// Linear memory of one run, bytes.
    pub memory_bytes: usize,
    /// One trigger execution, all its actions and host calls together: the login page waits for it.
    /// Counted anew after a suspension (Auth0: 20 s).
    pub execution_ms: u64,
    /// Result text of one run, bytes.
    pub result_bytes: usize,
    /// Mutations of one run.
    pub mutations: usize,
    /// Log text kept of one run, bytes; more is dropped and said so.
    pub log_bytes: usize,
    /// Host calls of one run, `crypto.*` apart.
    pub host_calls: usize,
    /// Calls of `crypto.*` of one run: they reach nothing outside, and fuel pays for their work.
    pub crypto_calls: usize,
    /// Body of one `http.fetch` answer, bytes.
    pub http_body_bytes: usize,
}

impl Default for ExecutionLimits {
    fn default() -> Self {
        Self {
            fuel: 500_000_000,
            memory_bytes: 64 * MIB,
            execution_ms: 20_000,
            result_bytes: 256 * KIB,
            mutations: 512,
            log_bytes: 64 * KIB,
            host_calls: 64,
            crypto_calls: 256,
            http_body_bytes: MIB,
        }
    }
}

/// A limit out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' must be {least} to {most}")]
pub struct BadLimit {
    /// Which.
    pub name: &'static str,
    /// The least it may be.
    pub least: u64,
    /// The most it may be.
    pub most: u64,
}

impl ExecutionLimits {
    /// Checks that a tenant's own limits are such that the process can keep them.
    ///
    /// # Errors
    /// The first that is out of bounds.
    pub fn check(&self) -> Result<(), BadLimit> {
        let bytes = |bytes: usize| bytes as u64;
        let bounds = [
            ("fuel", self.fuel, 1, 1_000_000_000_000),
            ("memory_bytes", bytes(self.memory_bytes), bytes(64 * KIB), bytes(64 * MIB)),
            ("execution_ms", self.execution_ms, 1, 60_000),
            ("result_bytes", bytes(self.result_bytes), 1, bytes(MIB)),
            ("mutations", bytes(self.mutations), 1, 4096),
            ("log_bytes", bytes(self.log_bytes), 0, bytes(MIB)),
            ("host_calls", bytes(self.host_calls), 0, 1024),
            ("crypto_calls", bytes(self.crypto_calls), 0, 4096),
            ("http_body_bytes", bytes(self.http_body_bytes), 1, bytes(16 * MIB)),
        ];
        match bounds.into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            Some((name, _, least, most)) => Err(BadLimit { name, least, most }),
            None => Ok(()),
        }
    }

    /// The wall clock limit of one execution.
    #[must_use]
    pub fn execution_wall(&self) -> Duration {
        Duration::from_millis(self.execution_ms)
    }
}

/// An uploaded module, bytes: compiling costs time in proportion.
pub const MODULE_BYTES: usize = 4 * MIB;
/// A module that is compiled, bytes: the engine of JavaScript actions, which is ours, is larger than what may be uploaded.
pub const COMPILED_MODULE_BYTES: usize = 16 * MIB;
/// An event as JSON text, bytes.
pub const EVENT_BYTES: usize = MIB;
/// A management request body, bytes (Auth0: 1 MB).
pub const REQUEST_BODY_BYTES: usize = MIB;
/// `user_metadata` or `app_metadata` of one user as JSON text, bytes, however written.
pub const METADATA_BYTES: usize = MIB;
/// What one login's actions may write into either kind of metadata, bytes of JSON text (Auth0: 32 kB each).
pub const ACTION_METADATA_BYTES: usize = 32 * KIB;
/// Characters of a metadata key (ours; Auth0 names no limit of its own).
pub const METADATA_KEY_CHARS: usize = 255;
/// Entries of `client_metadata`, and characters of each name and value (Auth0: 10 and 255).
pub const CLIENT_METADATA_ENTRIES: usize = 10;
/// See [`CLIENT_METADATA_ENTRIES`].
pub const CLIENT_METADATA_CHARS: usize = 255;
/// Actions a tenant may have (Auth0: 100).
pub const ACTIONS_PER_TENANT: usize = 100;
/// Bindings a trigger may have (Auth0: 20).
pub const BINDINGS_PER_TRIGGER: usize = 20;
/// Versions kept of an action (Auth0: 50); the oldest that is not deployed goes.
pub const VERSIONS_PER_ACTION: usize = 50;
/// Secrets of an action (Auth0: 30).
pub const SECRETS_PER_ACTION: usize = 30;
/// Characters of a secret's name (Auth0: 128).
pub const SECRET_NAME_CHARS: usize = 128;
/// Characters of a secret's value (Auth0: 4096).
pub const SECRET_VALUE_CHARS: usize = 4096;
/// Bytes of JavaScript source (Auth0: 100 kB).
pub const CODE_BYTES: usize = 100_000;
/// Actions Modules of a tenant (Auth0's).
pub const MODULES_PER_TENANT: usize = 100;
/// Actions Modules an action may use (Auth0's).
pub const MODULES_PER_ACTION: usize = 3;
/// Versions of an Actions Module (Auth0's).
pub const VERSIONS_PER_MODULE: usize = 50;
/// Source of an Actions Module, in characters (Auth0's).
pub const MODULE_CODE_CHARS: usize = 65_536;
/// npm dependencies of an action (Auth0's).
pub const DEPENDENCIES_PER_ACTION: usize = 10;
/// Dependencies of an action as one script: all of it is loaded into the memory of a run.
pub const BUNDLE_BYTES: usize = 8 * MIB;
/// Packages of an action on disk while it is built, files that are never bundled included.
pub const INSTALLED_PACKAGES_BYTES: u64 = 400 * 1024 * 1024;
/// Cache key and value, bytes; entries per trigger; all of it, bytes (Auth0: 64, 4096, 20, 16 KiB + 256).
pub const CACHE_KEY_BYTES: usize = 64;
/// See [`CACHE_KEY_BYTES`].
pub const CACHE_VALUE_BYTES: usize = 4096;
/// See [`CACHE_KEY_BYTES`].
pub const CACHE_ENTRIES: usize = 20;
/// See [`CACHE_KEY_BYTES`].
pub const CACHE_BYTES: usize = 16 * KIB + 256;
/// Life time of a cache entry, ms: at most, and when none is given (Auth0: 24 h, 15 min).
pub const CACHE_TTL_MAX_MS: i64 = 24 * 3_600_000;
/// See [`CACHE_TTL_MAX_MS`].
pub const CACHE_TTL_DEFAULT_MS: i64 = 15 * 60_000;
/// All transaction metadata of a login, bytes (Auth0: 16 KB). A key and a value have limits of their own in the contract.
pub const TRANSACTION_BYTES: usize = 16 * KIB;
/// Custom claims of one token as JSON text, bytes (Auth0: 100 KB).
pub const CLAIMS_BYTES: usize = 100_000;
/// How long a suspended login may be resumed.
pub const SUSPENSION_FOR: Duration = Duration::from_secs(3600);
/// How long a browser may stay on the login pages.
pub const BROWSER_TRANSACTION_FOR: Duration = Duration::from_secs(3600);
/// The parameters of `/authorize`, bytes: they are kept while the browser is on the login pages.
pub const AUTHORIZE_BYTES: usize = 16 * KIB;
/// How often a login is run again when its user changed meanwhile.
pub const LOGIN_ATTEMPTS: u32 = 5;
/// Most rows of a page (Auth0: 100).
pub const PAGE_ROWS: usize = 100;
/// Rows of a page when none is asked for (Auth0: 50).
pub const PAGE_ROWS_DEFAULT: usize = 50;
/// Codes of a second factor that may be tried in [`FACTOR_TRIES_FOR`] before further ones are refused unseen
/// (Auth0: 10 one-time passwords, then one more each 6 minutes).
pub const FACTOR_TRIES: usize = 10;
/// See [`FACTOR_TRIES`].
pub const FACTOR_TRIES_FOR: Duration = Duration::from_secs(15 * 60);
/// How long an `mfa_token` may be used (Auth0: 10 minutes).
pub const MFA_TOKEN_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a browser is remembered that may be (Auth0: 30 days).
pub const REMEMBER_BROWSER_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
