//! What a run costs, as ratios of one interleaved run:
//!
//! * native code that parses the event, against the engine with a fresh sandbox, for 2 KB and 16 KB events;
//! * bare wasmtime doing the same, against the engine;
//! * two threads against one;
//! * what a neighbor of hostile guests waits;
//! * memory for each program loaded.
//!
//! `cargo bench -p postern-engine --bench run -- [--guest FILE.wasm] [--programs N] [--quick] [--steady N]`
//!
//! `--steady N` only makes N runs after a warm-up and tells the page faults among them; for the system calls, take the
//! difference between two lengths:
//! `for n in 1000 11000; do strace -f -c -e trace=madvise,mprotect,mmap,munmap,ioctl BENCH --steady $n; done`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark that fails may stop, and its output is its result"
)]

#[path = "run/threads.rs"]
mod threads;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_contract::{Mutation, RunResult};
use postern_engine::{Directory, EgressPolicy, Engine, EngineConfig, Entry, Program, RunInput, TriggerCache};
use postern_model::{ExecutionLimits, RunStatus};
use serde::Deserialize;
use serde_json::{Value, json};

/// Runs timed together: long enough for the clock, short enough to interleave.
const BATCH: u32 = 200;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let options = Options::parse();
    let wasm = options.guest();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let Some(runs) = options.steady {
        runtime.block_on(steady(&wasm, runs));
        return;
    }
    let rounds = if options.quick { 5 } else { 60 };
    runtime.block_on(costs(&wasm, rounds));
    threads::run(&wasm, if options.quick { 1 } else { 7 });
    neighbor(&wasm, Duration::from_millis(if options.quick { 200 } else { 2_000 }));
    runtime.block_on(memory(&wasm, options.programs.unwrap_or(if options.quick { 20 } else { 1_000 })));
}

#[derive(Default)]
struct Options {
    guest: Option<String>,
    programs: Option<usize>,
    steady: Option<u64>,
    quick: bool,
}

impl Options {
    fn parse() -> Self {
        let mut options = Self { guest: std::env::var("POSTERN_GUEST").ok(), ..Self::default() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--guest" => options.guest = arguments.next(),
                "--programs" => options.programs = arguments.next().map(|n| n.parse().unwrap()),
                "--steady" => options.steady = arguments.next().map(|n| n.parse().unwrap()),
                "--quick" | "--test" => options.quick = true,
                // Cargo's own.
                _ => {}
            }
        }
        options
    }

    fn guest(&self) -> Arc<[u8]> {
        match &self.guest {
            Some(path) => std::fs::read(path).unwrap().into(),
            None => wat::parse_str(include_str!("two_reads.wat")).unwrap().into(),
        }
    }
}

/// An event of about so many bytes of JSON.
fn event(bytes: usize) -> Value {
    let mut event = json!({
        "authentication": {"methods": [{"name": "pwd", "timestamp": "2026-11-25T06:00:00.000Z"}]},
        "client": {"client_id": "AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPp", "name": "Shop", "metadata": {"tier": "gold"}},
        "connection": {"id": "con_0123456789abcdef", "name": "Username-Password-Authentication", "strategy": "auth0",
            "metadata": {}},
        "request": {
            "ip": "203.0.113.7", "hostname": "login.example.com", "language": "en", "method": "GET", "asn": "64496",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
            "geoip": {"continentCode": "EU", "countryCode": "DE", "countryCode3": "DEU", "countryName": "Germany",
                "cityName": "Berlin", "latitude": 52.52, "longitude": 13.405, "timeZone": "Europe/Berlin"},
            "query": {"scope": "openid profile email", "response_type": "code", "state": "q8Zk0",
                "redirect_uri": "https://shop.example.com/callback", "nonce": "n-0S6_WzA2Mj"}, "body": {}
        },
        "authorization": {"roles": ["buyer", "beta"]},
        "stats": {"logins_count": 41},
        "tenant": {"id": "default"},
        "transaction": {"protocol": "oidc-basic-profile", "requested_scopes": ["openid", "profile", "email"],
            "acr_values": [], "ui_locales": [], "redirect_uri": "https://shop.example.com/callback", "metadata": {}},
        "user": {
            "user_id": "auth0|5f7c8ec7c33c6c004bbafe82", "email": "ann@example.com", "email_verified": true,
            "name": "Ann Example", "nickname": "ann", "given_name": "Ann", "family_name": "Example",
            "picture": "https://cdn.example.com/avatars/an.png", "created_at": "2025-01-01T00:00:00.000Z",
            "updated_at": "2026-11-24T09:30:00.000Z", "multifactor": [],
            "app_metadata": {"plan": "premium"}, "user_metadata": {"color": "blue"},
            "identities": [{"provider": "auth0", "connection": "Username-Password-Authentication",
                "user_id": "5f7c8ec7c33c6c004bbafe82", "isSocial": false}]
        }
    });
    for n in 0.. {
        let missing = bytes.saturating_sub(event.to_string().len());
        if missing < 50 {
            break;
        }
        event["user"]["app_metadata"][format!("order_{n}")] =
            json!({"sku": format!("A-{n}"), "count": n % 7, "paid": true});
    }
    event
}

