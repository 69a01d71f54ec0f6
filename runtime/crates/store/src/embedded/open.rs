//! Opening the folder. `lock` and `INSTANCE` are ours, `sled` is the engine's.
//!
//! A new database is made in `sled.creating`, synced and renamed, then marked by `INSTANCE`; so a folder named
//! `sled` was whole once, and a marker without it means that data is gone. Neither is ever taken for a
//! new store.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use uuid::Uuid;

use super::SledConfig;
use super::committer::IMPORTING;
use super::sync::{sync_blobs, sync_path};
use super::tree::{Tree, Trees};
use crate::error::OpenError;

/// Version of trees and keys; rows have versions of their own.
const LAYOUT: u32 = 1;
const LAYOUT_KEY: &[u8] = b"layout";
const INSTANCE_KEY: &[u8] = b"instance";
const ENGINE: &str = "sled";
const CREATING: &str = "sled.creating";
const MARKER: &str = "INSTANCE";
/// A leaf of 17 chunks stays below a quarter of it, so it is never written as a blob.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// The engine writes its buffer this often by itself, and cleans its log then.
const FLUSH_EVERY_MS: u64 = 500;
/// An opening that takes longer is reported: the log since the last opening is scanned.
const SLOW: Duration = Duration::from_secs(30);

const LOCK_ATTEMPTS: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Opened {
    pub(super) trees: Trees,
    pub(super) engine_dir: PathBuf,
    pub(super) lock: File,
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { what, path: path.to_owned(), source }
}

fn engine(error: sled::Error) -> OpenError {
    OpenError::Engine(Box::new(error))
}

pub(super) fn open(path: &Path, config: &SledConfig) -> Result<Opened, OpenError> {
    // Rows hold secrets of clients and hashes of passwords: others may not look, even into a folder made before.
    fs::create_dir_all(path).map_err(io_error("create", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io_error("protect", path))?;
    let lock = lock(path)?;
    warn_of_file_system(path);
    remove_unfinished(path)?;
    let engine_dir = path.join(ENGINE);
    let marker = read_marker(path)?;
    if !engine_dir.try_exists().map_err(io_error("look at", &engine_dir))? {
        if marker.is_some() {
            return Err(OpenError::Gone { path: path.to_owned() });
        }
        let instance = create(path, config)?;
        write_marker(path, &instance)?;
    }
    let marker = read_marker(path)?;
    let trees = open_engine(path, &engine_dir, config)?;
    let instance = check(path, &trees, marker.as_deref())?;
    if marker.is_none() {
        write_marker(path, &instance)?;
    }
    sync_all(path, &engine_dir)?;
    Ok(Opened { trees, engine_dir, lock })
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = path.join("lock");
    let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(io_error("open", &file))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &file)(error)),
    }
}

/// Removes what was never acknowledged: a database being made and snapshots being written.
fn remove_unfinished(path: &Path) -> Result<(), OpenError> {
    let creating = path.join(CREATING);
    match fs::remove_dir_all(&creating) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &creating)(error)),
        Ok(()) | Err(_) => {}
    }
    for file in snapshots(&path.join(ENGINE))? {
        if file.extension().is_some_and(|extension| extension == "generating") {
            tracing::warn!(file = %file.display(), "removing a half-written snapshot");
            fs::remove_file(&file).map_err(io_error("remove", &file))?;
        }
    }
    Ok(())
}

fn snapshots(engine_dir: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let entries = match fs::read_dir(engine_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error("list", engine_dir)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error("list", engine_dir))?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn sled_config(dir: &Path, config: &SledConfig) -> sled::Config {
    sled::Config::new()
        .path(dir)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(config.cache_bytes)
        .flush_every_ms(Some(FLUSH_EVERY_MS))
}

/// Makes a new database and gives its instance id.
fn create(path: &Path, config: &SledConfig) -> Result<String, OpenError> {
    let (creating, engine_dir) = (path.join(CREATING), path.join(ENGINE));
    let instance = Uuid::new_v4().to_string();
    {
        let trees = Trees::open(sled_config(&creating, config).open().map_err(engine)?).map_err(engine)?;
        let meta = trees.tree(Tree::Meta);
        meta.insert(LAYOUT_KEY, &LAYOUT.to_be_bytes()).map_err(engine)?;
        meta.insert(INSTANCE_KEY, instance.as_bytes()).map_err(engine)?;
        trees.db.flush().map_err(engine)?;
    }
    sync_engine(&creating)?;
    fs::rename(&creating, &engine_dir).map_err(io_error("rename", &creating))?;
    sync_path(path)?;
    Ok(instance)
}

/// Syncs every file of the engine and its folders.
fn sync_engine(engine_dir: &Path) -> Result<(), OpenError> {
    for name in ["conf", "db"] {
        sync_path(&engine_dir.join(name))?;
    }
    for file in snapshots(engine_dir)? {
        sync_path(&file)?;
    }
    sync_path(&engine_dir.join("blobs"))?;
    sync_path(engine_dir)
}

fn sync_all(path: &Path, engine_dir: &Path) -> Result<(), OpenError> {
    sync_engine(engine_dir)?;
    if sync_blobs(engine_dir).map_err(io_error("sync blobs of", engine_dir))? {
        tracing::error!(path = %path.display(), "the engine holds values in files of their own; export and import");
    }
    sync_path(path)?;
    match path.canonicalize().map_err(io_error("look at", path))?.parent() {
        Some(parent) => sync_path(parent),
        None => Ok(()),
    }
}

fn read_marker(path: &Path) -> Result<Option<String>, OpenError> {
    let marker = path.join(MARKER);
    match fs::read_to_string(&marker) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", &marker)(error)),
    }
}

