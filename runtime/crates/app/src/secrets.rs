//! Sealing: what must be read again, but never by one who only has the store.
//!
//! AES-256-GCM under the master key, with the row's key as associated data, so that a box cannot be moved to another
//! row. The box names the key it was sealed under.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postern_model::TenantId;

use crate::error::AppError;
use crate::{App, ids};

/// Bytes of a key id: the start of the key's SHA-256.
const KEY_ID_LEN: usize = 4;

/// The key that seals secrets and signing keys. Has no readable `Debug`.
pub struct MasterKey {
    id: [u8; KEY_ID_LEN],
    key: LessSafeKey,
    /// Keys of single purposes are made from it.
    derives: hkdf::Prk,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// A text that is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the master key must be 32 bytes as 64 hex digits or as base64")]
pub struct BadMasterKey;

impl MasterKey {
    /// Takes 32 bytes.
    ///
    /// # Errors
    /// Never for 32 bytes; the cipher says so, not we.
    pub fn new(bytes: &[u8; 32]) -> Result<Self, BadMasterKey> {
        let mut id = [0; KEY_ID_LEN];
        id.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_bad| BadMasterKey)?;
        let derives = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postern").extract(bytes);
        Ok(Self { id, key: LessSafeKey::new(key), derives })
    }

    /// Reads 64 hex digits or base64.
    ///
    /// # Errors
    /// When it is neither, or not 32 bytes.
    pub fn parse(text: &str) -> Result<Self, BadMasterKey> {
        let text = text.trim();
        let bytes = if text.len() == 64 {
            hex(text).ok_or(BadMasterKey)?
        } else {
            STANDARD.decode(text).map_err(|_bad| BadMasterKey)?
        };
        Self::new(&bytes.try_into().map_err(|_bad| BadMasterKey)?)
    }

    fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<String, AppError> {
        let nonce: [u8; NONCE_LEN] = ids::random()?;
        let mut sealed = plain.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
            .map_err(|_bad| AppError::internal("seal a secret"))?;
        Ok(STANDARD.encode([&self.id[..], &nonce[..], &sealed].concat()))
    }

    fn open(&self, aad: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (id, rest) = bytes.split_at_checked(KEY_ID_LEN)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        if id != self.id {
            return None;
        }
        let mut body = body.to_vec();
        let plain =
            self.key.open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, Aad::from(aad), &mut body).ok()?;
        Some(plain.to_vec())
    }
}

/// A length in bytes, for HKDF.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// A key for one purpose of one tenant, the same one every time (HKDF-SHA256, RFC 5869).
///
/// # Errors
/// Never for the lengths in use; the library says so, not we.
pub fn derive<const N: usize>(app: &App, tenant: &TenantId, purpose: &str) -> Result<[u8; N], AppError> {
    let fault = |_| AppError::internal("derive a key");
    let info = [purpose.as_bytes(), &[0], tenant.as_str().as_bytes()];
    let mut key = [0; N];
    app.master_key().derives.expand(&info, Length(N)).map_err(fault)?.fill(&mut key).map_err(fault)?;
    Ok(key)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

fn associated(tenant: &TenantId, row: &str) -> Vec<u8> {
    [tenant.as_str().as_bytes(), &[0], row.as_bytes()].concat()
}

/// Seals `plain` for one row of one tenant; base64.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn seal(app: &App, tenant: &TenantId, row: &str, plain: &[u8]) -> Result<String, AppError> {
    app.master_key().seal(&associated(tenant, row), plain)
}

/// Opens what [`seal`] made for the same row.
///
/// # Errors
/// When it was sealed under another key or for another row, or is damaged: an internal error that names the row.
pub fn open(app: &App, tenant: &TenantId, row: &str, sealed: &str) -> Result<Vec<u8>, AppError> {
    app.master_key()
        .open(&associated(tenant, row), sealed)
        .ok_or_else(|| AppError::internal(format!("{row} does not open under this master key")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_for_the_row_and_key_it_was_sealed_for() {
        let key = MasterKey::new(&[7; 32]).unwrap();
        let sealed = key.seal(b"row", b"hush").unwrap();
        assert_eq!(key.open(b"row", &sealed).unwrap(), b"hush");
        assert_eq!(key.open(b"other", &sealed), None);
        assert_eq!(MasterKey::new(&[8; 32]).unwrap().open(b"row", &sealed), None);
        assert_eq!(key.open(b"row", "AAAA"), None);
    }

    #[test]
    fn parses_hex_and_base64() {
        assert!(MasterKey::parse(&"0a".repeat(32)).is_ok());
        assert!(MasterKey::parse(&STANDARD.encode([1; 32])).is_ok());
        assert!(MasterKey::parse("short").is_err());
        assert!(MasterKey::parse(&"zz".repeat(32)).is_err());
    }
}