/// What native code needs of the event, as an author would write it.
#[derive(Deserialize)]
struct Wanted {
    request: WantedRequest,
    user: WantedUser,
}

#[derive(Deserialize)]
struct WantedRequest {
    ip: String,
}

#[derive(Deserialize)]
struct WantedUser {
    app_metadata: WantedMetadata,
}

#[derive(Deserialize)]
struct WantedMetadata {
    plan: String,
}

fn native(event: &[u8]) -> Vec<Mutation> {
    let wanted: Wanted = serde_json::from_slice(event).unwrap();
    vec![
        Mutation::UserSetAppMetadata { key: "last_ip".into(), value: Some(wanted.request.ip.into()) },
        Mutation::IdTokenSetCustomClaim {
            key: "https://example.com/plan".into(),
            value: Some(wanted.user.app_metadata.plan.into()),
        },
        Mutation::UserSetUserMetadata { key: "greeted".into(), value: Some(true.into()) },
    ]
}

/// The same for all: what the mutations ask for, done to a login held as a `Value`.
fn apply(login: &mut Value, mutations: Vec<Mutation>) {
    for mutation in mutations {
        let (part, key, value) = match mutation {
            Mutation::UserSetAppMetadata { key, value } => ("app_metadata", key, value.unwrap_or_default()),
            Mutation::UserSetUserMetadata { key, value } => ("user_metadata", key, value.unwrap_or_default()),
            Mutation::IdTokenSetCustomClaim { key, value } => ("id_token", key, value.unwrap_or_default()),
            other => ("other", other.type_name().into(), Value::Null),
        };
        login[part][key.into_text()] = value;
    }
}

fn login() -> Value {
    json!({"app_metadata": {}, "user_metadata": {}, "id_token": {}, "other": {}})
}

fn engine() -> Engine {
    Engine::new(EngineConfig { program_bytes: usize::MAX, ..EngineConfig::default() }).unwrap()
}

/// What all runs of one login share.
#[derive(Clone)]
struct Login {
    engine: Engine,
    program: Arc<Program>,
    input: RunInput,
}

impl Login {
    async fn new(engine: &Engine, wasm: &Arc<[u8]>, event: Value) -> Self {
        let input = RunInput {
            tenant: "default".parse().unwrap(),
            entry: Entry::Execute,
            event: Arc::new(event),
            limits: ExecutionLimits::default(),
            deadline: Instant::now(),
            now_ms: 1_764_000_000_000,
            seed: [7; 32],
            egress: EgressPolicy::Public,
            cache: Arc::new(TriggerCache::new()),
            directory: Directory::default(),
            earlier: Vec::new(),
            replay: None,
        };
        Self { engine: engine.clone(), program: engine.build(wasm, &[]).await.unwrap(), input }
    }

    async fn run(&self, login: &mut Value) {
        let input = RunInput { deadline: Instant::now() + Duration::from_secs(20), ..self.input.clone() };
        let report = self.engine.run(&self.program, input).await.unwrap();
        assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
        apply(login, report.mutations);
    }
}

/// Wasmtime with the same pool, and nothing else of ours: no metering, no limits, no journal, no fiber.
struct Bare {
    pre: wasmtime::InstancePre<BareState>,
    engine: wasmtime::Engine,
}

struct BareState {
    event: Arc<Value>,
    memory: Option<wasmtime::Memory>,
    scratch: Vec<u8>,
}

