//! How the engine refuses: one closed enum per door.

use std::time::Duration;

use postern_model::RunStatus;
use postern_model::execution::RunErrorText;

use crate::InvalidModule;

/// Why an engine cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refuses the configuration.
    #[error("set up wasmtime")]
    Wasmtime(#[source] wasmtime::Error),
    /// A host function cannot be linked.
    #[error("link the host functions")]
    Link(#[source] wasmtime::Error),
    /// The folder of compiled code cannot be used.
    #[error("prepare the code cache folder")]
    CacheDir(#[source] std::io::Error),
    /// An entry of `egress.allow` is no address, range or host name.
    #[error("egress allow entry `{entry}` is not an address, a range or a host name")]
    EgressAllow {
        /// The entry.
        entry: String,
    },
    /// The HTTP client cannot be set up.
    #[error("set up the HTTP client")]
    Http(#[source] reqwest::Error),
    /// The ticker thread cannot be started.
    #[error("start the ticker thread")]
    Ticker(#[source] std::io::Error),
}

/// Why a module has not become a program.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The module breaks a rule.
    #[error(transparent)]
    Invalid(#[from] InvalidModule),
    /// The module is well-formed, and the compiler refuses it all the same.
    #[error("compile the module")]
    Compile(#[source] wasmtime::Error),
    /// `postern_compile` or `postern_init` failed.
    #[error("load the payload: {}: {}", error.name, error.message)]
    Init {
        /// How it ended.
        status: RunStatus,
        /// For the author.
        error: RunErrorText,
    },
    /// The building task was cut off.
    #[error("the build was cut off")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// No room for another run within the time a run may wait; nothing was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rate_limited: {} runs at once are the limit, no room within {waited:?}", self.limit)]
pub struct Busy {
    /// Whether it is the tenant's own limit that is reached, not the process's.
    pub tenant: bool,
    /// The limit reached, runs at once.
    pub limit: usize,
    /// How long the run waited.
    pub waited: Duration,
}
