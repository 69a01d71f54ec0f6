//! What an action asks for: Auth0's `api` object of post-login, its names in snake case.
//!
//! Each method writes one mutation into the run's result at once. One that is refused at the call says why
//! and writes nothing.

mod authentication;
mod cache;
mod directory;
mod prompt;
mod redirect;
mod saml;
mod session;
mod transaction;

pub use authentication::{Authentication, Multifactor};
pub use cache::{Cache, CacheError, CacheRecord};
pub use directory::{Group, GroupPage, Groups, Role, RolePage, Roles};
pub use prompt::{Prompt, Validation};
pub use redirect::Redirect;
pub use saml::SamlResponse;
pub use session::{CookieMode, RefreshToken, Session};
pub use transaction::{Scalar, Transaction};

use std::rc::Rc;

use postern_contract::rules::{self, Broken};
use serde::Serialize;

use crate::json::Object;
use crate::{Error, Event};

/// The result's first bytes.
const HEAD: &[u8] = b"{\"mutations\":[";
/// Enough for the mutations of most actions.
const RESULT_CAPACITY: usize = 1024;

/// The changes an action asks for. They are applied together when the login's actions are done, or not at all.
///
/// ```
/// # use postern_sdk::{Api, Error, Event, Harness, serde_json::json};
/// # fn on_execute(_event: &Event, api: &mut Api) -> Result<(), Error> {
/// api.user().set_app_metadata("plan", "gold")?;
/// api.id_token().set_custom_claim("https://example.com/plan", "gold")?;
/// api.access_token().add_scope("read:reports")?;
/// # Ok(())
/// # }
/// # assert_eq!(Harness::new(json!({})).run(on_execute).mutations.len(), 3);
/// ```
#[derive(Debug)]
pub struct Api {
    out: Vec<u8>,
    event: Event,
    suspends: Option<Suspends>,
    primary_user_set: bool,
}

/// What already leaves the login in this action; forms and redirects exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspends {
    Redirect,
    Prompt,
}

/// Declares the namespaces of [`Api`]: a method, and the type that borrows the api.
macro_rules! namespaces {
    ($($auth0:literal $method:ident => $section:ident),* $(,)?) => {
        impl Api {
            $(
                #[doc = concat!("`api.", $auth0, "`")]
                pub fn $method(&mut self) -> $section<'_> {
                    $section { api: self }
                }
            )*
        }
    };
}

namespaces! {
    "access" access => Access,
    "accessToken" access_token => AccessToken,
    "authentication" authentication => Authentication,
    "cache" cache => Cache,
    "groups" groups => Groups,
    "idToken" id_token => IdToken,
    "multifactor" multifactor => Multifactor,
    "prompt" prompt => Prompt,
    "redirect" redirect => Redirect,
    "refreshToken" refresh_token => RefreshToken,
    "roles" roles => Roles,
    "rules" rules => Rules,
    "samlResponse" saml_response => SamlResponse,
    "session" session => Session,
    "transaction" transaction => Transaction,
    "user" user => User,
    "validation" validation => Validation,
}

impl Api {
    pub(crate) fn new(event: &Event) -> Self {
        let mut out = Vec::with_capacity(RESULT_CAPACITY);
        out.extend_from_slice(HEAD);
        Self { out, event: Event { changes: Rc::clone(&event.changes) }, suspends: None, primary_user_set: false }
    }

    /// The result of a run that went well.
    pub(crate) fn into_result(mut self) -> Vec<u8> {
        self.out.extend_from_slice(b"]}");
        self.out
    }

    #[inline]
    fn mutation(&mut self, kind: &'static str) -> Object<'_> {
        Object::begin(&mut self.out, kind)
    }

    fn set_text(&mut self, kind: &'static str, key: &str, value: &str) {
        self.mutation(kind).text(key, value).end();
    }

    fn set_value<T: Serialize>(&mut self, kind: &'static str, key: &str, value: &T) -> Result<(), Error> {
        self.mutation(kind).value(key, value)?.end();
        Ok(())
    }
}

/// Turns a broken rule into the error of a method.
#[inline]
fn check(method: &'static str, rule: Result<(), Broken>) -> Result<(), Error> {
    rule.map_err(|broken| Error::broken(method, broken))
}

/// See [`Api::access`].
#[derive(Debug)]
pub struct Access<'a> {
    api: &'a mut Api,
}

impl Access<'_> {
    /// Refuses the login. The action runs on to its end, so `return` this; later actions do not run. Metadata that
    /// was set is still saved.
    ///
    /// # Errors
    /// Never; it is a `Result` so that an action can return it.
    pub fn deny(self, reason: &str) -> Result<(), Error> {
        self.api.set_text("access.deny", "reason", reason);
        Ok(())
    }
}

