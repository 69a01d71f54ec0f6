//! The sections of an event, with an accessor for each field.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::event::pointer;
use crate::{Error, Event};

/// Declares sections: a name, its place, and fields as `accessor: kind "name"`.
macro_rules! sections {
    ($($(#[$doc:meta])* $accessor:ident => $section:ident at $root:literal { $($(#[$note:meta])* $field:ident: $kind:ident $name:literal),* $(,)? })*) => {
        impl Event {
            $(
                #[doc = concat!("`event.", $root, "`")]
                #[must_use]
                pub fn $accessor(&self) -> $section<'_> {
                    $section { event: self }
                }
            )*
        }
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $section<'e> {
                event: &'e Event,
            }

            impl $section<'_> {
                $(
                    #[doc = concat!("`event.", $root, ".", $name, "`")]
                    $(#[$note])*
                    #[must_use]
                    pub fn $field(&self) -> kind!(type $kind) {
                        kind!(read $kind self.event, concat!("/", $root, "/", $name))
                    }
                )*
            }
        )*
    };
}

/// `text` is always there, `maybe` is a text that need not be.
macro_rules! kind {
    (type text) => { String };
    (type maybe) => { Option<String> };
    (type flag) => { Option<bool> };
    (type number) => { Option<f64> };
    (type texts) => { Vec<String> };
    (read text $event:expr, $pointer:expr) => { $event.text($pointer).unwrap_or_default() };
    (read maybe $event:expr, $pointer:expr) => { $event.text($pointer) };
    (read flag $event:expr, $pointer:expr) => { $event.flag($pointer) };
    (read number $event:expr, $pointer:expr) => { $event.number($pointer) };
    (read texts $event:expr, $pointer:expr) => { $event.texts($pointer) };
}

sections! {
    /// Who logs in. Attributes that an identity provider added are read with [`Event::get`].
    user => UserSection at "user" {
        /// The only field that every connection gives.
        user_id: text "user_id",
        email: maybe "email",
        email_verified: flag "email_verified",
        username: maybe "username",
        name: maybe "name",
        given_name: maybe "given_name",
        family_name: maybe "family_name",
        nickname: maybe "nickname",
        picture: maybe "picture",
        phone_number: maybe "phone_number",
        phone_verified: flag "phone_verified",
        created_at: maybe "created_at",
        updated_at: maybe "updated_at",
        last_password_reset: maybe "last_password_reset",
        multifactor: texts "multifactor",
    }
    /// The application the user logs in to.
    client => ClientSection at "client" {
        client_id: text "client_id",
        name: text "name",
    }
    /// Where the user's identity comes from.
    connection => ConnectionSection at "connection" {
        id: text "id",
        name: text "name",
        strategy: text "strategy",
    }
    /// The request; a new one after each suspension.
    request => RequestSection at "request" {
        ip: text "ip",
        method: maybe "method",
        hostname: maybe "hostname",
        language: maybe "language",
        user_agent: maybe "user_agent",
        asn: maybe "asn",
        country_code: maybe "geoip/countryCode",
        country_name: maybe "geoip/countryName",
        continent_code: maybe "geoip/continentCode",
        city_name: maybe "geoip/cityName",
        subdivision_code: maybe "geoip/subdivisionCode",
        time_zone: maybe "geoip/timeZone",
        latitude: number "geoip/latitude",
        longitude: number "geoip/longitude",
    }
    /// The login as the client asked for it.
    transaction => TransactionSection at "transaction" {
        id: maybe "id",
        protocol: maybe "protocol",
        redirect_uri: maybe "redirect_uri",
        state: maybe "state",
        locale: maybe "locale",
        login_hint: maybe "login_hint",
        response_mode: maybe "response_mode",
        acr_values: texts "acr_values",
        prompt: texts "prompt",
        requested_scopes: texts "requested_scopes",
        response_type: texts "response_type",
        ui_locales: texts "ui_locales",
    }
    /// How the user proved who they are.
    authentication => AuthenticationSection at "authentication" {
        /// `low`, `medium`, `high` or `neutral`.
        risk_confidence: maybe "riskAssessment/confidence",
        impossible_travel_confidence: maybe "riskAssessment/assessments/ImpossibleTravel/confidence",
        impossible_travel_code: maybe "riskAssessment/assessments/ImpossibleTravel/code",
        new_device_confidence: maybe "riskAssessment/assessments/NewDevice/confidence",
        new_device_code: maybe "riskAssessment/assessments/NewDevice/code",
        untrusted_ip_confidence: maybe "riskAssessment/assessments/UntrustedIP/confidence",
        untrusted_ip_code: maybe "riskAssessment/assessments/UntrustedIP/code",
    }
    /// What the user may do.
    authorization => AuthorizationSection at "authorization" {
        /// Names of roles.
        roles: texts "roles",
    }
    /// The organization that is logged in to; all absent when there is none.
    organization => OrganizationSection at "organization" {
        id: maybe "id",
        name: maybe "name",
        display_name: maybe "display_name",
    }
    /// The browser's session; all absent when there is none.
    session => SessionSection at "session" {
        id: maybe "id",
        created_at: maybe "created_at",
        authenticated_at: maybe "authenticated_at",
        last_interacted_at: maybe "last_interacted_at",
        expires_at: maybe "expires_at",
        idle_expires_at: maybe "idle_expires_at",
        cookie_mode: maybe "cookie/mode",
    }
    /// The refresh token that is exchanged; all absent when there is none.
    refresh_token => RefreshTokenSection at "refresh_token" {
        id: maybe "id",
        client_id: maybe "client_id",
        created_at: maybe "created_at",
        expires_at: maybe "expires_at",
        idle_expires_at: maybe "idle_expires_at",
        session_id: maybe "session_id",
        rotating: flag "rotating",
    }
    /// The API that a token is asked for; absent when there is none.
    resource_server => ResourceServerSection at "resource_server" {
        identifier: maybe "identifier",
    }
    /// The tenant.
    tenant => TenantSection at "tenant" {
        /// Its name.
        id: text "id",
    }
    /// Counts of earlier logins.
    stats => StatsSection at "stats" {}
    /// The form that was rendered; there only when the login is resumed from one.
    prompt => PromptSection at "prompt" {
        id: maybe "id",
    }
    /// The custom domain that the request came to; absent when there is none.
    custom_domain => CustomDomainSection at "custom_domain" {
        domain: maybe "domain",
    }
    /// The action's secrets; [`Event::secret`] reads one that must be there.
    secrets => SecretsSection at "secrets" {}
}

