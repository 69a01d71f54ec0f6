//! One run: what goes in, what comes out, and the way between.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_contract::{GuestError, Mutation, RunResult};
use postern_model::execution::RunErrorText;
use postern_model::{ExecutionLimits, Journal, JournalCall, LogLine, RunStatus, TenantId, Usage};
use serde_json::Value;
use wasmtime::{Extern, Instance, Store, Trap, UpdateDeadline, WasmBacktrace};

use crate::engine::Inner;
use crate::journal::{EventSource, Replay, seed_of};
use crate::module::Linked;
use crate::sandbox::{Outside, Sandbox};
use crate::stop::HostStop;
use crate::validate::TABLE_ELEMENTS;
use crate::{Directory, EgressPolicy, Program, TriggerCache};

/// Which of an action's functions is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `on_execute_post_login`
    Execute,
    /// `on_continue_post_login`, after a suspension.
    Continue,
    /// `on_execute_credentials_exchange`
    CredentialsExchange,
}

/// Everything a run depends on.
#[derive(Debug, Clone)]
pub struct RunInput {
    /// Whose run it is.
    pub tenant: TenantId,
    /// Which function.
    pub entry: Entry,
    /// The event; what is under `/secrets` never enters the journal.
    pub event: Arc<Value>,
    /// What the run may use.
    pub limits: ExecutionLimits,
    /// When the whole trigger execution is out of time.
    pub deadline: Instant,
    /// What `now` answers, ms since the epoch.
    pub now_ms: i64,
    /// Seed of `random`.
    pub seed: [u8; 32],
    /// Which hosts the run may reach.
    pub egress: EgressPolicy,
    /// The cache of the tenant's trigger; a dry run gets one of its own.
    pub cache: Arc<TriggerCache>,
    /// Roles and groups of the user.
    pub directory: Directory,
    /// Answers of an earlier attempt of the same login, given again to equal calls.
    pub earlier: Vec<JournalCall>,
    /// Makes the run again from its journal: time, seed, event and answers come from there (`/secrets` from the event).
    pub replay: Option<Journal>,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// How it ended.
    pub status: RunStatus,
    /// The changes asked for; empty unless the status is `ok`.
    pub mutations: Vec<Mutation>,
    /// Why it failed, for the author; `None` when the status is `ok`.
    pub error: Option<RunErrorText>,
    /// What it logged.
    pub logs: Vec<LogLine>,
    /// What it used.
    pub usage: Usage,
    /// Every outside answer it got.
    pub journal: Journal,
    /// In a replay: how the run differed from its journal, if it did.
    pub divergence: Option<String>,
}

/// Whose fault the end of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The action's.
    Guest,
    /// Ours.
    Host,
}

/// Says whose fault an end is.
pub trait StatusBlame {
    /// `None` when there is no fault.
    fn blame(&self) -> Option<Blame>;
}

impl StatusBlame for RunStatus {
    fn blame(&self) -> Option<Blame> {
        match self {
            Self::Ok => None,
            Self::HostFault => Some(Blame::Host),
            Self::Deadline | Self::OutOfFuel | Self::OutOfMemory | Self::Trap | Self::GuestError | Self::BadResult => {
                Some(Blame::Guest)
            }
        }
    }
}

/// Text that a failure cell may point to, bytes.
const FAILURE_BYTES: usize = 64 * 1024;
/// Text of an error that is kept, bytes.
const ERROR_BYTES: usize = 8 * 1024;
/// Frames of a trap's stack that are kept.
const FRAMES: usize = 16;

/// How a run ended, if not well.
pub(crate) struct Failure {
    pub(crate) status: RunStatus,
    pub(crate) error: RunErrorText,
}

impl Failure {
    fn new(status: RunStatus, name: &str, message: impl Into<String>) -> Self {
        Self { status, error: RunErrorText { name: name.to_owned(), message: message.into(), stack: None } }
    }
}

