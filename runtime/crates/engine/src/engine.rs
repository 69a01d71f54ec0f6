//! The engine: lives as long as the process.

use std::sync::Arc;

use crate::{BuildError, Busy, EngineConfig, EngineError, InvalidModule, ModuleReport, Program, RunInput, RunReport};

/// Compiles and runs modules. A clone is the same engine.
#[derive(Debug, Clone)]
pub struct Engine {}

impl Engine {
    /// Sets up the engine.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(_config: EngineConfig) -> Result<Self, EngineError> {
        Ok(Self {})
    }

    /// Checks a module without compiling it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, _wasm: &[u8]) -> Result<ModuleReport, InvalidModule> {
        unreachable!()
    }

    /// Checks and compiles a module, or takes it from the cache, and runs its `postern_init` with the payload.
    ///
    /// # Errors
    /// When the module breaks a rule, does not compile or fails in `postern_init`.
    pub async fn build(&self, _wasm: &Arc<[u8]>, _payload: &[u8]) -> Result<Arc<Program>, BuildError> {
        unreachable!()
    }

    /// The program of that key, if it is in memory.
    #[must_use]
    pub fn cached(&self, _key: &str) -> Option<Arc<Program>> {
        None
    }

    /// Runs an action in a fresh sandbox.
    ///
    /// # Errors
    /// When there is no room for another run; nothing was run then.
    pub async fn run(&self, _program: &Arc<Program>, _input: RunInput) -> Result<RunReport, Busy> {
        unreachable!()
    }
}
