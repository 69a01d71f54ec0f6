//! Whatever bytes a guest hands back: decoding ends with a result or an error, and what was decoded
//! survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_contract::RunResult;

fuzz_target!(|bytes: &[u8]| {
    let Ok(result) = serde_json::from_slice::<RunResult>(bytes) else { return };
    let text = serde_json::to_vec(&result).expect("a decoded result can be written");
    let again: RunResult = serde_json::from_slice(&text).expect("a written result can be read");
    // Compared as text: a float that JSON cannot hold would not be equal to itself.
    assert_eq!(text, serde_json::to_vec(&again).expect("as before"));
});
