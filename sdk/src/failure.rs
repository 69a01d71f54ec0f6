//! How a panic reaches the host: a log line, and a cell that the host reads after the trap.

use std::cell::UnsafeCell;
use std::panic::PanicHookInfo;

use crate::{host, json};

/// A cell of static memory. A guest has one thread.
#[repr(transparent)]
pub(crate) struct Cell(UnsafeCell<u64>);

#[expect(unsafe_code, reason = "a guest has one thread")]
// SAFETY: a guest has one thread, and only `report` writes.
unsafe impl Sync for Cell {}

/// `ptr << 32 | len` of a `GuestError` as JSON, 0 when there is none; exported as the global `postern_failure`,
/// which holds its address (`ABI.md`).
#[expect(unsafe_code, reason = "an exported name of the ABI")]
#[used]
#[unsafe(no_mangle)]
pub(crate) static postern_failure: Cell = Cell(UnsafeCell::new(0));

/// Leaves bytes where they are for the host to read.
pub(crate) fn pack(bytes: Vec<u8>) -> u64 {
    let bytes: &'static [u8] = bytes.leak();
    (bytes.as_ptr().addr() as u64) << 32 | bytes.len() as u64
}

/// From now on a panic is reported before it traps.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(report));
}

#[cold]
fn report(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("the action panicked");
    let mut place = "at ".to_owned();
    if let Some(location) = panic.location() {
        place.push_str(location.file());
        place.push(':');
        push_number(&mut place, location.line());
        place.push(':');
        push_number(&mut place, location.column());
    }
    let mut error = b"{\"name\":\"panic\",\"message\":".to_vec();
    json::text(&mut error, message);
    error.extend_from_slice(b",\"stack\":");
    json::text(&mut error, &place);
    error.push(b'}');
    #[expect(unsafe_code, reason = "the cell of the ABI")]
    // SAFETY: a guest has one thread, and nothing else refers to the cell's inside.
    unsafe {
        *postern_failure.0.get() = pack(error);
    }
    host::log(4, &["panic: ", message, " ", &place].concat());
}

fn push_number(out: &mut String, number: u32) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.extend(char::from_digit(number % 10, 10));
}
