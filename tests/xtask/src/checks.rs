//! `cargo xtask test`: all that a change must pass.

use std::process::Command;

use anyhow::Result;

use crate::process::{self, cargo, is_there, note};
use crate::{clients, fuzz, guests, javascript};

/// How long each fuzz target runs here; by hand it may be longer.
const FUZZ_FOR_SECONDS: u32 = 20;

fn run_all() -> Result<()> {
    process::run(&mut cargo(&["fmt", "--all", "--check"])?)?;
    process::run(&mut cargo(&["test", "--quiet", "--package", "tidy"])?)?;
    guests::build(&[])?;
    process::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?)?;
    // The server that the end-to-end tests start, built with what the tests are built with: cargo would otherwise
    // choose other features of the same dependencies and build them twice.
    process::run(&mut cargo(&["build", "--workspace", "--lib", "--bins", "--tests"])?)?;
    let node = javascript::check()?;
    let server = process::target_folder()?.join("debug/postern");
    let mut tests = cargo(&["nextest", "run", "--workspace"])?;
    process::run(tests.env("POSTERN_BIN", server).env("POSTERN_NODE", node))?;
    process::run(&mut cargo(&["test", "--quiet", "--workspace", "--doc"])?)?;
    clients::run(&[])?;
    fuzz::run(FUZZ_FOR_SECONDS)
}

fn set_up() -> Result<()> {
    for component in ["rustfmt", "clippy"] {
        let program = if component == "clippy" { "cargo-clippy" } else { component };
        if !is_there(program, "--version") {
            process::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    clients::setup::program("tmux", "-V")?;
    if !is_there("cargo-nextest", "--version") {
        process::run(&mut cargo(&["install", "--locked", "cargo-nextest"])?)?;
    }
    Ok(())
}

/// Sets up, then runs everything; the first failure ends it.
pub(crate) fn run() -> Result<()> {
    set_up()?;
    run_all()?;
    note("\nEverything passed.");
    Ok(())
}
