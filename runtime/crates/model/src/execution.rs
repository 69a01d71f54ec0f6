//! The record of one run of a trigger in a login, and the login while it waits.

use jiff::Timestamp;
use serde::de;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{ActionId, ActionVersionId, ClientId, ConnectionId, ExecutionId, LoginId, UserId};

/// Severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// One line an action logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LogLine {
    pub level: LogLevel,
    pub message: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// With mutations, perhaps none.
    Ok,
    /// Out of wall time.
    Deadline,
    /// Out of fuel.
    OutOfFuel,
    /// Asked for more memory or table than it may have.
    OutOfMemory,
    /// Trapped, or made a call it may not make.
    Trap,
    /// Reported an error of its own.
    GuestError,
    /// Handed back a result that is not legal.
    BadResult,
    /// We failed it.
    HostFault,
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel, exact and the same everywhere.
    pub fuel: u64,
    /// Peak linear memory, bytes.
    pub memory_bytes: u64,
    /// Time on a CPU, µs.
    pub cpu_us: u64,
    /// Time from start to end, µs.
    pub duration_us: u64,
    /// Host calls made.
    pub host_calls: u32,
    /// Bytes received through host calls.
    pub host_bytes: u64,
}

/// A mutation with what became of it. Written as the mutation's own object with `applied` and, when it was not,
/// `reason` added; a mutation that has a `reason` of its own keeps it and ours is `applied_reason`.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedMutation {
    /// As the guest sent it: an object with `type`.
    pub mutation: Map<String, Value>,
    /// Whether it took effect.
    pub applied: bool,
    /// Why it did not.
    pub reason: Option<String>,
}

const APPLIED_REASON: &str = "applied_reason";

impl Serialize for AppliedMutation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own_reason = self.mutation.contains_key("reason");
        let mut object = serializer.serialize_map(None)?;
        for (key, value) in &self.mutation {
            object.serialize_entry(key, value)?;
        }
        object.serialize_entry("applied", &self.applied)?;
        if own_reason && !self.applied {
            object.serialize_entry(APPLIED_REASON, &self.reason)?;
        } else if let (Some(reason), false) = (&self.reason, own_reason) {
            object.serialize_entry("reason", reason)?;
        }
        object.end()
    }
}

impl<'de> Deserialize<'de> for AppliedMutation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut mutation = Map::deserialize(deserializer)?;
        let applied = match mutation.remove("applied") {
            Some(Value::Bool(applied)) => applied,
            Some(_) => return Err(de::Error::custom("`applied` is not a boolean")),
            None => return Err(de::Error::missing_field("applied")),
        };
        let ours = match mutation.remove(APPLIED_REASON) {
            Some(ours) => Some(ours),
            None if applied => None,
            None => mutation.remove("reason"),
        };
        let reason = match ours {
            Some(Value::String(reason)) => Some(reason),
            Some(Value::Null) | None => None,
            Some(_) => return Err(de::Error::custom("the reason is not a string")),
        };
        Ok(Self { mutation, applied, reason })
    }
}

/// A host call and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalCall {
    /// The call as the guest sent it.
    pub call: Value,
    /// The answer it was given.
    pub answer: Value,
}

/// Every outside answer of a run: with it the run can be made again, exactly.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    /// What `now` answered, ms since the epoch.
    pub now_ms: i64,
    /// Seed of `random`, hex of 32 bytes.
    pub seed: String,
    /// The event pointers read, in the order of their first reading, with the values read; `None` for absent.
    #[serde(default, with = "reads")]
    pub reads: Vec<(String, Option<Value>)>,
    /// Host calls in the order they were started.
    #[serde(default)]
    pub calls: Vec<JournalCall>,
    /// The ids `call_wait` answered, in order.
    #[serde(default)]
    pub waits: Vec<i32>,
}

/// `[pointer, value]`, or `[pointer]` when nothing was there: a `null` that was read is not an absent value.
mod reads {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(
        reads: &[(String, Option<Value>)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(untagged)]
        enum Read<'a> {
            Absent([&'a str; 1]),
            Found(&'a str, &'a Value),
        }
        serializer.collect_seq(reads.iter().map(|(pointer, value)| match value {
            None => Read::Absent([pointer]),
            Some(value) => Read::Found(pointer, value),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, Option<Value>)>, D::Error> {
        let rows = Vec::<Vec<Value>>::deserialize(deserializer)?;
        rows.into_iter()
            .map(|row| {
                let mut parts = row.into_iter();
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(Value::String(pointer)), value, None) => Ok((pointer, value)),
                    _ => Err(de::Error::custom("a read is a pointer and perhaps a value")),
                }
            })
            .collect()
    }
}

/// The record of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionRun {
    #[expect(missing_docs, reason = "says its name")]
    pub action_id: ActionId,
    #[expect(missing_docs, reason = "says its name")]
    pub action_name: String,
    #[expect(missing_docs, reason = "says its name")]
    pub version_id: ActionVersionId,
    /// Number of the version; 0 for a draft in a dry run.
    pub version: u32,
    /// Whether it was called after a suspension.
    pub resumed: bool,
    #[expect(missing_docs, reason = "says its name")]
    pub status: RunStatus,
    /// Text for the author when the status is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunErrorText>,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub mutations: Vec<AppliedMutation>,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub logs: Vec<LogLine>,
    #[expect(missing_docs, reason = "says its name")]
    pub usage: Usage,
    #[expect(missing_docs, reason = "says its name")]
    pub journal: Journal,
    #[expect(missing_docs, reason = "says its name")]
    pub started_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub ended_at: Timestamp,
}

/// Why a run failed, for its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RunErrorText {
    pub name: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}

