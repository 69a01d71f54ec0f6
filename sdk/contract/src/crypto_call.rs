//! The arguments of `crypto.*`: work that is too heavy for a guest, and keys that need care.
//!
//! Bytes are standard base64 in both directions. Private keys are PKCS#8, public ones `SubjectPublicKeyInfo`, both as
//! DER; ECDSA signatures are DER as well.

use serde::{Deserialize, Serialize};

/// The hash of a signature, a padding or a derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CryptoHash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// An elliptic curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CryptoCurve {
    P256,
    P384,
    P521,
    Secp256k1,
    Ed25519,
    X25519,
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields say it")]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5
    RsaPkcs1 { hash: CryptoHash },
    /// RSASSA-PSS, MGF1 with the same hash.
    RsaPss {
        hash: CryptoHash,
        #[serde(default)]
        salt: PssSalt,
    },
    /// ECDSA; the signature is DER.
    Ecdsa { hash: CryptoHash, curve: CryptoCurve },
    /// Ed25519
    Ed25519 {},
}

/// The salt of RSASSA-PSS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PssSalt {
    /// As long as the hash; when verifying, this or any other length that is in use.
    #[default]
    Auto,
    /// As long as the hash.
    Digest,
    /// As long as there is room for.
    Max,
    /// That many bytes.
    #[serde(untagged)]
    Bytes(u16),
}

/// How RSA pads what it encrypts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields say it")]
pub enum RsaPadding {
    /// RSAES-OAEP, MGF1 with the same hash.
    Oaep {
        hash: CryptoHash,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        label: String,
    },
    /// RSAES-PKCS1-v1_5
    Pkcs1 {},
}

/// Arguments of `crypto.sign`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CryptoSign {
    pub scheme: SignatureScheme,
    /// A private key.
    pub key: String,
    pub data: String,
}

/// Arguments of `crypto.verify`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CryptoVerify {
    pub scheme: SignatureScheme,
    /// A public key.
    pub key: String,
    pub data: String,
    pub signature: String,
}

/// Arguments of `crypto.encrypt`, with a public key, and of `crypto.decrypt`, with a private one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CryptoRsa {
    pub padding: RsaPadding,
    pub key: String,
    pub data: String,
}

/// Arguments of `crypto.agree`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CryptoAgree {
    pub curve: CryptoCurve,
    /// The private key as the number or the bytes that it is, as long as the curve's.
    pub key: String,
    /// The other side's point, uncompressed, or its 32 bytes.
    pub peer: String,
}

/// Arguments of `crypto.public`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CryptoPublic {
    pub curve: CryptoCurve,
    /// As in [`CryptoAgree`].
    pub key: String,
}

/// Arguments of `crypto.pbkdf2`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CryptoPbkdf2 {
    pub hash: CryptoHash,
    pub password: String,
    pub salt: String,
    pub iterations: u32,
    /// Bytes wanted.
    pub length: u32,
}

/// Arguments of `crypto.scrypt`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the algorithm")]
pub struct CryptoScrypt {
    pub password: String,
    pub salt: String,
    /// A power of two.
    pub n: u32,
    pub r: u32,
    pub p: u32,
    /// Bytes wanted.
    pub length: u32,
}

/// They carry keys and passwords.
macro_rules! shown_without_content {
    ($($name:ident),+) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+ };
}
shown_without_content!(CryptoSign, CryptoVerify, CryptoRsa, CryptoAgree, CryptoPublic, CryptoPbkdf2, CryptoScrypt);