/// See [`Api::id_token`].
#[derive(Debug)]
pub struct IdToken<'a> {
    api: &'a mut Api,
}

impl IdToken<'_> {
    /// Puts a claim into the ID token. Claims that the standards reserve are dropped with a warning in the run's
    /// record; a URL as a prefix is always free: `https://example.com/plan`.
    ///
    /// # Errors
    /// When the claim is `scope`, or the value has no JSON form.
    pub fn set_custom_claim(self, key: &str, value: impl Serialize) -> Result<(), Error> {
        const METHOD: &str = "idToken.setCustomClaim";
        check(METHOD, rules::claim(key))?;
        self.api.mutation(METHOD).text("key", key).value("value", &value)?.end();
        Ok(())
    }
}

/// See [`Api::access_token`].
#[derive(Debug)]
pub struct AccessToken<'a> {
    api: &'a mut Api,
}

impl AccessToken<'_> {
    /// As [`IdToken::set_custom_claim`], in the access token.
    ///
    /// # Errors
    /// When the claim is `scope`, or the value has no JSON form.
    pub fn set_custom_claim(self, key: &str, value: impl Serialize) -> Result<(), Error> {
        const METHOD: &str = "accessToken.setCustomClaim";
        check(METHOD, rules::claim(key))?;
        self.api.mutation(METHOD).text("key", key).value("value", &value)?.end();
        Ok(())
    }

    /// Adds a scope; the last call for a scope wins.
    ///
    /// # Errors
    /// When the scope, trimmed, is not one word of 1 to 280 characters.
    pub fn add_scope(self, scope: &str) -> Result<(), Error> {
        const METHOD: &str = "accessToken.addScope";
        let scope = scope.trim();
        check(METHOD, rules::scope(scope))?;
        self.api.set_text(METHOD, "scope", scope);
        Ok(())
    }

    /// Removes a scope; the last call for a scope wins.
    ///
    /// # Errors
    /// When the scope, trimmed, is not one word of 1 to 280 characters.
    pub fn remove_scope(self, scope: &str) -> Result<(), Error> {
        const METHOD: &str = "accessToken.removeScope";
        let scope = scope.trim();
        check(METHOD, rules::scope(scope))?;
        self.api.set_text(METHOD, "scope", scope);
        Ok(())
    }
}

/// See [`Api::user`].
///
/// A key is replaced whole. What is set here is seen by later actions and saved at the end of the login, but the
/// running action's own event does not change.
#[derive(Debug)]
pub struct User<'a> {
    api: &'a mut Api,
}

impl User<'_> {
    /// Sets a key of `app_metadata`, which only the tenant may edit; `None` removes the key.
    ///
    /// # Errors
    /// When the key is malformed or the value has no JSON form.
    pub fn set_app_metadata(self, key: &str, value: impl Serialize) -> Result<(), Error> {
        self.set("user.setAppMetadata", key, &value)
    }

    /// Sets a key of `user_metadata`, which the user may edit; `None` removes the key.
    ///
    /// # Errors
    /// When the key is malformed or the value has no JSON form.
    pub fn set_user_metadata(self, key: &str, value: impl Serialize) -> Result<(), Error> {
        self.set("user.setUserMetadata", key, &value)
    }

    /// Takes back what an earlier action of this login set: the stored value stays as it is.
    ///
    /// # Errors
    /// When the key is malformed.
    pub fn keep_app_metadata(self, key: &str) -> Result<(), Error> {
        const METHOD: &str = "user.setAppMetadata";
        check(METHOD, rules::user_metadata_key(key))?;
        self.api.set_text(METHOD, "key", key);
        Ok(())
    }

    /// Takes back what an earlier action of this login set: the stored value stays as it is.
    ///
    /// # Errors
    /// When the key is malformed.
    pub fn keep_user_metadata(self, key: &str) -> Result<(), Error> {
        const METHOD: &str = "user.setUserMetadata";
        check(METHOD, rules::user_metadata_key(key))?;
        self.api.set_text(METHOD, "key", key);
        Ok(())
    }

    #[inline]
    fn set(self, method: &'static str, key: &str, value: &impl Serialize) -> Result<(), Error> {
        check(method, rules::user_metadata_key(key))?;
        self.api.mutation(method).text("key", key).value("value", value)?.end();
        Ok(())
    }
}

/// See [`Api::rules`].
#[derive(Debug)]
pub struct Rules<'a> {
    #[expect(dead_code, reason = "every namespace borrows the api")]
    api: &'a mut Api,
}

impl Rules<'_> {
    /// Whether a rule ran in this login. There are no rules here: never.
    #[must_use]
    pub fn was_executed(self, _rule_id: &str) -> bool {
        false
    }
}
