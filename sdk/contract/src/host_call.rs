//! What a guest may ask of the host with `call_start`, one JSON object each.

use serde::{Deserialize, Serialize};

use crate::crypto_call::{CryptoAgree, CryptoPbkdf2, CryptoPublic, CryptoRsa, CryptoScrypt, CryptoSign, CryptoVerify};

/// A text or binary body of a request or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// UTF-8 text.
    Text(String),
    /// Bytes, in standard base64.
    Base64(String),
}

/// What `http.fetch` does with a redirect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpRedirect {
    /// Follow it; every hop is checked against the egress policy.
    #[default]
    Follow,
    /// Answer with the redirect itself.
    Manual,
    /// Answer with an error.
    Error,
}

/// Why an `http.fetch` has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpErrorCode {
    /// The egress policy refuses the address.
    EgressDenied,
    /// The name does not resolve.
    Dns,
    /// No connection could be made.
    Connect,
    /// The server's certificate is not trusted, or TLS failed otherwise.
    Tls,
    /// The call or the run ran out of time.
    Timeout,
    /// The answer is larger than the limit.
    TooLarge,
    /// The other side does not speak HTTP, or too many redirects.
    Protocol,
}

/// Arguments of `cache.set`; times in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheWrite {
    /// At most 64 bytes.
    pub key: String,
    /// At most 4096 bytes.
    pub value: String,
    /// Life time in ms; the earlier of this and `expires_at` wins; 15 minutes when neither is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<f64>,
    /// Expiry in ms since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<f64>,
}

/// One call of a capability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the arguments of the method of that name")]
pub enum HostCall {
    /// Answer: `{"value","expires_at"}` or `null`.
    #[serde(rename = "cache.get")]
    CacheGet { key: String },
    /// Answer: `{"type":"success","record"}` or `{"type":"error","code"}`.
    #[serde(rename = "cache.set")]
    CacheSet(CacheWrite),
    /// Answer: `{"type":"success"}` or `{"type":"error","code"}`.
    #[serde(rename = "cache.delete")]
    CacheDelete { key: String },
    /// Answer: `{"status","status_text","url","headers","body"}` or `{"error":{"code","message"}}`.
    #[serde(rename = "http.fetch")]
    HttpFetch {
        method: String,
        url: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<Body>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
        #[serde(default)]
        redirect: HttpRedirect,
    },
    /// Answer: `{}` after `ms` milliseconds.
    #[serde(rename = "timer")]
    Timer { ms: u64 },
    /// Answer: `{"groups":[],"next"?}`.
    #[serde(rename = "groups.getUserGroups")]
    GroupsGetUserGroups {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Answer: `{"memberships":{key:{"is_member"}}}`.
    #[serde(rename = "groups.hasGroupMembership")]
    GroupsHasGroupMembership { groups: Vec<String> },
    /// Answer: `{"roles":[{"id","name","type"}],"next"?}`.
    #[serde(rename = "roles.getUserEffectiveRoles")]
    RolesGetUserEffectiveRoles {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        take: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Answer: `{"roles":[…]}`; at most 100 ids.
    #[serde(rename = "roles.getUserEffectiveRolesByIds")]
    RolesGetUserEffectiveRolesByIds { ids: Vec<String> },
    /// Answer: `{"roles":[…]}`; at most 50 names.
    #[serde(rename = "roles.getUserEffectiveRolesByNames")]
    RolesGetUserEffectiveRolesByNames { names: Vec<String> },
    /// Answer: `{"signature"}` or `{"error":{"code","message"}}`, as of all `crypto.*`.
    #[serde(rename = "crypto.sign")]
    CryptoSign(CryptoSign),
    /// Answer: `{"valid"}`.
    #[serde(rename = "crypto.verify")]
    CryptoVerify(CryptoVerify),
    /// Answer: `{"bytes"}`.
    #[serde(rename = "crypto.encrypt")]
    CryptoEncrypt(CryptoRsa),
    /// Answer: `{"bytes"}`.
    #[serde(rename = "crypto.decrypt")]
    CryptoDecrypt(CryptoRsa),
    /// Answer: `{"bytes"}`.
    #[serde(rename = "crypto.agree")]
    CryptoAgree(CryptoAgree),
    /// Answer: `{"bytes"}`, the public key in the form of `crypto.agree`.
    #[serde(rename = "crypto.public")]
    CryptoPublic(CryptoPublic),
    /// Answer: `{"bytes"}`.
    #[serde(rename = "crypto.pbkdf2")]
    CryptoPbkdf2(CryptoPbkdf2),
    /// Answer: `{"bytes"}`.
    #[serde(rename = "crypto.scrypt")]
    CryptoScrypt(CryptoScrypt),
    /// Answer: `{"bytes"}`, a new private key.
    #[serde(rename = "crypto.generateRsa")]
    CryptoGenerateRsa { bits: u32 },
}
