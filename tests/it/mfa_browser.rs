//! Second factors on the pages of a login, as a browser without JavaScript sees them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use postern_e2e::{Api, Server, encode, module, returning};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::mfa::code;

const CALLBACK: &str = "https://app.example.test/callback";
const PASSWORD: &str = "correct horse battery staple 7!";

/// A page, or where the browser is sent.
struct Page {
    status: StatusCode,
    location: Option<String>,
    text: String,
}

impl Page {
    /// The value of a hidden field.
    fn field(&self, name: &str) -> &str {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).unwrap_or_else(|| panic!("no {name} in {}", self.text)).1;
        rest.split_once('"').unwrap().0
    }

    /// The text of the element with this id.
    fn element(&self, id: &str) -> &str {
        let rest =
            self.text.split_once(&format!("id=\"{id}\">")).unwrap_or_else(|| panic!("no {id} in {}", self.text)).1;
        rest.split_once('<').unwrap().0
    }

    #[track_caller]
    fn leads_to(&self, start: &str) -> String {
        assert_eq!(self.status, 302, "{}", self.text);
        let location = self.location.clone().unwrap();
        assert!(location.starts_with(start), "{location}");
        location
    }
}

struct Browser<'a> {
    api: &'a Api,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    fn new(api: &'a Api) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { api, http, cookies: Mutex::default() }
    }

    async fn send(&self, path: &str, form: Option<&[(&str, &str)]>) -> Page {
        let url = format!("{}{path}", self.api.base);
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match form {
            Some(form) => {
                let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
                self.http.post(url).header("content-type", "application/x-www-form-urlencoded").body(pairs.join("&"))
            }
            None => self.http.get(url),
        };
        let request = request.header("host", &self.api.domain).header("cookie", cookies.join("; "));
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Page { status: response.status(), location, text: response.text().await.unwrap() }
    }

    async fn get(&self, path: &str) -> Page {
        self.send(path, None).await
    }

    /// Posts the form of a page with what was typed.
    async fn submit(&self, path: &str, page: &Page, typed: &[(&str, &str)]) -> Page {
        let mut form = vec![("_csrf", page.field("_csrf")), ("state", page.field("state"))];
        form.extend_from_slice(typed);
        self.send(path, Some(&form)).await
    }

    /// Logs in with the password; where that leads to.
    async fn log_in(&self, client: &str, email: &str) -> Page {
        let authorize = format!(
            "/authorize?client_id={client}&response_type=code&redirect_uri={}&scope=openid&state=s&prompt=login",
            encode(CALLBACK)
        );
        let page = self.get(&authorize).await;
        let login = page.leads_to("/u/login?state=");
        let page = self.get(&login).await;
        self.submit(&login, &page, &[("username", email), ("password", PASSWORD)]).await
    }
}

async fn client(api: &Api) -> String {
    let body = json!({"name": "web", "app_type": "regular_web", "callbacks": [CALLBACK]});
    let client = api.post("/api/v2/clients", &body).await.expect(201);
    client["client_id"].as_str().unwrap().to_owned()
}

fn enable(options: &Value) -> Vec<u8> {
    let enable = json!({"type": "multifactor.enable", "provider": "any", "options": options});
    returning(&json!({"mutations": [enable]}).to_string())
}

/// Enrolls a user on the pages; the secret and the recovery code.
async fn enroll(browser: &Browser<'_>, client: &str, email: &str) -> (String, String) {
    let page = browser.log_in(client, email).await;
    let page = browser.get(&page.leads_to("/u/mfa?state=")).await;
    let path = page.leads_to("/u/mfa-enroll?state=");
    let page = browser.get(&path).await;
    assert!(page.text.contains("<svg"), "{}", page.text);
    let secret = page.element("secret").to_owned();
    let wrong = browser.submit(&path, &page, &[("code", "000000"), ("device", page.field("device"))]).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    assert_eq!(wrong.element("secret"), secret, "the same secret is shown again");
    let noted = browser.submit(&path, &wrong, &[("code", &code(&secret, -1)), ("device", wrong.field("device"))]).await;
    assert_eq!(noted.status, 200, "{}", noted.text);
    let recovery = noted.element("recovery-code").to_owned();
    let done = browser.submit("/u/mfa-recovery-code", &noted, &[("proof", noted.field("proof"))]).await;
    let _code = done.leads_to(CALLBACK);
    let again = browser.submit("/u/mfa-recovery-code", &noted, &[("proof", noted.field("proof"))]).await;
    assert_eq!(again.status, 400, "the proof is for once");
    (secret, recovery)
}

