//! An OAuth application that asks for logins or tokens.

use std::collections::BTreeMap;

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
    /// Management scopes a client-credentials token may hold; `None` for a client without a grant on that API.
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

#[cfg(test)]
mod tests {
    use super::origin;

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
