//! `crypto.*`: signatures, RSA, curves and slow derivations. What is cheap in a guest (hashes, HMAC, AES) is done there.
//!
//! What a call costs in fuel is known from its arguments. Work that takes long runs beside the async threads, no more
//! at once than there are processors.

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use postern_contract::{CryptoCurve, HostCall, SignatureScheme};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::capability::Started;

mod curve;
mod derive;
mod rsa;

/// Fuel above which a call is made beside the async threads; about 0.1 ms.
const SLOW_FUEL: u64 = 150_000;
/// Fuel of an operation with a key on a curve; the larger and the unusual ones are slower.
const CURVE_FUEL: u64 = 60_000;
const SLOW_CURVE_FUEL: u64 = 400_000;
/// Fuel of an operation with a public RSA key.
const RSA_PUBLIC_FUEL: u64 = 100_000;

/// Why a call has no result.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// The arguments are not legal.
    BadCall(String),
    /// The key is none, or another kind than the call says.
    BadKey,
    /// The combination exists, and we do not have it.
    Unsupported(String),
    /// The operation did not succeed: a wrong key, or data that was changed.
    Failed,
}

impl Refusal {
    fn answer(self) -> Value {
        let (code, message) = match self {
            Self::BadCall(message) => ("bad_call", message),
            Self::BadKey => ("bad_key", "the key cannot be used".to_owned()),
            Self::Unsupported(message) => ("unsupported", message),
            Self::Failed => ("failed", "the operation failed".to_owned()),
        };
        json!({"error": {"code": code, "message": message}})
    }
}

type Outcome = Result<Vec<u8>, Refusal>;

/// Keeps slow work to as many threads as there are processors.
#[derive(Debug)]
pub(crate) struct CryptoThreads(Arc<Semaphore>);

impl Default for CryptoThreads {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors)))
    }
}

/// Whether a call is one of these: they are counted apart from those that reach the outside.
pub(crate) fn is_crypto(call: &HostCall) -> bool {
    fuel(call) > 0
}

/// What a call costs beside its text; 0 of all other calls.
pub(crate) fn fuel(call: &HostCall) -> u64 {
    match call {
        HostCall::CryptoSign(call) => signature_fuel(&call.scheme, rsa::private_fuel(call.key.len())),
        HostCall::CryptoVerify(call) => signature_fuel(&call.scheme, RSA_PUBLIC_FUEL),
        HostCall::CryptoEncrypt(_) => RSA_PUBLIC_FUEL,
        HostCall::CryptoDecrypt(call) => rsa::private_fuel(call.key.len()),
        HostCall::CryptoAgree(call) => curve_fuel(call.curve),
        HostCall::CryptoPublic(call) => curve_fuel(call.curve),
        HostCall::CryptoPbkdf2(call) => derive::pbkdf2_fuel(call),
        HostCall::CryptoScrypt(call) => derive::scrypt_fuel(call),
        HostCall::CryptoGenerateRsa { bits } => rsa::generation_fuel(*bits),
        HostCall::CacheGet { .. }
        | HostCall::CacheSet(_)
        | HostCall::CacheDelete { .. }
        | HostCall::HttpFetch { .. }
        | HostCall::Timer { .. }
        | HostCall::GroupsGetUserGroups { .. }
        | HostCall::GroupsHasGroupMembership { .. }
        | HostCall::RolesGetUserEffectiveRoles { .. }
        | HostCall::RolesGetUserEffectiveRolesByIds { .. }
        | HostCall::RolesGetUserEffectiveRolesByNames { .. } => 0,
    }
}

fn signature_fuel(scheme: &SignatureScheme, with_rsa: u64) -> u64 {
    match scheme {
        SignatureScheme::RsaPkcs1 { .. } | SignatureScheme::RsaPss { .. } => with_rsa,
        SignatureScheme::Ecdsa { curve, .. } => curve_fuel(*curve),
        SignatureScheme::Ed25519 {} => CURVE_FUEL,
    }
}

fn curve_fuel(curve: CryptoCurve) -> u64 {
    match curve {
        CryptoCurve::P256 | CryptoCurve::Ed25519 | CryptoCurve::X25519 => CURVE_FUEL,
        CryptoCurve::P384 | CryptoCurve::P521 | CryptoCurve::Secp256k1 => SLOW_CURVE_FUEL,
    }
}

/// Starts one of `crypto.*`.
pub(crate) fn start(threads: &CryptoThreads, call: HostCall) -> Started {
    if fuel(&call) <= SLOW_FUEL {
        return Started::Done(answer(&call));
    }
    let threads = Arc::clone(&threads.0);
    let work = async move {
        let permit = threads.acquire_owned().await;
        let worked = tokio::task::spawn_blocking(move || {
            let _one_of_few = permit;
            answer(&call)
        });
        worked.await.unwrap_or_else(|_panicked| Refusal::Failed.answer())
    };
    Started::UnderWay(work.boxed())
}