impl Bare {
    fn new(wasm: &[u8]) -> Self {
        let mut pool = wasmtime::PoolingAllocationConfig::new();
        pool.total_core_instances(264)
            .total_memories(264)
            .total_tables(264)
            .max_memory_size(64 << 20)
            .max_core_instance_size(4 << 20)
            .linear_memory_keep_resident(8 << 20)
            .table_keep_resident(64 << 10)
            .pagemap_scan(wasmtime::Enabled::Auto);
        let mut config = wasmtime::Config::new();
        config
            .concurrency_support(false)
            .gc_support(false)
            .allocation_strategy(wasmtime::InstanceAllocationStrategy::Pooling(pool));
        let engine = wasmtime::Engine::new(&config).unwrap();
        let module = wasmtime::Module::from_binary(&engine, wasm).unwrap();
        let mut linker = wasmtime::Linker::<BareState>::new(&engine);
        linker.func_wrap("postern_v1", "event_read", Self::event_read).unwrap();
        linker.func_wrap("postern_v1", "log", |_: i32, _: i32, _: i32| {}).unwrap();
        linker.define_unknown_imports_as_traps(&module).unwrap();
        Self { pre: linker.instantiate_pre(&module).unwrap(), engine }
    }

    fn event_read(mut guest: wasmtime::Caller<'_, BareState>, ptr: i32, len: i32, buf: i32, cap: i32) -> i32 {
        let memory = guest.data().memory.unwrap();
        let (memory, state) = memory.data_and_store_mut(&mut guest);
        let (ptr, len, buf) =
            (ptr.cast_unsigned() as usize, len.cast_unsigned() as usize, buf.cast_unsigned() as usize);
        let pointer = std::str::from_utf8(&memory[ptr..ptr + len]).unwrap();
        let Some(value) = state.event.pointer(pointer) else { return -1 };
        state.scratch.clear();
        serde_json::to_writer(&mut state.scratch, value).unwrap();
        if state.scratch.len() <= cap.cast_unsigned() as usize {
            memory[buf..buf + state.scratch.len()].copy_from_slice(&state.scratch);
        }
        i32::try_from(state.scratch.len()).unwrap()
    }

    fn run(&self, event: &Arc<Value>, login: &mut Value) {
        let state = BareState { event: Arc::clone(event), memory: None, scratch: Vec::new() };
        let mut store = wasmtime::Store::new(&self.engine, state);
        let instance = self.pre.instantiate(&mut store).unwrap();
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let function = instance.get_typed_func::<(), i64>(&mut store, "on_execute_post_login").unwrap();
        let packed = function.call(&mut store, ()).unwrap().cast_unsigned();
        let (start, len) = ((packed >> 32) as usize, (packed & u64::from(u32::MAX)) as usize);
        let text = &store.data().memory.unwrap().data(&store)[start..start + len];
        match serde_json::from_slice(text).unwrap() {
            RunResult::Mutations(mutations) => apply(login, mutations),
            RunResult::Error(_) => login["other"] = Value::Null,
        }
    }
}

/// The middle of what was measured, µs a run.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// µs for one of the batch that `work` does.
fn time(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64() * 1e6 / f64::from(BATCH)
}

async fn costs(wasm: &Arc<[u8]>, rounds: usize) {
    let engine = engine();
    let bare = Bare::new(wasm);
    println!("guest: {} bytes of wasm; {rounds} rounds of {BATCH} runs, interleaved; median µs a run", wasm.len());
    for (name, bytes) in [("2 KB", 2_076), ("16 KB", 16_247)] {
        let event = event(bytes);
        let text = event.to_string();
        let ours = Login::new(&engine, wasm, event.clone()).await;
        let event = Arc::new(event);
        let (mut a, mut b, mut c) = (login(), login(), login());
        let (mut native_us, mut bare_us, mut ours_us) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=rounds {
            let native_time = time(|| (0..BATCH).for_each(|_| apply(&mut a, native(black_box(text.as_bytes())))));
            let bare_time = time(|| (0..BATCH).for_each(|_| bare.run(&event, &mut b)));
            let started = Instant::now();
            for _ in 0..BATCH {
                ours.run(&mut c).await;
            }
            let ours_time = started.elapsed().as_secs_f64() * 1e6 / f64::from(BATCH);
            // The first round warms up.
            if round > 0 {
                native_us.push(native_time);
                bare_us.push(bare_time);
                ours_us.push(ours_time);
            }
        }
        assert_eq!(b, c, "bare wasmtime and the engine do the same");
        let (native_us, bare_us, ours_us) = (median(&mut native_us), median(&mut bare_us), median(&mut ours_us));
        println!("{name} event ({} bytes)", text.len());
        println!("  native {native_us:.2}  bare wasmtime {bare_us:.2}  engine {ours_us:.2}");
        println!("  engine / native {:.2}  engine / bare wasmtime {:.2}", ours_us / native_us, ours_us / bare_us);
        black_box((a, b, c));
    }
}

