//! Rules as actions: the source of an action that does what a rule did, with the adapter that the engine uses itself.

use std::fmt::Write as _;

const ADAPTER: &str = include_str!("../prelude/src/rules/adapter.js");
const REQUEST: &str = include_str!("../prelude/src/rules/request.js");

/// An action made of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// Its source.
    pub code: String,
    /// Packages of npm that the rule requires, with the version it names.
    pub dependencies: Vec<(String, Option<String>)>,
}

/// Makes an action of a rule's script. The action's secrets are what the rule reads as `configuration`.
#[must_use]
pub fn rule_convert(name: &str, script: &str) -> Converted {
    let (script, required) = without_versions(script);
    // An action has no such module: its own `require` would refuse it.
    let script = ["'", "\"", "`"]
        .iter()
        .fold(script, |script, quote| script.replace(&format!("require({quote}request{quote})"), "ruleRequest"));
    let script = script.trim_end().trim_end_matches(';');
    let asks = required.iter().any(|(package, _)| package == "request") || names_request(script);
    let name = name.replace(['\r', '\n'], " ");
    let dependencies: Vec<_> = required.into_iter().filter(|(package, _)| package != "request").collect();
    let mut needs = String::new();
    for (package, version) in &dependencies {
        // Writing to a text does not fail.
        let _ =
            writeln!(needs, "// It needs the package {package}, version {}.", version.as_deref().unwrap_or("latest"));
    }
    let mut code = format!(
        "// Made of the rule \"{name}\" by `postern rules convert`.\n\
         // What the rule read as `configuration` are the secrets of this action.\n{needs}\n\
         let configuration;\nlet auth0;\n\n\
         const rule =\n{script}\n;\n\n\
         // What rules found around them.\n"
    );
    if asks {
        add(&mut code, "request", REQUEST);
        code.push_str("const ruleRequest = request;\n\n");
    }
    add(&mut code, "UnauthorizedError, ruleHandlers", ADAPTER);
    code.push_str(
        "const handlers = ruleHandlers(rule, {\n    \
             scope: (names) => ({ configuration, auth0 } = names),\n    \
             deny: (api, reason) => api.access.deny(reason),\n\
         });\n\
         exports.onExecutePostLogin = async (event, api) => handlers.onExecutePostLogin(event, api);\n\
         exports.onContinuePostLogin = async (event, api) => handlers.onContinuePostLogin(event, api);\n",
    );
    Converted { code, dependencies }
}

/// Adds a file of ours in a scope of its own, and names what is taken out of it.
fn add(code: &mut String, names: &str, file: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(code, "const {{ {names} }} = (() => {{");
    for line in file.lines() {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let _ = if line.is_empty() { writeln!(code) } else { writeln!(code, "    {line}") };
    }
    let _ = writeln!(code, "    return {{ {names} }};\n}})();\n");
}

/// Whether a script uses `request` without requiring it, as old rules may.
fn names_request(script: &str) -> bool {
    script.match_indices("request").any(|(at, word)| {
        let before = script.get(..at).and_then(|text| text.chars().next_back());
        let after = script.get(at + word.len()..).map(str::trim_start).unwrap_or_default();
        !before.is_some_and(|c| c.is_alphanumeric() || "_$.'\"".contains(c)) && after.starts_with(['(', '.'])
    })
}

/// The script with `require('name@version')` as `require('name')`, and the packages that it requires. Node's own
/// modules are none.
#[must_use]
pub fn without_versions(script: &str) -> (String, Vec<(String, Option<String>)>) {
    let (mut kept, mut required) = (String::with_capacity(script.len()), Vec::new());
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("require(") {
        kept.push_str(before);
        kept.push_str("require(");
        rest = after;
        let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
        let Some((named, tail)) = quote.and_then(|quote| after.get(1..)?.split_once(quote)) else { continue };
        let Some(quote) = quote.filter(|_| tail.trim_start().starts_with(')') && !named.is_empty()) else { continue };
        // A scoped package begins with the same sign.
        let at = named.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
        let (name, version) = match at.and_then(|at| Some((named.get(..at)?, named.get(at + 1..)?))) {
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (named, None),
        };
        kept.push(quote);
        kept.push_str(name);
        kept.push(quote);
        rest = tail;
        let package = package_of(name);
        if !NODE.contains(&package) && !name.starts_with("node:") && !required.iter().any(|(known, _)| known == package)
        {
            required.push((package.to_owned(), version));
        }
    }
    kept.push_str(rest);
    (kept, required)
}

/// The package of `name/with/a/path`.
fn package_of(name: &str) -> &str {
    let parts = if name.starts_with('@') { 2 } else { 1 };
    name.match_indices('/').nth(parts - 1).and_then(|(at, _)| name.get(..at)).unwrap_or(name)
}

/// Node's modules that rules use.
const NODE: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "console",
    "constants",
    "crypto",
    "dns",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "stream",
    "string_decoder",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "worker_threads",
    "zlib",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_packages_and_their_versions() {
        let script = "function r(u, c, cb) { const _ = require('lodash@4.17.10'); require(\"crypto\");\n\
                      require('@a/b@1.0.0/x'); require(`request`); require(name); cb(null, u, c); }";
        let (text, required) = without_versions(script);
        assert!(
            text.contains("require('lodash')") && text.contains("require('@a/b')") && text.contains("require(name)")
        );
        let want = [("lodash", Some("4.17.10")), ("@a/b", Some("1.0.0/x")), ("request", None)];
        let want: Vec<_> = want.map(|(name, version)| (name.to_owned(), version.map(str::to_owned))).into();
        assert_eq!(required, want);
        assert_eq!(without_versions("function () {}").0, "function () {}");
    }

    #[test]
    fn an_action_holds_what_it_needs() {
        let plain = rule_convert("a\nb", "function (user, context, callback) { callback(null, user, context); };\n");
        assert!(plain.code.starts_with("// Made of the rule \"a b\""));
        assert!(!plain.code.contains("export ") && !plain.code.contains("const { request }"));
        let asking =
            rule_convert("x", "function (u, c, cb) { request.get('https://a.example', () => cb(null, u, c)); }");
        assert!(asking.code.contains("const { request }"));
        let requiring = rule_convert("x", "function (u, c, cb) { const request = require('request@2.88.0'); }");
        assert!(requiring.code.contains("const request = ruleRequest; }"));
        assert!(
            !rule_convert("x", "function (u, c, cb) { cb(null, c.request.ip); }").code.contains("const { request }")
        );
    }
}
