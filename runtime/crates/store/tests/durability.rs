//! Opening what a crash or an accident left, and what happens when the disk fails.

#![cfg(test)]

mod support;

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use postern_model::User;
use postern_store::{
    CommitError, Durability, ExportScope, Health, ImportError, OpenError, Setting, SledConfig, SledStore, Store,
    StoreError, WriteSet,
};
use proptest::prelude::*;
use serde_json::json;
use support::{config, counters, filler, open, runtime, set, setting, tenant, user};
use uuid::Uuid;

/// Syncs the real file some times; then makes the same call on a pipe, where the system refuses it.
struct FailsAfter {
    file: File,
    left: usize,
    calls: Arc<AtomicUsize>,
}

impl Durability for FailsAfter {
    fn sync(&mut self) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.left == 0 {
            let (_reader, writer) = io::pipe()?;
            File::from(OwnedFd::from(writer)).sync_data()?;
        }
        self.left = self.left.saturating_sub(1);
        self.file.sync_data()
    }
}

#[test]
fn a_failed_sync_ends_acknowledging_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let t = tenant("a");
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let fails = move |file| Box::new(FailsAfter { file, left: 3, calls: counted }) as Box<dyn Durability>;
    let store: Arc<dyn Store> = Arc::new(SledStore::open_with(folder.path(), config(), fails).unwrap());
    runtime().block_on(async {
        for number in 0..3 {
            store.commit(set(&t).insert(&setting(&format!("s{number}"), json!(number)))).await.unwrap();
        }
        assert_eq!(store.health(), Health::Serving);
        let failing = store.commit(set(&t).insert(&setting("s3", json!(3)))).await;
        assert!(matches!(failing, Err(CommitError::UnknownOutcome)), "{failing:?}");
        store.stopped().await;
        assert_eq!(store.health(), Health::Fatal);
        for _ in 0..3 {
            let later = store.commit(set(&t).insert(&setting("s4", json!(4)))).await;
            assert!(matches!(later, Err(CommitError::Fatal)), "{later:?}");
        }
        // What may not be durable is not shown either.
        assert!(matches!(store.fetch::<Setting>(&t, "s3").await, Err(StoreError::Fatal)));
        assert!(store.export(ExportScope::All, Box::new(io::sink())).await.is_err());
        assert_eq!(calls.load(Ordering::SeqCst), 4, "a failed sync was tried again");
    });
    drop(store);
    let store = open(folder.path());
    runtime().block_on(async {
        for number in 0..3 {
            assert!(store.fetch::<Setting>(&t, &format!("s{number}")).await.unwrap().is_some());
        }
        assert!(store.fetch::<Setting>(&t, "s4").await.unwrap().is_none());
        assert_eq!(store.health(), Health::Serving);
    });
}

static PANIC: AtomicU64 = AtomicU64::new(0);

#[test]
fn a_panic_of_the_committer_stops_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let t = tenant("a");
    let clock = || if PANIC.load(Ordering::SeqCst) == 0 { 1 } else { panic!("the clock is broken") };
    let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), SledConfig { clock, ..config() }).unwrap());
    runtime().block_on(async {
        store.commit(set(&t).insert(&setting("s", json!(1)))).await.unwrap();
        PANIC.store(1, Ordering::SeqCst);
        let panicked = store.commit(set(&t).put(&setting("s", json!(2)))).await;
        assert!(matches!(panicked, Err(CommitError::UnknownOutcome)), "{panicked:?}");
        store.stopped().await;
        PANIC.store(0, Ordering::SeqCst);
        let later = store.commit(set(&t).put(&setting("s", json!(3)))).await;
        assert!(matches!(later, Err(CommitError::Fatal)), "{later:?}");
    });
}

const FULL_DISK: &str = "POSTERN_TEST_FULL_DISK";

