//! How runs scale over threads.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{Bare, Login, apply, engine, event, login, median, native};

/// What one thread does again and again.
type Work = Box<dyn FnMut() + Send>;

/// Turns in a second of so many threads, each with work of its own.
fn throughput(works: Vec<Work>) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let workers: Vec<_> = works
        .into_iter()
        .map(|mut work| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                let mut turns = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    work();
                    turns += 1;
                }
                turns
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    stop.store(true, Ordering::Relaxed);
    let turns: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    f64::from(turns) / started.elapsed().as_secs_f64()
}

/// Two threads against one: ours, and native code and bare wasmtime beside it, which tell what the machine gives.
pub(crate) fn run(wasm: &Arc<[u8]>, rounds: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (event, text) = (event(2_076), event(2_076).to_string());
    let ours = runtime.block_on(Login::new(&engine(), wasm, event.clone()));
    let (bare, event) = (Arc::new(Bare::new(wasm)), Arc::new(event));
    let native_work = || -> Work {
        let (text, mut login) = (text.clone(), login());
        Box::new(move || apply(&mut login, native(black_box(text.as_bytes()))))
    };
    let bare_work = || -> Work {
        let (bare, event, mut login) = (Arc::clone(&bare), Arc::clone(&event), login());
        Box::new(move || bare.run(&event, &mut login))
    };
    let our_work = || -> Work {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (ours, mut login) = (ours.clone(), login());
        Box::new(move || runtime.block_on(ours.run(&mut login)))
    };
    let kinds: [(&str, &dyn Fn() -> Work); 3] =
        [("native", &native_work), ("bare wasmtime", &bare_work), ("engine", &our_work)];
    let (mut ones, mut scales) = ([const { Vec::new() }; 3], [const { Vec::new() }; 3]);
    for _ in 0..rounds {
        for (place, (_, work)) in kinds.iter().enumerate() {
            let (one, two) = (throughput(vec![work()]), throughput(vec![work(), work()]));
            ones[place].push(one);
            scales[place].push(two / one);
        }
    }
    println!("two threads / one (median of {rounds} rounds' ratios):");
    for (place, (name, _)) in kinds.iter().enumerate() {
        let (one, scale) = (median(&mut ones[place]), median(&mut scales[place]));
        println!("  {name}: {scale:.2}  (one thread {one:.0}/s)");
    }
}
