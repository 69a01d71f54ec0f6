//! What a tenant sets for itself (Auth0: `/tenants/settings`).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::connection::DEFAULT_DATABASE;

/// Life time of a session, and of one nobody uses, when the tenant sets none, h (Auth0: 168 and 72).
const SESSION_HOURS: u64 = 168;
/// See [`SESSION_HOURS`].
const IDLE_SESSION_HOURS: u64 = 72;

/// The settings as they came, without the defaults. Each accessor has the default that a new Auth0 tenant has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantSettings(pub Map<String, Value>);

impl TenantSettings {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn hours(&self, name: &str, default: u64) -> Duration {
        let hours = self.0.get(name).and_then(Value::as_f64).filter(|hours| *hours > 0.0);
        let given = hours.and_then(|hours| Duration::try_from_secs_f64(hours * 3600.0).ok());
        given.unwrap_or_else(|| Duration::from_secs(default * 3600))
    }

    /// A flag of `flags`.
    #[must_use]
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.0.get("flags").and_then(|flags| flags.get(name)).and_then(Value::as_bool).unwrap_or(default)
    }

    /// Whether a new client may use every connection there is (Auth0: yes).
    #[must_use]
    pub fn enables_client_connections(&self) -> bool {
        self.flag("enable_client_connections", true)
    }

    /// Whether a sign-up says that the address is taken.
    #[must_use]
    pub fn tells_that_user_exists(&self) -> bool {
        self.flag("enable_public_signup_user_exists_error", false)
    }

    /// The tenant's name for people.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.text("friendly_name")
    }

    /// Where people get help.
    #[must_use]
    pub fn support_email(&self) -> Option<&str> {
        self.text("support_email")
    }

    /// Where people get help.
    #[must_use]
    pub fn support_url(&self) -> Option<&str> {
        self.text("support_url")
    }

    /// The logo on the login page.
    #[must_use]
    pub fn picture_url(&self) -> Option<&str> {
        self.text("picture_url")
    }

    /// The connection of a password grant that names none: the database a tenant starts with, until it says otherwise.
    #[must_use]
    pub fn default_directory(&self) -> Option<&str> {
        if self.0.contains_key("default_directory") { self.text("default_directory") } else { Some(DEFAULT_DATABASE) }
    }

    /// The audience of a token when none is asked for.
    #[must_use]
    pub fn default_audience(&self) -> Option<&str> {
        self.text("default_audience")
    }

    /// Where a login goes back to that has no other place.
    #[must_use]
    pub fn default_redirection_uri(&self) -> Option<&str> {
        self.text("default_redirection_uri")
    }

    /// Addresses that a logout without a client may send to.
    pub fn allowed_logout_urls(&self) -> impl Iterator<Item = &str> {
        self.0.get("allowed_logout_urls").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// How long a session lives at most.
    #[must_use]
    pub fn session_for(&self) -> Duration {
        self.hours("session_lifetime", SESSION_HOURS)
    }

    /// How long a session lives without being used.
    #[must_use]
    pub fn session_idle_for(&self) -> Duration {
        self.hours("idle_session_lifetime", IDLE_SESSION_HOURS)
    }

    /// Whether the session cookie outlives the browser.
    #[must_use]
    pub fn persistent_session_cookie(&self) -> bool {
        let mode = self.0.get("session_cookie").and_then(|cookie| cookie.get("mode")).and_then(Value::as_str);
        mode != Some("non-persistent")
    }
}
