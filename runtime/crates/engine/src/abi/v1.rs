//! The functions of `postern_v1`.
//!
//! A pointer outside of the memory is a trap. Work that is in proportion to a length is paid for in fuel in
//! proportion to it, as the guest's own would be.

use std::ops::Range;
use std::sync::Arc;

use futures_util::StreamExt;
use postern_contract::{HostCall, IMPORT_MODULE, import};
use postern_model::{JournalCall, LogLevel};
use rand_chacha::rand_core::RngCore;
use serde::Deserialize;
use serde_json::{Value, json};
use wasmtime::{Caller, Linker, Trap};

use crate::capability::{self, crypto};
use crate::sandbox::Sandbox;
use crate::stop::HostStop;

/// Fuel of a host function beside what its length costs.
const CALL_FUEL: u64 = 50;
/// Bytes that one unit of fuel pays for.
const BYTES_PER_FUEL: u64 = 4;
/// All calls of a run together, bytes.
const SENT_BYTES: usize = 4 * 1024 * 1024;
/// Text of one host call, bytes.
const CALL_BYTES: usize = 1024 * 1024;
/// Length of an event pointer, bytes.
const POINTER_BYTES: usize = 4096;
/// What `event_read` and `call_take` answer when there is nothing.
const ABSENT: i32 = -1;
/// What `call_wait` answers when no call is under way.
const NONE_UNDER_WAY: i32 = -1;

type Guest<'a> = Caller<'a, Sandbox>;

/// Defines the imports of ABI version 1.
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    linker
        .func_wrap(IMPORT_MODULE, import::EVENT_READ, event_read)?
        .func_wrap(IMPORT_MODULE, import::LOG, log)?
        .func_wrap(IMPORT_MODULE, import::NOW, now)?
        .func_wrap(IMPORT_MODULE, import::RANDOM, random)?
        .func_wrap(IMPORT_MODULE, import::CALL_START, call_start)?
        .func_wrap_async(IMPORT_MODULE, import::CALL_WAIT, |guest, ()| Box::new(call_wait(guest)))?
        .func_wrap(IMPORT_MODULE, import::CALL_TAKE, call_take)?;
    Ok(())
}

/// Takes the fuel for work on so many bytes.
fn charge(guest: &mut Guest<'_>, bytes: usize) -> wasmtime::Result<()> {
    charge_fuel(guest, CALL_FUEL + bytes as u64 / BYTES_PER_FUEL)
}

fn charge_fuel(guest: &mut Guest<'_>, price: u64) -> wasmtime::Result<()> {
    match guest.get_fuel()?.checked_sub(price) {
        Some(left) => guest.set_fuel(left),
        None => {
            guest.set_fuel(0)?;
            Err(Trap::OutOfFuel.into())
        }
    }
}

/// The guest's memory beside the state of the run.
fn parts<'a>(guest: &'a mut Guest<'_>) -> wasmtime::Result<(&'a mut [u8], &'a mut Sandbox)> {
    let memory = guest.data().memory.ok_or_else(|| wasmtime::Error::msg("no memory during instantiation"))?;
    Ok(memory.data_and_store_mut(guest))
}

/// The place of `len` bytes at `ptr`, both unsigned.
fn place(memory: &[u8], ptr: i32, len: i32, what: &'static str) -> Result<Range<usize>, HostStop> {
    let (start, len) = (ptr.cast_unsigned() as usize, len.cast_unsigned() as usize);
    match start.checked_add(len) {
        Some(end) if end <= memory.len() => Ok(start..end),
        Some(_) | None => Err(HostStop::BadPointer { what }),
    }
}

fn bytes<'a>(memory: &'a [u8], ptr: i32, len: i32, what: &'static str) -> Result<&'a [u8], HostStop> {
    memory.get(place(memory, ptr, len, what)?).ok_or(HostStop::BadPointer { what })
}

/// Writes a text to the guest's buffer when it fits; answers its length in either case.
fn hand_over(memory: &mut [u8], buffer: Range<usize>, text: &[u8]) -> i32 {
    if let Some(target) = memory.get_mut(buffer).and_then(|buffer| buffer.get_mut(..text.len())) {
        target.copy_from_slice(text);
    }
    i32::try_from(text.len()).unwrap_or(i32::MAX)
}

fn event_read(mut guest: Guest<'_>, ptr: i32, len: i32, buf: i32, cap: i32) -> wasmtime::Result<i32> {
    const WHAT: &str = "the pointer of event_read";
    let (memory, sandbox) = parts(&mut guest)?;
    if sandbox.outside.is_none() {
        return Err(HostStop::NotInInit { import: import::EVENT_READ }.into());
    }
    let pointer = bytes(memory, ptr, len, WHAT)?;
    let buffer = place(memory, buf, cap, "the buffer of event_read")?;
    if pointer.len() > POINTER_BYTES {
        charge(&mut guest, POINTER_BYTES)?;
        return Ok(ABSENT);
    }
    let pointer = std::str::from_utf8(pointer).map_err(|_bad| HostStop::NotUtf8 { what: WHAT })?;
    let Sandbox { source, journal, scratch, .. } = sandbox;
    let value = source.read(pointer)?;
    scratch.clear();
    if let Some(value) = value {
        // Writing to a vector cannot fail, and a `Value` has only string keys.
        serde_json::to_writer(&mut *scratch, value)?;
    }
    journal.note_read(pointer, value, scratch.len())?;
    let read = pointer.len() + scratch.len();
    let answer = if value.is_some() { hand_over(memory, buffer, scratch) } else { ABSENT };
    charge(&mut guest, read)?;
    Ok(answer)
}