/// The child: writes until the store says that it cannot, then makes sure that it stays so.
#[expect(clippy::mem_forget, reason = "closing would write what the disk has no room for")]
#[test]
#[ignore = "run by a_full_disk_stops_the_store in a process whose files may not grow"]
fn writes_until_the_disk_is_full() {
    let Ok(path) = std::env::var(FULL_DISK) else { return };
    let t = tenant("a");
    let store = open(Path::new(&path));
    runtime().block_on(async {
        for count in 1..10_000 {
            match store.commit(counters::write(&t, 0, count)).await {
                Ok(_) => println!("ack {count}"),
                Err(CommitError::UnknownOutcome) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(store.health(), Health::Fatal);
        let later = store.commit(set(&t).put(&setting("s", json!(1)))).await;
        assert!(matches!(later, Err(CommitError::Fatal)), "{later:?}");
        println!("stopped");
    });
    std::mem::forget(store);
}

#[test]
fn a_full_disk_stops_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    drop(open(&path));
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 20000; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "writes_until_the_disk_is_full"])
        .env(FULL_DISK, &path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    let acked = text.lines().filter_map(|line| line.strip_prefix("ack ")?.parse::<u64>().ok()).max().unwrap();
    assert!(text.contains("stopped"), "{text}\n{}", String::from_utf8_lossy(&child.stderr));
    let store = open(&path);
    let found = runtime().block_on(counters::read(&*store, &tenant("a"), 0));
    assert!(found >= acked, "{acked} acknowledged, {found} found");
}

fn fill(path: &Path) {
    let store = open(path);
    runtime().block_on(async {
        for count in 1..=30 {
            store.commit(counters::write(&tenant("a"), 0, count)).await.unwrap();
        }
    });
}

#[track_caller]
fn check_filled(path: &Path) {
    let store = open(path);
    assert_eq!(runtime().block_on(counters::read(&*store, &tenant("a"), 0)), 30);
}

fn snapshots(path: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(path.join("sled")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap.")).collect()
}

#[test]
fn a_half_written_snapshot_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fill(path);
    let half = path.join("sled/snap.7FFFFFFFFFFFFFFF.generating");
    fs::write(&half, b"half").unwrap();
    // The engine alone takes it for its newest snapshot.
    let alone = std::panic::catch_unwind(|| {
        let copy = tempfile::tempdir().unwrap();
        fs::create_dir(copy.path().join("blobs")).unwrap();
        for file in ["conf", "db", "snap.7FFFFFFFFFFFFFFF.generating"] {
            fs::copy(path.join("sled").join(file), copy.path().join(file)).unwrap();
        }
        sled::Config::new().path(copy.path()).segment_size(8 * 1024 * 1024).open().map(drop)
    });
    assert!(!matches!(alone, Ok(Ok(()))), "the engine no longer needs this help");
    check_filled(path);
    assert!(!half.exists());
}

#[test]
fn damaged_snapshots_are_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fill(path);
    check_filled(path);
    let files = snapshots(path);
    assert!(!files.is_empty());
    for file in files {
        fs::write(file, b"damaged").unwrap();
    }
    check_filled(path);
    let aside = fs::read_dir(path)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("snapshots.aside-"));
    assert_eq!(aside.count(), 1);
}

#[test]
fn a_store_is_never_taken_for_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fill(&path);
    // Another database in its place.
    let other = folder.path().join("other");
    drop(open(&other));
    fs::rename(path.join("sled"), path.join("kept")).unwrap();
    fs::rename(other.join("sled"), path.join("sled")).unwrap();
    let foreign = SledStore::open(&path, config()).unwrap_err();
    assert!(matches!(foreign, OpenError::ForeignInstance { .. }), "{foreign:?}");
    // None.
    fs::remove_dir_all(path.join("sled")).unwrap();
    let gone = SledStore::open(&path, config()).unwrap_err();
    assert!(matches!(gone, OpenError::Gone { .. }), "{gone:?}");
    // Its own, emptied.
    fs::create_dir_all(path.join("sled/blobs")).unwrap();
    fs::copy(path.join("kept/conf"), path.join("sled/conf")).unwrap();
    let emptied = SledStore::open(&path, config()).unwrap_err();
    assert!(matches!(emptied, OpenError::ForeignInstance { .. }), "{emptied:?}");
    // Its own.
    fs::remove_dir_all(path.join("sled")).unwrap();
    fs::rename(path.join("kept"), path.join("sled")).unwrap();
    check_filled(&path);
    // A database that was being made when the power went.
    fs::create_dir(path.join("sled.creating")).unwrap();
    fs::write(path.join("sled.creating/conf"), b"half").unwrap();
    check_filled(&path);
    // A marker that was not yet written.
    fs::remove_file(path.join("INSTANCE")).unwrap();
    check_filled(&path);
    assert!(path.join("INSTANCE").exists());
}

