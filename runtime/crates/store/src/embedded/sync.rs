//! Making files durable. sled writes them; only what is here reaches the disk for certain.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::OpenError;

/// How the log is made durable. One implementation serves; tests bring one whose call fails.
pub trait Durability: Send {
    /// Returns once everything written to the log before the call survives a power cut.
    ///
    /// # Errors
    /// What the system says; the store stops then and never tries again, because a second call may
    /// report success for pages the first one lost.
    fn sync(&mut self) -> io::Result<()>;
}

/// The log through a descriptor of our own.
#[derive(Debug)]
pub(super) struct LogFile(File);

impl LogFile {
    pub(super) fn open(engine_dir: &Path) -> Result<Self, OpenError> {
        let path = engine_dir.join("db");
        File::options().read(true).write(true).open(&path).map(Self).map_err(|source| OpenError::Io {
            what: "open",
            path,
            source,
        })
    }

    pub(super) fn into_file(self) -> File {
        self.0
    }
}

impl Durability for LogFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Syncs a file or folder.
pub(super) fn sync_path(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|source| OpenError::Io {
        what: "sync",
        path: path.to_owned(),
        source,
    })
}

/// Syncs whatever is in sled's blob folder, which is empty as long as rows are cut into chunks. Returns whether it
/// was not.
pub(super) fn sync_blobs(engine_dir: &Path) -> io::Result<bool> {
    let folder = engine_dir.join("blobs");
    let mut found = false;
    for entry in std::fs::read_dir(&folder)? {
        File::open(entry?.path())?.sync_all()?;
        found = true;
    }
    if found {
        File::open(&folder)?.sync_all()?;
    }
    Ok(found)
}
