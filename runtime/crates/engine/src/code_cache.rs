//! Compiled code on disk, so that a start does not compile every version again.
//!
//! Compiled code is machine code that will be run: it is only ever our own, from a folder that only we can write,
//! and it is used only when its record names this engine, the rules, this module and these very bytes. In doubt it is made again.

use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256, digest};
use wasmtime::{Engine, Module};

use crate::validate::RULES;

/// The folder of compiled code.
#[derive(Debug)]
pub(crate) struct CodeCache {
    folder: PathBuf,
    /// Names the engine: its version, its settings, this machine's features.
    engine: String,
    temporary: AtomicU64,
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Feeds what is hashed to SHA-256: std's hashers have only 64 bits.
struct Sha256Hasher(Context);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finish();
        digest.as_ref().first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}

impl CodeCache {
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let mut hasher = Sha256Hasher(Context::new(&SHA256));
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { folder: folder.to_owned(), engine: hex(hasher.0.finish().as_ref()), temporary: AtomicU64::new(0) })
    }

    /// The record that must stand beside the code: one line, told apart at the first difference.
    fn record(&self, wasm_sha256: &str, code: &[u8]) -> String {
        format!("postern code 1 rules {RULES} engine {} module {wasm_sha256} code {}\n", self.engine, sha256_hex(code))
    }

    fn path(&self, wasm_sha256: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{wasm_sha256}.{extension}"))
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
            self.replace(&self.path(wasm_sha256, "code"), &code)?;
            self.replace(&self.path(wasm_sha256, "record"), self.record(wasm_sha256, &code).as_bytes())
        });
        if let Err(error) = kept {
            tracing::warn!(module.sha256 = wasm_sha256, error = %error, "compiled code cannot be kept");
        }
    }

    /// Writes a file beside and moves it over: who reads sees the old one or the new one.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join(format!("{}-{number}.tmp", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}
