//! Hashes of other programs' making, as imports bring them (Auth0: `custom_password_hash`). Taken are bcrypt, argon2,
//! pbkdf2, sha1, sha256, sha512 and hmac over the SHA family: what the libraries that are here anyway can do. md4, md5,
//! ldap and scrypt are refused. A hash is kept until its user logs in; then it is made anew.

use std::num::NonZeroU32;

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a stored hash of this module begins with.
const PREFIX: &str = "custom:";
/// Rounds of pbkdf2 at most: a login waits for them.
const ROUNDS: u32 = 2_000_000;
/// Bytes of a hash, a salt or a key.
const BYTES: usize = 512;
/// Memory of argon2 at most, KiB: a login takes it.
const ARGON2_KIB: u32 = 256 * 1024;

/// Why a hash is not taken.
#[derive(Debug)]
pub(crate) struct BadHash {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Behind that of the whole.
    pub(crate) path: &'static str,
}

fn bad(code: &'static str, path: &'static str, message: impl Into<String>) -> BadHash {
    BadHash { code, message: message.into(), path }
}

/// The digests that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Digest {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sha1" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            _ => return None,
        })
    }

    fn plain(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &digest::SHA224,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn keyed(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => hmac::HMAC_SHA224,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn rounds(self) -> Option<pbkdf2::Algorithm> {
        Some(match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha224 => return None,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        })
    }
}

/// A hash in stored form; bytes are in base64.
#[derive(Serialize, Deserialize)]
#[serde(tag = "a", rename_all = "lowercase")]
enum Stored {
    Pbkdf2 { digest: Digest, rounds: NonZeroU32, salt: String, hash: String },
    Plain { digest: Digest, before: String, after: String, hash: String, utf16: bool },
    Keyed { digest: Digest, key: String, before: String, after: String, hash: String, utf16: bool },
}

/// Whether it is a hash of bcrypt.
pub(crate) fn is_bcrypt(hash: &str) -> bool {
    let form = ["$2a$", "$2b$", "$2y$"].iter().any(|form| hash.starts_with(form));
    form && hash.len() == 60 && hash.parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() <= 15)
}

