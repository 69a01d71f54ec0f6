//! What an author may write as a dependency, and what of it the source uses.

use postern_model::limits;

use crate::PackagesError;
use crate::scan::{Scan, capitalised};

/// Refuses what is no package of a registry.
pub(crate) fn check(dependencies: &[(&str, &str)]) -> Result<(), PackagesError> {
    // An action's own, and those of its modules.
    let limit = limits::DEPENDENCIES_PER_ACTION * (1 + limits::MODULES_PER_ACTION);
    if dependencies.len() > limit {
        return Err(PackagesError::Install(format!("there are more than {limit}")));
    }
    for (at, (name, version)) in dependencies.iter().enumerate() {
        let refuse = |reason: &str| {
            let (name, version) = ((*name).to_owned(), (*version).to_owned());
            Err(PackagesError::Dependency { name, version, reason: reason.to_owned() })
        };
        if !is_name(name) {
            return refuse("this is not the name of an npm package");
        }
        if !is_version(version) {
            return refuse("this is not a version: only packages of the registry can be had");
        }
        if dependencies.iter().take(at).any(|(other, _)| other == name) {
            return refuse("the package is named twice");
        }
    }
    Ok(())
}

/// `name` or `@scope/name`.
fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(legal)
    };
    let parts = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| is_part(scope) && is_part(name)),
        None => is_part(name) && !name.starts_with('_'),
    };
    parts && name.len() <= 214
}

/// A version, a range or a tag; nothing that names a folder, an address or another package.
fn is_version(version: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || " .-+^~<>=*|_".contains(c);
    !version.trim().is_empty() && version.len() <= 128 && version.chars().all(legal) && !version.starts_with(['-', '.'])
}

/// What is bundled: what the source requires that is no built-in module, and every dependency when it requires what
/// only a run will tell.
pub(crate) fn names(scan: &Scan, dependencies: &[(&str, &str)]) -> Vec<String> {
    let legal = |name: &String| !name.starts_with(['.', '/']) && !name.contains([':', '\\']) && !name.is_empty();
    let mut names: Vec<String> = scan.names.iter().filter(|name| legal(name)).cloned().collect();
    if scan.dynamic {
        names.extend(dependencies.iter().map(|(name, _)| (*name).to_owned()));
    }
    names.sort();
    names.dedup();
    names
}

/// The words of the source that decide what is taken of a package: see `tools/rewrites.mjs`.
pub(crate) fn words(source: &str, dependencies: &[(&str, &str)]) -> Vec<String> {
    if dependencies.iter().any(|(name, _)| *name == "aws-sdk") {
        capitalised(source).into_iter().collect()
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_npms() {
        for (name, version) in [("axios", "1.7.2"), ("@aws-sdk/client-s3", "latest"), ("a", "^1.0.0 || >=2 <3.1-rc.1")]
        {
            assert!(check(&[(name, version)]).is_ok(), "{name}@{version}");
        }
        for (name, version) in [
            ("../x", "1.0.0"),
            ("@a", "1.0.0"),
            ("a/b", "1.0.0"),
            (".bin", "1.0.0"),
            ("-g", "1.0.0"),
            ("a b", "1.0.0"),
            ("", "1.0.0"),
            ("a", ""),
            ("a", "file:../../etc"),
            ("a", "git+ssh://git@host/repo"),
            ("a", "user/repo"),
            ("a", "https://host/a.tgz"),
            ("a", "npm:b@1.0.0"),
            ("a", "--foo"),
            ("a", "./a.tgz"),
        ] {
            assert!(matches!(check(&[(name, version)]), Err(PackagesError::Dependency { .. })), "{name}@{version}");
        }
    }
}
