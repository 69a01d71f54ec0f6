//! What each argument of a mutation may be, as small functions that the host and the SDKs share.
//!
//! Each takes just the argument, so that a guest links only the rules of the methods it calls.
//! Rules that need more than the arguments (what the tenant allows, how often a method was called,
//! reserved names that are dropped with a warning) are the host's.

use serde_json::{Map, Value};

use crate::{Factor, MultifactorOptions};

/// A rule that an argument breaks, as a text for the action's author.
pub type Broken = &'static str;

/// Characters of a scope.
pub const SCOPE_CHARS: usize = 280;
/// Characters of a key or a value of session and refresh token metadata.
pub const TOKEN_METADATA_CHARS: usize = 255;
/// Characters of a key of `user_metadata` and `app_metadata`.
pub const USER_METADATA_KEY_CHARS: usize = 255;
/// Characters of a key of transaction metadata.
pub const TRANSACTION_KEY_CHARS: usize = 64;
/// Bytes of a value of transaction metadata.
pub const TRANSACTION_VALUE_BYTES: usize = 8 * 1024;
/// The largest number that every JavaScript program reads as the same integer.
pub const SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
/// Fields, and variables, of a rendered prompt.
pub const PROMPT_ENTRIES: usize = 24;
/// Bytes of a prompt's options as JSON text.
pub const PROMPT_BYTES: usize = 24 * 1024;

fn chars_at_most(text: &str, max: usize) -> bool {
    // Bytes are never fewer than characters: the count is needed for long texts only.
    text.len() <= max || text.chars().count() <= max
}

fn require(holds: bool, rule: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(rule) }
}

/// The name of a custom claim.
///
/// # Errors
/// When it is `scope`, which has methods of its own.
pub fn claim(key: &str) -> Result<(), Broken> {
    require(key != "scope", "`scope` is not a custom claim: use accessToken.addScope or removeScope")
}

/// A scope, already trimmed.
///
/// # Errors
/// When it is empty, too long or more than one word.
pub fn scope(scope: &str) -> Result<(), Broken> {
    require(
        !scope.is_empty() && chars_at_most(scope, SCOPE_CHARS) && !scope.chars().any(char::is_whitespace),
        "a scope has 1 to 280 characters and no white space",
    )
}

/// A key of `user_metadata` or `app_metadata`.
///
/// # Errors
/// When it is empty, too long, or has a dot, a dollar sign or a control character (NUL among them).
pub fn user_metadata_key(key: &str) -> Result<(), Broken> {
    require(
        !key.is_empty()
            && chars_at_most(key, USER_METADATA_KEY_CHARS)
            && !key.chars().any(|c| c == '.' || c == '$' || c.is_control()),
        "a metadata key has 1 to 255 characters and no `.`, `$` or control character",
    )
}

/// A key of transaction metadata.
///
/// # Errors
/// When it is empty or too long.
pub fn transaction_key(key: &str) -> Result<(), Broken> {
    require(
        !key.is_empty() && chars_at_most(key, TRANSACTION_KEY_CHARS),
        "a transaction metadata key has 1 to 64 characters",
    )
}

/// A text in transaction metadata.
///
/// # Errors
/// When it is too long.
pub fn transaction_text(value: &str) -> Result<(), Broken> {
    require(value.len() <= TRANSACTION_VALUE_BYTES, "a transaction metadata value has at most 8192 bytes")
}

/// A number in transaction metadata.
///
/// # Errors
/// When it is not a safe integer.
pub fn transaction_number(value: f64) -> Result<(), Broken> {
    require(
        value.fract() == 0.0 && value.abs() <= SAFE_INTEGER,
        "a number in transaction metadata is an integer between -(2^53 - 1) and 2^53 - 1",
    )
}

/// A value of transaction metadata.
///
/// # Errors
/// When it is an array or an object, or breaks [`transaction_text`] or [`transaction_number`].
pub fn transaction_value(value: &Value) -> Result<(), Broken> {
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::String(text) => transaction_text(text),
        Value::Number(number) => transaction_number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(_) | Value::Object(_) => {
            Err("a transaction metadata value is a string, a number, a boolean or null")
        }
    }
}

/// A key of session or refresh token metadata.
///
/// # Errors
/// When it is empty, too long or has other characters than letters, digits, `_` and `-`.
pub fn token_metadata_key(key: &str) -> Result<(), Broken> {
    require(
        !key.is_empty()
            && key.len() <= TOKEN_METADATA_CHARS
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
        "a metadata key of a session or refresh token has 1 to 255 letters, digits, `_` or `-`",
    )
}

/// A value of session or refresh token metadata.
///
/// # Errors
/// When it is too long or has a NUL.
pub fn token_metadata_value(value: &str) -> Result<(), Broken> {
    require(
        chars_at_most(value, TOKEN_METADATA_CHARS) && !value.contains('\0'),
        "a metadata value of a session or refresh token has at most 255 characters and no NUL",
    )
}

