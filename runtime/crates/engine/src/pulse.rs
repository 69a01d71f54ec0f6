//! The ticker: advances the epoch, so that a busy guest gives its thread to others and meets its deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use wasmtime::EngineWeak;

/// How long a busy guest keeps its thread, and how late its wall clock limit may strike.
const TICK: Duration = Duration::from_millis(2);
/// Ticks without a sign of life after which the ticker sleeps, so that an idle server is idle.
const IDLE_TICKS: u32 = 500;

/// Tells the ticker that something runs.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    beating: AtomicBool,
    asleep: AtomicBool,
    stop: AtomicBool,
}

/// The ticker's thread. Ends with its engine, which waits for it.
#[derive(Debug)]
pub(crate) struct Ticker {
    pulse: Arc<Pulse>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> std::io::Result<Self> {
        let pulse = Arc::new(Pulse::default());
        let heard = Arc::clone(&pulse);
        let tick = move || heard.tick_until_stopped(&engine);
        let thread = std::thread::Builder::new().name("postern-ticker".to_owned()).spawn(tick)?;
        Ok(Self { pulse, thread: Some(thread) })
    }

    /// To be called when guest code begins to run, and at each tick that it lives to see.
    pub(crate) fn beat(&self) {
        if self.pulse.beating.load(Ordering::Relaxed) {
            // The ticker is awake for many more ticks.
            return;
        }
        self.pulse.beating.store(true, Ordering::SeqCst);
        if self.pulse.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.thread.as_ref().map(JoinHandle::thread)
        {
            Thread::unpark(thread);
        }
    }
}

impl Pulse {
    fn tick_until_stopped(&self, engine: &EngineWeak) {
        let mut idle = 0;
        while !self.stop.load(Ordering::Acquire) {
            if idle < IDLE_TICKS {
                std::thread::park_timeout(TICK);
            } else {
                // Either we see the beat here, or who beats sees us asleep and wakes us.
                self.asleep.store(true, Ordering::SeqCst);
                if !self.beating.load(Ordering::SeqCst) && !self.stop.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
            }
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
            idle = if self.beating.swap(false, Ordering::SeqCst) { 0 } else { idle.saturating_add(1) };
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.pulse.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only fails if the thread panicked, and there is nothing left to save then.
            let _ = thread.join();
        }
    }
}
