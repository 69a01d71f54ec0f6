//! The tools that are JavaScript themselves: esbuild and swc's type stripper, pinned, and the scripts that use them.
//! They are installed once, when first needed.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use postern_model::limits;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::cache::WorkFolder;
use crate::digest::digest;
use crate::npm::Npm;
use crate::process::{command, run, tail};
use crate::{PackagesError, Place};

/// What is written into the folder of the tools.
const FILES: [(&str, &str); 5] = [
    ("package.json", include_str!("../tools/package.json")),
    ("package-lock.json", include_str!("../tools/package-lock.json")),
    ("bundle.mjs", include_str!("../tools/bundle.mjs")),
    ("rewrites.mjs", include_str!("../tools/rewrites.mjs")),
    ("transpile.mjs", include_str!("../tools/transpile.mjs")),
];
/// How long one step of a tool may take.
const TOOL_FOR: Duration = Duration::from_secs(60);

/// The tools of one data folder.
#[derive(Debug)]
pub(crate) struct Tools {
    node: OsString,
    /// Named by what is in it, so that a newer server has its own.
    folder: PathBuf,
    /// Whether they are there, as far as is known.
    ready: Mutex<bool>,
}

/// What `bundle.mjs` and `transpile.mjs` answer.
#[derive(Debug, Deserialize)]
struct Answer {
    bundle: Option<String>,
    source: Option<String>,
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    errors: Vec<Problem>,
    error: Option<Problem>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    text: String,
    #[serde(default)]
    file: String,
    line: u32,
    column: u32,
}

impl Problem {
    fn place(self) -> (String, Place) {
        (self.text, Place { file: self.file, line: self.line, column: self.column })
    }
}

/// What is bundled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BundleInput<'a> {
    /// Has `node_modules`.
    pub(crate) folder: &'a Path,
    /// What the source requires.
    pub(crate) names: &'a [String],
    /// Names in the source, for packages of which only parts are taken.
    pub(crate) words: &'a [String],
}

impl Tools {
    pub(crate) fn new(folder: &Path, node: OsString) -> Self {
        let folder = folder.join(format!("tools-{}", Self::version()));
        Self { node, folder, ready: Mutex::new(false) }
    }

    /// Changes with every change of a tool.
    pub(crate) fn version() -> String {
        let parts: Vec<&[u8]> = FILES.iter().map(|(_, text)| text.as_bytes()).collect();
        digest(&parts).chars().take(16).collect()
    }

    /// Installs the tools unless they are there. `npm` is `None` when nothing may be fetched.
    pub(crate) async fn ensure(&self, npm: Option<Npm<'_>>) -> Result<(), PackagesError> {
        let mut ready = self.ready.lock().await;
        if *ready || tokio::fs::try_exists(self.folder.join("node_modules/esbuild/package.json")).await? {
            *ready = true;
            return Ok(());
        }
        let npm = npm.ok_or_else(|| PackagesError::Offline { what: "the build tools (esbuild, swc)".to_owned() })?;
        tracing::info!(folder = %self.folder.display(), "installing the build tools for JavaScript");
        let Some(parent) = self.folder.parent() else { return Ok(()) };
        let work = WorkFolder::create(parent).await?;
        for (name, text) in FILES {
            tokio::fs::write(work.path().join(name), text).await?;
        }
        npm.install_tools(work.path()).await?;
        // Another process may have been faster; its tools are the same.
        if let Err(error) = tokio::fs::rename(work.path(), &self.folder).await
            && !tokio::fs::try_exists(self.folder.join("bundle.mjs")).await?
        {
            return Err(error.into());
        }
        *ready = true;
        Ok(())
    }

    async fn call(&self, script: &'static str, input: &Value) -> Result<Answer, PackagesError> {
        let mut node = command(OsStr::new(&self.node), &self.folder);
        node.arg("--max-old-space-size=1024").arg(self.folder.join(script));
        let output = run(node, input.to_string().as_bytes(), (script, TOOL_FOR)).await?;
        if !output.status.success() {
            return Err(PackagesError::Tool { tool: script, text: tail(&output) });
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| PackagesError::Tool { tool: script, text: error.to_string() })
    }

    /// Plain JavaScript for `CommonJS` from a `typed` source, or from a `module`.
    pub(crate) async fn transpile(&self, source: &str, typed: bool, module: bool) -> Result<String, PackagesError> {
        let answer = self.call("transpile.mjs", &json!({ "source": source, "typed": typed, "module": module })).await?;
        match (answer.source, answer.error) {
            (Some(source), _) => Ok(source),
            (None, Some(problem)) => {
                let (text, place) = problem.place();
                Err(PackagesError::Syntax { text, place: Place { file: "action.js".to_owned(), ..place } })
            }
            (None, None) => Err(PackagesError::Tool { tool: "transpile.mjs", text: "no answer".to_owned() }),
        }
    }

    /// One script of all packages that `input` names.
    pub(crate) async fn bundle(&self, input: BundleInput<'_>) -> Result<String, PackagesError> {
        let BundleInput { folder, names, words } = input;
        let answer = self.call("bundle.mjs", &json!({ "folder": folder, "names": names, "words": words })).await?;
        let Some(bundle) = answer.bundle else {
            return Err(match answer.errors.into_iter().next().map(Problem::place) {
                Some((text, place)) => PackagesError::Bundle { text, place },
                None => PackagesError::Tool { tool: "bundle.mjs", text: "no answer".to_owned() },
            });
        };
        if !answer.missing.is_empty() {
            tracing::debug!(missing = ?answer.missing, "names that no package has");
        }
        let bytes = bundle.len() as u64;
        let limit = limits::BUNDLE_BYTES as u64;
        if bytes > limit {
            return Err(PackagesError::TooLarge { what: "the bundle of the dependencies", bytes, limit });
        }
        Ok(bundle)
    }
}
