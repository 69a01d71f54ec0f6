//! What a JavaScript action needs beside its source: its npm dependencies as one script, and plain JavaScript of
//! TypeScript or of a module.
//!
//! [`Packages::prepare`] finds what the source requires, has npm make a lock (versions and digests) and install it
//! without running anything, and has esbuild bundle what is required. Built-in modules of Node stay `require`s: the
//! engine has them. Lock and bundle are pinned in the version that was built from them; here they are only cached.
//!
//! The programs `npm` and `node` are needed on the server for that, and for nothing else: plain JavaScript without
//! dependencies goes through untouched.

mod cache;
mod dependencies;
mod digest;
mod error;
mod npm;
mod process;
mod scan;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

pub use self::error::{PackagesError, Place};
use self::npm::Npm;
use self::scan::Scan;
use self::tools::{BundleInput, Tools};

/// Builds at the same time: each is a process with hundreds of MiB.
const BUILDS: usize = 2;
/// How long what `latest` or `^1.0.0` was resolved to is used again.
const LOCK_FOR: Duration = Duration::from_secs(24 * 3600);

/// Where packages come from and where they go.
#[derive(Debug, Clone)]
pub struct PackagesConfig {
    /// Holds the tools and what is cached; made when first needed.
    pub folder: PathBuf,
    /// The registry; npm's own configuration when `None`.
    pub registry: Option<Url>,
    /// Fetch nothing: what is not cached is refused.
    pub offline: bool,
    /// The program `npm`.
    pub npm: OsString,
    /// The program `node`.
    pub node: OsString,
}

impl PackagesConfig {
    /// With programs from the path and npm's registry.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, registry: None, offline: false, npm: "npm".into(), node: "node".into() }
    }
}

/// What an action is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Plain JavaScript for `CommonJS`; as it was given when it is that already.
    pub source: String,
    /// The same of each Actions Module.
    pub modules: Vec<String>,
    /// A script whose value is a function `(builtinRequire) => (name) => module`; `None` without dependencies.
    pub bundle: Option<String>,
    /// What of the bundle the source requires: worth loading when a version is built, rather than in every login.
    pub preload: Vec<String>,
    /// The `package-lock.json` the bundle was made from.
    pub lock: Option<String>,
}

/// Prepares actions.
#[derive(Debug)]
pub struct Packages {
    config: PackagesConfig,
    npm_cache: PathBuf,
    tools: Tools,
    builds: Semaphore,
}

impl Packages {
    /// Touches nothing yet.
    #[must_use]
    pub fn new(config: PackagesConfig) -> Self {
        let tools = Tools::new(&config.folder, config.node.clone());
        let npm_cache = config.folder.join("npm-cache");
        Self { config, npm_cache, tools, builds: Semaphore::new(BUILDS) }
    }

    /// Makes plain JavaScript of `source` and a bundle of what it requires of `dependencies`, which are `(name,
    /// version)`. A source without either stays as it is, and no program is started for it.
    ///
    /// # Errors
    /// When a dependency does not exist or may not be used, the source is not JavaScript, or the tools cannot be used.
    pub async fn prepare(&self, source: &str, dependencies: &[(&str, &str)]) -> Result<Prepared, PackagesError> {
        self.prepare_with(source, &[], dependencies).await
    }

    /// The same with the sources of Actions Modules that `source` may require; `dependencies` are those of all.
    ///
    /// # Errors
    /// As [`Packages::prepare`].
    pub async fn prepare_with(
        &self,
        source: &str,
        modules: &[&str],
        dependencies: &[(&str, &str)],
    ) -> Result<Prepared, PackagesError> {
        dependencies::check(dependencies)?;
        let mut scan = Scan::of(source);
        let source = self.plain(source, &scan).await?;
        let mut plain = Vec::with_capacity(modules.len());
        for module in modules {
            let of_module = Scan::of(module);
            plain.push(self.plain(module, &of_module).await?);
            scan.names.extend(of_module.names);
            scan.dynamic |= of_module.dynamic;
        }
        if dependencies.is_empty() {
            return Ok(Prepared { source, modules: plain, bundle: None, preload: Vec::new(), lock: None });
        }
        let lock = self.lock(dependencies).await?;
        let names = dependencies::names(&scan, dependencies);
        let words = dependencies::words(&[&[source.as_str()], modules].concat().join("\n"), dependencies);
        let bundle = self.bundle(&lock, dependencies, (&names, &words)).await?;
        Ok(Prepared { source, modules: plain, bundle: Some(bundle), preload: names, lock: Some(lock) })
    }

