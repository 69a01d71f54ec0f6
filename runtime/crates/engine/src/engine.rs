//! The engine: lives as long as the process. Compiles, keeps programs, admits runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use wasmtime::{Linker, Module};

use crate::abi::v1;
use crate::admission::Admission;
use crate::capability::http::HttpClient;
use crate::code_cache::{CodeCache, sha256_hex};
use crate::config::wasmtime_config;
use crate::program::Programs;
use crate::pulse::Ticker;
use crate::sandbox::{Sandbox, Shared};
use crate::{
    BuildError, Busy, EngineConfig, EngineError, InvalidModule, ModuleReport, OutsideAnswer, OutsideError,
    OutsideRequest, Program, RunInput, RunReport, outside, run, validate,
};

/// Compiles and runs modules. A clone is the same engine.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) shared: Arc<Shared>,
    linker: Linker<Sandbox>,
    programs: Mutex<Programs>,
    code_cache: Option<CodeCache>,
    admission: Admission,
    /// Compiling uses all cores by itself: one at a time, so that it takes the least from the runs.
    compiling: Semaphore,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("admission", &self.admission).finish_non_exhaustive()
    }
}

impl Engine {
    /// Sets up the engine.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    #[expect(clippy::needless_pass_by_value, reason = "an engine is made once, from a configuration of its own")]
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let wasmtime = wasmtime::Engine::new(&wasmtime_config(&config)).map_err(EngineError::Wasmtime)?;
        let mut linker = Linker::new(&wasmtime);
        v1::link(&mut linker).map_err(EngineError::Link)?;
        let code_cache = match &config.cache_dir {
            Some(folder) => Some(CodeCache::open(folder, &wasmtime).map_err(EngineError::CacheDir)?),
            None => None,
        };
        let ticker = Ticker::start(wasmtime.weak()).map_err(EngineError::Ticker)?;
        let shared = Shared { http: HttpClient::new(&config.egress)?, ticker };
        let inner = Inner {
            shared: Arc::new(shared),
            linker,
            programs: Mutex::new(Programs::new(config.program_bytes)),
            code_cache,
            admission: Admission::new(config.concurrent_runs, config.runs_per_tenant, config.admission_wait),
            compiling: Semaphore::new(1),
            wasmtime,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Checks a module without compiling it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, wasm: &[u8]) -> Result<ModuleReport, InvalidModule> {
        validate::check(wasm)
    }

    /// Checks and compiles a module, or takes it from the cache, and runs its `postern_init` with the payload.
    /// The payload is empty for a compiled action.
    ///
    /// # Errors
    /// When the module breaks a rule, does not compile or fails in `postern_init`.
    pub async fn build(&self, wasm: &Arc<[u8]>, payload: &[u8]) -> Result<Arc<Program>, BuildError> {
        let wasm_sha256 = sha256_hex(wasm);
        let key =
            if payload.is_empty() { wasm_sha256.clone() } else { format!("{wasm_sha256}+{}", sha256_hex(payload)) };
        if let Some(found) = self.cached(&key) {
            return Ok(found);
        }
        let _one_at_a_time = self.inner.compiling.acquire().await;
        if let Some(found) = self.cached(&key) {
            return Ok(found);
        }
        let (inner, wasm) = (Arc::clone(&self.inner), Arc::clone(wasm));
        let linked = tokio::task::spawn_blocking(move || inner.link(&wasm, &wasm_sha256, key)).await;
        let mut program = linked.map_err(BuildError::Interrupted)??;
        run::initialize(&self.inner, &mut program, payload).await?;
        let program = Arc::new(program);
        self.inner.programs().keep(&program);
        Ok(program)
    }

    /// The program of that key, if it is in memory. The key of a compiled action is the SHA-256 of its module.
    #[must_use]
    pub fn cached(&self, key: &str) -> Option<Arc<Program>> {
        self.inner.programs().fetch(key)
    }

    /// Sends a request of the host's own, under the rules that hold for the requests of actions.
    ///
    /// # Errors
    /// When it may not be sent, or no answer comes.
    pub async fn fetch(&self, request: OutsideRequest) -> Result<OutsideAnswer, OutsideError> {
        outside::fetch(&self.inner.shared.http, request).await
    }

    /// Certificates that the operator trusts beside the system's, PEM.
    #[must_use]
    pub fn extra_ca_pem(&self) -> Option<&[u8]> {
        self.inner.shared.http.extra_ca_pem.as_deref()
    }

    /// Runs an action in a fresh sandbox, which is gone when this returns.
    ///
    /// # Errors
    /// When there is no room for another run; nothing was run then.
    pub async fn run(&self, program: &Arc<Program>, input: RunInput) -> Result<RunReport, Busy> {
        let _permit = self.inner.admission.admit(&input.tenant, input.deadline).await?;
        Ok(run::run(&self.inner, program, input).await)
    }
}

impl Inner {
    fn programs(&self) -> MutexGuard<'_, Programs> {
        self.programs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks, compiles and links.
    fn link(&self, wasm: &[u8], wasm_sha256: &str, key: String) -> Result<Program, BuildError> {
        let cached = self.code_cache.as_ref().and_then(|cache| cache.load(&self.wasmtime, wasm_sha256));
        let (report, module) = match cached {
            // It is in the cache because it was checked.
            Some(module) => (validate::survey(wasm)?, module),
            None => {
                let report = validate::check(wasm)?;
                let module = Module::from_binary(&self.wasmtime, wasm).map_err(BuildError::Compile)?;
                if let Some(cache) = &self.code_cache {
                    cache.keep(wasm_sha256, &module);
                }
                (report, module)
            }
        };
        Program::link(key, report, &module, &self.linker).map_err(BuildError::Compile)
    }
}
