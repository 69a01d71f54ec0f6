//! Files that can be made again: locks, bundles, sources; and the folders where they are made.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::PackagesError;
use crate::npm::size_of;

/// Files of a kind that are kept.
const FILES: usize = 512;
/// What npm may keep of tarballs.
const NPM_CACHE_BYTES: u64 = 1024 * 1024 * 1024;

/// The text of a file, unless it is older than `age`. What cannot be read is made again.
pub(crate) async fn read(file: &Path, age: Option<Duration>) -> Option<String> {
    if let Some(age) = age {
        let changed = tokio::fs::metadata(file).await.ok()?.modified().ok()?;
        if SystemTime::now().duration_since(changed).is_ok_and(|is| is > age) {
            return None;
        }
    }
    tokio::fs::read_to_string(file).await.ok()
}

/// Writes a file whole, and drops the oldest of its folder above the limit.
pub(crate) async fn write(file: &Path, text: &str) -> Result<(), PackagesError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    tokio::fs::create_dir_all(folder).await?;
    let partial = folder.join(format!("{}.partial", Uuid::new_v4().simple()));
    tokio::fs::write(&partial, text).await?;
    tokio::fs::rename(&partial, file).await?;
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || drop_oldest(&folder)).await.map_err(std::io::Error::other)??;
    Ok(())
}

fn drop_oldest(folder: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(changed) = entry.metadata().and_then(|metadata| metadata.modified()) {
            files.push((changed, entry.path()));
        }
    }
    files.sort();
    for (_, file) in files.iter().take(files.len().saturating_sub(FILES)) {
        gone(std::fs::remove_file(file))?;
    }
    Ok(())
}

/// Empties npm's cache when it has grown above its limit.
pub(crate) async fn bound(npm_cache: &Path) -> Result<(), PackagesError> {
    if size_of(npm_cache).await? > NPM_CACHE_BYTES {
        gone(tokio::fs::remove_dir_all(npm_cache).await)?;
    }
    Ok(())
}

fn gone(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A folder for one build, removed with it.
#[derive(Debug)]
pub(crate) struct WorkFolder(PathBuf);

impl WorkFolder {
    /// An empty folder below `parent`.
    pub(crate) async fn create(parent: &Path) -> Result<Self, PackagesError> {
        let folder = parent.join("work").join(Uuid::new_v4().simple().to_string());
        tokio::fs::create_dir_all(&folder).await?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        let folder = std::mem::take(&mut self.0);
        // Thousands of files: not on a worker that serves logins.
        std::thread::spawn(move || {
            if let Err(error) = gone(std::fs::remove_dir_all(&folder)) {
                tracing::warn!(%error, folder = %folder.display(), "a build's folder stays behind");
            }
        });
    }
}
