//! `cache.*`: one small cache per tenant and trigger, in memory, best effort, with Auth0's limits and codes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use postern_contract::CacheWrite;
use postern_model::limits;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
struct Record {
    value: String,
    expires_at: i64,
}

/// The cache that the actions of one trigger of one tenant share.
#[derive(Debug, Default)]
pub struct TriggerCache {
    records: Mutex<HashMap<String, Record>>,
}

impl TriggerCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, now_ms: i64, work: impl FnOnce(&mut HashMap<String, Record>) -> T) -> T {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|_, record| record.expires_at > now_ms);
        work(&mut records)
    }

    /// `{"value","expires_at"}`, or `null` when there is none or it has expired.
    pub(crate) fn get(&self, key: &str, now_ms: i64) -> Value {
        self.with(now_ms, |records| {
            records.get(key).map_or(Value::Null, |r| json!({"value": r.value, "expires_at": r.expires_at}))
        })
    }

    pub(crate) fn set(&self, write: CacheWrite, now_ms: i64) -> Value {
        if write.key.len() > limits::CACHE_KEY_BYTES {
            return failure("CacheKeySizeExceeded");
        }
        if write.value.len() > limits::CACHE_VALUE_BYTES {
            return failure("CacheValueSizeExceeded");
        }
        let expires_at = match expiry(&write, now_ms) {
            Ok(expires_at) => expires_at,
            Err(code) => return failure(code),
        };
        self.with(now_ms, |records| {
            let others = records.iter().filter(|(key, _)| **key != write.key);
            let (count, bytes) =
                others.fold((0, 0), |(count, bytes), (key, r)| (count + 1, bytes + key.len() + r.value.len()));
            if count >= limits::CACHE_ENTRIES || bytes + write.key.len() + write.value.len() > limits::CACHE_BYTES {
                return failure("CacheSizeExceeded");
            }
            let answer =
                json!({"type": "success", "record": {"value": write.value.as_str(), "expires_at": expires_at}});
            records.insert(write.key, Record { value: write.value, expires_at });
            answer
        })
    }

    pub(crate) fn delete(&self, key: &str, now_ms: i64) -> Value {
        self.with(now_ms, |records| match records.remove(key) {
            Some(_) => json!({"type": "success"}),
            None => failure("CacheKeyDoesNotExist"),
        })
    }
}

fn failure(code: &str) -> Value {
    json!({"type": "error", "code": code})
}

/// The earlier of `ttl` and `expires_at`, never later than the longest life time.
fn expiry(write: &CacheWrite, now_ms: i64) -> Result<i64, &'static str> {
    let whole_ms = |ms: f64| {
        if !ms.is_finite() || ms.abs() > 9e15 {
            return Err("InvalidExpiry");
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked to fit just above; the fraction is dropped")]
        let whole = ms as i64;
        Ok(whole)
    };
    let from_ttl = write.ttl.map(whole_ms).transpose()?.map(|ttl| now_ms.saturating_add(ttl));
    let absolute = write.expires_at.map(whole_ms).transpose()?;
    let expires_at = match (from_ttl, absolute) {
        (Some(a), Some(b)) => a.min(b),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => now_ms.saturating_add(limits::CACHE_TTL_DEFAULT_MS),
    };
    if expires_at <= now_ms {
        return Err("ItemAlreadyExpired");
    }
    Ok(expires_at.min(now_ms.saturating_add(limits::CACHE_TTL_MAX_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, value: &str) -> CacheWrite {
        CacheWrite { key: key.into(), value: value.into(), ttl: None, expires_at: None }
    }

    #[track_caller]
    fn check(cache: &TriggerCache, write: CacheWrite, now: i64, want: &str) {
        let answer = cache.set(write, now);
        let got = answer.get("code").or_else(|| answer.get("type")).and_then(Value::as_str);
        assert_eq!(got, Some(want), "{answer}");
    }

    #[test]
    fn keeps_limits() {
        let cache = TriggerCache::new();
        check(&cache, write(&"k".repeat(65), "v"), 0, "CacheKeySizeExceeded");
        check(&cache, write("k", &"v".repeat(4097)), 0, "CacheValueSizeExceeded");
        check(&cache, CacheWrite { ttl: Some(f64::NAN), ..write("k", "v") }, 0, "InvalidExpiry");
        check(&cache, CacheWrite { ttl: Some(-1.0), ..write("k", "v") }, 0, "ItemAlreadyExpired");
        check(&cache, CacheWrite { expires_at: Some(9.0), ..write("k", "v") }, 10, "ItemAlreadyExpired");
        for n in 0..20 {
            check(&cache, write(&format!("k{n}"), "v"), 0, "success");
        }
        check(&cache, write("k0", "again"), 0, "success");
        check(&cache, write("k20", "v"), 0, "CacheSizeExceeded");
        let cache = TriggerCache::new();
        for n in 0..4 {
            check(&cache, write(&format!("k{n}"), &"v".repeat(4096)), 0, "success");
        }
        check(&cache, write("k4", &"v".repeat(300)), 0, "CacheSizeExceeded");
    }

    #[test]
    fn expires() {
        let cache = TriggerCache::new();
        cache.set(CacheWrite { ttl: Some(50.0), expires_at: Some(20.0), ..write("k", "v") }, 0);
        assert_eq!(cache.get("k", 19), json!({"value": "v", "expires_at": 20}));
        assert_eq!(cache.get("k", 20), Value::Null);
        assert_eq!(cache.delete("k", 20), json!({"type": "error", "code": "CacheKeyDoesNotExist"}));
        cache.set(CacheWrite { ttl: Some(1e12), ..write("k", "v") }, 5);
        assert_eq!(cache.get("k", 6)["expires_at"], json!(5 + limits::CACHE_TTL_MAX_MS));
    }
}