impl From<GuestError> for Failure {
    fn from(GuestError { name, message, stack }: GuestError) -> Self {
        let error = RunErrorText { name: bounded(name), message: bounded(message), stack: stack.map(bounded) };
        Self { status: RunStatus::GuestError, error }
    }
}

pub(crate) fn bounded(mut text: String) -> String {
    if text.len() > ERROR_BYTES {
        text.truncate(text.floor_char_boundary(ERROR_BYTES));
        text.push('…');
    }
    text
}

/// Makes a run in a sandbox of its own.
pub(crate) async fn run(engine: &Inner, program: &Program, input: RunInput) -> RunReport {
    let started = Instant::now();
    let (entry, deadline) = (input.entry, input.deadline);
    let (sandbox, bad_seed) = sandbox(engine, input);
    let mut store = store(engine, sandbox);
    let mut cpu = Duration::ZERO;
    let end = if started < deadline {
        timed(call(program, entry, &mut store), &mut cpu, started).await
    } else {
        Err(Stopped::By(HostStop::Deadline.into()))
    };
    let end = match end {
        Ok(packed) => decode_result(&store, packed),
        Err(Stopped::NotThere) => {
            Err(Failure::new(RunStatus::HostFault, "HostFault", "the action has no function for this"))
        }
        Err(Stopped::By(error)) => Err(classify(&error, &program.module, &store)),
    };
    let usage = Usage { cpu_us: micros(cpu), ..Usage::default() };
    finish(store, end, usage, started, bad_seed)
}

/// The sandbox of a run, and whether the seed of the journal to replay is none.
fn sandbox(engine: &Inner, input: RunInput) -> (Sandbox, bool) {
    let RunInput { event, limits, deadline, mut now_ms, mut seed, egress, cache, directory, earlier, replay, .. } =
        input;
    let mut bad_seed = false;
    if let Some(journal) = &replay {
        now_ms = journal.now_ms;
        let journaled = seed_of(&journal.seed);
        bad_seed = journaled.is_none();
        seed = journaled.unwrap_or(seed);
    }
    let replay = replay.map(|journal| Replay::new(journal, &event));
    let earlier = earlier.into_iter().map(Some).collect();
    let outside = Outside { now_ms, seed, egress, cache, directory, earlier };
    let source = EventSource { event, replay };
    (Sandbox::new(limits, deadline, Arc::clone(&engine.shared), source, Some(outside)), bad_seed)
}

/// Drops the sandbox, and tells what came of the run.
fn finish(
    mut store: Store<Sandbox>,
    end: Result<Vec<Mutation>, Failure>,
    usage: Usage,
    started: Instant,
    bad_seed: bool,
) -> RunReport {
    let fuel_left = store.get_fuel().unwrap_or_default();
    let logs = store.data_mut().take_logs();
    let mut end = end;
    if let Err(failure) = &mut end {
        let secrets = store.data_mut().secrets();
        let RunErrorText { name, message, stack } = &mut failure.error;
        [name, message].into_iter().chain(stack.as_mut()).for_each(|text| secrets.redact_text(text));
    }
    let journal = std::mem::take(&mut store.data_mut().journal);
    let secrets = (journal.calls() > 0).then(|| store.data_mut().take_secrets());
    let Sandbox { limits, guard, calls, source, outside, .. } = store.into_data();
    let usage = Usage {
        fuel: limits.fuel.saturating_sub(fuel_left),
        memory_bytes: guard.peak as u64,
        duration_us: micros(started.elapsed()),
        host_calls: u32::try_from(journal.calls()).unwrap_or(u32::MAX),
        host_bytes: calls.received,
        ..usage
    };
    let (now_ms, seed) = outside.map_or((0, [0; 32]), |outside| (outside.now_ms, outside.seed));
    let mut journal = journal.finish(now_ms, &seed);
    if let Some(secrets) = secrets {
        journal.calls.iter_mut().for_each(|call| secrets.redact_answer(call));
    }
    let divergence = source.replay.and_then(|replay| {
        let stopped = end.as_ref().err().filter(|failure| failure.status == RunStatus::HostFault);
        let seed = bad_seed.then(|| "the journal's seed is not 64 hex digits".to_owned());
        seed.or_else(|| stopped.map(|failure| failure.error.message.clone())).or_else(|| replay.compare(&journal))
    });
    let (status, mutations, error) = match end {
        Ok(mutations) => (RunStatus::Ok, mutations, None),
        Err(Failure { status, error }) => (status, Vec::new(), Some(error)),
    };
    RunReport { status, mutations, error, logs, usage, journal, divergence }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A store with both meters on.
pub(crate) fn store(engine: &Inner, sandbox: Sandbox) -> Store<Sandbox> {
    let fuel = sandbox.limits.fuel;
    let mut store = Store::new(&engine.wasmtime, sandbox);
    store.limiter(|sandbox| &mut sandbox.guard);
    // Fuel is on in our configuration, which is the only reason for which this could fail.
    let _ = store.set_fuel(fuel);
    store.data().shared.ticker.beat();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        store.data().shared.ticker.beat();
        if Instant::now() < store.data().deadline {
            // Tokio's own way to yield: it looks for input and output before it comes back to us.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        } else {
            Ok(UpdateDeadline::Interrupt)
        }
    });
    store
}

