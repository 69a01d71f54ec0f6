//! The guest that runs JavaScript actions: QuickJS-ng behind ABI version 1.
//!
//! It is built once: the prelude is compiled (`prelude_compile`) and evaluated (`prelude_load`), and the memory after
//! that becomes the module's own image. A version's payload is compiled by `postern_compile` in an instance of its own
//! and loaded by `postern_init` in another, whose memory is what every login starts from.

mod abi;
mod engine;
mod frozen;
mod host;
mod memory;
mod natives;
mod script;

use std::alloc::{Layout, alloc};
use std::cell::UnsafeCell;

use engine::Failure;

/// Cell that the host reads after a trap: where the error's text is.
#[repr(transparent)]
struct Cell(UnsafeCell<u64>);

// SAFETY: there is one thread.
unsafe impl Sync for Cell {}

/// Exported as the global `postern_failure`, which holds its address.
#[unsafe(export_name = "postern_failure")]
#[used]
static FAILURE: Cell = Cell(UnsafeCell::new(0));

/// Where a text is: `ptr << 32 | len`. It is never freed.
fn packed(text: Vec<u8>) -> u64 {
    let text = text.leak();
    (text.as_ptr() as u64) << 32 | text.len() as u64
}

/// Ends with the error's text in the failure cell.
fn fail(Failure(text): Failure) -> ! {
    // SAFETY: there is one thread.
    unsafe { *FAILURE.0.get() = packed(text.into_bytes()) };
    core::arch::wasm32::unreachable()
}

unsafe fn bytes<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: the host wrote them into what `postern_alloc` gave.
    unsafe { std::slice::from_raw_parts(ptr, len) }
}

unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// A place of `size` bytes that the host may write.
#[unsafe(no_mangle)]
extern "C" fn postern_alloc(size: usize) -> *mut u8 {
    match Layout::from_size_align(size.max(1), 8) {
        // SAFETY: the size is not zero.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_too_large) => std::ptr::null_mut(),
    }
}

/// Build only: the prelude's source to bytecode.
#[unsafe(no_mangle)]
extern "C" fn prelude_compile(ptr: *const u8, len: usize) -> u64 {
    // SAFETY: calling the constructors by hand once keeps the linker from doing so around every export.
    unsafe { __wasm_call_ctors() };
    // SAFETY: as `bytes` says.
    match std::str::from_utf8(unsafe { bytes(ptr, len) }) {
        Ok(source) => engine::compile_prelude(source).map_or_else(|failure| fail(failure), packed),
        Err(_bad) => fail(Failure("{\"name\":\"Error\",\"message\":\"the prelude is not UTF-8\"}".to_owned())),
    }
}

/// Build only: evaluates the prelude's bytecode. The memory after it is the engine's image.
#[unsafe(no_mangle)]
extern "C" fn prelude_load(ptr: *mut u8, len: usize) {
    // SAFETY: as above.
    unsafe { __wasm_call_ctors() };
    // SAFETY: as `bytes` says.
    engine::prepare(unsafe { bytes(ptr, len) }).unwrap_or_else(|failure| fail(failure));
    // SAFETY: it comes from `postern_alloc`.
    unsafe { std::alloc::dealloc(ptr, Layout::from_size_align_unchecked(len.max(1), 8)) };
    memory::scrub_stack();
}

/// A version's payload to what `postern_init` takes: lengths and texts, one after the other.
#[unsafe(no_mangle)]
extern "C" fn postern_compile(ptr: *const u8, len: usize) -> u64 {
    // SAFETY: as `bytes` says.
    let Ok(payload) = std::str::from_utf8(unsafe { bytes(ptr, len) }) else {
        fail(Failure("{\"name\":\"Error\",\"message\":\"the payload is not UTF-8\"}".to_owned()));
    };
    let parts = engine::compile(payload).unwrap_or_else(|failure| fail(failure));
    let mut framed = Vec::new();
    for part in parts {
        framed.extend_from_slice(&(part.len() as u32).to_le_bytes());
        framed.extend_from_slice(&part);
    }
    packed(framed)
}

/// Loads a version; runs its top level.
#[unsafe(no_mangle)]
extern "C" fn postern_init(ptr: *mut u8, len: usize) {
    // SAFETY: as `bytes` says.
    let mut rest = unsafe { bytes(ptr, len) };
    let mut parts = Vec::new();
    while let Some((size, after)) = rest.split_first_chunk::<4>() {
        let Some((part, after)) = after.split_at_checked(u32::from_le_bytes(*size) as usize) else { break };
        parts.push(part);
        rest = after;
    }
    engine::load(&parts).unwrap_or_else(|failure| fail(failure));
    drop(parts);
    // SAFETY: it comes from `postern_alloc`.
    unsafe { std::alloc::dealloc(ptr, Layout::from_size_align_unchecked(len.max(1), 8)) };
    memory::scrub_stack();
    abi::set_loading(false);
}

fn run(entry: &str) -> u64 {
    engine::run(entry).map_or_else(|failure| fail(failure), |text| packed(text.into_bytes()))
}

/// `exports.onExecutePostLogin`
#[unsafe(no_mangle)]
extern "C" fn on_execute_post_login() -> u64 {
    run("execute")
}

/// `exports.onContinuePostLogin`
#[unsafe(no_mangle)]
extern "C" fn on_continue_post_login() -> u64 {
    run("continue")
}

/// `exports.onExecuteCredentialsExchange`
#[unsafe(no_mangle)]
extern "C" fn on_execute_credentials_exchange() -> u64 {
    run("execute")
}

/// The clock of QuickJS, microseconds.
#[unsafe(no_mangle)]
extern "C" fn __rquickjs_host_now_us() -> f64 {
    abi::now() as f64 * 1000.0
}