#[tokio::test]
async fn an_app_is_enrolled_and_then_asked_for() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (client(api).await, api.user_create("ann").await);
    let _action = api.install("factor", &module("factor")).await;
    let browser = Browser::new(api);
    let (secret, recovery) = enroll(&browser, &client, "ann@example.com").await;
    let stored = api.user(&user).await;
    assert_eq!(stored["multifactor"], json!(["guardian"]));
    assert_eq!(stored["app_metadata"]["factor"]["type"], "otp", "onContinue saw the factor: {stored}");

    let page = browser.log_in(&client, "ann@example.com").await;
    let path = page.leads_to("/u/mfa?state=");
    // Coming back is not enough, and neither is another browser.
    let state = path.split_once("state=").unwrap().1;
    assert_eq!(browser.get(&format!("/continue?state={state}")).await.status, 400);
    assert_eq!(Browser::new(api).get(&path).await.status, 400);
    let page = browser.get(&path).await;
    assert!(page.text.contains("autocomplete=\"one-time-code\""), "{}", page.text);
    let used = browser.submit(&path, &page, &[("code", &code(&secret, -1))]).await;
    assert_eq!(used.status, 400, "a code works once");
    let forged = browser.send(&path, Some(&[("state", state), ("_csrf", "x"), ("code", &code(&secret, 0))])).await;
    assert_eq!(forged.status, 403);
    let done = browser.submit(&path, &page, &[("code", &code(&secret, 0))]).await;
    let location = done.leads_to(CALLBACK);
    assert!(location.contains("code=") && location.contains("state=s"), "{location}");

    // The device is lost: a recovery code, which is replaced.
    let path = browser.log_in(&client, "ann@example.com").await.leads_to("/u/mfa?state=");
    let page = browser.get(&format!("{path}&method=recovery-code")).await;
    let wrong = browser.submit(&path, &page, &[("method", "recovery-code"), ("code", "ABCDEFGH")]).await;
    assert_eq!(wrong.status, 400);
    let noted = browser.submit(&path, &page, &[("method", "recovery-code"), ("code", &recovery)]).await;
    assert_eq!(noted.status, 200, "{}", noted.text);
    assert_ne!(noted.element("recovery-code"), recovery);
    let done = browser.submit("/u/mfa-recovery-code", &noted, &[("proof", noted.field("proof"))]).await;
    let _code = done.leads_to(CALLBACK);
    assert_eq!(api.user(&user).await["app_metadata"]["factor"]["type"], "recovery-code");
}

#[tokio::test]
async fn a_browser_is_remembered_where_it_may_be() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (client(api).await, api.user_create("ann").await);
    let action = api.install("enable", &enable(&json!({"allowRememberBrowser": true}))).await;
    let browser = Browser::new(api);
    let (secret, _) = enroll(&browser, &client, "ann@example.com").await;
    let path = browser.log_in(&client, "ann@example.com").await.leads_to("/u/mfa?state=");
    let page = browser.get(&path).await;
    let done = browser.submit(&path, &page, &[("code", &code(&secret, 0)), ("remember", "true")]).await;
    let _code = done.leads_to(CALLBACK);
    let _remembered = browser.log_in(&client, "ann@example.com").await.leads_to(CALLBACK);
    let other = Browser::new(api);
    let _asked = other.log_in(&client, "ann@example.com").await.leads_to("/u/mfa?state=");

    let forget = format!("/api/v2/users/{}/multifactor/actions/invalidate-remember-browser", encode(&user));
    let _none = api.post(&forget, &json!({})).await.expect(204);
    let _asked = browser.log_in(&client, "ann@example.com").await.leads_to("/u/mfa?state=");

    // Without the option nobody is asked to be remembered.
    let _draft = api.artifact_replace(&action, &enable(&json!({}))).await.ok();
    let _version = api.deploy(&action).await;
    let path = browser.log_in(&client, "ann@example.com").await.leads_to("/u/mfa?state=");
    assert!(!browser.get(&path).await.text.contains("name=\"remember\""));
}

#[tokio::test]
async fn factors_taken_away_are_enrolled_anew() {
    let server = Server::start().await;
    let api = &server.api;
    let (client, user) = (client(api).await, api.user_create("ann").await);
    let _action = api.install("enable", &enable(&json!({}))).await;
    let browser = Browser::new(api);
    let (first, _) = enroll(&browser, &client, "ann@example.com").await;
    let path = format!("/api/v2/users/{}/multifactor/google-authenticator", encode(&user));
    let _none = api.delete(&path).await.expect(204);
    let (second, _) = enroll(&browser, &client, "ann@example.com").await;
    assert_ne!(first, second);
}