/// Latency of a run beside guests that never end by themselves, on two threads.
fn neighbor(wasm: &Arc<[u8]>, lasts: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let engine = engine();
    let endless = r#"(module (memory (export "memory") 1)
        (func (export "on_execute_post_login") (result i64) (loop $again (br $again)) (i64.const 0)))"#;
    let endless: Arc<[u8]> = wat::parse_str(endless).unwrap().into();
    let quiet = runtime.block_on(Login::new(&engine, wasm, event(2_076)));
    let hostile = runtime.block_on(Login::new(&engine, &endless, json!({})));
    for guests in [0, 1, 4] {
        let hogs: Vec<_> = (0..guests)
            .map(|_| {
                let hostile = hostile.clone();
                runtime.spawn(async move {
                    loop {
                        let deadline = Instant::now() + Duration::from_secs(20);
                        let input = RunInput { deadline, tenant: "hostile".parse().unwrap(), ..hostile.input.clone() };
                        black_box(hostile.engine.run(&hostile.program, input).await.unwrap());
                    }
                })
            })
            .collect();
        let measured = runtime.block_on(async {
            let (mut times, started) = (Vec::new(), Instant::now());
            while started.elapsed() < lasts {
                // As a request would come: a task of its own, its wait for a thread included.
                let (quiet, began) = (quiet.clone(), Instant::now());
                let ended = tokio::spawn(async move {
                    quiet.run(&mut login()).await;
                    Instant::now()
                });
                times.push((ended.await.unwrap() - began).as_secs_f64() * 1e6);
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
            times.sort_by(f64::total_cmp);
            (times.len(), times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1])
        });
        let (runs, p50, p99, most) = measured;
        println!("neighbor of {guests} endless guests: {runs} runs, µs p50 {p50:.0}  p99 {p99:.0}  most {most:.0}");
        hogs.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// A number of `/proc/self/status`, KiB.
fn status_kib(key: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn memory(wasm: &Arc<[u8]>, programs: usize) {
    let folder = tempfile::tempdir().unwrap();
    let config = || EngineConfig {
        cache_dir: Some(folder.path().to_owned()),
        program_bytes: usize::MAX,
        ..EngineConfig::default()
    };
    // A custom section of its own makes each a module of its own.
    let modules: Vec<Arc<[u8]>> = (0..programs)
        .map(|n| {
            let mut module = wasm.to_vec();
            module.extend([0, 9, 1, b'n']);
            module.extend(n.to_le_bytes().iter().take(7));
            module.into()
        })
        .collect();
    let compiling = Engine::new(config()).unwrap();
    let started = Instant::now();
    for module in &modules {
        compiling.build(module, &[]).await.unwrap();
    }
    println!("compile: {:.2} ms a program", started.elapsed().as_secs_f64() * 1e3 / programs as f64);
    drop(compiling);

    let engine = Engine::new(config()).unwrap();
    let mut login = login();
    Login::new(&engine, wasm, event(2_076)).await.run(&mut login).await;
    let keys = ["VmRSS", "RssAnon", "RssFile"];
    let before = keys.map(status_kib);
    let started = Instant::now();
    let mut loaded = Vec::new();
    for module in &modules {
        loaded.push(Login::new(&engine, module, json!({})).await.program);
    }
    let load_us = started.elapsed().as_secs_f64() * 1e6 / programs as f64;
    let report = |what: &str| {
        let grown: Vec<String> = keys
            .iter()
            .zip(before)
            .map(|(key, before)| format!("{key} {:.1}", (status_kib(key) - before) as f64 / programs as f64))
            .collect();
        println!("{programs} programs {what}: KiB each: {}", grown.join("  "));
    };
    report(&format!("loaded from the cache, {load_us:.0} µs each"));
    let work = Login::new(&engine, wasm, event(2_076)).await;
    for program in &loaded {
        Login { program: Arc::clone(program), ..work.clone() }.run(&mut login).await;
    }
    report("after a run of each");
}

/// Page faults without input or output so far.
fn minor_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').nth(7).unwrap().parse().unwrap()
}

async fn steady(wasm: &Arc<[u8]>, runs: u64) {
    let work = Login::new(&engine(), wasm, event(2_076)).await;
    let mut login = login();
    for _ in 0..2_000 {
        work.run(&mut login).await;
    }
    let before = minor_faults();
    for _ in 0..runs {
        work.run(&mut login).await;
    }
    println!("{runs} runs, {} page faults", minor_faults() - before);
}
