//! A compiled module, ready to be run.

/// A compiled module, ready to be run.
#[derive(Debug)]
pub struct Program {
    key: String,
}

impl Program {
    /// What it is cached under: SHA-256 of the module and, if there is a payload, `+` and that of the payload.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}
