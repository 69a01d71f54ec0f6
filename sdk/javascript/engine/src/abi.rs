//! The host functions of `postern_v1`, made safe.

use std::sync::atomic::{AtomicBool, Ordering};

#[link(wasm_import_module = "postern_v1")]
unsafe extern "C" {
    #[link_name = "event_read"]
    fn host_event_read(ptr: *const u8, len: usize, buf: *mut u8, cap: usize) -> i32;
    #[link_name = "log"]
    fn host_log(level: i32, ptr: *const u8, len: usize);
    #[link_name = "now"]
    fn host_now() -> i64;
    #[link_name = "random"]
    fn host_random(ptr: *mut u8, len: usize);
    #[link_name = "call_start"]
    fn host_call_start(ptr: *const u8, len: usize) -> i32;
    #[link_name = "call_wait"]
    fn host_call_wait() -> i32;
    #[link_name = "call_take"]
    fn host_call_take(id: i32, buf: *mut u8, cap: usize) -> i32;
}

/// Bytes asked for at first; most values of an event are smaller.
const FIRST: usize = 4096;

/// Whether the engine or a top level is being loaded: then the host may be asked for nothing but to log.
static LOADING: AtomicBool = AtomicBool::new(true);

pub(crate) fn loading() -> bool {
    LOADING.load(Ordering::Relaxed)
}

pub(crate) fn set_loading(loading: bool) {
    LOADING.store(loading, Ordering::Relaxed);
}

/// Reads what the host writes into a buffer that may have to grow. `None` when there is nothing.
fn read(mut ask: impl FnMut(*mut u8, usize) -> i32) -> Option<Vec<u8>> {
    let mut buffer: Vec<u8> = Vec::with_capacity(FIRST);
    loop {
        let len = usize::try_from(ask(buffer.as_mut_ptr(), buffer.capacity())).ok()?;
        if len <= buffer.capacity() {
            // SAFETY: the host wrote `len` bytes, which fit.
            unsafe { buffer.set_len(len) };
            return Some(buffer);
        }
        buffer.reserve_exact(len);
    }
}

/// The JSON text of a part of the event.
pub(crate) fn event_read(pointer: &str) -> Option<Vec<u8>> {
    // SAFETY: the host reads the pointer and writes at most `cap` bytes.
    read(|buf, cap| unsafe { host_event_read(pointer.as_ptr(), pointer.len(), buf, cap) })
}

pub(crate) fn log(level: i32, text: &[u8]) {
    // SAFETY: the host reads the text.
    unsafe { host_log(level, text.as_ptr(), text.len()) }
}

/// Milliseconds since the epoch: of the run, or of the build.
pub(crate) fn now() -> i64 {
    if loading() {
        return crate::frozen::now();
    }
    // SAFETY: it takes nothing.
    unsafe { host_now() }
}

/// Fills with bytes of the run's generator, or of the build's.
pub(crate) fn random(buffer: &mut [u8]) {
    if loading() {
        return crate::frozen::random(buffer);
    }
    // SAFETY: the host writes into the buffer.
    unsafe { host_random(buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn call_start(text: &[u8]) -> i32 {
    // SAFETY: the host reads the text.
    unsafe { host_call_start(text.as_ptr(), text.len()) }
}

pub(crate) fn call_wait() -> i32 {
    // SAFETY: it takes nothing.
    unsafe { host_call_wait() }
}

pub(crate) fn call_take(id: i32) -> Option<Vec<u8>> {
    // SAFETY: the host writes at most `cap` bytes.
    read(|buf, cap| unsafe { host_call_take(id, buf, cap) })
}