/// What a login came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// Tokens may be issued.
    Allow,
    /// An action denied.
    Deny {
        /// `access_denied`, or the code of `validation.error`.
        code: String,
        /// The action's text.
        reason: String,
    },
    /// The user is sent away and may come back.
    Redirect {
        /// Final address, `state` included.
        url: String,
        /// One-time token that resumes the login.
        state: String,
    },
    /// A further factor is asked for.
    Challenge {
        /// The factors to choose from.
        factors: Vec<Value>,
        /// One-time token that resumes the login.
        state: String,
    },
    /// An action failed and its binding denies.
    Error {
        /// `access_denied`
        code: String,
        /// Text for the browser.
        message: String,
    },
}

/// Where an execution stands, in Auth0's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Done; every action ran or was not reached.
    Final,
    /// Done; an action failed.
    Partial,
    /// Waits for the user.
    Suspended,
}

/// One run of a trigger within a login.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    #[expect(missing_docs, reason = "says its name")]
    pub id: ExecutionId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub login_id: LoginId,
    #[expect(missing_docs, reason = "says its name")]
    pub trigger_id: String,
    /// `None` when a client asked for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    #[expect(missing_docs, reason = "says its name")]
    pub status: ExecutionStatus,
    #[expect(missing_docs, reason = "says its name")]
    pub outcome: Outcome,
    #[expect(missing_docs, reason = "says its name")]
    pub runs: Vec<ActionRun>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub updated_at: Timestamp,
}

/// A login that waits for its user to come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspendedLogin {
    #[expect(missing_docs, reason = "says its name")]
    pub login_id: LoginId,
    /// Set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub execution_id: ExecutionId,
    /// SHA-256 of the one-time state token, hex: the token itself is not kept.
    pub state_sha256: String,
    /// After this it cannot be resumed.
    pub expires_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    #[expect(missing_docs, reason = "says its name")]
    pub connection_id: ConnectionId,
    /// The flow's own state; `postern-flow` defines it.
    pub pipeline: Value,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(mutation: &Value, applied: bool, reason: Option<&str>, want: &Value) {
        let Value::Object(mutation) = mutation.clone() else { panic!("not an object: {mutation}") };
        let applied = AppliedMutation { mutation, applied, reason: reason.map(str::to_owned) };
        let text = serde_json::to_string(&applied).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *want, "{text}");
        assert_eq!(serde_json::from_str::<AppliedMutation>(&text).unwrap(), applied, "{text}");
    }

    #[test]
    fn a_null_that_was_read_is_not_an_absent_value() {
        let reads =
            vec![("/a".to_owned(), Some(Value::Null)), ("/b".to_owned(), None), ("/c".to_owned(), Some(json!(1)))];
        let journal = Journal { reads, ..Journal::default() };
        let kept = serde_json::to_value(&journal).unwrap();
        assert_eq!(kept.get("reads"), Some(&json!([["/a", null], ["/b"], ["/c", 1]])));
        assert_eq!(serde_json::from_value::<Journal>(kept).unwrap(), journal);
    }

    #[test]
    fn a_mutations_own_reason_and_ours_do_not_mix() {
        let claim = json!({"type": "idToken.setCustomClaim", "key": "sub", "value": 1});
        let revoke = json!({"type": "session.revoke", "reason": "risk"});
        check(
            &claim,
            true,
            None,
            &json!({"type": "idToken.setCustomClaim", "key": "sub", "value": 1, "applied": true}),
        );
        check(
            &claim,
            false,
            Some("reserved"),
            &json!({"type": "idToken.setCustomClaim", "key": "sub", "value": 1, "applied": false, "reason": "reserved"}),
        );
        check(&revoke, true, None, &json!({"type": "session.revoke", "reason": "risk", "applied": true}));
        check(
            &revoke,
            false,
            Some("no session"),
            &json!({"type": "session.revoke", "reason": "risk", "applied": false, "applied_reason": "no session"}),
        );
        check(
            &revoke,
            false,
            None,
            &json!({"type": "session.revoke", "reason": "risk", "applied": false, "applied_reason": null}),
        );
    }
}
