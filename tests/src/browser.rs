//! A browser without a screen: keeps cookies, follows nothing by itself, fills in forms.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HOST, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};

use crate::Api;

/// The password of [`Api::user_create`].
pub const PASSWORD: &str = "correct horse battery staple 7!";

/// What came back.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The request, for messages.
    pub request: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Visit {
    /// A header's text; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of visible characters"))
    }

    /// Where a redirect leads to.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    #[must_use]
    pub fn location(&self) -> &str {
        assert!(self.status.is_redirection(), "{}: {} {}", self.request, self.status, self.body);
        self.headers.get(LOCATION).expect("Location").to_str().expect("an address")
    }

    /// The parameters of a redirect's query, or of its fragment.
    ///
    /// # Panics
    /// When it is no redirect.
    #[track_caller]
    #[must_use]
    pub fn answer(&self) -> BTreeMap<String, String> {
        let location = self.location();
        let text = location.split_once('#').or_else(|| location.split_once('?')).map_or("", |(_, text)| text);
        form_decode(text)
    }

    /// Asserts a page of this status and returns its text.
    ///
    /// # Panics
    /// When it is something else, or may run or leak anything.
    #[track_caller]
    #[must_use]
    pub fn page(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, self.body);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", self.request);
        assert_eq!(self.header("cache-control"), "no-store", "{}", self.request);
        let policy = self.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{}: {policy}", self.request);
        assert!(policy.contains("base-uri 'none'") && !policy.contains("unsafe"), "{}: {policy}", self.request);
        assert!(!self.headers.contains_key(LOCATION), "{}", self.request);
        &self.body
    }

    /// The inputs of the page's first form that are filled in already.
    ///
    /// # Panics
    /// When there is no form.
    #[track_caller]
    #[must_use]
    pub fn form(&self) -> Form {
        let (_, form) = self.body.split_once("<form").unwrap_or_else(|| panic!("{}: {}", self.request, self.body));
        let (form, _) = form.split_once("</form>").expect("the end of the form");
        let action = attribute(form, "action").unwrap_or_default();
        let fields = form
            .split("<input")
            .skip(1)
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))
            .collect();
        Form { action, fields }
    }
}

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Names and values.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Fills in a field, or adds one.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split_once('>').map_or(tag, |(tag, _)| tag);
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let named = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    named.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

/// Decodes `application/x-www-form-urlencoded`.
#[must_use]
pub fn form_decode(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'+' => bytes.push(b' '),
                b'%' => {
                    let digits: Vec<u8> = rest.by_ref().take(2).collect();
                    let digits = std::str::from_utf8(&digits).expect("hex digits");
                    bytes.push(u8::from_str_radix(digits, 16).expect("hex digits"));
                }
                other => bytes.push(other),
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    };
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decode(name), decode(value))).collect()
}

/// Encodes `application/x-www-form-urlencoded`.
#[must_use]
pub fn form_encode<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(n, v)| format!("{}={}", crate::encode(n.as_ref()), crate::encode(v.as_ref()))).collect();
    pairs.join("&")
}

/// A browser with its cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    domain: String,
    /// Name and value.
    pub cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub headers: Vec<(&'static str, String)>,
}

impl Browser {
    /// A browser that never was at this tenant.
    ///
    /// # Panics
    /// When the client cannot be made.
    #[must_use]
    pub fn new(api: &Api) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Self {
            http: http.expect("a client"),
            base: api.base.clone(),
            domain: api.domain.clone(),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<(&str, String)>) -> Visit {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base)).header(HOST, &self.domain);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some((media_type, body)) = body {
            request = request.header("content-type", media_type).body(body);
        }
        let request = request.send().await;
        let response = request.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("name=value");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = response.text().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        Visit { request: format!("{method} {path}"), status, headers, body }
    }

    /// GET.
    pub async fn get(&mut self, path: &str) -> Visit {
        self.send(Method::GET, path, None).await
    }

    /// GET with parameters.
    pub async fn query(&mut self, path: &str, pairs: &[(&str, &str)]) -> Visit {
        self.get(&format!("{path}?{}", form_encode(pairs))).await
    }

    /// POST of another media type.
    pub async fn post_raw(&mut self, path: &str, media_type: &str, body: &str) -> Visit {
        self.send(Method::POST, path, Some((media_type, body.to_owned()))).await
    }

    /// POST of a form.
    pub async fn post<N: AsRef<str>, V: AsRef<str>>(&mut self, path: &str, pairs: &[(N, V)]) -> Visit {
        let body = form_encode(pairs);
        self.send(Method::POST, path, Some(("application/x-www-form-urlencoded", body))).await
    }

    /// POST of a page's form.
    pub async fn submit(&mut self, form: &Form) -> Visit {
        let action = form.action.clone();
        self.post(&action, &form.fields).await
    }

    /// Goes to `/authorize` and logs in on the page; gives the answer of the last step.
    ///
    /// # Panics
    /// When there is no login page.
    pub async fn login(&mut self, parameters: &[(&str, &str)], username: &str) -> Visit {
        let begun = self.query("/authorize", parameters).await;
        let page = begun.location().to_owned();
        assert!(page.starts_with("/u/login?state="), "{page}");
        let page = self.get(&page).await;
        let form = page.form().with("username", username).with("password", PASSWORD);
        self.submit(&form).await
    }
}
