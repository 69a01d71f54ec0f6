//! `postern actions new`: a crate that builds and passes its test.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

const SOURCE: &str = include_str!("project/lib.rs.txt");
const README: &str = include_str!("project/README.md.txt");

/// Files of a JavaScript action: where they go, and what they say.
const JAVASCRIPT: [(&str, &str); 10] = [
    ("action.js", include_str!("project/javascript/action.js.txt")),
    ("action.test.js", include_str!("project/javascript/action.test.js.txt")),
    ("event.json", include_str!("project/javascript/event.json.txt")),
    ("package.json", include_str!("project/javascript/package.json.txt")),
    ("jsconfig.json", include_str!("project/javascript/jsconfig.json.txt")),
    ("README.md", include_str!("project/javascript/README.md.txt")),
    (".gitignore", "node_modules\n"),
    ("postern/index.js", include_str!("project/javascript/test.js.txt")),
    ("postern/index.d.ts", include_str!("../../../sdk/javascript/types/index.d.ts")),
    ("postern/reference.mjs", include_str!("../../../tests/javascript/reference/api.mjs")),
];

/// The SDK beside which this program was built.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk");

/// Writes a JavaScript action into a new folder.
pub(crate) fn create_javascript(folder: &Path) -> anyhow::Result<()> {
    let name = name_of(folder)?;
    for (file, text) in JAVASCRIPT {
        let path = folder.join(file);
        let parent = path.parent().context("a file has a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
        fs::write(&path, text.replace("{name}", name)).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// The name that a new folder gives to an action.
fn name_of(folder: &Path) -> anyhow::Result<&str> {
    let name =
        folder.file_name().and_then(|name| name.to_str()).context("the path has no last part to name the action by")?;
    let first = name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    ensure!(first && plain, "'{name}' must begin with a letter and have lower-case letters, digits and hyphens only");
    if folder.exists() {
        bail!("{} exists", folder.display());
    }
    Ok(name)
}

/// Writes the crate into a new folder.
pub(crate) fn create(folder: &Path, sdk: Option<&Path>) -> anyhow::Result<()> {
    let name = name_of(folder)?;
    let sdk = match sdk {
        Some(path) => {
            let path = path.canonicalize().with_context(|| format!("find {}", path.display()))?;
            ensure!(path.join("Cargo.toml").is_file(), "{} is not the folder of the SDK", path.display());
            format!("{{ path = {:?} }}", path.display().to_string())
        }
        // A program built from a checkout uses the SDK of that checkout as long as it is there.
        None if Path::new(CHECKOUT).join("Cargo.toml").is_file() => format!("{{ path = {CHECKOUT:?} }}"),
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    };
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[lib]\n\
         crate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]\npostern-sdk = {sdk}\nserde_json = \"1\"\n\n\
         [profile.release]\nopt-level = 3\nlto = true\npanic = \"abort\"\ncodegen-units = 1\nstrip = true\n\n\
         # Stands alone, wherever it lies.\n[workspace]\n"
    );
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))
    };
    fs::create_dir_all(folder.join("src")).with_context(|| format!("create {}", folder.display()))?;
    write("Cargo.toml", &manifest)?;
    write("src/lib.rs", SOURCE)?;
    write("README.md", &README.replace("{name}", name))?;
    write(".gitignore", "/target\n")
}

#[cfg(test)]
mod tests {
    use super::create;

    #[track_caller]
    fn refused(name: &str, why: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let error = create(&path, None).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
        assert!(!path.exists(), "{name} was made");
    }

    #[test]
    fn a_name_that_is_no_crate_is_refused_and_nothing_is_made() {
        for name in ["Greet", "9lives", "with space", "under_score", "-dash"] {
            refused(name, "lower-case letters, digits and hyphens only");
        }
    }

    #[test]
    fn what_is_there_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        create(&folder.path().join("greet"), None).unwrap();
        let manifest = folder.path().join("greet/Cargo.toml");
        std::fs::write(&manifest, "mine").unwrap();
        assert!(create(&folder.path().join("greet"), None).unwrap_err().to_string().ends_with("greet exists"));
        assert_eq!(std::fs::read_to_string(manifest).unwrap(), "mine");
    }

    #[test]
    fn a_folder_that_is_not_the_sdk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = create(&folder.path().join("greet"), Some(folder.path())).unwrap_err().to_string();
        assert!(error.ends_with("is not the folder of the SDK"), "{error}");
    }
}