/// An expiry in milliseconds since the epoch.
///
/// # Errors
/// When it is zero, infinite or not a number.
pub fn expiry(at_ms: f64) -> Result<(), Broken> {
    require(at_ms.is_finite() && at_ms != 0.0, "an expiry is a finite number of milliseconds other than 0")
}

/// The reason of `refreshToken.revoke`.
///
/// # Errors
/// When it is too long.
pub fn revoke_reason(reason: &str) -> Result<(), Broken> {
    require(chars_at_most(reason, 1024), "a reason has at most 1024 characters")
}

/// The options of `session.revoke`.
///
/// # Errors
/// When `preserveRefreshTokens` is not a boolean.
pub fn revoke_options(options: &Map<String, Value>) -> Result<(), Broken> {
    require(options.get("preserveRefreshTokens").is_none_or(Value::is_boolean), "`preserveRefreshTokens` is a boolean")
}

/// The mode of a session's cookie.
///
/// # Errors
/// When it is an unknown one.
pub fn cookie_mode(mode: &str) -> Result<(), Broken> {
    require(matches!(mode, "persistent" | "non-persistent"), "a cookie mode is `persistent` or `non-persistent`")
}

/// The code or the message of `validation.error`.
///
/// # Errors
/// When it is too long.
pub fn validation_text(text: &str) -> Result<(), Broken> {
    require(chars_at_most(text, 100), "a validation error's code and message have at most 100 characters each")
}

/// The user to become the primary one.
///
/// # Errors
/// When it is empty or too long.
pub fn primary_user(user_id: &str) -> Result<(), Broken> {
    require(!user_id.is_empty() && chars_at_most(user_id, 128), "a primary user id has 1 to 128 characters")
}

/// An absolute URL as far as can be told without a URL library: a scheme, for `http` and `https` a host,
/// nothing that would break a header.
fn is_absolute_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let clean = !url.bytes().any(|b| b <= b' ' || b == 0x7f);
    let complete = if is_http(scheme) {
        rest.strip_prefix("//").is_some_and(|rest| {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default();
            !host.is_empty() && !host.starts_with(':')
        })
    } else {
        !rest.is_empty()
    };
    named && clean && complete
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

/// Where the user is sent.
///
/// # Errors
/// When it is not an absolute URL.
pub fn redirect_url(url: &str) -> Result<(), Broken> {
    require(is_absolute_url(url), "a redirect needs an absolute URL, such as https://example.com/form")
}

/// The name of a method in a session's list.
///
/// # Errors
/// When it is not an http or https URL.
pub fn method_url(url: &str) -> Result<(), Broken> {
    require(
        url.split_once(':').is_some_and(|(scheme, _)| is_http(scheme)) && is_absolute_url(url),
        "a recorded method is named by an http or https URL",
    )
}

/// What a factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorUse {
    /// Prove one that is enrolled.
    Challenge,
    /// Enrol a new one.
    Enroll,
}

/// One factor.
///
/// # Errors
/// When its type or an option is unknown, or it cannot be enrolled.
pub fn factor(factor: &Factor, wanted: FactorUse) -> Result<(), Broken> {
    let option = |name: &str| factor.options.as_ref().and_then(|options| options.get(name));
    match factor.kind.as_str() {
        "otp" | "webauthn-platform" | "webauthn-roaming" | "recovery-code" => Ok(()),
        "email" => require(wanted == FactorUse::Challenge, "`email` cannot be enrolled"),
        "phone" => require(
            option("preferredMethod").is_none_or(|m| matches!(m.as_str(), Some("sms" | "voice" | "both"))),
            "`preferredMethod` is `sms`, `voice` or `both`",
        ),
        "push" | "push-notification" => {
            require(option("otpFallback").is_none_or(Value::is_boolean), "`otpFallback` is a boolean")
        }
        _ => Err(
            "a factor is otp, email, phone, push-notification, webauthn-platform, webauthn-roaming or recovery-code",
        ),
    }
}

/// A list of factors to choose from.
///
/// # Errors
/// When it is empty or one of them is wrong.
pub fn factors(factors: &[Factor], wanted: FactorUse) -> Result<(), Broken> {
    require(!factors.is_empty(), "at least one factor is needed")?;
    factors.iter().try_for_each(|one| factor(one, wanted))
}

/// The provider of `multifactor.enable`.
///
/// # Errors
/// When it is an unknown one.
pub fn multifactor_provider(provider: &str) -> Result<(), Broken> {
    require(
        matches!(provider, "any" | "none" | "guardian" | "google-authenticator" | "duo"),
        "a provider is any, none, guardian, google-authenticator or duo",
    )
}

