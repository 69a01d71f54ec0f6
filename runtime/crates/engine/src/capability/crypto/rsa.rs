//! RSA: signatures, encryption, new keys.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters, RsaPssSaltLength, RsaSignatureEncoding, VerificationAlgorithm as _,
};
use postern_contract::{CryptoHash, PssSalt, RsaPadding};

use super::{Outcome, Refusal, decoded};

/// Base64 of a private RSA key, characters: of the largest that we take, 8192 bits.
const KEY_CHARACTERS: usize = 8 * 1024;

/// Work with a private key is cubic in its length: about 0.7 ms for 2048 bits, whose text has 1600 characters.
pub(super) fn private_fuel(key_characters: usize) -> u64 {
    let characters = key_characters.min(KEY_CHARACTERS) as u64;
    (characters * characters * characters / 4096).max(super::SLOW_FUEL + 1)
}

/// Finding primes takes a time that varies: this is above its mean.
pub(super) fn generation_fuel(bits: u32) -> u64 {
    match bits {
        ..=2048 => 150_000_000,
        2049..=3072 => 300_000_000,
        _ => 450_000_000,
    }
}

pub(super) fn generate(bits: u32) -> Outcome {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(Refusal::Unsupported("RSA keys are made with 2048, 3072 or 4096 bits".to_owned())),
    };
    let key = PrivateDecryptingKey::generate(size).map_err(|_failed| Refusal::Failed)?;
    Ok(key.as_der().map_err(|_failed| Refusal::Failed)?.as_ref().to_vec())
}

pub(super) fn sign_pkcs1(hash: CryptoHash, key: &[u8], data: &[u8]) -> Outcome {
    let encoding = match hash {
        CryptoHash::Sha1 => return Err(no_sha1()),
        CryptoHash::Sha256 => &RSA_PKCS1_SHA256,
        CryptoHash::Sha384 => &RSA_PKCS1_SHA384,
        CryptoHash::Sha512 => &RSA_PKCS1_SHA512,
    };
    sign(encoding, key, data)
}

pub(super) fn sign_pss(hash: CryptoHash, salt: PssSalt, key: &[u8], data: &[u8]) -> Outcome {
    let salt = if salt == PssSalt::Bytes(hash_bytes(hash)) { PssSalt::Digest } else { salt };
    macro_rules! with_salt {
        ($encoding:expr) => {
            match salt {
                PssSalt::Digest | PssSalt::Auto => &const { $encoding.with_pss_salt_length(RsaPssSaltLength::Digest) },
                PssSalt::Max => &const { $encoding.with_pss_salt_length(RsaPssSaltLength::Max) },
                PssSalt::Bytes(0) => &const { $encoding.with_pss_salt_length(RsaPssSaltLength::Custom(0)) },
                PssSalt::Bytes(20) => &const { $encoding.with_pss_salt_length(RsaPssSaltLength::Custom(20)) },
                PssSalt::Bytes(32) => &const { $encoding.with_pss_salt_length(RsaPssSaltLength::Custom(32)) },
                PssSalt::Bytes(_) => return Err(Refusal::Unsupported("this length of salt".to_owned())),
            }
        };
    }
    let encoding: &'static RsaSignatureEncoding = match hash {
        CryptoHash::Sha1 => return Err(no_sha1()),
        CryptoHash::Sha256 => with_salt!(RSA_PSS_SHA256),
        CryptoHash::Sha384 => with_salt!(RSA_PSS_SHA384),
        CryptoHash::Sha512 => with_salt!(RSA_PSS_SHA512),
    };
    sign(encoding, key, data)
}

fn sign(encoding: &'static RsaSignatureEncoding, key: &[u8], data: &[u8]) -> Outcome {
    let key = KeyPair::from_pkcs8(key).map_err(|_bad| Refusal::BadKey)?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), data, &mut signature).map_err(|_failed| Refusal::Failed)?;
    Ok(signature)
}

pub(super) fn verify_pkcs1(hash: CryptoHash, key: &[u8], data: &[u8], signature: &[u8]) -> Result<bool, Refusal> {
    let parameters = match hash {
        CryptoHash::Sha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        CryptoHash::Sha256 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        CryptoHash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        CryptoHash::Sha512 => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    };
    readable(key)?;
    Ok(parameters.verify_sig(key, data, signature).is_ok())
}

