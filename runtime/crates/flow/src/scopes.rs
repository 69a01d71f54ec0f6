//! The scopes that actions add and remove.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Scopes that a login's actions may add (Auth0: 1000).
const ADDED: usize = 1000;
/// Additions and removals of one login (Auth0: 2000).
const CHANGES: usize = 2000;

/// What is asked for last of each scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScopeChanges {
    last: BTreeMap<String, bool>,
    changes: usize,
}

impl ScopeChanges {
    /// Notes one change; says which limit it passes.
    pub(crate) fn set(&mut self, scope: String, granted: bool) -> Result<(), String> {
        self.changes += 1;
        self.last.insert(scope, granted);
        if self.changes > CHANGES {
            return Err(format!("a login may change scopes at most {CHANGES} times"));
        }
        if self.last.values().filter(|granted| **granted).count() > ADDED {
            return Err(format!("a login may add at most {ADDED} scopes"));
        }
        Ok(())
    }

    /// The granted scopes: those requested that were not removed, then those added.
    pub(crate) fn granted(&self, requested: &[&str]) -> String {
        let mut scopes: Vec<&str> = Vec::with_capacity(requested.len());
        for scope in requested {
            if self.last.get(*scope) != Some(&false) && !scopes.contains(scope) {
                scopes.push(scope);
            }
        }
        let added = self.last.iter().filter(|(_, granted)| **granted).map(|(scope, _)| scope.as_str());
        scopes.extend(added.filter(|scope| !requested.contains(scope)));
        scopes.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(requested: &[&str], changes: &[(&str, bool)], want: &str) {
        let mut scopes = ScopeChanges::default();
        for (scope, granted) in changes {
            scopes.set((*scope).to_owned(), *granted).unwrap();
        }
        assert_eq!(scopes.granted(requested), want, "{changes:?}");
    }

    #[test]
    fn the_last_change_of_a_scope_wins() {
        check(&["openid", "email"], &[], "openid email");
        check(&["openid", "email"], &[("email", false)], "openid");
        check(&["openid", "email"], &[("email", false), ("email", true)], "openid email");
        check(&["openid"], &[("b", true), ("a", true), ("b", false)], "openid a");
        check(&[], &[("none", false)], "");
    }

    #[test]
    fn limits() {
        let mut scopes = ScopeChanges::default();
        for n in 0..ADDED {
            scopes.set(format!("s{n}"), true).unwrap();
        }
        assert!(scopes.clone().set("one more".to_owned(), true).is_err());
        for _ in ADDED..CHANGES {
            scopes.set("s0".to_owned(), false).unwrap();
        }
        assert!(scopes.set("s0".to_owned(), false).is_err());
    }
}
