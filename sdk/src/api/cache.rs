//! `api.cache`: a small store in memory that the trigger's actions share.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::Api;
use crate::call;
use crate::json::Object;

/// See [`Api::cache`].
///
/// Best effort: a value may be gone at any time. Keys have at most 64 bytes, values 4096; an entry lives for at most
/// a day, 15 minutes if nothing else is said.
#[derive(Debug)]
pub struct Cache<'a> {
    #[expect(dead_code, reason = "every namespace borrows the api")]
    pub(super) api: &'a mut Api,
}

/// A value in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CacheRecord {
    /// The value.
    pub value: String,
    /// When it goes, ms since the epoch.
    pub expires_at: i64,
}

/// Why the cache did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheError {
    code: String,
}

impl CacheError {
    /// Auth0's code, such as `CacheKeySizeExceeded` or `CacheKeyDoesNotExist`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cache: ")?;
        f.write_str(&self.code)
    }
}

impl std::error::Error for CacheError {}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    record: Option<CacheRecord>,
}

impl Answer {
    fn of(call: &[u8]) -> Result<Option<CacheRecord>, CacheError> {
        let failed = |code: &str| CacheError { code: code.to_owned() };
        let answer: Self = call::answer(call).map_err(|error| failed(error.message()))?;
        if answer.kind == "success" { Ok(answer.record) } else { Err(failed(&answer.code.unwrap_or_default())) }
    }
}

impl Cache<'_> {
    /// The value of a key, unless it is absent or expired.
    #[must_use]
    pub fn get(self, key: &str) -> Option<CacheRecord> {
        let mut call = Vec::new();
        Object::begin(&mut call, "cache.get").text("key", key).end();
        call::answer(&call).ok().flatten()
    }

    /// Keeps a value for 15 minutes.
    ///
    /// # Errors
    /// When the cache refuses it; an action may well go on.
    pub fn set(self, key: &str, value: &str) -> Result<(), CacheError> {
        let mut call = Vec::new();
        Object::begin(&mut call, "cache.set").text("key", key).text("value", value).end();
        Answer::of(&call).map(drop)
    }

    /// Keeps a value for as long as said, at most a day.
    ///
    /// # Errors
    /// When the cache refuses it; an action may well go on.
    pub fn set_for(self, key: &str, value: &str, ttl: Duration) -> Result<(), CacheError> {
        set_with(key, value, "ttl", u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX))
    }

    /// Keeps a value until this time, ms since the epoch, at most a day.
    ///
    /// # Errors
    /// When the cache refuses it; an action may well go on.
    pub fn set_until(self, key: &str, value: &str, expires_at: u64) -> Result<(), CacheError> {
        set_with(key, value, "expires_at", expires_at)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn delete(self, key: &str) -> Result<(), CacheError> {
        let mut call = Vec::new();
        Object::begin(&mut call, "cache.delete").text("key", key).end();
        Answer::of(&call).map(drop)
    }
}

fn set_with(key: &str, value: &str, option: &str, ms: u64) -> Result<(), CacheError> {
    let mut call = Vec::new();
    let object = Object::begin(&mut call, "cache.set").text("key", key).text("value", value);
    object.value(option, &ms).map_err(|error| CacheError { code: error.message().to_owned() })?.end();
    Answer::of(&call).map(drop)
}
