//! Why a host function ends the run it was called from.

/// Why a host function ends the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostStop {
    #[error("{what} is outside of the guest's memory")]
    BadPointer { what: &'static str },
    #[error("{what} is not UTF-8")]
    NotUtf8 { what: &'static str },
    #[error("more than {limit} host calls in one run")]
    CallLimit { limit: usize },
    #[error("more than {limit} different event pointers, or more than {bytes} bytes, read in one run")]
    ReadLimit { limit: usize, bytes: usize },
    #[error("`{import}` was called in postern_init, where only `log` may be")]
    NotInInit { import: &'static str },
    #[error("out of wall time")]
    Deadline,
    #[error("{0}")]
    Diverged(String),
}

impl HostStop {
    /// Class of the error, for the author.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::BadPointer { .. } | Self::NotUtf8 { .. } => "BadPointer",
            Self::CallLimit { .. } | Self::ReadLimit { .. } => "LimitExceeded",
            Self::NotInInit { .. } => "BadCall",
            Self::Deadline => "Deadline",
            Self::Diverged(_) => "ReplayDivergence",
        }
    }
}
