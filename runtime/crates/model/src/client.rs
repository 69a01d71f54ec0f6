//! An OAuth application that asks for logins or tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ClientId, limits};

/// A client.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Client {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: ClientId,
    /// Counts the writes of this row from 1; set by the store.
    pub revision: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub name: String,
    /// Compared in constant time, given back on `read:client_keys` only.
    pub client_secret: String,
    /// Names and values of at most 255 characters, at most ten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_metadata: Option<BTreeMap<String, String>>,
    /// OAuth grant types.
    #[serde(default)]
    pub grant_types: Vec<String>,
    /// Management scopes that clients of earlier versions were granted; moved to a [`crate::ClientGrant`] at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_scopes: Option<Vec<String>>,
    /// Every other setting of the wire, kept as it came (`callbacks`, `app_type`, …).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub created_at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub updated_at: Timestamp,
}

impl Client {
    /// The web origins (`scheme://host[:port]`) whose pages may call the authentication API with credentials: those of
    /// `allowed_origins`, `web_origins` and, as Auth0 does it, of `callbacks`. One may have `*` as its first label.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let lists = ["allowed_origins", "web_origins", "callbacks"];
        let urls = lists.iter().filter_map(|name| self.settings.get(*name)?.as_array()).flatten();
        let mut origins: Vec<String> = urls.filter_map(|url| origin(url.as_str()?)).collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }
}

/// The origin of a URL of `http` or `https`, in the form browsers send it; a custom scheme has none.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-:*[]_".contains(c);
    ((1..=255).contains(&authority.len()) && authority.chars().all(legal)).then(|| format!("{scheme}://{authority}"))
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("client_id", &self.client_id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why `client_metadata` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadClientMetadata {
    /// Too many entries.
    #[error("client_metadata may have at most {} entries", limits::CLIENT_METADATA_ENTRIES)]
    Entries,
    /// A name is empty, too long or has a character that is not allowed.
    #[error("client_metadata name '{name}' must have 1 to 255 allowed characters")]
    Name {
        /// The name.
        name: String,
    },
    /// A value is too long.
    #[error("client_metadata value of '{name}' is longer than 255 characters")]
    Value {
        /// The name.
        name: String,
    },
}

/// Checks the rules of Auth0 Management API: POST and PATCH /clients.
///
/// # Errors
/// The first rule that is broken.
pub fn check_client_metadata(metadata: &BTreeMap<String, String>) -> Result<(), BadClientMetadata> {
    if metadata.len() > limits::CLIENT_METADATA_ENTRIES {
        return Err(BadClientMetadata::Entries);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ":,-+=_*?\"/\\()<>@\t ".contains(c);
    for (name, value) in metadata {
        if name.is_empty() || name.chars().count() > limits::CLIENT_METADATA_CHARS || !name.chars().all(allowed) {
            return Err(BadClientMetadata::Name { name: name.clone() });
        }
        if value.chars().count() > limits::CLIENT_METADATA_CHARS {
            return Err(BadClientMetadata::Value { name: name.clone() });
        }
    }
    Ok(())
}

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// It cannot: a public client, in a browser or on a device.
    None,
    /// By its secret in the body (Auth0 takes Basic as well).
    SecretPost,
    /// By its secret in `Authorization: Basic` (Auth0 takes the body as well).
    SecretBasic,
}

/// What signs the ID tokens of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdTokenAlg {
    /// The tenant's key.
    Rs256,
    /// The client's secret.
    Hs256,
}

/// What becomes of the refresh tokens of a client (Auth0: `refresh_token`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshTokenPolicy {
    /// Whether each use gives a new one, and a second use is a theft.
    pub rotating: bool,
    /// How long after its use an old one is still taken.
    pub leeway: Duration,
    /// How long it lives at most; `None` for ever.
    pub lives_for: Option<Duration>,
    /// How long it lives without being used; `None` for ever.
    pub idle_for: Option<Duration>,
}

/// Life time of an ID token when the client names none, s (Auth0: 36000).
const ID_TOKEN_SECONDS: u64 = 36_000;
/// Life times of a refresh token when the client names none, s (Auth0: 30 and 15 days).
const REFRESH_TOKEN_SECONDS: u64 = 2_592_000;
/// See [`REFRESH_TOKEN_SECONDS`].
const REFRESH_TOKEN_IDLE_SECONDS: u64 = 1_296_000;

/// What a client may be made of; each setting has the default that a new Auth0 client has.
impl Client {
    fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.settings.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.settings.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// Addresses that `/authorize` may send answers to; a host may begin with `*.`.
    pub fn callbacks(&self) -> impl Iterator<Item = &str> {
        self.texts("callbacks")
    }

    /// Addresses that a logout may send to.
    pub fn allowed_logout_urls(&self) -> impl Iterator<Item = &str> {
        self.texts("allowed_logout_urls")
    }

    /// Origins that may get answers by `web_message`.
    pub fn web_origins(&self) -> impl Iterator<Item = &str> {
        self.texts("web_origins")
    }

    /// Origins of cross-origin requests, beside those of the callbacks.
    pub fn allowed_origins(&self) -> impl Iterator<Item = &str> {
        self.texts("allowed_origins")
    }

    /// `native`, `spa`, `regular_web`, `non_interactive` or another of Auth0's.
    #[must_use]
    pub fn app_type(&self) -> Option<&str> {
        self.text("app_type")
    }

    /// Where a login starts that has nowhere to go back to.
    #[must_use]
    pub fn initiate_login_uri(&self) -> Option<&str> {
        self.text("initiate_login_uri")
    }

