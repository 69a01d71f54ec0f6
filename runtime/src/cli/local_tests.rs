//! `postern actions test` of a folder: the author's own tests, under Node and inside of the sandbox.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, bail, ensure};
use tokio::process::Command;

use super::output::Output;

/// Runs the tests of a project twice, and checks its types when a compiler for them is there.
pub(crate) async fn run(out: &Output, folder: &Path) -> anyhow::Result<()> {
    ensure!(folder.join("package.json").is_file(), "{} has no package.json", folder.display());
    check_types(out, folder).await?;
    for (place, said) in [("node", "under Node"), ("sandbox", "inside of the sandbox")] {
        out.done(&format!("tests {said}"));
        let mut node = Command::new("node");
        node.arg("--test").current_dir(folder).env("POSTERN_TEST_IN", place);
        node.env("POSTERN_BIN", std::env::current_exe().context("find this program")?);
        if out.json {
            node.stdout(Stdio::null());
        }
        let status = node.status().await.context("run node: the tests need Node.js 20 or newer")?;
        if !status.success() {
            bail!("the tests fail {said}");
        }
    }
    out.show(&serde_json::json!({ "passed": ["node", "sandbox"] }), |_| "passed in both".to_owned());
    Ok(())
}

/// Holds the action against the types of `event` and `api`, with the project's own compiler or that of the path.
async fn check_types(out: &Output, folder: &Path) -> anyhow::Result<()> {
    if !folder.join("jsconfig.json").is_file() {
        return Ok(());
    }
    let own = folder.join("node_modules/.bin/tsc");
    // A program is looked up from where the command runs.
    let own = if own.is_file() { own.canonicalize().context("find tsc")? } else { "tsc".into() };
    let mut tsc = Command::new(own);
    tsc.args(["--project", "jsconfig.json"]).current_dir(folder);
    if out.json {
        tsc.stdout(Stdio::null());
    }
    match tsc.status().await {
        Ok(status) => ensure!(status.success(), "the action does not fit the types of event and api"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            out.done("types are not checked: there is no tsc (npm install --save-dev typescript)");
        }
        Err(error) => return Err(error).context("run tsc"),
    }
    Ok(())
}
