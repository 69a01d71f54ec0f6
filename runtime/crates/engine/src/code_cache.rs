//! Compiled code on disk, so that a start does not compile every version again.
//!
//! Compiled code is machine code that will be run: it is only ever our own, from a folder that only we can write,
//! and it is used only when its record names this engine, the rules, this module and these very bytes. In doubt it is made again.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use wasmtime::{Engine, Module};

use crate::private_folder::{PrivateFolder, engine_name, sha256_hex};
use crate::validate::RULES;

/// The folder of compiled code.
#[derive(Debug)]
pub(crate) struct CodeCache {
    folder: PrivateFolder,
    engine: String,
}

impl CodeCache {
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        Ok(Self { folder: PrivateFolder::open(folder)?, engine: engine_name(engine) })
    }

    /// The record that must stand beside the code: one line, told apart at the first difference.
    fn record(&self, wasm_sha256: &str, code: &[u8]) -> String {
        format!("postern code 1 rules {RULES} engine {} module {wasm_sha256} code {}\n", self.engine, sha256_hex(code))
    }

    fn path(&self, wasm_sha256: &str, extension: &str) -> PathBuf {
        self.folder.path(&format!("{wasm_sha256}.{extension}"))
    }

    /// The compiled module, if it is there and without any doubt ours.
    pub(crate) fn load(&self, engine: &Engine, wasm_sha256: &str) -> Option<Module> {
        let record = fs::read_to_string(self.path(wasm_sha256, "record")).ok()?;
        let mut file = File::open(self.path(wasm_sha256, "code")).ok()?;
        let mut code = Vec::new();
        file.read_to_end(&mut code).ok()?;
        if record != self.record(wasm_sha256, &code) {
            tracing::info!(module.sha256 = wasm_sha256, "compiled code in the cache is not ours or stale, made again");
            return None;
        }
        drop(code);
        // SAFETY: the bytes are what we wrote after compiling, by their digest, for an engine with the same
        // compatibility hash; the folder is ours alone, so the open file does not change while it is mapped.
        #[expect(unsafe_code, reason = "wasmtime cannot prove that compiled code is its own; the record does")]
        let module = unsafe { Module::deserialize_open_file(engine, file) };
        module
            .inspect_err(|error| {
                tracing::warn!(module.sha256 = wasm_sha256, error = %error, "compiled code cannot be loaded, made again");
            })
            .ok()
    }

    /// Keeps a compiled module. Failing is no harm: it will be compiled again.
    pub(crate) fn keep(&self, wasm_sha256: &str, module: &Module) {
        let kept = module.serialize().map_err(io::Error::other).and_then(|code| {
            // The record last: code without its record is not used.
            self.folder.replace(&self.path(wasm_sha256, "code"), &code)?;
            self.folder.replace(&self.path(wasm_sha256, "record"), self.record(wasm_sha256, &code).as_bytes())
        });
        if let Err(error) = kept {
            tracing::warn!(module.sha256 = wasm_sha256, error = %error, "compiled code cannot be kept");
        }
    }
}
