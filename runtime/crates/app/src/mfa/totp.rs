//! One-time passwords by RFC 6238: SHA-1, 6 digits, steps of 30 s, one step of leeway, as every app understands them.

use jiff::Timestamp;
use totp_rs::{Builder, Secret, Totp};

use crate::error::AppError;
use crate::ids;

/// Bytes of a secret (RFC 4226 recommends 160 bits).
const SECRET_BYTES: usize = 20;
/// Bytes that a secret brought along may have.
const BROUGHT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// Characters of a name in the address that an app reads.
const LABEL_CHARS: usize = 128;

/// Makes a secret.
pub(super) fn secret() -> Result<Vec<u8>, AppError> {
    Ok(ids::random::<SECRET_BYTES>()?.to_vec())
}

/// Reads a secret that is brought along, in base32 with or without padding.
pub(super) fn parse(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '=').collect();
    let secret = Secret::try_from_base32(text.to_uppercase()).ok()?;
    let bytes = secret.as_bytes();
    BROUGHT_BYTES.contains(&bytes.len()).then(|| bytes.to_vec())
}

/// The secret as people type it.
pub(super) fn base32(secret: &[u8]) -> String {
    Secret::new(secret.into()).to_base32()
}

fn of(secret: &[u8]) -> Result<Builder, AppError> {
    if secret.len() < *BROUGHT_BYTES.start() {
        return Err(AppError::internal("read a secret of an authenticator"));
    }
    Ok(Builder::new().with_secret(Secret::new(secret.into())))
}

fn build(builder: Builder) -> Result<Totp, AppError> {
    builder.build().map_err(|error| AppError::internal(format!("make a one-time password: {error}")))
}

/// A name without the colon that parts issuer and account.
fn label(text: &str, instead: &str) -> String {
    let text: String = text.chars().filter(|c| *c != ':' && !c.is_control()).take(LABEL_CHARS).collect();
    if text.trim().is_empty() { instead.to_owned() } else { text }
}

/// The address that an app reads from the picture.
pub(super) fn uri(secret: &[u8], issuer: &str, account: &str) -> Result<String, AppError> {
    let builder = of(secret)?.with_issuer(Some(label(issuer, "Postern"))).with_account_name(label(account, "user"));
    let uri = build(builder)?
        .to_url()
        .map_err(|error| AppError::internal(format!("make the address of a secret: {error}")))?;
    // The defaults are spelled out as Auth0 does: some apps want them.
    Ok(format!("{uri}&algorithm=SHA1&digits=6&period=30"))
}

/// The time step whose code this is, if it is one of now, the step before or the one after.
pub(super) fn step(secret: &[u8], code: &str, now: Timestamp) -> Result<Option<u64>, AppError> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    Ok(build(of(secret)?)?.check(&code, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six digits of its SHA-1 rows.
    #[track_caller]
    fn check(second: i64, code: &str, want: Option<u64>) {
        let now = Timestamp::from_second(second).unwrap();
        assert_eq!(step(b"12345678901234567890", code, now).unwrap(), want, "{second} {code}");
    }

    #[test]
    fn takes_the_codes_of_three_steps() {
        check(59, "287082", Some(1));
        check(89, "287082", Some(1));
        check(1, "287082", Some(1));
        check(120, "287082", None);
        check(1_111_111_109, "081804", Some(37_037_036));
        check(1_111_111_109, "081 804", Some(37_037_036));
        check(1_111_111_109, "81804", None);
        check(1_111_111_109, "０81804", None);
        check(1_111_111_109, "", None);
    }

    #[test]
    fn the_address_names_issuer_and_account() {
        let uri = uri(b"12345678901234567890", "A: Co", "ann@example.com").unwrap();
        let want = "otpauth://totp/A%20Co:ann%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=A%20Co";
        assert!(uri.starts_with(want), "{uri}");
        assert!(uri.ends_with("&algorithm=SHA1&digits=6&period=30"), "{uri}");
    }

    #[test]
    fn reads_secrets_of_other_programs() {
        assert_eq!(parse("gezd gnbv gy3t qojq gezd gnbv gy3t qojq").unwrap(), b"12345678901234567890");
        assert_eq!(parse("GEZDGNBV"), None);
        assert_eq!(parse("not base32!"), None);
        assert_eq!(base32(b"12345678901234567890"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
