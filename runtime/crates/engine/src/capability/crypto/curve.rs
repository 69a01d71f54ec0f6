//! Elliptic curves: ECDSA, Ed25519, and secrets agreed on.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA384_ASN1,
    ECDSA_P256_SHA512_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA1_ASN1,
    ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA256_ASN1_SIGNING, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, UnparsedPublicKey as VerifyingKey, VerificationAlgorithm,
};
use postern_contract::{CryptoCurve, CryptoHash};

use super::{Outcome, Refusal};

pub(super) fn sign(curve: CryptoCurve, hash: CryptoHash, key: &[u8], data: &[u8]) -> Outcome {
    let algorithm = match (curve, hash) {
        (CryptoCurve::P256, CryptoHash::Sha256) => &ECDSA_P256_SHA256_ASN1_SIGNING,
        (CryptoCurve::P384, CryptoHash::Sha384) => &ECDSA_P384_SHA384_ASN1_SIGNING,
        (CryptoCurve::P521, CryptoHash::Sha256) => &ECDSA_P521_SHA256_ASN1_SIGNING,
        (CryptoCurve::P521, CryptoHash::Sha384) => &ECDSA_P521_SHA384_ASN1_SIGNING,
        (CryptoCurve::P521, CryptoHash::Sha512) => &ECDSA_P521_SHA512_ASN1_SIGNING,
        (CryptoCurve::Secp256k1, CryptoHash::Sha256) => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        _ => return Err(not_together()),
    };
    let key = EcdsaKeyPair::from_private_key_der(algorithm, key).map_err(|_bad| Refusal::BadKey)?;
    let signature = key.sign(&SystemRandom::new(), data).map_err(|_failed| Refusal::Failed)?;
    Ok(signature.as_ref().to_vec())
}

pub(super) fn verify(
    curve: CryptoCurve,
    hash: CryptoHash,
    key: &[u8],
    data: &[u8],
    signature: &[u8],
) -> Result<bool, Refusal> {
    let algorithm: &'static dyn VerificationAlgorithm = match (curve, hash) {
        (CryptoCurve::P256, CryptoHash::Sha1) => &ECDSA_P256_SHA1_ASN1,
        (CryptoCurve::P256, CryptoHash::Sha256) => &ECDSA_P256_SHA256_ASN1,
        (CryptoCurve::P256, CryptoHash::Sha384) => &ECDSA_P256_SHA384_ASN1,
        (CryptoCurve::P256, CryptoHash::Sha512) => &ECDSA_P256_SHA512_ASN1,
        (CryptoCurve::P384, CryptoHash::Sha256) => &ECDSA_P384_SHA256_ASN1,
        (CryptoCurve::P384, CryptoHash::Sha384) => &ECDSA_P384_SHA384_ASN1,
        (CryptoCurve::P384, CryptoHash::Sha512) => &ECDSA_P384_SHA512_ASN1,
        (CryptoCurve::P521, CryptoHash::Sha1) => &ECDSA_P521_SHA1_ASN1,
        (CryptoCurve::P521, CryptoHash::Sha256) => &ECDSA_P521_SHA256_ASN1,
        (CryptoCurve::P521, CryptoHash::Sha384) => &ECDSA_P521_SHA384_ASN1,
        (CryptoCurve::P521, CryptoHash::Sha512) => &ECDSA_P521_SHA512_ASN1,
        (CryptoCurve::Secp256k1, CryptoHash::Sha256) => &ECDSA_P256K1_SHA256_ASN1,
        _ => return Err(not_together()),
    };
    Ok(readable(algorithm, key)?.verify_sig(data, signature).is_ok())
}

pub(super) fn sign_ed25519(key: &[u8], data: &[u8]) -> Outcome {
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).map_err(|_bad| Refusal::BadKey)?;
    Ok(key.sign(data).as_ref().to_vec())
}

pub(super) fn verify_ed25519(key: &[u8], data: &[u8], signature: &[u8]) -> Result<bool, Refusal> {
    Ok(readable(&ED25519, key)?.verify_sig(data, signature).is_ok())
}

/// A key that cannot be read is told from a signature that does not fit.
fn readable(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Result<ParsedPublicKey, Refusal> {
    VerifyingKey::new(algorithm, key).parse().map_err(|_bad| Refusal::BadKey)
}

pub(super) fn agree(curve: CryptoCurve, key: &[u8], peer: &[u8]) -> Outcome {
    let algorithm = agreement_on(curve)?;
    let key = PrivateKey::from_private_key(algorithm, key).map_err(|_bad| Refusal::BadKey)?;
    let peer = UnparsedPublicKey::new(algorithm, peer);
    agreement::agree(&key, peer, Refusal::Failed, |secret| Ok(secret.to_vec()))
}

pub(super) fn public(curve: CryptoCurve, key: &[u8]) -> Outcome {
    match curve {
        CryptoCurve::Ed25519 => {
            let key = Ed25519KeyPair::from_seed_unchecked(key).map_err(|_bad| Refusal::BadKey)?;
            Ok(key.public_key().as_ref().to_vec())
        }
        CryptoCurve::Secp256k1 => {
            let key = EcdsaKeyPair::from_private_key_der(&ECDSA_P256K1_SHA256_ASN1_SIGNING, &secp256k1_der(key)?)
                .map_err(|_bad| Refusal::BadKey)?;
            Ok(key.public_key().as_ref().to_vec())
        }
        CryptoCurve::P256 | CryptoCurve::P384 | CryptoCurve::P521 | CryptoCurve::X25519 => {
            let key = PrivateKey::from_private_key(agreement_on(curve)?, key).map_err(|_bad| Refusal::BadKey)?;
            Ok(key.compute_public_key().map_err(|_failed| Refusal::Failed)?.as_ref().to_vec())
        }
    }
}

/// RFC 5915: the library takes a key on this curve in no other form.
fn secp256k1_der(key: &[u8]) -> Result<Vec<u8>, Refusal> {
    if key.len() != 32 {
        return Err(Refusal::BadKey);
    }
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x01, 0x04, 0x20];
    der.extend_from_slice(key);
    der.extend_from_slice(&[0xa0, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a]);
    Ok(der)
}

fn agreement_on(curve: CryptoCurve) -> Result<&'static agreement::Algorithm, Refusal> {
    match curve {
        CryptoCurve::P256 => Ok(&ECDH_P256),
        CryptoCurve::P384 => Ok(&ECDH_P384),
        CryptoCurve::P521 => Ok(&ECDH_P521),
        CryptoCurve::X25519 => Ok(&X25519),
        CryptoCurve::Ed25519 | CryptoCurve::Secp256k1 => {
            Err(Refusal::Unsupported("no secret is agreed on with this curve".to_owned()))
        }
    }
}

fn not_together() -> Refusal {
    Refusal::Unsupported("this hash with this curve".to_owned())
}
