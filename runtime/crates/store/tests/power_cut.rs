//! Power cuts, replayed: what the store writes is recorded call by call, and the files are built again as a cut at
//! some moment could have left them.
//!
//! This program's own definitions of the system's file functions stand before those of the C library, so every
//! call of the standard library and of the engine comes through here. Three kinds of disk:
//! `none` keeps only what was synced, `rand` keeps each page written since with a chance of one in two
//! and the folders as of some earlier moment, `all` keeps everything.

#![expect(unsafe_code, reason = "defines functions of the C library")]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use postern_store::{Durability, SledStore, Store};
use support::{Random, config, counters, open, runtime, tenant};

type Id = usize;

#[derive(Debug, Clone)]
enum Event {
    Folder { parent: Id, name: String, id: Id },
    File { parent: Id, name: String, id: Id },
    Write { id: Id, offset: usize, bytes: Vec<u8> },
    Truncate { id: Id, len: usize },
    Rename { from: (Id, String), to: (Id, String) },
    Remove { parent: Id, name: String },
    SyncBegun { id: Id },
    SyncDone { id: Id },
    Acknowledged { writer: usize, count: u64 },
}

/// What was recorded below a folder.
#[derive(Default)]
struct Recorder {
    root: PathBuf,
    events: Vec<Event>,
    /// Inodes are used again, ids are not.
    ids: HashMap<u64, Id>,
    next: Id,
}

impl Recorder {
    fn id_of(&self, path: &Path) -> Option<Id> {
        self.ids.get(&fs::metadata(path).ok()?.ino()).copied()
    }

    fn new_id(&mut self, path: &Path) -> Option<Id> {
        let inode = fs::metadata(path).ok()?.ino();
        self.next += 1;
        self.ids.insert(inode, self.next);
        Some(self.next)
    }

    /// The folder and name of a path below the root.
    fn place(&self, path: &Path) -> Option<(Id, String)> {
        let parent = path.parent().filter(|parent| parent.starts_with(&self.root))?;
        Some((self.id_of(parent)?, path.file_name()?.to_str()?.to_owned()))
    }
}

static RECORDER: Mutex<Option<Recorder>> = Mutex::new(None);

/// Notes something while recording; what is not below the root gives `None` and is left out.
fn note(event: impl FnOnce(&mut Recorder) -> Option<Event>) {
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(recorder) = &mut *recorder
        && let Some(event) = event(recorder)
    {
        recorder.events.push(event);
    }
}

fn recording() -> bool {
    RECORDER.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

fn fd_path(fd: c_int) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{fd}"))
}

fn file_id(recorder: &Recorder, fd: c_int) -> Option<Id> {
    let path = fs::read_link(fd_path(fd)).ok()?;
    // A removed file's path ends in " (deleted)", so its name alone says nothing.
    path.starts_with(&recorder.root).then(|| recorder.id_of(&fd_path(fd)))?
}

fn text(path: *const c_char) -> PathBuf {
    // SAFETY: the caller hands over a C string, as the C function demands.
    PathBuf::from(unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned())
}

fn copied(buf: *const c_void, len: isize) -> Vec<u8> {
    let len = usize::try_from(len).unwrap_or(0);
    // SAFETY: the system has just read that many bytes from there.
    unsafe { std::slice::from_raw_parts(buf.cast::<u8>(), len) }.to_vec()
}

#[unsafe(no_mangle)]
extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    let new = flags & libc::O_CREAT != 0 && recording() && !text(path).exists();
    // SAFETY: the caller's own arguments.
    let fd = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) };
    let fd = c_int::try_from(fd).unwrap_or(-1);
    if fd >= 0 && new {
        note(|recorder| {
            let (parent, name) = recorder.place(&text(path))?;
            Some(Event::File { parent, name, id: recorder.new_id(&text(path))? })
        });
    } else if fd >= 0 && flags & libc::O_TRUNC != 0 {
        note(|recorder| Some(Event::Truncate { id: file_id(recorder, fd)?, len: 0 }));
    }
    fd
}

#[unsafe(no_mangle)]
extern "C" fn pwrite64(fd: c_int, buf: *const c_void, count: libc::size_t, offset: libc::off64_t) -> isize {
    // SAFETY: the caller's own arguments.
    let written = unsafe { libc::syscall(libc::SYS_pwrite64, fd, buf, count, offset) } as isize;
    note(|recorder| {
        let (id, bytes) = (file_id(recorder, fd)?, copied(buf, written));
        Some(Event::Write { id, offset: usize::try_from(offset).ok()?, bytes })
    });
    written
}

