//! The imports of ABI version 1 (`ABI.md` of `postern-contract`).
#![expect(unsafe_code, reason = "imports are foreign functions; each is handed the place of a live slice")]

/// The raw imports: addresses and lengths.
mod raw {
    #[link(wasm_import_module = "postern_v1")]
    unsafe extern "C" {
        pub(super) fn event_read(ptr: *const u8, len: usize, buf: *mut u8, cap: usize) -> i32;
        pub(super) fn log(level: i32, ptr: *const u8, len: usize);
        pub(crate) safe fn now() -> i64;
        pub(super) fn random(ptr: *mut u8, len: usize);
        pub(super) fn call_start(ptr: *const u8, len: usize) -> i32;
        pub(crate) safe fn call_wait() -> i32;
        pub(super) fn call_take(id: i32, buf: *mut u8, cap: usize) -> i32;
    }
}

pub(crate) use raw::{call_wait, now};

/// The length of the value's text, which is in `buffer` if it fits.
#[inline]
pub(crate) fn event_read(pointer: &str, buffer: &mut [u8]) -> Option<usize> {
    // SAFETY: both slices live through the call, which keeps neither.
    let length = unsafe { raw::event_read(pointer.as_ptr(), pointer.len(), buffer.as_mut_ptr(), buffer.len()) };
    usize::try_from(length).ok()
}

pub(crate) fn log(level: i32, text: &str) {
    // SAFETY: the slice lives through the call, which does not keep it.
    unsafe { raw::log(level, text.as_ptr(), text.len()) }
}

pub(crate) fn random(buffer: &mut [u8]) {
    // SAFETY: the slice lives through the call, which does not keep it.
    unsafe { raw::random(buffer.as_mut_ptr(), buffer.len()) }
}

pub(crate) fn call_start(call: &[u8]) -> i32 {
    // SAFETY: the slice lives through the call, which does not keep it.
    unsafe { raw::call_start(call.as_ptr(), call.len()) }
}

pub(crate) fn call_take(id: i32, buffer: &mut [u8]) -> Option<usize> {
    // SAFETY: the slice lives through the call, which does not keep it.
    let length = unsafe { raw::call_take(id, buffer.as_mut_ptr(), buffer.len()) };
    usize::try_from(length).ok()
}
