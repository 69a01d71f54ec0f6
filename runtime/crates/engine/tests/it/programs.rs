//! Programs in memory and compiled code on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use postern_engine::{EngineConfig, Entry, RunInput};
use postern_model::RunStatus;

use crate::harness::{body, build, engine, engine_with, guest, input};

fn cached_in(folder: &Path) -> EngineConfig {
    EngineConfig { cache_dir: Some(folder.to_owned()), ..EngineConfig::default() }
}

fn code_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "code")).collect()
}

#[tokio::test]
async fn compiled_code_is_used_again_and_never_when_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("code");
    let wat = body("");
    build(&engine_with(&cached_in(&cache)), &wat).await.unwrap();
    assert_eq!(fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    let [code] = code_files(&cache).try_into().unwrap();
    assert_eq!(fs::metadata(&code).unwrap().permissions().mode() & 0o777, 0o600);
    let good = fs::read(&code).unwrap();
    let made = fs::metadata(&code).unwrap().modified().unwrap();

    let check = async || {
        let engine = engine_with(&cached_in(&cache));
        let program = build(&engine, &wat).await.unwrap();
        assert_eq!(engine.run(&program, input()).await.unwrap().status, RunStatus::Ok);
    };
    check().await;
    assert_eq!(fs::metadata(&code).unwrap().modified().unwrap(), made, "it was compiled again");

    // Torn, changed, of another engine, or without its record: made again, to the same bytes.
    let record = code.with_extension("record");
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [&good[..good.len() / 2], &flipped, b""] {
        fs::write(&code, bad).unwrap();
        check().await;
        assert_eq!(fs::read(&code).unwrap(), good);
    }
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace("engine ", "engine 0")).unwrap();
    check().await;
    assert_eq!(fs::read_to_string(&record).unwrap(), text);
    fs::remove_file(&record).unwrap();
    check().await;
    assert_eq!(fs::read_to_string(&record).unwrap(), text);
}

#[tokio::test]
async fn the_least_recently_used_program_goes() {
    let engine = engine_with(&EngineConfig { program_bytes: 200_000, ..EngineConfig::default() });
    let nth = |n: u32| body(&format!("(drop (i32.const {n}))"));
    let first = build(&engine, &nth(0)).await.unwrap();
    let mut keys = Vec::new();
    for n in 1..20 {
        keys.push(build(&engine, &nth(n)).await.unwrap().key().to_owned());
        assert!(engine.cached(first.key()).is_some(), "it is used all the time");
    }
    assert!(engine.cached(&keys[0]).is_none());
    assert!(engine.cached(keys.last().unwrap()).is_some());
    let again = build(&engine, &nth(0)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    // A program that is gone from memory still runs where it is held.
    drop(engine.run(&first, input()).await.unwrap());
}

#[tokio::test]
async fn continues_where_it_can() {
    let engine = engine();
    let resume = RunInput { entry: Entry::Continue, ..input() };
    let both = guest(
        r#"(func (export "on_execute_post_login") (result i64) unreachable)
           (func (export "on_continue_post_login") (result i64) (call $empty))"#,
    );
    let program = build(&engine, &both).await.unwrap();
    assert!(program.continues());
    assert_eq!(engine.run(&program, resume.clone()).await.unwrap().status, RunStatus::Ok);
    let program = build(&engine, &body("")).await.unwrap();
    assert!(!program.continues());
    assert_eq!(engine.run(&program, resume).await.unwrap().status, RunStatus::HostFault);
}

#[tokio::test]
async fn a_module_serves_the_triggers_that_it_has_functions_for() {
    let engine = engine();
    let exchange = RunInput { entry: Entry::CredentialsExchange, ..input() };
    let only = guest(r#"(func (export "on_execute_credentials_exchange") (result i64) (call $empty))"#);
    let program = build(&engine, &only).await.unwrap();
    assert!(program.serves("credentials-exchange") && !program.serves("post-login"));
    assert_eq!(engine.run(&program, exchange.clone()).await.unwrap().status, RunStatus::Ok);
    assert_eq!(engine.run(&program, input()).await.unwrap().status, RunStatus::HostFault);
    let program = build(&engine, &body("")).await.unwrap();
    assert!(!program.serves("credentials-exchange") && program.serves("post-login"));
    assert_eq!(engine.run(&program, exchange).await.unwrap().status, RunStatus::HostFault);
}

#[tokio::test]
async fn one_build_at_a_time_gives_one_program() {
    let engine = engine();
    let wasm: Arc<[u8]> = wat::parse_str(body("(drop (i32.const 77))")).unwrap().into();
    let (a, b) = tokio::join!(engine.build(&wasm, &[]), engine.build(&wasm, &[]));
    assert!(Arc::ptr_eq(&a.unwrap(), &b.unwrap()));
}
