//! One asked-for change, as a guest sends it: `{"type":"user.setAppMetadata","key":…,"value":…}`.
//!
//! The type is the path of the Auth0 `api` method, the other keys are its arguments.
//! What an argument may be is in [`Mutation::check`].

use std::borrow::Cow;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A factor of `authentication.challengeWith` and its kin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// `otp`, `email`, `phone`, `push-notification`, `webauthn-platform`, `webauthn-roaming`, `recovery-code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Options of that kind, such as `preferredMethod` of `phone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Map<String, Value>>,
}

/// Options of `multifactor.enable`; other keys are dropped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MultifactorOptions {
    /// Whether the browser may be remembered so that it is not asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_remember_browser: Option<bool>,
    /// Settings of the provider (`duo` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_options: Option<Map<String, Value>>,
}

/// An argument that Auth0 passes on unchecked: whatever JSON an action gave, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Given(pub Option<Value>);

impl Given {
    /// Whether the argument was left out.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.0.as_ref().and_then(Value::as_str)
    }

    /// What a person reads: a text as it is, anything else as JSON, nothing as nothing.
    #[must_use]
    pub fn into_text(self) -> String {
        match self.0 {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        }
    }
}

impl From<&str> for Given {
    fn from(text: &str) -> Self {
        Self(Some(Value::from(text)))
    }
}