#[unsafe(no_mangle)]
extern "C" fn write(fd: c_int, buf: *const c_void, count: libc::size_t) -> isize {
    // SAFETY: the caller's own arguments; seeking by nothing moves nothing.
    let (offset, written) = unsafe {
        let offset = if recording() { libc::lseek64(fd, 0, libc::SEEK_CUR) } else { -1 };
        (offset, libc::syscall(libc::SYS_write, fd, buf, count) as isize)
    };
    if let Ok(offset) = usize::try_from(offset) {
        note(|recorder| Some(Event::Write { id: file_id(recorder, fd)?, offset, bytes: copied(buf, written) }));
    }
    written
}

#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, len: libc::off64_t) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { libc::syscall(libc::SYS_ftruncate, fd, len) };
    note(|recorder| Some(Event::Truncate { id: file_id(recorder, fd)?, len: usize::try_from(len).ok()? }));
    c_int::try_from(result).unwrap_or(-1)
}

fn synced(fd: c_int, call: libc::c_long) -> c_int {
    note(|recorder| Some(Event::SyncBegun { id: file_id(recorder, fd)? }));
    // SAFETY: takes a descriptor only.
    let result = unsafe { libc::syscall(call, fd) };
    if result == 0 {
        note(|recorder| Some(Event::SyncDone { id: file_id(recorder, fd)? }));
    }
    c_int::try_from(result).unwrap_or(-1)
}

#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    synced(fd, libc::SYS_fsync)
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: c_int) -> c_int {
    synced(fd, libc::SYS_fdatasync)
}

#[unsafe(no_mangle)]
extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) };
    if result == 0 {
        note(|recorder| Some(Event::Rename { from: recorder.place(&text(from))?, to: recorder.place(&text(to))? }));
    }
    c_int::try_from(result).unwrap_or(-1)
}

#[unsafe(no_mangle)]
extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) };
    if result == 0 {
        note(|recorder| {
            let (parent, name) = recorder.place(&text(path))?;
            Some(Event::Remove { parent, name })
        });
    }
    c_int::try_from(result).unwrap_or(-1)
}

#[unsafe(no_mangle)]
extern "C" fn mkdir(path: *const c_char, mode: libc::mode_t) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { libc::syscall(libc::SYS_mkdirat, libc::AT_FDCWD, path, mode) };
    if result == 0 {
        note(|recorder| {
            let (parent, name) = recorder.place(&text(path))?;
            Some(Event::Folder { parent, name, id: recorder.new_id(&text(path))? })
        });
    }
    c_int::try_from(result).unwrap_or(-1)
}

const PAGE: usize = 4096;

#[derive(Debug, Default)]
struct Contents {
    /// As programs see it, and as the disk has it.
    seen: Vec<u8>,
    synced: Vec<u8>,
    dirty: BTreeSet<usize>,
    /// What a sync that has begun will have written: pages and length.
    syncing: Option<(BTreeMap<usize, Vec<u8>>, usize)>,
}

impl Contents {
    fn page(bytes: &[u8], page: usize) -> Vec<u8> {
        let end = bytes.len().min((page + 1) * PAGE);
        bytes.get(page * PAGE..end).unwrap_or_default().to_vec()
    }

    fn put_page(bytes: &mut Vec<u8>, page: usize, content: &[u8]) {
        let end = page * PAGE + content.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[page * PAGE..end].copy_from_slice(content);
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / PAGE..end.div_ceil(PAGE));
    }

    fn sync_begun(&mut self) {
        let pages = self.dirty.iter().map(|page| (*page, Self::page(&self.seen, *page))).collect();
        self.syncing = Some((pages, self.seen.len()));
    }

    fn sync_done(&mut self) {
        let Some((pages, len)) = self.syncing.take() else { return };
        self.synced.resize(len, 0);
        for (page, content) in pages {
            // Written again meanwhile: still dirty.
            if Self::page(&self.seen, page) == content {
                self.dirty.remove(&page);
            }
            if page * PAGE < len {
                Self::put_page(&mut self.synced, page, &content);
            }
        }
    }

    fn after_cut(&self, disk: Disk, random: &mut Random) -> Vec<u8> {
        match disk {
            Disk::None => self.synced.clone(),
            Disk::All => self.seen.clone(),
            Disk::Random => {
                let mut bytes = self.synced.clone();
                if self.seen.len() < bytes.len() && random.below(2) == 0 {
                    bytes.truncate(self.seen.len());
                }
                for page in self.dirty.iter().filter(|page| **page * PAGE < self.seen.len()) {
                    if random.below(2) == 0 {
                        Self::put_page(&mut bytes, *page, &Self::page(&self.seen, *page));
                    }
                }
                bytes
            }
        }
    }
}

