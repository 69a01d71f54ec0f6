//! `options.custom_database`: checked when it is written, its headers sealed and never shown.

use std::collections::BTreeMap;

use postern_model::{Connection, ConnectionId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::error::AppError;
use crate::{App, secrets};

/// Its name among the options.
const OPTION: &str = "custom_database";
/// Auth0's own switch for the same, taken too.
const IMPORT_MODE: &str = "import_mode";
/// Headers, and characters of each value.
const HEADERS: usize = 20;
/// See [`HEADERS`].
const HEADER_CHARS: usize = 4096;
/// Characters of an address.
const URL_CHARS: usize = 2048;

/// The endpoints, as kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomDatabase {
    pub(super) login_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) get_user_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) create_url: Option<String>,
    /// Values are sealed when kept, texts or `null` when written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub(super) import_mode: bool,
    #[serde(default)]
    pub(super) allow_metadata: bool,
}

impl CustomDatabase {
    /// The custom database of a connection, if it has one.
    pub(super) fn of(connection: &Connection) -> Option<Self> {
        if !connection.strategy.is_database() {
            return None;
        }
        let mut custom = Self::read(&connection.options)?;
        custom.import_mode |= connection.options.get(IMPORT_MODE).and_then(Value::as_bool).unwrap_or_default();
        Some(custom)
    }

    fn read(options: &Map<String, Value>) -> Option<Self> {
        Self::deserialize(options.get(OPTION)?).ok()
    }

    fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let optional = [("get_user_url", &self.get_user_url), ("create_url", &self.create_url)];
        let optional = optional.into_iter().filter_map(|(name, url)| Some((name, url.as_deref()?)));
        std::iter::once(("login_url", self.login_url.as_str())).chain(optional)
    }

    pub(super) fn open_headers(
        &self,
        app: &App,
        tenant: &TenantId,
        connection: &Connection,
    ) -> Result<Vec<(String, String)>, AppError> {
        let row = row(&connection.id);
        let mut headers = Vec::new();
        for (name, sealed) in &self.headers {
            let Some(sealed) = sealed else { continue };
            let value = String::from_utf8(secrets::open(app, tenant, &row, sealed)?);
            let value = value.map_err(|_bad| AppError::internal("read a header of a custom database"))?;
            headers.push((name.clone(), value));
        }
        Ok(headers)
    }
}

/// What the headers are sealed for.
fn row(id: &ConnectionId) -> String {
    format!("{OPTION}:{id}")
}

/// Checks the option in what a connection is to have, and seals its headers. A header that is `null` keeps the value
/// it has, as long as all endpoints stay on the hosts it was given for.
///
/// # Errors
/// When it is not legal.
pub(crate) fn options_check(
    app: &App,
    tenant: &TenantId,
    id: &ConnectionId,
    old: &Map<String, Value>,
    new: &mut Map<String, Value>,
) -> Result<(), AppError> {
    match new.get(OPTION) {
        None => return Ok(()),
        Some(Value::Null) => {
            new.remove(OPTION);
            return Ok(());
        }
        Some(_) => {}
    }
    let bad = |text: String| AppError::invalid_body(format!("'options.{OPTION}' {text}"));
    let given = new.get(OPTION).cloned().unwrap_or_default();
    let mut custom =
        serde_json::from_value::<CustomDatabase>(given).map_err(|error| bad(format!("is not legal: {error}")))?;
    for (name, url) in custom.urls() {
        check_url(url).map_err(|text| bad(format!("is not legal: {name} {text}")))?;
    }
    let old = CustomDatabase::read(old);
    seal_headers(app, tenant, id, &mut custom, old.as_ref()).map_err(|error| match error {
        SealError::Header(text) => bad(text),
        SealError::App(error) => error,
    })?;
    new.insert(OPTION.to_owned(), json!(custom));
    Ok(())
}

enum SealError {
    Header(String),
    App(AppError),
}

fn seal_headers(
    app: &App,
    tenant: &TenantId,
    id: &ConnectionId,
    custom: &mut CustomDatabase,
    old: Option<&CustomDatabase>,
) -> Result<(), SealError> {
    if custom.headers.len() > HEADERS {
        return Err(SealError::Header(format!("may have {HEADERS} headers")));
    }
    let known: Vec<String> = old.iter().flat_map(|old| old.urls()).filter_map(|(_, url)| origin(url)).collect();
    let same_hosts = custom.urls().all(|(_, url)| origin(url).is_some_and(|origin| known.contains(&origin)));
    for (name, value) in &mut custom.headers {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let ours = ["host", "content-length", "content-type", "accept", "connection", "transfer-encoding"];
        if !plain || name.len() > 128 || ours.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(SealError::Header(format!("cannot set the header '{}'", name.escape_debug())));
        }
        *value = match value.take() {
            Some(text) => {
                let legal = text.len() <= HEADER_CHARS && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
                if !legal {
                    return Err(SealError::Header(format!("has a value of '{name}' that is no header value")));
                }
                Some(secrets::seal(app, tenant, &row(id), text.as_bytes()).map_err(SealError::App)?)
            }
            None => {
                let kept = old.and_then(|old| old.headers.get(name)?.clone()).filter(|_| same_hosts);
                Some(kept.ok_or_else(|| SealError::Header(format!("must give the value of '{name}'")))?)
            }
        };
    }
    Ok(())
}

fn origin(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.origin().ascii_serialization())
}

/// An https address; http only to this machine.
fn check_url(url: &str) -> Result<(), &'static str> {
    let parsed = Url::parse(url).map_err(|_bad| "is no address")?;
    if url.len() > URL_CHARS || !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("is too long, or holds credentials");
    }
    let here = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("names no host"),
    };
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if here => Ok(()),
        _ => Err("must be https: passwords are sent there"),
    }
}

/// The options as they are shown: headers without their values.
pub fn options_show(options: &Map<String, Value>) -> Map<String, Value> {
    let mut shown = options.clone();
    if let Some(headers) = shown.get_mut(OPTION).and_then(|custom| custom.get_mut("headers")?.as_object_mut()) {
        for value in headers.values_mut() {
            *value = Value::Null;
        }
    }
    shown
}
