//! What of the JavaScript engine is checked outside of cargo's tests.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::clients::setup::node_with;
use crate::process::{self, target_folder, workspace};

/// Holds the kept engine against its sources, the prelude against Node, and the authors' types against a compiler.
/// The tool that builds the engine has to be built. The answer is the Node it was done with.
///
/// # Errors
/// When one of them does not hold, or a tool cannot be had.
pub(crate) fn check() -> Result<PathBuf> {
    let (javascript, target) = (workspace()?.join("sdk/javascript"), target_folder()?);
    let (prelude, types) = (javascript.join("prelude"), javascript.join("types"));
    let node = node_with(&prelude, &target.join("clients"))?;
    process::run(Command::new(target.join("debug/postern-js")).arg("check").current_dir(workspace()?))?;
    process::run(Command::new(&node).args(["--test", "test/"]).current_dir(&prelude))?;
    node_with(&types, &target.join("clients"))?;
    process::run(Command::new(&node).args(["node_modules/typescript/bin/tsc", "-p", "."]).current_dir(types))?;
    Ok(node)
}
