//! The journal of a run: what is recorded of it, and what a replay is answered from.
//!
//! Secrets do not enter it: reads below `/secrets` are recorded without their value, and where a call or a log line
//! holds a secret its name stands in its place.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use postern_model::{Journal, JournalCall};
use serde_json::Value;

use crate::capability::crypto;
use crate::capability::http::is_credential;
use crate::stop::HostStop;

/// Different event pointers a run may read.
const READS: usize = 4_096;
/// JSON text of all event values a run may read, bytes, each pointer counted once: the journal keeps them.
const READ_BYTES: usize = 4 * postern_model::limits::EVENT_BYTES;
/// Pointers compared one by one before a set is made of them.
const FEW: usize = 32;
/// Shorter secrets are not looked for in texts: they would be found everywhere.
const SECRET_BYTES: usize = 4;
const SECRETS: &str = "secrets";
/// What stands in the journal for a header that carries credentials.
const HIDDEN: &str = "[hidden]";

/// Whether a pointer leads to a secret.
fn is_secret(pointer: &str) -> bool {
    pointer.strip_prefix("/secrets").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a run has been told so far.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    reads: Vec<(String, Option<Value>)>,
    seen: Option<HashSet<String>>,
    read_bytes: usize,
    calls: Vec<(Value, Option<Value>)>,
    waits: Vec<i32>,
}

impl Recorder {
    /// Notes the first reading of a pointer. `bytes` is the length of the value's text.
    pub(crate) fn note_read(&mut self, pointer: &str, value: Option<&Value>, bytes: usize) -> Result<(), HostStop> {
        let known = match &self.seen {
            Some(seen) => seen.contains(pointer),
            None => self.reads.iter().any(|(read, _)| read == pointer),
        };
        if known {
            return Ok(());
        }
        self.read_bytes = self.read_bytes.saturating_add(pointer.len() + bytes);
        if self.reads.len() >= READS || self.read_bytes > READ_BYTES {
            return Err(HostStop::ReadLimit { limit: READS, bytes: READ_BYTES });
        }
        let value = value.filter(|_| !is_secret(pointer)).cloned().map(|mut value| {
            if pointer.is_empty()
                && let Some(secrets) = value.get_mut(SECRETS)
            {
                *secrets = Value::Null;
            }
            value
        });
        self.reads.push((pointer.to_owned(), value));
        if let Some(seen) = &mut self.seen {
            seen.insert(pointer.to_owned());
        } else if self.reads.len() > FEW {
            self.seen = Some(self.reads.iter().map(|(read, _)| read.clone()).collect());
        }
        Ok(())
    }

    /// Notes a call; its id is the number of calls before it.
    pub(crate) fn note_call(&mut self, call: Value) {
        self.calls.push((call, None));
    }

    pub(crate) fn note_answer(&mut self, id: usize, answer: Value) {
        if let Some((_, slot)) = self.calls.get_mut(id) {
            *slot = Some(answer);
        }
    }