fn write_marker(path: &Path, instance: &str) -> Result<(), OpenError> {
    let (marker, draft) = (path.join(MARKER), path.join("INSTANCE.new"));
    let mut file = File::create(&draft).map_err(io_error("create", &draft))?;
    writeln!(file, "{instance}").map_err(io_error("write", &draft))?;
    file.sync_all().map_err(io_error("sync", &draft))?;
    fs::rename(&draft, &marker).map_err(io_error("rename", &draft))?;
    sync_path(path)
}

/// Why sled did not open.
enum Failure {
    /// The system's fault, or another's: trying again later may work.
    Engine(sled::Error),
    /// The files are not what they should be.
    Damaged(Box<dyn std::error::Error + Send + Sync>),
}

fn try_open(engine_dir: &Path, config: &SledConfig) -> Result<Trees, Failure> {
    let (done, waiting) = channel::<()>();
    let shown = engine_dir.display().to_string();
    let watchdog = std::thread::spawn(move || {
        while waiting.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(path = shown, "the database is still being opened");
        }
    });
    let opened = catch_unwind(AssertUnwindSafe(|| open_unlocked(engine_dir, config).and_then(Trees::open)));
    drop(done);
    let _ = watchdog.join();
    match opened {
        Ok(Ok(trees)) => Ok(trees),
        Ok(Err(error @ (sled::Error::Io(_) | sled::Error::Unsupported(_)))) => Err(Failure::Engine(error)),
        Ok(Err(
            error @ (sled::Error::Corruption { .. }
            | sled::Error::ReportableBug(_)
            | sled::Error::CollectionNotFound(_)),
        )) => Err(Failure::Damaged(Box::new(error))),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the engine panicked");
            Err(Failure::Damaged(text.into()))
        }
    }
}

/// The engine's own lock can only be held by what an earlier opening in this process left behind for a moment: other
/// processes are kept out by ours.
fn open_unlocked(engine_dir: &Path, config: &SledConfig) -> sled::Result<sled::Db> {
    let mut left = LOCK_ATTEMPTS;
    loop {
        match sled_config(engine_dir, config).open() {
            Err(sled::Error::Io(error)) if left > 0 && error.to_string().contains("could not acquire lock") => {
                left -= 1;
                std::thread::sleep(LOCK_PAUSE);
            }
            result => return result,
        }
    }
}

fn open_engine(path: &Path, engine_dir: &Path, config: &SledConfig) -> Result<Trees, OpenError> {
    let first = match try_open(engine_dir, config) {
        Ok(trees) => return Ok(trees),
        Err(Failure::Engine(error)) => return Err(engine(error)),
        Err(Failure::Damaged(error)) => error,
    };
    // The snapshots only shorten the scan of the log, and are what most often is damaged.
    let aside = path.join(format!("snapshots.aside-{}", Uuid::now_v7()));
    tracing::error!(error = &*first as &dyn std::error::Error, aside = %aside.display(), "moving snapshots aside");
    fs::create_dir(&aside).map_err(io_error("create", &aside))?;
    for file in snapshots(engine_dir)? {
        if let Some(name) = file.file_name() {
            fs::rename(&file, aside.join(name)).map_err(io_error("move", &file))?;
        }
    }
    match try_open(engine_dir, config) {
        Ok(trees) => Ok(trees),
        Err(Failure::Engine(error)) => Err(engine(error)),
        Err(Failure::Damaged(source)) => {
            let quarantine = path.join(format!("sled.quarantine-{}", Uuid::now_v7()));
            fs::rename(engine_dir, &quarantine).map_err(io_error("move", engine_dir))?;
            sync_path(path)?;
            Err(OpenError::Damaged { path: path.to_owned(), quarantine, source })
        }
    }
}

/// Whether the database is ours and whole; gives its instance id.
fn check(path: &Path, trees: &Trees, marker: Option<&str>) -> Result<String, OpenError> {
    let meta = |key: &[u8]| trees.tree(Tree::Meta).get(key).map_err(engine);
    let instance = meta(INSTANCE_KEY)?.map(|id| String::from_utf8_lossy(&id).into_owned());
    let instance = match (instance, marker) {
        (Some(instance), None) => instance,
        (Some(instance), Some(marker)) if instance == marker => instance,
        (_, marker) => {
            let expected = marker.unwrap_or("(none)").to_owned();
            return Err(OpenError::ForeignInstance { path: path.to_owned(), expected });
        }
    };
    let found = meta(LAYOUT_KEY)?.and_then(|bytes| Some(u32::from_be_bytes(bytes.as_ref().try_into().ok()?)));
    match found {
        Some(LAYOUT) => {}
        found => {
            let found = found.unwrap_or(0);
            return Err(OpenError::NewerLayout { path: path.to_owned(), found, known: LAYOUT });
        }
    }
    if meta(IMPORTING)?.is_some() {
        return Err(OpenError::HalfImported { path: path.to_owned() });
    }
    Ok(instance)
}

/// Warns of file systems on which sled's writing is not known to be safe.
fn warn_of_file_system(path: &Path) {
    let (Ok(path), Ok(mounts)) = (path.canonicalize(), fs::read_to_string("/proc/self/mounts")) else { return };
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(mount, _)| path.starts_with(mount))
        .max_by_key(|(mount, _)| mount.len())
        .map(|(_, kind)| kind);
    if let Some(kind) = kind.filter(|kind| !["ext4", "xfs", "tmpfs", "overlay"].contains(kind)) {
        tracing::warn!(path = %path.display(), kind, "the store is not tested on this file system");
    }
}