#[derive(Debug, Default)]
struct Entries {
    synced: BTreeMap<String, Id>,
    /// Changes since the last sync, with the moment of each.
    since: Vec<(usize, String, Option<Id>)>,
}

impl Entries {
    fn as_of(&self, moment: usize) -> BTreeMap<String, Id> {
        let mut entries = self.synced.clone();
        for (_, name, id) in self.since.iter().take_while(|(at, ..)| *at < moment) {
            match id {
                Some(id) => entries.insert(name.clone(), *id),
                None => entries.remove(name),
            };
        }
        entries
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    None,
    Random,
    All,
}

/// The files as they are after some events.
#[derive(Debug, Default)]
struct Replay {
    files: HashMap<Id, Contents>,
    folders: HashMap<Id, Entries>,
    acknowledged: BTreeMap<usize, u64>,
    moment: usize,
}

impl Replay {
    fn change(&mut self, parent: Id, name: &str, id: Option<Id>) {
        let moment = self.moment;
        self.folders.entry(parent).or_default().since.push((moment, name.to_owned(), id));
    }

    fn step(&mut self, event: &Event) {
        match event {
            Event::Folder { parent, name, id } => {
                self.folders.insert(*id, Entries::default());
                self.change(*parent, name, Some(*id));
            }
            Event::File { parent, name, id } => {
                self.files.insert(*id, Contents::default());
                self.change(*parent, name, Some(*id));
            }
            Event::Write { id, offset, bytes } => self.files.get_mut(id).unwrap().write(*offset, bytes),
            Event::Truncate { id, len } => self.files.get_mut(id).unwrap().seen.resize(*len, 0),
            Event::Rename { from, to } => {
                let id = self.folders[&from.0].as_of(usize::MAX)[&from.1];
                self.change(from.0, &from.1, None);
                self.change(to.0, &to.1, Some(id));
            }
            Event::Remove { parent, name } => self.change(*parent, name, None),
            Event::SyncBegun { id } => {
                if let Some(file) = self.files.get_mut(id) {
                    file.sync_begun();
                }
            }
            Event::SyncDone { id } => {
                if let Some(file) = self.files.get_mut(id) {
                    file.sync_done();
                } else if let Some(folder) = self.folders.get_mut(id) {
                    folder.synced = folder.as_of(usize::MAX);
                    folder.since.clear();
                }
            }
            Event::Acknowledged { writer, count } => {
                self.acknowledged.insert(*writer, *count);
            }
        }
        self.moment += 1;
    }

    /// Writes what a cut now leaves into a folder.
    fn build(&self, to: &Path, disk: Disk, random: &mut Random) {
        let moment = match disk {
            Disk::None => 0,
            Disk::Random => usize::try_from(random.below(self.moment as u64 + 1)).unwrap(),
            Disk::All => usize::MAX,
        };
        self.build_folder(0, to, disk, moment, random);
    }

    fn build_folder(&self, id: Id, to: &Path, disk: Disk, moment: usize, random: &mut Random) {
        for (name, id) in self.folders[&id].as_of(moment) {
            let path = to.join(name);
            if let Some(file) = self.files.get(&id) {
                fs::write(path, file.after_cut(disk, random)).unwrap();
            } else {
                fs::create_dir(&path).unwrap();
                self.build_folder(id, &path, disk, moment, random);
            }
        }
    }
}

const WRITERS: usize = 8;
const COMMITS: u64 = 60;
const CUTS: u64 = 20;

/// One recording at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Opens, counts with all writers, closes, and does so once more: a second opening writes snapshots.
fn record(open: impl Fn(&Path) -> Arc<dyn Store>) -> Vec<Event> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let mut recorder = Recorder { root: root.clone(), ..Recorder::default() };
    recorder.ids.insert(fs::metadata(&root).unwrap().ino(), 0);
    *RECORDER.lock().unwrap() = Some(recorder);
    for half in 0..2 {
        let store = open(&root.join("data"));
        runtime().block_on(async {
            let t = tenant("a");
            let writers = (0..WRITERS).map(|writer| {
                let (store, t) = (&store, &t);
                async move {
                    for count in half * COMMITS + 1..=(half + 1) * COMMITS {
                        store.commit(counters::write(t, writer, count)).await.unwrap();
                        note(|_| Some(Event::Acknowledged { writer, count }));
                    }
                }
            });
            futures_util::future::join_all(writers).await;
        });
    }
    RECORDER.lock().unwrap().take().unwrap().events
}

