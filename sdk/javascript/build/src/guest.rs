//! The compiled guest and the bundled prelude.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// `sdk/javascript` of the checkout that is worked in.
pub(crate) fn folder() -> PathBuf {
    let here = env::current_dir().unwrap_or_default();
    let found = here.ancestors().map(|folder| folder.join("sdk/javascript")).find(|folder| folder.is_dir());
    found.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// Where the guest is built: not with the rest, since it may be built by another compiler.
fn target() -> PathBuf {
    env::var_os("POSTERN_JS_TARGET").map_or_else(|| folder().join("../../target/javascript"), PathBuf::from)
}

/// The guest's module before the prelude is in it.
pub(crate) fn built() -> PathBuf {
    target().join(postern_sdk_build::TARGET).join("release/postern_javascript_engine.wasm")
}

/// Compiles the guest.
pub(crate) fn build() -> Result<PathBuf> {
    let folder = folder().join("engine").canonicalize().context("find the sources of the engine")?;
    crate::quickjs::patch(&folder)?;
    let mut flags = ["--export=__stack_pointer", "-zstack-size=1048576", "--stack-first"]
        .map(|argument| format!("-Clink-arg={argument}"))
        .to_vec();
    flags.extend(postern_sdk_build::remapped_paths(&folder));
    // The same sources have to give the same bytes wherever they lie.
    let c_flags = format!(
        "-mbulk-memory -mnontrapping-fptoint -msign-ext -mmutable-globals -ffile-prefix-map={}=.",
        folder.display()
    );
    let status = postern_sdk_build::debian_cargo(&["clang-19", "llvm-19"])?
        .args(["build", "--release", "--locked", "-Zbuild-std=std,panic_abort", "--target", postern_sdk_build::TARGET])
        .arg("--target-dir")
        .arg(target())
        .current_dir(&folder)
        .env_remove("CARGO_BUILD_BUILD_DIR")
        .env_remove("CARGO_TARGET_DIR")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CC_wasm32_unknown_unknown", "clang-19")
        .env("AR_wasm32_unknown_unknown", "llvm-ar-19")
        .env("CFLAGS_wasm32_unknown_unknown", c_flags)
        .status()
        .context("run cargo")?;
    ensure!(status.success(), "the guest does not build: cargo ended with {status}");
    Ok(built())
}

/// Whether the prelude's packages are not there, or not those of the lock file.
fn stale(folder: &Path) -> bool {
    let written = |name: &str| std::fs::metadata(folder.join(name)).and_then(|file| file.modified()).ok();
    written("node_modules/.package-lock.json") < written("package-lock.json")
}

/// What compiles the guest: another version may give other bytes.
pub(crate) fn compilers() -> Result<String> {
    let said = |program: &str| {
        let output = Command::new(program).arg("--version").output().with_context(|| format!("run {program}"))?;
        let text = String::from_utf8(output.stdout)?;
        anyhow::Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    Ok(format!("{}\n{}\n", said("/usr/bin/rustc")?, said("clang-19")?))
}

/// The prelude as one script, whose value is its main function.
pub(crate) fn prelude() -> Result<String> {
    let folder = folder().join("prelude");
    if stale(&folder) {
        let status = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).status();
        ensure!(status.context("run npm")?.success(), "npm ci failed");
    }
    let output = Command::new(folder.join("node_modules/.bin/esbuild"))
        .args(["src/main.js", "--bundle", "--format=iife", "--global-name=prelude", "--platform=neutral"])
        .args(["--main-fields=module,main", "--target=es2023", "--minify-syntax", "--log-level=warning"])
        // In a function of its own: a variable of a script would be a global that actions see.
        .args(["--inject:src/inject.js", "--banner:js=(() => {", "--footer:js=return prelude.default; })()"])
        .current_dir(&folder)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("run esbuild")?;
    ensure!(output.status.success(), "esbuild failed");
    Ok(String::from_utf8(output.stdout)?)
}
