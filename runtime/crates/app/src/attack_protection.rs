//! Settings against attacks (Auth0 Management API: /attack-protection). Brute-force protection is carried out; the
//! others are kept for the tools that read and write them.

use std::net::IpAddr;

use postern_model::TenantId;
use postern_store::{CommitError, Setting, WriteSet};
use serde_json::{Map, Value, json};

use crate::clients::check_depth;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, logs};

/// Most settings of one kind, bytes of JSON text.
const SETTINGS_BYTES: usize = 64 * 1024;
/// How often a change is made again when the settings changed meanwhile.
const ATTEMPTS: usize = 5;

/// A kind of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Auth0's")]
pub enum Protection {
    BruteForce,
    BreachedPassword,
    SuspiciousIp,
    BotDetection,
    Captcha,
}

impl Protection {
    /// Its name in paths.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BruteForce => "brute-force-protection",
            Self::BreachedPassword => "breached-password-detection",
            Self::SuspiciousIp => "suspicious-ip-throttling",
            Self::BotDetection => "bot-detection",
            Self::Captcha => "captcha",
        }
    }

    /// What Auth0 gives a new tenant, as far as it holds here: what we cannot do is off.
    fn defaults(self) -> Value {
        match self {
            Self::BruteForce => json!({
                "enabled": true, "shields": ["block", "user_notification"], "mode": "count_per_identifier_and_ip",
                "allowlist": [], "max_attempts": 10,
            }),
            Self::BreachedPassword => json!({
                "enabled": false, "shields": [], "admin_notification_frequency": [], "method": "standard",
                "stage": { "pre-user-registration": { "shields": [] }, "pre-change-password": { "shields": [] } },
            }),
            Self::SuspiciousIp => json!({
                "enabled": false, "shields": [], "allowlist": [],
                "stage": {
                    "pre-login": { "max_attempts": 100, "rate": 864_000 },
                    "pre-user-registration": { "max_attempts": 50, "rate": 1200 },
                },
            }),
            Self::BotDetection => json!({
                "challenge_password_policy": "never", "challenge_passwordless_policy": "never",
                "challenge_password_reset_policy": "never", "allowlist": [], "bot_detection_level": "medium",
                "monitoring_mode_enabled": false,
            }),
            Self::Captcha => json!({ "active_provider_id": "" }),
        }
    }

    fn row(self) -> String {
        format!("attack_protection/{}", self.name())
    }
}

/// When a user's wrong passwords lock the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BruteForce {
    blocks: bool,
    /// Wrong passwords in a row that are one too many.
    pub max_attempts: u32,
    /// Whether those from every address count together.
    pub any_address: bool,
    allowed: Vec<String>,
}

impl BruteForce {
    /// Whether guesses from this address are counted.
    #[must_use]
    pub fn counts(&self, address: &str) -> bool {
        self.blocks && !self.allowed.iter().any(|range| within(range, address))
    }
}

