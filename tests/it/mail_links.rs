//! Links of mails: to confirm an address, and to choose a new password.

use postern_e2e::{Answer, Api, Server, SmtpSink, encode};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::tokens::{DATABASE, PASSWORD, app_create};

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const NEW_PASSWORD: &str = "another horse battery staple 8!";
const SENT: &str = "We've just sent you an email to reset your password.";

/// A browser: keeps to the tenant's host, follows nothing.
struct Browser {
    http: reqwest::Client,
    api: Api,
}

/// What a browser sees.
#[derive(Debug)]
struct Seen {
    status: u16,
    location: Option<String>,
    html: String,
}

impl Browser {
    fn new(api: &Api) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, api: api.clone() }
    }

    /// The path of a link to this server.
    fn path(&self, link: &str) -> String {
        let url = reqwest::Url::parse(link).unwrap();
        assert_eq!(url.authority(), self.api.domain, "{link}");
        format!("{}?{}", url.path(), url.query().unwrap_or_default())
    }

    async fn see(&self, request: reqwest::RequestBuilder) -> Seen {
        let answer = request.header("host", &self.api.domain).send().await.unwrap();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        Seen { status: answer.status().as_u16(), location, html: answer.text().await.unwrap() }
    }

    async fn get(&self, link: &str) -> Seen {
        self.see(self.http.get(format!("{}{}", self.api.base, self.path(link)))).await
    }

    async fn head(&self, link: &str) -> Seen {
        self.see(self.http.head(format!("{}{}", self.api.base, self.path(link)))).await
    }

    /// Fills in the form of the page and sends it.
    async fn choose(&self, link: &str, password: &str, again: &str, site: Option<&str>) -> Seen {
        let ticket = link.split("ticket=").nth(1).unwrap();
        let body = format!("ticket={ticket}&password={}&password_confirm={}", encode(password), encode(again));
        let mut request = self
            .http
            .post(format!("{}/u/reset-verify", self.api.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        self.see(request).await
    }
}

async fn with_sink() -> (Server, SmtpSink) {
    let server = Server::start().await;
    let sink = SmtpSink::start().await;
    let _provider = server.api.post("/api/v2/emails/provider", &sink.provider()).await.expect(200);
    (server, sink)
}

async fn login(api: &Api, client: &(String, String), password: &str) -> Answer {
    let body = json!({
        "grant_type": REALM, "realm": DATABASE, "client_id": client.0, "client_secret": client.1,
        "scope": "openid offline_access", "username": "ann@example.com", "password": password,
    });
    api.with_token(None).post("/oauth/token", &body).await
}

async fn forgot(api: &Api, body: &Value) -> Answer {
    api.with_token(None).post("/dbconnections/change_password", body).await
}

/// A user whose address is confirmed, so that no mail asks for it.
async fn user(api: &Api, metadata: Value) -> String {
    let body = json!({
        "connection": DATABASE, "user_id": "ann", "email": "ann@example.com", "password": PASSWORD,
        "email_verified": true, "user_metadata": metadata,
    });
    api.post("/api/v2/users", &body).await.expect(201)["user_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_once() {
    let (server, sink) = with_sink().await;
    let api = &server.api;
    let client = app_create(api, json!({"client_metadata": {"brand": "Acme"}})).await;
    let id = user(api, json!({"lang": "it"})).await;
    let template = json!({
        "template": "reset_email", "from": null, "syntax": "liquid", "enabled": true,
        "subject": "{% if user.user_metadata.lang == 'it' %}Nuova password{% else %}New password{% endif %} {{ application.client_metadata.brand }}",
        "body": "<a href=\"{{ url | escape }}\">x</a>",
    });
    let _template = api.post("/api/v2/email-templates", &template).await.expect(200);
    let tokens = login(api, &client, PASSWORD).await.expect(200);

    let asked = json!({"client_id": client.0, "email": "Ann@Example.com", "connection": DATABASE});
    assert_eq!(forgot(api, &asked).await.expect(200), json!(SENT));
    let mail = sink.next().await;
    assert_eq!((&*mail.to[0], &*mail.subject), ("ann@example.com", "Nuova password Acme"));
    let link = mail.link("/u/reset-verify");
    let browser = Browser::new(api);
    // A program that looks at the mail's links changes nothing.
    assert_eq!(browser.head(&link).await.status, 200);
    let page = browser.get(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.html.contains("ann@example.com") && page.html.contains("type=\"password\""), "{}", page.html);

    let differ = browser.choose(&link, NEW_PASSWORD, "something else", None).await;
    assert!(differ.status == 400 && differ.html.contains("not the same"), "{differ:?}");
    let weak = browser.choose(&link, "weak", "weak", None).await;
    assert!(weak.status == 400 && weak.html.contains("weak"), "{weak:?}");
    let foreign = browser.choose(&link, NEW_PASSWORD, NEW_PASSWORD, Some("cross-site")).await;
    assert_eq!(foreign.status, 403, "{foreign:?}");
    let _old = login(api, &client, PASSWORD).await.expect(200);
    let before = api.user(&id).await;

    let done = browser.choose(&link, NEW_PASSWORD, NEW_PASSWORD, Some("same-origin")).await;
    assert_eq!(done.status, 200, "{done:?}");
    let _old = login(api, &client, PASSWORD).await.expect(403);
    let _new = login(api, &client, NEW_PASSWORD).await.expect(200);
    let after = api.user(&id).await;
    assert!(after["last_password_reset"].is_string() && before["last_password_reset"].is_null(), "{after}");
    // What the old password gave is gone.
    let refresh = json!({
        "grant_type": "refresh_token", "client_id": client.0, "client_secret": client.1,
        "refresh_token": tokens["refresh_token"],
    });
    let _gone = api.with_token(None).post("/oauth/token", &refresh).await.expect(403);
    let again = browser.choose(&link, PASSWORD, PASSWORD, None).await;
    assert_eq!(again.status, 400, "{again:?}");
    assert_eq!(browser.get(&link).await.status, 400);
    let _new = login(api, &client, NEW_PASSWORD).await.expect(200);
    for kind in ["scpr", "scp"] {
        let log = api.get(&format!("/api/v2/logs?q=type:%22{kind}%22")).await.expect(200);
        let entry = log.as_array().unwrap().first().unwrap_or_else(|| panic!("no {kind}")).clone();
        assert_eq!(entry["user_id"], json!(id), "{entry}");
        assert!(!entry.to_string().contains("ticket="), "{entry}");
    }
}

#[tokio::test]
async fn who_asks_for_a_link_is_not_told_who_exists() {
    let (server, sink) = with_sink().await;
    let api = &server.api;
    let _ann = user(api, json!({})).await;
    for email in ["nobody@example.com", "ann@example.com\r\nBcc: eve@example.com", "ann"] {
        let answer = forgot(api, &json!({"email": email, "connection": DATABASE})).await;
        assert_eq!(answer.expect(200), json!(SENT));
    }
    let form = "email=ann%40example.com&connection=Username-Password-Authentication&client_id=";
    let request = api.with_token(None).request(reqwest::Method::POST, "/dbconnections/change_password");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), SENT);
    assert_eq!(sink.next().await.to, ["ann@example.com"]);
    assert_eq!(sink.waiting(), 0);
    for body in [
        json!({"email": "ann@example.com"}),
        json!({"connection": DATABASE}),
        json!({"email": "ann@example.com", "connection": "nothing"}),
        json!({"email": "ann@example.com", "connection": DATABASE, "client_id": "nothing"}),
    ] {
        let answer = forgot(api, &body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_new_user_confirms_the_address_by_a_link() {
    let (server, sink) = with_sink().await;
    let api = &server.api;
    let client = app_create(api, json!({"callbacks": ["https://shop.example.com/cb"]})).await;
    let template = json!({
        "template": "verify_email", "from": null, "syntax": "liquid", "enabled": true, "subject": "Hi",
        "body": "<a href=\"{{ url }}\">x</a>", "resultUrl": "{{ application.callback_domain }}/done?a=1",
    });
    let _template = api.post("/api/v2/email-templates", &template).await.expect(200);
    let welcome = json!({
        "template": "welcome_email", "from": null, "syntax": "liquid", "enabled": true, "subject": "Welcome", "body": "x",
    });
    let _template = api.post("/api/v2/email-templates", &welcome).await.expect(200);
    let signup =
        json!({"client_id": client.0, "connection": DATABASE, "email": "ann@example.com", "password": PASSWORD});
    let made = api.with_token(None).post("/dbconnections/signup", &signup).await.expect(200);
    let id = format!("auth0|{}", made["_id"].as_str().unwrap());
    let link = sink.next().await.link("/u/email-verification");
    let browser = Browser::new(api);
    assert_eq!(browser.head(&link).await.status, 200);
    assert_eq!(api.user(&id).await["email_verified"], json!(false));
    let seen = browser.get(&link).await;
    let to = reqwest::Url::parse(&seen.location.unwrap()).unwrap();
    assert_eq!((seen.status, to.host_str(), to.path()), (302, Some("shop.example.com"), "/done"));
    let query: Vec<(String, String)> = to.query_pairs().into_owned().collect();
    for (name, value) in [
        ("a", "1"),
        ("email", "ann@example.com"),
        ("success", "true"),
        ("message", "Your email was verified. You can continue using the application."),
    ] {
        assert!(query.contains(&(name.to_owned(), value.to_owned())), "{query:?}");
    }
    assert_eq!(api.user(&id).await["email_verified"], json!(true));
    assert_eq!(sink.next().await.subject, "Welcome");
    assert_eq!(browser.get(&link).await.status, 400);
    let job = json!({"user_id": id, "client_id": client.0});
    let job = api.post("/api/v2/jobs/verification-email", &job).await;
    assert!(job.status.is_success(), "{}", job.body);
    let link = sink.next().await.link("/u/email-verification");
    let seen = browser.get(&link).await;
    assert!(seen.location.unwrap().contains("success=false"));
}

#[tokio::test]
async fn tickets_are_made_for_administrators() {
    let server = Server::start().await;
    let api = &server.api;
    let id = user(api, json!({})).await;
    let browser = Browser::new(api);
    let body = json!({
        "user_id": id, "result_url": "https://app.example.com/after", "ttl_sec": 60, "includeEmailInRedirect": true,
        "mark_email_as_verified": true,
    });
    let first = api.post("/api/v2/tickets/password-change", &body).await.expect(201);
    let second = api.post("/api/v2/tickets/password-change", &body).await.expect(201);
    let link = first["ticket"].as_str().unwrap();
    let done = browser.choose(link, NEW_PASSWORD, NEW_PASSWORD, None).await;
    let location = done.location.unwrap();
    assert!(location.starts_with("https://app.example.com/after?email=ann%40example.com&success=true"), "{location}");
    // The password changed: older links are void.
    let void = browser.choose(second["ticket"].as_str().unwrap(), PASSWORD, PASSWORD, None).await;
    assert_eq!((void.status, void.location), (400, None));

    let ticket = api.post("/api/v2/tickets/email-verification", &json!({"user_id": id})).await.expect(201);
    assert!(ticket["ticket"].as_str().unwrap().contains("/u/email-verification?ticket="), "{ticket}");
    // A link of one kind opens nothing of the other.
    let crossed = link.replace("/u/reset-verify", "/u/email-verification");
    assert_eq!(browser.get(&crossed).await.status, 400);

    for (body, status) in [
        (json!({"user_id": "auth0|nobody"}), 404),
        (json!({}), 400),
        (json!({"user_id": id, "result_url": "javascript:alert(1)"}), 400),
        (json!({"user_id": id, "result_url": "//evil.example"}), 400),
        (json!({"user_id": id, "client_id": "nothing"}), 404),
        (json!({"user_id": id, "client_id": "nothing", "result_url": "https://a.example"}), 400),
        (json!({"user_id": id, "ttl_sec": -1}), 400),
    ] {
        for path in ["password-change", "email-verification"] {
            let answer = api.post(&format!("/api/v2/tickets/{path}"), &body).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {body}: {}", answer.body);
        }
    }
    let (other, _) = api.tenant_create(&server.bootstrap.operator_token, "other").await;
    let _foreign = other.post("/api/v2/tickets/password-change", &json!({"user_id": id})).await.refused(404);
    let stranger = Browser::new(&other);
    let path = browser.path(ticket["ticket"].as_str().unwrap());
    let foreign = stranger.see(stranger.http.get(format!("{}{path}", other.base))).await;
    assert_eq!(foreign.status, 400);
}