fn log(mut guest: Guest<'_>, level: i32, ptr: i32, len: i32) -> wasmtime::Result<()> {
    charge(&mut guest, len.cast_unsigned() as usize)?;
    let (memory, sandbox) = parts(&mut guest)?;
    let text = bytes(memory, ptr, len, "the text of log")?;
    let level = match level {
        ..=0 => LogLevel::Trace,
        1 => LogLevel::Debug,
        2 => LogLevel::Info,
        3 => LogLevel::Warn,
        4.. => LogLevel::Error,
    };
    sandbox.logs.push(level, text);
    Ok(())
}

fn now(mut guest: Guest<'_>) -> wasmtime::Result<i64> {
    Ok(guest.data_mut().outside(import::NOW)?.now_ms)
}

fn random(mut guest: Guest<'_>, ptr: i32, len: i32) -> wasmtime::Result<()> {
    charge(&mut guest, len.cast_unsigned() as usize)?;
    let (memory, sandbox) = parts(&mut guest)?;
    let place = place(memory, ptr, len, "the buffer of random")?;
    let rng = sandbox.rng()?;
    if let Some(buffer) = memory.get_mut(place) {
        rng.fill_bytes(buffer);
    }
    Ok(())
}

fn call_start(mut guest: Guest<'_>, ptr: i32, len: i32) -> wasmtime::Result<i32> {
    charge(&mut guest, len.cast_unsigned() as usize)?;
    let (memory, sandbox) = parts(&mut guest)?;
    let text = bytes(memory, ptr, len, "the text of call_start")?;
    sandbox.outside(import::CALL_START)?;
    sandbox.calls.sent = sandbox.calls.sent.saturating_add(text.len());
    let (recorded, call) = if sandbox.calls.sent > SENT_BYTES {
        (Value::Null, Err(format!("the calls of this run together are larger than {SENT_BYTES} bytes")))
    } else {
        decode_call(text)
    };
    let is_crypto = call.as_ref().is_ok_and(crypto::is_crypto);
    count(sandbox, is_crypto)?;
    if let Some(price) = call.as_ref().ok().map(crypto::fuel).filter(|price| *price > 0) {
        charge_fuel(&mut guest, price)?;
    }
    let sandbox = guest.data_mut();
    let id = sandbox.journal.calls();
    let recorded = redacted(sandbox, recorded);
    let started = start_call(sandbox, id, &recorded, call)?;
    sandbox.journal.note_call(recorded);
    let id_on_wire = i32::try_from(id).unwrap_or(i32::MAX);
    if let Some(answer) = started {
        sandbox.journal.note_answer(id, answer);
        // In a replay it becomes ready when the journal says so.
        if sandbox.source.replay.is_none() {
            sandbox.calls.ready.push_back(id_on_wire);
        }
    }
    Ok(id_on_wire)
}

/// Counts a call against its limit.
fn count(sandbox: &mut Sandbox, is_crypto: bool) -> Result<(), HostStop> {
    let (made, limit) = if is_crypto {
        (sandbox.calls.crypto, sandbox.limits.crypto_calls)
    } else {
        (sandbox.journal.calls().saturating_sub(sandbox.calls.crypto), sandbox.limits.host_calls)
    };
    if made >= limit {
        return Err(HostStop::CallLimit { limit });
    }
    sandbox.calls.crypto += usize::from(is_crypto);
    Ok(())
}

/// The call as sent, and as understood.
fn decode_call(text: &[u8]) -> (Value, Result<HostCall, String>) {
    if text.len() > CALL_BYTES {
        return (Value::Null, Err(format!("the call is {} bytes, at most {CALL_BYTES} are allowed", text.len())));
    }
    match serde_json::from_slice::<Value>(text) {
        // What is not understood is not kept: as a tree it would take many times the memory that the guest has.
        Ok(value) => match HostCall::deserialize(&value) {
            Ok(call) => (value, Ok(call)),
            Err(error) => (Value::Null, Err(error.to_string())),
        },
        Err(error) => (Value::Null, Err(error.to_string())),
    }
}

fn redacted(sandbox: &mut Sandbox, mut call: Value) -> Value {
    sandbox.secrets().redact_call(&mut call);
    call
}