/// The options of `multifactor.enable`.
///
/// # Errors
/// When the settings of `duo` are not complete.
pub fn multifactor_options(provider: &str, options: &MultifactorOptions) -> Result<(), Broken> {
    let Some(settings) = options.provider_options.as_ref().filter(|_| provider == "duo") else { return Ok(()) };
    let text = |name: &str| settings.get(name).is_some_and(Value::is_string);
    require(
        text("host") && text("ikey") && text("skey") && settings.get("username").is_none_or(Value::is_string),
        "`providerOptions` of duo are the strings host, ikey, skey and, if wanted, username",
    )
}

/// The arguments of `prompt.render`.
///
/// # Errors
/// When the id, the number of entries, a field's name or the size is wrong.
pub fn prompt(
    prompt_id: &str,
    fields: Option<&Map<String, Value>>,
    vars: Option<&Map<String, Value>>,
) -> Result<(), Broken> {
    require(!prompt_id.is_empty() && chars_at_most(prompt_id, 48), "a prompt id has 1 to 48 characters")?;
    let mut bytes = 0;
    for (name, map) in [("fields", fields), ("vars", vars)] {
        let Some(map) = map else { continue };
        require(map.len() <= PROMPT_ENTRIES, "`fields` and `vars` have at most 24 entries each")?;
        require(
            name != "fields" || map.keys().all(|key| is_field_name(key)),
            "a field's name has 1 to 50 letters, digits or `_` and does not begin with a digit",
        )?;
        bytes += serde_json::to_vec(map).map_or(usize::MAX / 4, |text| text.len()) + name.len() + 4;
    }
    require(bytes <= PROMPT_BYTES, "the options of a prompt have at most 24 KiB")
}

fn is_field_name(name: &str) -> bool {
    (1..=50).contains(&name.len())
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// An attribute of a SAML response.
///
/// # Errors
/// When the name or the value is too long, or the value is not made of scalars.
pub fn saml_attribute(attribute: &str, value: &Value) -> Result<(), Broken> {
    fn scalar(value: &Value) -> Result<(), Broken> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
            Value::String(text) => {
                require(chars_at_most(text, 2048), "an attribute's value has at most 2048 characters")
            }
            Value::Array(_) | Value::Object(_) => Err("an attribute's value is a scalar or an array of scalars"),
        }
    }
    require(!attribute.is_empty() && chars_at_most(attribute, 1024), "an attribute's name has 1 to 1024 characters")?;
    match value {
        Value::Array(values) => values.iter().try_for_each(scalar),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => scalar(value),
    }
}

/// An audience, recipient or destination.
///
/// # Errors
/// When it is too long.
pub fn saml_address(text: &str) -> Result<(), Broken> {
    require(chars_at_most(text, 2048), "audience, recipient and destination have at most 2048 characters")
}

/// A relay state, issuer, name identifier format or authentication context.
///
/// # Errors
/// When it is too long.
pub fn saml_name(text: &str) -> Result<(), Broken> {
    require(
        chars_at_most(text, 512),
        "relay state, issuer, name identifier format and authentication context have at most 512 characters",
    )
}

/// The probes for a name identifier.
///
/// # Errors
/// When they are too many or too long.
pub fn saml_probes(probes: &[String]) -> Result<(), Broken> {
    require(
        probes.len() <= 10 && probes.iter().all(|probe| chars_at_most(probe, 512)),
        "there are at most 10 name identifier probes of at most 512 characters",
    )
}

/// A certificate or key.
///
/// # Errors
/// When it is too long.
pub fn saml_key(text: &str) -> Result<(), Broken> {
    require(chars_at_most(text, 4096), "a certificate or key has at most 4096 characters")
}

/// The algorithm of a signature.
///
/// # Errors
/// When it is an unknown one.
pub fn saml_signature(algorithm: &str) -> Result<(), Broken> {
    require(matches!(algorithm, "rsa-sha256" | "rsa-sha1"), "a signature algorithm is rsa-sha256 or rsa-sha1")
}

/// The algorithm of a digest.
///
/// # Errors
/// When it is an unknown one.
pub fn saml_digest(algorithm: &str) -> Result<(), Broken> {
    require(matches!(algorithm, "sha256" | "sha1"), "a digest algorithm is sha256 or sha1")
}

/// The algorithm of an encryption.
///
/// # Errors
/// When it is an unknown one.
pub fn saml_encryption(algorithm: &str) -> Result<(), Broken> {
    require(matches!(algorithm, "aes256-gcm" | "aes256-cbc"), "an encryption algorithm is aes256-gcm or aes256-cbc")
}

/// The life time of a SAML response.
///
/// # Errors
/// When it is not a positive number.
pub fn saml_lifetime(seconds: f64) -> Result<(), Broken> {
    require(seconds.is_finite() && seconds > 0.0, "a life time is a positive number of seconds")
}
