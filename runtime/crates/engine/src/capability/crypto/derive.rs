//! Keys from passwords.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512};
use postern_contract::{CryptoHash, CryptoPbkdf2, CryptoScrypt};

use super::{Outcome, Refusal};

/// What a derivation may give, bytes.
const DERIVED_BYTES: u32 = 64 * 1024;
/// Memory of `scrypt`, bytes; Node's own limit is half of it unless told otherwise.
const SCRYPT_BYTES: u64 = 64 * 1024 * 1024;
/// Fuel of one iteration of PBKDF2: two blocks of the hash.
const ITERATION_FUEL: u64 = 250;
/// Fuel of mixing 128 bytes in `scrypt`, once in each of its two passes.
const MIX_FUEL: u64 = 400;

pub(super) fn pbkdf2_fuel(call: &CryptoPbkdf2) -> u64 {
    let block = match call.hash {
        CryptoHash::Sha1 => 20,
        CryptoHash::Sha256 => 32,
        CryptoHash::Sha384 => 48,
        CryptoHash::Sha512 => 64,
    };
    let blocks = u64::from(call.length.div_ceil(block)).max(1);
    u64::from(call.iterations).saturating_mul(blocks).saturating_mul(ITERATION_FUEL).max(ITERATION_FUEL)
}

pub(super) fn scrypt_fuel(call: &CryptoScrypt) -> u64 {
    let mixes = u64::from(call.n).saturating_mul(u64::from(call.r)).saturating_mul(u64::from(call.p));
    mixes.saturating_mul(2).saturating_mul(MIX_FUEL).max(MIX_FUEL)
}

pub(super) fn pbkdf2(call: &CryptoPbkdf2, password: &[u8], salt: &[u8]) -> Outcome {
    let algorithm = match call.hash {
        CryptoHash::Sha1 => PBKDF2_HMAC_SHA1,
        CryptoHash::Sha256 => PBKDF2_HMAC_SHA256,
        CryptoHash::Sha384 => PBKDF2_HMAC_SHA384,
        CryptoHash::Sha512 => PBKDF2_HMAC_SHA512,
    };
    let iterations =
        NonZeroU32::new(call.iterations).ok_or_else(|| Refusal::BadCall("at least one iteration".to_owned()))?;
    let mut out = room(call.length)?;
    if !out.is_empty() {
        pbkdf2::derive(algorithm, iterations, salt, password, &mut out);
    }
    Ok(out)
}

pub(super) fn scrypt(call: &CryptoScrypt, password: &[u8], salt: &[u8]) -> Outcome {
    let CryptoScrypt { n, r, p, length, .. } = *call;
    let bad = || Refusal::BadCall("`n` is a power of two above 1, `r` and `p` are at least 1".to_owned());
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(bad());
    }
    let memory = u64::from(r).saturating_mul(128).saturating_mul(u64::from(n) + u64::from(p));
    if memory > SCRYPT_BYTES {
        return Err(Refusal::BadCall(format!("scrypt would need {memory} bytes, at most {SCRYPT_BYTES} are given")));
    }
    let log_n = u8::try_from(n.ilog2()).map_err(|_large| bad())?;
    let params = ::scrypt::Params::new(log_n, r, p).map_err(|_bad| bad())?;
    let mut out = room(length)?;
    if !out.is_empty() {
        ::scrypt::scrypt(password, salt, &params, &mut out).map_err(|_bad| bad())?;
    }
    Ok(out)
}

fn room(length: u32) -> Result<Vec<u8>, Refusal> {
    if length > DERIVED_BYTES {
        return Err(Refusal::BadCall(format!("at most {DERIVED_BYTES} bytes are derived")));
    }
    Ok(vec![0; length as usize])
}
