//! The functions of the host: the imports of `postern_v1` in a guest, the harness's world in a native test.
//! Both sides have the same functions, so the rest of this crate does not know where it runs.

#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod native;

#[cfg(target_arch = "wasm32")]
use guest as side;
#[cfg(not(target_arch = "wasm32"))]
use native as side;

use std::cell::RefCell;

pub(crate) use side::{log, now, random};

/// Most values of an event are short: they are read into the stack.
const SHORT: usize = 256;

/// Reads the value at a JSON Pointer and hands its JSON text to `use_text`.
#[inline]
pub(crate) fn event_read<R>(pointer: &str, use_text: impl FnOnce(&[u8]) -> R) -> Option<R> {
    sized(|buffer| side::event_read(pointer, buffer), use_text)
}

/// Asks once with a short buffer, and again with a sufficient one if need be.
#[inline]
fn sized<R>(ask: impl Fn(&mut [u8]) -> Option<usize>, use_text: impl FnOnce(&[u8]) -> R) -> Option<R> {
    let mut short = [0; SHORT];
    let length = ask(&mut short)?;
    if let Some(text) = short.get(..length) {
        return Some(use_text(text));
    }
    let mut long = vec![0; length];
    ask(&mut long)?;
    Some(use_text(&long))
}

thread_local! {
    /// Calls that the host reported as done while another one was waited for.
    static DONE: RefCell<Vec<i32>> = const { RefCell::new(Vec::new()) };
}

/// Starts a call.
pub(crate) fn call_start(call: &[u8]) -> i32 {
    side::call_start(call)
}

/// Waits for a call and hands its answer to `use_text`. `None` when there is no such call.
pub(crate) fn call_finish<R>(id: i32, use_text: impl FnOnce(&[u8]) -> R) -> Option<R> {
    loop {
        let known = DONE.with_borrow_mut(|done| {
            let at = done.iter().position(|&other| other == id)?;
            Some(done.swap_remove(at))
        });
        if known.is_some() {
            return sized(|buffer| side::call_take(id, buffer), use_text);
        }
        match side::call_wait() {
            -1 => return None,
            other => DONE.with_borrow_mut(|done| done.push(other)),
        }
    }
}

/// Forgets calls of an earlier run: a native test may run many on one thread.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn forget_calls() {
    DONE.with_borrow_mut(Vec::clear);
}