    pub(crate) fn answer(&self, id: usize) -> Option<&Value> {
        self.calls.get(id).and_then(|(_, answer)| answer.as_ref())
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// How often `call_wait` has answered.
    pub(crate) fn waits(&self) -> usize {
        self.waits.len()
    }

    pub(crate) fn note_wait(&mut self, id: i32) {
        self.waits.push(id);
    }

    /// Whether `call_wait` has given this id.
    pub(crate) fn was_awaited(&self, id: i32) -> bool {
        self.waits.contains(&id)
    }

    /// The journal. A call without an answer at the run's end has `null`.
    pub(crate) fn finish(self, now_ms: i64, seed: &[u8; 32]) -> Journal {
        let calls = self.calls.into_iter();
        Journal {
            now_ms,
            seed: hex(seed),
            reads: self.reads,
            calls: calls.map(|(call, answer)| JournalCall { call, answer: answer.unwrap_or_default() }).collect(),
            waits: self.waits,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from(if n < 10 { b'0' + n } else { b'a' - 10 + n });
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        hex.push(digit(byte >> 4));
        hex.push(digit(byte & 15));
    }
    hex
}

/// Bytes from hex, or `None`.
pub(crate) fn seed_of(hex: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(seed)
}

/// What a replay is answered from.
#[derive(Debug)]
pub(crate) struct Replay {
    reads: HashMap<String, Option<Value>>,
    journal: Journal,
    next_wait: usize,
}

impl Replay {
    /// `event` gives the secrets, which the journal does not have.
    pub(crate) fn new(journal: Journal, event: &Value) -> Self {
        let mut reads: HashMap<String, Option<Value>> = journal.reads.iter().cloned().collect();
        if let (Some(Some(whole)), Some(secrets)) = (reads.get_mut(""), event.get(SECRETS))
            && let Some(slot) = whole.get_mut(SECRETS)
        {
            *slot = secrets.clone();
        }
        Self { reads, journal, next_wait: 0 }
    }

    fn read(&self, pointer: &str) -> Result<Option<&Value>, HostStop> {
        match self.reads.get(pointer) {
            Some(value) => Ok(value.as_ref()),
            None => Err(HostStop::Diverged(format!("the run reads `{pointer}`, which is not in its journal"))),
        }
    }

    /// The answer of the call that is made next.
    pub(crate) fn answer(&self, id: usize, call: &Value) -> Result<Value, HostStop> {
        match self.journal.calls.get(id) {
            Some(recorded) if recorded.call == *call => Ok(recorded.answer.clone()),
            Some(_) => Err(HostStop::Diverged(format!("host call {id} is another than in the journal"))),
            None => Err(HostStop::Diverged(format!("host call {id} is not in the journal"))),
        }
    }

    pub(crate) fn wait(&mut self) -> Result<i32, HostStop> {
        let next = self.journal.waits.get(self.next_wait).copied();
        self.next_wait += 1;
        next.ok_or_else(|| HostStop::Diverged("the run waits more often than in its journal".to_owned()))
    }

    /// How the replayed run differs from its journal, if it does.
    pub(crate) fn compare(&self, again: &Journal) -> Option<String> {
        let journal = &self.journal;
        if again.reads != journal.reads {
            Some("the run read other parts of the event than its journal says".to_owned())
        } else if again.calls != journal.calls {
            Some("the run made fewer host calls than its journal says".to_owned())
        } else if again.waits != journal.waits {
            Some("the run waited less often than its journal says".to_owned())
        } else {
            None
        }
    }
}

/// Where event values come from.
#[derive(Debug)]
pub(crate) struct EventSource {
    pub(crate) event: Arc<Value>,
    pub(crate) replay: Option<Replay>,
}

impl EventSource {
    pub(crate) fn read(&self, pointer: &str) -> Result<Option<&Value>, HostStop> {
        match &self.replay {
            Some(replay) if !is_secret(pointer) => replay.read(pointer),
            Some(_) | None => Ok(lookup(&self.event, pointer)),
        }
    }
}

/// What a JSON Pointer points to. Unlike `Value::pointer` it allocates only for escaped tokens.
fn lookup<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.is_empty() {
        return Some(root);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(root, |value, token| {
        let token = if token.contains('~') {
            Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
        } else {
            Cow::Borrowed(token)
        };
        match value {
            Value::Object(members) => members.get(token.as_ref()),
            Value::Array(items) => items.get(array_index(&token)?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    })
}

fn array_index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    canonical.then(|| token.parse().ok()).flatten()
}

/// The secrets of an event, to be kept out of texts.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    pub(crate) fn of(event: &Value) -> Self {
        let secrets = event.get(SECRETS).and_then(Value::as_object);
        let mut found: Vec<_> = secrets
            .into_iter()
            .flatten()
            // Those of an Actions Module are an object of their own.
            .flat_map(|(name, value)| match value.as_object() {
                Some(values) => values.iter().map(|(name, value)| (name.clone(), value)).collect(),
                None => vec![(name.clone(), value)],
            })
            .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
            .filter(|(_, value)| value.len() >= SECRET_BYTES)
            .collect();
        // The longest first: one may hold another.
        found.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self(found)
    }

    /// Puts names where secrets stand.
    pub(crate) fn redact_text(&self, text: &mut String) {
        for (name, secret) in &self.0 {
            if text.contains(secret) {
                *text = text.replace(secret, &format!("[secret {name}]"));
            }
        }
    }

    /// Takes out of a host call what the journal must not keep: secrets, and whatever stands in headers that carry
    /// credentials. What is left still tells one call from another.
    pub(crate) fn redact_call(&self, call: &mut Value) {
        crypto::redact(call);
        let headers = call.get_mut("headers").and_then(Value::as_array_mut);
        for header in headers.into_iter().flatten() {
            let name = header.get(0).and_then(Value::as_str).map(str::to_ascii_lowercase);
            if let (true, Some(value)) = (name.is_some_and(|name| is_credential(&name)), header.get_mut(1)) {
                *value = Value::String(HIDDEN.to_owned());
            }
        }
        self.redact(call);
    }

    /// The address that an answer came from may hold what the call's did; some answers are not kept at all.
    pub(crate) fn redact_answer(&self, JournalCall { call, answer }: &mut JournalCall) {
        if crypto::is_worked_out_again(call) {
            *answer = Value::Null;
        } else if let Some(Value::String(url)) = answer.get_mut("url") {
            self.redact_text(url);
        }
    }

    /// Puts names where secrets stand in every string of a value, object keys apart.
    fn redact(&self, value: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::String(text) => self.redact_text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.redact(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_address_of_an_answer_names_its_secrets() {
        let secrets = Secrets::of(&json!({"secrets": {"KEY": "hush-hush"}}));
        let answer = json!({"status": 200, "url": "https://example.com/?key=hush-hush"});
        let mut call = JournalCall { call: json!({"type": "http.fetch"}), answer };
        secrets.redact_answer(&mut call);
        assert_eq!(call.answer, json!({"status": 200, "url": "https://example.com/?key=[secret KEY]"}));
        let mut call = JournalCall { call: json!({"type": "crypto.decrypt"}), answer: json!({"bytes": "AA=="}) };
        secrets.redact_answer(&mut call);
        assert_eq!(call.answer, Value::Null);
    }

    #[test]
    fn looks_up_as_serde_json_does() {
        let event = json!({"a": {"b~/c": [1, {"": 2}]}, "": 3, "01": 4});
        for pointer in [
            "",
            "/",
            "/a",
            "/a/b~0~1c",
            "/a/b~0~1c/0",
            "/a/b~0~1c/1/",
            "/a/b~0~1c/2",
            "/a/b~0~1c/00",
            "/01",
            "a",
            "/a/b/x",
            "/a/b~0~1c/+0",
            "/a/b~0~1c/-1",
        ] {
            assert_eq!(lookup(&event, pointer), event.pointer(pointer), "{pointer}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_pointer_is_looked_up_as_serde_json_does(pointer in "(/(a|b|0|1|01|~0|~1|~|x|-|\\+1|)){0,4}|[a/~0-9]{0,6}") {
            let event = json!({"a": [{"b": 1}, [null, {"0": "x", "": 2}]], "~": {"/": 3}, "": {"": 4}});
            assert_eq!(lookup(&event, &pointer), event.pointer(&pointer), "{pointer}");
        }
    }

    #[test]
    fn keeps_secrets_out() {
        let event = json!({"secrets": {"KEY": "hunter22", "LONG": "hunter22-more", "PIN": "12"}, "x": 1});
        let mut recorder = Recorder::default();
        recorder.note_read("/secrets/KEY", lookup(&event, "/secrets/KEY"), 10).unwrap();
        recorder.note_read("", Some(&event), 10).unwrap();
        recorder.note_read("", Some(&event), 10).unwrap();
        let journal = recorder.finish(1, &[0xab; 32]);
        assert_eq!(
            journal.reads,
            [("/secrets/KEY".into(), None), (String::new(), Some(json!({"secrets": null, "x": 1})))]
        );
        assert_eq!(seed_of(&journal.seed), Some([0xab; 32]));
        let replay = Replay::new(journal, &event);
        assert_eq!(replay.read("").unwrap(), Some(&event));
        let mut call = json!({"headers": [["Authorization", "Bearer x"], ["x", "hunter22"]], "b": "hunter22-more 12"});
        Secrets::of(&event).redact_call(&mut call);
        assert_eq!(
            call,
            json!({"headers": [["Authorization", "[hidden]"], ["x", "[secret KEY]"]], "b": "[secret LONG] 12"})
        );
    }

    #[test]
    fn bounds_reads() {
        let mut recorder = Recorder::default();
        for n in 0..READS {
            recorder.note_read(&format!("/{n}"), None, 0).unwrap();
        }
        recorder.note_read("/0", None, 0).unwrap();
        assert!(recorder.note_read("/x", None, 0).is_err());
        assert!(Recorder::default().note_read("", None, READ_BYTES + 1).is_err());
    }
}
