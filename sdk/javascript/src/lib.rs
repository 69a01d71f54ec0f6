//! The JavaScript engine guest as a module, and what it takes as a version's payload.
//!
//! The module is built from `engine/` (QuickJS-ng in Rust) and `prelude/` (JavaScript) by `build/`, and kept in the
//! repository, so that nobody needs a C compiler for WebAssembly; a test of the project builds it again and compares.

mod rules;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::rules::{Converted, rule_convert, without_versions};

/// The engine's module. Its hash is part of the key of every snapshot made with it.
pub static ENGINE: &[u8] = include_bytes!("../engine.wasm");

/// What a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A `CommonJS` module that exports handlers.
    Action,
    /// `function (user, context, callback)`.
    Rule,
}

/// An Actions Module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// `CommonJS` source.
    pub source: String,
}

/// A version's payload: what `postern_compile` of the engine takes, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// What `source` is.
    pub kind: Kind,
    /// `post-login` or `credentials-exchange`.
    pub trigger: String,
    /// Name of the source in stacks, such as `action.js`.
    pub file: String,
    /// JavaScript.
    pub source: String,
    /// A script whose value is `(requireBuiltin) => (name) => exports`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// Modules of the bundle that are loaded when the version is built rather than in every login.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preload: Vec<String>,
    /// Actions Modules by the name they are required by, `actions:name`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, Module>,
    /// What the clock says while top levels are loaded, ms since the epoch.
    pub now: i64,
    /// Seed of what is random while top levels are loaded; below 2^53, since JavaScript reads it.
    pub seed: u64,
}
