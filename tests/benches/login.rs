//! Logins a second, ratios first: durable logins in process beside bare store writes, and logins over HTTP beside a
//! bare axum echo of the same sizes.
//!
//! `cargo bench --package postern-e2e --bench login`; `POSTERN_BENCH_SECONDS` sets the length of a measurement (2),
//! `POSTERN_BENCH_ROUNDS` how often each pair is measured, in turn (3).
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints its figures and fails by panicking"
)]

#[path = "login/http.rs"]
mod http;
#[path = "login/in_process.rs"]
mod in_process;
#[path = "login/load.rs"]
mod load;
#[path = "login/recorder.rs"]
mod recorder;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == http::ECHO_ARGUMENT) {
        return http::serve_echo(&arguments);
    }
    // `cargo test --benches` runs this binary too: it must then only prove that it works.
    let settings = load::Settings::read(!arguments.iter().any(|argument| argument == "--bench"));
    in_process::run(&settings);
    http::run(&settings);
}
