//! `cargo xtask bench`: the benchmark programs, in a release build.

use anyhow::{Result, bail};

use crate::guests;
use crate::process::{self, cargo};

/// Package and name of each benchmark, from the parts to the whole.
const BENCHES: [(&str, &str); 4] = [
    ("postern-engine", "run"),
    ("postern-engine", "javascript"),
    ("postern-store", "commit"),
    ("postern-e2e", "login"),
];

pub(crate) fn run(packages: &[String]) -> Result<()> {
    if let Some(unknown) = packages.iter().find(|name| !BENCHES.iter().any(|(package, _)| package == name)) {
        bail!("`{unknown}` has no benchmark: there are {}", BENCHES.map(|(package, _)| package).join(", "));
    }
    guests::build(&[])?;
    process::run(&mut cargo(&["build", "--release", "--package", "postern"])?)?;
    for (package, bench) in BENCHES {
        if packages.is_empty() || packages.iter().any(|name| name == package) {
            process::run(&mut cargo(&["bench", "--package", package, "--bench", bench])?)?;
        }
    }
    Ok(())
}
