//! Addresses a client registered: where a browser may be sent.

use postern_model::Client;
use serde_json::Value;
use url::Url;

/// Schemes that run something in the browser instead of leading somewhere.
const UNSAFE_SCHEMES: [&str; 6] = ["javascript", "data", "vbscript", "blob", "file", "about"];

/// The addresses in one of a client's settings, such as `callbacks`.
pub(crate) fn registered<'a>(client: &'a Client, setting: &str) -> impl Iterator<Item = &'a str> {
    client.settings.get(setting).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// An address that a browser may be sent to at all.
pub(crate) fn parse(address: &str) -> Option<Url> {
    if address.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return None;
    }
    let url = Url::parse(address).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && !UNSAFE_SCHEMES.contains(&url.scheme())).then_some(url)
}

/// Whether `address` is one that `pattern` stands for: the same text, or the same but for one label of the host where
/// the pattern has `*` as its first one (Auth0: "wildcards for subdomains").
pub(crate) fn matches(pattern: &str, address: &str) -> bool {
    if pattern == address {
        return true;
    }
    let Some((scheme, rest)) = pattern.split_once("://*.") else { return false };
    let Some(given) = address.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) else { return false };
    let Some((label, given)) = given.split_once('.') else { return false };
    let is_label = !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // `https://*.com` would stand for half of the Internet.
    is_label && given == rest && rest.split(['/', ':']).next().is_some_and(|host| host.contains('.'))
}

/// Whether one of the client's addresses stands for this one.
pub(crate) fn allows(client: &Client, setting: &str, address: &str) -> bool {
    parse(address).is_some_and(|url| url.fragment().is_none())
        && registered(client, setting).any(|pattern| matches(pattern, address))
}

/// The same for addresses to return to after a logout: their query and fragment are not looked at (Auth0).
pub(crate) fn allows_return<'a>(mut patterns: impl Iterator<Item = &'a str>, address: &str) -> bool {
    let Some(url) = parse(address) else { return false };
    let bare = |text: &str| text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    let address = bare(address);
    patterns.any(|pattern| matches(&bare(pattern), &address)) && !url.cannot_be_a_base()
}

/// `scheme://host[:port]`; `None` for addresses that have no such thing.
pub(crate) fn origin(address: &str) -> Option<String> {
    let url = parse(address)?;
    let origin = url.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, address: &str, want: bool) {
        assert_eq!(parse(address).is_some() && matches(pattern, address), want, "{pattern} {address}");
    }

    #[test]
    fn an_address_is_the_registered_one_or_refused() {
        check("https://app.example.com/cb", "https://app.example.com/cb", true);
        check("https://app.example.com/cb", "https://app.example.com/cb/", false);
        check("https://app.example.com/cb", "https://app.example.com/cb?x=1", false);
        check("https://app.example.com/cb", "https://app.example.com.evil.test/cb", false);
        check("https://app.example.com/cb", "https://app.example.com@evil.test/cb", false);
        check("https://app.example.com/cb", "http://app.example.com/cb", false);
        check("https://app.example.com/cb", "HTTPS://APP.EXAMPLE.COM/cb", false);
        check("http://localhost:3000", "http://localhost:3000", true);
        check("http://localhost:3000", "http://localhost:3001", false);
        check("com.example.app://callback", "com.example.app://callback", true);
        check("javascript:alert(1)", "javascript:alert(1)", false);
        check("https://a.test/\r\nx: y", "https://a.test/\r\nx: y", false);
        check("https://*.example.com/cb", "https://a.example.com/cb", true);
        check("https://*.example.com/cb", "https://a.b.example.com/cb", false);
        check("https://*.example.com/cb", "https://evil.test/.example.com/cb", false);
        check("https://*.example.com/cb", "https://evil.test#.example.com/cb", false);
        check("https://*.example.com/cb", "https://evil.test\\.example.com/cb", false);
        check("https://*.com/cb", "https://evil.com/cb", false);
    }

    #[test]
    fn returns_ignore_query_and_fragment() {
        let allowed = ["https://app.example.com", "https://app.example.com/bye"];
        let check = |address: &str, want: bool| {
            assert_eq!(allows_return(allowed.into_iter(), address), want, "{address}");
        };
        check("https://app.example.com", true);
        check("https://app.example.com/", true);
        check("https://app.example.com/?a=1", true);
        check("https://app.example.com/bye?a=1#x", true);
        check("https://app.example.com/other", false);
        check("https://app.example.com.evil.test", false);
        check("https://app.example.com@evil.test", false);
        check("//evil.test", false);
        check("javascript:alert(1)//https://app.example.com", false);
    }

    #[test]
    fn origins_are_those_of_a_browser() {
        assert_eq!(origin("https://app.example.com:443/cb").as_deref(), Some("https://app.example.com"));
        assert_eq!(origin("http://localhost:3000/x").as_deref(), Some("http://localhost:3000"));
        assert_eq!(origin("com.example.app://callback"), None);
    }
}