/// Why there is no result.
enum Stopped {
    /// The function is not exported.
    NotThere,
    By(wasmtime::Error),
}

impl From<wasmtime::Error> for Stopped {
    fn from(error: wasmtime::Error) -> Self {
        Self::By(error)
    }
}

async fn call(program: &Program, entry: Entry, store: &mut Store<Sandbox>) -> Result<i64, Stopped> {
    let function = match entry {
        Entry::Execute => &program.module.exports.execute,
        Entry::Continue => &program.module.exports.resume,
        Entry::CredentialsExchange => &program.module.exports.exchange,
    };
    let function = function.as_ref().ok_or(Stopped::NotThere)?;
    let instance = instantiate(&program.module, store).await?;
    if let Some(snapshot) = &program.snapshot
        && let Some(memory) = store.data().memory
    {
        snapshot.restore(store, &instance, memory)?;
    }
    let function =
        instance.get_module_export(&mut *store, function).and_then(Extern::into_func).ok_or(Stopped::NotThere)?;
    Ok(function.typed::<(), i64>(&*store)?.call_async(store, ()).await?)
}

pub(crate) async fn instantiate(module: &Linked, store: &mut Store<Sandbox>) -> wasmtime::Result<Instance> {
    let instance = module.pre.instantiate_async(&mut *store).await?;
    let memory = instance.get_module_export(&mut *store, &module.exports.memory).and_then(Extern::into_memory);
    store.data_mut().memory = memory;
    Ok(instance)
}

/// Adds the time spent inside of polls: waiting for an answer is not work. `now` is when the first begins.
async fn timed<T>(work: impl Future<Output = T>, cpu: &mut Duration, now: Instant) -> T {
    let mut work = std::pin::pin!(work);
    let mut first = Some(now);
    std::future::poll_fn(|context| {
        let started = first.take().unwrap_or_else(Instant::now);
        let poll = work.as_mut().poll(context);
        *cpu += started.elapsed();
        poll
    })
    .await
}

/// The bytes that `ptr << 32 | len` names, if they are in the memory.
pub(crate) fn unpack(memory: &[u8], packed: u64) -> Option<&[u8]> {
    let (start, len) = (usize::try_from(packed >> 32).ok()?, usize::try_from(packed & u64::from(u32::MAX)).ok()?);
    memory.get(start..start.checked_add(len)?)
}

