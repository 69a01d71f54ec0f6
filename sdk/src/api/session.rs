//! `api.session` and `api.refreshToken`: how long they live, and notes on them.

use postern_contract::rules;
use serde_json::{Map, Value, json};

use super::{Api, check};
use crate::Error;
use crate::event::pointer;

/// Whether a session's cookie outlives the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieMode {
    /// It does.
    Persistent,
    /// It goes with the browser.
    NonPersistent,
}

impl CookieMode {
    fn text(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::NonPersistent => "non-persistent",
        }
    }
}

/// The names of one of the two.
struct Names {
    metadata: &'static str,
    set: &'static str,
    delete: &'static str,
    evict: &'static str,
}

impl Api {
    fn set_token_metadata(&mut self, names: &Names, key: &str, value: Option<&str>, shown: bool) -> Result<(), Error> {
        check(names.set, rules::token_metadata_key(key))?;
        check(names.set, value.map_or(Ok(()), rules::token_metadata_value))?;
        self.mutation(names.set).text("key", key).value("value", &value)?.end();
        if shown {
            self.event.changes.show(pointer(names.metadata, key), value.map(Value::from));
        }
        Ok(())
    }

    /// No key, no mutation.
    fn delete_token_metadata(&mut self, names: &Names, key: &str) {
        let place = pointer(names.metadata, key);
        if self.event.has(&place) {
            self.set_text(names.delete, "key", key);
            self.event.changes.show(place, None);
        }
    }

    /// Nothing there, no mutation.
    fn evict_token_metadata(&mut self, names: &Names) {
        if self.event.read(names.metadata, |text| !matches!(text, b"{}" | b"null")) == Some(true) {
            self.mutation(names.evict).end();
            self.event.changes.show(names.metadata.to_owned(), Some(Value::Object(Map::new())));
        }
    }

    fn set_expiry(&mut self, method: &'static str, key: &str, at_ms: f64) -> Result<(), Error> {
        check(method, rules::expiry(at_ms))?;
        self.set_value(method, key, &at_ms)
    }
}

/// See [`Api::session`].
#[derive(Debug)]
pub struct Session<'a> {
    pub(super) api: &'a mut Api,
}

const SESSION: Names = Names {
    metadata: "/session/metadata",
    set: "session.setMetadata",
    delete: "session.deleteMetadata",
    evict: "session.evictMetadata",
};

impl Session<'_> {
    /// Refuses the login and ends the session, with its refresh tokens unless they are preserved.
    ///
    /// # Errors
    /// Never; it is a `Result` so that an action can return it.
    pub fn revoke(self, reason: &str, preserve_refresh_tokens: bool) -> Result<(), Error> {
        let options = preserve_refresh_tokens.then(|| json!({"preserveRefreshTokens": true}));
        self.api.mutation("session.revoke").text("reason", reason).option("options", options.as_ref())?.end();
        Ok(())
    }

    /// Ends the session at this time, ms since the epoch.
    ///
    /// # Errors
    /// When the time is 0 or not finite.
    pub fn set_expires_at(self, absolute_ms: f64) -> Result<(), Error> {
        self.api.set_expiry("session.setExpiresAt", "absolute", absolute_ms)
    }

    /// Ends the session at this time, ms since the epoch, unless it is used before.
    ///
    /// # Errors
    /// When the time is 0 or not finite.
    pub fn set_idle_expires_at(self, inactivity_ms: f64) -> Result<(), Error> {
        self.api.set_expiry("session.setIdleExpiresAt", "inactivity", inactivity_ms)
    }

    /// Says whether the session's cookie outlives the browser; the last call wins.
    ///
    /// # Errors
    /// Never.
    pub fn set_cookie_mode(self, mode: CookieMode) -> Result<(), Error> {
        self.api.set_text("session.setCookieMode", "mode", mode.text());
        self.api.event.changes.show("/session/cookie/mode".to_owned(), Some(Value::from(mode.text())));
        Ok(())
    }

    /// Sets a key of the session's metadata; `None` removes it.
    ///
    /// # Errors
    /// When there is no session, or the key or the value is malformed.
    pub fn set_metadata(self, key: &str, value: Option<&str>) -> Result<(), Error> {
        if !self.api.event.has("/session/id") {
            return Err(Error::broken(SESSION.set, "there is no session"));
        }
        self.api.set_token_metadata(&SESSION, key, value, true)
    }

    /// Removes a key of the session's metadata, if it is there.
    pub fn delete_metadata(self, key: &str) {
        self.api.delete_token_metadata(&SESSION, key);
    }

    /// Removes all of the session's metadata.
    pub fn evict_metadata(self) {
        self.api.evict_token_metadata(&SESSION);
    }
}

