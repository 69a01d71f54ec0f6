//! The engine: lives as long as the process. Compiles, keeps programs, admits runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use wasmtime::{Linker, Module};

use crate::abi::v1;
use crate::admission::Admission;
use crate::capability::crypto::CryptoThreads;
use crate::capability::http::HttpClient;
use crate::code_cache::CodeCache;
use crate::config::wasmtime_config;
use crate::module::{Linked, Modules};
use crate::private_folder::sha256_hex;
use crate::programs::{Cold, Found, Programs};
use crate::pulse::Ticker;
use crate::sandbox::{Sandbox, Shared};
use crate::snapshot_files::SnapshotFiles;
use crate::{
    BuildError, Busy, CompiledModule, EngineConfig, EngineError, InvalidModule, ModuleReport, OutsideAnswer,
    OutsideError, OutsideRequest, Program, RunInput, RunReport, build, outside, run, validate,
};

/// Payloads loaded at the same time. Each takes up to two instances, of those beside the runs.
const LOADS: usize = 4;

/// Compiles and runs modules. A clone is the same engine.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) shared: Arc<Shared>,
    linker: Linker<Sandbox>,
    modules: Mutex<Modules>,
    programs: Mutex<Programs>,
    code_cache: Option<CodeCache>,
    snapshot_files: Option<SnapshotFiles>,
    admission: Admission,
    /// Compiling uses all cores by itself: one at a time, so that it takes the least from the runs.
    compiling: Semaphore,
    /// Loading a payload is a run of a guest.
    loading: Semaphore,
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
        let (code_cache, snapshot_files) = match &config.cache_dir {
            Some(folder) => {
                let code = CodeCache::open(folder, &wasmtime).map_err(EngineError::CacheDir)?;
                let snapshots = SnapshotFiles::open(&folder.join("snapshots"), &wasmtime);
                (Some(code), Some(snapshots.map_err(EngineError::CacheDir)?))
            }
            None => (None, None),
        };
        let ticker = Ticker::start(wasmtime.weak()).map_err(EngineError::Ticker)?;
        let shared = Shared { http: HttpClient::new(&config.egress)?, ticker, crypto: CryptoThreads::default() };
        let inner = Inner {
            shared: Arc::new(shared),
            linker,
            modules: Mutex::default(),
            programs: Mutex::new(Programs::new(config.program_bytes, config.cold_bytes)),
            code_cache,
            snapshot_files,
            admission: Admission::new(config.concurrent_runs, config.runs_per_tenant, config.admission_wait),
            compiling: Semaphore::new(1),
            loading: Semaphore::new(LOADS),
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

    /// Checks and compiles a module, or takes it from memory or the cache. Whoever makes programs of it with payloads
    /// keeps what is answered: it is in memory only as long as someone does.
    ///
    /// # Errors
    /// When the module breaks a rule or does not compile.
    pub async fn module(&self, wasm: &Arc<[u8]>) -> Result<CompiledModule, BuildError> {
        self.module_named(wasm, sha256_hex(wasm)).await
    }

    /// The program of a module and a payload; the payload is empty for a compiled action. It comes from memory or from
    /// disk if it is there, otherwise it is built: the module compiled, the payload loaded.
    ///
    /// # Errors
    /// When the module breaks a rule, does not compile or fails in `postern_compile` or `postern_init`.
    pub async fn build(&self, wasm: &Arc<[u8]>, payload: &[u8]) -> Result<Arc<Program>, BuildError> {
        let wasm_sha256 = sha256_hex(wasm);
        if payload.is_empty() {
            if let Some(found) = self.cached(&wasm_sha256) {
                return Ok(found);
            }
            let module = self.module_named(wasm, wasm_sha256.clone()).await?;
            if let Some(found) = self.cached(&wasm_sha256) {
                return Ok(found);
            }
            let snapshot = build::snapshot(&self.inner, &module.0, &[]).await?;
            return Ok(self.keep(Program { key: wasm_sha256.into(), module: module.0, snapshot }));
        }
        let module = self.module_named(wasm, wasm_sha256).await?;
        self.program(&module, payload).await
    }

    /// The program of a compiled module and a payload, as [`Self::build`] gives it.
    ///
    /// # Errors
    /// When `postern_compile` or `postern_init` fails.
    pub async fn program(&self, module: &CompiledModule, payload: &[u8]) -> Result<Arc<Program>, BuildError> {
        let payload_sha256 = sha256_hex(payload);
        if let Some(found) = self.program_kept(module, &payload_sha256).await {
            return Ok(found);
        }
        let _few_at_a_time = self.inner.loading.acquire().await;
        let key = module.key(&payload_sha256);
        if let Some(found) = self.cached(&key) {
            return Ok(found);
        }
        let snapshot = build::snapshot(&self.inner, &module.0, payload).await?;
        let program = self.keep(Program { key: key.into(), module: Arc::clone(&module.0), snapshot });
        let (inner, kept) = (Arc::clone(&self.inner), Arc::clone(&program));
        let written = tokio::task::spawn_blocking(move || {
            if let (Some(files), Some(snapshot)) = (&inner.snapshot_files, &kept.snapshot) {
                files.keep(&kept.key, snapshot);
            }
        });
        written.await.map_err(BuildError::Interrupted)?;
        Ok(program)
    }

    /// The program of a module and the payload with that SHA-256, lower-case hex, if it was built before and is in
    /// memory or on disk.
    pub async fn program_kept(&self, module: &CompiledModule, payload_sha256: &str) -> Option<Arc<Program>> {
        let key = module.key(payload_sha256);
        if let Some(found) = self.cached(&key) {
            return Some(found);
        }
        self.inner.snapshot_files.as_ref()?;
        let (inner, linked) = (Arc::clone(&self.inner), Arc::clone(&module.0));
        let loaded = tokio::task::spawn_blocking(move || {
            let snapshot = inner.snapshot_files.as_ref()?.load(&linked, &key)?;
            Some(Program { key: key.into(), module: linked, snapshot: Some(snapshot) })
        });
        Some(self.keep(loaded.await.ok()??))
    }

    /// The program of that key, if it is in memory. The key of a compiled action is the SHA-256 of its module.
    #[must_use]
    pub fn cached(&self, key: &str) -> Option<Arc<Program>> {
        let found = self.inner.programs().fetch(key)?;
        match found {
            Found::Ready(program) => Some(program),
            Found::Packed(cold) => Some(self.keep(cold.unpack(key)?)),
        }
    }

    /// Keeps a program in memory. What has to make room is compressed by another thread.
    fn keep(&self, program: Program) -> Arc<Program> {
        let (program, surplus) = self.inner.programs().keep(program);
        if !surplus.is_empty() {
            let inner = Arc::clone(&self.inner);
            let compress = move || {
                for gone in surplus {
                    if let Some(cold) = Cold::of(&gone) {
                        inner.programs().keep_cold(&gone.key, cold);
                    }
                }
            };
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(compress)),
                Err(_outside) => compress(),
            }
        }
        program
    }

    async fn module_named(&self, wasm: &Arc<[u8]>, sha256: String) -> Result<CompiledModule, BuildError> {
        if let Some(found) = self.inner.modules().fetch(&sha256) {
            return Ok(found);
        }
        let _one_at_a_time = self.inner.compiling.acquire().await;
        if let Some(found) = self.inner.modules().fetch(&sha256) {
            return Ok(found);
        }
        let (inner, wasm) = (Arc::clone(&self.inner), Arc::clone(wasm));
        let linked = tokio::task::spawn_blocking(move || inner.link(&wasm, sha256)).await;
        let mut linked = linked.map_err(BuildError::Interrupted)??;
        build::learn(&self.inner, &mut linked).await?;
        let module = CompiledModule(Arc::new(linked));
        self.inner.modules().keep(&module);
        Ok(module)
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

    fn modules(&self) -> MutexGuard<'_, Modules> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks, compiles and links.
    fn link(&self, wasm: &[u8], sha256: String) -> Result<Linked, BuildError> {
        let cached = self.code_cache.as_ref().and_then(|cache| cache.load(&self.wasmtime, &sha256));
        let (report, module) = match cached {
            // It is in the cache because it was checked.
            Some(module) => (validate::survey(wasm)?, module),
            None => {
                let report = validate::check(wasm)?;
                let module = Module::from_binary(&self.wasmtime, wasm).map_err(BuildError::Compile)?;
                if let Some(cache) = &self.code_cache {
                    cache.keep(&sha256, &module);
                }
                (report, module)
            }
        };
        Linked::link(sha256, report, &module, &self.linker).map_err(BuildError::Compile)
    }
}