/// Whether an address is in `address[/bits]`.
fn within(range: &str, address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let (base, bits) = match range.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (range, Some(128)),
    };
    let (Ok(base), Some(bits)) = (base.trim().parse::<IpAddr>(), bits) else { return false };
    let head = |value: u128, width: u32| value >> (width - bits.min(width)).min(127);
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            bits == 0 || head(base.to_bits().into(), 32) == head(address.to_bits().into(), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            bits == 0 || head(base.to_bits(), 128) == head(address.to_bits(), 128)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// The tenant's brute-force protection.
///
/// # Errors
/// A fault of the store.
pub async fn brute_force(app: &App, tenant: &TenantId) -> Result<BruteForce, AppError> {
    let settings = load(app, tenant, Protection::BruteForce).await?.value;
    let has = |list: &str, item: &str| {
        settings.get(list).and_then(Value::as_array).is_some_and(|items| items.iter().any(|found| found == item))
    };
    let texts = |list: &str| {
        let items = settings.get(list).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Ok(BruteForce {
        blocks: settings.get("enabled") != Some(&json!(false)) && has("shields", "block"),
        max_attempts: settings
            .get("max_attempts")
            .and_then(Value::as_u64)
            .and_then(|most| u32::try_from(most).ok())
            .unwrap_or(10),
        any_address: settings.get("mode") == Some(&json!("count_per_identifier")),
        allowed: texts("allowlist"),
    })
}

/// The row, laid over the defaults.
async fn load(app: &App, tenant: &TenantId, kind: Protection) -> Result<Setting, AppError> {
    let row = app.store().fetch::<Setting>(tenant, &kind.row()).await?;
    let mut row = row.unwrap_or_else(|| Setting { name: kind.row(), revision: 0, value: json!({}) });
    let mut value = kind.defaults();
    if let (Value::Object(value), Value::Object(own)) = (&mut value, row.value) {
        value.extend(own);
    }
    row.value = value;
    Ok(row)
}

/// Reads the settings of one kind.
///
/// # Errors
/// When the scope is missing.
pub async fn attack_protection_fetch(app: &App, ctx: &OpCtx, kind: Protection) -> Result<Value, AppError> {
    ctx.require("read:attack_protection")?;
    Ok(load(app, &ctx.tenant.id, kind).await?.value)
}

/// Changes settings of one kind: each that is given is replaced.
///
/// # Errors
/// When the scope is missing or a setting is not legal.
pub async fn attack_protection_update(
    app: &App,
    ctx: &OpCtx,
    kind: Protection,
    patch: &Map<String, Value>,
) -> Result<Value, AppError> {
    ctx.require("update:attack_protection")?;
    check_depth("the settings", patch.values())?;
    check(kind, patch)?;
    for _ in 0..ATTEMPTS {
        let mut row = load(app, &ctx.tenant.id, kind).await?;
        if let Value::Object(value) = &mut row.value {
            value.extend(patch.clone());
        }
        if row.value.to_string().len() > SETTINGS_BYTES {
            return Err(AppError::invalid_body(format!("the settings are larger than {SETTINGS_BYTES} bytes")));
        }
        let entry = logs::audit(ctx, "Update attack protection", kind.name())?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id);
        let set = if row.revision == 0 { set.insert(&row) } else { set.replace(&row) };
        match app.store().commit(set.insert(&entry)).await {
            Ok(_) => return Ok(row.value),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The settings were changed at the same time by others; send the request again."))
}

/// What is known must be of its type.
fn check(kind: Protection, patch: &Map<String, Value>) -> Result<(), AppError> {
    let refuse = |name: &str, what: &str| Err(AppError::invalid_body(format!("'{name}' must be {what}")));
    let defaults = kind.defaults();
    for (name, value) in patch {
        match defaults.get(name) {
            Some(Value::Bool(_)) if !value.is_boolean() => return refuse(name, "true or false"),
            Some(Value::String(_)) if !value.is_string() => return refuse(name, "a text"),
            Some(Value::Array(_)) if !value.as_array().is_some_and(|items| items.iter().all(Value::is_string)) => {
                return refuse(name, "a list of texts");
            }
            Some(Value::Object(_)) if !value.is_object() => return refuse(name, "an object"),
            // Auth0's bounds of max_attempts, the only number.
            Some(Value::Number(_)) if !value.as_u64().is_some_and(|number| (1..=100).contains(&number)) => {
                return refuse(name, "a number from 1 to 100");
            }
            Some(_) | None => {}
        }
    }
    match patch.get("mode") {
        Some(mode) if kind == Protection::BruteForce => match mode.as_str() {
            Some("count_per_identifier_and_ip" | "count_per_identifier") => Ok(()),
            Some(_) | None => refuse("mode", "count_per_identifier_and_ip or count_per_identifier"),
        },
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn ranges_hold_their_addresses() {
        for (range, address, expected) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "192.0.2.200", true),
            ("192.0.2.0/24", "192.0.3.1", false),
            ("0.0.0.0/0", "198.51.100.1", true),
            ("2001:db8::/32", "2001:db8:7::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/32", "192.0.2.1", false),
            ("nonsense", "192.0.2.1", false),
            ("192.0.2.0/24", "", false),
        ] {
            assert_eq!(within(range, address), expected, "{range} {address}");
        }
    }
}