    /// Whether it may use this grant type.
    #[must_use]
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|allowed| allowed == grant_type)
    }

    /// How it proves who it is. When it is not set, apps in browsers and on devices cannot.
    #[must_use]
    pub fn auth_method(&self) -> AuthMethod {
        match self.text("token_endpoint_auth_method") {
            Some("none") => AuthMethod::None,
            Some("client_secret_basic") => AuthMethod::SecretBasic,
            Some(_) => AuthMethod::SecretPost,
            None if matches!(self.app_type(), Some("native" | "spa")) => AuthMethod::None,
            None => AuthMethod::SecretPost,
        }
    }

    /// Whether it has no secret to keep.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.auth_method() == AuthMethod::None
    }

    /// Whether it is the tenant's own, so that nobody is asked for consent.
    #[must_use]
    pub fn is_first_party(&self) -> bool {
        self.flag("is_first_party", true)
    }

    /// Whether it may log in from its own page by `/co/authenticate`. The two names are Auth0's, old and new.
    #[must_use]
    pub fn allows_cross_origin_authentication(&self) -> bool {
        self.flag("cross_origin_authentication", self.flag("cross_origin_auth", false))
    }

    /// Life time of its ID tokens.
    #[must_use]
    pub fn id_token_lifetime(&self) -> Duration {
        let seconds = self.settings.get("jwt_configuration").and_then(|jwt| jwt.get("lifetime_in_seconds"));
        Duration::from_secs(seconds.and_then(Value::as_u64).unwrap_or(ID_TOKEN_SECONDS))
    }

    /// What signs its ID tokens.
    #[must_use]
    pub fn id_token_alg(&self) -> IdTokenAlg {
        let alg = self.settings.get("jwt_configuration").and_then(|jwt| jwt.get("alg")).and_then(Value::as_str);
        if alg == Some("HS256") { IdTokenAlg::Hs256 } else { IdTokenAlg::Rs256 }
    }

    /// What becomes of its refresh tokens.
    #[must_use]
    pub fn refresh_token_policy(&self) -> RefreshTokenPolicy {
        let setting = |name: &str| self.settings.get("refresh_token").and_then(|policy| policy.get(name));
        let seconds = |name, default| setting(name).and_then(Value::as_u64).unwrap_or(default);
        let infinite = |name| setting(name).and_then(Value::as_bool);
        let expiring = setting("expiration_type").and_then(Value::as_str) == Some("expiring");
        let life = |infinite: Option<bool>, seconds: u64| {
            (!infinite.unwrap_or(!expiring)).then_some(Duration::from_secs(seconds))
        };
        RefreshTokenPolicy {
            rotating: setting("rotation_type").and_then(Value::as_str) == Some("rotating"),
            leeway: Duration::from_secs(seconds("leeway", 0)),
            lives_for: life(infinite("infinite_token_lifetime"), seconds("token_lifetime", REFRESH_TOKEN_SECONDS)),
            idle_for: life(
                infinite("infinite_idle_token_lifetime"),
                seconds("idle_token_lifetime", REFRESH_TOKEN_IDLE_SECONDS),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(settings: Value) -> Client {
        let mut row = json!({
            "client_id": "c", "revision": 1, "name": "n", "client_secret": "s", "grant_types": ["password"],
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        });
        row["settings"] = settings;
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn a_client_without_settings_has_the_defaults_of_a_new_one() {
        let plain = client(json!({}));
        assert_eq!(plain.callbacks().count(), 0);
        assert_eq!(plain.auth_method(), AuthMethod::SecretPost);
        assert_eq!(plain.id_token_lifetime(), Duration::from_secs(36_000));
        assert_eq!(plain.id_token_alg(), IdTokenAlg::Rs256);
        assert!(
            plain.is_first_party() && !plain.allows_cross_origin_authentication() && plain.allows_grant("password")
        );
        let policy = plain.refresh_token_policy();
        assert_eq!((policy.rotating, policy.lives_for, policy.idle_for), (false, None, None));
        assert!(client(json!({"app_type": "spa"})).is_public());
        assert!(!client(json!({"app_type": "spa", "token_endpoint_auth_method": "client_secret_post"})).is_public());
    }

    #[test]
    fn an_expiring_rotating_refresh_token() {
        let settings = json!({"refresh_token": {
            "rotation_type": "rotating", "expiration_type": "expiring", "leeway": 3, "token_lifetime": 100,
            "infinite_idle_token_lifetime": true,
        }});
        let policy = client(settings).refresh_token_policy();
        assert_eq!(
            policy,
            RefreshTokenPolicy {
                rotating: true,
                leeway: Duration::from_secs(3),
                lives_for: Some(Duration::from_secs(100)),
                idle_for: None,
            }
        );
    }

    #[test]
    fn the_origin_is_what_browsers_send() {
        for (url, expected) in [
            ("https://app.example.com/callback?x=1", Some("https://app.example.com")),
            ("HTTPS://App.Example.com:443", Some("https://app.example.com")),
            ("http://localhost:3000/", Some("http://localhost:3000")),
            ("http://localhost:80#x", Some("http://localhost")),
            ("https://*.example.com", Some("https://*.example.com")),
            ("https://user@example.com/", None),
            ("com.example.app://callback", None),
            ("https:///path", None),
            ("not a url", None),
        ] {
            assert_eq!(origin(url).as_deref(), expected, "{url}");
        }
    }
}