/// One way in which the user proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Method {
    /// Such as `pwd`, `mfa`, `federated`, or a URL that an action recorded.
    pub name: String,
    /// When, in ISO 8601.
    #[serde(default)]
    pub timestamp: String,
    /// The factor of `mfa`, such as `otp`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

impl UserSection<'_> {
    /// `event.user.app_metadata[key]`
    ///
    /// # Errors
    /// When the value is there but is not a `T`.
    pub fn app_metadata<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.event.get(&pointer("/user/app_metadata", key))
    }

    /// `event.user.user_metadata[key]`
    ///
    /// # Errors
    /// When the value is there but is not a `T`.
    pub fn user_metadata<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.event.get(&pointer("/user/user_metadata", key))
    }
}

impl ClientSection<'_> {
    /// `event.client.metadata[key]`
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.event.text(&pointer("/client/metadata", key))
    }
}

impl ConnectionSection<'_> {
    /// `event.connection.metadata[key]`
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.event.text(&pointer("/connection/metadata", key))
    }
}

impl OrganizationSection<'_> {
    /// `event.organization.metadata[key]`
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.event.text(&pointer("/organization/metadata", key))
    }
}

impl RequestSection<'_> {
    /// `event.request.query[name]`
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.event.text(&pointer("/request/query", name))
    }

    /// `event.request.body[name]`
    #[must_use]
    pub fn body(&self, name: &str) -> Option<String> {
        self.event.text(&pointer("/request/body", name))
    }
}

impl TransactionSection<'_> {
    /// `event.transaction.metadata[key]`; what this action set is seen at once.
    ///
    /// # Errors
    /// When the value is there but is not a `T`.
    pub fn metadata<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.event.get(&pointer("/transaction/metadata", key))
    }
}

impl SessionSection<'_> {
    /// `event.session.metadata[key]`; what this action set is seen at once.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.event.text(&pointer("/session/metadata", key))
    }
}

impl RefreshTokenSection<'_> {
    /// `event.refresh_token.metadata[key]`; what this action set is seen at once.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.event.text(&pointer("/refresh_token/metadata", key))
    }
}

impl PromptSection<'_> {
    /// `event.prompt.fields[name]`
    ///
    /// # Errors
    /// When the value is there but is not a `T`.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        self.event.get(&pointer("/prompt/fields", name))
    }
}

impl AuthenticationSection<'_> {
    /// `event.authentication.methods`
    ///
    /// # Errors
    /// When the list is not one of methods.
    pub fn methods(&self) -> Result<Vec<Method>, Error> {
        Ok(self.event.get("/authentication/methods")?.unwrap_or_default())
    }
}

impl StatsSection<'_> {
    /// `event.stats.logins_count`
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count; `as` saturates")]
    pub fn logins_count(&self) -> u64 {
        self.event.number("/stats/logins_count").unwrap_or_default() as u64
    }
}

impl SecretsSection<'_> {
    /// `event.secrets[name]`, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.event.text(&pointer("/secrets", name))
    }
}
