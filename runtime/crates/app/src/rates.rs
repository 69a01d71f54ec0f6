//! Rate limits: two token buckets a tenant, in memory. A restart or a change of the limits fills them.

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use postern_model::tenant::{RateLimit, RateLimits};

/// The buckets of a tenant.
#[derive(Debug)]
pub struct Rates {
    /// Of the management API.
    pub management: Bucket,
    /// Of the endpoints of people and their applications.
    pub authentication: Bucket,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self { management: Bucket::new(limits.management), authentication: Bucket::new(limits.authentication) }
    }
}

/// What a request is told of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests that a full bucket lets through at once.
    pub limit: u32,
    /// Those that are left now.
    pub remaining: u32,
    /// When the bucket is full again; of a refused request, when the next one is let through. Seconds since the epoch.
    pub reset_at: i64,
    /// Whether this request is refused, and how long to wait then, s.
    pub retry_after: Option<u64>,
}

/// A token bucket.
pub struct Bucket {
    limit: RateLimit,
    limiter: RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Bucket {
    fn new(limit: RateLimit) -> Self {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);
        Self { limit, limiter: RateLimiter::direct(quota).with_middleware() }
    }

    /// Takes one token, if there is one.
    #[must_use]
    pub fn take(&self, now: Timestamp) -> Rate {
        let limit = self.limit.burst.get();
        let now = now.as_second();
        let at = |seconds: u64| now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
        match self.limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let missing = limit.saturating_sub(remaining).div_ceil(self.limit.per_second.get());
                Rate { limit, remaining, reset_at: at(missing.into()), retry_after: None }
            }
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                // Rounded up, and never at once: who comes back too early is refused again.
                let seconds = wait.as_secs().saturating_add(1);
                Rate { limit, remaining: 0, reset_at: at(seconds), retry_after: Some(seconds) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_emptied_and_filled_again() {
        let two = std::num::NonZeroU32::new(2).unwrap();
        let bucket = Bucket::new(RateLimit { per_second: std::num::NonZeroU32::MIN, burst: two });
        let now = Timestamp::from_second(1_000).unwrap();
        let first = bucket.take(now);
        assert_eq!(first, Rate { limit: 2, remaining: 1, reset_at: 1_001, retry_after: None });
        assert_eq!(bucket.take(now).remaining, 0);
        let refused = bucket.take(now);
        assert_eq!(refused, Rate { limit: 2, remaining: 0, reset_at: 1_001, retry_after: Some(1) });
    }

    #[test]
    fn the_limits_that_hold_by_default_are_generous() {
        let limit = RateLimit::default();
        assert_eq!((limit.per_second.get(), limit.burst.get()), (10_000, 20_000));
    }
}
