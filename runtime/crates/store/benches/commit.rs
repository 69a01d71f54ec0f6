//! Durable commits a second at 1, 8 and 64 writers, and how long one takes. `POSTERN_BENCH_SECONDS` sets how long each
//! is measured, `POSTERN_BENCH_DIR` where.

#![expect(clippy::print_stdout, reason = "prints what it measures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use std::sync::Arc;
use std::time::Duration;

use postern_store::bench::{Workload, run};
use postern_store::{SledConfig, SledStore, Store};

fn main() {
    let seconds = std::env::var("POSTERN_BENCH_SECONDS").map_or(3.0, |seconds| seconds.parse().unwrap());
    let dir = std::env::var("POSTERN_BENCH_DIR").map_or_else(|_| std::env::temp_dir(), Into::into);
    let folder = tempfile::tempdir_in(dir).unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(folder.path(), SledConfig::default()).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{:<6} {:>7} {:>10} {:>9} {:>9}", "what", "writers", "commits/s", "p50 ms", "p99 ms");
    for workload in [Workload::Put, Workload::Login] {
        for writers in [1, 8, 64] {
            let lasting = Duration::from_secs_f64(seconds);
            let measured = runtime.block_on(run(&store, workload, writers, lasting)).unwrap();
            let (p50, p99) = (measured.p50.as_secs_f64() * 1e3, measured.p99.as_secs_f64() * 1e3);
            let name = format!("{workload:?}").to_lowercase();
            println!("{name:<6} {writers:>7} {:>10.0} {p50:>9.2} {p99:>9.2}", measured.commits_per_second);
        }
    }
}
