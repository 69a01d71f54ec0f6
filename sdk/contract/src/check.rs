//! [`Mutation::check`]: every rule about the arguments of one mutation.

use std::error::Error;
use std::fmt;

use crate::Mutation;
use crate::rules::{self, Broken, FactorUse};

/// A mutation whose arguments break a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadMutation {
    /// The mutation's wire type.
    pub mutation: &'static str,
    /// The rule, as a text for the action's author.
    pub rule: &'static str,
}

impl fmt::Display for BadMutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mutation)?;
        f.write_str(": ")?;
        f.write_str(self.rule)
    }
}

impl Error for BadMutation {}

impl Mutation {
    /// Checks the arguments as far as they alone decide: types, lengths, known names.
    ///
    /// # Errors
    /// With the first rule that is broken.
    ///
    /// ```
    /// use postern_contract::Mutation;
    /// let scope = Mutation::AccessTokenAddScope { scope: "read everything".into() };
    /// assert_eq!(
    ///     scope.check().unwrap_err().to_string(),
    ///     "accessToken.addScope: a scope has 1 to 280 characters and no white space"
    /// );
    /// ```
    pub fn check(&self) -> Result<(), BadMutation> {
        self.check_arguments().map_err(|rule| BadMutation { mutation: self.type_name(), rule })
    }

    #[expect(clippy::too_many_lines, reason = "a table: one line a mutation, so that none is forgotten")]
    fn check_arguments(&self) -> Result<(), Broken> {
        match self {
            Self::AccessTokenSetCustomClaim { key, .. } | Self::IdTokenSetCustomClaim { key, .. } => {
                key.as_text().map_or(Ok(()), rules::claim)
            }
            Self::AccessTokenAddScope { scope } | Self::AccessTokenRemoveScope { scope } => rules::scope(scope),
            Self::AuthenticationChallengeWith { factor, additional_factors } => {
                rules::factor(factor, FactorUse::Challenge)?;
                additional_factors.iter().flatten().try_for_each(|one| rules::factor(one, FactorUse::Challenge))
            }
            Self::AuthenticationEnrollWith { factor, additional_factors } => {
                rules::factor(factor, FactorUse::Enroll)?;
                additional_factors.iter().flatten().try_for_each(|one| rules::factor(one, FactorUse::Enroll))
            }
            Self::AuthenticationChallengeWithAny { factors } => rules::factors(factors, FactorUse::Challenge),
            Self::AuthenticationEnrollWithAny { factors } => rules::factors(factors, FactorUse::Enroll),
            Self::AuthenticationRecordMethod { provider_url } => rules::method_url(provider_url),
            Self::AuthenticationSetPrimaryUser { primary_user_id } => rules::primary_user(primary_user_id),
            Self::MultifactorEnable { provider, options } => {
                rules::multifactor_provider(provider)?;
                options.iter().try_for_each(|options| rules::multifactor_options(provider, options))
            }
            Self::PromptRender { prompt_id, fields, vars } => rules::prompt(prompt_id, fields.as_ref(), vars.as_ref()),
            Self::RedirectSendUserTo { url } => rules::redirect_url(url),
            Self::RefreshTokenRevoke { reason } => reason.as_deref().map_or(Ok(()), rules::revoke_reason),
            Self::RefreshTokenSetExpiresAt { absolute } | Self::SessionSetExpiresAt { absolute } => {
                rules::expiry(*absolute)
            }
            Self::RefreshTokenSetIdleExpiresAt { inactivity } | Self::SessionSetIdleExpiresAt { inactivity } => {
                rules::expiry(*inactivity)
            }
            Self::RefreshTokenSetMetadata { key, value } | Self::SessionSetMetadata { key, value } => {
                rules::token_metadata_key(key)?;
                value.iter().try_for_each(|value| rules::token_metadata_value(value))
            }
            Self::SamlResponseSetAttribute { attribute, value } => rules::saml_attribute(attribute, value),
            Self::SamlResponseSetAudience { audience: text }
            | Self::SamlResponseSetRecipient { recipient: text }
            | Self::SamlResponseSetDestination { destination: text } => rules::saml_address(text),
            Self::SamlResponseSetIssuer { issuer: text }
            | Self::SamlResponseSetRelayState { relay_state: text }
            | Self::SamlResponseSetNameIdentifierFormat { name_identifier_format: text }
            | Self::SamlResponseSetAuthnContextClassRef { authn_context_class_ref: text } => rules::saml_name(text),
            Self::SamlResponseSetNameIdentifierProbes { name_identifier_probes } => {
                rules::saml_probes(name_identifier_probes)
            }
            Self::SamlResponseSetSigningCert { signing_cert: text }
            | Self::SamlResponseSetEncryptionCert { encryption_cert: text }
            | Self::SamlResponseSetEncryptionPublicKey { encryption_public_key: text }
            | Self::SamlResponseSetCert { cert: text }
            | Self::SamlResponseSetKey { key: text } => rules::saml_key(text),
            Self::SamlResponseSetSignatureAlgorithm { signature_algorithm } => {
                rules::saml_signature(signature_algorithm)
            }
            Self::SamlResponseSetDigestAlgorithm { digest_algorithm } => rules::saml_digest(digest_algorithm),
            Self::SamlResponseSetEncryptionAlgorithm { encryption_algorithm } => {
                rules::saml_encryption(encryption_algorithm)
            }
            Self::SamlResponseSetLifetimeInSeconds { lifetime_in_seconds } => {
                rules::saml_lifetime(*lifetime_in_seconds)
            }
            Self::SessionRevoke { options, .. } => options.iter().try_for_each(rules::revoke_options),
            Self::SessionSetCookieMode { mode } => rules::cookie_mode(mode),
            Self::TransactionSetMetadata { key, value } => {
                rules::transaction_key(key)?;
                rules::transaction_value(value)
            }
            Self::UserSetAppMetadata { key, .. } | Self::UserSetUserMetadata { key, .. } => {
                key.as_text().map_or(Ok(()), rules::user_metadata_key)
            }
            Self::ValidationError { code, message } => {
                rules::validation_text(code)?;
                rules::validation_text(message)
            }
            // Any text, any boolean, or nothing at all.
            Self::AccessDeny { .. }
            | Self::RefreshTokenDeleteMetadata { .. }
            | Self::SessionDeleteMetadata { .. }
            | Self::RefreshTokenEvictMetadata {}
            | Self::SessionEvictMetadata {}
            | Self::SamlResponseSetSignResponse { .. }
            | Self::SamlResponseSetCreateUpnClaim { .. }
            | Self::SamlResponseSetPassthroughClaimsWithNoMapping { .. }
            | Self::SamlResponseSetMapUnknownClaimsAsIs { .. }
            | Self::SamlResponseSetMapIdentities { .. }
            | Self::SamlResponseSetIncludeAttributeNameFormat { .. }
            | Self::SamlResponseSetTypedAttributes { .. } => Ok(()),
        }
    }
}
