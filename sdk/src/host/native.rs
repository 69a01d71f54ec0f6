//! The host of a native test: one world a thread, put there by the harness.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::harness::Script;

/// Everything a run touches.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) script: Script,
    pub(crate) logs: Vec<(i32, String)>,
    pub(crate) calls: Vec<Value>,
    answers: Vec<Value>,
    ready: VecDeque<i32>,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

/// Puts a world in place for the length of `run` and gives it back.
pub(crate) fn with_world<R>(script: Script, run: impl FnOnce() -> R) -> (R, World) {
    /// Takes the world away even if the action panics.
    struct Away;
    impl Drop for Away {
        fn drop(&mut self) {
            WORLD.take();
        }
    }
    super::forget_calls();
    WORLD.set(Some(World { script, ..World::default() }));
    let away = Away;
    let result = run();
    let world = WORLD.take().unwrap_or_default();
    drop(away);
    (result, world)
}

fn world<R>(act: impl FnOnce(&mut World) -> R) -> Option<R> {
    WORLD.with_borrow_mut(|world| world.as_mut().map(act))
}

fn hand_over(buffer: &mut [u8], value: &Value) -> usize {
    let text = value.to_string();
    if let Some(target) = buffer.get_mut(..text.len()) {
        target.copy_from_slice(text.as_bytes());
    }
    text.len()
}

pub(crate) fn event_read(pointer: &str, buffer: &mut [u8]) -> Option<usize> {
    world(|world| world.script.event.pointer(pointer).map(|value| hand_over(buffer, value))).flatten()
}

pub(crate) fn log(level: i32, text: &str) {
    world(|world| world.logs.push((level, text.to_owned())));
}

pub(crate) fn now() -> i64 {
    world(|world| world.script.now_ms).unwrap_or_default()
}

pub(crate) fn random(buffer: &mut [u8]) {
    world(|world| buffer.iter_mut().for_each(|byte| *byte = world.script.random_byte()));
}

pub(crate) fn call_start(call: &[u8]) -> i32 {
    let started = world(|world| {
        let call =
            serde_json::from_slice(call).unwrap_or_else(|error| json!({"type": "bad", "error": error.to_string()}));
        let id = i32::try_from(world.answers.len()).unwrap_or(i32::MAX);
        world.answers.push(world.script.answer(&call));
        world.calls.push(call);
        world.ready.push_back(id);
        id
    });
    started.unwrap_or(-1)
}

pub(crate) fn call_wait() -> i32 {
    world(|world| world.ready.pop_front()).flatten().unwrap_or(-1)
}

pub(crate) fn call_take(id: i32, buffer: &mut [u8]) -> Option<usize> {
    world(|world| world.answers.get(usize::try_from(id).ok()?).map(|answer| hand_over(buffer, answer))).flatten()
}
