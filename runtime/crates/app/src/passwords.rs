//! Password hashing: argon2id, in PHC strings, off the async workers.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::AppError;

/// Characters a password must have (the default policy of a database connection).
const PASSWORD_CHARS_MIN: usize = 8;
/// Bytes a password may have: hashing costs time in proportion.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Checks the policy.
///
/// # Errors
/// When the password is too short or too long.
pub fn check(password: &str) -> Result<(), AppError> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(AppError::bad_request(format!(
            "PasswordStrengthError: Password is too weak: it must have {PASSWORD_CHARS_MIN} characters at least and \
             {PASSWORD_BYTES_MAX} bytes at most"
        )));
    }
    Ok(())
}

/// Hashes a password with a fresh salt.
///
/// # Errors
/// A fault of the hasher.
pub async fn hash(password: String) -> Result<String, AppError> {
    tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| AppError::internal(format!("hash a password: {error}")))
    })
    .await
    .map_err(|error| AppError::internal("hash a password").with_source(error))?
}

/// Whether the password is the one that was hashed.
///
/// # Errors
/// When the stored hash is not readable.
pub async fn verify(password: String, stored: String) -> Result<bool, AppError> {
    tokio::task::spawn_blocking(move || {
        let parsed =
            PasswordHash::new(&stored).map_err(|error| AppError::internal(format!("read a password hash: {error}")))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
    .map_err(|error| AppError::internal("verify a password").with_source(error))?
}
