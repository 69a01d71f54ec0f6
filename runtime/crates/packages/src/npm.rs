//! npm: from `name@version` to a lock, from a lock to a folder of packages.
//!
//! Nothing of a package is run: no scripts, and no packages from git, from other addresses or from folders, which npm
//! would fetch with other programs or read off this machine.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use postern_model::limits;
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

use crate::PackagesError;
use crate::process::{command, run, tail};

/// How long npm may take for a lock, and for the packages of one.
const NPM_FOR: Duration = Duration::from_secs(120);
/// How often the size of a growing folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How npm is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Npm<'a> {
    pub(crate) program: &'a OsStr,
    pub(crate) registry: Option<&'a Url>,
    /// Its cache of tarballs.
    pub(crate) cache: &'a Path,
}

impl Npm<'_> {
    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut npm = command(self.program, folder);
        npm.args(arguments).args([
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--no-progress",
            "--omit=dev",
            "--loglevel=error",
            "--omit-lockfile-registry-resolved",
            // A program that is not there: no version of npm starts git then.
            "--git=postern-starts-no-git",
            "--allow-git=none",
            "--allow-remote=none",
            "--allow-file=none",
            "--allow-directory=none",
        ]);
        npm.arg("--cache").arg(self.cache);
        if let Some(registry) = self.registry {
            npm.arg("--registry").arg(registry.as_str());
        }
        npm
    }

    /// The lock of `dependencies`: every package by version and digest.
    pub(crate) async fn lock(&self, folder: &Path, dependencies: &[(&str, &str)]) -> Result<String, PackagesError> {
        tokio::fs::write(folder.join("package.json"), manifest(dependencies)).await?;
        for peers in [&[][..], &["--legacy-peer-deps"]] {
            let mut npm = self.command(folder, &["install", "--package-lock-only"]);
            npm.args(peers);
            let output = run(npm, &[], ("resolving the dependencies", NPM_FOR)).await?;
            if output.status.success() {
                let lock = tokio::fs::read_to_string(folder.join("package-lock.json")).await?;
                check_lock(&lock, self.registry)?;
                return Ok(lock);
            }
            let text = tail(&output);
            // Packages that were never made to fit together: npm before 7 installed them all the same.
            if !text.contains("ERESOLVE") || !peers.is_empty() {
                return Err(refused(&text, dependencies));
            }
        }
        Err(PackagesError::Install("npm finds no set of versions that fit together".to_owned()))
    }

    /// Fills `folder/node_modules` from the files of the build tools there.
    pub(crate) async fn install_tools(&self, folder: &Path) -> Result<(), PackagesError> {
        let npm = self.command(folder, &["ci"]);
        let output = run(npm, &[], ("installing the build tools", NPM_FOR)).await?;
        if output.status.success() { Ok(()) } else { Err(refused(&tail(&output), &[])) }
    }

    /// Fills `folder/node_modules` with the packages of `lock`, which was made for `dependencies`.
    pub(crate) async fn install(
        &self,
        folder: &Path,
        dependencies: &[(&str, &str)],
        lock: &str,
    ) -> Result<(), PackagesError> {
        tokio::fs::write(folder.join("package.json"), manifest(dependencies)).await?;
        tokio::fs::write(folder.join("package-lock.json"), lock).await?;
        // The lock was made with peers or without: it is taken as it is.
        let mut npm = self.command(folder, &["ci", "--no-bin-links", "--omit=optional"]);
        npm.arg("--legacy-peer-deps");
        let work = run(npm, &[], ("installing the dependencies", NPM_FOR));
        let output = tokio::select! {
            output = work => output?,
            error = grown_too_large(folder) => return Err(error),
        };
        if !output.status.success() {
            return Err(refused(&tail(&output), &[]));
        }
        let bytes = size_of(folder).await?;
        if bytes > limits::INSTALLED_PACKAGES_BYTES { Err(too_large(bytes)) } else { Ok(()) }
    }
}

fn manifest(dependencies: &[(&str, &str)]) -> String {
    let wanted: serde_json::Map<String, Value> =
        dependencies.iter().map(|(name, version)| ((*name).to_owned(), json!(version))).collect();
    json!({ "name": "action", "private": true, "dependencies": wanted }).to_string()
}

/// Ends when the folder has more than it may have.
async fn grown_too_large(folder: &Path) -> PackagesError {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match size_of(folder).await {
            Ok(bytes) if bytes > limits::INSTALLED_PACKAGES_BYTES => return too_large(bytes),
            // Files come and go while npm works.
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the size of an installation cannot be told"),
        }
    }
}

fn too_large(bytes: u64) -> PackagesError {
    PackagesError::TooLarge { what: "the installed dependencies", bytes, limit: limits::INSTALLED_PACKAGES_BYTES }
}

pub(crate) async fn size_of(folder: &Path) -> Result<u64, PackagesError> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || size_below(&folder)).await.map_err(std::io::Error::other)?.map_err(Into::into)
}

fn size_below(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => bytes += metadata.len(),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(bytes)
}

