//! Sources and dependencies as authors give them, with npm, Node and a registry that is made up or the public one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test without its subject fails")]

mod registry;

use std::path::{Path, PathBuf};
use std::process::Command;

use postern_packages::{Packages, PackagesConfig, PackagesError, Prepared};
use registry::{Package, registry};
use serde_json::json;
use tempfile::TempDir;

/// The tools are installed once for all tests, from the public registry.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-tools")
}

fn packages(folder: &Path, change: impl FnOnce(&mut PackagesConfig)) -> Packages {
    let mut config = PackagesConfig::new(folder.to_owned());
    change(&mut config);
    Packages::new(config)
}

/// What `expression` gives under Node, where `load` is the bundle's `require`.
fn evaluate(prepared: &Prepared, expression: &str) -> String {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("bundle.js"), prepared.bundle.as_deref().unwrap()).unwrap();
    let script = format!(
        "const bundle = require('vm').runInThisContext(require('fs').readFileSync('bundle.js', 'utf8'));
         const load = bundle(require); console.log(JSON.stringify({expression}))"
    );
    let output = Command::new("node").args(["-e", &script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Builds with made-up packages, all of which the source requires.
async fn with_packages(made_up: &[Package<'_>], wanted: &[&str]) -> Result<Prepared, PackagesError> {
    packages(&tools(), |_| ()).prepare("import 'node:url'", &[]).await?;
    let url = registry(made_up);
    let server = packages(&tools(), |config| config.registry = Some(url));
    let source: String = wanted.iter().map(|name| format!("require('{name}');\n")).collect();
    let dependencies: Vec<(&str, &str)> = wanted.iter().map(|name| (*name, "1.0.0")).collect();
    server.prepare(&source, &dependencies).await
}

#[tokio::test]
async fn plain_javascript_needs_no_program() {
    let folder = TempDir::new().unwrap();
    let server = packages(&folder.path().join("absent"), |config| {
        config.npm = "no-such-npm".into();
        config.node = "no-such-node".into();
    });
    let source = "const crypto = require('crypto');\nexports.onExecutePostLogin = async (event, api) => {};\n";
    let prepared = server.prepare(source, &[]).await.unwrap();
    assert_eq!(
        prepared,
        Prepared { source: source.to_owned(), modules: Vec::new(), bundle: None, preload: Vec::new(), lock: None }
    );
    assert!(!folder.path().join("absent").exists());
}

#[tokio::test]
async fn types_become_blanks_and_modules_commonjs() {
    let server = packages(&tools(), |_| ());
    let source = "exports.onExecutePostLogin = async (event: Event, api) => {\n  const x: string = 'a';\n};\n";
    let plain = server.prepare(source, &[]).await.unwrap().source;
    let expected = "exports.onExecutePostLogin = async (event       , api) => {\n  const x         = 'a';\n};\n";
    assert_eq!(plain, expected);

    let source = "import { URL } from 'url';\nexport const onExecutePostLogin = async (e: any) => new URL(e);";
    let plain = server.prepare(source, &[]).await.unwrap().source;
    assert!(plain.contains("require(\"url\")") && plain.contains("module.exports"), "{plain}");

    let error = server.prepare("const a: string = ;\n", &[]).await.unwrap_err();
    assert_eq!(error.place().unwrap().to_string(), "action.js:1:19");
    assert!(error.is_authors());
}

#[tokio::test]
async fn what_is_required_is_bundled_and_pinned() {
    let server = packages(&tools(), |_| ());
    let source = "const { v5 } = require('uuid'); const sha = require('crypto-js/sha256');";
    let prepared = server.prepare(source, &[("uuid", "9.0.1"), ("crypto-js", "latest")]).await.unwrap();
    let lock: serde_json::Value = serde_json::from_str(prepared.lock.as_deref().unwrap()).unwrap();
    let uuid = &lock["packages"]["node_modules/uuid"];
    assert_eq!(uuid["version"], "9.0.1");
    assert!(uuid["integrity"].as_str().unwrap().starts_with("sha512-"));
    let expression = "[load('uuid').v5('a', load('uuid').v5.DNS), String(load('crypto-js/sha256')('a')).slice(0, 8)]";
    let value = evaluate(&prepared, expression);
    assert_eq!(value, r#"["4f3f2898-69e3-5a0d-820a-c4e87987dbce","ca978112"]"#);

    // Once built, neither a way to the registry nor a program is needed.
    let offline = packages(&tools(), |config| {
        config.offline = true;
        config.node = "no-such-node".into();
    });
    let again = offline.prepare(source, &[("uuid", "9.0.1"), ("crypto-js", "latest")]).await.unwrap();
    assert_eq!(again, prepared);
}

#[tokio::test]
async fn offline_is_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let server = packages(folder.path(), |config| config.offline = true);
    let error = server.prepare("require('uuid')", &[("uuid", "9.0.1")]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the dependencies (uuid@9.0.1) are not at hand, and the server was started with --npm-offline: it fetches no \
         packages"
    );
    let server = packages(folder.path(), |config| config.npm = "no-such-npm".into());
    let error = server.prepare("require('uuid')", &[("uuid", "9.0.1")]).await.unwrap_err();
    assert_eq!(error.to_string(), "this needs the program 'no-such-npm' on the server, which does not start");
}

#[tokio::test]
async fn an_unknown_package_or_version_is_named() {
    let made_up: [Package<'_>; 1] = [("known", json!({}), &[("index.js", "")])];
    let error = with_packages(&made_up, &["known", "unknown"]).await.unwrap_err();
    assert_eq!(error.to_string(), "dependency 'unknown@1.0.0': the registry has no such package");
    let url = registry(&made_up);
    let server = packages(&tools(), |config| config.registry = Some(url));
    let error = server.prepare("require('known')", &[("known", "2.0.0")]).await.unwrap_err();
    assert_eq!(error.to_string(), "dependency 'known@2.0.0': the registry has no such version");
}

#[tokio::test]
async fn a_package_with_a_fault_is_told_with_its_place() {
    let made_up: [Package<'_>; 1] = [("broken", json!({}), &[("index.js", "\nlet a = ;")])];
    let error = with_packages(&made_up, &["broken"]).await.unwrap_err();
    assert_eq!(error.place().unwrap().to_string(), "broken/index.js:2:9");
}

#[tokio::test]
async fn packages_that_are_not_there_fail_when_they_are_required() {
    let text = "exports.optional = () => { try { return require('absent') } catch (e) { return e.code } };";
    let made_up: [Package<'_>; 1] = [("wants-more", json!({}), &[("index.js", text)])];
    let prepared = with_packages(&made_up, &["wants-more"]).await.unwrap();
    assert_eq!(evaluate(&prepared, "load('wants-more').optional()"), "\"MODULE_NOT_FOUND\"");
}

#[tokio::test]
async fn scripts_of_packages_do_not_run() {
    let mark = TempDir::new().unwrap();
    let script = format!("touch {}", mark.path().join("ran").display());
    let scripts = json!({ "scripts": { "preinstall": script, "install": script, "postinstall": script } });
    let made_up: [Package<'_>; 1] = [("eager", scripts, &[("index.js", "module.exports = 1")])];
    let prepared = with_packages(&made_up, &["eager"]).await.unwrap();
    assert_eq!(evaluate(&prepared, "load('eager')"), "1");
    assert_eq!(std::fs::read_dir(mark.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_package_cannot_bring_in_files_of_the_server() {
    let secret = TempDir::new().unwrap();
    let file = secret.path().join("secret.json");
    std::fs::write(&file, "{\"key\":\"of the server\"}").unwrap();
    let path = file.to_str().unwrap();
    let up = format!("../../../../../../../../../../../../..{path}");
    let text = |target: &str| format!("module.exports = require({})", json!(target));
    let (absolute, relative, linked) = (text(path), text(&up), text("./link.json"));
    let link = format!("-> {path}");
    let cases: [Package<'_>; 6] = [
        ("absolute", json!({}), &[("index.js", &absolute)]),
        ("relative", json!({}), &[("index.js", &relative)]),
        ("linked", json!({}), &[("index.js", &linked), ("link.json", &link)]),
        ("main", json!({ "main": up }), &[("other.js", "")]),
        (
            "mapped",
            json!({ "browser": { "./a.js": up }, "imports": { "#a": up } }),
            &[("index.js", "module.exports = require('#a')")],
        ),
        (
            "configured",
            json!({}),
            &[("index.ts", "export {}"), ("tsconfig.json", &format!("{{\"extends\":{}}}", json!(path)))],
        ),
    ];
    for case in cases {
        let name = case.0;
        match with_packages(&[case], &[name]).await {
            Ok(prepared) => {
                let bundle = prepared.bundle.unwrap();
                assert!(!bundle.contains("of the server"), "{name}: {bundle}");
            }
            Err(error) => {
                assert!(error.is_authors(), "{name}: {error}");
                assert!(!error.to_string().contains("of the server"), "{name}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_package_comes_from_the_registry_only() {
    let elsewhere = registry(&[("other", json!({}), &[("index.js", "")])]);
    let mark = TempDir::new().unwrap();
    std::fs::write(mark.path().join("package.json"), "{\"name\":\"other\",\"version\":\"1.0.0\"}").unwrap();
    for version in [
        format!("file:{}", mark.path().display()),
        format!("{elsewhere}other/-/other-1.0.0.tgz"),
        "git+https://127.0.0.1:1/x.git".to_owned(),
        "someone/something".to_owned(),
    ] {
        let wants = json!({ "dependencies": { "other": version } });
        let made_up: [Package<'_>; 1] = [("greedy", wants, &[("index.js", "require('other')")])];
        let error = with_packages(&made_up, &["greedy"]).await.unwrap_err();
        assert!(matches!(error, PackagesError::Install(_)), "{version}: {error:?}");
    }
}
