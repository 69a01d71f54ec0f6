//! Everything that belongs to one run inside wasmtime's store: made for the run, dropped after it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use postern_model::{ExecutionLimits, JournalCall, LogLevel, LogLine};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;
use wasmtime::{Memory, ResourceLimiter};

use crate::capability::crypto::CryptoThreads;
use crate::capability::http::HttpClient;
use crate::journal::{EventSource, Recorder, Secrets};
use crate::pulse::Ticker;
use crate::stop::HostStop;
use crate::validate::TABLE_ELEMENTS;
use crate::{Directory, EgressPolicy, TriggerCache};

/// Bodies that all host calls of a run may receive together, bytes.
const HOST_BYTES: usize = 8 * 1024 * 1024;
/// What a log line costs beside its text, so that empty lines end too.
const LOG_LINE_BYTES: usize = 16;

/// What the outside gives to a run.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) now_ms: i64,
    pub(crate) seed: [u8; 32],
    pub(crate) egress: EgressPolicy,
    pub(crate) cache: Arc<TriggerCache>,
    pub(crate) directory: Directory,
    /// Answers of an earlier attempt; each is given once.
    pub(crate) earlier: Vec<Option<JournalCall>>,
}

/// What all runs share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) http: HttpClient,
    pub(crate) ticker: Ticker,
    pub(crate) crypto: CryptoThreads,
}

/// The store data of one run.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) limits: ExecutionLimits,
    pub(crate) deadline: Instant,
    pub(crate) shared: Arc<Shared>,
    pub(crate) guard: MemoryGuard,
    pub(crate) memory: Option<Memory>,
    pub(crate) source: EventSource,
    /// `None` while `postern_init` runs.
    pub(crate) outside: Option<Outside>,
    pub(crate) journal: Recorder,
    pub(crate) logs: LogTail,
    pub(crate) calls: Calls,
    /// Texts on their way to the guest; kept to spare allocations.
    pub(crate) scratch: Vec<u8>,
    rng: Option<ChaCha20Rng>,
    secrets: Option<Secrets>,
}

impl Sandbox {
    pub(crate) fn new(
        limits: ExecutionLimits,
        deadline: Instant,
        shared: Arc<Shared>,
        source: EventSource,
        outside: Option<Outside>,
    ) -> Self {
        Self {
            limits,
            deadline,
            shared,
            guard: MemoryGuard { limit: limits.memory_bytes, peak: 0, refused: false },
            memory: None,
            source,
            outside,
            journal: Recorder::default(),
            logs: LogTail { left: limits.log_bytes, ..LogTail::default() },
            calls: Calls::default(),
            scratch: Vec::new(),
            rng: None,
            secrets: None,
        }
    }

    /// What the outside gives, which `postern_init` may not ask for.
    pub(crate) fn outside(&mut self, import: &'static str) -> Result<&mut Outside, HostStop> {
        self.outside.as_mut().ok_or(HostStop::NotInInit { import })
    }

    pub(crate) fn rng(&mut self) -> Result<&mut ChaCha20Rng, HostStop> {
        let seed = self.outside(postern_contract::import::RANDOM)?.seed;
        Ok(self.rng.get_or_insert_with(|| ChaCha20Rng::from_seed(seed)))
    }

    pub(crate) fn secrets(&mut self) -> &Secrets {
        self.secrets.get_or_insert_with(|| Secrets::of(&self.source.event))
    }

    pub(crate) fn take_secrets(&mut self) -> Secrets {
        self.secrets();
        self.secrets.take().unwrap_or_default()
    }

    /// The lines logged, secrets taken out, and a last one that tells what was dropped.
    pub(crate) fn take_logs(&mut self) -> Vec<LogLine> {
        let LogTail { mut lines, dropped, .. } = std::mem::take(&mut self.logs);
        if !lines.is_empty() {
            let secrets = self.secrets();
            lines.iter_mut().for_each(|line| secrets.redact_text(&mut line.message));
        }
        if dropped > 0 {
            let message =
                format!("{dropped} log lines were cut or dropped: {} bytes a run are kept", self.limits.log_bytes);
            lines.push(LogLine { level: LogLevel::Warn, message });
        }
        lines
    }
}

/// Holds a run to its memory and table limits, and remembers how far it went.
#[derive(Debug)]
pub(crate) struct MemoryGuard {
    limit: usize,
    pub(crate) peak: usize,
    /// Whether it ever asked for more than it may have.
    pub(crate) refused: bool,
}

impl ResourceLimiter for MemoryGuard {
    fn memory_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= self.limit && maximum.is_none_or(|maximum| desired <= maximum);
        if granted {
            self.peak = self.peak.max(desired);
        }
        self.refused |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= TABLE_ELEMENTS as usize && maximum.is_none_or(|maximum| desired <= maximum);
        self.refused |= !granted;
        Ok(granted)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

/// The first log lines of a run, up to its limit.
#[derive(Debug, Default)]
pub(crate) struct LogTail {
    lines: Vec<LogLine>,
    left: usize,
    dropped: u64,
}

impl LogTail {
    pub(crate) fn push(&mut self, level: LogLevel, text: &[u8]) {
        let Some(room) = self.left.checked_sub(LOG_LINE_BYTES) else {
            self.dropped += 1;
            return;
        };
        let cut = text.len() > room;
        let message = String::from_utf8_lossy(text.get(..room).unwrap_or(text)).into_owned();
        self.left = if cut { 0 } else { room.saturating_sub(message.len()) };
        self.dropped += u64::from(cut);
        self.lines.push(LogLine { level, message });
    }
}

/// A host call that is under way: ends with its id and its answer.
pub(crate) type Pending = BoxFuture<'static, (usize, Value)>;

/// Host calls that are not yet awaited.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Done, in the order in which `call_wait` gives them.
    pub(crate) ready: VecDeque<i32>,
    /// Made with the first call that takes time.
    pub(crate) pending: Option<FuturesUnordered<Pending>>,
    /// What is left of [`HOST_BYTES`]; made with the first call.
    budget: Option<Arc<AtomicUsize>>,
    /// Of the calls made, those of `crypto.*`: they have a limit of their own.
    pub(crate) crypto: usize,
    /// Bytes of calls made.
    pub(crate) sent: usize,
    /// Bytes of answers taken.
    pub(crate) received: u64,
}

impl Calls {
    /// What is left for the bodies that all calls of the run receive.
    pub(crate) fn budget(&mut self) -> Arc<AtomicUsize> {
        Arc::clone(self.budget.get_or_insert_with(|| Arc::new(AtomicUsize::new(HOST_BYTES))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_logs() {
        let mut tail = LogTail { left: 100, ..LogTail::default() };
        tail.push(LogLevel::Info, b"short");
        tail.push(LogLevel::Info, &[b'x'; 200]);
        tail.push(LogLevel::Info, b"");
        assert_eq!(tail.lines.len(), 2);
        assert_eq!(tail.lines[1].message.len(), 100 - 16 - 5 - 16);
        assert_eq!(tail.dropped, 2);
        let mut tail = LogTail { left: 100, ..LogTail::default() };
        (0..1000).for_each(|_| tail.push(LogLevel::Info, b""));
        assert_eq!((tail.lines.len(), tail.dropped), (6, 994));
    }
}
