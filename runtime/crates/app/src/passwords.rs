//! Password hashing: argon2id, in PHC strings, off the async workers. Hashes that came with imported users (bcrypt)
//! are verified and then made anew.

pub(crate) mod foreign;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::AppError;

/// Bytes a password may have: hashing costs time in proportion.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Passwords that are hashed at the same time: each takes a core and 19 MiB for a while.
static PLACES: Semaphore = Semaphore::const_new(8);

/// Hashes a password with a fresh salt, on this thread.
///
/// # Errors
/// A fault of the hasher.
pub(crate) fn hash_now(password: &str) -> Result<String, AppError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| AppError::internal(format!("hash a password: {error}")))
}

/// Hashes a password with a fresh salt.
///
/// # Errors
/// A fault of the hasher.
pub async fn hash(password: String) -> Result<String, AppError> {
    apart(move || hash_now(&password)).await
}

/// Whether the hash is not of our making.
#[must_use]
pub fn is_foreign(stored: &str) -> bool {
    !stored.starts_with("$argon2id$")
}

fn is_bcrypt(stored: &str) -> bool {
    ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|form| stored.starts_with(form))
}

/// Whether the password is the one that was hashed.
///
/// # Errors
/// When the stored hash is not readable.
pub async fn verify(password: String, stored: String) -> Result<bool, AppError> {
    apart(move || {
        // No password of ours is longer, and hashing costs time in proportion.
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        if is_bcrypt(&stored) {
            return bcrypt::verify(password.as_bytes(), &stored)
                .map_err(|error| AppError::internal("read a password hash").with_source(error));
        }
        if foreign::is_custom(&stored) {
            return foreign::verify(&password, &stored).ok_or_else(|| AppError::internal("read a password hash"));
        }
        let parsed =
            PasswordHash::new(&stored).map_err(|error| AppError::internal(format!("read a password hash: {error}")))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
}

/// Works off the async workers.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, AppError> + Send + 'static) -> Result<T, AppError> {
    let _place = PLACES.acquire().await.map_err(|error| AppError::internal("wait for a place").with_source(error))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| AppError::internal("hash a password").with_source(error))?
}
