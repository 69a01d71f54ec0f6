//! What a module must be: each refusal names its rule.

use postern_contract::{IMPORT_MODULE, Stamp};
use postern_engine::{BuildError, InvalidModule};
use wasmparser::{Parser, Payload};

use crate::harness::{IMPORTS, body, build, engine, guest};

fn refusal(wasm: &[u8]) -> Option<InvalidModule> {
    engine().check(wasm).err()
}

#[track_caller]
fn check(wat: &str, want: &str) {
    let wasm = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    check_bytes(&wasm, want);
}

#[track_caller]
fn check_bytes(wasm: &[u8], want: &str) {
    let got = refusal(wasm);
    assert_eq!(got.as_ref().map_or("", InvalidModule::rule), want, "{got:?}");
    if let Some(refusal) = got {
        assert!(!refusal.to_string().is_empty());
    }
}

const EXECUTE: &str = r#"(func (export "on_execute_post_login") (result i64) (i64.const 0))"#;
const MEMORY: &str = r#"(memory (export "memory") 1)"#;

fn module(fields: &str) -> String {
    format!("(module {fields})")
}

#[test]
fn names_the_rule() {
    check(&body(""), "");
    check(&module(&format!("{MEMORY} {EXECUTE}")), "");
    check_bytes(b"", "not_a_module");
    check_bytes(b"#!/bin/sh", "not_a_module");
    check_bytes(b"\0asm\x01\0\0\0\xff\xff", "invalid_module");
    check_bytes(&vec![0; 16 * 1024 * 1024 + 1], "module_size");
    check("(component)", "component");
    check(&module(MEMORY), "missing_export");
    check(&module(EXECUTE), "memory_count");
    check(&module(&format!("(memory 1) {EXECUTE}")), "missing_export");
    check(&module(&format!(r#"(func (export "memory")) (memory 1) {EXECUTE}"#)), "export_type");
    check(&module(&format!(r#"{MEMORY} (func (export "on_execute_post_login"))"#)), "export_type");
    check(&module(&format!(r#"{MEMORY} (global (export "on_execute_post_login") i64 (i64.const 0))"#)), "export_type");
    check(
        &module(&format!(r#"{MEMORY} {EXECUTE} (func (export "on_continue_post_login") (param i32))"#)),
        "export_type",
    );
    check(&module(&format!(r#"{MEMORY} {EXECUTE} (func (export "postern_init") (param i32 i32))"#)), "missing_export");
    check(
        &module(&format!(r#"{MEMORY} {EXECUTE} (global (export "postern_failure") (mut i32) (i32.const 0))"#)),
        "export_type",
    );
    check(&module(&format!("{MEMORY} {EXECUTE} (func $s) (start $s)")), "start_function");
    check(&module(&format!(r#"{MEMORY} {EXECUTE} (func $s unreachable) (start $s)"#)), "start_function");
    check(&module(&format!("(memory (export \"memory\") 1025) {EXECUTE}")), "memory_size");
    check(&module(&format!("{MEMORY} (table 20001 funcref) {EXECUTE}")), "table_size");
    check(&module(&format!("{MEMORY} (table 4294967295 funcref) {EXECUTE}")), "table_size");
    check(&module(&format!("{MEMORY} (table 1 funcref) (table 1 funcref) {EXECUTE}")), "table_count");
}

#[test]
fn offers_only_its_own_imports() {
    let import = |text: &str| module(&format!("{text} {MEMORY} {EXECUTE}"));
    check(
        &import(r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#),
        "unknown_import",
    );
    check(&import(r#"(import "env" "memory" (memory 1))"#), "unknown_import");
    check(&import(r#"(import "postern_v2" "now" (func (result i64)))"#), "unknown_import");
    check(&import(r#"(import "postern_v1" "teleport" (func))"#), "unknown_import");
    check(&import(r#"(import "postern_v1" "now" (func (result i32)))"#), "import_type");
    check(&import(r#"(import "postern_v1" "now" (global i64))"#), "import_type");
    check(&import(r#"(import "postern_v1" "log" (func (param i32 i32 i32) (result i32)))"#), "import_type");
    let long = "x".repeat(100_000);
    let wasm = wat::parse_str(import(&format!(r#"(import "{long}" "\07" (func))"#))).unwrap();
    assert!(refusal(&wasm).unwrap().to_string().len() < 500);
}

#[test]
fn proposals_are_off() {
    for field in [
        "(memory $second 1)",
        "(func (param externref))",
        "(type (struct))",
        "(tag)",
        "(func (result v128) (i32x4.relaxed_trunc_f32x4_s (v128.const i64x2 0 0)))",
        "(func $f (return_call $f))",
        "(func (param i32) (drop (i32.atomic.load (local.get 0))))",
    ] {
        let wat = module(&format!("{MEMORY} {EXECUTE} {field}"));
        let rule = if field.contains("$second") { "memory_count" } else { "invalid_module" };
        check(&wat, rule);
    }
    check(&module(&format!("(memory (export \"memory\") i64 1) {EXECUTE}")), "invalid_module");
    check(&module(&format!("(memory (export \"memory\") 1 2 shared) {EXECUTE}")), "invalid_module");
    check(&module(&format!("{MEMORY} {EXECUTE} (func (param i32) (drop (i32.extend8_s (local.get 0))))")), "");
}

#[test]
fn shapes_are_bounded() {
    let with = |fields: String| module(&format!("{MEMORY} {EXECUTE} {fields}"));
    check(&with("(func)".repeat(100_000)), "function_count");
    check(&with("(func)".repeat(19_999)), "");
    check(&with(format!("(func (local {}))", "i64 ".repeat(5_001))), "locals_count");
    check(&with(format!("(func (block (br_table {} (i32.const 0))))", "0 ".repeat(5_002))), "br_table_width");
    let branches = |count: usize| format!("(func (param i32) {})", "(block (br_if 0 (local.get 0)))".repeat(count));
    check(&with(branches(9_900)), "");
    check(&with(branches(10_001)), "control_flow");
    check(&with(branches(2_000).repeat(26)), "control_flow");
    let loops = "(loop (br_if 0 (local.get 0)))".repeat(1_000);
    check(&with(format!("(func (param i32) (local {}) {loops})", "i64 ".repeat(4_000))), "control_flow");
    check(&with(format!("(func (param i32) (local i64) {loops})")), "");
    check(&with("(global i32 (i32.const 0))".repeat(1_001)), "global_count");
    check(&with(r#"(data (i32.const 0) "x")"#.repeat(20_001)), "data_segment_count");
    check(&with(format!("(func {})", "nop ".repeat(600_000))), "function_size");
    let exports: String = (0..1_001).map(|n| format!(r#"(export "e{n}" (func 0))"#)).collect();
    check(&with(exports), "export_count");
    let types: String = (0..5_001).map(|n| format!("(type (func (param {})))", "i32 ".repeat(n % 50))).collect();
    check(&with(types), "type_count");
}

proptest::proptest! {
    /// Whatever is uploaded is answered, and a module that is let through also compiles or is refused in turn.
    #[test]
    fn rubbish_is_refused(places in proptest::collection::vec((0_usize..400, proptest::num::u8::ANY), 1..4)) {
        let mut wasm = wat::parse_str(body("(drop (call $now))")).unwrap();
        for (place, byte) in places {
            let at = place % wasm.len();
            wasm[at] = byte;
        }
        let engine = SHARED.get_or_init(engine);
        if engine.check(&wasm).is_ok() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            if let Ok(program) = runtime.block_on(engine.build(&wasm.into(), &[])) {
                let mut input = crate::harness::input();
                input.limits.fuel = 100_000;
                runtime.block_on(engine.run(&program, input)).unwrap();
            }
        }
    }
}

static SHARED: std::sync::OnceLock<postern_engine::Engine> = std::sync::OnceLock::new();

#[tokio::test]
async fn what_cannot_be_instantiated_is_refused_when_built() {
    let wat = module(&format!(r#"{MEMORY} {EXECUTE} (data (i32.const 65535) "xx")"#));
    match build(&engine(), &wat).await {
        Err(BuildError::Invalid(refusal)) => assert_eq!(refusal.rule(), "instantiate"),
        other => panic!("{other:?}"),
    }
}

fn stamped(text: &str) -> String {
    guest(&format!("(@custom \"postern\" \"{}\") {EXECUTE}", text.replace('"', "\\\"")))
}

#[test]
fn reads_the_stamp() {
    let wasm = wat::parse_str(stamped(
        r#"{"abi":1,"sdk":"postern-sdk","sdk_version":"0.1.0","egress":["a.example"],"new":1}"#,
    ))
    .unwrap();
    let report = engine().check(&wasm).unwrap();
    let stamp = Stamp {
        abi: 1,
        sdk: "postern-sdk".into(),
        sdk_version: "0.1.0".into(),
        egress: vec!["a.example".into()],
        ..Stamp::default()
    };
    assert_eq!(report.stamp, Some(stamp));
    assert!(!report.continues && !report.initializes);
    check(&stamped(r#"{"abi":2}"#), "abi_version");
    check(&stamped("{}"), "stamp");
    check(&stamped("no"), "stamp");
    check(
        &guest(&format!(r#"(@custom "postern" "{{\"abi\":1}}") (@custom "postern" "{{\"abi\":1}}") {EXECUTE}"#)),
        "stamp",
    );
}

#[tokio::test]
async fn the_abi_text_runs() {
    let engine = engine();
    let wasm: std::sync::Arc<[u8]> = wat::parse_file(ABI_TEXT).unwrap().into();
    let program = engine.build(&wasm, b"a payload").await.unwrap();
    assert!(program.continues());
    assert!(program.serves("post-login") && program.serves("credentials-exchange"));
    assert_eq!(program.stamp().unwrap().sdk, "by hand");
    let event = serde_json::json!({"user": {"email": "ann@example.com"}});
    let report = engine.run(&program, crate::harness::input_with(event)).await.unwrap();
    assert_eq!(crate::harness::value(&report), true);
    let report = engine.run(&program, crate::harness::input()).await.unwrap();
    assert_eq!((report.mutations.len(), report.logs[0].message.as_str()), (0, "no email"));
}

const ABI_TEXT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../sdk/contract/abi.wat");

/// The ABI's own text agrees with what the host offers, import by import.
#[test]
fn the_abi_text_is_what_the_host_offers() {
    let text = wat::parse_file(ABI_TEXT).unwrap();
    check_bytes(&text, "");
    let ours = wat::parse_str(module(&format!("{IMPORTS} {MEMORY} {EXECUTE}"))).unwrap();
    let text = imports(&text);
    assert_eq!(text, imports(&ours));
    assert_eq!(text.len(), 7);
}

fn imports(wasm: &[u8]) -> Vec<String> {
    let mut types = Vec::new();
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types = section.into_iter_err_on_gc_types().map(|ty| ty.unwrap().to_string()).collect();
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    assert_eq!(import.module, IMPORT_MODULE);
                    let wasmparser::TypeRef::Func(ty) = import.ty else { panic!("{import:?}") };
                    found.push(format!("{} {}", import.name, types[ty as usize]));
                }
            }
            _ => {}
        }
    }
    found.sort();
    found
}
