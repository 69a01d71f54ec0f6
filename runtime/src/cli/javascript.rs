//! JavaScript actions as files: a source, and the `package.json` beside it that names its dependencies.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use postern_javascript::{Kind, Payload};
use postern_packages::{Packages, Prepared};
use serde_json::Value;

/// Whether a path is the source of a JavaScript action.
pub(crate) fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["js", "cjs", "ts"].iter().any(|known| extension == *known))
}

/// A source with its dependencies.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    /// JavaScript, or TypeScript.
    pub(crate) code: String,
    /// Names and versions.
    pub(crate) dependencies: Vec<(String, String)>,
}

impl Source {
    /// Reads it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        ensure!(is_source(path), "{} is no JavaScript source (.js, .cjs, .ts)", path.display());
        let code = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let package = path.with_file_name("package.json");
        let mut dependencies = Vec::new();
        if package.is_file() {
            let text = std::fs::read_to_string(&package).with_context(|| format!("read {}", package.display()))?;
            let package: Value = serde_json::from_str(&text).with_context(|| format!("read {}", package.display()))?;
            let named = package.get("dependencies").and_then(Value::as_object).into_iter().flatten();
            for (name, version) in named {
                let version = version.as_str().with_context(|| format!("the version of '{name}' is no text"))?;
                dependencies.push((name.clone(), version.to_owned()));
            }
        }
        Ok(Self { path: path.to_owned(), code, dependencies })
    }

    /// What the engine takes; dependencies come from npm's registry.
    pub(crate) async fn payload(self, packages: &Packages) -> anyhow::Result<Payload> {
        let file = self.path.file_name().map_or_else(|| "action.js".into(), |name| name.to_string_lossy().into_owned());
        let named: Vec<_> = self.dependencies.iter().map(|(name, version)| (name.as_str(), version.as_str())).collect();
        let Prepared { source, bundle, preload, .. } = packages.prepare(&self.code, &named).await?;
        Ok(Payload {
            kind: Kind::Action,
            trigger: "post-login".to_owned(),
            file,
            source,
            bundle,
            preload,
            modules: std::collections::BTreeMap::new(),
            now: 0,
            seed: 0,
        })
    }
}