/// The salt lengths that are in use, tried one after the other: the library wants to be told.
pub(super) fn verify_pss(
    hash: CryptoHash,
    salt: PssSalt,
    key: &[u8],
    data: &[u8],
    signature: &[u8],
) -> Result<bool, Refusal> {
    readable(key)?;
    let base = || match hash {
        CryptoHash::Sha1 => Err(no_sha1()),
        CryptoHash::Sha256 => Ok(RSA_PSS_2048_8192_SHA256),
        CryptoHash::Sha384 => Ok(RSA_PSS_2048_8192_SHA384),
        CryptoHash::Sha512 => Ok(RSA_PSS_2048_8192_SHA512),
    };
    let lengths: &[RsaPssSaltLength] = match salt {
        PssSalt::Auto => &[
            RsaPssSaltLength::Digest,
            RsaPssSaltLength::Max,
            RsaPssSaltLength::Custom(0),
            RsaPssSaltLength::Custom(20),
        ],
        PssSalt::Digest => &[RsaPssSaltLength::Digest],
        PssSalt::Max => &[RsaPssSaltLength::Max],
        PssSalt::Bytes(bytes) => &[RsaPssSaltLength::Custom(bytes)],
    };
    for length in lengths {
        let parameters: RsaParameters = base()?.with_pss_salt_length(*length);
        if parameters.verify_sig(key, data, signature).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A key that cannot be read is told from a signature that does not fit.
fn readable(key: &[u8]) -> Result<(), Refusal> {
    PublicEncryptingKey::from_der(key).map(drop).map_err(|_bad| Refusal::BadKey)
}

pub(super) fn encrypt(padding: &RsaPadding, key: &[u8], data: &[u8]) -> Outcome {
    let key = PublicEncryptingKey::from_der(key).map_err(|_bad| Refusal::BadKey)?;
    let mut out = vec![0; key.key_size_bytes()];
    match padding {
        RsaPadding::Oaep { hash, label } => {
            let (algorithm, label) = (oaep(*hash), oaep_label(label)?);
            let key = OaepPublicEncryptingKey::new(key).map_err(|_bad| Refusal::BadKey)?;
            key.encrypt(algorithm, data, &mut out, label.as_deref()).map(drop)
        }
        RsaPadding::Pkcs1 {} => {
            let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_bad| Refusal::BadKey)?;
            key.encrypt(data, &mut out).map(drop)
        }
    }
    .map_err(|_failed| Refusal::Failed)?;
    Ok(out)
}

pub(super) fn decrypt(padding: &RsaPadding, key: &[u8], data: &[u8]) -> Outcome {
    let key = PrivateDecryptingKey::from_pkcs8(key).map_err(|_bad| Refusal::BadKey)?;
    let mut out = vec![0; key.key_size_bytes()];
    let length = match padding {
        RsaPadding::Oaep { hash, label } => {
            let (algorithm, label) = (oaep(*hash), oaep_label(label)?);
            let key = OaepPrivateDecryptingKey::new(key).map_err(|_bad| Refusal::BadKey)?;
            key.decrypt(algorithm, data, &mut out, label.as_deref()).map(|plain| plain.len())
        }
        RsaPadding::Pkcs1 {} => {
            let key = Pkcs1PrivateDecryptingKey::new(key).map_err(|_bad| Refusal::BadKey)?;
            key.decrypt(data, &mut out).map(|plain| plain.len())
        }
    }
    .map_err(|_failed| Refusal::Failed)?;
    out.truncate(length);
    Ok(out)
}

fn oaep(hash: CryptoHash) -> &'static OaepAlgorithm {
    match hash {
        CryptoHash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        CryptoHash::Sha256 => &OAEP_SHA256_MGF1SHA256,
        CryptoHash::Sha384 => &OAEP_SHA384_MGF1SHA384,
        CryptoHash::Sha512 => &OAEP_SHA512_MGF1SHA512,
    }
}

fn oaep_label(label: &str) -> Result<Option<Vec<u8>>, Refusal> {
    Ok(Some(decoded(label)?).filter(|label| !label.is_empty()))
}

fn no_sha1() -> Refusal {
    Refusal::Unsupported("nothing is signed with SHA-1".to_owned())
}

fn hash_bytes(hash: CryptoHash) -> u16 {
    match hash {
        CryptoHash::Sha1 => 20,
        CryptoHash::Sha256 => 32,
        CryptoHash::Sha384 => 48,
        CryptoHash::Sha512 => 64,
    }
}