/// See [`Api::refresh_token`].
#[derive(Debug)]
pub struct RefreshToken<'a> {
    pub(super) api: &'a mut Api,
}

const REFRESH_TOKEN: Names = Names {
    metadata: "/refresh_token/metadata",
    set: "refreshToken.setMetadata",
    delete: "refreshToken.deleteMetadata",
    evict: "refreshToken.evictMetadata",
};

impl RefreshToken<'_> {
    /// Refuses the exchange and revokes the refresh token.
    ///
    /// # Errors
    /// When the reason has more than 1024 characters.
    pub fn revoke(self, reason: &str) -> Result<(), Error> {
        const METHOD: &str = "refreshToken.revoke";
        check(METHOD, rules::revoke_reason(reason))?;
        self.api.set_text(METHOD, "reason", reason);
        Ok(())
    }

    /// Ends the token at this time, ms since the epoch; the earliest of several calls wins.
    ///
    /// # Errors
    /// When the time is 0 or not finite, or the token is an online one.
    pub fn set_expires_at(self, absolute_ms: f64) -> Result<(), Error> {
        const METHOD: &str = "refreshToken.setExpiresAt";
        self.offline(METHOD)?.set_expiry(METHOD, "absolute", absolute_ms)
    }

    /// Ends the token at this time, ms since the epoch, unless it is used before.
    ///
    /// # Errors
    /// When the time is 0 or not finite, or the token is an online one.
    pub fn set_idle_expires_at(self, inactivity_ms: f64) -> Result<(), Error> {
        const METHOD: &str = "refreshToken.setIdleExpiresAt";
        self.offline(METHOD)?.set_expiry(METHOD, "inactivity", inactivity_ms)
    }

    /// Sets a key of the token's metadata; `None` removes it. Before there is a token, it is kept for the one that
    /// will be issued.
    ///
    /// # Errors
    /// When the key or the value is malformed, or the token is an online one.
    pub fn set_metadata(self, key: &str, value: Option<&str>) -> Result<(), Error> {
        let api = self.offline(REFRESH_TOKEN.set)?;
        let shown = api.event.has("/refresh_token/id");
        api.set_token_metadata(&REFRESH_TOKEN, key, value, shown)
    }

    /// Removes a key of the token's metadata, if it is there.
    ///
    /// # Errors
    /// When the token is an online one.
    pub fn delete_metadata(self, key: &str) -> Result<(), Error> {
        self.offline(REFRESH_TOKEN.delete)?.delete_token_metadata(&REFRESH_TOKEN, key);
        Ok(())
    }

    /// Removes all of the token's metadata.
    ///
    /// # Errors
    /// When the token is an online one.
    pub fn evict_metadata(self) -> Result<(), Error> {
        self.offline(REFRESH_TOKEN.evict)?.evict_token_metadata(&REFRESH_TOKEN);
        Ok(())
    }
}

impl<'a> RefreshToken<'a> {
    fn offline(self, method: &'static str) -> Result<&'a mut Api, Error> {
        if self.api.event.text("/refresh_token/access").as_deref() == Some("online") {
            return Err(Error::broken(method, "the refresh token is an online one"));
        }
        Ok(self.api)
    }
}
