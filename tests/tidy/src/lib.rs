//! The rules of the house, as tests that need nothing built: what they have in common.

mod licence;

use std::fs;
use std::path::{Path, PathBuf};

pub use licence::is_permissive;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 6] = ["target", ".git", "corpus", "artifacts", "node_modules", "patched"];

/// A text file of the workspace.
#[derive(Debug)]
pub struct File {
    /// Its path in the workspace, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// Whether it is code that users run, not a test or a benchmark.
    #[must_use]
    pub fn is_product(&self) -> bool {
        self.path.ends_with(".rs")
            && !self.path.starts_with("tests/")
            && !["/tests/", "/benches/", "fuzz/"].iter().any(|part| self.path.contains(part))
    }

    /// Lines before the tests at its end.
    #[must_use]
    pub fn code_lines(&self) -> usize {
        self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count()
    }
}

/// The folder of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text files of the workspace whose names end so, sorted by path.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(endings: &[&str]) -> std::io::Result<Vec<File>> {
    let mut found = Vec::new();
    walk(&root(), "", endings, &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, endings: &[&str], found: &mut Vec<File>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), endings, found)?;
        } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(File { path, text: fs::read_to_string(entry.path())? });
        }
    }
    Ok(())
}
