//! `cargo xtask fuzz`: builds the fuzz targets and runs each for a bounded time.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{self, cargo, workspace};

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Each target with the folders of its seeds, seen from `runtime/fuzz`.
const TARGETS: [(&str, &[&str]); 3] = [
    ("mutation_decode", &["seeds/mutation_decode"]),
    ("artifact_upload", &["../../tests/guests", "../../tests/guests/hostile"]),
    ("event_read", &["seeds/event_read"]),
];

pub(crate) fn run(seconds: u32) -> Result<()> {
    let folder = workspace()?.join("runtime/fuzz");
    // Coverage alone, which the stable toolchain can instrument for.
    let flags = fs::read_to_string(folder.join("instrument.flags")).context("read instrument.flags")?;
    let mut build = cargo(&["build", "--release", "--target", TARGET])?;
    process::run(build.current_dir(&folder).env("RUSTFLAGS", flags.trim()))?;
    for (target, seeds) in TARGETS {
        fuzz(&folder, target, seeds, seconds)?;
    }
    Ok(())
}

fn fuzz(folder: &Path, target: &str, seeds: &[&str], seconds: u32) -> Result<()> {
    let corpus = format!("corpus/{target}");
    fs::create_dir_all(folder.join(&corpus)).with_context(|| format!("create {corpus}"))?;
    let artifacts = format!("artifacts/{target}/");
    fs::create_dir_all(folder.join(&artifacts)).with_context(|| format!("create {artifacts}"))?;
    let mut program = Command::new(folder.join("target").join(TARGET).join("release").join(target));
    program.arg(format!("-max_total_time={seconds}")).args(["-rss_limit_mb=4096", "-print_final_stats=1"]);
    program.arg(format!("-artifact_prefix={artifacts}")).arg(corpus).args(seeds).current_dir(folder);
    process::run(&mut program)
}