/// Whether it is a stored hash of this module.
pub(super) fn is_custom(stored: &str) -> bool {
    stored.starts_with(PREFIX)
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// Bytes of a value in its encoding.
fn bytes(object: &Value, default: &str, path: &'static str) -> Result<Vec<u8>, BadHash> {
    let value =
        text(object, "value").ok_or_else(|| bad("OBJECT_REQUIRED", path, "Missing required property: value"))?;
    let decoded = match text(object, "encoding").unwrap_or(default) {
        "utf8" | "ascii" => Some(value.as_bytes().to_vec()),
        "hex" => hex(value),
        "base64" => STANDARD.decode(value).or_else(|_| STANDARD_NO_PAD.decode(value)).ok(),
        other => return Err(bad("ENUM_MISMATCH", path, format!("No enum match for: {}", short(other)))),
    };
    decoded
        .filter(|bytes| bytes.len() <= BYTES)
        .ok_or_else(|| bad("FORMAT", path, "The value does not fit its encoding, or is too long"))
}

fn short(text: &str) -> String {
    text.chars().take(32).collect()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

/// Reads a `custom_password_hash` into its stored form.
pub(crate) fn parse(value: &Value) -> Result<String, BadHash> {
    if !value.is_object() {
        return Err(bad("INVALID_TYPE", "", "Expected type object"));
    }
    let algorithm = text(value, "algorithm").unwrap_or_default();
    let hash = value.get("hash").filter(|hash| hash.is_object());
    let hash = hash.ok_or_else(|| bad("OBJECT_REQUIRED", "", "Missing required property: hash"))?;
    match algorithm {
        "bcrypt" => {
            let text = text(hash, "value").unwrap_or_default();
            if is_bcrypt(text) {
                Ok(text.to_owned())
            } else {
                Err(bad("PATTERN", "/hash/value", "Not a hash of bcrypt"))
            }
        }
        "argon2" => argon2(text(hash, "value").unwrap_or_default()),
        "pbkdf2" => stored(&phc(text(hash, "value").unwrap_or_default())?),
        "sha1" | "sha256" | "sha512" => {
            let digest = Digest::parse(algorithm).ok_or_else(|| unknown(algorithm))?;
            let (before, after) = salt(value)?;
            let hash = encoded(bytes(hash, "hex", "/hash/value")?);
            stored(&Stored::Plain { digest, before, after, hash, utf16: utf16(value)? })
        }
        "hmac" => {
            let name = text(hash, "digest").unwrap_or_default();
            let digest = Digest::parse(name)
                .ok_or_else(|| bad("ENUM_MISMATCH", "/hash/digest", format!("No enum match for: {}", short(name))))?;
            let key =
                hash.get("key").ok_or_else(|| bad("OBJECT_REQUIRED", "/hash", "Missing required property: key"))?;
            let key = encoded(bytes(key, "utf8", "/hash/key")?);
            let (before, after) = salt(value)?;
            let hash = encoded(bytes(hash, "hex", "/hash/value")?);
            stored(&Stored::Keyed { digest, key, before, after, hash, utf16: utf16(value)? })
        }
        other => Err(unknown(other)),
    }
}

fn unknown(algorithm: &str) -> BadHash {
    bad("ENUM_MISMATCH", "/algorithm", format!("No enum match for: {}", short(algorithm)))
}

fn argon2(text: &str) -> Result<String, BadHash> {
    use argon2::password_hash::phc::PasswordHash;

    let bad = || bad("PATTERN", "/hash/value", "Not a hash of argon2 in PHC form, or one that takes too much memory");
    let parsed = PasswordHash::new(text).map_err(|_bad| bad())?;
    let params = argon2::Params::try_from(&parsed).map_err(|_bad| bad())?;
    if !text.starts_with("$argon2") || parsed.hash.is_none() || params.m_cost() > ARGON2_KIB || params.t_cost() > 32 {
        return Err(bad());
    }
    Ok(text.to_owned())
}

/// `$pbkdf2-sha256$i=310000,l=32$salt$hash`, the last two in base64.
fn phc(text: &str) -> Result<Stored, BadHash> {
    let wrong =
        || bad("PATTERN", "/hash/value", "Not a hash of pbkdf2 in PHC form: $pbkdf2-<digest>$i=…,l=…$salt$hash");
    let mut parts = text.strip_prefix("$pbkdf2-").ok_or_else(wrong)?.split('$');
    let (Some(digest), Some(params), Some(salt), Some(hash), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong());
    };
    let digest = Digest::parse(digest).filter(|digest| digest.rounds().is_some()).ok_or_else(wrong)?;
    let rounds = params.split(',').find_map(|param| param.strip_prefix("i=")).ok_or_else(wrong)?;
    let rounds: NonZeroU32 = rounds.parse().map_err(|_bad| wrong())?;
    let decode = |text: &str| {
        let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok();
        bytes.filter(|bytes| !bytes.is_empty() && bytes.len() <= BYTES).map(encoded).ok_or_else(wrong)
    };
    if rounds.get() > ROUNDS {
        return Err(bad("MAXIMUM", "/hash/value", format!("At most {ROUNDS} rounds")));
    }
    Ok(Stored::Pbkdf2 { digest, rounds, salt: decode(salt)?, hash: decode(hash)? })
}

/// What stands before and after the password.
fn salt(value: &Value) -> Result<(String, String), BadHash> {
    let Some(salt) = value.get("salt") else { return Ok((String::new(), String::new())) };
    let bytes = encoded(bytes(salt, "utf8", "/salt")?);
    match text(salt, "position").unwrap_or("prefix") {
        "prefix" => Ok((bytes, String::new())),
        "suffix" => Ok((String::new(), bytes)),
        other => Err(bad("ENUM_MISMATCH", "/salt/position", format!("No enum match for: {}", short(other)))),
    }
}

/// Whether the password was hashed as UTF-16.
fn utf16(value: &Value) -> Result<bool, BadHash> {
    match value.pointer("/password/encoding").map(|encoding| encoding.as_str().unwrap_or_default()) {
        None | Some("utf8" | "ascii") => Ok(false),
        Some("utf16le" | "ucs2") => Ok(true),
        Some(other) => Err(bad("ENUM_MISMATCH", "/password/encoding", format!("No enum match for: {}", short(other)))),
    }
}

fn encoded(bytes: Vec<u8>) -> String {
    STANDARD.encode(bytes)
}

fn stored(hash: &Stored) -> Result<String, BadHash> {
    let text = serde_json::to_string(hash).map_err(|_bad| bad("FORMAT", "", "The hash cannot be kept"))?;
    Ok(format!("{PREFIX}{text}"))
}

/// Whether the password is the one that was hashed; `None` when the stored hash is not readable.
pub(super) fn verify(password: &str, hash: &str) -> Option<bool> {
    let decode = |text: &str| STANDARD.decode(text).ok();
    let message = |before: &str, after: &str, utf16: bool| {
        let mut message = decode(before)?;
        if utf16 {
            message.extend(password.encode_utf16().flat_map(u16::to_le_bytes));
        } else {
            message.extend(password.as_bytes());
        }
        message.extend(decode(after)?);
        Some(message)
    };
    Some(match serde_json::from_str(hash.strip_prefix(PREFIX)?).ok()? {
        Stored::Pbkdf2 { digest, rounds, salt, hash } => {
            let (salt, hash) = (decode(&salt)?, decode(&hash)?);
            pbkdf2::verify(digest.rounds()?, rounds, &salt, password.as_bytes(), &hash).is_ok()
        }
        Stored::Plain { digest, before, after, hash, utf16 } => {
            let made = digest::digest(digest.plain(), &message(&before, &after, utf16)?);
            constant_time::verify_slices_are_equal(made.as_ref(), &decode(&hash)?).is_ok()
        }
        Stored::Keyed { digest, key, before, after, hash, utf16 } => {
            let key = hmac::Key::new(digest.keyed(), &decode(&key)?);
            hmac::verify(&key, &message(&before, &after, utf16)?, &decode(&hash)?).is_ok()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The hash is of `hello`, and of nothing else.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "rows of a table read better so")]
    fn check(value: Value) {
        let what = value.to_string();
        let stored = parse(&value).unwrap_or_else(|bad| panic!("{what}: {bad:?}"));
        assert_eq!(verify("hello", &stored), Some(true), "{what}");
        assert_eq!(verify("Hello", &stored), Some(false), "{what}");
    }

    #[test]
    fn hashes_of_others_are_verified() {
        let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        check(json!({"algorithm": "sha256", "hash": {"value": sha256, "encoding": "hex"}}));
        check(json!({"algorithm": "sha1", "hash": {"value": "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "encoding": "base64"}}));
        // printf saltyhello | sha256sum, printf hellosalty | sha256sum
        let salted = digest::digest(&digest::SHA256, b"saltyhello");
        let value = STANDARD.encode(salted.as_ref());
        check(
            json!({"algorithm": "sha256", "hash": {"value": value, "encoding": "base64"}, "salt": {"value": "salty"}}),
        );
        let key = hmac::Key::new(hmac::HMAC_SHA512, b"key");
        let value = STANDARD.encode(hmac::sign(&key, b"hellosalty").as_ref());
        check(json!({
            "algorithm": "hmac", "salt": {"value": "salty", "position": "suffix"},
            "hash": {"value": value, "encoding": "base64", "digest": "sha512", "key": {"value": "6b6579", "encoding": "hex"}},
        }));
        let mut hash = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::new(1000).unwrap(), b"salt", b"hello", &mut hash);
        let value = format!("$pbkdf2-sha256$i=1000,l=32$c2FsdA${}", STANDARD_NO_PAD.encode(hash));
        check(json!({"algorithm": "pbkdf2", "hash": {"value": value, "encoding": "utf8"}}));
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "rows of a table read better so")]
    fn check_bad(value: Value, code: &str) {
        let what = value.to_string();
        assert_eq!(parse(&value).map_err(|bad| bad.code), Err(code), "{what}");
    }

    #[test]
    fn what_cannot_be_verified_is_refused() {
        check_bad(json!("x"), "INVALID_TYPE");
        check_bad(json!({}), "OBJECT_REQUIRED");
        check_bad(json!({"algorithm": "md5", "hash": {"value": "00"}}), "ENUM_MISMATCH");
        check_bad(json!({"algorithm": "sha256", "hash": {"value": "xyz", "encoding": "hex"}}), "FORMAT");
        check_bad(json!({"algorithm": "sha256", "hash": {"value": "00", "encoding": "rot13"}}), "ENUM_MISMATCH");
        check_bad(json!({"algorithm": "bcrypt", "hash": {"value": "plain"}}), "PATTERN");
        check_bad(
            json!({"algorithm": "argon2", "hash": {"value": "$argon2id$v=19$m=9999999,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"}}),
            "PATTERN",
        );
        check_bad(json!({"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-md5$i=1$a$b"}}), "PATTERN");
        check_bad(
            json!({"algorithm": "pbkdf2", "hash": {"value": "$pbkdf2-sha256$i=99999999$c2FsdA$c2FsdA"}}),
            "MAXIMUM",
        );
    }
}