#[test]
fn a_damaged_database_is_put_in_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fill(&path);
    let conf = path.join("sled/conf");
    let mut bytes = fs::read(&conf).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&conf, bytes).unwrap();
    let damaged = SledStore::open(&path, config()).unwrap_err();
    let OpenError::Damaged { quarantine, .. } = &damaged else { panic!("{damaged:?}") };
    assert!(quarantine.join("db").exists() && damaged.to_string().contains("nothing was deleted"));
    let again = SledStore::open(&path, config()).unwrap_err();
    assert!(matches!(again, OpenError::Gone { .. }), "{again:?}");
}

#[test]
fn a_folder_has_one_user_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let second = SledStore::open(folder.path(), config()).unwrap_err();
    assert!(matches!(second, OpenError::Locked { .. }), "{second:?}");
    drop(store);
    drop(open(folder.path()));
}

/// An input that ends the program's work on it in the middle.
struct Panics(io::Cursor<Vec<u8>>);

impl Read for Panics {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf)? {
            0 => panic!("the import is cut short"),
            read => Ok(read),
        }
    }
}

#[test]
fn a_half_imported_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let head = br#"{"format":"postern-export","version":1,"scope":"all"}"#;
    let head = zstd::encode_all([head.as_slice(), b"\n"].concat().as_slice(), 3).unwrap();
    let store = open(folder.path());
    let result = runtime().block_on(store.import(Box::new(Panics(io::Cursor::new(head[..head.len() - 4].to_vec())))));
    assert!(matches!(result, Err(ImportError::Store(StoreError::Engine(_)))), "{result:?}");
    drop(store);
    let half = SledStore::open(folder.path(), config()).unwrap_err();
    assert!(matches!(half, OpenError::HalfImported { .. }), "{half:?}");
}

/// Opens the engine itself. It lets go of its lock a moment after it is dropped, on a thread of its own.
fn open_engine(folder: &Path) -> sled::Db {
    let config = sled::Config::new().path(folder).segment_size(8 * 1024 * 1024);
    let begun = Instant::now();
    loop {
        match config.open() {
            Err(sled::Error::Io(error))
                if error.to_string().contains("could not acquire lock")
                    && begun.elapsed() < Duration::from_secs(10) =>
            {
                std::thread::yield_now();
            }
            opened => return opened.unwrap(),
        }
    }
}

static NOW: AtomicU64 = AtomicU64::new(0);

#[test]
fn request_ids_are_kept_for_a_day() {
    const HOUR: u64 = 3_600_000;
    let folder = tempfile::tempdir().unwrap();
    let t = tenant("a");
    let once = WriteSet::new(&t, Uuid::new_v4()).put(&setting("s", json!(1)));
    let config = SledConfig { clock: || NOW.load(Ordering::SeqCst), ..config() };
    let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), config).unwrap());
    runtime().block_on(async {
        for (hours, known) in [(23, false), (24, true), (47, true), (73, false), (74, true)] {
            NOW.store(hours * HOUR, Ordering::SeqCst);
            assert_eq!(store.commit(once.clone()).await.unwrap().deduplicated, known, "{hours}");
        }
        for _ in 0..50 {
            store.commit(set(&t)).await.unwrap();
        }
        NOW.store(150 * HOUR, Ordering::SeqCst);
        for _ in 0..40 {
            store.commit(set(&t)).await.unwrap();
        }
    });
    drop(store);
    let db = open_engine(&folder.path().join("sled"));
    assert_eq!(db.open_tree("requests").unwrap().len(), 40, "old request ids stay for ever");
}