/// Starts a call. Its answer, when there is one at once; otherwise it is under way.
fn start_call(
    sandbox: &mut Sandbox,
    id: usize,
    recorded: &Value,
    call: Result<HostCall, String>,
) -> Result<Option<Value>, HostStop> {
    if let Some(replay) = &sandbox.source.replay {
        let answer = replay.answer(id, recorded)?;
        if !crypto::is_worked_out_again(recorded) {
            return Ok(Some(answer));
        }
    }
    let deadline = sandbox.deadline;
    let http_body_bytes = sandbox.limits.http_body_bytes;
    let budget = sandbox.calls.budget();
    let shared = Arc::clone(&sandbox.shared);
    let outside = sandbox.outside(import::CALL_START)?;
    // One that was under way when the earlier attempt ended has no answer to give.
    let answers = |earlier: &JournalCall| {
        earlier.call == *recorded && (matches!(call, Ok(HostCall::CacheGet { .. })) || !earlier.answer.is_null())
    };
    let earlier = outside.earlier.iter_mut().find(|earlier| earlier.as_ref().is_some_and(answers));
    if let Some(earlier) = earlier.and_then(Option::take) {
        return Ok(Some(earlier.answer));
    }
    let call = match call {
        Ok(call) => call,
        Err(message) => return Ok(Some(bad_call(&message))),
    };
    let room = capability::Room { deadline, body_bytes: http_body_bytes, budget };
    match capability::start(&shared, outside, call, room) {
        capability::Started::Done(answer) => Ok(Some(answer)),
        capability::Started::Bad(message) => Ok(Some(bad_call(&message))),
        capability::Started::UnderWay(work) => {
            let pending = sandbox.calls.pending.get_or_insert_default();
            pending.push(Box::pin(async move { (id, work.await) }));
            Ok(None)
        }
    }
}

fn bad_call(message: &str) -> Value {
    json!({"error": {"code": "bad_call", "message": message}})
}

async fn call_wait(mut guest: Guest<'_>) -> wasmtime::Result<i32> {
    charge(&mut guest, 0)?;
    let sandbox = guest.data_mut();
    sandbox.outside(import::CALL_WAIT)?;
    let id = match &mut sandbox.source.replay {
        Some(replay) => {
            let id = replay.wait()?;
            if id != NONE_UNDER_WAY && usize::try_from(id).map_or(true, |id| id >= sandbox.journal.calls()) {
                return Err(HostStop::Diverged(format!("the journal waits for call {id}, which is not made")).into());
            }
            worked_out(sandbox, id).await?;
            id
        }
        None => next_done(sandbox).await?,
    };
    // A wait takes a call off the list, or finds none: more waits than that are a loop.
    let limit = sandbox.limits.host_calls.saturating_add(sandbox.calls.crypto);
    if sandbox.journal.waits() >= limit.saturating_mul(2).saturating_add(2) {
        return Err(HostStop::CallLimit { limit }.into());
    }
    sandbox.journal.note_wait(id);
    // The ticker may have slept while we waited.
    sandbox.shared.ticker.beat();
    Ok(id)
}

async fn next_done(sandbox: &mut Sandbox) -> Result<i32, HostStop> {
    if let Some(id) = sandbox.calls.ready.pop_front() {
        return Ok(id);
    }
    let deadline = sandbox.deadline;
    let Some(pending) = &mut sandbox.calls.pending else { return Ok(NONE_UNDER_WAY) };
    match tokio::time::timeout_at(deadline.into(), pending.next()).await {
        Ok(Some((id, answer))) => {
            sandbox.journal.note_answer(id, answer);
            Ok(i32::try_from(id).unwrap_or(i32::MAX))
        }
        Ok(None) => Ok(NONE_UNDER_WAY),
        Err(_elapsed) => Err(HostStop::Deadline),
    }
}

/// In a replay: ends when a call has its answer that is worked out again, and at once for all others.
async fn worked_out(sandbox: &mut Sandbox, id: i32) -> Result<(), HostStop> {
    let Ok(id) = usize::try_from(id) else { return Ok(()) };
    while sandbox.journal.answer(id).is_none() && sandbox.calls.pending.is_some() {
        if next_done(sandbox).await? == NONE_UNDER_WAY {
            break;
        }
    }
    Ok(())
}

fn call_take(mut guest: Guest<'_>, id: i32, buf: i32, cap: i32) -> wasmtime::Result<i32> {
    let (memory, sandbox) = parts(&mut guest)?;
    sandbox.outside(import::CALL_TAKE)?;
    let buffer = place(memory, buf, cap, "the buffer of call_take")?;
    // Whether a call is done is known only from `call_wait`: otherwise it would depend on time.
    let awaited = sandbox.journal.was_awaited(id);
    let answer = usize::try_from(id).ok().filter(|_| awaited).and_then(|id| sandbox.journal.answer(id));
    let Some(answer) = answer else {
        charge(&mut guest, 0)?;
        return Ok(ABSENT);
    };
    sandbox.scratch.clear();
    serde_json::to_writer(&mut sandbox.scratch, answer)?;
    let length = hand_over(memory, buffer.clone(), &sandbox.scratch);
    let taken = sandbox.scratch.len();
    if taken <= buffer.len() {
        sandbox.calls.received += taken as u64;
    }
    charge(&mut guest, taken)?;
    Ok(length)
}
