//! The recorder: this program's own definitions of the system's file functions stand before those of the C library,
//! so every call of the standard library and of the engine comes through here.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(crate) type Id = usize;

#[derive(Debug, Clone)]
pub(crate) enum Event {
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
pub(crate) struct Recorder {
    root: PathBuf,
    pub(crate) events: Vec<Event>,
    /// Inodes are used again, ids are not.
    ids: HashMap<u64, Id>,
    next: Id,
}

impl Recorder {
    /// Records what happens below a folder, which has the id 0.
    pub(crate) fn new(root: &Path) -> Self {
        let ids = HashMap::from([(fs::metadata(root).unwrap().ino(), 0)]);
        Self { root: root.to_owned(), ids, ..Self::default() }
    }

    pub(crate) fn id_of(&self, path: &Path) -> Option<Id> {
        self.ids.get(&fs::metadata(path).ok()?.ino()).copied()
    }

    pub(crate) fn new_id(&mut self, path: &Path) -> Option<Id> {
        let inode = fs::metadata(path).ok()?.ino();
        self.next += 1;
        self.ids.insert(inode, self.next);
        Some(self.next)
    }

    /// The folder and name of a path below the root.
    pub(crate) fn place(&self, path: &Path) -> Option<(Id, String)> {
        let parent = path.parent().filter(|parent| parent.starts_with(&self.root))?;
        Some((self.id_of(parent)?, path.file_name()?.to_str()?.to_owned()))
    }
}

pub(crate) static RECORDER: Mutex<Option<Recorder>> = Mutex::new(None);

/// Notes something while recording; what is not below the root gives `None` and is left out.
pub(crate) fn note(event: impl FnOnce(&mut Recorder) -> Option<Event>) {
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(recorder) = &mut *recorder
        && let Some(event) = event(recorder)
    {
        recorder.events.push(event);
    }
}

pub(crate) fn recording() -> bool {
    RECORDER.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

pub(crate) fn fd_path(fd: c_int) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{fd}"))
}

pub(crate) fn file_id(recorder: &Recorder, fd: c_int) -> Option<Id> {
    let path = fs::read_link(fd_path(fd)).ok()?;
    // A removed file's path ends in " (deleted)", so its name alone says nothing.
    path.starts_with(&recorder.root).then(|| recorder.id_of(&fd_path(fd)))?
}

pub(crate) fn text(path: *const c_char) -> PathBuf {
    // SAFETY: the caller hands over a C string, as the C function demands.
    PathBuf::from(unsafe { CStr::from_ptr(path) }.to_string_lossy().into_owned())
}

pub(crate) fn copied(buf: *const c_void, len: isize) -> Vec<u8> {
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
    let written = unsafe { libc::syscall(libc::SYS_pwrite64, fd, buf, count, offset) };
    let written = isize::try_from(written).unwrap_or(-1);
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
        (offset, libc::syscall(libc::SYS_write, fd, buf, count))
    };
    let written = isize::try_from(written).unwrap_or(-1);
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

pub(crate) fn synced(fd: c_int, call: libc::c_long) -> c_int {
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
