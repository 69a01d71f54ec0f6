//! `api.redirect`: sending the user away, and the signed tokens that travel along.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use postern_contract::rules;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{Api, Suspends, check};
use crate::{Error, now};

/// Life time of a token when none is asked for.
const EXPIRES_IN_SECONDS: u32 = 900;
/// Where a token comes back when nothing else is said.
const PARAMETER: &str = "session_token";

/// See [`Api::redirect`].
#[derive(Debug)]
pub struct Redirect<'a> {
    pub(super) api: &'a mut Api,
}

impl Redirect<'_> {
    /// Leaves the login for another page once the action is done. Query parameters are set on the address; the host
    /// adds `state`. When the user comes back to `/continue`, the action's `on_continue` runs.
    ///
    /// # Errors
    /// When the address is not an absolute URL, or the action already rendered a form.
    pub fn send_user_to(self, url: &str, query: &[(&str, &str)]) -> Result<(), Error> {
        const METHOD: &str = "redirect.sendUserTo";
        check(METHOD, rules::redirect_url(url))?;
        if self.api.suspends == Some(Suspends::Prompt) {
            return Err(Error::broken(METHOD, "an action renders a form or redirects, not both"));
        }
        self.api.suspends = Some(Suspends::Redirect);
        self.api.set_text(METHOD, "url", &with_query(url, query));
        Ok(())
    }

    /// A signed token (HS256) for the page the user is sent to: the payload, with `iat`, `iss`, `sub`, `exp` and `ip`
    /// beside it. Lives 15 minutes unless told otherwise. Signed, not encrypted: the user can read it.
    ///
    /// # Errors
    /// When the payload is not an object.
    pub fn encode_token(
        self,
        secret: &str,
        payload: impl Serialize,
        expires_in_seconds: Option<u32>,
    ) -> Result<String, Error> {
        let event = &self.api.event;
        let issued_at = now().div_euclid(1000);
        let mut claims = json!({
            "iat": issued_at,
            "iss": event.request().hostname(),
            "sub": event.user().user_id(),
            "exp": issued_at + i64::from(expires_in_seconds.unwrap_or(EXPIRES_IN_SECONDS)),
            "ip": event.request().ip(),
        });
        let Value::Object(payload) = serde_json::to_value(payload)? else {
            return Err(Error::broken("redirect.encodeToken", "a payload is an object"));
        };
        if let Some(claims) = claims.as_object_mut() {
            claims.extend(payload);
        }
        let mut token = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims)?, &mut token);
        let signature = mac(secret, &token)?.finalize().into_bytes();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The claims of the token that the user brought back in the parameter `session_token`, or in another one; the
    /// body goes before the query.
    ///
    /// # Errors
    /// When there is no token, it was not signed with this secret, is expired, belongs to another user, or its `state`
    /// claim is not the one of this login.
    pub fn validate_token(self, secret: &str, parameter: Option<&str>) -> Result<Map<String, Value>, Error> {
        let parameter = parameter.unwrap_or(PARAMETER);
        let request = self.api.event.request();
        let Some(token) = request.body(parameter).or_else(|| request.query(parameter)) else {
            return Err(Error::new(["There is no parameter called \"", parameter, "\" in the request"].concat()));
        };
        let state = request.body("state").or_else(|| request.query("state"));
        let user = self.api.event.user().user_id();
        verify(&token, secret, state.as_deref(), &user)
            .map_err(|reason| Error::new(["The session token is invalid: ", reason].concat()))
    }

    /// Whether this login can leave for another page: not when it is silent or has no browser.
    #[must_use]
    pub fn can_redirect(self) -> bool {
        let transaction = self.api.event.transaction();
        let silent = self.api.event.request().query("prompt").as_deref() == Some("none");
        let without_browser = matches!(
            transaction.protocol().as_deref(),
            Some("oauth2-resource-owner" | "oauth2-refresh-token" | "oauth2-password" | "oauth2-webauthn")
        );
        !silent && !without_browser
    }
}

fn mac(secret: &str, signed: &str) -> Result<Hmac<Sha256>, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(signed.as_bytes());
    Ok(mac)
}

fn verify(token: &str, secret: &str, state: Option<&str>, user: &str) -> Result<Map<String, Value>, &'static str> {
    const MALFORMED: &str = "it is not a signed token";
    let (signed, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
    let (head, body) = signed.split_once('.').ok_or(MALFORMED)?;
    let object =
        |part: &str| -> Option<Map<String, Value>> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let head = object(head).ok_or(MALFORMED)?;
    if head.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err("it is not signed with HS256");
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).ok().ok_or(MALFORMED)?;
    let mac = mac(secret, signed).ok().ok_or(MALFORMED)?;
    mac.verify_slice(&signature).ok().ok_or("invalid signature")?;
    let claims = object(body).ok_or(MALFORMED)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = now().div_euclid(1000);
    #[expect(clippy::cast_precision_loss, reason = "seconds of any date in use are exact")]
    let seconds = seconds as f64;
    match claims.get("exp").map(Value::as_f64) {
        Some(Some(at)) if at > seconds => {}
        Some(Some(_)) => return Err("jwt expired"),
        Some(None) | None => return Err("it has no expiry"),
    }
    if state.is_none() || text("state") != state {
        return Err("its state is not the one of this login");
    }
    if text("sub") != Some(user) {
        return Err("it belongs to another user");
    }
    Ok(claims)
}

/// Sets parameters on an address, as a browser's `URL` does.
fn with_query(url: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() {
        return url.to_owned();
    }
    let (rest, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let (base, present) = rest.split_once('?').unwrap_or((rest, ""));
    let set: Vec<(String, String)> = query.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    let mut out = base.to_owned();
    // Only hosts: `https://example.com` has the path `/`.
    if base.split_once("//").is_some_and(|(_, host)| !host.contains('/')) {
        out.push('/');
    }
    let mut separator = '?';
    let kept = present.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !set.iter().any(|(other, _)| other == name)
    });
    let mut push = |pair: &[&str]| {
        out.push(separator);
        separator = '&';
        pair.iter().for_each(|part| out.push_str(part));
    };
    kept.for_each(|pair| push(&[pair]));
    set.iter().for_each(|(name, value)| push(&[name, "=", value]));
    out.push_str(fragment);
    out
}

fn encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().map_or('0', char::from);
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, query: &[(&str, &str)], want: &str) {
        assert_eq!(with_query(url, query), want);
    }

    #[test]
    fn parameters_are_set_on_the_address() {
        check("https://a.example/form", &[], "https://a.example/form");
        check("https://a.example", &[("a", "b c")], "https://a.example/?a=b+c");
        check("https://a.example/x?a=1&b=2#end", &[("a", "ü&=")], "https://a.example/x?b=2&a=%C3%BC%26%3D#end");
        check("https://a.example/x?", &[("q", "1"), ("r", "2")], "https://a.example/x?q=1&r=2");
        check("myapp://done", &[("q", "1")], "myapp://done/?q=1");
    }
}
