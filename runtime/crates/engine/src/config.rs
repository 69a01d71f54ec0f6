//! How the engine is set up: its own configuration and what it makes of wasmtime's.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What the operator decides about outgoing requests.
#[derive(Debug, Clone, Default)]
pub struct EgressConfig {
    /// Addresses (`10.1.2.3`), ranges (`10.0.0.0/8`, `fd00::/8`) and host names that may be reached although private.
    pub allow: Vec<String>,
    /// Sends every request through this HTTP or SOCKS proxy, which then resolves the names.
    pub proxy: Option<Url>,
    /// Certificates trusted beside the system's, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
}

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Runs at the same time in this process; each may hold its memory limit.
    pub concurrent_runs: usize,
    /// Runs of one tenant at the same time, so that a full tenant does not slow its neighbors.
    pub runs_per_tenant: usize,
    /// How long a run waits for its turn before it is refused as busy.
    pub admission_wait: Duration,
    /// Folder of compiled code; `None` compiles again in every process. Made, mode 0700, when absent.
    pub cache_dir: Option<PathBuf>,
    /// Compiled code and snapshots kept in memory, bytes; the least recently used go first.
    pub program_bytes: usize,
    /// What the operator decides about outgoing requests.
    pub egress: EgressConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            concurrent_runs: 256,
            runs_per_tenant: 128,
            admission_wait: Duration::from_secs(2),
            cache_dir: None,
            program_bytes: 512 * MIB,
            egress: EgressConfig::default(),
        }
    }
}
