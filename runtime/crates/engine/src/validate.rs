//! What a module must be before it is compiled.

use postern_contract::Stamp;

/// What a module says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleReport {
    /// The `postern` custom section.
    pub stamp: Option<Stamp>,
    /// Whether it has `on_continue_post_login`.
    pub continues: bool,
    /// Whether it has `postern_init`.
    pub initializes: bool,
}

/// The rule that a module breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail} (rule `{rule}`)")]
pub struct InvalidModule {
    rule: &'static str,
    detail: String,
}

impl InvalidModule {
    /// Stable name of the rule, such as `module_size`.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}
