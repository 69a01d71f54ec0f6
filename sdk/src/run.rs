//! What the `#[post_login]` attribute calls.

use crate::{Api, Error, Event};

/// The shape of `on_execute` and `on_continue`.
pub type Action = fn(&Event, &mut Api) -> Result<(), Error>;

/// Runs an action; the text of its `RunResult`.
#[inline]
pub(crate) fn result(action: Action) -> Vec<u8> {
    let event = Event::default();
    let mut api = Api::new(&event);
    match action(&event, &mut api) {
        Ok(()) => api.into_result(),
        Err(error) => error.into_result(),
    }
}

/// Runs an action inside a guest: `ptr << 32 | len` of the result, as the ABI has it.
#[cfg(target_arch = "wasm32")]
#[inline]
#[must_use]
pub fn export(action: Action) -> i64 {
    crate::failure::report_panics();
    crate::failure::pack(result(action)).cast_signed()
}