    async fn plain(&self, source: &str, scan: &Scan) -> Result<String, PackagesError> {
        if !scan.typed && !scan.module {
            return Ok(source.to_owned());
        }
        let file = self.cached("sources", &[Tools::version().as_bytes(), source.as_bytes()]);
        if let Some(text) = cache::read(&file, None).await {
            return Ok(text);
        }
        let _permit = self.builds.acquire().await.map_err(std::io::Error::other)?;
        self.tools.ensure(self.npm()).await?;
        let text = self.tools.transpile(source, scan.typed, scan.module).await?;
        cache::write(&file, &text).await?;
        Ok(text)
    }

    /// What `dependencies` are resolved to.
    async fn lock(&self, dependencies: &[(&str, &str)]) -> Result<String, PackagesError> {
        let registry = self.config.registry.as_ref().map_or("", Url::as_str);
        let mut parts = vec![registry.as_bytes()];
        parts.extend(dependencies.iter().flat_map(|(name, version)| [name.as_bytes(), version.as_bytes()]));
        let file = self.cached("locks", &parts);
        // Without a way to the registry an old answer is the best there is.
        let age = (!self.config.offline).then_some(LOCK_FOR);
        if let Some(lock) = cache::read(&file, age).await {
            return Ok(lock);
        }
        let npm = self.npm().ok_or_else(|| offline(dependencies))?;
        let _permit = self.builds.acquire().await.map_err(std::io::Error::other)?;
        let work = cache::WorkFolder::create(&self.config.folder).await?;
        let lock = npm.lock(work.path(), dependencies).await?;
        cache::write(&file, &lock).await?;
        Ok(lock)
    }

    async fn bundle(
        &self,
        lock: &str,
        dependencies: &[(&str, &str)],
        (names, words): (&[String], &[String]),
    ) -> Result<String, PackagesError> {
        let (names_text, words_text) = (names.join("\n"), words.join("\n"));
        let version = Tools::version();
        let parts = [version.as_bytes(), lock.as_bytes(), names_text.as_bytes(), words_text.as_bytes()];
        let file = self.cached("bundles", &parts);
        if let Some(bundle) = cache::read(&file, None).await {
            return Ok(bundle);
        }
        let npm = self.npm().ok_or_else(|| offline(dependencies))?;
        let _permit = self.builds.acquire().await.map_err(std::io::Error::other)?;
        self.tools.ensure(Some(npm)).await?;
        let work = cache::WorkFolder::create(&self.config.folder).await?;
        npm.install(work.path(), dependencies, lock).await?;
        let bundle = self.tools.bundle(BundleInput { folder: work.path(), names, words }).await?;
        cache::write(&file, &bundle).await?;
        cache::bound(&self.npm_cache).await?;
        Ok(bundle)
    }

    fn cached(&self, kind: &str, parts: &[&[u8]]) -> PathBuf {
        self.config.folder.join(kind).join(digest::digest(parts))
    }

    fn npm(&self) -> Option<Npm<'_>> {
        let PackagesConfig { npm, registry, offline, folder: _, node: _ } = &self.config;
        (!offline).then(|| Npm { program: npm, registry: registry.as_ref(), cache: &self.npm_cache })
    }
}

fn offline(dependencies: &[(&str, &str)]) -> PackagesError {
    let names: Vec<String> = dependencies.iter().map(|(name, version)| format!("{name}@{version}")).collect();
    PackagesError::Offline { what: format!("the dependencies ({})", names.join(", ")) }
}