impl From<String> for Given {
    fn from(text: String) -> Self {
        Self(Some(Value::String(text)))
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

/// Tells `null` (remove) from absent (leave as it is).
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Declares [`Mutation`], its tags and a decoder that does not buffer when `type` comes first,
/// as every SDK of ours writes it: serde's own tagged enums always buffer.
macro_rules! mutations {
    ($($(#[$doc:meta])* $tag:literal => $variant:ident { $($(#[$attr:meta])* $field:ident: $ty:ty),* $(,)? }),* $(,)?) => {
        /// One asked-for change. The list keeps call order and repeats.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "type")]
        #[expect(missing_docs, reason = "the fields are the arguments of the Auth0 method of that name")]
        pub enum Mutation {
            $(
                #[doc = concat!("`", $tag, "`")]
                $(#[$doc])*
                #[serde(rename = $tag, rename_all = "camelCase")]
                $variant { $($(#[$attr])* $field: $ty),* },
            )*
        }

        impl Mutation {
            /// Every type there is, in the order of the reference.
            pub const TYPES: &'static [&'static str] = &[$($tag),*];

            /// The wire type, such as `user.setAppMetadata`.
            #[must_use]
            pub fn type_name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $tag,)*
                }
            }

            fn decode_fields<'de, D: Deserializer<'de>>(tag: &str, fields: D) -> Result<Self, D::Error> {
                match tag {
                    $($tag => {
                        #[derive(Deserialize)]
                        #[serde(deny_unknown_fields, rename_all = "camelCase")]
                        struct Fields { $($(#[$attr])* $field: $ty),* }
                        let Fields { $($field),* } = Fields::deserialize(fields)?;
                        Ok(Self::$variant { $($field),* })
                    })*
                    unknown => Err(de::Error::custom(format_args!("unknown mutation type `{unknown}`"))),
                }
            }
        }
    };
}

mutations! {
    /// `code` is Auth0's argument in the trigger `credentials-exchange`; in a login it is `unauthorized` for rules.
    "access.deny" => AccessDeny {
        #[serde(default, skip_serializing_if = "Given::is_absent")] reason: Given,
        #[serde(default, skip_serializing_if = "Option::is_none")] code: Option<String>,
    },
    /// An absent value has no JSON form: it takes the claim back.
    "accessToken.setCustomClaim" => AccessTokenSetCustomClaim {
        #[serde(default, skip_serializing_if = "Given::is_absent")] key: Given,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")] value: Option<Value>,
    },
    /// An absent value has no JSON form: it takes the claim back.
    "idToken.setCustomClaim" => IdTokenSetCustomClaim {
        #[serde(default, skip_serializing_if = "Given::is_absent")] key: Given,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")] value: Option<Value>,
    },
    "accessToken.addScope" => AccessTokenAddScope { scope: String },
    "accessToken.removeScope" => AccessTokenRemoveScope { scope: String },
    "authentication.challengeWith" => AuthenticationChallengeWith {
        factor: Factor,
        #[serde(default, skip_serializing_if = "Option::is_none")] additional_factors: Option<Vec<Factor>>,
    },
    "authentication.enrollWith" => AuthenticationEnrollWith {
        factor: Factor,
        #[serde(default, skip_serializing_if = "Option::is_none")] additional_factors: Option<Vec<Factor>>,
    },
    "authentication.challengeWithAny" => AuthenticationChallengeWithAny { factors: Vec<Factor> },
    "authentication.enrollWithAny" => AuthenticationEnrollWithAny { factors: Vec<Factor> },
    "authentication.recordMethod" => AuthenticationRecordMethod { provider_url: String },
    "authentication.setPrimaryUser" => AuthenticationSetPrimaryUser { primary_user_id: String },
    "multifactor.enable" => MultifactorEnable {
        provider: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] options: Option<MultifactorOptions>,
    },
    "prompt.render" => PromptRender {
        prompt_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")] fields: Option<Map<String, Value>>,
        #[serde(default, skip_serializing_if = "Option::is_none")] vars: Option<Map<String, Value>>,
    },
    "redirect.sendUserTo" => RedirectSendUserTo { url: String },
    "refreshToken.revoke" => RefreshTokenRevoke {
        #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<String>,
    },
    "refreshToken.setExpiresAt" => RefreshTokenSetExpiresAt { absolute: f64 },
    "session.setExpiresAt" => SessionSetExpiresAt { absolute: f64 },
    "refreshToken.setIdleExpiresAt" => RefreshTokenSetIdleExpiresAt { inactivity: f64 },
    "session.setIdleExpiresAt" => SessionSetIdleExpiresAt { inactivity: f64 },
    "refreshToken.setMetadata" => RefreshTokenSetMetadata { key: String, value: Option<String> },
    "session.setMetadata" => SessionSetMetadata { key: String, value: Option<String> },
    "refreshToken.deleteMetadata" => RefreshTokenDeleteMetadata { key: String },
    "session.deleteMetadata" => SessionDeleteMetadata { key: String },
    "refreshToken.evictMetadata" => RefreshTokenEvictMetadata {},
    "session.evictMetadata" => SessionEvictMetadata {},
    /// `null` and absent remove the attribute.
    "samlResponse.setAttribute" => SamlResponseSetAttribute {
        attribute: String,
        #[serde(default)] value: Value,
    },
    "samlResponse.setAudience" => SamlResponseSetAudience { audience: String },
    "samlResponse.setRecipient" => SamlResponseSetRecipient { recipient: String },
    "samlResponse.setDestination" => SamlResponseSetDestination { destination: String },
    "samlResponse.setIssuer" => SamlResponseSetIssuer { issuer: String },
    "samlResponse.setRelayState" => SamlResponseSetRelayState { relay_state: String },
    "samlResponse.setNameIdentifierFormat" => SamlResponseSetNameIdentifierFormat { name_identifier_format: String },
    "samlResponse.setNameIdentifierProbes" => SamlResponseSetNameIdentifierProbes { name_identifier_probes: Vec<String> },
    "samlResponse.setAuthnContextClassRef" => SamlResponseSetAuthnContextClassRef { authn_context_class_ref: String },
    "samlResponse.setSigningCert" => SamlResponseSetSigningCert { signing_cert: String },
    "samlResponse.setEncryptionCert" => SamlResponseSetEncryptionCert { encryption_cert: String },
    "samlResponse.setEncryptionPublicKey" => SamlResponseSetEncryptionPublicKey { encryption_public_key: String },
    "samlResponse.setCert" => SamlResponseSetCert { cert: String },
    "samlResponse.setKey" => SamlResponseSetKey { key: String },
    "samlResponse.setSignatureAlgorithm" => SamlResponseSetSignatureAlgorithm { signature_algorithm: String },
    "samlResponse.setDigestAlgorithm" => SamlResponseSetDigestAlgorithm { digest_algorithm: String },
    "samlResponse.setEncryptionAlgorithm" => SamlResponseSetEncryptionAlgorithm { encryption_algorithm: String },
    "samlResponse.setLifetimeInSeconds" => SamlResponseSetLifetimeInSeconds { lifetime_in_seconds: f64 },
    "samlResponse.setSignResponse" => SamlResponseSetSignResponse { sign_response: bool },
    "samlResponse.setCreateUpnClaim" => SamlResponseSetCreateUpnClaim { create_upn_claim: bool },
    "samlResponse.setPassthroughClaimsWithNoMapping" => SamlResponseSetPassthroughClaimsWithNoMapping { passthrough_claims_with_no_mapping: bool },
    "samlResponse.setMapUnknownClaimsAsIs" => SamlResponseSetMapUnknownClaimsAsIs { map_unknown_claims_as_is: bool },
    "samlResponse.setMapIdentities" => SamlResponseSetMapIdentities { map_identities: bool },
    "samlResponse.setIncludeAttributeNameFormat" => SamlResponseSetIncludeAttributeNameFormat { include_attribute_name_format: bool },
    "samlResponse.setTypedAttributes" => SamlResponseSetTypedAttributes { typed_attributes: bool },
    "session.revoke" => SessionRevoke {
        #[serde(default, skip_serializing_if = "Option::is_none")] reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")] options: Option<Map<String, Value>>,
    },
    "session.setCookieMode" => SessionSetCookieMode { mode: String },
    /// `value` is a string, a number or a boolean; `null` deletes.
    "transaction.setMetadata" => TransactionSetMetadata { key: String, value: Value },
    /// `null` removes the key, absent leaves it as it is.
    "user.setAppMetadata" => UserSetAppMetadata {
        #[serde(default, skip_serializing_if = "Given::is_absent")] key: Given,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")] value: Option<Value>,
    },
    /// `null` removes the key, absent leaves it as it is.
    "user.setUserMetadata" => UserSetUserMetadata {
        #[serde(default, skip_serializing_if = "Given::is_absent")] key: Given,
        #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")] value: Option<Value>,
    },
    "validation.error" => ValidationError { code: String, message: String },
}

/// A text that is borrowed from the input where that can be: the type of a mutation is looked at once.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Mutation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MutationVisitor;

        impl<'de> Visitor<'de> for MutationVisitor {
            type Value = Mutation;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object with a `type`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mutation, A::Error> {
                let Some(Text(first)) = map.next_key()? else {
                    return Err(de::Error::missing_field("type"));
                };
                if first == "type" {
                    let Text(tag) = map.next_value()?;
                    return Mutation::decode_fields(&tag, MapAccessDeserializer::new(map));
                }
                let mut rest = Map::new();
                rest.insert(first.into_owned(), map.next_value()?);
                while let Some(key) = map.next_key::<String>()? {
                    if rest.contains_key(&key) {
                        map.next_value::<IgnoredAny>()?;
                        return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    rest.insert(key, map.next_value()?);
                }
                match rest.remove("type") {
                    Some(Value::String(tag)) => {
                        Mutation::decode_fields(&tag, Value::Object(rest)).map_err(de::Error::custom)
                    }
                    Some(_) => Err(de::Error::custom("`type` is not a string")),
                    None => Err(de::Error::missing_field("type")),
                }
            }
        }

        deserializer.deserialize_map(MutationVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_null_values_differ() {
        let absent: Mutation = serde_json::from_str(r#"{"type":"user.setAppMetadata","key":"k"}"#).unwrap();
        let null: Mutation = serde_json::from_str(r#"{"key":"k","value":null,"type":"user.setAppMetadata"}"#).unwrap();
        assert_eq!(absent, Mutation::UserSetAppMetadata { key: "k".into(), value: None });
        assert_eq!(null, Mutation::UserSetAppMetadata { key: "k".into(), value: Some(Value::Null) });
    }

    #[track_caller]
    fn check_same(text: &str) {
        let mutation: Mutation = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&mutation).unwrap(), text);
    }

    #[test]
    fn what_is_passed_on_unchecked_stays_as_it_is() {
        check_same(r#"{"type":"access.deny"}"#);
        check_same(r#"{"type":"access.deny","reason":null}"#);
        check_same(r#"{"type":"access.deny","reason":{"code":1}}"#);
        check_same(r#"{"type":"idToken.setCustomClaim","value":1}"#);
        check_same(r#"{"type":"idToken.setCustomClaim","key":"k"}"#);
        check_same(r#"{"type":"accessToken.setCustomClaim","key":7,"value":null}"#);
        check_same(r#"{"type":"user.setUserMetadata","key":["k"],"value":1}"#);
        check_same(r#"{"type":"session.revoke"}"#);
        check_same(r#"{"type":"refreshToken.revoke"}"#);
    }

    #[test]
    fn unknown_types_and_keys_are_refused() {
        for bad in [
            r#"{"type":"user.explode"}"#,
            r#"{"type":"redirect.sendUserTo"}"#,
            r#"{"type":"access.deny","reason":"x","other":1}"#,
            r#"{"reason":"x","other":1,"type":"access.deny"}"#,
            r#"{"reason":"x"}"#,
            "{}",
            "[]",
        ] {
            assert!(serde_json::from_str::<Mutation>(bad).is_err(), "{bad}");
        }
    }
}
