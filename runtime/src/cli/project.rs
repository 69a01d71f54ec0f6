//! `postern actions new`: a crate that builds and passes its test.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

const SOURCE: &str = include_str!("project/lib.rs.txt");
const README: &str = include_str!("project/README.md.txt");

/// Writes the crate into a new folder.
pub(crate) fn create(folder: &Path, sdk: Option<&Path>) -> anyhow::Result<()> {
    let name =
        folder.file_name().and_then(|name| name.to_str()).context("the path has no last part to name the action by")?;
    let first = name.chars().next().is_some_and(|first| first.is_ascii_lowercase());
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    ensure!(first && plain, "'{name}' must begin with a letter and have lower-case letters, digits and hyphens only");
    if folder.exists() {
        bail!("{} exists", folder.display());
    }
    let sdk = match sdk {
        Some(path) => {
            let path = path.canonicalize().with_context(|| format!("find {}", path.display()))?;
            ensure!(path.join("Cargo.toml").is_file(), "{} is not the folder of the SDK", path.display());
            format!("{{ path = {:?} }}", path.display().to_string())
        }
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
