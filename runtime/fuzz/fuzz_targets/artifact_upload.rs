//! Whatever bytes are uploaded as a module: they are refused, or they build and run to an end that is never
//! the host's fault. Text that begins with `(` is assembled first, so that the guests of the tests are seeds.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use postern_engine::BuildError;
use postern_fuzz::{ENGINE, RUNTIME, input, run};
use postern_model::RunStatus;
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let assembled =
        if bytes.starts_with(b"(") || bytes.starts_with(b";;") { wat::parse_bytes(bytes).ok() } else { None };
    let wasm: Arc<[u8]> = Arc::from(assembled.as_deref().unwrap_or(bytes));
    let checked = ENGINE.check(&wasm);
    let built = RUNTIME.block_on(ENGINE.build(&wasm, b"payload"));
    match (checked, built) {
        (Err(_), Err(BuildError::Invalid(_))) => {}
        (Err(rule), built) => panic!("check refuses ({rule}), build does not: {built:?}"),
        (Ok(_), Err(BuildError::Init { status, error })) => {
            assert_ne!(status, RunStatus::HostFault, "{error:?}");
        }
        // Rules that show only when the module is instantiated, such as a segment outside of its memory.
        (Ok(_), Err(BuildError::Invalid(_))) => {}
        (Ok(_), Err(failed @ (BuildError::Compile(_) | BuildError::Interrupted(_)))) => {
            panic!("a checked module does not build: {failed:?}");
        }
        (Ok(_), Ok(program)) => {
            let report = run(&program, input(json!({"user": {"user_id": "auth0|1", "app_metadata": {"logins": 3}}})));
            assert_ne!(report.status, RunStatus::HostFault, "{:?}", report.error);
            if report.status != RunStatus::Ok {
                assert!(report.mutations.is_empty());
            }
        }
    }
});
