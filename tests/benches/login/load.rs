//! Measuring: so many tasks at once, for so long; pairs in turn, so that both meet the same noise.

use std::time::{Duration, Instant};

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Length of one measurement.
    pub(crate) duration: Duration,
    /// How often each pair is measured.
    pub(crate) rounds: usize,
}

impl Settings {
    /// From the environment; as short as can be when only `smoke` is wanted.
    pub(crate) fn read(smoke: bool) -> Self {
        let number = |variable: &str, otherwise: f64| {
            std::env::var(variable).ok().map_or(otherwise, |text| text.parse().expect("a number"))
        };
        if smoke {
            return Self { duration: Duration::from_millis(100), rounds: 1 };
        }
        let rounds = number("POSTERN_BENCH_ROUNDS", 3.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful")]
        let rounds = rounds.max(1.0) as usize;
        Self { duration: Duration::from_secs_f64(number("POSTERN_BENCH_SECONDS", 2.0)), rounds }
    }
}

/// What one measurement gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Calls `work(task, turn)` in `tasks` tasks, each one call after the other, until the time is over.
pub(crate) async fn measure<F, W>(tasks: usize, duration: Duration, work: W) -> Rate
where
    W: Fn(usize, u64) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let begin = Instant::now();
    let mut running = Vec::new();
    for task in 0..tasks {
        let work = work.clone();
        running.push(tokio::spawn(async move {
            let mut took = Vec::new();
            let mut turn = 0;
            while begin.elapsed() < duration {
                let start = Instant::now();
                work(task, turn).await;
                took.push(start.elapsed());
                turn += 1;
            }
            took
        }));
    }
    let mut took = Vec::new();
    for task in running {
        took.extend(task.await.expect("no call failed"));
    }
    let elapsed = begin.elapsed();
    took.sort();
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let per_second = took.len() as f64 / elapsed.as_secs_f64();
    Rate { per_second, p50: took[took.len() / 2], p99: took[took.len() * 99 / 100] }
}

/// The middle one of some ratios.
pub(crate) fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Prints one line: the ratio of each round's pair, then the figures of the last round.
pub(crate) fn report(what: &str, tasks: usize, pairs: &[(Rate, Rate)], names: (&str, &str)) {
    let ratio = median(pairs.iter().map(|(ours, bare)| ours.per_second / bare.per_second).collect());
    let Some((ours, bare)) = pairs.last() else { return };
    println!(
        "{what}, {tasks:2} at once: {ratio:.3} x   [{}: {:.0}/s p50 {:?} p99 {:?}; {}: {:.0}/s p50 {:?} p99 {:?}]",
        names.0, ours.per_second, ours.p50, ours.p99, names.1, bare.per_second, bare.p50, bare.p99,
    );
}
