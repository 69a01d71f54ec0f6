//! Time and randomness while a top level is loaded: those of the build, so that a version is built the same again.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

static NOW: AtomicI64 = AtomicI64::new(0);
static STATE: AtomicU64 = AtomicU64::new(0x706f_7374_6572_6e31);

pub(crate) fn set(now_ms: i64, seed: u64) {
    NOW.store(now_ms, Ordering::Relaxed);
    STATE.store(seed, Ordering::Relaxed);
}

pub(crate) fn now() -> i64 {
    NOW.load(Ordering::Relaxed)
}

/// SplitMix64: what is made at build time is the same in every login, so it is no secret anyway.
pub(crate) fn random(buffer: &mut [u8]) {
    for chunk in buffer.chunks_mut(8) {
        let state = STATE.load(Ordering::Relaxed).wrapping_add(0x9e37_79b9_7f4a_7c15);
        STATE.store(state, Ordering::Relaxed);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
}