#[derive(Debug, Clone)]
enum Write {
    Put(u8, usize),
    Delete(u8),
    Reopen,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let size = prop_oneof![
        0..2_000_usize,
        60_000..70_000_usize,
        100_000..400_000_usize,
        Just(65_536),
        Just(1_048_576),
        Just(4_000_000)
    ];
    let write = prop_oneof![
        8 => (0..24_u8, size).prop_map(|(key, bytes)| Write::Put(key, bytes)),
        2 => (0..24_u8).prop_map(Write::Delete),
        1 => Just(Write::Reopen),
    ];
    prop::collection::vec(write, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// The engine never syncs the files it puts large values in; so it must not make any.
    #[test]
    fn no_value_becomes_a_file_of_its_own(writes in writes()) {
        let folder = tempfile::tempdir().unwrap();
        let t = tenant("a");
        let mut want = std::collections::BTreeMap::new();
        let mut store = open(folder.path());
        let runtime = runtime();
        for write in writes {
            match write {
                Write::Put(key, bytes) => {
                    want.insert(key, bytes);
                    let row = setting(&format!("s{key}"), filler(bytes));
                    runtime.block_on(store.commit(set(&t).put(&row))).unwrap();
                }
                Write::Delete(key) => {
                    want.remove(&key);
                    let gone = set(&t).delete::<Setting>(&format!("s{key}"), postern_store::Expect::Any);
                    runtime.block_on(store.commit(gone)).unwrap();
                }
                Write::Reopen => {
                    drop(store);
                    store = open(folder.path());
                }
            }
            prop_assert_eq!(fs::read_dir(folder.path().join("sled/blobs")).unwrap().count(), 0);
        }
        for key in 0..24 {
            let read = runtime.block_on(store.fetch::<Setting>(&t, &format!("s{key}"))).unwrap();
            prop_assert_eq!(read.map(|row| row.value), want.get(&key).map(|bytes| filler(*bytes)));
        }
        // No chunk is left behind when all rows are gone.
        for key in 0..24 {
            let gone = set(&t).delete::<Setting>(&format!("s{key}"), postern_store::Expect::Any);
            runtime.block_on(store.commit(gone)).unwrap();
        }
        drop(store);
        let db = open_engine(&folder.path().join("sled"));
        prop_assert_eq!(db.open_tree("chunks").unwrap().len(), 0);
    }
}

#[test]
fn a_row_of_a_newer_schema_is_not_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    let t = tenant("a");
    let store = open(folder.path());
    runtime().block_on(store.commit(set(&t).insert(&user("ann")))).unwrap();
    drop(store);
    {
        let db = open_engine(&folder.path().join("sled"));
        let users = db.open_tree("users").unwrap();
        let (key, value) = users.first().unwrap().unwrap();
        let text = String::from_utf8(value.to_vec()).unwrap();
        assert!(text.starts_with(r#"{"v":1,"#));
        users.insert(key, text.replacen(r#""v":1"#, r#""v":9"#, 1).as_bytes()).unwrap();
        db.flush().unwrap();
    }
    let store = open(folder.path());
    runtime().block_on(async {
        let read = store.fetch::<User>(&t, "auth0|ann").await;
        assert!(matches!(read, Err(StoreError::Record(_))), "{read:?}");
        let patched = store.commit(set(&t).patch_user(support::patch("ann", Vec::new()))).await;
        assert!(matches!(patched, Err(CommitError::Record(_))), "{patched:?}");
        // The others are served.
        store.commit(set(&t).insert(&user("bob"))).await.unwrap();
    });
}
