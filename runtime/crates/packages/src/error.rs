//! Why packages cannot be made part of an action.

use std::fmt;
use std::time::Duration;

/// Where in a text something is wrong; lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The action's own source is `action.js`; a file of a package is named as it is below `node_modules`.
    pub file: String,
    #[expect(missing_docs, reason = "says its name")]
    pub line: u32,
    #[expect(missing_docs, reason = "says its name")]
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why there is no result. The texts are for the author of the action.
#[derive(Debug, thiserror::Error)]
pub enum PackagesError {
    /// What a dependency is called, or the version asked for, is not npm's.
    #[error("dependency '{name}@{version}': {reason}")]
    Dependency {
        #[expect(missing_docs, reason = "says its name")]
        name: String,
        #[expect(missing_docs, reason = "says its name")]
        version: String,
        /// Such as `no such version`.
        reason: String,
    },
    /// The registry's packages do not fit together, or one of them may not be used.
    #[error("the dependencies cannot be installed: {0}")]
    Install(String),
    /// The source is neither JavaScript nor TypeScript.
    #[error("SyntaxError: {text} ({place})")]
    Syntax {
        #[expect(missing_docs, reason = "says its name")]
        text: String,
        #[expect(missing_docs, reason = "says its name")]
        place: Place,
    },
    /// A package cannot become part of a script.
    #[error("the dependencies cannot be bundled: {text} ({place})")]
    Bundle {
        #[expect(missing_docs, reason = "says its name")]
        text: String,
        #[expect(missing_docs, reason = "says its name")]
        place: Place,
    },
    /// Bigger than it may be.
    #[error("{what} would be {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// Such as `the bundle of the dependencies`.
        what: &'static str,
        #[expect(missing_docs, reason = "says its name")]
        bytes: u64,
        #[expect(missing_docs, reason = "says its name")]
        limit: u64,
    },
    /// The server has no way to a registry, by its configuration.
    #[error("{what} are not at hand, and the server was started with --npm-offline: it fetches no packages")]
    Offline {
        /// What would have to be fetched.
        what: String,
    },
    /// A program is not there.
    #[error("this needs the program '{program}' on the server, which does not start")]
    Program {
        /// As it was called.
        program: String,
        #[expect(missing_docs, reason = "says its name")]
        source: std::io::Error,
    },
    /// A step took too long.
    #[error("{step} took longer than {limit:?}")]
    TimedOut {
        #[expect(missing_docs, reason = "says its name")]
        step: &'static str,
        #[expect(missing_docs, reason = "says its name")]
        limit: Duration,
    },
    /// The registry did not answer, or not as it should.
    #[error("the npm registry cannot be used: {0}")]
    Registry(String),
    /// A tool ended in a way it should not.
    #[error("{tool} failed: {text}")]
    Tool {
        #[expect(missing_docs, reason = "says its name")]
        tool: &'static str,
        /// The end of what it wrote.
        text: String,
    },
    /// The data folder cannot be used.
    #[error("the folder of the build tools cannot be used")]
    Io(#[from] std::io::Error),
}

impl PackagesError {
    /// Where it is, when a text is to blame.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Syntax { place, .. } | Self::Bundle { place, .. } => Some(place),
            Self::Dependency { .. }
            | Self::Install(_)
            | Self::TooLarge { .. }
            | Self::Offline { .. }
            | Self::Program { .. }
            | Self::TimedOut { .. }
            | Self::Registry(_)
            | Self::Tool { .. }
            | Self::Io(_) => None,
        }
    }

    /// Whether the author can do something about it. Else it is the server's surroundings: trying again may help.
    #[must_use]
    pub fn is_authors(&self) -> bool {
        match self {
            Self::Dependency { .. }
            | Self::Install(_)
            | Self::Syntax { .. }
            | Self::Bundle { .. }
            | Self::TooLarge { .. } => true,
            Self::Offline { .. }
            | Self::Program { .. }
            | Self::TimedOut { .. }
            | Self::Registry(_)
            | Self::Tool { .. }
            | Self::Io(_) => false,
        }
    }
}
