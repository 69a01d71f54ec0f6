//! Snapshots on disk, so that a start does not load every action from its source again.
//!
//! They are only ever our own, as compiled code is, and one is used only when its record names this engine, the module,
//! the payload and these very bytes. In doubt it is made again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wasmtime::Engine;

use crate::module::Linked;
use crate::private_folder::{PrivateFolder, engine_name, sha256_hex};
use crate::snapshot::Snapshot;

/// The folder of snapshots.
#[derive(Debug)]
pub(crate) struct SnapshotFiles {
    folder: PrivateFolder,
    engine: String,
}

impl SnapshotFiles {
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        Ok(Self { folder: PrivateFolder::open(folder)?, engine: engine_name(engine) })
    }

    /// The line before the snapshot.
    fn record(&self, key: &str, packed: &[u8]) -> String {
        format!("postern snapshot 1 engine {} program {key} bytes {}\n", self.engine, sha256_hex(packed))
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.path(&format!("{key}.snapshot"))
    }

    /// The snapshot of a program, if it is there and without any doubt ours.
    pub(crate) fn load(&self, module: &Linked, key: &str) -> Option<Snapshot> {
        let file = fs::read(self.path(key)).ok()?;
        let end = file.iter().position(|byte| *byte == b'\n')? + 1;
        let (record, packed) = file.split_at_checked(end)?;
        let snapshot = (record == self.record(key, packed).as_bytes())
            .then(|| Snapshot::unpack(packed, module.pre.module()))
            .flatten();
        if snapshot.is_none() {
            tracing::info!(program.key = key, "a snapshot on disk is not ours or stale, made again");
        }
        snapshot
    }

    /// Keeps a snapshot. Failing is no harm: it will be made again.
    pub(crate) fn keep(&self, key: &str, snapshot: &Snapshot) {
        let kept = snapshot.pack().and_then(|packed| {
            let mut file = self.record(key, &packed).into_bytes();
            file.extend(packed);
            self.folder.replace(&self.path(key), &file)
        });
        if let Err(error) = kept {
            tracing::warn!(program.key = key, %error, "a snapshot cannot be kept");
        }
    }
}