fn answer(call: &HostCall) -> Value {
    let outcome = if let HostCall::CryptoSign(call) = call {
        sign(call).map(|bytes| json!({"signature": STANDARD.encode(bytes)}))
    } else if let HostCall::CryptoVerify(call) = call {
        verify(call).map(|valid| json!({"valid": valid}))
    } else {
        bytes_of(call).map(|bytes| json!({"bytes": STANDARD.encode(bytes)}))
    };
    outcome.unwrap_or_else(Refusal::answer)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`fuel` is where a new call is noticed")]
fn bytes_of(call: &HostCall) -> Outcome {
    match call {
        HostCall::CryptoEncrypt(call) => rsa::encrypt(&call.padding, &decoded(&call.key)?, &decoded(&call.data)?),
        HostCall::CryptoDecrypt(call) => rsa::decrypt(&call.padding, &decoded(&call.key)?, &decoded(&call.data)?),
        HostCall::CryptoAgree(call) => curve::agree(call.curve, &decoded(&call.key)?, &decoded(&call.peer)?),
        HostCall::CryptoPublic(call) => curve::public(call.curve, &decoded(&call.key)?),
        HostCall::CryptoPbkdf2(call) => derive::pbkdf2(call, &decoded(&call.password)?, &decoded(&call.salt)?),
        HostCall::CryptoScrypt(call) => derive::scrypt(call, &decoded(&call.password)?, &decoded(&call.salt)?),
        HostCall::CryptoGenerateRsa { bits } => rsa::generate(*bits),
        _ => Err(Refusal::BadCall("no call of this kind".to_owned())),
    }
}

fn sign(call: &postern_contract::CryptoSign) -> Outcome {
    let (key, data) = (decoded(&call.key)?, decoded(&call.data)?);
    match call.scheme {
        SignatureScheme::RsaPkcs1 { hash } => rsa::sign_pkcs1(hash, &key, &data),
        SignatureScheme::RsaPss { hash, salt } => rsa::sign_pss(hash, salt, &key, &data),
        SignatureScheme::Ecdsa { hash, curve } => curve::sign(curve, hash, &key, &data),
        SignatureScheme::Ed25519 {} => curve::sign_ed25519(&key, &data),
    }
}

fn verify(call: &postern_contract::CryptoVerify) -> Result<bool, Refusal> {
    let (key, data, signature) = (decoded(&call.key)?, decoded(&call.data)?, decoded(&call.signature)?);
    match call.scheme {
        SignatureScheme::RsaPkcs1 { hash } => rsa::verify_pkcs1(hash, &key, &data, &signature),
        SignatureScheme::RsaPss { hash, salt } => rsa::verify_pss(hash, salt, &key, &data, &signature),
        SignatureScheme::Ecdsa { hash, curve } => curve::verify(curve, hash, &key, &data, &signature),
        SignatureScheme::Ed25519 {} => curve::verify_ed25519(&key, &data, &signature),
    }
}

fn decoded(base64: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(base64).map_err(|_bad| Refusal::BadCall("bytes are given in base64".to_owned()))
}

/// Whether a call, as recorded, has an answer that must not be kept and that its arguments determine: it is worked out
/// again in a replay.
pub(crate) fn is_worked_out_again(call: &Value) -> bool {
    let kind = call.get("type").and_then(Value::as_str);
    matches!(kind, Some("crypto.decrypt" | "crypto.agree" | "crypto.public" | "crypto.pbkdf2" | "crypto.scrypt"))
}

/// Takes keys and content out of a call before it is recorded. What is left tells one call from another, but for
/// passwords: a short one could be found from its digest.
pub(crate) fn redact(call: &mut Value) {
    if !call.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("crypto.")) {
        return;
    }
    for name in ["key", "data", "password"] {
        if let Some(Value::String(text)) = call.get_mut(name) {
            *text = if name == "password" {
                "[hidden]".to_owned()
            } else {
                let digest = digest::digest(&digest::SHA256, text.as_bytes());
                format!("sha256:{}", STANDARD.encode(digest.as_ref()))
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_call_has_no_keys() {
        let mut call = json!({"type": "crypto.sign", "scheme": {"name": "ed25519"}, "key": "a2V5", "data": "ZGF0YQ=="});
        redact(&mut call);
        let text = call.to_string();
        assert!(!text.contains("a2V5") && !text.contains("ZGF0YQ=="), "{text}");
        let mut call = json!({"type": "crypto.scrypt", "password": "cGFzcw==", "salt": "AA=="});
        redact(&mut call);
        assert_eq!(call, json!({"type": "crypto.scrypt", "password": "[hidden]", "salt": "AA=="}));
        let mut other = json!({"type": "cache.get", "key": "k"});
        redact(&mut other);
        assert_eq!(other, json!({"type": "cache.get", "key": "k"}));
    }
}
