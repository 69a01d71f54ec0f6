//! From a module and a payload to a program: what is learned once of a module, and what its payload makes of it.

use std::sync::Arc;
use std::time::Instant;

use postern_contract::export;
use postern_model::{ExecutionLimits, limits};
use serde_json::Value;
use wasmtime::{Instance, Store};

use crate::config::MEMORY_BYTES;
use crate::engine::Inner;
use crate::journal::EventSource;
use crate::module::Linked;
use crate::run::{Failure, bounded, classify, instantiate, store, unpack};
use crate::sandbox::Sandbox;
use crate::snapshot::Snapshot;
use crate::stop::HostStop;
use crate::{BuildError, InvalidModule};

/// Finds out whether a module can be instantiated, and where its failure cell is.
pub(crate) async fn learn(engine: &Inner, module: &mut Linked) -> Result<(), BuildError> {
    let mut fresh = build_store(engine, &[]);
    let instance = fresh_instance(module, &mut fresh).await?;
    if let Some(global) = instance.get_global(&mut fresh, export::FAILURE) {
        module.failure = global.get(&mut fresh).i32().map(i32::cast_unsigned);
    }
    Ok(())
}

/// What the payload makes of the module: the memory after `postern_init`. `None` when the module has no such function.
pub(crate) async fn snapshot(engine: &Inner, module: &Linked, payload: &[u8]) -> Result<Option<Snapshot>, BuildError> {
    if !module.report.initializes {
        return Ok(None);
    }
    let compiled;
    let payload = if module.report.compiles && !payload.is_empty() {
        compiled = compile(engine, module, payload).await?;
        compiled.as_slice()
    } else {
        payload
    };
    let mut fresh = build_store(engine, payload);
    fresh_instance(module, &mut fresh).await?;
    let mut after = build_store(engine, payload);
    let instance = match init(module, &mut after, payload).await {
        Ok(instance) => instance,
        Err(error) => return Err(failed(&error, module, &after)),
    };
    let mut snapshot = Snapshot::of_memory(image(&fresh), image(&after));
    snapshot.add_globals(module.pre.module(), &instance, &mut after);
    Ok(Some(snapshot))
}

/// A store in which only `log` may be called.
fn build_store(engine: &Inner, payload: &[u8]) -> Store<Sandbox> {
    let own = ExecutionLimits::default();
    // What comes with a payload is a source, which has to be read.
    let fuel = if payload.is_empty() { own.fuel } else { limits::LOAD_FUEL };
    let limits = ExecutionLimits { memory_bytes: MEMORY_BYTES, fuel, ..own };
    let source = EventSource { event: Arc::new(Value::Null), replay: None };
    let deadline = Instant::now() + limits.execution_wall();
    store(engine, Sandbox::new(limits, deadline, Arc::clone(&engine.shared), source, None))
}

async fn fresh_instance(module: &Linked, store: &mut Store<Sandbox>) -> Result<Instance, BuildError> {
    let refused = |error: wasmtime::Error| InvalidModule::Instantiate { detail: bounded(format!("{error:#}")) };
    Ok(instantiate(module, store).await.map_err(refused)?)
}

fn image(store: &Store<Sandbox>) -> &[u8] {
    store.data().memory.map_or(&[], |memory| memory.data(store))
}

fn failed(error: &wasmtime::Error, module: &Linked, store: &Store<Sandbox>) -> BuildError {
    let Failure { status, error } = classify(error, module, store);
    BuildError::Init { status, error }
}

/// Runs `postern_compile` in an instance of its own.
async fn compile(engine: &Inner, module: &Linked, payload: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut store = build_store(engine, payload);
    match compiled(module, &mut store, payload).await {
        Ok(compiled) => Ok(compiled),
        Err(error) => Err(failed(&error, module, &store)),
    }
}

async fn compiled(module: &Linked, store: &mut Store<Sandbox>, payload: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let instance = instantiate(module, store).await?;
    let place = hand_over(&instance, store, payload).await?;
    let compile = instance.get_typed_func::<(i32, i32), i64>(&mut *store, export::COMPILE)?;
    let packed = compile.call_async(&mut *store, place).await?;
    let compiled = unpack(image(store), packed.cast_unsigned());
    Ok(compiled.ok_or(HostStop::BadPointer { what: "what postern_compile gave" })?.to_vec())
}

async fn init(module: &Linked, store: &mut Store<Sandbox>, payload: &[u8]) -> wasmtime::Result<Instance> {
    let instance = instantiate(module, store).await?;
    let place = hand_over(&instance, store, payload).await?;
    instance.get_typed_func::<(i32, i32), ()>(&mut *store, export::INIT)?.call_async(&mut *store, place).await?;
    Ok(instance)
}

/// Writes the payload where the guest wants it; its address and length.
async fn hand_over(instance: &Instance, store: &mut Store<Sandbox>, payload: &[u8]) -> wasmtime::Result<(i32, i32)> {
    let len = i32::try_from(payload.len()).map_err(|_too_long| wasmtime::Error::msg("the payload is too long"))?;
    if len == 0 {
        return Ok((0, 0));
    }
    let place = instance.get_typed_func::<i32, i32>(&mut *store, export::ALLOC)?.call_async(&mut *store, len).await?;
    let memory = store.data().memory.ok_or_else(|| wasmtime::Error::msg("no memory"))?;
    let start = place.cast_unsigned() as usize;
    let target = memory.data_mut(&mut *store).get_mut(start..).and_then(|rest| rest.get_mut(..payload.len()));
    target.ok_or(HostStop::BadPointer { what: "what postern_alloc gave" })?.copy_from_slice(payload);
    Ok((place, len))
}