fn decode_result(store: &Store<Sandbox>, packed: i64) -> Result<Vec<Mutation>, Failure> {
    let bad = |message: String| Failure::new(RunStatus::BadResult, "BadResult", bounded(message));
    let limits = &store.data().limits;
    let memory = store.data().memory.map_or(&[][..], |memory| memory.data(store));
    let len = packed.cast_unsigned() & u64::from(u32::MAX);
    if len > limits.result_bytes as u64 {
        return Err(bad(format!("the result is {len} bytes, at most {} are allowed", limits.result_bytes)));
    }
    let Some(text) = unpack(memory, packed.cast_unsigned()) else {
        return Err(bad("the result is outside of the guest's memory".to_owned()));
    };
    let text = std::str::from_utf8(text).map_err(|error| bad(format!("the result is not UTF-8: {error}")))?;
    let result = serde_json::from_str(text).map_err(|error| bad(format!("the result is not legal: {error}")))?;
    match result {
        RunResult::Error(error) => Err(error.into()),
        RunResult::Mutations(mutations) if mutations.len() > limits.mutations => {
            Err(bad(format!("the result has {} mutations, at most {} are allowed", mutations.len(), limits.mutations)))
        }
        RunResult::Mutations(mutations) => Ok(mutations),
    }
}

/// What an error of wasmtime means.
pub(crate) fn classify(error: &wasmtime::Error, module: &Linked, store: &Store<Sandbox>) -> Failure {
    if let Some(stop) = error.downcast_ref::<HostStop>() {
        let status = match stop {
            HostStop::Deadline => RunStatus::Deadline,
            HostStop::Diverged(_) => RunStatus::HostFault,
            HostStop::BadPointer { .. }
            | HostStop::NotUtf8 { .. }
            | HostStop::CallLimit { .. }
            | HostStop::ReadLimit { .. }
            | HostStop::NotInInit { .. } => RunStatus::Trap,
        };
        return Failure::new(status, stop.name(), stop.to_string());
    }
    let sandbox = store.data();
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            let limit = sandbox.limits.fuel;
            Failure::new(RunStatus::OutOfFuel, "OutOfFuel", format!("the fuel limit of {limit} is used up"))
        }
        Some(Trap::Interrupt) => Failure::new(RunStatus::Deadline, "Deadline", HostStop::Deadline.to_string()),
        Some(trap) => match failure_cell(module, store) {
            Some(told) => told.into(),
            None if sandbox.guard.refused => out_of_memory(sandbox),
            None => {
                let mut failure = Failure::new(RunStatus::Trap, "Trap", trap.to_string());
                failure.error.stack = error.downcast_ref::<WasmBacktrace>().map(stack);
                failure
            }
        },
        None if sandbox.guard.refused => out_of_memory(sandbox),
        None => {
            tracing::error!(module.sha256 = %module.sha256, error = format!("{error:#}"), "a run failed by our fault");
            Failure::new(RunStatus::HostFault, "HostFault", "the host could not make the run")
        }
    }
}

fn out_of_memory(sandbox: &Sandbox) -> Failure {
    let limit = sandbox.limits.memory_bytes;
    let message = format!("more memory or table was asked for than allowed ({limit} bytes, {TABLE_ELEMENTS} elements)");
    Failure::new(RunStatus::OutOfMemory, "OutOfMemory", message)
}

/// The error that a guest left in its failure cell before it trapped: how a panic is reported.
fn failure_cell(module: &Linked, store: &Store<Sandbox>) -> Option<GuestError> {
    let memory = store.data().memory?.data(store);
    let start = module.failure? as usize;
    let cell = memory.get(start..)?.first_chunk::<8>()?;
    let packed = u64::from_le_bytes(*cell);
    let text = unpack(memory, packed).filter(|text| packed != 0 && text.len() <= FAILURE_BYTES)?;
    serde_json::from_slice(text).ok()
}

fn stack(trace: &WasmBacktrace) -> String {
    let frames = trace.frames().iter().take(FRAMES).map(|frame| match frame.func_name() {
        Some(name) => format!("at {name}"),
        None => format!("at function {}", frame.func_index()),
    });
    bounded(frames.collect::<Vec<_>>().join("\n"))
}
