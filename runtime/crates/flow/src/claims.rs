//! Custom claims: which names a token takes, and how many bytes.

use postern_contract::Given;
use postern_model::limits;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::event::json_len;

/// What a login adds to its tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    #[expect(missing_docs, reason = "says its name")]
    pub id_token: Map<String, Value>,
    #[expect(missing_docs, reason = "says its name")]
    pub access_token: Map<String, Value>,
}

/// Names that only the token itself sets (Auth0: "Restricted claims"), sorted.
const RESTRICTED: &[&str] = &[
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "attest",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "cty",
    "dest",
    "entitlements",
    "events",
    "exp",
    "groups",
    "gty",
    "htm",
    "htu",
    "iat",
    "internalService",
    "iss",
    "jcard",
    "jku",
    "jti",
    "jwe",
    "jwk",
    "kid",
    "may_act",
    "mky",
    "nbf",
    "nonce",
    "object_id",
    "org_id",
    "org_name",
    "orig",
    "origid",
    "permissions",
    "roles",
    "rph",
    "s_hash",
    "scope",
    "sid",
    "sip_callid",
    "sip_cseq_num",
    "sip_date",
    "sip_from_tag",
    "sip_via_branch",
    "sub",
    "sub_jwk",
    "toe",
    "txn",
    "typ",
    "uuid",
    "vot",
    "vtm",
    "x5t#S256",
];

/// Hosts that no namespace may have.
const FORBIDDEN_HOSTS: &[&str] = &["auth0.com", "webtask.io", "webtask.run"];

/// Why a claim of this name is dropped, if it is.
fn dropped(key: &str) -> Option<String> {
    if key.is_empty() {
        return Some("a claim needs a name".to_owned());
    }
    if RESTRICTED.binary_search(&key).is_ok() {
        return Some(format!("'{key}' is a restricted claim"));
    }
    if key.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("urn:auth0")) {
        return Some("the namespace 'urn:auth0' is forbidden".to_owned());
    }
    let url = Url::parse(key).ok()?;
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let forbidden = |name: &&&str| host == **name || host.strip_suffix(**name).is_some_and(|rest| rest.ends_with('.'));
    FORBIDDEN_HOSTS.iter().find(forbidden).map(|name| format!("the namespace '{name}' is forbidden"))
}

/// The claims of one token with their size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TokenClaims {
    pub(crate) map: Map<String, Value>,
    bytes: usize,
}

impl TokenClaims {
    /// Does what an action asks for, or says why it is dropped. A value without a JSON form takes the claim back.
    pub(crate) fn ask(&mut self, key: Given, value: Option<Value>) -> Result<(), String> {
        let Given(Some(Value::String(key))) = key else { return Err("a claim is named by a text".to_owned()) };
        let Some(value) = value else {
            if let Some(old) = self.map.shift_remove(&key) {
                self.bytes -= entry_len(&key, &old);
            }
            return Ok(());
        };
        self.set(key, value)
    }

    /// Sets a claim, or says why it is dropped.
    fn set(&mut self, key: String, value: Value) -> Result<(), String> {
        if let Some(reason) = dropped(&key) {
            return Err(reason);
        }
        let before = self.map.get(&key).map_or(0, |old| entry_len(&key, old));
        let bytes = self.bytes - before + entry_len(&key, &value);
        if bytes > limits::CLAIMS_BYTES {
            return Err(format!("the custom claims of the token would exceed {} bytes", limits::CLAIMS_BYTES));
        }
        self.bytes = bytes;
        self.map.insert(key, value);
        Ok(())
    }
}

/// Bytes of an entry in JSON text, never less than they really are.
pub(crate) fn entry_len(key: &str, value: &Value) -> usize {
    json_len(key) + json_len(value) + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, kept: bool) {
        assert_eq!(dropped(key).is_none(), kept, "{key}");
    }

    #[test]
    fn names() {
        assert!(RESTRICTED.is_sorted());
        check("plan", true);
        check("email", true);
        check("https://example.com/plan", true);
        check("https://notauth0.com/plan", true);
        check("urn:example:plan", true);
        check("iss", false);
        check("x5t#S256", false);
        check("", false);
        check("https://auth0.com/plan", false);
        check("HTTPS://Tenant.AUTH0.com./plan", false);
        check("http://a.webtask.io", false);
        check("https://webtask.run/x", false);
        check("urn:auth0:plan", false);
        check("URN:Auth0", false);
    }

    #[test]
    fn a_replaced_claim_counts_once() {
        let mut claims = TokenClaims::default();
        let half = Value::String("x".repeat(limits::CLAIMS_BYTES / 2));
        claims.set("a".to_owned(), half.clone()).unwrap();
        claims.set("a".to_owned(), half.clone()).unwrap();
        assert!(claims.set("b".to_owned(), half.clone()).is_err());
        claims.set("a".to_owned(), Value::Null).unwrap();
        claims.set("b".to_owned(), half).unwrap();
        assert!(json_len(&claims.map) <= limits::CLAIMS_BYTES);
    }
}