/// Refuses a lock with anything but packages of the registry, each with its digest.
fn check_lock(lock: &str, registry: Option<&Url>) -> Result<(), PackagesError> {
    let broken = || PackagesError::Install("npm wrote a lock that cannot be read".to_owned());
    let lock: Value = serde_json::from_str(lock).map_err(|_invalid| broken())?;
    let packages = lock.get("packages").and_then(Value::as_object).ok_or_else(broken)?;
    for (place, package) in packages.iter().filter(|(place, _)| !place.is_empty()) {
        let name = place.rsplit("node_modules/").next().unwrap_or(place);
        let refuse = |reason: &str| Err(PackagesError::Install(format!("{name} {reason}")));
        let inside = place.starts_with("node_modules/") && !place.split('/').any(|part| part == "..");
        let linked = package.get("link").and_then(Value::as_bool).unwrap_or(false);
        if !inside || linked {
            return refuse("is a folder, not a package of the registry");
        }
        if let Some(resolved) = package.get("resolved").and_then(Value::as_str)
            && !is_of(resolved, registry)
        {
            return refuse("does not come from the registry");
        }
        // What is bundled in another package has no digest of its own; the other's covers it.
        let bundled = package.get("inBundle").and_then(Value::as_bool).unwrap_or(false);
        let integrity = package.get("integrity").and_then(Value::as_str).unwrap_or_default();
        if !bundled && !integrity.starts_with("sha") {
            return refuse("has no digest");
        }
    }
    Ok(())
}

fn is_of(resolved: &str, registry: Option<&Url>) -> bool {
    const DEFAULT: &str = "https://registry.npmjs.org/";
    resolved.starts_with(registry.map_or(DEFAULT, Url::as_str))
}

/// What npm's words mean to an author.
fn refused(text: &str, dependencies: &[(&str, &str)]) -> PackagesError {
    let code = text.lines().find_map(|line| line.trim().strip_prefix("npm error code ")).unwrap_or_default();
    let about = |reason: &str| match dependencies.iter().find(|(name, _)| names(text, name)) {
        Some((name, version)) => PackagesError::Dependency {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            reason: reason.to_owned(),
        },
        None => PackagesError::Install(format!("{reason}: {}", words(text))),
    };
    match code {
        "E404" => about("the registry has no such package"),
        "ETARGET" | "ENOVERSIONS" | "E403" => about("the registry has no such version"),
        "EINVALIDPACKAGENAME" | "EINVALIDTAGNAME" | "EUNSUPPORTEDPROTOCOL" => about("npm does not take it"),
        "EALLOWGIT" | "EALLOWREMOTE" | "EALLOWFILE" | "EALLOWDIRECTORY" | "ENOENT" | "EINTEGRITY" | "ERESOLVE" => {
            PackagesError::Install(words(text))
        }
        _ => PackagesError::Registry(words(text)),
    }
}

/// Whether npm speaks of this package: `'name@1.0.0'`, `for name@1.0.0`, or the end of an address.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.~/@%".contains(c);
    let named = text
        .split(|c: char| c.is_whitespace() || c == '\'')
        .any(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('@') || !rest.starts_with(is_part)));
    let address = format!("/{}", name.replace('/', "%2f"));
    named || text.split_whitespace().any(|word| word.ends_with(&address))
}

/// npm's text in one line, without its prefix and without where it keeps its own log.
fn words(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim().trim_start_matches("npm error").trim());
    let lines = lines.filter(|line| !line.is_empty() && !line.contains("complete log of this run"));
    lines.take(6).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(place: &str, package: &Value) -> Result<(), PackagesError> {
        let lock = json!({ "packages": { "": { "name": "action" }, place: package } });
        check_lock(&lock.to_string(), None)
    }

    #[test]
    fn a_lock_has_packages_of_the_registry_only() {
        let integrity = "sha512-AAAA";
        assert!(lock("node_modules/a", &json!({ "version": "1.0.0", "integrity": integrity })).is_ok());
        let here = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
        assert!(lock("node_modules/a", &json!({ "resolved": here, "integrity": integrity })).is_ok());
        for (place, package) in [
            ("node_modules/a", json!({ "version": "1.0.0" })),
            ("node_modules/a", json!({ "resolved": "git+ssh://git@x/y.git#1", "integrity": integrity })),
            ("node_modules/a", json!({ "resolved": "https://elsewhere.example/a.tgz", "integrity": integrity })),
            ("node_modules/a", json!({ "resolved": "../../etc", "link": true })),
            ("../../etc", json!({ "integrity": integrity })),
            ("node_modules/../../etc", json!({ "integrity": integrity })),
        ] {
            assert!(matches!(lock(place, &package), Err(PackagesError::Install(_))), "{place} {package}");
        }
    }

    #[test]
    fn npms_words_name_the_dependency() {
        let text = "npm error code E404\nnpm error 404 Not Found - GET https://registry.npmjs.org/axos-nope";
        let error = refused(text, &[("uuid", "9.0.0"), ("axos-nope", "1.0.0")]);
        assert_eq!(error.to_string(), "dependency 'axos-nope@1.0.0': the registry has no such package");
        let text = "npm error code ETARGET\nnpm error notarget No matching version found for uuid@99.0.0.";
        let error = refused(text, &[("uuid", "99.0.0")]);
        assert_eq!(error.to_string(), "dependency 'uuid@99.0.0': the registry has no such version");
    }
}