#[test]
fn power_cuts_lose_nothing() {
    let events = record(open);
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count();
    let syncs = count(|event| matches!(event, Event::SyncDone { .. }));
    let acknowledged = count(|event| matches!(event, Event::Acknowledged { .. }));
    eprintln!("{} events, {syncs} syncs, {acknowledged} commits acknowledged", events.len());
    assert!(syncs > 20 && acknowledged == WRITERS * 2 * usize::try_from(COMMITS).unwrap());

    let mut random = Random::seeded("power_cuts_lose_nothing");
    let mut cuts: Vec<(usize, Disk)> = Vec::new();
    for disk in [Disk::None, Disk::Random, Disk::All] {
        cuts.extend((0..CUTS).map(|_| (usize::try_from(random.below(events.len() as u64 + 1)).unwrap(), disk)));
        cuts.push((events.len(), disk));
    }
    cuts.sort_by_key(|(at, _)| *at);
    let mut replay = Replay::default();
    replay.folders.insert(0, Entries::default());
    for (at, disk) in cuts {
        while replay.moment < at {
            replay.step(&events[replay.moment]);
        }
        let folder = tempfile::tempdir().unwrap();
        replay.build(folder.path(), disk, &mut random);
        let store = open(&folder.path().join("data"));
        for writer in 0..WRITERS {
            let found = runtime().block_on(counters::read(&*store, &tenant("a"), writer));
            let acknowledged = replay.acknowledged.get(&writer).copied().unwrap_or(0);
            assert!(
                found >= acknowledged,
                "cut at {at} of {}, {disk:?}, writer {writer}: {acknowledged} acknowledged, {found} found",
                events.len()
            );
        }
    }
}

/// Syncs nothing, so that only the engine's own flush is left.
struct Idle;

impl Durability for Idle {
    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The engine's own flush is not enough, and the replay shows it: else the test above could not fail.
#[test]
fn without_our_sync_commits_are_lost() {
    let events = record(|path| {
        let idle = |_| Box::new(Idle) as Box<dyn Durability>;
        Arc::new(SledStore::open_with(path, config(), idle).unwrap())
    });
    let mut random = Random::seeded("without_our_sync_commits_are_lost");
    let mut replay = Replay::default();
    replay.folders.insert(0, Entries::default());
    let (mut lost, mut acknowledgements) = (0, 0);
    for event in &events {
        replay.step(event);
        acknowledgements += u32::from(matches!(event, Event::Acknowledged { .. }));
        if !matches!(event, Event::Acknowledged { .. }) || acknowledgements % 100 != 50 {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        replay.build(folder.path(), Disk::None, &mut random);
        let store = open(&folder.path().join("data"));
        for (writer, acknowledged) in &replay.acknowledged {
            let found = runtime().block_on(counters::read(&*store, &tenant("a"), *writer));
            lost += acknowledged.saturating_sub(found);
        }
    }
    assert!(lost > 0);
}

/// What is not synced is lost in a replay: else the test above could not fail.
#[test]
fn a_replay_loses_what_was_not_synced() {
    let mut replay = Replay::default();
    replay.folders.insert(0, Entries::default());
    let name = || "f".to_owned();
    for event in [
        Event::File { parent: 0, name: name(), id: 1 },
        Event::Write { id: 1, offset: 0, bytes: vec![1; 10_000] },
        Event::SyncBegun { id: 1 },
        Event::Write { id: 1, offset: 5000, bytes: vec![2; 10] },
        Event::SyncDone { id: 1 },
        Event::SyncBegun { id: 0 },
        Event::SyncDone { id: 0 },
        Event::Write { id: 1, offset: 9999, bytes: vec![3; 2] },
        Event::Rename { from: (0, name()), to: (0, "g".into()) },
    ] {
        replay.step(&event);
    }
    let built = |disk| {
        let folder = tempfile::tempdir().unwrap();
        replay.build(folder.path(), disk, &mut Random::seeded("a_replay_loses_what_was_not_synced"));
        let read = |name| fs::read(folder.path().join(name)).ok();
        (read("f"), read("g"))
    };
    assert_eq!(built(Disk::None), (Some(vec![1; 10_000]), None));
    let mut all = vec![1; 10_001];
    all[5000..5010].fill(2);
    all[9999..].fill(3);
    assert_eq!(built(Disk::All), (None, Some(all)));
}
