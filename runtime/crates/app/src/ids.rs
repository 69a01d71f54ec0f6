//! New ids and other randomness, all from the operating system's generator.

use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use postern_model::{
    ActionId, ActionModuleId, ActionModuleVersionId, ActionVersionId, AuthenticatorId, AuthenticatorKind, BindingId,
    ClientGrantId, ClientId, ConnectionId, ExecutionId, JobId, LogId, LoginId, MailId, RefreshTokenId,
    ResourceServerId, RoleId, RuleId, SessionId, UserId,
};
use uuid::Uuid;

use crate::error::AppError;

/// Fresh random bytes.
///
/// # Errors
/// When the operating system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], AppError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_bad| AppError::internal("read random bytes"))?;
    Ok(bytes)
}

/// The seed of a run.
///
/// # Errors
/// See [`random`]; so for every function here.
pub fn seed() -> Result<[u8; 32], AppError> {
    random()
}

/// A secret of 256 bits, URL-safe.
pub fn token() -> Result<String, AppError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

fn alphanumeric<const N: usize>() -> Result<String, AppError> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    Ok(random::<N>()?
        .iter()
        .map(|byte| char::from(ALPHABET.get(usize::from(byte % 62)).copied().unwrap_or(b'0')))
        .collect())
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_bad| AppError::internal("make an id"))
}

macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident -> $id:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name() -> Result<$id, AppError> {
            parsed(&Uuid::from_bytes(uuid_bytes()?).to_string())
        }
    )*};
}

fn uuid_bytes() -> Result<[u8; 16], AppError> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid().into_bytes())
}

uuids! {
    #[expect(missing_docs, reason = "says its name")]
    action -> ActionId;
    #[expect(missing_docs, reason = "says its name")]
    action_version -> ActionVersionId;
    #[expect(missing_docs, reason = "says its name")]
    action_module -> ActionModuleId;
    #[expect(missing_docs, reason = "says its name")]
    action_module_version -> ActionModuleVersionId;
    #[expect(missing_docs, reason = "says its name")]
    binding -> BindingId;
}

/// Makes a write idempotent.
pub fn request() -> Result<Uuid, AppError> {
    Ok(Uuid::from_bytes(uuid_bytes()?))
}

/// A client id in Auth0's form: 32 letters and digits.
pub fn client() -> Result<ClientId, AppError> {
    parsed(&alphanumeric::<32>()?)
}

#[expect(missing_docs, reason = "says its name")]
pub fn connection() -> Result<ConnectionId, AppError> {
    parsed(&format!("con_{}", alphanumeric::<16>()?))
}

/// `totp|dev_…` or `recovery-code|dev_…`, with 16 letters and digits as Auth0's.
pub fn authenticator(kind: AuthenticatorKind) -> Result<AuthenticatorId, AppError> {
    parsed(&format!("{}|dev_{}", kind.method(), alphanumeric::<16>()?))
}

/// A recovery code: 24 letters and digits that are not mistaken for each other, 120 bits.
pub fn recovery_code() -> Result<String, AppError> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let of = |byte: &u8| char::from(ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'A'));
    Ok(random::<24>()?.iter().map(of).collect())
}

#[expect(missing_docs, reason = "says its name")]
pub fn job() -> Result<JobId, AppError> {
    parsed(&format!("job_{}", alphanumeric::<16>()?))
}

#[expect(missing_docs, reason = "says its name")]
pub fn role() -> Result<RoleId, AppError> {
    parsed(&format!("rol_{}", alphanumeric::<16>()?))
}

/// The name of a refresh token's family.
pub fn refresh_token() -> Result<RefreshTokenId, AppError> {
    parsed(&format!("rt_{}", alphanumeric::<18>()?))
}

/// A session.
pub fn session() -> Result<SessionId, AppError> {
    parsed(&format!("ses_{}", alphanumeric::<32>()?))
}

#[expect(missing_docs, reason = "says its name")]
pub fn client_grant() -> Result<ClientGrantId, AppError> {
    parsed(&format!("cgr_{}", alphanumeric::<16>()?))
}

#[expect(missing_docs, reason = "says its name")]
pub fn rule() -> Result<RuleId, AppError> {
    parsed(&format!("rul_{}", alphanumeric::<16>()?))
}

#[expect(missing_docs, reason = "says its name")]
pub fn resource_server() -> Result<ResourceServerId, AppError> {
    parsed(&random::<12>()?.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// A user of this strategy, with 24 hex digits as Auth0's databases give.
pub fn user(strategy: &str) -> Result<UserId, AppError> {
    let digits = random::<12>()?.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    parsed(&format!("{strategy}|{digits}"))
}

/// The instant in the last ordered id, µs since the epoch.
static LAST: AtomicI64 = AtomicI64::new(0);

/// A greater instant each time: two ids of one microsecond, or of a clock that was set back, still have an order.
/// An instant in the future counts as now, so that a made-up one does not move every later id.
fn later_than_last(now: Timestamp) -> i64 {
    let now = now.min(Timestamp::now()).as_microsecond().max(0);
    let next = |last: i64| now.max(last.saturating_add(1));
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last))).map_or(now, next)
}

fn ordered(now: Timestamp) -> Result<String, AppError> {
    Ok(format!("{:016}{}", later_than_last(now), alphanumeric::<12>()?))
}

/// Ids made later are greater.
pub fn execution(now: Timestamp) -> Result<ExecutionId, AppError> {
    parsed(&format!("exe_{}", ordered(now)?))
}

/// Ids made later are greater.
pub fn login(now: Timestamp) -> Result<LoginId, AppError> {
    parsed(&format!("lgn_{}", ordered(now)?))
}

/// Ids made later are greater.
pub fn mail(now: Timestamp) -> Result<MailId, AppError> {
    parsed(&format!("mal_{}", ordered(now)?))
}

/// Ids made later are greater.
pub fn log(now: Timestamp) -> Result<LogId, AppError> {
    parsed(&format!("900{}", ordered(now)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_later_are_greater() {
        let now = Timestamp::now();
        let past = Timestamp::UNIX_EPOCH;
        let future = Timestamp::MAX;
        // The instants say little: the order is that of the making.
        let ids: Vec<LogId> = [now, now, future, past, now, past, future].map(|at| log(at).unwrap()).into();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        let year = &ids.last().unwrap().as_str()[3..19];
        assert!(year.parse::<i64>().unwrap() < now.as_microsecond() + 60_000_000, "a made-up instant moved the ids");
    }
}
