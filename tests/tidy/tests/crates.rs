//! Rules about crates: who may depend on whom and on what, and under which licence.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use tidy::{is_permissive, root};

/// Each crate with those of ours it may be built on. Tests and benchmarks are free.
const LAYERS: [(&str, &[&str]); 19] = [
    ("postern-contract", &[]),
    ("postern-model", &[]),
    ("postern-flow", &["postern-contract", "postern-model"]),
    ("postern-engine", &["postern-contract", "postern-model"]),
    ("postern-store", &["postern-contract", "postern-model"]),
    ("postern-packages", &["postern-model"]),
    (
        "postern-app",
        &[
            "postern-contract",
            "postern-engine",
            "postern-flow",
            "postern-javascript",
            "postern-model",
            "postern-packages",
            "postern-store",
        ],
    ),
    ("postern-api", &["postern-app", "postern-contract", "postern-model"]),
    (
        "postern",
        &[
            "postern-api",
            "postern-app",
            "postern-contract",
            "postern-engine",
            "postern-javascript",
            "postern-model",
            "postern-packages",
            "postern-sdk-build",
            "postern-store",
        ],
    ),
    ("postern-sdk", &["postern-contract", "postern-sdk-macros"]),
    ("postern-sdk-macros", &[]),
    ("postern-sdk-build", &[]),
    ("postern-javascript", &[]),
    ("postern-javascript-build", &["postern-engine", "postern-model", "postern-sdk-build"]),
    ("postern-e2e", &[]),
    ("tidy", &[]),
    ("xtask", &["postern-sdk-build"]),
    ("an example", &["postern-sdk"]),
    ("client-checks", &["postern-sdk"]),
];

/// Dependencies that only one of our crates may have, beside the tool that builds the JavaScript engine.
const HEAVY: [(&str, &str); 6] = [
    ("wasmtime", "postern-engine"),
    ("wasmparser", "postern-engine"),
    ("sled", "postern-store"),
    ("axum", "postern-api"),
    ("tower-http", "postern-api"),
    ("jsonwebtoken", "postern-app"),
];

#[expect(clippy::unwrap_used, reason = "a test without its subject fails")]
fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().unwrap()
}

fn ours(metadata: &Metadata) -> Vec<&Package> {
    metadata.packages.iter().filter(|package| package.source.is_none()).collect()
}

fn needs(package: &Package) -> impl Iterator<Item = &str> {
    let needed = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
    needed.map(|dependency| dependency.name.as_str())
}

#[test]
fn crates_depend_on_the_layers_below_them_only() {
    let metadata = metadata();
    let layers: BTreeMap<_, _> = LAYERS.into();
    let ours = ours(&metadata);
    let names: BTreeSet<&str> = ours.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in &ours {
        let example = package.manifest_path.components().any(|part| part.as_str() == "actions-examples");
        let name = if example { "an example" } else { package.name.as_str() };
        let Some(allowed) = layers.get(name) else {
            wrong.push(format!("{name} has no layer"));
            continue;
        };
        for needed in needs(package).filter(|needed| names.contains(needed) && !allowed.contains(needed)) {
            wrong.push(format!("{} is built on {needed}", package.name));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_heavy_dependency_has_one_home() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for (heavy, home) in HEAVY {
        let homes: Vec<&str> = ours(&metadata)
            .into_iter()
            .filter(|package| needs(package).any(|name| name == heavy))
            .map(|package| package.name.as_str())
            .filter(|name| *name != "postern-javascript-build")
            .collect();
        if homes != [home] {
            wrong.push(format!("{heavy}: {homes:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_dependency_may_be_shipped() {
    let metadata = metadata();
    let wrong: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(is_permissive))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_core_may_not_ask_for_time_or_randomness() {
    for name in ["model", "flow"] {
        let path = root().join("runtime/crates").join(name).join("clippy.toml");
        let rules = std::fs::read_to_string(&path).unwrap();
        for refused in ["SystemTime::now", "Instant::now", "Timestamp::now"] {
            assert!(rules.contains(refused), "{} does not refuse {refused}", path.display());
        }
    }
}

#[test]
fn every_example_is_explained_and_tested() {
    let mut examples = 0;
    for entry in std::fs::read_dir(root().join("actions-examples")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("Cargo.toml").is_file() {
            examples += 1;
            assert!(folder.join("README.md").is_file(), "{} has no README.md", folder.display());
            let tests = std::fs::read_to_string(folder.join("tests/action.rs")).unwrap_or_default();
            assert!(tests.contains("#[test]"), "{} has no test", folder.display());
        }
    }
    assert!(examples >= 7, "{examples} examples");
}
