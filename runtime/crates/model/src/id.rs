//! Ids as newtypes: text is parsed once, at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is no id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed {kind} id")]
pub struct BadId {
    /// The kind that was wanted.
    pub kind: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as it stands on the wire and in keys.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                let rule: fn(&str) -> bool = $rule;
                if rule(s) { Ok(Self(s.to_owned())) } else { Err(BadId { kind: $kind }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(s: String) -> Result<Self, BadId> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A tenant's name: 1–63 lower-case letters, digits and inner hyphens.
    TenantId, "tenant", |s| (1..=63).contains(&s.len()) && !s.starts_with('-') && !s.ends_with('-')
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    /// `strategy|id`, at most 255 characters (Auth0 Management API: POST /users).
    UserId, "user", |s| s.len() <= 255 && s.split_once('|').is_some_and(|(strategy, id)| !strategy.is_empty() && !id.is_empty())
        && !s.chars().any(char::is_control);
    /// What a client is known by in OAuth: 1–64 letters, digits, `_`, `-`.
    ClientId, "client", |s| word(s, 64);
    /// `con_…`
    ConnectionId, "connection", |s| s.strip_prefix("con_").is_some_and(|rest| word(rest, 60));
    /// A UUID, as Auth0's.
    ActionId, "action", uuid;
    /// A UUID, as Auth0's.
    ActionVersionId, "action version", uuid;
    /// A UUID, as Auth0's.
    ActionModuleId, "action module", uuid;
    /// A UUID, as Auth0's.
    ActionModuleVersionId, "action module version", uuid;
    /// A UUID, as Auth0's; new on every write of the bindings.
    BindingId, "binding", uuid;
    /// `lgn_…`
    LoginId, "login", |s| s.strip_prefix("lgn_").is_some_and(|rest| word(rest, 60));
    /// `exe_…`
    ExecutionId, "execution", |s| s.strip_prefix("exe_").is_some_and(|rest| word(rest, 60));
    /// `900` and digits; ids made later are greater.
    LogId, "log", |s| s.starts_with("900") && s.len() <= 64 && s.bytes().all(|b| b.is_ascii_alphanumeric());
    /// `totp|dev_…` or `recovery-code|dev_…`
    AuthenticatorId, "authenticator", |s| s.split_once("|dev_").is_some_and(|(kind, rest)|
        matches!(kind, "totp" | "recovery-code") && word(rest, 60));
    /// `job_…`
    JobId, "job", |s| s.strip_prefix("job_").is_some_and(|rest| word(rest, 60));
    /// `mal_…`; ids made later are greater.
    MailId, "mail", |s| s.strip_prefix("mal_").is_some_and(|rest| word(rest, 60));
    /// 24 hex digits, as Auth0's.
    ResourceServerId, "resource server", |s| s.len() == 24 && s.bytes().all(|b| b.is_ascii_hexdigit());
    /// `cgr_…`
    ClientGrantId, "client grant", |s| s.strip_prefix("cgr_").is_some_and(|rest| word(rest, 64));
    /// `rul_…`
    RuleId, "rule", |s| s.strip_prefix("rul_").is_some_and(|rest| word(rest, 60));
    /// `rol_…`
    RoleId, "role", |s| s.strip_prefix("rol_").is_some_and(|rest| word(rest, 60));
    /// `rt_…`
    RefreshTokenId, "refresh token", |s| s.strip_prefix("rt_").is_some_and(|rest| word(rest, 60));
    /// `ses_…`
    SessionId, "session", |s| s.strip_prefix("ses_").is_some_and(|rest| word(rest, 60));
}

fn word(s: &str, longest: usize) -> bool {
    (1..=longest).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn uuid(s: &str) -> bool {
    s.len() == 36 && uuid::Uuid::try_parse(s).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr<Err = BadId> + fmt::Debug>(input: &str, want: bool) {
        assert_eq!(input.parse::<T>().is_ok(), want, "{input}");
    }

    #[test]
    fn parses_ids() {
        check::<TenantId>("default", true);
        check::<TenantId>("-x", false);
        check::<TenantId>("A", false);
        check::<TenantId>("", false);
        check::<UserId>("auth0|1", true);
        check::<UserId>("samlp|corp|ann@example.com", true);
        check::<UserId>("auth0", false);
        check::<UserId>("auth0|a\u{0}", false);
        check::<ActionId>("00000000-0000-4000-8000-000000000000", true);
        check::<ActionId>("act_1", false);
        check::<ConnectionId>("con_abc", true);
        check::<ConnectionId>("con_", false);
    }
}
