//! Guests: WebAssembly text from `tests/guests`, texts made on the spot, and the example actions as built
//! by `cargo xtask guests`.

use std::path::{Path, PathBuf};

/// Assembles `tests/guests/{name}.wat`.
///
/// # Panics
/// When there is no such file or it is not WebAssembly text.
#[must_use]
pub fn module(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests").join(format!("{name}.wat"));
    wat::parse_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A guest that hands back `result` whatever the event is.
///
/// # Panics
/// When the text is longer than a page.
#[must_use]
pub fn returning(result: &str) -> Vec<u8> {
    assert!(result.len() < 60_000, "the result must fit a page");
    let escaped: String = result.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (16_u64 << 32) | result.len() as u64;
    let text = format!(
        "(module (memory (export \"memory\") 1) (data (i32.const 16) \"{escaped}\") \
         (func (export \"on_execute_post_login\") (result i64) (i64.const {packed})))"
    );
    wat::parse_str(&text).expect("the text is well-formed")
}

/// The folder `cargo xtask guests` builds the example actions into, or the one that `POSTERN_GUESTS` names.
#[must_use]
pub fn examples_folder() -> PathBuf {
    std::env::var_os("POSTERN_GUESTS").map_or_else(|| crate::server::target_folder().join("guests"), PathBuf::from)
}

/// The module of an example action.
///
/// # Panics
/// When it was not built: `cargo xtask guests` does.
#[must_use]
pub fn example(name: &str) -> Vec<u8> {
    let path = examples_folder().join(format!("{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask guests`", path.display()))
}
