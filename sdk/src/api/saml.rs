//! `api.samlResponse`: the answer to a SAML service provider.

use postern_contract::rules::{self, Broken};
use serde::Serialize;

use super::{Api, check};
use crate::Error;

/// See [`Api::saml_response`].
#[derive(Debug)]
pub struct SamlResponse<'a> {
    pub(super) api: &'a mut Api,
}

/// Declares setters: `method => "samlResponse.setX" "x": check` for texts, `: flag` for booleans.
macro_rules! setters {
    ($($(#[$doc:meta])* $method:ident => $mutation:literal $key:literal: $rule:ident),* $(,)?) => {
        impl SamlResponse<'_> {
            $(setters!(@one $(#[$doc])* $method $mutation $key $rule);)*
        }
    };
    (@one $(#[$doc:meta])* $method:ident $mutation:literal $key:literal flag) => {
        #[doc = concat!("`", $mutation, "`")]
        $(#[$doc])*
        ///
        /// # Errors
        /// Never.
        pub fn $method(self, value: bool) -> Result<(), Error> {
            self.api.set_value($mutation, $key, &value)
        }
    };
    (@one $(#[$doc:meta])* $method:ident $mutation:literal $key:literal $rule:ident) => {
        #[doc = concat!("`", $mutation, "`")]
        $(#[$doc])*
        ///
        /// # Errors
        /// When the text is too long or not one of the known ones.
        pub fn $method(self, value: &str) -> Result<(), Error> {
            self.text($mutation, $key, value, rules::$rule)
        }
    };
}

setters! {
    set_audience => "samlResponse.setAudience" "audience": saml_address,
    set_recipient => "samlResponse.setRecipient" "recipient": saml_address,
    set_destination => "samlResponse.setDestination" "destination": saml_address,
    set_issuer => "samlResponse.setIssuer" "issuer": saml_name,
    set_relay_state => "samlResponse.setRelayState" "relayState": saml_name,
    set_name_identifier_format => "samlResponse.setNameIdentifierFormat" "nameIdentifierFormat": saml_name,
    set_authn_context_class_ref => "samlResponse.setAuthnContextClassRef" "authnContextClassRef": saml_name,
    set_signing_cert => "samlResponse.setSigningCert" "signingCert": saml_key,
    set_encryption_cert => "samlResponse.setEncryptionCert" "encryptionCert": saml_key,
    set_encryption_public_key => "samlResponse.setEncryptionPublicKey" "encryptionPublicKey": saml_key,
    set_cert => "samlResponse.setCert" "cert": saml_key,
    set_key => "samlResponse.setKey" "key": saml_key,
    set_signature_algorithm => "samlResponse.setSignatureAlgorithm" "signatureAlgorithm": saml_signature,
    set_digest_algorithm => "samlResponse.setDigestAlgorithm" "digestAlgorithm": saml_digest,
    set_encryption_algorithm => "samlResponse.setEncryptionAlgorithm" "encryptionAlgorithm": saml_encryption,
    set_sign_response => "samlResponse.setSignResponse" "signResponse": flag,
    set_create_upn_claim => "samlResponse.setCreateUpnClaim" "createUpnClaim": flag,
    set_passthrough_claims_with_no_mapping =>
        "samlResponse.setPassthroughClaimsWithNoMapping" "passthroughClaimsWithNoMapping": flag,
    set_map_unknown_claims_as_is => "samlResponse.setMapUnknownClaimsAsIs" "mapUnknownClaimsAsIs": flag,
    set_map_identities => "samlResponse.setMapIdentities" "mapIdentities": flag,
    set_include_attribute_name_format =>
        "samlResponse.setIncludeAttributeNameFormat" "includeAttributeNameFormat": flag,
    set_typed_attributes => "samlResponse.setTypedAttributes" "typedAttributes": flag,
}

impl SamlResponse<'_> {
    /// `samlResponse.setAttribute`: a scalar or an array of scalars; `None` removes the attribute.
    ///
    /// # Errors
    /// When the name or the value is too long, or the value is not made of scalars.
    pub fn set_attribute(self, attribute: &str, value: impl Serialize) -> Result<(), Error> {
        const METHOD: &str = "samlResponse.setAttribute";
        let value = serde_json::to_value(value)?;
        check(METHOD, rules::saml_attribute(attribute, &value))?;
        self.api.mutation(METHOD).text("attribute", attribute).value("value", &value)?.end();
        Ok(())
    }

    /// `samlResponse.setNameIdentifierProbes`
    ///
    /// # Errors
    /// When they are too many or too long.
    pub fn set_name_identifier_probes(self, probes: &[String]) -> Result<(), Error> {
        const METHOD: &str = "samlResponse.setNameIdentifierProbes";
        check(METHOD, rules::saml_probes(probes))?;
        self.api.set_value(METHOD, "nameIdentifierProbes", &probes)
    }

    /// `samlResponse.setLifetimeInSeconds`
    ///
    /// # Errors
    /// When it is not a positive number.
    pub fn set_lifetime_in_seconds(self, seconds: f64) -> Result<(), Error> {
        const METHOD: &str = "samlResponse.setLifetimeInSeconds";
        check(METHOD, rules::saml_lifetime(seconds))?;
        self.api.set_value(METHOD, "lifetimeInSeconds", &seconds)
    }

    fn text(
        self,
        method: &'static str,
        key: &str,
        value: &str,
        rule: fn(&str) -> Result<(), Broken>,
    ) -> Result<(), Error> {
        check(method, rule(value))?;
        self.api.set_text(method, key, value);
        Ok(())
    }
}
