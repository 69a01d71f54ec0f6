//! Tests of an action without WebAssembly: the same code, a host that the test makes up.

use std::collections::BTreeMap;

use postern_contract::{GuestError, Mutation, RunResult};
use serde_json::{Map, Value, json};

use crate::host::native::with_world;
use crate::http::Response;
use crate::run::Action;

/// What a run starts from and what its host calls answer.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) event: Value,
    pub(crate) now_ms: i64,
    seed: u64,
    cache: BTreeMap<String, (String, f64)>,
    roles: Vec<String>,
    fetches: Vec<(String, Response, bool)>,
    answers: BTreeMap<String, Value>,
}

impl Script {
    pub(crate) fn random_byte(&mut self) -> u8 {
        // SplitMix64: good enough for a test, the same for a seed.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z.to_le_bytes().iter().fold(0, |all, byte| all ^ byte)
    }

    pub(crate) fn answer(&mut self, call: &Value) -> Value {
        let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = text("type");
        if let Some(answer) = self.answers.get(kind) {
            return answer.clone();
        }
        match kind {
            "cache.get" => self.cache_get(text("key")),
            "cache.set" => self.cache_set(text("key"), text("value"), call),
            "cache.delete" => match self.cache.remove(text("key")) {
                Some(_) => json!({"type": "success"}),
                None => json!({"type": "error", "code": "CacheKeyDoesNotExist"}),
            },
            "http.fetch" => self.fetch(text("url")),
            "roles.getUserEffectiveRoles" => self.roles_among(None),
            "roles.getUserEffectiveRolesByIds" => self.roles_among(call.get("ids")),
            "roles.getUserEffectiveRolesByNames" => self.roles_among(call.get("names")),
            "groups.getUserGroups" => json!({"groups": []}),
            "groups.hasGroupMembership" => {
                let groups = call.get("groups").and_then(Value::as_array).into_iter().flatten();
                let absent = groups.filter_map(Value::as_str).map(|key| (key.to_owned(), json!({"is_member": false})));
                json!({"memberships": absent.collect::<Map<_, _>>()})
            }
            "timer" => json!({}),
            unknown => refused("bad_call", &format!("unknown call `{unknown}`")),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date in use are exact")]
    fn cache_get(&self, key: &str) -> Value {
        match self.cache.get(key) {
            Some((value, expires_at)) if *expires_at > self.now_ms as f64 => record(value, *expires_at),
            Some(_) | None => Value::Null,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of any date in use are exact")]
    fn cache_set(&mut self, key: &str, value: &str, call: &Value) -> Value {
        let failed = |code: &str| json!({"type": "error", "code": code});
        if key.len() > 64 {
            return failed("CacheKeySizeExceeded");
        }
        if value.len() > 4096 {
            return failed("CacheValueSizeExceeded");
        }
        let now = self.now_ms as f64;
        let ttl = call.get("ttl").and_then(Value::as_f64).map(|ttl| now + ttl);
        let at = call.get("expires_at").and_then(Value::as_f64);
        let expires_at = ttl.into_iter().chain(at).reduce(f64::min).unwrap_or(now + 15.0 * 60_000.0);
        if expires_at <= now {
            return failed("ItemAlreadyExpired");
        }
        self.cache.insert(key.to_owned(), (value.to_owned(), expires_at));
        json!({"type": "success", "record": record(value, expires_at)})
    }

    /// The first answer for the address that is not used yet; the last one serves for ever.
    fn fetch(&mut self, url: &str) -> Value {
        let mut fitting: Vec<_> = self.fetches.iter_mut().filter(|(known, _, _)| known == url).collect();
        let last = fitting.len().saturating_sub(1);
        let at = fitting.iter().position(|(_, _, used)| !used).unwrap_or(last);
        let Some((_, response, used)) = fitting.get_mut(at) else {
            return refused("connect", &format!("the test has no answer for {url}: add one with `answer_fetch`"));
        };
        *used = true;
        let mut answer = response.clone();
        if answer.url.is_empty() {
            url.clone_into(&mut answer.url);
        }
        json!(answer)
    }

    fn roles_among(&self, among: Option<&Value>) -> Value {
        let asked = |role: &String| {
            among.is_none_or(|list| list.as_array().is_some_and(|list| list.iter().any(|one| one == role.as_str())))
        };
        let roles = self.roles.iter().filter(|role| asked(role));
        json!({"roles": roles.map(|role| json!({"id": role, "name": role, "type": "direct"})).collect::<Vec<_>>()})
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of any date in use are exact")]
fn record(value: &str, expires_at: f64) -> Value {
    json!({"value": value, "expires_at": expires_at as i64})
}

fn refused(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

/// A test's host. Runs an action natively and hands back what it did.
///
/// ```
/// use postern_sdk::serde_json::json;
/// use postern_sdk::{Api, Error, Event, Harness};
///
/// fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
///     match event.request().country_code().as_deref() {
///         Some("IS") => Ok(()),
///         _ => api.access().deny("only from Iceland"),
///     }
/// }
///
/// let run = Harness::new(json!({"request": {"geoip": {"countryCode": "NO"}}})).run(on_execute);
/// assert_eq!(run.json(), json!([{"type": "access.deny", "reason": "only from Iceland"}]));
/// ```
#[derive(Debug)]
pub struct Harness {
    script: Script,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The changes asked for, in call order; none when the action failed.
    pub mutations: Vec<Mutation>,
    /// Why the action failed, if it did.
    pub error: Option<GuestError>,
    /// Level and text of each line: 0 trace, 1 debug, 2 info, 3 warn, 4 error.
    pub logs: Vec<(i32, String)>,
    /// The host calls, as JSON.
    pub calls: Vec<Value>,
}

impl Run {
    /// The mutations as the host sees them, to be compared with `json!([…])`.
    #[must_use]
    pub fn json(&self) -> Value {
        json!(self.mutations)
    }
}

impl Harness {
    /// A host whose event is a plain login with the given parts laid over it.
    #[must_use]
    pub fn new(parts: Value) -> Self {
        let mut event = plain_login();
        lay_over(&mut event, parts);
        Self { script: Script { event, now_ms: 1_767_225_600_000, ..Script::default() } }
    }

    /// Lays further parts over the event.
    #[must_use]
    pub fn with(mut self, parts: Value) -> Self {
        lay_over(&mut self.script.event, parts);
        self
    }

    /// Answers requests for this address. Several answers are used in order, the last one again and again.
    #[must_use]
    pub fn answer_fetch(mut self, url: &str, response: Response) -> Self {
        self.script.fetches.push((url.to_owned(), response, false));
        self
    }

    /// Answers every host call of a type, such as `groups.getUserGroups`, with this JSON.
    #[must_use]
    pub fn answer(mut self, call: &str, answer: Value) -> Self {
        self.script.answers.insert(call.to_owned(), answer);
        self
    }

    /// Puts a value into the cache.
    #[must_use]
    pub fn cached(mut self, key: &str, value: &str) -> Self {
        self.script.cache.insert(key.to_owned(), (value.to_owned(), f64::INFINITY));
        self
    }

    /// The user's roles, as `api.roles()` tells them; their ids are their names.
    #[must_use]
    pub fn roles(mut self, names: &[&str]) -> Self {
        self.script.roles = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The time, ms since the epoch. It stands still. The first of January 2026 if nothing is said.
    #[must_use]
    pub fn now(mut self, ms: i64) -> Self {
        self.script.now_ms = ms;
        self
    }

    /// Where randomness starts.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.script.seed = seed;
        self
    }

    /// Runs an action: `on_execute`, or `on_continue` with an event that is one of a resumed login.
    ///
    /// # Panics
    /// When the action panics, or makes a mutation that no host would take.
    #[must_use]
    pub fn run(self, action: Action) -> Run {
        let (result, world) = with_world(self.script, || crate::run::result(action));
        #[expect(clippy::expect_used, reason = "a test is to fail when the SDK breaks the contract")]
        let result: RunResult = serde_json::from_slice(&result).expect("the SDK writes results that a host reads");
        let (mutations, error) = match result {
            RunResult::Mutations(mutations) => (mutations, None),
            RunResult::Error(error) => (Vec::new(), Some(error)),
        };
        #[expect(clippy::expect_used, reason = "a test is to fail when the SDK breaks the contract")]
        mutations.iter().try_for_each(Mutation::check).expect("the SDK checks at the call what a host checks");
        Run { mutations, error, logs: world.logs, calls: world.calls }
    }
}

fn plain_login() -> Value {
    json!({
        "authentication": {"methods": [{"name": "pwd", "timestamp": "2026-01-01T00:00:00.000Z"}]},
        "authorization": {"roles": []},
        "client": {"client_id": "client", "name": "Test client", "metadata": {}},
        "configuration": {},
        "connection": {"id": "con_1", "name": "Username-Password-Authentication", "strategy": "auth0", "metadata": {}},
        "request": {
            "ip": "203.0.113.7", "method": "GET", "hostname": "tenant.example.com", "query": {}, "body": {},
            "geoip": {}, "user_agent": "test",
        },
        "secrets": {},
        "stats": {"logins_count": 1},
        "tenant": {"id": "tenant"},
        "transaction": {
            "protocol": "oidc-basic-profile", "metadata": {}, "requested_scopes": ["openid"], "acr_values": [],
            "prompt": [], "response_type": ["code"], "ui_locales": [],
        },
        "user": {
            "user_id": "auth0|1", "email": "user@example.com", "email_verified": true, "name": "User",
            "app_metadata": {}, "user_metadata": {}, "identities": [], "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z",
        },
    })
}

/// Objects are laid over objects; anything else replaces what was there.
fn lay_over(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}
