//! Lines of the run's log, which the action's author reads.

use crate::host;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Details of details.
    Trace,
    /// Details.
    Debug,
    /// What happened.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

/// Writes a line. The macros [`info!`](crate::info) and its kin format one first.
pub fn write(level: Level, text: &str) {
    host::log(level as i32, text);
}

/// Declares a macro for each level. `$d` is a dollar sign for the inner macro.
macro_rules! levels {
    ($d:tt $($name:ident $level:ident $doc:literal),*) => {
        $(
            #[doc = $doc]
            ///
            /// Takes what [`format!`] takes. Never log a secret or a token.
            #[macro_export]
            macro_rules! $name {
                ($d($d args:tt)*) => {
                    match ::core::format_args!($d($d args)*) {
                        // A text without arguments is not formatted at all.
                        args => match args.as_str() {
                            ::core::option::Option::Some(text) => $crate::log::write($crate::log::Level::$level, text),
                            ::core::option::Option::None => $crate::log::write(
                                $crate::log::Level::$level,
                                &$crate::__private::format(args),
                            ),
                        },
                    }
                };
            }
        )*
    };
}

levels! { $
    trace Trace "Writes a line of level trace.",
    debug Debug "Writes a line of level debug.",
    info Info "Writes a line of level info.",
    warn Warn "Writes a line of level warn.",
    error Error "Writes a line of level error."
}
